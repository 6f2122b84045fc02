"""Search and listings: films by words, filters and order, and their lines."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marquee.domain.films import gauge_of, popularity_of, votes_of
from marquee.domain.scores import AVERAGE_SCALE, COMPOUND_SCALE, mean, weighted_rating
from marquee.serving.answers import present as answers
from marquee.serving.world.cube import ALL_FILMS, Filter, card_tier, release_year
from marquee.serving.world.world import World

Answer = dict[str, Any]
SEARCH_DEPTH = 1_000
"""Best text matches that filters and sorting work on."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What to search for; every field narrows the result."""

    q: str | None = None
    films: Filter = ALL_FILMS
    rating_min: float | None = None
    rating_max: float | None = None
    sort_by: str = "relevance"
    page: int = 1
    page_size: int = 20


def found(world: World, request: SearchRequest, now: int) -> "array[int]":
    """Return the ids of all films that pass, in order; ties are broken by votes and then by id."""
    asked = bool(request.q and request.q.strip())
    relevance = dict(world.search.search(request.q or "", SEARCH_DEPTH)) if asked else {}
    cards = [
        card for movie_id in (relevance if asked else world.ids()) if (card := world.card(movie_id, now)) is not None
    ]
    kept = [card for card in cards if matches(card, request, world)]
    kept.sort(key=SORTS[request.sort_by](relevance))
    return array("q", [card["movie_id"] for card in kept])


def page_of(world: World, request: SearchRequest, ids: "array[int]", now: int) -> Answer:
    """Return a page of a list of films, each as it is now; one deleted since keeps its place, without a line."""
    first = (request.page - 1) * request.page_size
    cards = [world.card(movie_id, now) for movie_id in ids[first : first + request.page_size]]
    paging = {"page": request.page, "page_size": request.page_size, "total": len(ids)}
    paging["pages"] = -(-len(ids) // request.page_size)
    results = [card_line(card, world) for card in cards if card is not None]
    return {"q": request.q, "genre": request.films.genre, **paging, "results": results}


def suggest(world: World, q: str, limit: int, now: int) -> Answer:
    """Return films whose title or people the words so far may mean, best first."""
    relevance = dict(world.search.search(q, 4 * limit))
    cards = [card for movie_id in relevance if (card := world.card(movie_id, now)) is not None]
    cards.sort(key=SORTS["relevance"](relevance))
    found = [{"movie_id": c["movie_id"], "title": c["title"], "year": release_year(c)} for c in cards[:limit]]
    return {"q": q, "results": found}


def rating(card: Answer) -> float | None:
    """Return a film's vote average in [0, 10], None without votes."""
    gauge = gauge_of(card)
    return gauge.average / AVERAGE_SCALE if gauge and gauge.votes else None


def weighted(card: Answer, world: World) -> float | None:
    """Return a film's weighted rating in [0, 10], None without votes."""
    average, pins = rating(card), world.pins
    if average is None:
        return None
    return weighted_rating(average, votes_of(card) or 0, pins.prior_mean / AVERAGE_SCALE, pins.prior_votes)


def matches(card: Answer, request: SearchRequest, world: World) -> bool:
    """Say whether a film passes the filters; an unknown rating passes none that asks for one."""
    low, high = request.rating_min, request.rating_max
    if low is not None or high is not None:
        value = rating(card)
        if value is None or not (low or 0) <= value <= (10 if high is None else high):
            return False
    return request.films.passes(card, world.pins)


def card_line(card: Answer, world: World) -> Answer:
    """Present a film's line in a listing."""
    return {
        "movie_id": card["movie_id"],
        "title": card["title"] or None,
        "release_date": card["release_date"],
        "language": card["language"] or None,
        "genres": card["genres"],
        "poster": card["poster"],
        "rating": rating(card),
        "weighted_rating": answers.rounded(weighted(card, world), 3),
        "votes": votes_of(card),
        "popularity": answers.popularity(popularity_of(card)),
        "tier": card_tier(card, world.pins),
        "reviews": card["reviews"],
        "sentiment": answers.rounded(mean(card["compound"], card["reviews"], COMPOUND_SCALE)),
    }


Sorter = Callable[[dict[int, float]], Callable[[Answer], Any]]


def by(value: Callable[[Answer], Any]) -> Sorter:
    """Return a sort by a value, greatest first, unknown last."""

    def key(card: Answer) -> Any:
        found = value(card)
        return (found is None, -(found or 0), -(votes_of(card) or 0), card["movie_id"])

    return lambda relevance: key


SORTS: dict[str, Sorter] = {
    "relevance": lambda relevance: (
        lambda c: (-round(relevance.get(c["movie_id"], 0), 4), -(votes_of(c) or 0), c["movie_id"])
    ),
    "popularity": by(popularity_of),
    "rating": by(rating),
    "votes": by(votes_of),
    "reviews": by(lambda card: card["reviews"]),
    "release_date": by(lambda card: int(card["release_date"].replace("-", "")) if card["release_date"] else None),
    "title": lambda relevance: lambda card: (not card["title"], card["title"].casefold(), card["movie_id"]),
}
