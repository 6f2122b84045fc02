"""What an answer covers: which batch run, up to which frontier, how far the speed layer is, and what is missing."""

from dataclasses import dataclass
from typing import Literal

from marquee.domain.timeline import HOUR, MINUTE, floor, iso, speed_horizon


@dataclass(frozen=True, slots=True)
class Frontier:
    """A published run: complete for every event whose ingest time lies before `hour`.

    That is a whole hour (ms), or the moment at which a run by hand cut the log (`ports.Log.cut`).
    """

    run: int
    run_id: str
    hour: int


@dataclass(frozen=True, slots=True)
class SpeedState:
    """How far the speed layer is.

    since: first ingest hour it has folded whole; through: ingest time of the last record it has folded;
    version: grows with every change of its cells; position: where in the log it is. Times in ms; None while
    it has folded nothing.
    """

    since: int | None
    through: int | None
    version: int
    position: str


NO_SPEED = SpeedState(None, None, 0, "")


WAITING_ALLOWED = 5 * MINUTE
"""How long an accepted event may wait for a running speed layer before answers are called incomplete."""

Source = Literal["simulated", "tmdb", "import"]
"""Where a home's films come from: the simulator, TMDB itself, or files alone."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Accepted events that no layer holds.

    waiting: how many stand in the log behind both layers; oldest: the ingest time of the first of them (ms);
    first: the log's first ingest time, which matters before the first run; hole: whether any was accepted in the hours
    that the batch layer does not hold yet and the speed layer does not hold any more.
    """

    waiting: int = 0
    oldest: int | None = None
    first: int | None = None
    hole: bool = True


NO_BACKLOG = Backlog()


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of one answer.

    `gaps` are half-open ranges of ingest time of which neither layer holds all; `waiting` accepted events are in no
    layer yet; windows end at `as_of` (ms) where the data ended long ago, else now.
    """

    run_id: str | None
    frontier: int | None
    speed_through: int | None
    gaps: tuple[tuple[int, int], ...]
    waiting: int = 0
    as_of: int | None = None
    source: Source | None = None

    @property
    def complete(self) -> bool:
        """Whether no ingest hour is missing."""
        return not self.gaps

    @property
    def gap_hours(self) -> float:
        """How many ingest hours are missing."""
        return sum(end - start for start, end in self.gaps) / HOUR

    def as_dict(self) -> dict[str, object]:
        """Return it as the API shows it, times in ISO 8601."""

        def shown(time: int | None) -> str | None:
            return None if time is None else iso(time)

        return {
            "source": self.source,
            "run_id": self.run_id,
            "frontier": shown(self.frontier),
            "speed_through": shown(self.speed_through),
            "as_of": shown(self.as_of),
            "complete": self.complete,
            "gaps": [{"from": iso(start), "to": iso(end)} for start, end in self.gaps],
            "waiting": self.waiting,
        }


def speed_from(frontier: Frontier | None, now: int) -> int:
    """Return the first ingest hour the speed layer must answer for and still holds."""
    horizon = speed_horizon(now)
    return horizon if frontier is None else max(frontier.hour, horizon)


def held_from(speed: SpeedState, now: int) -> int:
    """Return the first ingest hour of which the speed layer holds, or would hold, every event."""
    return max(speed_horizon(now), speed.since if speed.since is not None else floor(now, HOUR))


def coverage(frontier: Frontier | None, speed: SpeedState, now: int, backlog: Backlog = NO_BACKLOG) -> Coverage:
    """Work out what a merged answer covers at `now`.

    Batch holds the ingest hours below the frontier, speed those from `since` that are younger than its
    TTL. What was accepted between them is in a gap. Before the first run, batch holds nothing: then all counts that came
    before what speed holds. What waits for the speed layer is a gap where that does not run, or once it is late.
    """
    gaps: list[tuple[int, int]] = []
    held = held_from(speed, now)
    start = (
        frontier.hour if frontier is not None else speed.since if backlog.first is None else floor(backlog.first, HOUR)
    )
    if start is not None and start < held and backlog.hole:
        gaps.append((start, held))
    oldest = backlog.oldest
    if oldest is not None and (speed.since is None or now - oldest > WAITING_ALLOWED):
        begins = floor(oldest, HOUR)
        if gaps and begins <= gaps[-1][1]:
            begins = gaps.pop()[0]
        gaps.append((begins, now))
    return Coverage(
        run_id=None if frontier is None else frontier.run_id,
        frontier=None if frontier is None else frontier.hour,
        speed_through=speed.through,
        gaps=tuple(gaps),
        waiting=backlog.waiting,
    )
