"""The crawl's memory."""

from collections.abc import Iterable
from typing import Any, Protocol

from marquee.domain.aside import Aside, CrawlState, Trouble


class CrawlMemory(Protocol):
    """A durable to-do list of films at a source, and notes of how far each list has been read."""

    def note(self, name: str) -> Any:
        """Return a remembered value, None if there is none."""
        ...

    def remember(self, name: str, value: object, found: Iterable[tuple[int, int | None]] = ()) -> None:
        """Remember a value, and films found with it, by id with their votes where these are known, in one transaction."""
        ...

    def forget(self, name: str) -> None:
        """Forget a remembered value."""
        ...

    def troubled(self, trouble: Trouble | None) -> None:
        """Remember why the source cannot be asked, or that it can."""
        ...

    def seed(self, wanted: Iterable[tuple[float, int]]) -> int:
        """Put films with their popularity on the list; return how many are new to it."""
        ...

    def counts(self) -> tuple[int, int]:
        """Return (films known, films that were fetched or set aside)."""
        ...

    def todo(self, limit: int, last: Iterable[int] = ()) -> list[int]:
        """Return films that were never fetched and are not set aside: those with the most votes first, then the most popular
        of those whose votes are not known, then the others by id; at the end those of `last`."""
        ...

    def again(self, now: int, limit: int) -> list[int]:
        """Return films set aside whose pause is over, longest ago first; a clock that was ahead counts for nothing."""
        ...

    def end_pauses(self, now: int) -> None:
        """Let films that were set aside be asked for again at once, all but those that are gone."""
        ...

    def due(self, ids: Iterable[int], fetched_before: int, now: int, limit: int) -> list[int]:
        """Return which of these films are unknown, or were last fetched before a time; longest ago first.

        Films that failed wait for their pause to end; others that are set aside have just been named by their source.
        """
        ...

    def given(self, limit: int) -> list[int]:
        """Return films that their source gave, the latest first."""
        ...

    def fetched(self, ids: Iterable[int]) -> set[int]:
        """Return which of these films were fetched and are not gone."""
        ...

    def aside(self, ids: Iterable[int]) -> dict[int, Aside]:
        """Return which of these films are set aside, and how."""
        ...

    def mark(self, fetched: Iterable[int], aside: Iterable[Aside], now: int) -> None:
        """Mark films as fetched, and then films as set aside; one that is in both came in part. All in one transaction."""
        ...

    def state(self, shown: int) -> CrawlState:
        """Return how far the crawl is, and the first films that are set aside, those tried most often first."""
        ...
