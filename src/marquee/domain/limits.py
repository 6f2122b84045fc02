"""Rate limits: so many requests a minute per key, with a burst."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

RATE = 100
"""Requests a minute that a key may make for ever."""

BURST = 20
"""Requests a key may make at once."""

FORGET_AT = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a request found. remaining: requests left at once; wait: seconds until one more is allowed."""

    allowed: bool
    remaining: int
    wait: float

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the RateLimit headers (IETF draft-ietf-httpapi-ratelimit-headers, field names of version 06)."""
        found = {
            "ratelimit-limit": BURST,
            "ratelimit-remaining": self.remaining,
            "ratelimit-reset": round(self.wait + 0.5),
        }
        return [(name.encode(), str(value).encode()) for name, value in found.items()]


class RateLimit:
    """The generic cell rate algorithm (ITU-T I.371): one number a key, no timers.

    A key's number is the time at which its bucket would be empty; a request moves it on by the interval
    between requests, and is refused where that would lie more than a burst ahead.
    """

    def __init__(self, now: Callable[[], float], rate: int = RATE, burst: int = BURST) -> None:
        self.now = now
        self.interval = 60 / rate
        self.burst = burst
        self.due: dict[Hashable, float] = {}

    def take(self, key: Hashable) -> Allowance:
        """Ask for one request."""
        now = self.now()
        if len(self.due) > FORGET_AT:
            self.due = {name: due for name, due in self.due.items() if due > now}
        due = max(now, self.due.get(key, now)) + self.interval
        found = self.allowance(due - now)
        if found.allowed:
            self.due[key] = due
        return found

    def allowance(self, ahead: float) -> Allowance:
        """Return what a request finds that would bring its key so far (s) ahead of now."""
        if ahead > self.burst * self.interval + 1e-9:
            return Allowance(False, 0, ahead - self.burst * self.interval)
        left = int(self.burst - ahead / self.interval + 1e-9)
        return Allowance(True, left, 0.0 if left else self.interval)
