"""API keys in memory."""

import builtins
import secrets
from dataclasses import replace

from marquee.domain.keys import ApiKey


class MemoryKeys:
    """`Keys` as a dict by secret, which is safe for tests alone."""

    def __init__(self) -> None:
        self.held: dict[str, ApiKey] = {}

    def create(self, name: str, scopes: tuple[str, ...], now: int, expires_at: int | None = None) -> str:
        """Make a key and return its secret."""
        secret = secrets.token_urlsafe(24)
        self.held[secret] = ApiKey(len(self.held) + 1, name, scopes, now, None, expires_at)
        return secret

    def find(self, secret: str, now: int) -> ApiKey | None:
        """Return the key with this secret that stands now."""
        key = self.held.get(secret)
        if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
            return None
        return key

    def list(self) -> builtins.list[ApiKey]:
        """Return all keys."""
        return [*self.held.values()]

    def any_standing(self) -> bool:
        """Say whether any key stands."""
        return any(key.revoked_at is None for key in self.held.values())

    def revoke(self, key_id: int, now: int) -> bool:
        """Revoke a key; return whether it stood."""
        for secret, key in self.held.items():
            if key.id == key_id and key.revoked_at is None:
                self.held[secret] = replace(key, revoked_at=now)
                return True
        return False
