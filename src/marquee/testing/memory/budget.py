"""The budget of requests in memory."""

import time
from collections.abc import Callable

from marquee.ports.budget import LONGEST_WAIT


class MemoryBudget:
    """`Slots` of one process, spaced evenly at a rate (requests a second)."""

    def __init__(self, rate: float, now: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.now = now
        self.free_at = now()

    def reserve(self) -> float:
        """Take the next free slot."""
        now = self.now()
        slot = max(now, self.free_at)
        self.free_at = slot + 1 / self.rate
        return slot - now

    def penalise(self, seconds: float) -> None:
        """Let nobody ask for some seconds."""
        self.free_at = max(self.free_at, self.now() + min(seconds, LONGEST_WAIT))
