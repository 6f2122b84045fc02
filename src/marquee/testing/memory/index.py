"""The identity index in memory."""

from collections.abc import Iterable

from marquee.domain.codec import encode
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

    def apply(self, events: Iterable[tuple[str, Event]], position: str) -> None:
        """Fold events and move on."""
        for topic, event in events:
            body = encode(event) if topic == REVIEWS and event.weight > 0 else None
            held = Identity(event.revision, event.digest, event.weight > 0, event.source, body, event.event_time)
            self.known[topic, event.identity] = (event.movie_id, event.source, held)
        self.at = position
