"""What an answer covers: which batch run, up to which frontier, how far the speed layer is, and what is missing."""

from dataclasses import dataclass

from marquee.domain.timeline import HOUR, floor, iso, speed_horizon


@dataclass(frozen=True, slots=True)
class Frontier:
    """A published run: complete for every event whose ingest time lies before `hour` (ms, a whole hour)."""

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


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of one answer. `gaps` are half-open ranges of ingest hours that neither layer holds."""

    run_id: str | None
    frontier: int | None
    speed_through: int | None
    gaps: tuple[tuple[int, int], ...]

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
        return {
            "run_id": self.run_id,
            "frontier": None if self.frontier is None else iso(self.frontier),
            "speed_through": None if self.speed_through is None else iso(self.speed_through),
            "complete": self.complete,
            "gaps": [{"from": iso(start), "to": iso(end)} for start, end in self.gaps],
        }


def speed_from(frontier: Frontier | None, now: int) -> int:
    """Return the first ingest hour the speed layer must answer for and still holds."""
    horizon = speed_horizon(now)
    return horizon if frontier is None else max(frontier.hour, horizon)


def coverage(frontier: Frontier | None, speed: SpeedState, now: int) -> Coverage:
    """Work out what a merged answer covers at `now`.

    Batch holds the ingest hours below the frontier, speed those from `since` that are younger than its
    TTL. Between them lies the gap. Before the first run, what came before `since` cannot be missing:
    the speed layer starts at the log's first hour.
    """
    through = speed.through
    if frontier is None and speed.since is None:
        return Coverage(None, None, None, ())
    start = frontier.hour if frontier is not None else speed.since
    held_from = max(speed_horizon(now), speed.since if speed.since is not None else floor(now, HOUR))
    gaps = ((start, held_from),) if start is not None and start < held_from else ()
    return Coverage(
        run_id=None if frontier is None else frontier.run_id,
        frontier=None if frontier is None else frontier.hour,
        speed_through=through,
        gaps=gaps,
    )
