"""The identity index in memory."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from marquee.domain.codec import identity_of
from marquee.domain.events import RATINGS, REVIEWS, Event
from marquee.domain.records import Identity


class MemoryIndex:
    """An `IdentityIndex` as a dict."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], tuple[int, str, Identity]] = {}
        self.at = ""

    def position(self) -> str:
        """Return the log position it reflects."""
        return self.at

    def lookup(self, topic: str, identities: Iterable[str]) -> dict[str, Identity]:
        """Return what is known of these identities."""
        return {name: self.known[topic, name][2] for name in identities if (topic, name) in self.known}

    def standing_reviews(self, movie_id: int, source: str) -> set[str]:
        """Return the identities of a film's standing reviews."""
        return {
            name
            for (topic, name), (movie, origin, held) in self.known.items()
            if topic == REVIEWS and held.alive and (movie, origin) == (movie_id, source)
        }

    def readings(self, movie_id: int, source: str) -> dict[str, Identity]:
        """Return what is known of a film's readings at a source."""
        return {
            name: held
            for (topic, name), (movie, origin, held) in self.known.items()
            if topic == RATINGS and (movie, origin) == (movie_id, source)
        }

    def rated(self, source: str) -> set[int]:
        """Return the films with readings at a source."""
        return {movie for (topic, _), (movie, origin, _) in self.known.items() if (topic, origin) == (RATINGS, source)}

    def touch(self, topic: str, told: Mapping[str, int]) -> None:
        """Note when things were told again as they were."""
        for name, at in told.items():
            if (topic, name) in self.known:
                movie_id, source, held = self.known[topic, name]
                self.known[topic, name] = (movie_id, source, replace(held, at=max(held.at, at)))

    def apply(self, events: Iterable[tuple[str, Event]], position: str) -> None:
        """Fold events and move on."""
        for topic, event in events:
            self.known[topic, event.identity] = (event.movie_id, event.source, identity_of(event))
        self.at = position
