"""What the platform needs of its engines and stores. One conformance suite runs against every adapter."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from marquee.domain.coverage import Frontier, SpeedState
from marquee.domain.events import Event
from marquee.domain.measures import Cell
from marquee.domain.own import OwnFilm
from marquee.domain.releases import Release

Piece = TypeVar("Piece")
Result = TypeVar("Result")

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


class Log(Protocol):
    """The durable, ordered record of all events. Ingest time never decreases."""

    def append(self, events: Sequence[Event], now: int) -> str:
        """Append, durably, all or none; return the position after them. The ingest time is `now` or the last one."""
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


@dataclass(frozen=True, slots=True)
class Identity:
    """What the index knows of a thing: its last revision, its content's digest, whether it stands, who told of it, its
    last event, and that event's time (ms, 0 where an earlier version did not note it)."""

    revision: int
    digest: str
    alive: bool
    source: str
    body: bytes | None
    at: int = 0


class IdentityIndex(Protocol):
    """A durable view of the log: what has been emitted. Behind the log after a crash, it is caught up from it."""

    def position(self) -> str:
        """Return the log position it reflects."""
        ...

    def lookup(self, topic: str, identities: Iterable[str]) -> dict[str, Identity]:
        """Return what is known of these identities."""
        ...

    def standing_reviews(self, movie_id: int, source: str) -> set[str]:
        """Return the identities of a film's reviews from a source that have not been retracted."""
        ...

    def readings(self, movie_id: int, source: str) -> dict[str, Identity]:
        """Return what is known of a film's readings of its gauges at a source, by identity."""
        ...

    def rated(self, source: str) -> set[int]:
        """Return the films of which readings at a source are known."""
        ...

    def apply(self, events: Iterable[tuple[str, Event]], position: str) -> None:
        """Fold (topic, event) pairs and move to `position`, in one transaction."""
        ...


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


class Quarantine(Protocol):
    """Where bad records go, with the reason; never away."""

    def add(self, rows: Sequence[Rejected], now: int) -> None:
        """Keep records; one that is already there is counted, not repeated. Past `MOST_HELD` of a source and reason,
        records are counted in one row of their own."""
        ...

    def counts(self) -> dict[str, int]:
        """Return how many records each reason has."""
        ...

    def rows(self, limit: int) -> list[dict[str, object]]:
        """Return the newest rows, newest first."""
        ...


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


class SpeedStore(Protocol):
    """The speed layer's cells by (movie, ingest hour, window, batch), its memory of event ids, and its progress."""

    def progress(self) -> SpeedProgress | None:
        """Return how far the fold is, None before the first micro-batch."""
        ...

    def seen(self, event_ids: Sequence[str]) -> set[str]:
        """Return which of these events were folded before, within the TTL."""
        ...

    def intend(self, position: str) -> None:
        """Remember where the next micro-batch will end, before it is written.

        A store that writes in many steps may be left with some of them: the same micro-batch must then be
        written again, not another one under its id. A store that writes in one transaction has nothing to remember.
        """
        ...

    def intended(self) -> str | None:
        """Return where a micro-batch that was begun and not finished was to end."""
        ...

    def write(self, batch: MicroBatch) -> None:
        """Store a micro-batch and its progress, all or none."""
        ...

    def partials(self, after_batch: int) -> tuple[list[SpeedCell], list[SpeedFilm], SpeedProgress | None]:
        """Return, for every key that a batch past `after_batch` touched, its merged cell; and the progress they show."""
        ...

    def expire(self, before_hour: int) -> int:
        """Drop cells and films of ingest hours below `before_hour`, and event ids as old; return the cells dropped."""
        ...


class SpeedViews(Protocol):
    """The speed layer's side of serving: merged cells with the version that last changed them."""

    def state(self) -> tuple[SpeedState, int]:
        """Return the state, and the last batch id synced."""
        ...

    def upsert(self, cells: Sequence[SpeedCell], films: Sequence[SpeedFilm], state: SpeedState, batch_id: int) -> None:
        """Replace these cells and films under `state.version`, and the state, all or none."""
        ...

    def changes(self, after_version: int) -> tuple[list[SpeedCell], list[SpeedFilm], SpeedState]:
        """Return what changed after a version, with the state that this makes whole."""
        ...

    def expire(self, before_hour: int) -> int:
        """Drop what was ingested before `before_hour`; return how many cells went."""
        ...


