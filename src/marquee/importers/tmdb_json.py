"""TMDB's answers kept as JSON: films, lists, pages of reviews, in files, lines, arrays and archives.

Each file is a source of its own: several may hold different accounts of one film. They are dated by the time of the
file, which is no earlier than what they say.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marquee.domain.facts import Fact, FilmFact, Malformed, ReviewFact, VoteFact
from marquee.importers import cells
from marquee.importers.cells import CellError
from marquee.importers.files import Unreadable
from marquee.importers.ids import Ids
from marquee.importers.json_values import Broken, parsed, values
from marquee.importers.reading import Surroundings, shown
from marquee.importers.recognise import Part
from marquee.importers.streams import Told, UnreadableError
from marquee.sources.tmdb_facts import film_facts, label, review_facts, vote_fact

SOURCE = "tmdb-json"
NUMBERS = ("id", "budget", "revenue", "runtime", "vote_count", "vote_average", "popularity")
LISTS = ("genres", "keywords", "production_companies", "production_countries")
DETAILS = ("budget", "genres", "vote_count", "overview", "release_date")
NOTHING = "not a TMDB body that holds films or reviews"
Body = dict[str, Any]


def read(parts: Mapping[str, Sequence[Part]], around: Surroundings) -> Iterator[Fact]:
    """Yield the facts of all files, the newest first: of two copies of a review the newer counts."""
    reviews: set[str] = set()
    done, size = 0, sum(part.member.size for part in parts["bodies"])

    def told(count: int) -> None:
        nonlocal done
        done += count
        around.progress("TMDB's JSON", min(done, size), size)

    for part in sorted(parts["bodies"], key=lambda part: (-part.member.modified, part.member.name)):
        try:
            yield from file_facts(part, around, reviews, told)
        except UnreadableError as error:
            around.unreadable.append(Unreadable(part.member.name, str(error)))


def file_facts(part: Part, around: Surroundings, reviews: set[str], told: Told) -> Iterator[Fact]:
    """Yield the facts of one file; of several accounts of a film in it the first counts."""
    source, observed_at = f"{SOURCE}:{part.member.name}", min(part.member.modified, around.now)
    films, gauges = Ids(), Ids()
    for body in values(part.member, part.letters, told):
        around.counts[part.member.name] += 1
        for fact in body_facts(body, observed_at, source):
            if isinstance(fact, FilmFact) and not films.add(fact.movie_id):
                yield twice(source, fact.movie_id)
            elif isinstance(fact, VoteFact) and not gauges.add(fact.movie_id):
                continue
            elif isinstance(fact, ReviewFact):
                if fact.review_id not in reviews:
                    reviews.add(fact.review_id)
                    yield fact
            else:
                yield fact


def twice(source: str, movie_id: int) -> Malformed:
    """Return what is said of a film's second account in one file."""
    return Malformed(
        source, "film stands in the file twice; its first account counts", f"film {movie_id}", str(movie_id)
    )


def body_facts(body: Any, observed_at: int, source: str) -> Iterator[Fact]:
    """Yield the facts of one value, whatever kind of answer it is."""
    if isinstance(body, Broken):
        yield Malformed(source, body.reason, shown(body.raw))
    elif not isinstance(body, dict) or not body:
        yield Malformed(source, NOTHING, shown(body))
    elif isinstance(body.get("results"), list):
        yield from list_facts(body, observed_at, source)
    elif is_series(body):
        yield Malformed(source, "a series is no film", shown(body), label(body))
    elif isinstance(body.get("title"), str | int) and any(name in body for name in DETAILS):
        # A title such as 1917 is a number to whatever wrote the file.
        yield from detail_facts({**body, "title": str(body["title"])}, observed_at, source)
    elif {"content", "author"} <= body.keys() and isinstance(body.get("media_id"), int) and not of_series(body):
        yield from review_facts(body["media_id"], [body], source, complete=False)
    elif all(isinstance(value, str) and value.lstrip().startswith("{") for value in body.values()):
        yield from written_facts(body, observed_at, source)
    elif all(isinstance(value, dict) and ("title" in value or "results" in value) for value in body.values()):
        for value in body.values():
            yield from body_facts(value, observed_at, source)
    else:
        yield Malformed(source, NOTHING, shown(body))


