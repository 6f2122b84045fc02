"""What the door lets in. Each complaint says what is wrong with a fact, in words for a person."""

from datetime import date
from itertools import pairwise
from typing import Any

from marquee.domain.events import BLANK_FILM, EVENT_BYTES, FILM_FIELDS, Credit
from marquee.domain.facts import Fact, FilmFact, Gone, Malformed, ReviewFact, ReviewList, VoteFact, VoteSeries
from marquee.domain.timeline import DAY

ID_LIMIT = 2**53
NAME_BYTES, ENTRY_BYTES, FIELD_BYTES = 4_000, 40_000, 400_000
"""Most bytes, in UTF-8, of a reviewer's name, of an entry of a film's lists, and of any other text of a film."""

YEARS = range(1874, 2101)
"""Release years that can be: from the first film to the end of this century."""


def complaint(fact: Fact, now: int) -> str | None:
    """Return why a fact cannot be let in, or None."""
    if isinstance(fact, Malformed):
        return fact.reason
    if not isinstance(fact.movie_id, int) or isinstance(fact.movie_id, bool) or not 0 < fact.movie_id < ID_LIMIT:
        return "film id is not a positive whole number"
    if isinstance(fact, ReviewFact):
        return review_complaint(fact) or time_complaint(fact.written_at, now)
    if isinstance(fact, VoteFact):
        return vote_complaint(fact) or time_complaint(fact.observed_at, now)
    if isinstance(fact, VoteSeries):
        return series_complaint(fact, now)
    if isinstance(fact, FilmFact):
        return film_complaint(fact) or time_complaint(fact.observed_at, now)
    return time_complaint(fact.observed_at, now) if isinstance(fact, Gone) else list_complaint(fact)


def time_complaint(time: int, now: int) -> str | None:
    """Return why an event time cannot be: before 1970, or more than a day ahead of the clock."""
    if not isinstance(time, int) or time < 0:
        return "event time is before 1970"
    return "event time is more than a day in the future" if time > now + DAY else None


def text_complaint(text: Any, name: str, limit: int) -> str | None:
    """Return why a text cannot be kept; `limit`: most bytes in UTF-8."""
    if not isinstance(text, str):
        return f"{name} is not a text"
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return f"{name} is not valid Unicode (a lone surrogate)"
    return f"{name} has {size:,} bytes, more than the {limit:,} that are taken" if size > limit else None


def review_complaint(fact: ReviewFact) -> str | None:
    """Return why a review cannot be let in."""
    if not fact.review_id:
        return "review has no id"
    if problem := text_complaint(fact.review_id, "review id", 1_000):
        return problem
    if fact.stars is not None and not (isinstance(fact.stars, int) and 0 <= fact.stars <= 100):
        return "review's stars are outside 0 to 10"
    problem = text_complaint(fact.text, "review text", EVENT_BYTES)
    problem = problem or text_complaint(fact.author, "review author", NAME_BYTES)
    return problem or (None if fact.text.strip() else "review text is empty")


def vote_complaint(fact: VoteFact) -> str | None:
    """Return why a gauge reading cannot be let in."""
    if not 0 <= fact.votes < ID_LIMIT:
        return "vote count is negative or absurd"
    if not 0 <= fact.average <= 10_000:
        return "vote average is outside 0 to 10"
    return None if -1 <= fact.popularity < ID_LIMIT else "popularity is negative or absurd"


def series_complaint(fact: VoteSeries, now: int) -> str | None:
    """Return why a series of readings cannot be let in."""
    times = [time for time, _, _ in fact.readings]
    if not times or any(later <= earlier for earlier, later in pairwise(times)):
        return "readings are not in order of time"
    if not all(0 <= votes < ID_LIMIT and 0 <= average <= 10_000 for _, votes, average in fact.readings):
        return "vote count or average is absurd"
    return time_complaint(times[0], now) or time_complaint(times[-1], now)


def film_complaint(fact: FilmFact) -> str | None:
    """Return why a film's description cannot be let in."""
    values = {**BLANK_FILM, **fact.values}
    if unknown := values.keys() - BLANK_FILM.keys():
        return f"film has unknown fields: {', '.join(sorted(unknown))}"
    for name, hint in FILM_FIELDS.items():
        if hint is str and (problem := text_complaint(values[name], f"film's {name}", FIELD_BYTES)):
            return problem
        given = hint == str | None and values[name] is not None
        if given and (problem := text_complaint(values[name], f"film's {name}", 1_000)):
            return problem
    if not values["title"].strip():
        return "film has no title"
    texts = [text for name, hint in FILM_FIELDS.items() if hint == tuple[str, ...] for text in values[name]]
    for credit in (*values["cast"], *values["crew"]):
        if not isinstance(credit, Credit):
            return "film's credits are not credits"
        texts += (credit.name, credit.job)
    problems = (text_complaint(text, "film's list entry", ENTRY_BYTES) for text in texts)
    return next(filter(None, problems), None)


def list_complaint(fact: ReviewList) -> str | None:
    """Return why a list of review ids cannot be let in."""
    return None if all(isinstance(name, str) and name for name in fact.review_ids) else "a review in the list has no id"


def known_date(text: object) -> str | None:
    """Return an ISO date whose year can be, or None: TMDB writes "" and people write year 0 or 9999."""
    if not isinstance(text, str):
        return None
    try:
        day = date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None
    return day.isoformat() if day.year in YEARS else None


def known_amount(value: object) -> int | None:
    """Return a positive whole amount, or None: in TMDB's data 0 means unknown."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**11:
        return None
    return round(value)
