"""API keys and what they allow."""

from dataclasses import dataclass

SCOPES = ("read", "operate")
"""read: films, lists and searches; operate: status and metrics."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: int
    revoked_at: int | None
    expires_at: int | None
