"""The keys of the API."""

from typing import Protocol

from marquee.domain.keys import ApiKey


class Keys(Protocol):
    """The keys of the API; secrets are kept as hashes only."""

    def create(self, name: str, scopes: tuple[str, ...], now: int, expires_at: int | None = None) -> str:
        """Make a key and return its secret, which is shown this once. expires_at: a time (ms); never without it."""
        ...

    def find(self, secret: str, now: int) -> ApiKey | None:
        """Return the key with this secret that stands now."""
        ...

    def list(self) -> list[ApiKey]:
        """Return all keys, revoked ones too."""
        ...

    def any_standing(self) -> bool:
        """Say whether any key stands; one that has expired still means that a key is asked for."""
        ...

    def revoke(self, key_id: int, now: int) -> bool:
        """Revoke a key; return whether it stood."""
        ...
