"""The query service: the world as it moves, and the answers about films that both layers give."""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from threading import Lock
from typing import Any

import orjson

from marquee.domain.coverage import Source, speed_from
from marquee.domain.documents import CELL_ROWS, FILM
from marquee.domain.films import FilmView, unknown_film
from marquee.domain.measures import STATE_COLUMNS
from marquee.domain.timeline import SECOND, WINDOW, Clock, floor
from marquee.domain.trends import DAYS, By, Trend, declining, frame, rising, trending
from marquee.errors import NotFoundError
from marquee.libraries.titles import TitleSearch
from marquee.ports import BatchViews, Log, SpeedViews
from marquee.serving.answers import present as answers
from marquee.serving.answers.search import SearchRequest, card_line, found, page_of, suggest
from marquee.serving.world.backlog import backlog
from marquee.serving.world.cube import Cube, Filter
from marquee.serving.world.leaderboard import leaderboard
from marquee.serving.world.merge import Timed, batch_cells, merged
from marquee.serving.world.world import NO_CELLS, Meanwhile, World, advance

Answer = dict[str, Any]
LISTINGS = 256
"""Lists of search results kept for their later pages."""

LOOK_EVERY = 2 * SECOND
"""Time between looks at what waits in the log, while the views stand still."""


class Query:
    """Answers questions from the views. `world` is swapped whole; a question holds on to the one it began with."""

    def __init__(
        self,
        batch_views: BatchViews,
        speed_views: SpeedViews,
        log: Log,
        clock: Clock,
        source: Callable[[], Source | None] = lambda: None,
    ) -> None:
        self.batch_views = batch_views
        self.speed_views = speed_views
        self.log = log
        self.clock = clock
        self.source = source
        self.world = World(TitleSearch(), Meanwhile(clock))
        self.looked_at: int | None = None
        self.moving = Lock()
        self.listings: OrderedDict[str, array[int]] = OrderedDict()
        self.trends = lru_cache(maxsize=24)(self.count_trends)
        self.cubes = lru_cache(maxsize=1)(self.make_cube)

    def refresh(self) -> bool:
        """Move to the present run and speed version; return whether anything changed."""
        with self.moving:
            before = self.world
            self.world = advance(before, self.batch_views, self.speed_views, self.clock.now())
            self.look(again=self.world is not before)
            return self.world is not before

    def look(self, *, again: bool) -> None:
        """See what waits in the log and where films come from: `again` at once, else once in a while."""
        now = self.clock.now()
        if not again and self.looked_at is not None and 0 <= now - self.looked_at < LOOK_EVERY:
            return
        self.looked_at = now
        meanwhile = self.world.meanwhile
        meanwhile.source = self.source()
        meanwhile.backlog = backlog(self.log, self.world.frontier, self.world.state, now)

    def version(self) -> tuple[int, int, int]:
        """Return what answers depend on: the run, the speed version and the 5-minute window."""
        return self.world.run, self.world.state.version, floor(self.clock.now(), WINDOW)

    def sight(self) -> tuple[World, int]:
        """Return the present world, and the time at which its windows end: now, or the end of data that has ended."""
        return self.world, self.present(self.world)

    def present(self, world: World) -> int:
        """Return the time at which a world's windows end (ms)."""
        ended = world.ended
        return self.clock.now() if ended is None else ended

    def film(self, movie_id: int) -> tuple[World, int, FilmView, list[Timed]]:
        """Return a film's description and merged cells; NotFoundError for one unknown or deleted."""
        with self.batch_views.snapshot() as snapshot:
            if snapshot.publication is not None and snapshot.publication.frontier.run != self.world.run:
                self.refresh()
            world, now = self.sight()
            state = STATE_COLUMNS if snapshot.publication is None else snapshot.publication.state
            film_body = snapshot.get(FILM, movie_id)
            cells_body = snapshot.get(CELL_ROWS, movie_id)
        film: FilmView | None = orjson.loads(film_body) if film_body else None
        fresh = world.speed_film(movie_id, now)
        if fresh is not None and (film is None or (fresh["at"], fresh["offset"]) > (film["at"], film["offset"])):
            film = fresh
        rows = batch_cells(orjson.loads(cells_body) if cells_body else [], state)
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
        return covered(answers.movie(film, cells, world.pins, now), world)

    def sentiment(self, movie_id: int, window: str) -> Answer:
        """Answer /v1/movies/{id}/sentiment."""
        world, now, film, cells = self.film(movie_id)
        return covered(answers.sentiment(movie_id, film["title"], cells, window, now), world)

    def make_cube(self, world: World, moment: int) -> Cube:
        """Return the daily sums of all films; kept for the present world and 5-minute window."""
        return world.cube(moment)

    def document(self, kind: str, key: int) -> Any:
        """Return a published document, None where there is none."""
        with self.batch_views.snapshot() as snapshot:
            body = snapshot.get(kind, key)
        return orjson.loads(body) if body else None

    def count_trends(self, world: World, window: str, by: By, moment: int) -> list[Trend]:
        """Return all films' standings; kept for the present world and 5-minute window."""
        recent = world.activity(moment)
        counted = world.daily_activity(moment) if window in DAYS else recent
        return leaderboard(counted, recent, frame(window, moment), by, world.read(moment))

    def trending(self, window: str, films: Filter, limit: int, by: By = "activity") -> Answer:
        """Answer /v1/trending/movies: the films with the most activity."""
        return self.listed(lambda trends: trending(trends, window), window, films, limit, by)

    def rising(self, window: str, films: Filter, limit: int, by: By = "activity") -> Answer:
        """Answer /v1/rising/movies: films with significantly more activity than expected."""
        return self.listed(rising, window, films, limit, by)

    def declining(self, window: str, films: Filter, limit: int, by: By = "activity") -> Answer:
        """Answer /v1/declining/movies: films with significantly less activity than expected."""
        return self.listed(declining, window, films, limit, by)

    def listed(
        self, choose: Callable[[list[Trend]], list[Trend]], window: str, films: Filter, limit: int, by: By
    ) -> Answer:
        """Return the lines of the films chosen from all standings."""
        world, now = self.sight()
        wanted = self.known(world, films)
        standing = choose(self.trends(world, window, by, floor(now, WINDOW)))
        lines = list(islice(trend_lines(world, standing, window, wanted, now), limit))
        return covered({"window": window, "by": by, "genre": wanted.genre, "results": lines}, world)

    def known(self, world: World, films: Filter) -> Filter:
        """Return a filter with its genre spelled as the films have it; NotFoundError of an unknown genre."""
        return films if films.genre is None else replace(films, genre=self.genre(world, films.genre))

    def suggest(self, q: str, limit: int) -> Answer:
        """Answer /v1/search/suggest."""
        world, now = self.sight()
        return covered(suggest(world, q, limit, now), world)

    def search(self, request: SearchRequest, listing: str | None = None) -> Answer:
        """Answer /v1/search/movies. A `listing` names the list that an earlier page came from, and is continued.

        NotFoundError when that list is no longer kept.
        """
        world, now = self.sight()
        if listing is None:
            request = replace(request, films=self.known(world, request.films))
            ids = found(world, request, now)
            asked = replace(request, page=1, page_size=1)
            listing = blake2b(f"{asked}/{self.version()}".encode(), digest_size=8).hexdigest()
            self.listings[listing] = ids
            self.listings.move_to_end(listing)
            if len(self.listings) > LISTINGS:
                self.listings.popitem(last=False)
        elif listing not in self.listings:
            raise NotFoundError("this listing is no longer kept", hint="Ask for page 1 again, without `listing`.")
        answer = page_of(world, request, self.listings[listing], now)
        return covered({**answer, "listing": listing}, world)

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
        return sorted({genre for card in world.published.cards.values() for genre in card["genres"]})


def trend_lines(world: World, trends: Iterable[Trend], window: str, films: Filter, now: int) -> Iterator[Answer]:
    """Yield the lines of a leaderboard: the films known at `now` that pass, ranked among themselves."""
    cards = ((trend, world.card(trend.movie_id, now)) for trend in trends)
    passing = ((trend, card) for trend, card in cards if card is not None and films.passes(card, world.pins))
    for rank, (trend, card) in enumerate(passing, start=1):
        yield {"rank": rank, **card_line(card, world), **answers.trend_line(trend, window)}


def covered(answer: Answer, world: World) -> Answer:
    """Add the coverage to an answer."""
    return {**answer, "coverage": world.coverage().as_dict()}
