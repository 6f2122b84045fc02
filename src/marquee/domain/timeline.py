"""Time as integers: milliseconds since 1970-01-01 UTC, tumbling windows, and the roll-up ladder.

Every engine computes windows with the same integer arithmetic, so no time zone or calendar
library can make two of them disagree.
"""

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Protocol

SECOND = 1_000
MINUTE = 60 * SECOND
WINDOW = 5 * MINUTE
HOUR = 60 * MINUTE
DAY = 24 * HOUR
YEAR = 365 * DAY

SPEED_TTL = 48 * HOUR
"""How long the speed store keeps a cell, counted from ingest."""


class Clock(Protocol):
    """Where the time comes from; injected everywhere, so that tests and simulations own it."""

    def now(self) -> int:
        """Return the present, ms since the epoch."""
        ...


@dataclass(slots=True)
class ManualClock:
    """A clock that moves when told to."""

    time: int

    def now(self) -> int:
        """Return the time it was last set to."""
        return self.time


@dataclass(frozen=True, slots=True)
class CallableClock:
    """A clock read from a function of no arguments that returns ms since the epoch."""

    read: Callable[[], int]

    def now(self) -> int:
        """Return what the function says."""
        return self.read()


def floor(time: int, span: int) -> int:
    """Return the start of the `span`-wide tumbling window that holds `time`."""
    return time - time % span


def ceil(time: int, span: int) -> int:
    """Return the first window boundary at or after `time`."""
    return -floor(-time, span)


def ingest_period(time: int, cuts: Sequence[int]) -> int:
    """Return the start of the ingest period that holds an ingest time: the last whole hour or cut (sorted) at or before it."""
    index = bisect(cuts, time)
    return max(floor(time, HOUR), cuts[index - 1] if index else 0)


def iso(time: int) -> str:
    """Render ms since the epoch as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(time / SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str) -> int:
    """Read an ISO 8601 time (no offset means UTC) as ms since the epoch; ValueError if it is none."""
    moment = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * SECOND)


def speed_horizon(now: int) -> int:
    """Return the first ingest hour of which the speed store holds every cell throughout the present hour."""
    return floor(now, HOUR) + HOUR - SPEED_TTL


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: cells `span` ms wide, kept for `keep` ms of event time (None: for ever)."""

    name: str
    span: int
    keep: int | None


LADDER = (
    Rung("5m", WINDOW, 7 * DAY),
    Rung("1h", HOUR, 90 * DAY),
    Rung("1d", DAY, 5 * YEAR),
    Rung("28d", 28 * DAY, None),
)


ENDED = 30 * DAY
"""Age of the newest event at which data is said to have ended: an archive of years ago, say."""


def data_end(newest: int, now: int) -> int | None:
    """Return the end (ms) of the day of the newest event, where the data has ended by `now`; None where it goes on.

    newest: that event's time, -1 of no event.
    """
    return ceil(newest + 1, DAY) if 0 <= newest < now - ENDED else None


def ladder_top(newest: int, frontier: int) -> int:
    """Return the event time from which the ladder counts ages at a frontier: it stops with data that has ended.

    So an archive keeps its hours and days, whenever it is imported. Never decreases as frontier and newest grow.
    """
    return frontier if newest < 0 else min(frontier, ceil(newest + 1, DAY) + ENDED)


def ladder_cuts(top: int) -> list[int]:
    """Return, for each rung but the last, the event time below which its cells move to the next rung (`ladder_top`).

    Each cut lies on a boundary of the next, wider rung, so a wider cell is always made whole.
    """
    return [floor(top - rung.keep, wider.span) for rung, wider in pairwise(LADDER) if rung.keep is not None]


def ladder_span(window: int, cuts: list[int]) -> int:
    """Return the width of the cell that holds the 5-minute `window` under these cuts."""
    for rung, cut in zip(LADDER, cuts, strict=False):
        if window >= cut:
            return rung.span
    return LADDER[-1].span
