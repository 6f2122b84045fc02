"""The embedded identity index."""

import json
import zlib
from collections.abc import Iterable
from types import MappingProxyType

from marquee.adapters.sqlite.connection import SqliteStore
from marquee.domain.codec import encode
from marquee.domain.events import REVIEWS, Event
from marquee.domain.records import START, Identity

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
    added = MappingProxyType({"identities": {"at": "INTEGER NOT NULL DEFAULT 0"}})

    def position(self) -> str:
        """Return the log position it reflects."""
        with self.reading() as db:
            row = db.execute("SELECT position FROM progress").fetchone()
        return str(row[0]) if row else START

    def lookup(self, topic: str, identities: Iterable[str]) -> dict[str, Identity]:
        """Return what is known of these identities."""
        query = (
            "SELECT identity, revision, digest, alive, source, body, at FROM identities"
            " WHERE topic = ? AND identity IN (SELECT value FROM json_each(?))"
        )
        with self.reading() as db:
            rows = db.execute(query, (topic, json.dumps(list(identities)))).fetchall()
        return {
            identity: Identity(revision, digest, bool(alive), source, zlib.decompress(body) if body else None, at)
            for identity, revision, digest, alive, source, body, at in rows
        }

    def standing_reviews(self, movie_id: int, source: str) -> set[str]:
        """Return the identities of a film's reviews from a source that have not been retracted."""
        query = (
            "SELECT identity FROM identities WHERE topic = 'movie.reviews' AND alive AND movie_id = ? AND source = ?"
        )
        with self.reading() as db:
            return {row[0] for row in db.execute(query, (movie_id, source))}

    def readings(self, movie_id: int, source: str) -> dict[str, Identity]:
        """Return what is known of a film's readings at a source; their identities begin with the film."""
        query = (
            "SELECT identity, revision, digest, alive, at FROM identities"
            " WHERE topic = 'movie.ratings' AND identity >= ? AND identity < ? AND source = ?"
        )
        with self.reading() as db:
            rows = db.execute(query, (f"{movie_id}@", f"{movie_id}A", source)).fetchall()
        return {
            name: Identity(revision, digest, bool(alive), source, None, at)
            for name, revision, digest, alive, at in rows
        }

    def rated(self, source: str) -> set[int]:
        """Return the films with readings at a source, by a look at all readings."""
        query = "SELECT DISTINCT movie_id FROM identities WHERE topic = 'movie.ratings' AND source = ?"
        with self.reading() as db:
            return {row[0] for row in db.execute(query, (source,))}

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
                event.event_time,
            )
            for topic, event in events
        )
        with self.writing() as db:
            db.executemany("INSERT OR REPLACE INTO identities VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            db.execute("INSERT OR REPLACE INTO progress VALUES (1, ?)", (position,))
