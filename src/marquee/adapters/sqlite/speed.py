"""The embedded speed store and speed views."""

import json
from collections import defaultdict
from collections.abc import Sequence

from marquee.adapters.sqlite.connection import SqliteStore
from marquee.domain.coverage import NO_SPEED, SpeedState
from marquee.domain.measures import FIRST_STATE, STATE_COLUMNS, Cell, decode_cell, encode_cell, merge_cells
from marquee.domain.records import MicroBatch, SpeedCell, SpeedFilm, SpeedProgress
from marquee.domain.timeline import HOUR

STATE = ", ".join(f"{name} INTEGER" for name in FIRST_STATE)
ADDED = {"cells": {name: "INTEGER NOT NULL DEFAULT 0" for name in STATE_COLUMNS if name not in FIRST_STATE}}
MARKS = ", ".join("?" for _ in STATE_COLUMNS)
NAMES = ", ".join(STATE_COLUMNS)

STORE = f"""
CREATE TABLE IF NOT EXISTS cells (
    movie_id INTEGER, hour INTEGER, start INTEGER, batch INTEGER, {STATE},
    PRIMARY KEY (movie_id, hour, start, batch)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cells_batch ON cells (batch);
CREATE TABLE IF NOT EXISTS films (
    movie_id INTEGER, hour INTEGER, at INTEGER, position INTEGER, batch INTEGER, body BLOB,
    PRIMARY KEY (movie_id, hour)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS films_batch ON films (batch);
CREATE TABLE IF NOT EXISTS seen (event_id TEXT PRIMARY KEY, hour INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_hour ON seen (hour);
CREATE TABLE IF NOT EXISTS progress (
    one INTEGER PRIMARY KEY CHECK (one = 1), position TEXT, batch INTEGER, since INTEGER, through INTEGER);
"""

VIEWS = f"""
CREATE TABLE IF NOT EXISTS cells (
    movie_id INTEGER, hour INTEGER, start INTEGER, version INTEGER, {STATE},
    PRIMARY KEY (movie_id, hour, start)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cells_version ON cells (version);
CREATE TABLE IF NOT EXISTS films (
    movie_id INTEGER, hour INTEGER, at INTEGER, position INTEGER, version INTEGER, body BLOB,
    PRIMARY KEY (movie_id, hour)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS films_version ON films (version);
CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1), since INTEGER, through INTEGER, version INTEGER, position TEXT,
    batch INTEGER);
"""


def films_of(rows: Sequence[tuple[int, int, int, int, bytes]]) -> list[SpeedFilm]:
    """Read (movie_id, hour, at, position, body) rows."""
    return [SpeedFilm(movie, hour, (at, position), body) for movie, hour, at, position, body in rows]


