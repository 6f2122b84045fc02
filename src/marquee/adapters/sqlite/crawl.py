"""The crawl's memory: which films to fetch, which were, which are set aside, and how far each list has been read."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from marquee.adapters.sqlite.connection import SqliteStore
from marquee.adapters.sqlite.migrations import CRAWL
from marquee.domain.aside import Aside, CrawlState, Trouble

SCHEMA = """
CREATE TABLE IF NOT EXISTS films (movie_id INTEGER PRIMARY KEY, fetched_at INTEGER, gone INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS aside (
    movie_id INTEGER PRIMARY KEY, kind TEXT NOT NULL, reason TEXT NOT NULL, since INTEGER NOT NULL,
    tries INTEGER NOT NULL, next_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS aside_next ON aside (next_at);
"""
ORDERED = (
    "CREATE INDEX IF NOT EXISTS films_first ON films (votes DESC, popularity DESC, movie_id) WHERE fetched_at IS NULL"
)
TROUBLE = "trouble"
COLUMNS = "aside.movie_id, aside.kind, aside.reason, aside.since, aside.tries, aside.next_at"


class SqliteCrawl(SqliteStore):
    """A durable to-do list in one file."""

    schema = SCHEMA
    added = MappingProxyType({"films": {"popularity": "REAL", "votes": "INTEGER"}})
    then = (ORDERED,)
    migrations = CRAWL

    def note(self, name: str) -> Any:
        """Return a remembered value, None if there is none."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def remember(self, name: str, value: object, found: Iterable[tuple[int, int | None]] = ()) -> None:
        """Remember a value, and films found with it, by id with their votes where these are known, in one transaction."""
        with self.writing() as db:
            db.executemany(
                "INSERT INTO films (movie_id, votes) VALUES (?, ?)"
                " ON CONFLICT (movie_id) DO UPDATE SET votes = coalesce(excluded.votes, votes)",
                found,
            )
            db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, json.dumps(value)))

    def forget(self, name: str) -> None:
        """Forget a remembered value."""
        with self.writing() as db:
            db.execute("DELETE FROM notes WHERE name = ?", (name,))

    def troubled(self, trouble: Trouble | None) -> None:
        """Remember why the source cannot be asked, or that it can."""
        if trouble is None:
            self.forget(TROUBLE)
        else:
            self.remember(TROUBLE, asdict(trouble))

    def seed(self, wanted: Iterable[tuple[float, int]]) -> int:
        """Put films with their popularity on the list; return how many are new to it."""
        with self.writing() as db:
            before = db.execute("SELECT count(*) FROM films").fetchone()[0]
            db.executemany(
                "INSERT INTO films (popularity, movie_id) VALUES (?, ?)"
                " ON CONFLICT (movie_id) DO UPDATE SET popularity = excluded.popularity",
                wanted,
            )
            return int(db.execute("SELECT count(*) FROM films").fetchone()[0] - before)

    def counts(self) -> tuple[int, int]:
        """Return (films known, films that were fetched or set aside)."""
        with self.reading(at_once=True) as db:
            known, fetched = db.execute("SELECT count(*), count(fetched_at) FROM films").fetchone()
            waiting = "SELECT count(*) FROM aside JOIN films USING (movie_id) WHERE fetched_at IS NULL"
            return known, fetched + db.execute(waiting).fetchone()[0]

    def todo(self, limit: int, last: Iterable[int] = ()) -> list[int]:
        """Return films that were never fetched and are not set aside: those with the most votes first, then the most popular
        of those whose votes are not known, then the others by id; at the end those of `last`."""
        query = (
            "SELECT movie_id FROM films WHERE fetched_at IS NULL AND movie_id NOT IN (SELECT movie_id FROM aside)"
            " AND movie_id {} IN (SELECT value FROM json_each(?)) ORDER BY votes DESC, popularity DESC, movie_id LIMIT ?"
        )
        ids = json.dumps(list(last))
        with self.reading(at_once=True) as db:
            first = [row[0] for row in db.execute(query.format("NOT"), (ids, limit))]
            return first + [row[0] for row in db.execute(query.format(""), (ids, limit - len(first)))]

    def again(self, now: int, limit: int) -> list[int]:
        """Return films set aside whose pause is over, longest ago first; a clock that was ahead counts for nothing."""
        query = "SELECT movie_id FROM aside WHERE next_at <= ? OR since > ? ORDER BY next_at, movie_id LIMIT ?"
        with self.reading() as db:
            return [row[0] for row in db.execute(query, (now, now, limit))]

    def end_pauses(self, now: int) -> None:
        """Let films that were set aside be asked for again at once, all but those that are gone."""
        with self.writing() as db:
            db.execute("UPDATE aside SET next_at = min(next_at, ?) WHERE kind <> 'gone'", (now,))

    def due(self, ids: Iterable[int], fetched_before: int, now: int, limit: int) -> list[int]:
        """Return which of these films are unknown, or were last fetched before a time; longest ago first.

        Films that failed wait for their pause to end; others that are set aside have just been named by their source.
        """
        query = (
            "SELECT value FROM json_each(?) LEFT JOIN films ON films.movie_id = value"
            " LEFT JOIN aside ON aside.movie_id = value WHERE coalesce(fetched_at, 0) < ?"
            " AND (kind IS NULL OR kind <> 'failed' OR next_at <= ?) ORDER BY coalesce(fetched_at, 0), value LIMIT ?"
        )
        with self.reading() as db:
            rows = db.execute(query, (json.dumps(sorted(ids)), fetched_before, now, limit))
            return [row[0] for row in rows]

    def given(self, limit: int) -> list[int]:
        """Return films that their source gave, the latest first."""
        query = (
            "SELECT movie_id FROM films WHERE fetched_at IS NOT NULL AND NOT gone"
            " AND movie_id NOT IN (SELECT movie_id FROM aside) ORDER BY fetched_at DESC, movie_id LIMIT ?"
        )
        with self.reading() as db:
            return [row[0] for row in db.execute(query, (limit,))]

    def fetched(self, ids: Iterable[int]) -> set[int]:
        """Return which of these films were fetched and are not gone."""
        query = (
            "SELECT movie_id FROM films WHERE fetched_at IS NOT NULL AND NOT gone"
            " AND movie_id IN (SELECT value FROM json_each(?))"
        )
        with self.reading() as db:
            return {row[0] for row in db.execute(query, (json.dumps(list(ids)),))}

    def aside(self, ids: Iterable[int]) -> dict[int, Aside]:
        """Return which of these films are set aside, and how."""
        query = f"SELECT {COLUMNS} FROM aside WHERE movie_id IN (SELECT value FROM json_each(?))"
        with self.reading() as db:
            return {row[0]: Aside(*row) for row in db.execute(query, (json.dumps(list(ids)),))}

    def mark(self, fetched: Iterable[int], aside: Iterable[Aside], now: int) -> None:
        """Mark films as fetched, and then films as set aside; one that is in both came in part. All in one transaction."""
        films = list(aside)
        with self.writing() as db:
            for movie_id in fetched:
                self.stamp(db, movie_id, now, gone=False)
                db.execute("DELETE FROM aside WHERE movie_id = ?", (movie_id,))
            for film in films:
                db.execute("INSERT OR IGNORE INTO films (movie_id) VALUES (?)", (film.movie_id,))
                if film.kind == "gone":
                    self.stamp(db, film.movie_id, now, gone=True)
                elif film.kind == "missing":
                    known = "UPDATE films SET fetched_at = ? WHERE movie_id = ? AND fetched_at IS NOT NULL"
                    db.execute(known, (now, film.movie_id))
                values = (film.movie_id, film.kind, film.reason, film.since, film.tries, film.next_at)
                db.execute("INSERT OR REPLACE INTO aside VALUES (?, ?, ?, ?, ?, ?)", values)

    @staticmethod
    def stamp(db: Any, movie_id: int, now: int, *, gone: bool) -> None:
        """Note when a film's source was last heard of it."""
        db.execute(
            "INSERT INTO films (movie_id, fetched_at, gone) VALUES (?, ?, ?)"
            " ON CONFLICT (movie_id) DO UPDATE SET fetched_at = excluded.fetched_at, gone = excluded.gone",
            (movie_id, now, gone),
        )

    def state(self, shown: int) -> CrawlState:
        """Return how far the crawl is, and the first films that are set aside, those tried most often first."""
        with self.reading(at_once=True) as db:
            known, fetched, gone = db.execute("SELECT count(*), count(fetched_at), sum(gone) FROM films").fetchone()
            away = db.execute("SELECT count(*) FROM aside WHERE kind <> 'gone'").fetchone()[0]
            query = f"SELECT {COLUMNS} FROM aside WHERE kind <> 'gone' ORDER BY tries DESC, movie_id LIMIT ?"
            films = tuple(Aside(*row) for row in db.execute(query, (shown,)))
        noted = self.note(TROUBLE)
        trouble = None if noted is None else Trouble(**noted)
        return CrawlState(known, fetched - (gone or 0), gone or 0, away, films, trouble)
