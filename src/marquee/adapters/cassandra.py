"""The cluster's speed cells in Cassandra.

Rows hold ABSOLUTE partial cells under (movie, ingest hour) by window and batch, so a replayed batch overwrites its
own rows. Progress is written last: rows of a batch past it are not there yet for any reader, and event ids count as
seen only with a batch that is.
"""

import ssl
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cassandra import ConsistencyLevel, DriverException
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, Session
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.connection import ConnectionBusy, ConnectionException
from cassandra.policies import ConstantReconnectionPolicy, DCAwareRoundRobinPolicy, TokenAwarePolicy
from cassandra.pool import NoConnectionsAvailable
from cassandra.protocol import ErrorMessage

from marquee.domain.measures import STATE_COLUMNS, Cell, decode_cell, encode_cell, merge_cells
from marquee.domain.records import MicroBatch, SpeedCell, SpeedFilm, SpeedProgress
from marquee.domain.timeline import HOUR, SECOND, SPEED_TTL
from marquee.errors import SettingsError, TransientError

KEYSPACE = "marquee"
IN_FLIGHT = 64
"""Statements in flight at once: enough to hide the way there, too few to drown a node."""

IDS = 25
"""Event ids asked for at once: few enough that no node has to gather from many, enough that this side's work does not
decide the pace."""

TTL_SECONDS = (SPEED_TTL + 2 * HOUR) // SECOND
"""Counted from the write, which follows ingest within seconds; two hours of slack for a fold that was down."""

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS {ks}.speed_views (movie_id bigint, hour bigint, window_start bigint, batch_id bigint,"
    + ", ".join(f"{name} bigint" for name in STATE_COLUMNS)
    + ", PRIMARY KEY ((movie_id, hour), window_start, batch_id)) WITH {twcs}",
    "CREATE TABLE IF NOT EXISTS {ks}.speed_films (movie_id bigint, hour bigint, batch_id bigint, event_time bigint,"
    " offset bigint, body blob, PRIMARY KEY ((movie_id, hour), batch_id)) WITH {twcs}",
    "CREATE TABLE IF NOT EXISTS {ks}.speed_touched (batch_id bigint, kind text, movie_id bigint, hour bigint,"
    " PRIMARY KEY (batch_id, kind, movie_id, hour)) WITH {twcs}",
    "CREATE TABLE IF NOT EXISTS {ks}.speed_hours (hour bigint, kind text, movie_id bigint,"
    " PRIMARY KEY (hour, kind, movie_id)) WITH {twcs}",
    "CREATE TABLE IF NOT EXISTS {ks}.speed_seen (event_id text PRIMARY KEY, batch_id bigint, hour bigint) WITH {twcs}",
    "CREATE TABLE IF NOT EXISTS {ks}.speed_progress (one int PRIMARY KEY, position text, batch_id bigint, since bigint,"
    " through bigint, oldest bigint, expired bigint, intended text)",
    # Keyspaces made before micro-batches said what they intend lack this.
    "ALTER TABLE {ks}.speed_progress ADD IF NOT EXISTS intended text",
)
TWCS = (
    "compaction = {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'HOURS',"
    " 'compaction_window_size': 4} AND gc_grace_seconds = 10800"
)


