"""TMDB's JSON read as facts. What cannot be read becomes `Malformed` with the reason; the rest goes in."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from marquee.domain.events import Credit
from marquee.domain.facts import Fact, FilmFact, Malformed, ReviewFact, ReviewList, VoteFact
from marquee.domain.scores import AVERAGE_SCALE, POPULARITY_SCALE, STARS_SCALE
from marquee.domain.timeline import parse_iso
from marquee.domain.validation import ID_LIMIT, known_amount, known_date

UNKNOWN_POPULARITY = -1
CAST_KEPT = 30
CREW_JOBS = frozenset(
    {
        "Director",
        "Writer",
        "Screenplay",
        "Producer",
        "Director of Photography",
        "Editor",
        "Original Music Composer",
    }
)
RAW_SHOWN = 2_000

TMDB_NAMES = {
    "language": "original_language",
    "poster": "poster_path",
    "companies": "production_companies",
    "countries": "production_countries",
    "cast": "credits.cast",
    "crew": "credits.crew",
    "collection_id": "belongs_to_collection.id",
    "collection": "belongs_to_collection.name",
    "recommended": "recommendations",
}
"""What TMDB calls a film's fields, where `FilmEvent` calls them otherwise."""


def raw(value: object) -> str:
    """Return a value as JSON for the quarantine."""
    return json.dumps(value, ensure_ascii=False, default=str)[:RAW_SHOWN]


def names(value: object) -> tuple[str, ...]:
    """Read a list of names, given as texts or as objects with a name."""
    if isinstance(value, Mapping):
        value = value.get("keywords") or value.get("results") or []
    if not isinstance(value, list):
        return ()
    found = [item.get("name") if isinstance(item, Mapping) else item for item in value]
    return tuple(dict.fromkeys(name.strip() for name in found if isinstance(name, str) and name.strip()))


def text(value: object) -> str:
    """Return a text, or nothing for anything else."""
    return value if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """Return a whole number, be it written as 862.0; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def known_id(value: object) -> int | None:
    """Return an id, None for what can be none."""
    found = whole(value)
    return found if found is not None and 0 < found < ID_LIMIT else None


def credits(value: object, kind: str) -> tuple[Credit, ...]:
    """Read the cast (in billing order) or the crew whose jobs are kept."""
    entries = value.get(kind) if isinstance(value, Mapping) else None
    found: list[Credit] = []
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str) or not entry["name"].strip():
            continue
        job = text(entry.get("character" if kind == "cast" else "job"))
        if kind == "crew" and job not in CREW_JOBS:
            continue
        found.append(Credit(person_id=known_id(entry.get("id")), name=entry["name"], job=job))
    return tuple(found[:CAST_KEPT] if kind == "cast" else found)


def collection(value: object) -> dict[str, Any]:
    """Read the series that a film is part of; nothing where one has no name."""
    name = text(value.get("name")).strip() if isinstance(value, Mapping) else ""
    return {
        "collection_id": known_id(value.get("id")) if isinstance(value, Mapping) and name else None,
        "collection": name or None,
    }


def recommended(value: object) -> tuple[int, ...] | None:
    """Read the ids of a page of recommended films, best first; None where there is no such page."""
    results = value.get("results") if isinstance(value, Mapping) else None
    if not isinstance(results, list):
        return None
    found = (known_id(entry.get("id")) for entry in results if isinstance(entry, Mapping))
    return tuple(dict.fromkeys(movie_id for movie_id in found if movie_id is not None))


def film_values(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `FilmEvent` that a film's body gives."""
    keywords, credit = body.get("keywords"), body.get("credits")
    countries = body.get("production_countries")
    listed = countries if isinstance(countries, list) else []
    codes = [country.get("iso_3166_1") if isinstance(country, Mapping) else country for country in listed]
    runtime = whole(body.get("runtime"))
    return {
        "title": text(body.get("title")),
        "original_title": text(body.get("original_title")) or text(body.get("title")),
        "language": text(body.get("original_language")),
        "release_date": known_date(body.get("release_date")),
        "status": text(body.get("status")),
        "runtime": runtime if runtime and 0 < runtime <= 10_000 else None,
        "budget": known_amount(body.get("budget")),
        "revenue": known_amount(body.get("revenue")),
        "overview": text(body.get("overview")),
        "tagline": text(body.get("tagline")),
        "poster": text(body.get("poster_path")) or None,
        "imdb_id": text(body.get("imdb_id")) or None,
        "genres": names(body.get("genres")),
        "keywords": names(keywords),
        "companies": names(body.get("production_companies")),
        "countries": tuple(code for code in codes if isinstance(code, str)),
        "cast": credits(credit, "cast"),
        "crew": credits(credit, "crew"),
        "recommended": recommended(body.get("recommendations")),
        **collection(body.get("belongs_to_collection")),
    }


