"""The crawl: TMDB's films once, then what changes. Resumable: what was accepted is not fetched again.

A failure belongs to one film: it is set aside with its reason, and asked for again after growing pauses. What is the
source's failure stops the crawl, and no film is to blame.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from marquee.domain.aside import Aside
from marquee.domain.events import METADATA
from marquee.domain.facts import Fact
from marquee.domain.timeline import DAY, SECOND, Clock, iso
from marquee.errors import RefusedError, SourceError, TransientError
from marquee.ingest.circuit import Circuit
from marquee.ingest.door import Door, Receipt
from marquee.ingest.gauges import DISCOVER, ORDER, Round, plan
from marquee.ingest.search import Progress, Search, unseen
from marquee.ingest.verdict import Group, Verdict
from marquee.ports import CrawlMemory
from marquee.sources.tmdb import SOURCE, Tmdb
from marquee.sources.tmdb_facts import vote_fact
from marquee.sources.tmdb_lists import READINGS, Listing, count

GROUP = 60
"""Films accepted together: each group is one synced append to the log."""

LISTS = ("/movie/popular", "/movie/top_rated", "/trending/movie/day")
CHANGES, UNREAD, LAST, GAUGES = "changes", "changes_unread", "asked_last", "gauges"
"""What the crawl remembers: up to when changes were read; of what day they could not be, how often; and the films that
failed together with their source, which are asked for after all others; and how far the pages of gauges are read."""

UNREAD_TRIES, UNREAD_DAYS = 10, 14
"""Polls after which a day's changes are taken as they came, and days of which this is counted."""

SHOWN = 3
"""Films set aside that one line names."""

log = logging.getLogger(__name__)


def day_of(time: int) -> date:
    """Return the day (UTC) of a time in ms."""
    return datetime.fromtimestamp(time / SECOND, UTC).date()


