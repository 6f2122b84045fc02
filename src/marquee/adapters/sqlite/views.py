"""The embedded batch views: stored bytes by (kind, key), and the pointer to the published run."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from marquee.adapters.sqlite.connection import SqliteStore
from marquee.domain.coverage import Frontier
from marquee.domain.records import Publication
from marquee.errors import TerminalError

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT, key INTEGER, run INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_run ON documents (kind, run);
CREATE TABLE IF NOT EXISTS pointer (
    one INTEGER PRIMARY KEY CHECK (one = 1), run INTEGER, run_id TEXT, hour INTEGER, published_at INTEGER, facts TEXT);
"""


class SqliteSnapshot:
    """A `ViewsSnapshot` within one read transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.publication: Publication | None = None
        row = db.execute("SELECT run, run_id, hour, published_at, facts FROM pointer").fetchone()
        if row is not None:
            self.publication = Publication(Frontier(row[0], row[1], row[2]), row[3], json.loads(row[4]))

    def get(self, kind: str, key: int) -> bytes | None:
        """Return a document's stored bytes."""
        row = self.db.execute("SELECT body FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return row[0] if row else None

    def changed(self, kind: str, after_run: int) -> list[tuple[int, bytes]]:
        """Return the documents of a kind that runs past `after_run` wrote."""
        return self.db.execute(
            "SELECT key, body FROM documents WHERE kind = ? AND run > ?", (kind, after_run)
        ).fetchall()


class SqliteViews(SqliteStore):
    """`BatchViews` in one file; each thread has a connection of its own, since a snapshot may be held for long."""

    schema = SCHEMA
    durable = True

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.local = threading.local()
        self.local.connection = self._connection

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """Have this thread's connection."""
        if not hasattr(self.local, "connection"):
            self.local.connection = self.opened()
        yield self.local.connection

    @contextmanager
    def snapshot(self) -> Iterator[SqliteSnapshot]:
        """Open a consistent reading."""
        with self.reading(at_once=True) as db:
            yield SqliteSnapshot(db)

    def publish(self, publication: Publication, documents: Iterable[tuple[str, int, bytes]]) -> None:
        """Replace documents and swing the pointer in one transaction."""
        frontier = publication.frontier
        with self.writing() as db:
            row = db.execute("SELECT run FROM pointer").fetchone()
            if row is not None and frontier.run <= row[0]:
                raise TerminalError(
                    f"run {frontier.run} cannot be published over run {row[0]}",
                    hint="Another batch run has published meanwhile: start a new one with `marquee batch`.",
                )
            db.executemany(
                "INSERT INTO documents VALUES (?, ?, ?, ?) ON CONFLICT (kind, key)"
                " DO UPDATE SET run = excluded.run, body = excluded.body WHERE body <> excluded.body",
                ((kind, key, frontier.run, body) for kind, key, body in documents),
            )
            db.execute(
                "INSERT OR REPLACE INTO pointer VALUES (1, ?, ?, ?, ?, ?)",
                (
                    frontier.run,
                    frontier.run_id,
                    frontier.hour,
                    publication.published_at,
                    json.dumps(dict(publication.facts)),
                ),
            )
