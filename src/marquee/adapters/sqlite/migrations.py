"""Numbered migrations of a database file: what no new column or table can do by itself.

A file notes the number of its last migration (SQLite's `user_version`), in the transaction that did it: a kill -9 leaves
it done or not begun. Columns that tables have gained stand in `SqliteStore.added`, and need no number.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from marquee.errors import StorageError
from marquee.places import shown


class Migration(NamedTuple):
    """A step: what it does, in words, and its statements. It must do no harm to a file that does not need it."""

    about: str
    statements: tuple[str, ...]


CRAWL = (
    Migration(
        "films that were taken as gone for ever at their first 404 are looked for again",
        (
            "INSERT OR IGNORE INTO aside SELECT movie_id, 'gone', 'TMDB had no such film', coalesce(fetched_at, 0), 1, 0"
            " FROM films WHERE gone",
        ),
    ),
)
"""The steps of crawl.db, from 1 on: a step is added at the end, and none is ever changed or taken away."""


def number_of(db: sqlite3.Connection) -> int:
    """Return the number of the last migration that a file has had."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def due(db: sqlite3.Connection, steps: Sequence[Migration], path: Path) -> Sequence[Migration]:
    """Return the steps that a file has not had; StorageError of one that a newer version has brought further."""
    number = number_of(db)
    if number > len(steps):
        raise StorageError(
            f"{shown(path)} has had migration {number}, and this version knows {len(steps)}",
            hint="A newer version of Marquee has used this home: go on with that one (`layout.json` names it).",
        )
    return steps[number:]


def migrate(db: sqlite3.Connection, steps: Sequence[Migration], path: Path) -> None:
    """Do the next step that is due, within the caller's transaction."""
    for step in due(db, steps, path)[:1]:
        for statement in step.statements:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number_of(db) + 1}")
