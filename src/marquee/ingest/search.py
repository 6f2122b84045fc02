"""The search for films to crawl: the most voted of each release year and language, page by page."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from marquee.domain.timeline import SECOND, Clock
from marquee.errors import MarqueeError, OutageError, RefusedError, SourceError, TransientError
from marquee.ingest.circuit import Circuit
from marquee.ports import CrawlMemory
from marquee.sources.tmdb import Tmdb
from marquee.sources.tmdb_lists import READINGS, Page, count

OLDEST_YEAR = 1900
ANY_LANGUAGE = "*"
FOUND, SEARCH = "found", "search"
"""What the crawl remembers: that a search has ended, and how far it is."""

Progress = Callable[[int, int], None]
log = logging.getLogger(__name__)


def unseen(done: int, of: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The films of a year and an original language (any: `*`), the most voted first."""

    year: int
    language: str

    @property
    def name(self) -> str:
        """What it is remembered by."""
        return f"{self.year}/{self.language}"

    @property
    def parameters(self) -> dict[str, str | int]:
        """What it is asked for with."""
        language = {} if self.language == ANY_LANGUAGE else {"with_original_language": self.language}
        order = {"sort_by": "vote_count.desc", "include_adult": "false"}
        return {"primary_release_year": self.year, **order, **language}


@dataclass(slots=True)
class Search:
    """A search for `wanted` films more than there were, which a note of the crawl's memory lets go on.

    A list of TMDB's ends at page 500, so no single one could name 50,000 films: each release year has a shelf of its own,
    and all are read to the same depth.
    """

    tmdb: Tmdb
    memory: CrawlMemory
    clock: Clock
    languages: Sequence[str]
    circuit: Circuit
    passed_over: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)

    async def find(self, wanted: int, progress: Progress = unseen) -> None:
        """Put the ids of `wanted` films on the crawl's list, unless that was done. Raises SourceError, RefusedError or
        TransientError where TMDB gives no list at all; one that it does not give is passed over until the next start."""
        state = self.begun()
        if state is None:
            return
        pages: dict[str, int] = state["pages"]
        target = state["base"] + wanted
        error: MarqueeError | None = None
        for shelf in self.open(pages):
            known = self.memory.counts()[0]
            if known >= target:
                break
            try:
                page = await self.read(shelf, pages[shelf.name])
            except (RefusedError, SourceError, TransientError) as said:
                error = said
                await self.pass_over(shelf, error)
                continue
            pages[shelf.name] = self.next_page(shelf, page, pages[shelf.name])
            found = [(film["id"], count(film.get("vote_count"))) for film in page.films]
            self.memory.remember(SEARCH, state, found[: target - known])
            progress(self.memory.counts()[0], target)
        if error is not None and not self.memory.counts()[0]:
            raise error
        if not self.passed_over:
            self.memory.remember(FOUND, value=True)

    async def pass_over(self, shelf: Shelf, error: MarqueeError) -> None:
        """Leave a shelf for the next start; raise the error instead where it is not the shelf's but TMDB's."""
        if isinstance(error, SourceError) and not self.tmdb.answered:
            raise error
        try:
            await self.circuit.look(error)
        except OutageError as outage:
            raise (outage if self.tmdb.answered else error) from None
        self.passed_over.add(shelf.name)
        log.warning("films of %s are looked for again at the next start: %s", shelf.name, error.message)

    def begun(self) -> dict[str, Any] | None:
        """Return how far the search is, begun where it was not, or where languages were added; None where it has ended."""
        state, ended = self.memory.note(SEARCH), bool(self.memory.note(FOUND))
        if state is None:  # an earlier version that has searched did so in English
            state = {"languages": ["en"] if ended else [], "base": 0, "pages": {}}
        known: list[str] = state["languages"]
        more = [name for name in self.languages if name not in known and ANY_LANGUAGE not in known]
        if ended and not more:
            return None
        if ended:
            state["base"] = self.memory.counts()[0]
        state["languages"] = [*known, *more]
        self.memory.remember(SEARCH, state)
        self.memory.forget(FOUND)
        return cast(dict[str, Any], state)

    def open(self, pages: dict[str, int]) -> Iterator[Shelf]:
        """Yield the shelves that have not ended, the latest year first, page after page of all of them.

        pages: the next page of each shelf, 0 of one that has ended; it grows as shelves are read.
        """
        year_now = datetime.fromtimestamp(self.clock.now() / SECOND, UTC).year
        shelves = [Shelf(year, name) for year in range(year_now + 1, OLDEST_YEAR - 1, -1) for name in self.languages]
        for shelf in shelves:
            pages.setdefault(shelf.name, 1)
        while left := [shelf for shelf in shelves if pages[shelf.name] and shelf.name not in self.passed_over]:
            depth = min(pages[shelf.name] for shelf in left)
            yield from (shelf for shelf in left if pages[shelf.name] == depth)

    async def read(self, shelf: Shelf, number: int) -> Page:
        """Return a page of a shelf, read again where it cannot be right."""
        for _ in range(READINGS):
            page = await self.tmdb.page("/discover/movie", number, **shelf.parameters)
            odd = page.number not in (number, None) or (not page.items and (number > 1 or bool(page.total)))
            if not odd:
                return page
        log.warning("page %d of %s came as page %s with %d films", number, shelf.name, page.number, len(page.items))
        return page

    def next_page(self, shelf: Shelf, page: Page, number: int) -> int:
        """Return the page to read next, 0 at the end of a shelf, which two empty pages are too."""
        if number >= page.last or (not page.items and shelf.name in self.empty):
            return 0
        if not page.items:
            self.empty.add(shelf.name)
        return number + 1