def vote_fact(body: Mapping[str, Any], observed_at: int, source: str, *, historic: bool = False) -> Fact | None:
    """Read the gauges of a film's body, detailed or from a list; None where its votes or their average are unknown."""
    votes, average, popularity = (body.get(name) for name in ("vote_count", "vote_average", "popularity"))
    given = [value for value in (votes, average, popularity) if value is not None]
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in given):
        return Malformed(source, "votes, average or popularity is not a number", raw(body), label(body))
    if any(not -1e12 < value < 1e12 for value in given):
        return Malformed(source, "votes, average or popularity is absurd", raw(given), label(body))
    if votes is None or (average is None and votes):
        return None
    return VoteFact(
        movie_id=whole(body.get("id")) or 0,
        observed_at=observed_at,
        source=source,
        votes=round(votes),
        average=round((average or 0) * AVERAGE_SCALE),
        popularity=UNKNOWN_POPULARITY if popularity is None else round(popularity * POPULARITY_SCALE),
        historic=historic,
    )


def label(body: Mapping[str, Any]) -> str:
    """Name a film for a person, by id and title as far as they are known."""
    return " ".join(str(body[name]) for name in ("id", "title") if body.get(name)).strip()[:200]


def review_fact(movie_id: int, body: object, source: str) -> Fact:
    """Read one review."""
    if not isinstance(body, Mapping) or not isinstance(body.get("id"), str):
        return Malformed(source, "review has no id", raw(body))
    try:
        written_at = parse_iso(body["created_at"])
    except (KeyError, ValueError, AttributeError, OverflowError, OSError):
        return Malformed(source, "review has no readable creation time", raw(body))
    details = body.get("author_details")
    rating = details.get("rating") if isinstance(details, Mapping) else None
    known = isinstance(rating, int | float) and not isinstance(rating, bool) and -1e3 < rating < 1e3
    if rating is not None and not known:
        return Malformed(source, "review's rating is not a number", raw(body))
    return ReviewFact(
        movie_id=movie_id,
        written_at=written_at,
        source=source,
        review_id=body["id"],
        author=text(body.get("author")),
        stars=round(rating * STARS_SCALE) if rating is not None else None,
        text=body.get("content", ""),
    )


def film_facts(body: object, observed_at: int, source: str) -> Iterator[Fact]:
    """Yield the facts of a film's body: its description and its gauges."""
    if not isinstance(body, Mapping):
        yield Malformed(source, "film is not an object", raw(body))
        return
    movie_id, film = whole(body.get("id")), label(body)
    if movie_id is None or movie_id <= 0:
        yield Malformed(source, "film id is not a positive whole number", raw(body), film, "id")
        return
    if not text(body.get("title")).strip():
        yield Malformed(source, "film has no title", raw(body), film, "title")
        return
    released = body.get("release_date")
    if released and known_date(released) is None:
        reason = "release date cannot be; the film is kept without it"
        yield Malformed(source, reason, raw(released), film, "release_date")
    yield FilmFact(movie_id, observed_at, source, film_values(body))
    votes = vote_fact(body, observed_at, source)
    if votes is not None:
        yield votes


def review_facts(movie_id: int, reviews: list[object], source: str, *, complete: bool) -> Iterator[Fact]:
    """Yield the reviews of a film; a complete list also says which others are gone."""
    ids: set[str] = set()
    for body in reviews:
        fact = review_fact(movie_id, body, source)
        yield fact
        if isinstance(body, Mapping) and isinstance(body.get("id"), str):
            ids.add(body["id"])
    if complete:
        yield ReviewList(movie_id, source, frozenset(ids))
