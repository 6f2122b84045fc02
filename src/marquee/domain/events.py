"""The facts Marquee is built from, one dataclass a topic. Everything else derives its schema from these.

Units: times in ms since the epoch; stars = rating x 10; average = vote_average x 10^3;
popularity x 10^4, -1 where a source has none; money in whole dollars. Unknown is None, never zero.
"""

import hashlib
from dataclasses import dataclass, fields
from typing import Any, Final, get_type_hints

REVIEWS: Final = "movie.reviews"
RATINGS: Final = "movie.ratings"
METADATA: Final = "movie.metadata"

EVENT_BYTES: Final = 1_024_000
"""Most bytes of a new event as a line of JSON: what the door lets in, every log takes, and a record of Kafka holds.

A retraction is never too long: it repeats what was let in.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact about one film.

    `identity` names the thing the fact is about within its topic, `revision` counts its changes and
    `digest` fingerprints its content: with them the door's index can be rebuilt from the log alone.
    `weight` is +1, or -1 for a retraction of an earlier fact.
    """

    event_id: str
    movie_id: int
    event_time: int
    weight: int
    source: str
    identity: str
    revision: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewEvent(Event):
    """A review written (+1) or taken back (-1, with the text it had). Event time: when it was written."""

    author: str
    stars: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingEvent(Event):
    """A film's vote gauges as observed at the event time. Gauges are never summed.

    gained: votes since the reading before of the same series, below zero where they fell; since: that reading's
    time (ms), None of a series' first. What was gained is summed: `domain/gains.py` spreads it over the time between.
    """

    votes: int
    average: int
    popularity: int
    gained: int = 0
    since: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """One person's part in a film; `job` is the character for cast and the function for crew."""

    person_id: int | None
    name: str
    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmEvent(Event):
    """What a film is, as observed at the event time; `deleted` when the source no longer has it.

    A field more is declared here, with the default by which earlier events are read, and read of TMDB's bodies in
    `sources/tmdb_facts.py`; every store, wire and answer follows.

    collection: the series that the film is part of; recommended: ids of the films that the source recommends beside it,
    the best first, None where it did not say.
    """

    deleted: bool = False
    title: str = ""
    original_title: str = ""
    language: str = ""
    release_date: str | None = None
    status: str = ""
    runtime: int | None = None
    budget: int | None = None
    revenue: int | None = None
    overview: str = ""
    tagline: str = ""
    poster: str | None = None
    imdb_id: str | None = None
    genres: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    cast: tuple[Credit, ...] = ()
    crew: tuple[Credit, ...] = ()
    collection_id: int | None = None
    collection: str | None = None
    recommended: tuple[int, ...] | None = None


TOPICS: Final[dict[str, type[Event]]] = {REVIEWS: ReviewEvent, RATINGS: RatingEvent, METADATA: FilmEvent}


FILM_FIELDS: Final[dict[str, Any]] = {
    name: hint for name, hint in get_type_hints(FilmEvent).items() if name not in get_type_hints(Event)
}
"""What a film's description says, with its types."""

BLANK_FILM: Final[dict[str, Any]] = {
    field.name: field.default for field in fields(FilmEvent) if field.name in FILM_FIELDS
}
"""The description of a film of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Record:
    """An event as the log took it. Order within a film is (ingest_time, offset); period: that of its batch (`ports.Batch`)."""

    topic: str
    partition: int
    offset: int
    ingest_time: int
    period: int
    event: Event


def topic_of(event: Event) -> str:
    """Return the topic an event belongs to."""
    return next(topic for topic, kind in TOPICS.items() if type(event) is kind)


def fingerprint(*parts: object) -> str:
    """Return a 128-bit hex digest of the parts (BLAKE2b), stable across processes and versions."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(errors="surrogatepass"), digest_size=16).hexdigest()
