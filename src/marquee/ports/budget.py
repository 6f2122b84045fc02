"""The budget of requests to TMDB."""

from typing import Protocol

LONGEST_WAIT = 120.0
"""Most seconds that a source is waited for, whatever it asks."""


class Slots(Protocol):
    """A budget of requests: so many a second, evenly spaced, over all who share it. Nobody waits longer than LONGEST_WAIT
    for what a source asked."""

    def reserve(self) -> float:
        """Take the next free slot; return how long to wait for it, in seconds."""
        ...

    def penalise(self, seconds: float) -> None:
        """Let nobody ask for some seconds: TMDB said so."""
        ...
