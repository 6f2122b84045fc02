"""The embedded identity index."""

import json
import zlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from marquee.adapters.sqlite.connection import SqliteStore
from marquee.domain.codec import identity_of
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
            identity: Identity(revision, digest, bool(alive), source, unpacked(topic, body), at)
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
            "SELECT identity, revision, digest, alive, body, at FROM identities"
            " WHERE topic = 'movie.ratings' AND identity >= ? AND identity < ? AND source = ?"
        )
        with self.reading() as db:
            rows = db.execute(query, (f"{movie_id}@", f"{movie_id}A", source)).fetchall()
        return {
            name: Identity(revision, digest, bool(alive), source, body, at)
            for name, revision, digest, alive, body, at in rows
        }

    def rated(self, source: str) -> set[int]:
        """Return the films with readings at a source, by a look at all readings."""
        query = "SELECT DISTINCT movie_id FROM identities WHERE topic = 'movie.ratings' AND source = ?"
        with self.reading() as db:
            return {row[0] for row in db.execute(query, (source,))}

    def touch(self, topic: str, told: Mapping[str, int]) -> None:
        """Note when things were told again as they were."""
        query = "UPDATE identities SET at = max(at, ?) WHERE topic = ? AND identity = ?"
        with self.writing() as db:
            db.executemany(query, ((at, topic, identity) for identity, at in told.items()))

    def apply(self, events: Iterable[tuple[str, Event]], position: str) -> None:
        """Fold events and move on, in one transaction."""
        rows = (
            (
                topic,
                event.identity,
                event.movie_id,
                event.source,
                event.revision,
                event.digest,
                event.weight > 0,
                zlib.compress(held.body, 1) if held.body is not None and topic == REVIEWS else held.body,
                event.event_time,
            )
            for topic, event, held in ((topic, event, identity_of(event)) for topic, event in events)
        )
        with self.writing() as db:
            db.executemany("INSERT OR REPLACE INTO identities VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            db.execute("INSERT OR REPLACE INTO progress VALUES (1, ?)", (position,))


def unpacked(topic: str, body: bytes | None) -> bytes | None:
    """Return what is kept of a thing's last event: reviews are packed."""
    return zlib.decompress(body) if body and topic == REVIEWS else body