ERRORS = (
    *(DriverException, NoHostAvailable, NoConnectionsAvailable),
    *(ConnectionException, ConnectionBusy, ErrorMessage),
)
"""What the driver raises where a node is away, refuses or fails: its exceptions have no common root."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except ERRORS as error:
        raise TransientError(
            f"Cassandra cannot be used: {str(error)[:300]}",
            hint="Is it running? See MARQUEE_CASSANDRA and `marquee status`.",
        ) from error


@dataclass(frozen=True, slots=True)
class Nodes:
    """Where Cassandra is, and how to be let in."""

    hosts: tuple[str, ...]
    port: int = 9042
    user: str | None = None
    password: str | None = None
    authority: Path | None = None

    @staticmethod
    def of(text: str, user: str | None = None, password: str | None = None, authority: Path | None = None) -> "Nodes":
        """Read host[:port][,host...]; SettingsError of anything else."""
        pairs = [
            part.strip().rpartition(":") if ":" in part else (part.strip(), "", "9042") for part in text.split(",")
        ]
        hosts, ports = tuple(host for host, _, _ in pairs), {port for _, _, port in pairs}
        if len(ports) != 1 or not next(iter(ports)).isdigit() or not all(hosts):
            raise SettingsError(
                f"MARQUEE_CASSANDRA is no list of nodes with one port: {text!r}",
                hint="For example: 10.0.0.1,10.0.0.2:9042",
            )
        return Nodes(hosts, int(next(iter(ports))), user, password, authority)

    def connect(self, datacenter: str = "datacenter1") -> Session:
        """Connect, token-aware, with LOCAL_QUORUM, and TLS where an authority is named."""
        policy = TokenAwarePolicy(DCAwareRoundRobinPolicy(datacenter))
        profile = ExecutionProfile(policy, consistency_level=ConsistencyLevel.LOCAL_QUORUM, request_timeout=20)
        cluster = Cluster(
            list(self.hosts),
            port=self.port,
            execution_profiles={EXEC_PROFILE_DEFAULT: profile},
            protocol_version=5,
            auth_provider=PlainTextAuthProvider(self.user, self.password) if self.user else None,
            ssl_context=ssl.create_default_context(cafile=str(self.authority)) if self.authority else None,
            reconnection_policy=ConstantReconnectionPolicy(1.0, None),
        )
        try:
            with explained():
                return cluster.connect()
        except TransientError:
            cluster.shutdown()
            raise


class CassandraSpeedStore:
    """A `SpeedStore` in Cassandra."""

    def __init__(
        self, session: Session, replicas: int = 3, datacenter: str = "datacenter1", keyspace: str = KEYSPACE
    ) -> None:
        self.session = session
        self.keyspace = keyspace
        with explained():
            session.execute(
                f"CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication ="
                f" {{'class': 'NetworkTopologyStrategy', '{datacenter}': {replicas}}}"
            )
            for statement in SCHEMA:
                session.execute(statement.format(ks=keyspace, twcs=TWCS))
            self.evolve()
            self.prepared = {name: session.prepare(text.format(ks=keyspace)) for name, text in STATEMENTS.items()}

    def evolve(self) -> None:
        """Add the measures that cells of an earlier version lack, and let the fold begin anew: the log has them."""
        columns = self.session.execute(
            "SELECT column_name FROM system_schema.columns WHERE keyspace_name = %s AND table_name = 'speed_views'",
            (self.keyspace,),
        )
        lacking = set(STATE_COLUMNS) - {row.column_name for row in columns}
        if not lacking:
            return
        for table in ("progress", "seen", "touched", "hours", "films", "views"):
            self.session.execute(f"TRUNCATE {self.keyspace}.speed_{table}")
        for name in sorted(lacking):
            self.session.execute(f"ALTER TABLE {self.keyspace}.speed_views ADD IF NOT EXISTS {name} bigint")

    def many(self, name: str, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Run a prepared statement for all rows, so many in flight; raise what any of them met."""
        with explained():
            found = execute_concurrent_with_args(self.session, self.prepared[name], rows, concurrency=IN_FLIGHT)
            return [result for _, result in found]

    def one(self, name: str, *values: Any) -> Any:
        """Run a prepared statement and return its rows."""
        with explained():
            return self.session.execute(self.prepared[name], values)

    def reached(self) -> Any:
        """Return the row of the last finished batch, None before the first."""
        row = self.one("progress").one()
        return None if row is None or row.batch_id is None else row

    def progress(self) -> SpeedProgress | None:
        """Return how far the fold is."""
        row = self.reached()
        return None if row is None else SpeedProgress(row.position, row.batch_id, row.since, row.through)

    def seen(self, event_ids: Sequence[str]) -> set[str]:
        """Return which of these events a finished batch has folded."""
        reached = self.reached()
        if reached is None:
            return set()
        ids = list(dict.fromkeys(event_ids))
        found = self.many("seen", [(ids[start : start + IDS],) for start in range(0, len(ids), IDS)])
        rows = [row for result in found for row in result]
        first = (reached.expired or 0) - HOUR
        return {row.event_id for row in rows if row.batch_id <= reached.batch_id and row.hour >= first}

    def intend(self, position: str) -> None:
        """Remember where the next micro-batch will end."""
        self.one("put_intended", position)

    def intended(self) -> str | None:
        """Return where a micro-batch that was begun and not finished was to end."""
        row = self.one("progress").one()
        return None if row is None or row.intended == row.position else row.intended

    def write(self, batch: MicroBatch) -> None:
        """Write the rows, then the progress that makes them count."""
        number = batch.batch_id
        films = {(film.movie_id, film.hour) for film in batch.films}
        touched = {("cell", movie_id, hour) for movie_id, hour, _ in batch.cells}
        touched |= {("film", movie_id, hour) for movie_id, hour in films}
        self.many("put_touched", [(number, kind, movie_id, hour) for kind, movie_id, hour in sorted(touched)])
        self.many("put_hour", [(hour, kind, movie_id) for kind, movie_id, hour in sorted(touched)])
        cells = [
            (movie_id, hour, window, number, *encode_cell(cell))
            for (movie_id, hour, window), cell in batch.cells.items()
        ]
        self.many("put_cell", cells)
        latest: dict[tuple[int, int], SpeedFilm] = {}
        for film in batch.films:
            key = film.movie_id, film.hour
            latest[key] = max(latest.get(key, film), film, key=lambda one: one.rank)
        rows = [(f.movie_id, f.hour, number, f.rank[0], f.rank[1], f.body) for f in latest.values()]
        self.many("put_film", rows)
        # The fold has asked which are seen: these are not, or are this batch's own, written once more.
        self.many("put_seen", [(event_id, number, hour) for event_id, hour in batch.seen])
        row = self.reached()
        hours = [hour for _, _, hour in touched] + ([] if row is None or row.oldest is None else [row.oldest])
        kept = min(hours, default=None)
        self.one("put_progress", batch.position, number, batch.since, batch.through, kept)

    def partials(self, after_batch: int) -> tuple[list[SpeedCell], list[SpeedFilm], SpeedProgress | None]:
        """Return the merged cells of all keys that later batches touched: only their partitions are read."""
        reached = self.progress()
        if reached is None or reached.batch_id <= after_batch:
            return [], [], reached
        results = self.many("touched", [(number,) for number in range(after_batch + 1, reached.batch_id + 1)])
        keys = {(row.kind, row.movie_id, row.hour) for result in results for row in result}
        cells = self.cells_of(sorted(key[1:] for key in keys if key[0] == "cell"), after_batch, reached.batch_id)
        films = self.films_of(sorted(key[1:] for key in keys if key[0] == "film"), after_batch, reached.batch_id)
        return cells, films, reached

    def cells_of(self, keys: Sequence[tuple[int, int]], after: int, through: int) -> list[SpeedCell]:
        """Return the merged cells of partitions, those windows only that batches past `after` wrote."""
        found = []
        for (movie_id, hour), rows in zip(keys, self.many("cells", keys), strict=True):
            windows: dict[int, list[Cell]] = defaultdict(list)
            fresh: set[int] = set()
            for row in rows:
                if row.batch_id <= through:
                    windows[row.window_start].append(decode_cell(getattr(row, name) for name in STATE_COLUMNS))
                    fresh |= {row.window_start} if row.batch_id > after else set()
            found += [SpeedCell(movie_id, hour, window, merge_cells(windows[window])) for window in sorted(fresh)]
        return found

    def films_of(self, keys: Sequence[tuple[int, int]], after: int, through: int) -> list[SpeedFilm]:
        """Return the latest description in each partition where a batch past `after` brought it."""
        found = []
        for (movie_id, hour), rows in zip(keys, self.many("films", keys), strict=True):
            held = [row for row in rows if row.batch_id <= through]
            best = max(held, key=lambda row: (row.event_time, row.offset, row.batch_id), default=None)
            if best is not None and best.batch_id > after:
                found.append(SpeedFilm(movie_id, hour, (best.event_time, best.offset), bytes(best.body)))
        return found

    def expire(self, before_hour: int) -> int:
        """Drop cells and films of ingest hours below an hour; the TTL does the same a little later.

        Event ids go by their TTL alone, and count for an hour longer than cells.
        """
        row = self.reached()
        if row is None or row.oldest is None or (row.expired is not None and row.expired >= before_hour):
            return 0
        gone = 0
        for hour in range(row.oldest - row.oldest % HOUR, before_hour, HOUR):
            keys = [(entry.kind, entry.movie_id) for entry in self.one("hours", hour)]
            cells = [(movie_id, hour) for kind, movie_id in keys if kind == "cell"]
            gone += sum(len(list(rows)) for rows in self.many("cells", cells))
            self.many("drop_cells", cells)
            self.many("drop_films", [(movie_id, hour) for kind, movie_id in keys if kind == "film"])
            self.one("drop_hour", hour)
        self.one("put_oldest", before_hour, before_hour)
        return gone