def written_facts(body: Body, observed_at: int, source: str) -> Iterator[Fact]:
    """Yield the facts of bodies that are written as texts, by id."""
    for piece in body.values():
        try:
            value = parsed(piece)
        except ValueError:
            yield Malformed(source, "not JSON (truncated?)", shown(piece))
            continue
        yield from body_facts(value, observed_at, source)


def of_series(review: Mapping[str, Any]) -> bool:
    """Say whether a review is of something else than a film."""
    return str(review.get("media_type", "movie")).casefold() != "movie"


def is_series(body: Mapping[str, Any]) -> bool:
    """Say whether a body is of a series, of which TMDB has a name and a first air date."""
    return body.get("media_type") == "tv" or (
        "title" not in body and ("first_air_date" in body or "original_name" in body)
    )


def list_facts(body: Body, observed_at: int, source: str) -> Iterator[Fact]:
    """Yield the facts of a page: of reviews, or gauges of the films that it lists."""
    results = body["results"]
    if any(isinstance(item, dict) and "content" in item for item in results):
        movie_id = body.get("id")
        if not isinstance(movie_id, int):
            yield Malformed(source, "a page of reviews that does not say of which film", shown(body))
            return
        # A page of several, or one that lacks some, says nothing of what is not on it.
        complete = body.get("total_pages") == 1 and body.get("total_results") == len(results)
        yield from review_facts(movie_id, results, source, complete=complete)
        return
    for item in results:
        if not isinstance(item, dict):
            yield Malformed(source, "list entry is not a film with votes", shown(item))
        elif is_series(item) or item.get("media_type", "movie") != "movie":
            yield Malformed(source, "a series or a person is no film", shown(item), label(item))
        else:
            item, complaints = numbered(item, source)
            yield from complaints
            fact = vote_fact(item, observed_at, source)
            yield fact or Malformed(source, "list entry is not a film with votes", shown(item), label(item))


def detail_facts(body: Body, observed_at: int, source: str) -> Iterator[Fact]:
    """Yield the facts of a film's own body, with the reviews that came with it."""
    body, complaints = numbered(body, source)
    yield from complaints
    yield from listed(body, source)
    released = body.get("release_date")
    if isinstance(released, str) and released:
        try:
            body["release_date"] = cells.day(released)
        except CellError as error:
            reason = f"release_date {error}; the film is kept without it"
            yield Malformed(source, reason, shown(released), label(body), "release_date")
            body["release_date"] = None
    yield from film_facts(body, observed_at, source)
    reviews = body.get("reviews")
    if isinstance(reviews, dict) and isinstance(reviews.get("results"), list) and isinstance(body.get("id"), int):
        results = reviews["results"]
        complete = reviews.get("total_pages") in (0, 1) and reviews.get("total_results") == len(results)
        yield from review_facts(body["id"], results, source, complete=complete)


def numbered(body: Body, source: str) -> tuple[Body, list[Malformed]]:
    """Return a body whose numbers are numbers, be they written as texts; those that are none are left out, and named."""
    found, complaints = dict(body), []
    for name in NUMBERS:
        value = found.get(name)
        try:
            if isinstance(value, str):
                found[name] = cells.whole(value) if name in ("id", "vote_count") else cells.fraction(value)
            elif isinstance(value, bool) or not isinstance(value, int | float | None) or not finite(value):
                raise CellError("is not a number")
        except CellError as error:
            complaints.append(
                Malformed(source, f"{name} {error}; the film is kept without it", shown(value), label(body), name)
            )
            del found[name]
    return found, complaints


def listed(body: Body, source: str) -> Iterator[Malformed]:
    """Read lists that are written as texts; yield what is no list, and leave it out."""
    for name in LISTS:
        value = body.get(name)
        try:
            if isinstance(value, str):
                body[name] = cells.names(value)
            elif value is not None and not isinstance(value, list | dict):
                raise CellError("is not a list")
        except CellError as error:
            reason = f"{name} {error}; the film is kept without it"
            yield Malformed(source, reason, shown(value), label(body), name)
            del body[name]


def finite(value: float | None) -> bool:
    """Say whether a number is unknown or finite."""
    return value is None or isinstance(value, int) or math.isfinite(value)
