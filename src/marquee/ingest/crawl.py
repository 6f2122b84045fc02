"""The crawl: TMDB's films once, then what changes. Resumable: what was accepted is not fetched again."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from marquee.adapters.sqlite_crawl import SqliteCrawl
from marquee.domain.events import METADATA
from marquee.domain.facts import Fact, Gone
from marquee.domain.timeline import DAY, SECOND, Clock
from marquee.errors import NotFoundError
from marquee.ingest.door import Door, Receipt
from marquee.sources.tmdb import CHANGES_DAYS, SOURCE, Tmdb
from marquee.sources.tmdb_facts import film_facts, review_facts, vote_fact

OLDEST_YEAR = 1900
GROUP = 60
"""Films accepted together: each group is one synced append to the log."""

LANGUAGE = "en"
LISTS = ("/movie/popular", "/movie/top_rated", "/trending/movie/day")
Progress = Callable[[int, int], None]


def day_of(time: int) -> datetime:
    """Return the day (UTC) of a time in ms."""
    return datetime.fromtimestamp(time / SECOND, UTC)


@dataclass(slots=True)
class Crawl:
    """Fetches films and hands their facts to the door."""

    tmdb: Tmdb
    door: Door
    memory: SqliteCrawl
    clock: Clock
    workers: int = 8

    async def find_films(self, wanted: int, progress: Progress = lambda done, of: None) -> None:
        """List the ids of `wanted` English-language films: each release year's most voted, year after year in turn.

        One list of TMDB's ends at page 500, so no single one could name 50,000 films.
        """
        year_now = day_of(self.clock.now()).year
        years = list(range(year_now + 1, OLDEST_YEAR - 1, -1))
        cursor: dict[str, Any] = self.memory.note("discover") or {"page": 1, "year": years[0], "ended": []}
        ended = set(cursor["ended"])
        page, started = cursor["page"], cursor["year"]
        while len(ended) < len(years):
            for year in years:
                if year in ended or year > started:
                    continue
                if self.memory.counts()[0] >= wanted:
                    return
                results, last = await self.tmdb.page(
                    "/discover/movie",
                    page,
                    with_original_language=LANGUAGE,
                    primary_release_year=year,
                    sort_by="vote_count.desc",
                    include_adult="false",
                )
                if page >= last:
                    ended.add(year)
                ids = [item["id"] for item in results if isinstance(item.get("id"), int)]
                room = wanted - self.memory.counts()[0]
                self.memory.remember("discover", {"page": page, "year": year - 1, "ended": sorted(ended)}, ids[:room])
                progress(self.memory.counts()[0], wanted)
            page, started = page + 1, years[0]

    async def fetch_all(self, progress: Progress = lambda done, of: None) -> Receipt:
        """Fetch every listed film that was not fetched yet."""
        receipt = Receipt()
        while todo := self.memory.todo(GROUP):
            known = self.door.index.lookup(METADATA, [f"{movie_id}@{SOURCE}" for movie_id in todo])
            had = {int(identity.split("@")[0]) for identity in known}
            self.memory.done(had, [], self.clock.now())
            receipt.add(await self.fetch([movie_id for movie_id in todo if movie_id not in had]))
            total, done = self.memory.counts()
            progress(done, total)
        return receipt

    async def fetch(self, ids: Sequence[int], progress: Progress = lambda done, of: None) -> Receipt:
        """Fetch films, several at a time, and accept them group by group."""
        receipt = Receipt()
        for start in range(0, len(ids), GROUP):
            receipt.add(await self.fetch_group(ids[start : start + GROUP]))
            progress(min(start + GROUP, len(ids)), len(ids))
        return receipt

    async def fetch_group(self, ids: Sequence[int]) -> Receipt:
        """Fetch one group; a film that is gone is accepted as gone, one in another language only if it is held."""
        queue = list(reversed(ids))
        bodies: list[dict[str, Any]] = []
        gone: list[int] = []

        async def work() -> None:
            while queue:
                movie_id = queue.pop()
                try:
                    bodies.append(await self.tmdb.movie(movie_id))
                except NotFoundError:
                    gone.append(movie_id)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(self.workers, len(ids))):
                tasks.create_task(work())
        now = self.clock.now()
        facts: list[Fact] = [Gone(movie_id, now, SOURCE) for movie_id in gone]
        held = self.door.index.lookup(METADATA, [f"{movie_id}@{SOURCE}" for movie_id in ids])
        for body in bodies:
            if body.get("original_language") == LANGUAGE or f"{body.get('id')}@{SOURCE}" in held:
                facts += body_facts(body, now)
        receipt = await asyncio.to_thread(self.door.accept, facts)
        self.memory.done([body["id"] for body in bodies if isinstance(body.get("id"), int)], gone, now)
        return receipt

    async def changed(self, since: int) -> set[int]:
        """Return the ids of films changed since a time, asked for in ranges of at most 14 days."""
        end = day_of(self.clock.now()).date()
        start = day_of(since).date()
        ids: set[int] = set()
        while start <= end:
            stop = min(end, start + timedelta(days=CHANGES_DAYS - 1))
            ids |= await self.tmdb.changes(start.isoformat(), stop.isoformat())
            start = stop + timedelta(days=1)
        return ids

    async def poll(self, recheck: int, limit: int, progress: Progress = lambda done, of: None) -> Receipt:
        """Fetch what changed since the last poll, longest unfetched first, and read the gauges of TMDB's lists.

        `recheck`: ms before a film that goes on changing is fetched again; `limit`: most films in one poll.
        TMDB names days only, so the present day is asked for again at every poll.
        """
        now = self.clock.now()
        noted = self.memory.note("changes")
        last = noted if isinstance(noted, int) else now - DAY
        ids = await self.changed(last)
        due = self.memory.due(ids, now - recheck, limit)
        receipt = await self.fetch(due, progress)
        receipt.add(await self.read_lists())
        if len(due) < limit:
            self.memory.remember("changes", now)
        return receipt

    async def read_lists(self) -> Receipt:
        """Accept the gauges that the first pages of TMDB's lists show of films already known."""
        facts: list[Fact] = []
        for path in LISTS:
            results, _ = await self.tmdb.page(path, 1)
            facts += list_facts(results, self.clock.now())
        known = self.door.index.lookup(
            METADATA, {f"{fact.movie_id}@{SOURCE}" for fact in facts if hasattr(fact, "movie_id")}
        )
        held = {int(identity.split("@")[0]) for identity in known}
        return await asyncio.to_thread(self.door.accept, [f for f in facts if getattr(f, "movie_id", 0) in held])


def body_facts(body: dict[str, Any], now: int) -> list[Fact]:
    """Return all facts of a film's body with its reviews."""
    facts = list(film_facts(body, now, SOURCE))
    reviews = body.get("reviews")
    if isinstance(reviews, dict) and isinstance(reviews.get("results"), list) and isinstance(body.get("id"), int):
        facts += review_facts(body["id"], reviews["results"], SOURCE, complete=True)
    return facts


def list_facts(results: Iterable[dict[str, Any]], now: int) -> list[Fact]:
    """Return the gauges of a list's films; series, which some lists mix in, are passed over."""
    films = [item for item in results if item.get("media_type", "movie") == "movie"]
    return [fact for film in films if (fact := vote_fact(film, now, SOURCE)) is not None]
