"""A crawl of a bent TMDB: a real client on a real socket, a door over memory, a clock of its own, and no waiting."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bent.tmdb import TOKEN, BentTmdb, World, film, served
from tests.conftest import NOON

from marquee.adapters.sqlite.crawl import SqliteCrawl
from marquee.domain.aside import Aside
from marquee.domain.codec import records
from marquee.domain.events import Event, FilmEvent, RatingEvent, ReviewEvent
from marquee.domain.timeline import HOUR, MINUTE, ManualClock
from marquee.ingest.crawl import Crawl
from marquee.ingest.door import Door
from marquee.sources.tmdb import Tmdb
from marquee.testing.memory import MemoryIndex, MemoryLog, MemoryQuarantine

Work = Callable[[Crawl], Coroutine[Any, Any, object]]


@dataclass
class Bench:
    """What a crawl leaves behind, and the TMDB that it asks."""

    tmdb: BentTmdb
    folder: Path
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    log: MemoryLog = field(default_factory=MemoryLog)
    index: MemoryIndex = field(default_factory=MemoryIndex)
    waits: list[float] = field(default_factory=list)
    quarantine: MemoryQuarantine = field(default_factory=MemoryQuarantine)
    languages: tuple[str, ...] = ("en",)
    key: str = TOKEN

    def __post_init__(self) -> None:
        self.memory = SqliteCrawl(self.folder / "crawl.db")

    @property
    def world(self) -> World:
        return self.tmdb.world

    def run(self, work: Work) -> None:
        """Do some work with a crawl, as a new process would."""

        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        async def whole() -> None:
            tmdb = Tmdb(self.tmdb.url, self.key, None, sleep=sleep)
            door = Door(self.log, self.index, self.quarantine, self.clock, nullcontext)
            try:
                await work(Crawl(tmdb, door, self.memory, self.clock, languages=self.languages))
            finally:
                await tmdb.close()

        asyncio.run(whole())

    def crawl(self, wanted: int | None = None) -> None:
        """The first crawl, of all films there are or of more."""
        films = len(self.world.films)

        async def work(crawl: Crawl) -> None:
            crawl.resume()
            await crawl.find_films(films if wanted is None else wanted)
            await crawl.fetch_all()

        self.run(work)

    def poll(self, later: int = HOUR) -> None:
        """A poll, after some time (ms)."""
        self.clock.time += later
        self.run(lambda crawl: crawl.poll(30 * MINUTE, 1_000))

    def changes(self, *ids: int) -> None:
        """Let TMDB name films as changed."""
        self.world.changed = [{"id": movie_id, "adult": False} for movie_id in ids]

    def events(self) -> list[Event]:
        """What the log holds."""
        return [record.event for batch in self.log.read("", 10**9)[0] for record in records(batch)]

    def films(self) -> dict[int, FilmEvent]:
        """The last word on each film, those left out that are gone."""
        last = {event.movie_id: event for event in self.events() if isinstance(event, FilmEvent)}
        return {movie_id: event for movie_id, event in last.items() if not event.deleted}

    def votes(self) -> dict[int, int]:
        """The last votes of each film."""
        return {event.movie_id: event.votes for event in self.events() if isinstance(event, RatingEvent)}

    def standing(self) -> set[str]:
        """The reviews that stand."""
        weights: dict[str, int] = {}
        for event in self.events():
            if isinstance(event, ReviewEvent):
                weights[event.identity] = weights.get(event.identity, 0) + event.weight
        assert set(weights.values()) <= {0, 1}
        return {name for name, weight in weights.items() if weight}

    def aside(self) -> dict[int, Aside]:
        """The films that are set aside, gone ones among them."""
        return self.memory.aside(range(1, 1_000))


@contextmanager
def bench(folder: Path, films: int = 10, tls: ssl.SSLContext | None = None) -> Iterator[Bench]:
    """A crawl of a TMDB with some films."""
    world = World({movie_id: film(movie_id) for movie_id in range(1, films + 1)})
    with served(BentTmdb(world, tls=tls)) as tmdb:
        yield Bench(tmdb, folder)
