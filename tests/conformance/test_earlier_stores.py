"""Stores in files that an earlier version made go on."""

import contextlib
import sqlite3
from pathlib import Path

from marquee.adapters.sqlite.index import SqliteIndex
from marquee.adapters.sqlite.quarantine import SqliteQuarantine
from marquee.domain.events import RATINGS
from marquee.domain.records import Rejected
from marquee.testing.events import NOON, rating_event


def test_a_quarantine_of_an_earlier_time_goes_on(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "q.db")) as old:
        old.execute(
            "CREATE TABLE quarantine (id TEXT PRIMARY KEY, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,"
            " times INTEGER NOT NULL, source TEXT NOT NULL, reason TEXT NOT NULL, raw TEXT NOT NULL)"
        )
        old.execute("INSERT INTO quarantine VALUES ('x', 1, 1, 1, 's', 'old', 'r')")
        old.commit()
    quarantine = SqliteQuarantine(tmp_path / "q.db")
    quarantine.add([Rejected("s", "new", "r", "7", "id", 2)], NOON)
    assert quarantine.counts() == {"new": 2, "old": 1}


def test_an_index_of_an_earlier_time_goes_on(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "index.db")) as old:
        old.execute(
            "CREATE TABLE identities (topic TEXT NOT NULL, identity TEXT NOT NULL, movie_id INTEGER NOT NULL,"
            " source TEXT NOT NULL, revision INTEGER NOT NULL, digest TEXT NOT NULL, alive INTEGER NOT NULL, body BLOB,"
            " PRIMARY KEY (topic, identity)) WITHOUT ROWID"
        )
        old.execute("INSERT INTO identities VALUES (?, '7@t', 7, 't', 3, 'd', 1, NULL)", (RATINGS,))
        old.commit()
    index = SqliteIndex(tmp_path / "index.db")
    assert index.lookup(RATINGS, ["7@t"])["7@t"].at == 0
    index.apply([(RATINGS, rating_event("a", 7, NOON))], "1")
    assert index.lookup(RATINGS, ["movie.ratings/7"])["movie.ratings/7"].at == NOON