STATEMENTS = {
    "progress": "SELECT * FROM {ks}.speed_progress WHERE one = 1",
    "put_progress": "INSERT INTO {ks}.speed_progress (one, position, batch_id, since, through, oldest)"
    " VALUES (1, ?, ?, ?, ?, ?)",
    "put_intended": "UPDATE {ks}.speed_progress SET intended = ? WHERE one = 1",
    "put_oldest": "UPDATE {ks}.speed_progress SET oldest = ?, expired = ? WHERE one = 1",
    "seen": "SELECT event_id, batch_id, hour FROM {ks}.speed_seen WHERE event_id IN ?",
    "put_seen": f"INSERT INTO {{ks}}.speed_seen (event_id, batch_id, hour) VALUES (?, ?, ?) USING TTL {TTL_SECONDS}",
    "touched": "SELECT kind, movie_id, hour FROM {ks}.speed_touched WHERE batch_id = ?",
    "put_touched": "INSERT INTO {ks}.speed_touched (batch_id, kind, movie_id, hour)"
    f" VALUES (?, ?, ?, ?) USING TTL {TTL_SECONDS}",
    "hours": "SELECT kind, movie_id FROM {ks}.speed_hours WHERE hour = ?",
    "put_hour": f"INSERT INTO {{ks}}.speed_hours (hour, kind, movie_id) VALUES (?, ?, ?) USING TTL {TTL_SECONDS}",
    "drop_hour": "DELETE FROM {ks}.speed_hours WHERE hour = ?",
    "cells": "SELECT * FROM {ks}.speed_views WHERE movie_id = ? AND hour = ?",
    "put_cell": f"INSERT INTO {{ks}}.speed_views (movie_id, hour, window_start, batch_id, {', '.join(STATE_COLUMNS)})"
    f" VALUES ({', '.join('?' * (4 + len(STATE_COLUMNS)))}) USING TTL {TTL_SECONDS}",
    "drop_cells": "DELETE FROM {ks}.speed_views WHERE movie_id = ? AND hour = ?",
    "films": "SELECT * FROM {ks}.speed_films WHERE movie_id = ? AND hour = ?",
    "put_film": "INSERT INTO {ks}.speed_films (movie_id, hour, batch_id, event_time, offset, body)"
    f" VALUES (?, ?, ?, ?, ?, ?) USING TTL {TTL_SECONDS}",
    "drop_films": "DELETE FROM {ks}.speed_films WHERE movie_id = ? AND hour = ?",
}
