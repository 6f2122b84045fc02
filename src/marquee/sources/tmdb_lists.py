"""TMDB's paged lists, and whether a reading of one is whole.

TMDB now and then serves a page empty or short while its counts stay (Radarr issue 11196), and a list may change between
two pages. What was read of such a list is true, and says nothing of what it lacks.
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from marquee.domain.validation import ID_LIMIT
from marquee.errors import BadAnswerError, RefusedError, SourceError, TransientError
from marquee.sources.tmdb_answers import quoted

PAGE_CAP = 500
"""TMDB serves no page past this one, whatever `total_pages` says."""

BARREN = 3
"""Pages in a row that bring nothing, after which a list is not read further."""

READINGS = 3
"""Times that a list is read before it is taken as it came."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: its own number, all items on it, and the counts that it gives of the list; None where unknown."""

    number: int | None
    items: list[Any]
    pages: int
    total: int | None

    @property
    def last(self) -> int:
        """The last page that can be asked for."""
        return min(self.pages, PAGE_CAP)

    @property
    def films(self) -> list[dict[str, Any]]:
        """The items that have a film's id; series, which some lists mix in, and adult films are passed over."""
        return [
            item
            for item in self.items
            if isinstance(item, dict)
            and count(item.get("id"))
            and item.get("media_type", "movie") == "movie"
            and item.get("adult") is not True
        ]


@dataclass(frozen=True, slots=True)
class Listing:
    """What readings of a list gave. trouble: why that may not be all of it, in words; empty where it is; broken: whether
    a page could not be had at all."""

    items: list[Any]
    trouble: str = ""
    broken: bool = False

    @property
    def complete(self) -> bool:
        """Whether one reading was whole, so that what is not in it is not in the list."""
        return not self.trouble


def count(value: object) -> int | None:
    """Return a whole number of zero or more that a database can hold, None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < ID_LIMIT else None


def page_of(body: Any, path: str) -> Page:
    """Read a page; BadAnswerError where it is none."""
    results = body.get("results") if isinstance(body, dict) else None
    if not isinstance(results, list):
        raise BadAnswerError(f"TMDB's answer to {path} has no results: {quoted(body)}")
    pages = count(body.get("total_pages"))
    return Page(count(body.get("page")), results, 1 if pages is None else pages, count(body.get("total_results")))


def identity(item: Any) -> Hashable:
    """Return what names an item, None of one that has no name."""
    found = item.get("id") if isinstance(item, dict) else None
    return found if isinstance(found, int | str) else None


async def read_list(
    ask: Callable[[int], Awaitable[Page]], first: Page | None = None, readings: int = READINGS
) -> Listing:
    """Read a list until one reading is whole, `readings` times at most; then give all that any of them held.

    ask: gives a page by its number; first: a first page that is there already. A page that cannot be had, be it that the
    source fails, is a gap and no error: whoever asks next is told.
    """
    found: dict[Hashable, Any] = {}
    nameless: list[Any] = []
    trouble, broken = "", False
    for _ in range(readings):
        reading = await read_once(ask, first)
        trouble, broken = reading.trouble, bool(reading.failure)
        items = [item for page in reading.pages for item in page.items]
        named = {name: item for item in items if (name := identity(item)) is not None}
        if not trouble:
            return Listing([*named.values()])
        found |= named
        nameless = [item for item in items if identity(item) is None]
        if broken:
            break
        first = None
    return Listing([*found.values(), *nameless], trouble, broken)


@dataclass(slots=True)
class Reading:
    """The pages that one reading of a list gave. failure: why the last page that could not be had could not, in words."""

    pages: list[Page] = field(default_factory=list)
    failure: str = ""

    @property
    def trouble(self) -> str:
        """Why it may not be all of the list, in words; nothing where it is."""
        return self.failure or gap(self.pages)

    @property
    def last(self) -> int:
        """The last page that can hold anything, by what the first says; the first where there is none."""
        if not self.pages:
            return 1
        first = self.pages[0]
        return first.last if first.total is None else min(first.last, first.total)


async def read_once(ask: Callable[[int], Awaitable[Page]], first: Page | None) -> Reading:
    """Read the pages of a list, past those that cannot be had or bring nothing, but not past many such in a row."""
    reading, seen = Reading(), set[Hashable]()
    number, barren = 1, 0
    while number <= reading.last and barren < BARREN:
        try:
            page = first if first is not None and number == 1 else await ask(number)
        except (RefusedError, SourceError, TransientError) as error:
            reading.failure, names = error.message, set[Hashable]()
            if isinstance(error, SourceError):
                break
        else:
            reading.pages.append(page)
            names = set(map(identity, page.items)) - seen
        seen |= names
        number, barren = number + 1, 0 if names else barren + 1
    return reading


def gap(pages: Sequence[Page]) -> str:
    """Say why a reading may not be all of a list, nothing where it is."""
    totals, counts = {page.total for page in pages}, {page.pages for page in pages}
    for asked, page in enumerate(pages, 1):
        if page.number not in (asked, None):
            return f"page {asked} says that it is page {page.number}"
    if None in totals:
        return "it does not say how long it is"
    if len(totals) > 1 or len(counts) > 1:
        return "it changed while it was read"
    total = totals.pop() or 0
    if counts.pop() > PAGE_CAP:
        return f"it has more than the {PAGE_CAP} pages that TMDB serves"
    held: dict[Hashable, Any] = {}
    for item in (item for page in pages for item in page.items):
        if (name := identity(item)) is not None and held.setdefault(name, item) != item:
            return f"it has {name} twice, and not alike"
    return "" if len(held) == total else f"its pages hold {len(held):,} of {total:,}"
