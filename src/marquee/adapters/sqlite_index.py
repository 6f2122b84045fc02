"""The embedded identity index and quarantine."""

import json
import zlib
from collections.abc import Iterable, Sequence

from marquee.adapters.codec import encode
from marquee.adapters.sqlite import SqliteStore
from marquee.domain.events import REVIEWS, Event, fingerprint
from marquee.ports import START, Identity

SCHEMA = """
CREATE TABLE IF NOT EXISTS identities (
    topic TEXT NOT NULL, identity TEXT NOT NULL, movie_id INTEGER NOT NULL, source TEXT NOT NULL,
    revision INTEGER NOT NULL, digest TEXT NOT NULL, alive INTEGER NOT NULL, body BLOB,
    PRIMARY KEY (topic, identity)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS standing ON identities (movie_id, source) WHERE topic = 'movie.reviews' AND alive;
CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), position TEXT NOT NULL);
"""


class SqliteIndex(SqliteStore):
    """An `IdentityIndex` in one file."""

    schema = SCHEMA

    def position(self) -> str:
        """Return the log position it reflects."""
        with self.reading() as db:
            row = db.execute("SELECT position FROM progress").fetchone()
        return str(row[0]) if row else START

    def lookup(self, topic: str, identities: Iterable[str]) -> dict[str, Identity]:
        """Return what is known of these identities."""
        query = (
            "SELECT identity, revision, digest, alive, source, body FROM identities"
            " WHERE topic = ? AND identity IN (SELECT value FROM json_each(?))"
        )
        with self.reading() as db:
            rows = db.execute(query, (topic, json.dumps(list(identities)))).fetchall()
        return {
            identity: Identity(revision, digest, bool(alive), source, zlib.decompress(body) if body else None)
            for identity, revision, digest, alive, source, body in rows
        }

    def standing_reviews(self, movie_id: int, source: str) -> set[str]:
        """Return the identities of a film's reviews from a source that have not been retracted."""
        query = (
            "SELECT identity FROM identities WHERE topic = 'movie.reviews' AND alive AND movie_id = ? AND source = ?"
        )
        with self.reading() as db:
            return {row[0] for row in db.execute(query, (movie_id, source))}

    def apply(self, events: Iterable[tuple[str, Event]], position: str) -> None:
        """Fold events and move on, in one transaction. Reviews keep their text, which a retraction repeats."""
        rows = (
            (
                topic,
                event.identity,
                event.movie_id,
                event.source,
                event.revision,
                event.digest,
                event.weight > 0,
                zlib.compress(encode(event), 1) if topic == REVIEWS and event.weight > 0 else None,
            )
            for topic, event in events
        )
        with self.writing() as db:
            db.executemany("INSERT OR REPLACE INTO identities VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            db.execute("INSERT OR REPLACE INTO progress VALUES (1, ?)", (position,))


QUARANTINE = """
CREATE TABLE IF NOT EXISTS quarantine (
    id TEXT PRIMARY KEY, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, times INTEGER NOT NULL,
    source TEXT NOT NULL, reason TEXT NOT NULL, raw TEXT NOT NULL);
"""
RAW_LIMIT = 100_000


class SqliteQuarantine(SqliteStore):
    """A `Quarantine` in one file. Raw records over 100,000 characters are cut, and say so."""

    schema = QUARANTINE

    def add(self, rows: Sequence[tuple[str, str, str]], now: int) -> None:
        """Keep rows; one that is already there is counted, not repeated."""
        values = []
        for source, reason, raw in rows:
            safe = raw.encode(errors="replace").decode()
            cut = safe if len(safe) <= RAW_LIMIT else f"{safe[:RAW_LIMIT]} [cut: {len(safe)} characters]"
            values.append((fingerprint(source, reason, safe), now, now, source, reason, cut))
        with self.writing() as db:
            db.executemany(
                "INSERT INTO quarantine (id, first_at, last_at, times, source, reason, raw) VALUES (?, ?, ?, 1, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET times = times + 1, last_at = excluded.last_at",
                values,
            )

    def counts(self) -> dict[str, int]:
        """Return how many rows each reason has."""
        with self.reading() as db:
            return dict(db.execute("SELECT reason, count(*) FROM quarantine GROUP BY reason ORDER BY 2 DESC"))

    def rows(self, limit: int) -> list[dict[str, object]]:
        """Return the newest rows."""
        names = ("first_at", "last_at", "times", "source", "reason", "raw")
        query = f"SELECT {', '.join(names)} FROM quarantine ORDER BY last_at DESC, id LIMIT ?"
        with self.reading() as db:
            return [dict(zip(names, row, strict=True)) for row in db.execute(query, (limit,))]
