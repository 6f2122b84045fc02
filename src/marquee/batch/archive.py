"""The archive: moves whole, sealed ingest periods from the log to bronze, exactly once.

Each table records, in the same atomic commit as its rows, the log position and the hour it has reached.
A process killed at any point leaves either the commit or nothing; what follows starts from what is recorded.
"""

from datetime import UTC, datetime

import pyarrow as pa

from marquee.domain.records import START, Batch
from marquee.domain.tables import BRONZE
from marquee.domain.timeline import HOUR, SECOND, Clock, floor
from marquee.ports import Lake, Log

CHUNK = 500_000
"""Events in one commit, unless a single hour holds more."""


def archive(log: Log, lake: Lake, clock: Clock, before: int | None = None, *, cut: bool = False) -> tuple[int, int]:
    """Seal what has ended, move it, and return (first ingest time that is not in bronze, events moved).

    before: a time (ms) past which nothing is moved; cut: end the present ingest period first, and move it too.
    """
    end = log.cut(clock.now()) if cut else log.seal(clock.now())
    end = end if before is None else min(end, floor(before, HOUR))
    return end, sum(archive_topic(log, lake, topic, end) for topic in BRONZE)


def archive_topic(log: Log, lake: Lake, topic: str, hour: int) -> int:
    """Move one topic's records of ingest times below `hour`; return how many."""
    recorded = lake.properties(BRONZE[topic])
    if int(recorded.get("hour", 0)) >= hour:
        return 0
    position, moved = recorded.get("position", START), 0
    pending: list[Batch] = []
    while True:
        before = position
        batches, position = log.read(before, CHUNK, topic, hour)
        if position == before:
            break
        pending += batches
        if not pending or sum(len(batch.bodies) for batch in pending) < CHUNK:
            continue
        # Only whole periods are committed: the last one read may go on in the next batch.
        last = pending[-1].period
        whole = [batch for batch in pending if batch.ingest_time < last]
        if whole:
            moved += commit(lake, topic, whole, log.position_at(last), last)
            pending = [batch for batch in pending if batch.ingest_time >= last]
    return moved + commit(lake, topic, pending, position, hour)


def commit(lake: Lake, topic: str, batches: list[Batch], position: str, hour: int) -> int:
    """Append batches to bronze and record how far it has come."""
    return lake.append(BRONZE[topic], bronze_rows(batches), {"position": position, "hour": str(hour)})


def bronze_rows(batches: list[Batch]) -> pa.Table:
    """Return the records of batches as bronze rows, raw JSON as received."""
    columns: dict[str, list[object]] = {
        name: [] for name in ("partition", "offset", "ingest_time", "body", "year", "month", "day", "hour")
    }
    for batch in batches:
        size = len(batch.bodies)
        moment = datetime.fromtimestamp(batch.ingest_time / SECOND, UTC)
        columns["partition"] += [batch.partition] * size
        columns["offset"] += range(batch.first_offset, batch.first_offset + size)
        columns["ingest_time"] += [batch.ingest_time] * size
        columns["body"] += [body.decode() for body in batch.bodies]
        for name in ("year", "month", "day", "hour"):
            columns[name] += [getattr(moment, name)] * size
    return pa.table(
        {name: pa.array(values, pa.string() if name == "body" else pa.int64()) for name, values in columns.items()}
    )
