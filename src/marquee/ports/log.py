"""The log of all events."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from marquee.domain.events import Event
from marquee.domain.records import Batch


class Log(Protocol):
    """The durable, ordered record of all events, whose ingest time is the moment at which the log took them.

    In one partition ingest time never decreases. Whose clock it is depends on the log: one of this home takes the `now` it
    is given, or its last ingest time where that is later; one of many machines (Kafka) takes its own clock's, whatever
    `now` says. Only within `backdated` does every log take `now`, or the last one where that is later.
    """

    def append(self, events: Sequence[Event], now: int) -> str:
        """Append durably; return the position after them, and after all that this adapter knew to be in the log.

        Once it returns, all of them are in. TerminalError, and none is, where a new event's line has more than EVENT_BYTES.
        TransientError: a log of one store has none of them, one of many may have some, in the order of each partition.
        Whoever goes on then reads what came behind the position it knew, and sends again only what is not there.
        """
        ...

    def read(
        self, after: str, limit: int, topic: str | None = None, before: int | None = None, until: str | None = None
    ) -> tuple[list[Batch], str]:
        """Return about `limit` events after a position, in the order of ingest time, and the position reached.

        At least one batch where there is any to read; ([], after) where there is none. Reading on from the position
        reached, within the same bounds, misses nothing and repeats nothing. `before` bounds the ingest time; `until` is a
        position past which nothing is read. Records that are no events are left out, and kept where an operator finds them.
        """
        ...

    def seal(self, now: int) -> int:
        """Close ingest hours that ended by `now`; return the start (ms) of the first open ingest period.

        No event enters a closed one, as long as times are the log's own. An hour that ended less than two minutes ago may
        stay open, for the sake of clocks that are behind. What a cut or an earlier call has closed stays closed.
        """
        ...

    def cut(self, now: int) -> int:
        """End the present ingest period here, so that a run can be complete up to this moment; return the next one's start.

        A log of many machines cannot be cut within an hour, since their clocks differ, and seals instead.
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
        """Return how many records of each topic stand after a position, of those still held."""
        ...

    def accepted(self, start: int, end: int) -> bool:
        """Say whether a record with ingest time in [start, end) was accepted.

        A log that others may shorten says true wherever it may have been forgotten; one that only `trim` shortens says
        whether one is held, since nothing is trimmed that is not in the lake.
        """
        ...

    def span(self) -> tuple[int, int] | None:
        """Return the first and last ingest time held, None of an empty log."""
        ...

    def backdated(self) -> AbstractContextManager[None]:
        """Let `append` take times that lie in the past, as a simulated one has them, and keep all of it meanwhile.

        They never decrease: a time before the last one is taken as the last one.
        """
        ...

    def trim(self, before: int) -> int:
        """Forget records with ingest time < `before`; return how many records went, those that cannot be read among them.

        Offsets go on where they were, and positions from before stay good: they read on at what is left.
        """
        ...
