"""TMDB's paged lists, and whether a reading of one is whole.

TMDB now and then serves a page empty or short while its counts stay (Radarr issue 11196), and a list may change between
two pages. What was read of such a list is true, and says nothing of what it lacks.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from marquee.errors import BadAnswerError, RefusedError, SourceError, TransientError
from marquee.ingest.validation import ID_LIMIT

PAGE_CAP = 500
"""TMDB serves no page past this one, whatever `total_pages` says."""

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
        raise BadAnswerError(f"TMDB's answer to {path} has no results")
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

    ask: gives a page by its number; first: a first page that is there already. Raises SourceError alone.
    """
    found: dict[Hashable, Any] = {}
    nameless: list[Any] = []
    trouble, broken = "", False
    for _ in range(readings):
        pages: list[Page] = []
        try:
            async for page in pages_of(ask, first):
                pages.append(page)
            trouble = gap(pages)
        except SourceError:
            raise
        except (RefusedError, TransientError) as error:
            trouble, broken = error.message, True
        items = [item for page in pages for item in page.items]
        if not trouble:
            return Listing(items)
        found |= {name: item for item in items if (name := identity(item)) is not None}
        nameless = [item for item in items if identity(item) is None]
        if broken:
            break
        first = None
    return Listing([*found.values(), *nameless], trouble, broken)


async def pages_of(ask: Callable[[int], Awaitable[Page]], first: Page | None) -> AsyncIterator[Page]:
    """Yield the pages of one reading, as long as each brings something."""
    page = first or await ask(1)
    yield page
    last = page.last if page.total is None else min(page.last, page.total)
    seen = set(map(identity, page.items))
    for number in range(2, last + 1):
        page = await ask(number)
        yield page
        names = set(map(identity, page.items))
        if not names - seen:
            return
        seen |= names


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
    held = {name for page in pages for item in page.items if (name := identity(item)) is not None}
    return "" if len(held) == total else f"its pages hold {len(held):,} of {total:,}"
