"""Which release of each source's ratings a home holds."""

from marquee.adapters.sqlite.connection import SqliteStore
from marquee.domain.releases import Release

SCHEMA = """
CREATE TABLE IF NOT EXISTS releases (source TEXT PRIMARY KEY, through INTEGER NOT NULL, ratings INTEGER NOT NULL);
"""


class SqliteReleases(SqliteStore):
    """`Releases` in one file."""

    schema = SCHEMA

    def held(self, source: str) -> Release | None:
        """Return the release that was begun last."""
        query = "SELECT through, ratings FROM releases WHERE source = ?"
        with self.reading() as db:
            row = db.execute(query, (source,)).fetchone()
        return None if row is None else Release(*row)

    def begin(self, source: str, release: Release) -> None:
        """Remember a release."""
        with self.writing() as db:
            query = "INSERT OR REPLACE INTO releases VALUES (?, ?, ?)"
            db.execute(query, (source, release.through, release.ratings))
