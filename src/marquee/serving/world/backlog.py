"""The backlog: what the log has accepted and no layer holds yet."""

from marquee.domain.coverage import Backlog, Frontier, SpeedState, held_from
from marquee.ports import Log


def backlog(log: Log, frontier: Frontier | None, speed: SpeedState, now: int) -> Backlog:
    """Return what stands in the log behind both layers; TransientError where the log is away."""
    reached = speed.position
    if frontier is not None:
        reached = log.later(log.position_at(frontier.hour), reached)
    waiting = sum(log.behind(reached).values())
    oldest = None
    if waiting:
        batches, _ = log.read(reached, 1)
        oldest = batches[0].ingest_time if batches else None
    first, start = None, None if frontier is None else frontier.hour
    if frontier is None:
        span = log.span()
        first = start = None if span is None else span[0]
    held = held_from(speed, now)
    hole = start is not None and start < held and log.accepted(start, held)
    return Backlog(waiting, oldest, first, hole)
