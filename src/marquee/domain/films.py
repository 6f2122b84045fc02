"""What a film looks like to a reader: one shape for both layers."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, get_origin

from marquee.domain.events import BLANK_FILM, FILM_FIELDS
from marquee.domain.monoids import Gauge

CAST = 20
"""Cast members a film's description names."""

FIELDS = tuple(name for name in FILM_FIELDS if name not in ("cast", "crew"))
LISTS = tuple(name for name, hint in FILM_FIELDS.items() if get_origin(hint) is tuple)
FOUND_BY = 5
"""Cast members whose names a film is found by."""

BILLED = 15
"""Cast members that count in the network of people, in the order of the billing."""

CREW_JOBS = ("Director", "Writer", "Screenplay")
FilmView = dict[str, Any]


def film_view(values: Mapping[str, Any], offset: int) -> FilmView:
    """Return a film's description from the fields of its event; `at` and `offset` tell which of two is later."""
    view = {name: BLANK_FILM[name] if values[name] is None else values[name] for name in FIELDS}
    view |= {name: list(view[name]) for name in LISTS if name in FIELDS}
    view["cast"] = [dict(credit) for credit in (values["cast"] or ())[:CAST]]
    view["crew"] = [dict(credit) for credit in values["crew"] or () if credit["job"] in CREW_JOBS]
    return {"movie_id": values["movie_id"], "at": values["event_time"], "offset": offset, **view}


def film_people(film: FilmView) -> dict[int, tuple[str, str]]:
    """Return (name, part) of the people of a film that count, by id: the first of the cast, and directors."""
    found = {
        credit["person_id"]: (credit["name"], "Director")
        for credit in film["crew"]
        if credit["job"] == "Director" and credit["person_id"]
    }
    for credit in film["cast"][:BILLED]:
        if credit["person_id"] and credit["person_id"] not in found:
            found[credit["person_id"]] = (credit["name"], credit["job"])
    return found


def unknown_film(movie_id: int) -> FilmView:
    """Return the description of a film of which only reviews or ratings have been seen."""
    blank = {name: [] if name in LISTS else value for name, value in BLANK_FILM.items()}
    return {"movie_id": movie_id, "at": -1, "offset": -1, **blank}


def card(film: FilmView, gauge: Sequence[int] | None, reviews: int, compound: int) -> dict[str, Any]:
    """Return a film's line in listings: what searching, sorting and filtering need."""
    return {
        **{name: film[name] for name in ("movie_id", "at", "offset", "deleted", "title", "original_title")},
        **{name: film[name] for name in ("release_date", "language", "genres", "poster", "imdb_id")},
        "people": names_of(film),
        "gauge": gauge,
        "reviews": reviews,
        "compound": compound,
    }


def names_of(film: FilmView) -> list[str]:
    """Return the names of the people that a film is found by."""
    return [credit["name"] for credit in film["cast"][:FOUND_BY]]


def release_day(released: str | None) -> float:
    """Return a release date in days since 1970; NaN where it is unknown."""
    return float((date.fromisoformat(released) - date(1970, 1, 1)).days) if released else float("nan")


def gauge_of(card: Mapping[str, Any]) -> Gauge | None:
    """Return a card's latest reading of the gauges."""
    held = card["gauge"]
    return Gauge(*held) if held else None


def votes_of(card: Mapping[str, Any]) -> int | None:
    """Return a card's votes, None where they are unknown."""
    gauge = gauge_of(card)
    return None if gauge is None else gauge.votes


def popularity_of(card: Mapping[str, Any]) -> int | None:
    """Return a card's popularity x 10^4, None where it is unknown."""
    gauge = gauge_of(card)
    return None if gauge is None or gauge.popularity < 0 else gauge.popularity