class SqliteSpeedStore(SqliteStore):
    """A `SpeedStore` in one file; a micro-batch and its progress are one transaction."""

    schema = STORE
    added = ADDED
    then = tuple(f"DELETE FROM {table}" for table in ("cells", "films", "seen", "progress"))  # the log has them all

    def progress(self) -> SpeedProgress | None:
        """Return how far the fold is."""
        with self.reading() as db:
            row = db.execute("SELECT position, batch, since, through FROM progress").fetchone()
        return SpeedProgress(*row) if row else None

    def seen(self, event_ids: Sequence[str]) -> set[str]:
        """Return which of these events were folded before."""
        query = "SELECT event_id FROM seen WHERE event_id IN (SELECT value FROM json_each(?))"
        with self.reading() as db:
            return {row[0] for row in db.execute(query, (json.dumps(event_ids),))}

    def intend(self, position: str) -> None:
        """Do nothing: `write` is one step."""

    def intended(self) -> str | None:
        """Return None: no micro-batch is ever half written."""
        return None

    def write(self, batch: MicroBatch) -> None:
        """Store a micro-batch and its progress."""
        with self.writing() as db:
            db.executemany(
                f"INSERT OR REPLACE INTO cells (movie_id, hour, start, batch, {NAMES}) VALUES (?, ?, ?, ?, {MARKS})",
                ((*key, batch.batch_id, *encode_cell(cell)) for key, cell in batch.cells.items()),
            )
            db.executemany(
                "INSERT INTO films VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (movie_id, hour) DO UPDATE SET"
                " at = excluded.at, position = excluded.position, batch = excluded.batch, body = excluded.body"
                " WHERE (excluded.at, excluded.position) >= (films.at, films.position)",
                ((f.movie_id, f.hour, *f.rank, batch.batch_id, f.body) for f in batch.films),
            )
            db.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", batch.seen)
            db.execute(
                "INSERT OR REPLACE INTO progress VALUES (1, ?, ?, ?, ?)",
                (batch.position, batch.batch_id, batch.since, batch.through),
            )

    def partials(self, after_batch: int) -> tuple[list[SpeedCell], list[SpeedFilm], SpeedProgress | None]:
        """Return the merged cells of all keys that later batches touched."""
        with self.reading(at_once=True) as db:
            progress = self.progress()
            rows = db.execute(
                f"SELECT movie_id, hour, start, {NAMES} FROM cells WHERE (movie_id, hour, start) IN"
                " (SELECT movie_id, hour, start FROM cells WHERE batch > ?)",
                (after_batch,),
            ).fetchall()
            films = db.execute(
                "SELECT movie_id, hour, at, position, body FROM films WHERE batch > ?", (after_batch,)
            ).fetchall()
        groups: dict[tuple[int, int, int], list[Cell]] = defaultdict(list)
        for movie, hour, start, *state in rows:
            groups[movie, hour, start].append(decode_cell(state))
        cells = [SpeedCell(*key, merge_cells(parts)) for key, parts in groups.items()]
        return cells, films_of(films), progress

    def expire(self, before_hour: int) -> int:
        """Drop what was ingested before an hour."""
        with self.writing() as db:
            gone = db.execute("DELETE FROM cells WHERE hour < ?", (before_hour,)).rowcount
            db.execute("DELETE FROM films WHERE hour < ?", (before_hour,))
            db.execute("DELETE FROM seen WHERE hour < ?", (before_hour - HOUR,))
            return gone


class SqliteSpeedViews(SqliteStore):
    """`SpeedViews` in one file."""

    schema = VIEWS
    added = ADDED
    then = ("UPDATE state SET batch = 0",)  # so that all is carried over again

    def state(self) -> tuple[SpeedState, int]:
        """Return the state and the last batch synced."""
        with self.reading() as db:
            row = db.execute("SELECT since, through, version, position, batch FROM state").fetchone()
        return (SpeedState(*row[:4]), row[4]) if row else (NO_SPEED, 0)

    def upsert(self, cells: Sequence[SpeedCell], films: Sequence[SpeedFilm], state: SpeedState, batch_id: int) -> None:
        """Replace these rows and the state."""
        version = state.version
        with self.writing() as db:
            db.executemany(
                f"INSERT OR REPLACE INTO cells (movie_id, hour, start, version, {NAMES}) VALUES (?, ?, ?, ?, {MARKS})",
                ((c.movie_id, c.hour, c.window, version, *encode_cell(c.cell)) for c in cells),
            )
            db.executemany(
                "INSERT OR REPLACE INTO films VALUES (?, ?, ?, ?, ?, ?)",
                ((f.movie_id, f.hour, *f.rank, version, f.body) for f in films),
            )
            db.execute(
                "INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?, ?, ?)",
                (state.since, state.through, version, state.position, batch_id),
            )

    def changes(self, after_version: int) -> tuple[list[SpeedCell], list[SpeedFilm], SpeedState]:
        """Return what changed after a version."""
        with self.reading(at_once=True) as db:
            state, _ = self.state()
            rows = db.execute(
                f"SELECT movie_id, hour, start, {NAMES} FROM cells WHERE version > ?",
                (after_version,),
            ).fetchall()
            films = db.execute(
                "SELECT movie_id, hour, at, position, body FROM films WHERE version > ?", (after_version,)
            ).fetchall()
        cells = [SpeedCell(movie, hour, start, decode_cell(row)) for movie, hour, start, *row in rows]
        return cells, films_of(films), state

    def expire(self, before_hour: int) -> int:
        """Drop what was ingested before an hour."""
        with self.writing() as db:
            db.execute("DELETE FROM films WHERE hour < ?", (before_hour,))
            return db.execute("DELETE FROM cells WHERE hour < ?", (before_hour,)).rowcount