@dataclass(frozen=True, slots=True)
class Publication:
    """A published run: its frontier, and run-level facts as JSON (pins, quality, counts)."""

    frontier: Frontier
    published_at: int
    facts: Mapping[str, Any]


class ViewsSnapshot(Protocol):
    """The batch views as one run left them, however many reads are made of it."""

    publication: Publication | None

    def get(self, kind: str, key: int) -> bytes | None:
        """Return a document's stored bytes."""
        ...

    def changed(self, kind: str, after_run: int) -> list[tuple[int, bytes]]:
        """Return the documents of a kind that runs past `after_run` changed."""
        ...


class BatchViews(Protocol):
    """Published answers. A reader sees one run whole, or the next."""

    def snapshot(self) -> AbstractContextManager[ViewsSnapshot]:
        """Open a consistent reading."""
        ...

    def publish(self, publication: Publication, documents: Iterable[tuple[str, int, bytes]]) -> None:
        """Replace (kind, key) documents and swing the pointer, all or none; a run at or below the last is refused.

        A document whose bytes are those already held counts as not written: `changed` does not show it.
        """
        ...


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


class Runs(Protocol):
    """The history of batch runs."""

    def next_run(self) -> int:
        """Return a number greater than that of every run before."""
        ...

    def record(self, report: RunReport) -> None:
        """Keep a run's report."""
        ...

    def latest(self, limit: int) -> list[RunReport]:
        """Return the newest reports, newest first."""
        ...


class Lake(Protocol):
    """Versioned tables with atomic commits, read as Ibis expressions by the engine that it belongs to."""

    def table(self, name: str, where: Mapping[str, Any] | None = None) -> Any:
        """Return a table, or the partitions whose columns equal (or are among) the given values, as Ibis."""
        ...

    def properties(self, name: str) -> dict[str, str]:
        """Return what the last commit to the table recorded."""
        ...

    def append(self, name: str, rows: Any, properties: Mapping[str, str]) -> int:
        """Append rows (Ibis or Arrow) and record properties in one commit; return how many rows."""
        ...

    def replace(
        self, name: str, rows: Any, partitions: Sequence[Mapping[str, Any]], properties: Mapping[str, str]
    ) -> int:
        """Replace whole partitions by rows in one commit."""
        ...

    def drop_partitions(self, name: str, partitions: Sequence[Mapping[str, Any]]) -> None:
        """Delete whole partitions."""
        ...

    def files(self, name: str) -> list[dict[str, Any]]:
        """Return the partition of every data file of a table, as the values of its columns."""
        ...

    def partitions(self, name: str) -> list[dict[str, Any]]:
        """Return the partitions that hold rows."""
        ...

    def parse(self, name: str, rows: Any) -> Any:
        """Return rows of a bronze table with their JSON body parsed into the topic's typed columns."""
        ...

    def map_rows(self, rows: Any, columns: Sequence[str], function: Callable[..., Mapping[str, Any]]) -> Any:
        """Add the columns that a Python function makes of Arrow columns."""
        ...

    def spread(self, function: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
        """Return a Python function's results on each piece, in order, computed wherever the engine computes."""
        ...

    def local(self, rows: Any) -> Any:
        """Evaluate once and return an expression over the result."""
        ...

    def memory(self, rows: Any) -> Any:
        """Return an Arrow table as an expression."""
        ...

    def arrow(self, rows: Any) -> Any:
        """Return rows as an Arrow table."""
        ...

    def release(self) -> None:
        """Let go of everything that `local`, `memory` and `map_rows` hold."""
        ...

    def maintain(self, now: int) -> None:
        """Forget old snapshots and their files."""
        ...


class Releases(Protocol):
    """Which release of each source is held."""

    def held(self, source: str) -> Release | None:
        """Return the release that was begun last, None before the first."""
        ...

    def begin(self, source: str, release: Release) -> None:
        """Remember a release before its first rating is accepted, so that an import that is cut off goes on with it."""
        ...


class OwnFilms(Protocol):
    """A person's own films, kept apart from the world's figures."""

    def put(self, source: str, films: Iterable[OwnFilm], says: Iterable[str]) -> int:
        """Keep a source's films; return how many are new or changed.

        says: which of stars, seen, liked and wanted these films tell of wholly: what else was held of those is forgotten.
        """
        ...

    def films(self) -> list[OwnFilm]:
        """Return the films of all sources, by source and key."""
        ...
