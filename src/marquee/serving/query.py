"""Queries: one function an answer, each of one world and one moment, each with its coverage."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from threading import Lock
from typing import Any

import orjson

from marquee.adapters.tantivy_search import TitleSearch
from marquee.batch.publish import CELL_ROWS, FILM
from marquee.domain.coverage import speed_from
from marquee.domain.films import FilmView, unknown_film
from marquee.domain.scores import AVERAGE_SCALE, COMPOUND_SCALE, mean, tier, weighted_rating
from marquee.domain.timeline import WINDOW, Clock, floor
from marquee.domain.trends import WINDOWS, Trend, declining, frame
from marquee.errors import NotFoundError
from marquee.ports import BatchViews, SpeedViews
from marquee.serving import answers
from marquee.serving.merge import Timed, merged
from marquee.serving.world import NO_CELLS, World, advance
from marquee.speed.leaderboard import leaderboard

Answer = dict[str, Any]
SEARCH_DEPTH = 1_000
"""Best text matches that filters and sorting work on."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What to search for; every field narrows the result."""

    q: str | None = None
    genre: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    rating_min: float | None = None
    rating_max: float | None = None
    sort_by: str = "relevance"
    page: int = 1
    page_size: int = 20


class Query:
    """Answers questions from the views. `world` is swapped whole; a question holds on to the one it began with."""

    def __init__(self, batch_views: BatchViews, speed_views: SpeedViews, clock: Clock) -> None:
        self.batch_views = batch_views
        self.speed_views = speed_views
        self.clock = clock
        self.world = World(TitleSearch())
        self.moving = Lock()
        self.trends = lru_cache(maxsize=8)(self.count_trends)

    def refresh(self) -> bool:
        """Move to the present run and speed version; return whether anything changed."""
        with self.moving:
            before = self.world
            self.world = advance(before, self.batch_views, self.speed_views, self.clock.now())
            return self.world is not before

    def version(self) -> tuple[int, int, int]:
        """Return what answers depend on: the run, the speed version and the 5-minute window."""
        return self.world.run, self.world.state.version, floor(self.clock.now(), WINDOW)

    def film(self, movie_id: int) -> tuple[World, int, FilmView, list[Timed]]:
        """Return a film's description and merged cells; NotFoundError for one unknown or deleted."""
        now = self.clock.now()
        with self.batch_views.snapshot() as snapshot:
            if snapshot.publication is not None and snapshot.publication.frontier.run != self.world.run:
                self.refresh()
            world = self.world
            film_body = snapshot.get(FILM, movie_id)
            cells_body = snapshot.get(CELL_ROWS, movie_id)
        film: FilmView | None = orjson.loads(film_body) if film_body else None
        fresh = world.speed_film(movie_id, now)
        if fresh is not None and (film is None or (fresh["at"], fresh["offset"]) > (film["at"], film["offset"])):
            film = fresh
        rows = orjson.loads(cells_body) if cells_body else []
        cells = merged(rows, world.speed.get(movie_id, NO_CELLS), speed_from(world.frontier, now))
        if film is None and not cells:
            raise NotFoundError(f"no film has the id {movie_id}", hint="Find ids with /v1/search/movies?q=...")
        film = film or unknown_film(movie_id)
        if film["deleted"]:
            raise NotFoundError(f"film {movie_id} has been deleted at its source", hint="Its history is kept in gold.")
        return world, now, film, cells

    def movie(self, movie_id: int) -> Answer:
        """Answer /v1/movies/{id}."""
        world, now, film, cells = self.film(movie_id)
        return covered(answers.movie(film, cells, world.pins, now), world, now)

    def sentiment(self, movie_id: int, window: str) -> Answer:
        """Answer /v1/movies/{id}/sentiment."""
        world, now, film, cells = self.film(movie_id)
        return covered(answers.sentiment(movie_id, film["title"], cells, window, now), world, now)

    def count_trends(self, world: World, window: str, moment: int) -> list[Trend]:
        """Return all films' standings; kept for the present world and 5-minute window."""
        return leaderboard(world.activity(moment), frame(WINDOWS[window], moment))

    def trending(self, window: str, genre: str | None, limit: int) -> Answer:
        """Answer /v1/trending/movies: films of a genre (or all) by what rises, then by what is hot."""
        return self.listed(lambda trends: trends, window, genre, limit)

    def declining(self, window: str, genre: str | None, limit: int) -> Answer:
        """Answer /v1/declining/movies: films of a genre (or all) with significantly fewer reviews than expected."""
        return self.listed(declining, window, genre, limit)

    def listed(
        self, choose: Callable[[list[Trend]], list[Trend]], window: str, genre: str | None, limit: int
    ) -> Answer:
        """Return the lines of the films chosen from all standings."""
        world, now = self.world, self.clock.now()
        wanted = None if genre is None else self.genre(world, genre)
        lines: list[Answer] = []
        for trend in choose(self.trends(world, window, floor(now, WINDOW))):
            card = world.card(trend.movie_id, now)
            if card is None or (wanted is not None and wanted not in card["genres"]):
                continue
            lines.append({"rank": len(lines) + 1, **card_line(card, world), **answers.trend_line(trend, window)})
            if len(lines) == limit:
                break
        return covered({"window": window, "genre": wanted, "results": lines}, world, now)

    def genre(self, world: World, name: str) -> str:
        """Return a genre by its name in any case; NotFoundError names the nearest."""
        genres = {genre.casefold(): genre for genre in self.genres(world)}
        found = genres.get(name.casefold())
        if found is None:
            near = [genres[match] for match in get_close_matches(name.casefold(), genres, 3, 0.5)]
            said = (
                f"Nearest: {', '.join(near)}."
                if near
                else f"Known: {', '.join(sorted(genres.values())) or 'none yet'}."
            )
            raise NotFoundError(f"no film has the genre {name[:80]!r}", hint=said)
        return found

    def genres(self, world: World) -> list[str]:
        """Return the genres of all films, sorted."""
        return sorted({genre for card in world.cards.values() for genre in card["genres"]})

    def suggest(self, q: str, limit: int) -> Answer:
        """Answer /v1/search/suggest: films whose title or people the words so far may mean, best first."""
        world, now = self.world, self.clock.now()
        hits = (world.card(movie_id, now) for movie_id, _ in world.search.search(q, 4 * limit))
        cards = [card for card in hits if card is not None][:limit]
        found = [{"movie_id": c["movie_id"], "title": c["title"], "year": year(c)} for c in cards]
        return covered({"q": q, "results": found}, world, now)

    def search(self, request: SearchRequest) -> Answer:
        """Answer /v1/search/movies. Ties are broken by votes and then by id, so pages are stable."""
        world, now = self.world, self.clock.now()
        wanted = None if request.genre is None else self.genre(world, request.genre)
        relevance: dict[int, float] = {}
        if request.q is not None and request.q.strip():
            relevance = dict(world.search.search(request.q, SEARCH_DEPTH))
            ids = list(relevance)
        else:
            ids = list(world.ids())
        cards = [card for movie_id in ids if (card := world.card(movie_id, now)) is not None]
        kept = [card for card in cards if matches(card, request, wanted)]
        kept.sort(key=SORTS[request.sort_by](relevance))
        first = (request.page - 1) * request.page_size
        page = [card_line(card, world) for card in kept[first : first + request.page_size]]
        paging = {"page": request.page, "page_size": request.page_size, "total": len(kept)}
        paging["pages"] = -(-len(kept) // request.page_size)
        return covered({"q": request.q, "genre": wanted, **paging, "results": page}, world, now)


def covered(answer: Answer, world: World, now: int) -> Answer:
    """Add the coverage to an answer."""
    return {**answer, "coverage": world.coverage(now).as_dict()}


def year(card: Answer) -> int | None:
    """Return a film's release year."""
    return int(card["release_date"][:4]) if card["release_date"] else None


def rating(card: Answer) -> float | None:
    """Return a film's vote average in [0, 10], None without votes."""
    gauge = card["gauge"]
    return gauge[3] / AVERAGE_SCALE if gauge and gauge[2] else None


def matches(card: Answer, request: SearchRequest, genre: str | None) -> bool:
    """Say whether a film passes the filters; an unknown year or rating passes none that asks for one."""
    if genre is not None and genre not in card["genres"]:
        return False
    bounds = (
        (year(card), request.year_from, request.year_to),
        (rating(card), request.rating_min, request.rating_max),
    )
    for value, low, high in bounds:
        if low is None and high is None:
            continue
        if value is None or (low is not None and value < low) or (high is not None and value > high):
            return False
    return True


def card_line(card: Answer, world: World) -> Answer:
    """Present a film's line in a listing."""
    gauge = card["gauge"]
    average = rating(card)
    pins = world.pins
    return {
        "movie_id": card["movie_id"],
        "title": card["title"] or None,
        "release_date": card["release_date"],
        "language": card["language"] or None,
        "genres": card["genres"],
        "poster": card["poster"],
        "rating": average,
        "weighted_rating": None
        if average is None
        else round(weighted_rating(average, gauge[2], pins.prior_mean / AVERAGE_SCALE, pins.prior_votes), 3),
        "votes": gauge[2] if gauge else None,
        "popularity": answers.popularity(gauge[4]) if gauge else None,
        "tier": tier(gauge[4], pins) if gauge else None,
        "reviews": card["reviews"],
        "sentiment": answers.rounded(mean(card["compound"], card["reviews"], COMPOUND_SCALE)),
    }


def votes_of(card: Answer) -> int:
    """Return a film's votes, 0 when unknown."""
    return card["gauge"][2] if card["gauge"] else 0


Sorter = Callable[[dict[int, float]], Callable[[Answer], Any]]


def by(value: Callable[[Answer], Any]) -> Sorter:
    """Return a sort by a value, greatest first, unknown last."""

    def key(card: Answer) -> Any:
        found = value(card)
        return (found is None, -(found or 0), -votes_of(card), card["movie_id"])

    return lambda relevance: key


SORTS: dict[str, Sorter] = {
    "relevance": lambda relevance: lambda c: (-round(relevance.get(c["movie_id"], 0), 4), -votes_of(c), c["movie_id"]),
    "popularity": by(lambda card: card["gauge"][4] if card["gauge"] else None),
    "rating": by(rating),
    "votes": by(lambda card: card["gauge"][2] if card["gauge"] else None),
    "reviews": by(lambda card: card["reviews"]),
    "release_date": by(lambda card: int(card["release_date"].replace("-", "")) if card["release_date"] else None),
    "title": lambda relevance: lambda card: (not card["title"], card["title"].casefold(), card["movie_id"]),
}
