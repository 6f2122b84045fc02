"""Numbered migrations of a database file: done once, in order, also after a kill, and never by an older program."""

import sqlite3
from pathlib import Path
from threading import Barrier, Thread

import pytest

from marquee.adapters.sqlite import connection
from marquee.adapters.sqlite.connection import SqliteStore
from marquee.adapters.sqlite.crawl import SqliteCrawl
from marquee.adapters.sqlite.migrations import CRAWL, Migration, migrate, number_of
from marquee.errors import StorageError

STEPS = (
    Migration("a first row", ("INSERT INTO things VALUES ('one')",)),
    Migration(
        "all of them twice", ("INSERT INTO things SELECT name || '+' FROM things", "INSERT INTO things VALUES ('two')")
    ),
)


class First(SqliteStore):
    schema = "CREATE TABLE IF NOT EXISTS things (name TEXT);"
    migrations = STEPS[:1]


class Second(First):
    migrations = STEPS


def things(store: SqliteStore) -> list[str]:
    with store.reading() as db:
        return sorted(row[0] for row in db.execute("SELECT name FROM things"))


def test_each_step_is_done_once_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    assert things(First(path)) == ["one"]
    assert things(First(path)) == ["one"]
    assert things(Second(path)) == things(Second(path)) == ["one", "one+", "two"]
    assert things(Second(tmp_path / "new.db")) == ["one", "one+", "two"]


def test_a_step_that_is_cut_off_is_done_whole_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    First(path).close()

    def cut(db: sqlite3.Connection, steps: tuple[Migration, ...], where: Path) -> None:
        migrate(db, steps, where)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(connection, "migrate", cut)
        with pytest.raises(KeyboardInterrupt):
            Second(path)
    with sqlite3.connect(path) as db:
        assert number_of(db) == 1
        assert db.execute("SELECT count(*) FROM things").fetchone()[0] == 1
    db.close()
    assert things(Second(path)) == ["one", "one+", "two"]


def test_two_that_open_at_once_do_it_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    First(path).close()
    ready = Barrier(6)

    def open_it() -> None:
        ready.wait()
        Second(path).close()

    threads = [Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert things(Second(path)) == ["one", "one+", "two"]


def test_an_older_program_refuses_a_newer_file_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Second(path).close()
    with pytest.raises(StorageError) as refused:
        First(path)
    assert "migration 2" in refused.value.message
    assert "newer version" in (refused.value.hint or "")
    assert "reset" not in str(refused.value) + (refused.value.hint or "")


def test_films_gone_for_ever_are_looked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "crawl.db"
    crawl = SqliteCrawl(path)
    with crawl.writing() as db:
        db.execute("INSERT INTO films (movie_id, fetched_at, gone) VALUES (7, 5, 1)")
        db.execute("PRAGMA user_version = 0")
    crawl.close()
    again = SqliteCrawl(path)
    assert again.again(10, 5) == [7]
    with again.reading() as db:
        assert number_of(db) == len(CRAWL)
