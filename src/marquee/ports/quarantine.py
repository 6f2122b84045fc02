"""Where bad records go."""

from collections.abc import Sequence
from typing import Protocol

from marquee.domain.records import Rejected


class Quarantine(Protocol):
    """Where bad records go, with the reason; never away."""

    def add(self, rows: Sequence[Rejected], now: int) -> None:
        """Keep records; one that is already there is counted, not repeated. Past `MOST_HELD` of a source and reason,
        records are counted in one row of their own."""
        ...

    def counts(self) -> dict[str, int]:
        """Return how many records each reason has."""
        ...

    def rows(self, limit: int) -> list[dict[str, object]]:
        """Return the newest rows, newest first."""
        ...
