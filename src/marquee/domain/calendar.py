"""Partitions of time: the year, month, day and hour columns of the lake, and the values that cover an interval."""

from datetime import UTC, datetime, timedelta
from typing import Any

import ibis

from marquee.domain.timeline import DAY, LADDER, SECOND, ladder_cuts

OLDEST = {"year": 0, "month": 0}
"""Gold's one partition for the ladder's widest cells, which are few and span months."""


def month_of(time: int) -> dict[str, int]:
    """Return the year and month (UTC) of a time in ms."""
    moment = datetime.fromtimestamp(time / SECOND, UTC)
    return {"year": moment.year, "month": moment.month}


def hour_start(partition: dict[str, int]) -> int:
    """Return the start (ms) of a partition by year, month and, where it has them, day and hour."""
    moment = datetime(
        partition["year"], partition["month"], partition.get("day", 1), partition.get("hour", 0), tzinfo=UTC
    )
    return round(moment.timestamp() * SECOND)


def months(start: int, end: int) -> list[dict[str, int]]:
    """Return the months that overlap [start, end)."""
    found: list[dict[str, int]] = []
    moment = datetime.fromtimestamp(start / SECOND, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while moment.timestamp() * SECOND < end:
        found.append({"year": moment.year, "month": moment.month})
        moment = (moment + timedelta(days=32)).replace(day=1)
    return found


def covering(start: int, end: int, *, days: bool) -> dict[str, list[int]] | None:
    """Return partition values that hold every row of [start, end), None where all partitions might.

    The values are combined freely, so rows outside the interval may come too: filter by time as well.
    """
    if end - start > 400 * DAY:
        return None
    held = months(start, end)
    result = {"year": sorted({m["year"] for m in held}), "month": sorted({m["month"] for m in held})}
    if days and end - start <= 27 * DAY:
        dates = [datetime.fromtimestamp(t / SECOND, UTC).day for t in (*range(start, end, DAY), end - 1)]
        result["day"] = sorted(set(dates))
    return result


def with_month(rows: Any, column: str) -> Any:
    """Add the year and month (UTC) of a column of ms, in Ibis."""
    moment = (rows[column] // SECOND).as_timestamp("s")
    return rows.mutate(year=moment.year().cast("int64"), month=moment.month().cast("int64"))


def with_gold_month(cells: Any) -> Any:
    """Add gold's partition columns to cells: the month of the window, or `OLDEST` for the widest cells."""
    dated = with_month(cells, "window")
    widest = dated.span == LADDER[-1].span
    zero = ibis.literal(0, "int64")
    return dated.mutate(year=ibis.ifelse(widest, zero, dated.year), month=ibis.ifelse(widest, zero, dated.month))


def aged(before: int, after: int) -> list[dict[str, int]]:
    """Return gold's partitions whose cells climb the ladder as its top moves from `before` to `after`."""
    found: list[dict[str, int]] = []
    for index, (old, new) in enumerate(zip(ladder_cuts(before), ladder_cuts(after), strict=True)):
        if new > old:
            found += months(old, new)
            found += [OLDEST] if index == len(LADDER) - 2 else []
    return [dict(unique) for unique in {tuple(partition.items()) for partition in found}]
