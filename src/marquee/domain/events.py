"""The facts Marquee is built from, one dataclass a topic. Everything else derives its schema from these.

Units: times in ms since the epoch; stars = rating x 10; average = vote_average x 10^3;
popularity x 10^4, -1 where a source has none; money in whole dollars. Unknown is None, never zero.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

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
    """A film's vote gauges as observed at the event time. Gauges are never summed."""

    votes: int
    average: int
    popularity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """One person's part in a film; `job` is the character for cast and the function for crew."""

    person_id: int | None
    name: str
    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmEvent(Event):
    """What a film is, as observed at the event time; `deleted` when the source no longer has it."""

    deleted: bool
    title: str
    original_title: str
    language: str
    release_date: str | None
    status: str
    runtime: int | None
    budget: int | None
    revenue: int | None
    overview: str
    tagline: str
    poster: str | None
    imdb_id: str | None
    genres: tuple[str, ...]
    keywords: tuple[str, ...]
    companies: tuple[str, ...]
    countries: tuple[str, ...]
    cast: tuple[Credit, ...]
    crew: tuple[Credit, ...]


TOPICS: Final[dict[str, type[Event]]] = {REVIEWS: ReviewEvent, RATINGS: RatingEvent, METADATA: FilmEvent}


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
