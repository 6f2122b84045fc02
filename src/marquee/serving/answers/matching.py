"""Films known by other names than TMDB's ids: found by IMDb's id, or by title and year."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marquee.domain.catalogued import folded

Titled = tuple[str, int | None]


def by_titles(cards: Iterable[Mapping[str, Any]], wanted: Iterable[Titled]) -> dict[Titled, int]:
    """Return the ids of films by (title, year): only where one film alone fits.

    A year that is off by one fits where no film is of the very year: premieres and releases differ. Without a year a
    title must be one film's alone.
    """
    asked: dict[str, set[Titled]] = defaultdict(set)
    for title, year in wanted:
        asked[folded(title)].add((title, year))
    asked.pop("", None)
    held: dict[str, set[tuple[int, int | None]]] = defaultdict(set)
    for card in cards:
        for name in {folded(card["title"] or ""), folded(card["original_title"] or "")} & asked.keys():
            held[name].add((card["movie_id"], year_of(card)))
    found: dict[Titled, int] = {}
    for name, keys in asked.items():
        for key in keys:
            only = fitting(held.get(name, set()), key[1])
            if only is not None:
                found[key] = only
    return found


def fitting(held: set[tuple[int, int | None]], year: int | None) -> int | None:
    """Return the one film of a title that fits a year, None where there is none or several."""
    for far in (0, 1):
        near = {
            movie_id
            for movie_id, released in held
            if year is None or (released is not None and abs(released - year) <= far)
        }
        if near:
            return near.pop() if len(near) == 1 else None
    return None


def year_of(card: Mapping[str, Any]) -> int | None:
    """Return a film's year of release."""
    return int(card["release_date"][:4]) if card["release_date"] else None


def by_imdb(cards: Iterable[Mapping[str, Any]], wanted: Iterable[str]) -> dict[str, int]:
    """Return the ids of films by IMDb's."""
    asked = set(wanted)
    return {card["imdb_id"]: card["movie_id"] for card in cards if card.get("imdb_id") in asked}


def cards_of(world: Any, now: int) -> Iterator[Mapping[str, Any]]:
    """Yield the cards of all films that either layer knows."""
    for movie_id in world.ids():
        card = world.card(movie_id, now)
        if card is not None:
            yield card
