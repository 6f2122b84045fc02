"""Which release of each source's ratings a home holds."""

import threading
from pathlib import Path

from marquee.adapters.sqlite import connect, explained, transaction
from marquee.domain.releases import Release

SCHEMA = """
CREATE TABLE IF NOT EXISTS releases (source TEXT PRIMARY KEY, through INTEGER NOT NULL, ratings INTEGER NOT NULL);
"""


class SqliteReleases:
    """`Releases` in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = connect(path, SCHEMA)
        self.guard = threading.RLock()

    def held(self, source: str) -> Release | None:
        """Return the release that was begun last."""
        query = "SELECT through, ratings FROM releases WHERE source = ?"
        with self.guard, explained(self.path):
            row = self.connection.execute(query, (source,)).fetchone()
        return None if row is None else Release(*row)

    def begin(self, source: str, release: Release) -> None:
        """Remember a release."""
        with self.guard, transaction(self.connection, self.path) as db:
            query = "INSERT OR REPLACE INTO releases VALUES (?, ?, ?)"
            db.execute(query, (source, release.through, release.ratings))
