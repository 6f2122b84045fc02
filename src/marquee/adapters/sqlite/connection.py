"""SQLite as this platform uses it: one base for every store in a file, and its failures in words."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar

from marquee.adapters.remedies import remedy
from marquee.adapters.sqlite.migrations import Migration, due, migrate
from marquee.adapters.sqlite.reading import look, unwritable
from marquee.errors import StorageError
from marquee.places import shown

BUSY_SECONDS = 30


class SqliteStore:
    """What lives in one database file, made where it is missing, safe for several threads and processes at once.

    The threads of a process share one connection, and SQLite's transactions belong to connections: so nobody touches it
    but through `reading` and `writing`, which let one thread at a time have it.
    """

    schema: ClassVar[str]
    added: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """Columns that tables have gained since they were first made: by table, the name and what SQL declares it as. They stand
    here alone, so that a new file and an older one get them in the same way."""

    then: ClassVar[tuple[str, ...]] = ()
    """Statements to run once where columns were added, in the same transaction."""

    migrations: ClassVar[tuple[Migration, ...]] = ()
    """The numbered steps that bring an older file here, after its columns."""

    durable: ClassVar[bool] = False
    """Whether every commit is synced, so that what was acknowledged survives a power cut."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.RLock()
        self._connection = self.opened()
        if self.added:
            self.widen()
        if self.migrations:
            self.migrate()

    def migrate(self) -> None:
        """Do the steps that are due, each in a transaction of its own."""
        while True:
            with self.reading() as db:
                if not due(db, self.migrations, self.path):
                    return
            with self.writing() as db:
                migrate(db, self.migrations, self.path)

    def widen(self) -> None:
        """Give the tables of an older file the columns that they lack. Nothing is written where none is."""
        with self.reading() as db:
            if not self.lacking(db):
                return
        with self.writing() as db:
            for table, name in self.lacking(db):  # another process may have come first
                db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {self.added[table][name]}")
            for statement in self.then:
                db.execute(statement)

    def lacking(self, db: sqlite3.Connection) -> list[tuple[str, str]]:
        """Return which columns are not there, each with its table."""
        held = {table: {row[1] for row in db.execute(f"PRAGMA table_info({table})")} for table in self.added}
        return [(table, name) for table, names in self.added.items() for name in names if name not in held[table]]

    def opened(self) -> sqlite3.Connection:
        """Return a connection to the database, its tables made; one to look only, where nothing can be written."""
        with explained(self.path):
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                connection = sqlite3.connect(self.path, BUSY_SECONDS, isolation_level=None, check_same_thread=False)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(f"PRAGMA synchronous = {'FULL' if self.durable else 'NORMAL'}")
                connection.executescript(self.schema)
            except sqlite3.OperationalError as error:
                if not unwritable(error):
                    raise
                return look(self.path, self.schema)
        return connection

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """Have the connection to oneself."""
        with self._guard:
            yield self._connection

    @contextmanager
    def reading(self, *, at_once: bool = False) -> Iterator[sqlite3.Connection]:
        """Read; `at_once`: all of it as of one moment."""
        with self.alone() as db, explained(self.path):
            if not at_once:
                yield db
                return
            with transaction(db, "BEGIN"):
                yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write in one transaction, which is rolled back where the block fails."""
        with self.alone() as db, explained(self.path), transaction(db, "BEGIN IMMEDIATE"):
            yield db

    def close(self) -> None:
        """Let go of the file."""
        with self.alone() as db:
            db.close()


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    """Run a block in one transaction."""
    connection.execute(begin)
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def looked_into(path: Path) -> Iterator[sqlite3.Connection]:
    """Look into a database as it is, whoever it belongs to, for the length of a block."""
    with explained(path), closing(look(path)) as connection:
        yield connection


def copy(source: Path, target: Path) -> None:
    """Copy a database as of one moment, whoever writes to it. What fails of the target is the caller's to explain."""
    with explained(source):
        held = look(source)
    with closing(held), closing(sqlite3.connect(target)) as made:
        held.backup(made)


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
