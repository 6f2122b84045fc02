"""The embedded quarantine."""

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from marquee.adapters.sqlite.connection import SqliteStore
from marquee.domain.events import fingerprint
from marquee.domain.records import MOST_HELD, Rejected

SCHEMA = """
CREATE TABLE IF NOT EXISTS quarantine (
    id TEXT PRIMARY KEY, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, times INTEGER NOT NULL,
    source TEXT NOT NULL, reason TEXT NOT NULL, raw TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS alike ON quarantine (source, reason);
"""
SINCE = {
    "film": "TEXT NOT NULL DEFAULT ''",
    "field": "TEXT NOT NULL DEFAULT ''",
    "stands_for": "INTEGER NOT NULL DEFAULT 1",
}
"""Columns that homes of an earlier time lack."""

RAW_LIMIT = 4_000
INSERT = (
    "INSERT INTO quarantine (id, first_at, last_at, times, source, reason, raw, film, field, stands_for)"
    " VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET times = times + 1, last_at = excluded.last_at"
)
COUNT_ON = (
    "INSERT INTO quarantine (id, first_at, last_at, times, source, reason, raw, stands_for)"
    " VALUES (?, ?, ?, 1, ?, ?, '(more of them, only counted)', ?)"
    " ON CONFLICT (id) DO UPDATE SET times = times + 1, last_at = excluded.last_at,"
    " stands_for = stands_for + excluded.stands_for"
)


class SqliteQuarantine(SqliteStore):
    """A `Quarantine` in one file. What a record was is cut to 4,000 characters, and says so."""

    schema = SCHEMA
    added = MappingProxyType({"quarantine": SINCE})

    def __init__(self, path: Path, most: int = MOST_HELD) -> None:
        self.most = most
        super().__init__(path)

    def add(self, rows: Sequence[Rejected], now: int) -> None:
        """Keep records; one that is already there is counted, not repeated."""
        alike: dict[tuple[str, str], int] = {}
        with self.writing() as db:
            for row in rows:
                source, reason, raw, film, column = (text.encode(errors="replace").decode() for text in row[:5])
                name = fingerprint(source, reason, raw, *([film] if film else []))
                if (source, reason) not in alike:
                    query = "SELECT count(*) FROM quarantine WHERE source = ? AND reason = ?"
                    alike[source, reason] = db.execute(query, (source, reason)).fetchone()[0]
                there = db.execute("SELECT 1 FROM quarantine WHERE id = ?", (name,)).fetchone()
                if there or alike[source, reason] < self.most:
                    alike[source, reason] += not there
                    cut = raw if len(raw) <= RAW_LIMIT else f"{raw[:RAW_LIMIT]} [cut: {len(raw)} characters]"
                    db.execute(INSERT, (name, now, now, source, reason, cut, film, column, row.rows))
                else:
                    more = fingerprint("more", source, reason)
                    db.execute(COUNT_ON, (more, now, now, source, reason, row.rows))

    def counts(self) -> dict[str, int]:
        """Return how many records each reason has."""
        query = "SELECT reason, sum(stands_for) FROM quarantine GROUP BY reason ORDER BY 2 DESC"
        with self.reading() as db:
            return dict(db.execute(query))

    def rows(self, limit: int) -> list[dict[str, object]]:
        """Return the newest rows."""
        names = ("first_at", "last_at", "times", "source", "reason", "raw", "film", "column", "rows")
        query = (
            "SELECT first_at, last_at, times, source, reason, raw, film, field, stands_for FROM quarantine"
            " ORDER BY last_at DESC, id LIMIT ?"
        )
        with self.reading() as db:
            return [dict(zip(names, row, strict=True)) for row in db.execute(query, (limit,))]
