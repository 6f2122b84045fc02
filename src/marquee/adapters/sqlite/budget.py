"""The embedded budget of requests to TMDB."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from marquee.adapters.sqlite.connection import SqliteStore
from marquee.ports.budget import LONGEST_WAIT


class Budget(SqliteStore):
    """Spaces requests evenly at a rate, over all threads and processes that share the file.

    It keeps how many seconds the slots taken reach `ahead` of the moment `at` which the last was taken. The clock is the
    machine's monotonic one, which no one sets; where it goes back all the same, as after a restart of the machine, no
    time counts as passed.
    """

    schema = """
CREATE TABLE IF NOT EXISTS pace (one INTEGER PRIMARY KEY CHECK (one = 1), ahead REAL NOT NULL, at REAL NOT NULL);
"""

    def __init__(self, path: Path, rate: float, now: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.now = now
        super().__init__(path)

    def reserve(self) -> float:
        """Take the next free slot; return how long to wait for it, in seconds."""
        with self.writing() as db:
            now, wait = self.ahead(db)
            self.keep(db, wait + 1 / self.rate, now)
        return wait

    def penalise(self, seconds: float) -> None:
        """Let nobody ask for some seconds: TMDB said so."""
        with self.writing() as db:
            now, wait = self.ahead(db)
            self.keep(db, max(wait, min(seconds, LONGEST_WAIT)), now)

    def ahead(self, db: sqlite3.Connection) -> tuple[float, float]:
        """Return the time, and how far the slots taken reach ahead of it (s)."""
        now = self.now()
        ahead, at = db.execute("SELECT ahead, at FROM pace").fetchone() or (0.0, now)
        return now, max(0.0, ahead - max(0.0, now - at))

    @staticmethod
    def keep(db: sqlite3.Connection, ahead: float, now: float) -> None:
        """Remember how far the slots taken reach."""
        db.execute("INSERT OR REPLACE INTO pace VALUES (1, ?, ?)", (ahead, now))
