"""API keys: kept as SHA-256 hashes only. A key has 192 random bits, so a slow hash would add nothing."""

import hashlib
import secrets
from types import MappingProxyType

from marquee.adapters.sqlite.connection import SqliteStore
from marquee.domain.keys import ApiKey

SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL, revoked_at INTEGER, expires_at INTEGER);
"""

PREFIX = "mq_"


COLUMNS = "id, name, scopes, created_at, revoked_at, expires_at"


def key_of(row: tuple[int, str, str, int, int | None, int | None]) -> ApiKey:
    """Read a row of `COLUMNS`."""
    key_id, name, scopes, created_at, revoked_at, expires_at = row
    return ApiKey(key_id, name, tuple(scopes.split()), created_at, revoked_at, expires_at)


def hashed(secret: str) -> str:
    """Return the form in which a key is kept."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


class SqliteKeys(SqliteStore):
    """The keys of a home."""

    schema = SCHEMA
    added = MappingProxyType({"keys": {"expires_at": "INTEGER"}})

    def create(self, name: str, scopes: tuple[str, ...], now: int, expires_at: int | None = None) -> str:
        """Make a key and return its secret, which is shown this once. expires_at: a time (ms); never without it."""
        secret = PREFIX + secrets.token_urlsafe(24)
        with self.writing() as db:
            db.execute(
                "INSERT INTO keys (hash, name, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
                (hashed(secret), name, " ".join(scopes), now, expires_at),
            )
        return secret

    def find(self, secret: str, now: int) -> ApiKey | None:
        """Return the key with this secret that stands now."""
        with self.reading() as db:
            query = (
                f"SELECT {COLUMNS} FROM keys WHERE hash = ? AND revoked_at IS NULL"
                " AND (expires_at IS NULL OR expires_at > ?)"
            )
            row = db.execute(query, (hashed(secret), now)).fetchone()
        return None if row is None else key_of(row)

    def list(self) -> list[ApiKey]:
        """Return all keys, revoked ones too."""
        with self.reading() as db:
            return [key_of(row) for row in db.execute(f"SELECT {COLUMNS} FROM keys ORDER BY id")]

    def any_standing(self) -> bool:
        """Say whether any key stands; one that has expired still means that a key is asked for."""
        return any(key.revoked_at is None for key in self.list())

    def revoke(self, key_id: int, now: int) -> bool:
        """Revoke a key; return whether it stood."""
        with self.writing() as db:
            query = "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
            return bool(db.execute(query, (now, key_id)).rowcount)
