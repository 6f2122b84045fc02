"""Shared answers in memory."""

import time


class MemoryAnswers:
    """`SharedAnswers` as a dict of this process."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[float, bytes]] = {}

    async def get(self, key: str) -> bytes | None:
        """Return a kept answer whose time is not over."""
        until, value = self.held.get(key, (0.0, b""))
        return value if time.monotonic() < until else None

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep an answer for some seconds."""
        self.held[key] = (time.monotonic() + seconds, value)

    async def close(self) -> None:
        """Do nothing: there are no connections."""