@dataclass(slots=True)
class Crawl:
    """Fetches films and hands their facts to the door. languages: of the films that are taken; `*`: any."""

    tmdb: Tmdb
    door: Door
    memory: CrawlMemory
    clock: Clock
    workers: int = 8
    languages: Sequence[str] = ("en",)
    circuit: Circuit = field(init=False)

    def __post_init__(self) -> None:
        self.circuit = Circuit(self.tmdb, self.memory)

    def resume(self) -> None:
        """End the pauses of what has failed: a new start tries all of it at once."""
        self.memory.end_pauses(self.clock.now())

    async def find_films(self, wanted: int, progress: Progress = unseen) -> None:
        """Put the ids of `wanted` films on the list, unless that was done."""
        await Search(self.tmdb, self.memory, self.clock, self.languages, self.circuit).find(wanted, progress)

    async def fetch_all(self, progress: Progress = unseen) -> Receipt:
        """Fetch every listed film that was not fetched yet, the most voted first."""
        receipt = Receipt()
        while todo := self.memory.todo(GROUP, self.memory.note(LAST) or ()):
            known = self.held(todo)
            self.memory.mark(known, (), self.clock.now())
            receipt.add(await self.fetch([movie_id for movie_id in todo if movie_id not in known]))
            total, done = self.memory.counts()
            progress(done, total)
        return receipt

    async def fetch(self, ids: Sequence[int], progress: Progress = unseen) -> Receipt:
        """Fetch films, several at a time, and accept them group by group. Raises SourceError where TMDB gives none."""
        receipt = Receipt()
        for start in range(0, len(ids), GROUP):
            receipt.add(await self.fetch_group(ids[start : start + GROUP]))
            progress(min(start + GROUP, len(ids)), len(ids))
        return receipt

    async def fetch_group(self, ids: Sequence[int]) -> Receipt:
        """Fetch one group and accept what came, also where the source fails in its midst."""
        group, fault = Group(), None
        queue = list(reversed(ids))
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(min(self.workers, len(ids))):
                    tasks.create_task(self.work(queue, group))
        except* SourceError as faults:
            fault = faults.exceptions[0]
            group.acquit(self.circuit.row)
        verdict = self.judge(group)
        receipt = await asyncio.to_thread(self.door.accept, verdict.facts)
        self.memory.mark(verdict.fetched, verdict.aside, self.clock.now())
        tell(verdict.aside)
        if fault is not None:
            self.memory.remember(LAST, [*(self.memory.note(LAST) or ()), *self.circuit.row][-GROUP:])
            raise fault
        return receipt

    async def work(self, queue: list[int], group: Group) -> None:
        """Fetch films of a queue until it is empty; what fails is noted unless it is the source that does."""
        while True:
            async with self.circuit.turn:  # nobody asks for more while it is looked into whether it is the source
                if not queue:
                    return
                movie_id = queue.pop()
            try:
                group.answers.append(await self.tmdb.movie(movie_id))
                self.circuit.gave(movie_id)
            except (RefusedError, SourceError, TransientError) as error:
                await self.circuit.judge(movie_id, error)
                group.failures[movie_id] = error

    def held(self, ids: Iterable[int]) -> set[int]:
        """Return which of these films TMDB has told of before."""
        known = self.door.index.lookup(METADATA, [f"{movie_id}@{SOURCE}" for movie_id in ids])
        return {int(identity.split("@")[0]) for identity in known}

    def judge(self, group: Group) -> Verdict:
        """Work out what follows from a group."""
        before, held = self.memory.aside(group.ids), self.held(group.ids)
        return Verdict(before, held, self.languages, self.clock.now()).on(group)

    async def poll(self, recheck: int, limit: int, progress: Progress = unseen) -> Receipt:
        """Fetch what was set aside, longest waiting first, and what changed since the last poll, and read gauges of lists.

        `recheck`: ms before a film that goes on changing is fetched again; `limit`: most films in one poll. Each part may
        fail alone; SourceError is raised where TMDB gives nothing else either.
        """
        now = self.clock.now()
        again = self.memory.again(now, limit)
        receipt = await self.fetch(again, progress)
        noted = self.memory.note(CHANGES)
        ids, reached = await self.changed(noted if isinstance(noted, int) else now - DAY, now)
        due = self.memory.due(ids.difference(again), now - recheck, now, limit - len(again))
        receipt.add(await self.fetch(due, progress))
        receipt.add(await self.read_lists())
        receipt.add(await self.read_gauges())
        if len(again) + len(due) < limit:
            self.memory.remember(CHANGES, reached)
        return receipt

    async def changed(self, since: int, now: int) -> tuple[set[int], int]:
        """Return the ids of films changed since a time, and up to when (ms) that is known to be all.

        Days are asked for one by one: few enough pages, and those that are over stand still. The present day grows while
        it is read, and is asked for again anyway, since TMDB names days only.
        """
        ids: set[int] = set()
        reached, today = now, day_of(now)
        for offset in range((today - day_of(since)).days + 1):
            day = day_of(since) + timedelta(days=offset)
            listed = await self.changes_of(day, READINGS if day < today else 1)
            ids |= self.wanted(listed.items)
            if listed.complete or (day < today and not listed.broken and self.let_go(day.isoformat())):
                continue
            level = logging.WARNING if day < today or listed.broken else logging.INFO
            log.log(level, "TMDB's changes of %s are read again, there may be more: %s", day, listed.trouble)
            reached = min(reached, max(since, start_of(day)))
        return ids, reached

    async def changes_of(self, day: date, readings: int) -> Listing:
        """Return what TMDB says has changed on a day."""
        name = day.isoformat()
        listed = await self.tmdb.listing("/movie/changes", readings=readings, start_date=name, end_date=name)
        if listed.broken:
            await self.circuit.look(TransientError(listed.trouble))
        return listed

    def wanted(self, items: Iterable[Any]) -> set[int]:
        """Return the ids of films in a list of changes; an adult one is wanted if it was fetched before it was one."""
        films = [item for item in items if isinstance(item, dict) and count(item.get("id"))]
        adult = {item["id"] for item in films if item.get("adult") is True}
        return ({item["id"] for item in films} - adult) | self.memory.fetched(adult)

    def let_go(self, day: str) -> bool:
        """Count another try to read a day's changes as a whole; say whether it is time to take them as they came."""
        unread: dict[str, int] = self.memory.note(UNREAD) or {}
        tries = unread.get(day, 0) + 1
        self.memory.remember(UNREAD, dict(sorted({**unread, day: tries}.items())[-UNREAD_DAYS:]))
        if tries > UNREAD_TRIES:
            log.warning("TMDB's changes of %s never came as a whole; what came of them is taken", day)
        return tries > UNREAD_TRIES

    async def read_lists(self) -> Receipt:
        """Accept the gauges that the first pages of TMDB's lists show of films already known."""
        facts: list[Fact] = []
        for path in LISTS:
            try:
                page = await self.tmdb.page(path, 1)
            except (RefusedError, SourceError, TransientError) as error:
                await self.circuit.look(error)
                log.warning("%s is read at the next poll: %s", path, error.message)
                continue
            facts += list_facts(page.films, self.clock.now())
        return await self.take_known(facts)

    async def read_gauges(self) -> Receipt:
        """Accept the gauges of films already known from the pages of /discover that are due; what cannot be had is read
        in its next round, of the hour or of the day."""
        pages, after = plan(Round.of(self.memory.note(GAUGES)), self.clock.now())
        receipt = Receipt()
        for number in pages:
            if number > after.last:
                break
            try:
                page = await self.tmdb.page(DISCOVER, number, **ORDER)
            except (RefusedError, SourceError, TransientError) as error:
                await self.circuit.look(error)
                log.warning("page %d of %s is read in its next round: %s", number, DISCOVER, error.message)
                continue
            if number == 1:
                after = replace(after, last=max(1, page.last))
            receipt.add(await self.take_known(list_facts(page.films, self.clock.now())))
        if pages:
            self.memory.remember(GAUGES, after.noted())
        return receipt

    async def take_known(self, facts: Sequence[Fact]) -> Receipt:
        """Accept the facts of films that TMDB has told of before."""
        held = self.held({fact.movie_id for fact in facts if hasattr(fact, "movie_id")})
        return await asyncio.to_thread(self.door.accept, [f for f in facts if getattr(f, "movie_id", 0) in held])


def start_of(day: date) -> int:
    """Return the beginning of a day (UTC) in ms."""
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND


def tell(films: Sequence[Aside]) -> None:
    """Name the films that were set aside."""
    if films:
        named = "; ".join(f"{film.movie_id} ({film.reason}; again at {iso(film.next_at)})" for film in films[:SHOWN])
        more = f"; and {len(films) - SHOWN:,} more" if len(films) > SHOWN else ""
        log.warning("set aside: film %s%s", named, more)


def list_facts(films: Iterable[dict[str, Any]], now: int) -> list[Fact]:
    """Return the gauges of a list's films."""
    return [fact for film in films if (fact := vote_fact(film, now, SOURCE)) is not None]
