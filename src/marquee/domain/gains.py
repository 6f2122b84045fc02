"""Votes gained: the difference of two readings of one series, spread over the time between them.

A reading says how many votes there are, not when they were cast. Spread evenly they are a rate, and rates of many films
can be compared, whenever each was read. Shares are whole: each slot gets what the running total has grown by in it,
rounded down, so that a gain is neither lost nor doubled, and Python and Ibis agree to the vote.
"""

from collections.abc import Iterator
from typing import Any

import ibis

from marquee.domain.timeline import DAY, HOUR, SECOND, WINDOW, floor

SLOTS = ((2 * HOUR, WINDOW), (8 * DAY, HOUR))
"""Up to which time between readings (ms) a gain is spread over slots of which width; over days where it is longer."""


def slot_width(length: int) -> int:
    """Return the width (ms) of the slots that a gain is spread over, by the time between its readings (ms)."""
    return next((width for longest, width in SLOTS if length <= longest), DAY)


def spread(gained: int, since: int | None, at: int) -> Iterator[tuple[int, int]]:
    """Yield (window, votes) of a gain between the readings at `since` and `at` (ms); nothing of a loss, or of a first.

    window: the start of the slot, which is that of a 5-minute window too; the sum of all votes is the gain.
    """
    if gained <= 0 or since is None:
        return
    begun = min(since, at)
    width = slot_width(at - begun)
    length = max(1, (at - begun) // SECOND)
    told = 0
    for slot in range(floor(begun, width), floor(at, width) + 1, width):
        passed = min(length, (slot + width - begun) // SECOND)
        total = gained * passed // length
        if total > told:
            yield slot, total - told
        told = total


def spread_table(readings: Any) -> Any:
    """Return (movie_id, window, gained) rows of a table of readings: `spread` in Ibis, any engine.

    readings: columns movie_id, event_time (ms), gained, since (ms, null of a first).
    """
    told = readings.filter((readings.gained > 0) & readings.since.notnull())
    told = told.mutate(begun=ibis.least(told.since, told.event_time))
    told = told.mutate(apart=told.event_time - told.begun)
    width: Any = ibis.literal(DAY, "int64")
    for longest, narrower in reversed(SLOTS):
        width = ibis.ifelse(told.apart <= longest, ibis.literal(narrower, "int64"), width)
    told = told.mutate(width=width, length=ibis.greatest(ibis.literal(1, "int64"), told.apart // SECOND))
    told = told.mutate(first=told.begun - told.begun % told.width)
    told = told.mutate(slots=(told.event_time - told.event_time % told.width - told.first) // told.width + 1)
    slot = ibis.range(ibis.literal(0, "int64"), told.slots).unnest()
    cut = told.select("movie_id", "gained", "begun", "width", "length", "first", slot=slot)
    start = cut.first + cut.slot.cast("int64") * cut.width

    def total(until: Any) -> Any:
        """Return the votes gained up to a time: none before the first slot."""
        passed = ibis.least(cut.length, (until - cut.begun) // SECOND)
        return ibis.ifelse(until <= cut.begun, 0, cut.gained * passed // cut.length).cast("int64")

    shares = cut.select(movie_id=cut.movie_id, window=start, gained=total(start + cut.width) - total(start))
    return shares.filter(shares.gained > 0)
