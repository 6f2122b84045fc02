"""What other files of a data set say of films: kept beside the memory until the films themselves are read."""

import json
from pathlib import Path

from marquee.adapters.sqlite.connection import SqliteStore

GROUP = 2_000


class Extras(SqliteStore):
    """Values by film id and name, in a temporary file. The first of two values counts."""

    schema = """
DROP TABLE IF EXISTS extras;
CREATE TABLE extras (id INTEGER, name TEXT, value TEXT, PRIMARY KEY (id, name)) WITHOUT ROWID;
"""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "extras.db")
        self.pending: list[tuple[int, str, str]] = []

    def put(self, movie_id: int, name: str, value: object) -> None:
        """Keep a value that JSON can hold."""
        self.pending.append((movie_id, name, json.dumps(value, default=str)))
        if len(self.pending) >= GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what is pending."""
        with self.writing() as db:
            db.executemany("INSERT OR IGNORE INTO extras VALUES (?, ?, ?)", self.pending)
        self.pending.clear()

    def get(self, movie_id: int) -> dict[str, object]:
        """Return what is kept of a film, by name."""
        if self.pending:
            self.flush()
        with self.reading() as db:
            rows = db.execute("SELECT name, value FROM extras WHERE id = ?", (movie_id,)).fetchall()
        return {name: json.loads(value) for name, value in rows}
