"""The embedded log: one SQLite file in WAL mode, synchronous=FULL, one row per (partition, batch)."""

import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from marquee.adapters.sqlite.connection import SqliteStore
from marquee.domain.codec import bounded
from marquee.domain.events import TOPICS, Event, topic_of
from marquee.domain.records import Batch
from marquee.domain.timeline import HOUR, floor, ingest_period

SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, part INTEGER NOT NULL, first_offset INTEGER NOT NULL,
    events INTEGER NOT NULL, ingest_time INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS batches_time ON batches (ingest_time);
CREATE TABLE IF NOT EXISTS ends (topic TEXT, part INTEGER, next_offset INTEGER NOT NULL, PRIMARY KEY (topic, part));
CREATE TABLE IF NOT EXISTS sealed (one INTEGER PRIMARY KEY CHECK (one = 1), ingest_time INTEGER NOT NULL);
INSERT OR IGNORE INTO sealed VALUES (1, 0);
CREATE TABLE IF NOT EXISTS cuts (ingest_time INTEGER PRIMARY KEY);
"""


class SqliteLog(SqliteStore):
    """A `Log` in one file; safe for several processes at once."""

    schema = SCHEMA
    durable = True

    def __init__(self, path: Path, partitions: int = 6) -> None:
        self.partitions = partitions
        super().__init__(path)

    def append(self, events: Sequence[Event], now: int) -> str:
        """Append all events, grouped by topic and partition, in one synced transaction."""
        groups: dict[tuple[str, int], list[bytes]] = {}
        for event in events:
            groups.setdefault((topic_of(event), event.movie_id % self.partitions), []).append(bounded(event))
        with self.writing() as db:
            time = max(now, self.sealed())
            db.execute("UPDATE sealed SET ingest_time = ?", (time,))
            for (topic, part), bodies in groups.items():
                row = db.execute("SELECT next_offset FROM ends WHERE topic = ? AND part = ?", (topic, part)).fetchone()
                first = row[0] if row else 0
                payload = zlib.compress(b"\n".join(bodies), 1)
                db.execute(
                    "INSERT INTO batches (topic, part, first_offset, events, ingest_time, payload)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (topic, part, first, len(bodies), time, payload),
                )
                db.execute("INSERT OR REPLACE INTO ends VALUES (?, ?, ?)", (topic, part, first + len(bodies)))
            return self.end()

    def read(
        self, after: str, limit: int, topic: str | None = None, before: int | None = None, until: str | None = None
    ) -> tuple[list[Batch], str]:
        """Return whole batches until `limit` events are reached; at least one batch if there is any."""
        query = "SELECT seq, topic, part, first_offset, events, ingest_time, payload FROM batches WHERE seq > ?"
        arguments: list[object] = [int(after or 0)]
        if topic is not None:
            query += " AND topic = ?"
            arguments.append(topic)
        if before is not None:
            query += " AND ingest_time < ?"
            arguments.append(before)
        if until is not None:
            query += " AND seq <= ?"
            arguments.append(int(until or 0))
        batches: list[Batch] = []
        position, count = after, 0
        with self.reading() as db:
            cuts = self.cuts()
            for seq, name, part, first, events, time, payload in db.execute(query + " ORDER BY seq", arguments):
                if batches and count + events > limit:
                    break
                bodies = zlib.decompress(payload).split(b"\n")
                batches.append(Batch(name, part, first, time, ingest_period(time, cuts), bodies))
                position, count = str(seq), count + events
        return batches, position

    def seal(self, now: int) -> int:
        """Raise the least ingest time of future appends to the start of the present hour."""
        with self.writing() as db:
            db.execute("UPDATE sealed SET ingest_time = max(ingest_time, ?)", (floor(now, HOUR),))
            return ingest_period(self.sealed(), self.cuts())

    def cut(self, now: int) -> int:
        """End the present ingest period; the next begins at `now`, or just after the newest record where that is later."""
        with self.writing() as db:
            start = max(now, self.sealed() + 1)
            db.execute("UPDATE sealed SET ingest_time = ?", (start,))
            db.execute("INSERT INTO cuts VALUES (?)", (start,))
            return start

    def sealed(self) -> int:
        """Return the least ingest time that an append may have."""
        with self.reading() as db:
            return int(db.execute("SELECT ingest_time FROM sealed").fetchone()[0])

    def cuts(self) -> list[int]:
        """Return where ingest periods were cut, the earliest first."""
        with self.reading() as db:
            return [row[0] for row in db.execute("SELECT ingest_time FROM cuts ORDER BY 1")]

    def position_at(self, time: int) -> str:
        """Return the position before the first record with ingest time >= `time`."""
        with self.reading() as db:
            row = db.execute("SELECT max(seq) FROM batches WHERE ingest_time < ?", (time,)).fetchone()
        return str(row[0] or 0)

    def end(self) -> str:
        """Return the position after the last record."""
        with self.reading() as db:
            row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'batches'").fetchone()
        return str(row[0]) if row else "0"

    def later(self, left: str, right: str) -> str:
        """Return the greater of two positions."""
        return max(left, right, key=lambda position: int(position or 0))

    def behind(self, position: str) -> dict[str, int]:
        """Return how many records of each topic stand after a position."""
        query = "SELECT topic, SUM(events) FROM batches WHERE seq > ? GROUP BY topic"
        with self.reading() as db:
            found = dict(db.execute(query, (int(position or 0),)).fetchall())
        return {topic: found.get(topic, 0) for topic in TOPICS}

    def accepted(self, start: int, end: int) -> bool:
        """Say whether a record with ingest time in [start, end) is held: what a run has not archived is never trimmed."""
        query = "SELECT EXISTS (SELECT 1 FROM batches WHERE ingest_time >= ? AND ingest_time < ?)"
        with self.reading() as db:
            return bool(db.execute(query, (start, end)).fetchone()[0])

    def span(self) -> tuple[int, int] | None:
        """Return the first and last ingest time held."""
        with self.reading() as db:
            first, last = db.execute("SELECT min(ingest_time), max(ingest_time) FROM batches").fetchone()
        return None if first is None else (first, last)

    def backdated(self) -> AbstractContextManager[None]:
        """Do nothing: `append` takes any time that is no earlier than the last."""
        return nullcontext()

    def trim(self, before: int) -> int:
        """Delete records with ingest time < `before`, whole batches as they are; return how many records went."""
        query = "SELECT coalesce(sum(events), 0) FROM batches WHERE ingest_time < ?"
        with self.writing() as db:
            gone = db.execute(query, (before,)).fetchone()[0]
            db.execute("DELETE FROM cuts WHERE ingest_time < ?", (floor(before, HOUR),))
            db.execute("DELETE FROM batches WHERE ingest_time < ?", (before,))
            return int(gone)
