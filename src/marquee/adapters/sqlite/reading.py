"""Databases as they are, for those who only look: in a folder that cannot be written and on a full disk too."""

import shutil
import sqlite3
import tempfile
from pathlib import Path

UNWRITABLE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
"""What SQLite answers where it would have to write something beside a file to open it, and cannot."""


def unwritable(error: sqlite3.Error) -> bool:
    """Say whether an error may be one of writing alone."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in UNWRITABLE


def look(path: Path, schema: str = "") -> sqlite3.Connection:
    """Open a database for reading alone; where there is none, an empty one of that schema.

    SQLite cannot open a database in WAL mode where it cannot write beside it. If its last writer has left no log of
    changes, it is read as a file that nobody changes; else both are copied to where temporary files go, and read there.
    """
    if not path.exists():
        connection = opened(":memory:")
        connection.executescript(f"{schema}; PRAGMA query_only = ON")
        return connection
    address = path.resolve().as_uri()
    try:
        return opened(f"{address}?mode=ro")
    except sqlite3.OperationalError as error:
        if not unwritable(error):
            raise
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        return copied(path, log)
    return opened(f"{address}?mode=ro&immutable=1")


def opened(address: str) -> sqlite3.Connection:
    """Return a connection by a URI, tried."""
    connection = sqlite3.connect(address, isolation_level=None, check_same_thread=False, uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except BaseException:
        connection.close()
        raise
    return connection


def copied(path: Path, log: Path) -> sqlite3.Connection:
    """Return a connection to a copy of a database and its log, whose name is gone already: it goes with the connection."""
    with tempfile.TemporaryDirectory(prefix="marquee-") as scratch:
        copy = Path(shutil.copy(path, Path(scratch) / "copy.db"))
        shutil.copy(log, copy.with_name("copy.db-wal"))
        connection = opened(copy.as_uri())
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA query_only = ON")
    return connection
