"""What other files of a data set say of films: kept beside the memory until the films themselves are read."""

import json
import sqlite3
from pathlib import Path

GROUP = 2_000


class Extras:
    """Values by film id and name, in a temporary file. The first of two values counts."""

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "extras.db", isolation_level=None)
        self.connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; DROP TABLE IF EXISTS extras;"
            "CREATE TABLE extras (id INTEGER, name TEXT, value TEXT, PRIMARY KEY (id, name)) WITHOUT ROWID;"
        )
        self.pending: list[tuple[int, str, str]] = []

    def put(self, movie_id: int, name: str, value: object) -> None:
        """Keep a value that JSON can hold."""
        self.pending.append((movie_id, name, json.dumps(value, default=str)))
        if len(self.pending) >= GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what is pending."""
        self.connection.execute("BEGIN")
        self.connection.executemany("INSERT OR IGNORE INTO extras VALUES (?, ?, ?)", self.pending)
        self.connection.execute("COMMIT")
        self.pending.clear()

    def get(self, movie_id: int) -> dict[str, object]:
        """Return what is kept of a film, by name."""
        if self.pending:
            self.flush()
        rows = self.connection.execute("SELECT name, value FROM extras WHERE id = ?", (movie_id,))
        return {name: json.loads(value) for name, value in rows}

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()
