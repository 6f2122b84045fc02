"""What a film looks like to a reader: one shape for both layers."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

CAST = 20
"""Cast members a film's description names."""

FIELDS = (
    *(
        "deleted",
        "title",
        "original_title",
        "language",
        "release_date",
        "status",
        "runtime",
        "budget",
        "revenue",
    ),
    *("overview", "tagline", "poster", "imdb_id", "genres", "keywords", "companies", "countries"),
)
BILLED = 15
"""Cast members that count in the network of people, in the order of the billing."""

CREW_JOBS = ("Director", "Writer", "Screenplay")
FilmView = dict[str, Any]


def film_view(values: Mapping[str, Any], offset: int) -> FilmView:
    """Return a film's description from the fields of its event; `at` and `offset` tell which of two is later."""
    view = {name: values[name] for name in FIELDS}
    for name in ("genres", "keywords", "companies", "countries"):
        view[name] = list(values[name] or ())
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
    nothing: dict[str, Any] = dict.fromkeys(FIELDS)
    lists: dict[str, Any] = {name: [] for name in ("genres", "keywords", "companies", "countries", "cast", "crew")}
    texts = dict.fromkeys(("title", "original_title", "language", "status", "overview", "tagline"), "")
    return {"movie_id": movie_id, "at": -1, "offset": -1, **nothing, "deleted": False, **texts, **lists}


def card(film: FilmView, gauge: Sequence[int] | None, reviews: int, compound: int) -> dict[str, Any]:
    """Return a film's line in listings: what searching, sorting and filtering need."""
    return {
        **{name: film[name] for name in ("movie_id", "at", "offset", "deleted", "title", "original_title")},
        **{name: film[name] for name in ("release_date", "language", "genres", "poster", "imdb_id")},
        "people": [credit["name"] for credit in film["cast"][:5]],
        "gauge": gauge,
        "reviews": reviews,
        "compound": compound,
    }


def release_day(released: str | None) -> float:
    """Return a release date in days since 1970; NaN where it is unknown."""
    return float((date.fromisoformat(released) - date(1970, 1, 1)).days) if released else float("nan")
