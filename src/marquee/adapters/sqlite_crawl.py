"""The crawl's memory: which films to fetch, which were, and how far each list has been read."""

import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from marquee.adapters.sqlite import add_columns, connect, explained, transaction

SCHEMA = """
CREATE TABLE IF NOT EXISTS films (movie_id INTEGER PRIMARY KEY, fetched_at INTEGER, gone INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

WANTED = "CREATE INDEX IF NOT EXISTS films_wanted ON films (popularity DESC, movie_id) WHERE fetched_at IS NULL"
"""Films to fetch in the order of the crawl: those of unknown popularity come last, by id."""


class SqliteCrawl:
    """A durable to-do list in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = connect(path, SCHEMA)
        self.guard = threading.RLock()
        add_columns(self.connection, path, "films", {"popularity": "REAL"})
        with explained(path):
            self.connection.execute(WANTED)

    def note(self, name: str) -> Any:
        """Return a remembered value, None if there is none."""
        with self.guard, explained(self.path):
            row = self.connection.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def remember(self, name: str, value: object, found: Iterable[int] = ()) -> None:
        """Remember a value, and films found with it, in one transaction."""
        with self.guard, transaction(self.connection, self.path) as db:
            db.executemany("INSERT OR IGNORE INTO films (movie_id) VALUES (?)", ((movie_id,) for movie_id in found))
            db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, json.dumps(value)))

    def seed(self, wanted: Iterable[tuple[float, int]]) -> int:
        """Put films with their popularity on the list; return how many are new to it."""
        with self.guard, transaction(self.connection, self.path) as db:
            before = db.execute("SELECT count(*) FROM films").fetchone()[0]
            db.executemany(
                "INSERT INTO films (popularity, movie_id) VALUES (?, ?)"
                " ON CONFLICT (movie_id) DO UPDATE SET popularity = excluded.popularity",
                wanted,
            )
            return int(db.execute("SELECT count(*) FROM films").fetchone()[0] - before)

    def counts(self) -> tuple[int, int]:
        """Return (films known, films fetched or gone)."""
        with self.guard, explained(self.path):
            row = self.connection.execute("SELECT count(*), count(fetched_at) FROM films").fetchone()
        return row[0], row[1]

    def todo(self, limit: int) -> list[int]:
        """Return films that were never fetched, the most popular first as far as that is known."""
        query = "SELECT movie_id FROM films WHERE fetched_at IS NULL ORDER BY popularity DESC, movie_id LIMIT ?"
        with self.guard, explained(self.path):
            return [row[0] for row in self.connection.execute(query, (limit,))]

    def due(self, ids: Iterable[int], fetched_before: int, limit: int) -> list[int]:
        """Return which of these films are unknown, or were last fetched before a time; longest ago first."""
        query = (
            "SELECT value FROM json_each(?) LEFT JOIN films ON movie_id = value"
            " WHERE coalesce(fetched_at, 0) < ? AND coalesce(gone, 0) = 0 ORDER BY coalesce(fetched_at, 0), value LIMIT ?"
        )
        with self.guard, explained(self.path):
            rows = self.connection.execute(query, (json.dumps(sorted(ids)), fetched_before, limit))
            return [row[0] for row in rows]

    def done(self, fetched: Iterable[int], gone: Iterable[int], now: int) -> None:
        """Mark films as fetched, or as gone at their source."""
        query = (
            "INSERT INTO films (movie_id, fetched_at, gone) VALUES (?, ?, ?) ON CONFLICT (movie_id) DO UPDATE SET"
            " fetched_at = excluded.fetched_at, gone = excluded.gone"
        )
        with self.guard, transaction(self.connection, self.path) as db:
            db.executemany(query, [*((m, now, 0) for m in fetched), *((m, now, 1) for m in gone)])
