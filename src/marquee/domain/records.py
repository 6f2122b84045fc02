"""What the ports take and give: batches of the log, identities, cells, publications, reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from marquee.domain.coverage import Frontier
from marquee.domain.measures import FIRST_STATE, Cell

START = ""
"""The position before a log's first record. Positions are opaque to everything but their adapter."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one partition that were appended together; `bodies` are their JSON.

    period: the start (ms) of the ingest period that they belong to, which is a whole hour or what a cut parts from one.
    """

    topic: str
    partition: int
    first_offset: int
    ingest_time: int
    period: int
    bodies: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Identity:
    """What the index knows of a thing: its last revision, its content's digest, whether it stands, who told of it, what
    `codec.identity_of` keeps of its last event, and when it was last told (ms, 0 where an earlier version did not note
    it)."""

    revision: int
    digest: str
    alive: bool
    source: str
    body: bytes | None
    at: int = 0

    @property
    def votes(self) -> int | None:
        """The votes of a reading, None where an earlier version did not note them."""
        return int(self.body) if self.body is not None and self.body.isdigit() else None


class Rejected(NamedTuple):
    """A bad record: where it came from, why it was rejected, in words, and what it was.

    film: whose it was, by id and title as far as they are known; column: where it stood, empty for the whole record;
    rows: how many such records this one stands for.
    """

    source: str
    reason: str
    raw: str
    film: str = ""
    column: str = ""
    rows: int = 1


MOST_HELD = 10_000
"""Rejected records of one source and reason that are kept one by one; what comes after them is counted."""


@dataclass(frozen=True, slots=True)
class SpeedCell:
    """A merged cell of the speed layer."""

    movie_id: int
    hour: int
    window: int
    cell: Cell


@dataclass(frozen=True, slots=True)
class SpeedFilm:
    """The latest description of a film the speed layer has seen; `rank` = (event_time, offset) orders them."""

    movie_id: int
    hour: int
    rank: tuple[int, int]
    body: bytes


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """One micro-batch's absolute results. Writing it again writes the same rows."""

    batch_id: int
    cells: Mapping[tuple[int, int, int], Cell]
    films: Sequence[SpeedFilm]
    seen: Sequence[tuple[str, int]]
    position: str
    since: int
    through: int | None


@dataclass(frozen=True, slots=True)
class SpeedProgress:
    """The last micro-batch: the log position after it, its id, the first hour folded whole, the last ingest time."""

    position: str
    batch_id: int
    since: int
    through: int | None


@dataclass(frozen=True, slots=True)
class Publication:
    """A published run: its frontier, and run-level facts as JSON (pins, quality, counts)."""

    frontier: Frontier
    published_at: int
    facts: Mapping[str, Any]

    @property
    def state(self) -> Sequence[str]:
        """Return the columns of the states in its cells, whichever version wrote them."""
        columns: Sequence[str] = self.facts.get("state", FIRST_STATE)
        return columns


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a batch run did. state: published, unchanged, staged (not all steps were
    wanted), stopped (by a quality gate) or failed; report: as JSON."""

    run: int
    run_id: str
    started_at: int
    finished_at: int
    frontier: int
    state: str
    report: Mapping[str, Any]

    @property
    def well(self) -> bool:
        """Whether it did what was asked."""
        return self.state not in ("failed", "stopped")
