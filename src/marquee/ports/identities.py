"""What has been emitted, by identity."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from marquee.domain.events import Event
from marquee.domain.records import Identity


class IdentityIndex(Protocol):
    """A durable view of the log: what has been emitted. Behind the log after a crash, it is caught up from it."""

    def position(self) -> str:
        """Return the log position it reflects."""
        ...

    def lookup(self, topic: str, identities: Iterable[str]) -> dict[str, Identity]:
        """Return what is known of these identities."""
        ...

    def standing_reviews(self, movie_id: int, source: str) -> set[str]:
        """Return the identities of a film's reviews from a source that have not been retracted."""
        ...

    def readings(self, movie_id: int, source: str) -> dict[str, Identity]:
        """Return what is known of a film's readings of its gauges at a source, by identity: one that begins with `FILM@`."""
        ...

    def rated(self, source: str) -> set[int]:
        """Return the films of which readings at a source are known."""
        ...

    def touch(self, topic: str, told: Mapping[str, int]) -> None:
        """Note that things were told again as they were, and when (ms). Not in the log: lost with the index, and no more
        than a hint of when a reading was last seen."""
        ...

    def apply(self, events: Iterable[tuple[str, Event]], position: str) -> None:
        """Fold (topic, event) pairs and move to `position`, in one transaction."""
        ...
