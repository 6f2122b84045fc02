"""SQLite connections as this platform uses them, and its failures in words."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from marquee.adapters.remedies import remedy
from marquee.adapters.sqlite_reading import look, unwritable
from marquee.errors import StorageError
from marquee.places import shown

BUSY_SECONDS = 30


def connect(path: Path, schema: str, *, durable: bool = False) -> sqlite3.Connection:
    """Open a database in WAL mode and create what is missing.

    `durable` syncs at every commit, so that what was acknowledged survives a power cut; otherwise a
    crash of the machine, not of the process, may lose the last commits. Where nothing can be written, the database can
    be read all the same.
    """
    with explained(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.executescript(schema)
        except sqlite3.OperationalError as error:
            if not unwritable(error):
                raise
            return look(path, schema)
    return connection


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's failures on `path` into a StorageError that says what to do."""
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.DatabaseError, OSError) as error:
        text = str(error)
        if "full" in text or "No space" in text:
            hint = "Free some space on that disk and start again: nothing acknowledged is lost."
        elif "readonly" in text or "Read-only" in text or "unable to open" in text or "ermission" in text:
            hint = "Make the folder writable, or choose another one with --home or MARQUEE_HOME."
        elif "locked" in text:
            hint = f"Another process has held it for {BUSY_SECONDS} s: see `marquee status` and end that process."
        else:
            hint = remedy(path)
        raise StorageError(f"cannot use {shown(path)}: {text}", hint=hint) from error


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path, *, write: bool = True) -> Iterator[sqlite3.Connection]:
    """Run a block in one transaction; it is rolled back when the block fails."""
    with explained(path):
        connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        try:
            yield connection
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def add_columns(connection: sqlite3.Connection, path: Path, table: str, columns: Mapping[str, str]) -> None:
    """Add the columns (name: type and default) that a table of an earlier version lacks. Nothing is written where none is."""

    def missing() -> list[str]:
        held = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        return [name for name in columns if name not in held]

    with explained(path):
        if not missing():
            return
    with transaction(connection, path) as db:
        for name in missing():  # another process may have come first
            db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")
