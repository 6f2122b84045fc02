"""Answers kept for all API processes."""

from typing import Protocol


class SharedAnswers(Protocol):
    """Answers kept for all API processes. It may forget any, and be away; it never raises. One event loop uses it."""

    async def get(self, key: str) -> bytes | None:
        """Return a kept answer."""
        ...

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep an answer for some seconds."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...
