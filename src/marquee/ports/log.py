"""The log of all events."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from marquee.domain.events import Event
from marquee.domain.records import Batch


class Log(Protocol):
    """The durable, ordered record of all events. Ingest time never decreases."""

    def append(self, events: Sequence[Event], now: int) -> str:
        """Append, durably, all or none; return the position after them. The ingest time is `now` or the last one.

        TerminalError, and nothing is appended, where a new event's line has more than EVENT_BYTES.
        """
        ...

    def read(
        self, after: str, limit: int, topic: str | None = None, before: int | None = None, until: str | None = None
    ) -> tuple[list[Batch], str]:
        """Return about `limit` events after a position, and the position reached.

        `before` bounds the ingest time; `until` is a position past which nothing is read.
        """
        ...

    def seal(self, now: int) -> int:
        """Close all ingest hours that ended by `now`; return the start (ms) of the first open ingest period.

        No event enters a closed one.
        """
        ...

    def cut(self, now: int) -> int:
        """End the present ingest period here, so that a run can be complete up to this moment; return the next one's start.

        A log whose times are not its own cannot be cut within an hour, and seals instead.
        """
        ...

    def position_at(self, time: int) -> str:
        """Return the position before the first record with ingest time >= `time`."""
        ...

    def end(self) -> str:
        """Return the position after the last record."""
        ...

    def later(self, left: str, right: str) -> str:
        """Return the position after all that either of two positions has behind it."""
        ...

    def behind(self, position: str) -> dict[str, int]:
        """Return how many records of each topic stand after a position."""
        ...

    def accepted(self, start: int, end: int) -> bool:
        """Say whether a record with ingest time in [start, end) was accepted; true where it may have been forgotten."""
        ...

    def span(self) -> tuple[int, int] | None:
        """Return the first and last ingest time held, None of an empty log."""
        ...

    def backdated(self) -> AbstractContextManager[None]:
        """Let `append` take times that lie in the past, as a simulated one has them, and keep all of it meanwhile."""
        ...

    def trim(self, before: int) -> int:
        """Forget records with ingest time < `before`; return how many batches went."""
        ...
