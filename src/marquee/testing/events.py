"""Small events, cells and micro-batches to test with."""

from random import Random

import orjson

from marquee.domain.codec import encode
from marquee.domain.events import RATINGS, Event, RatingEvent, ReviewEvent
from marquee.domain.measures import Cell, lift_gauge
from marquee.domain.monoids import Gauge
from marquee.domain.records import MicroBatch, SpeedFilm

NOON = 1_773_489_600_000
"""2026-03-14 12:00 UTC."""


def review_of_bytes(event_id: str, movie_id: int, size: int, letter: str = "") -> Event:
    """Return an event whose line has so many bytes: of one letter as far as it goes, else of text that no codec makes shorter."""
    rest = size - len(encode(review_event(event_id, movie_id, 0, "")))
    each = len(orjson.dumps(letter)) - 2
    noise = Random(size).randbytes(rest).hex()  # noqa: S311
    text = letter * (rest // each) + noise[: rest % each] if letter else noise[:rest]
    return review_event(event_id, movie_id, 0, text)


def rating_event(event_id: str, movie_id: int, at: int, count: int = 5) -> Event:
    """Return a reading of a film's votes at a time (ms)."""
    identity = f"{RATINGS}/{movie_id}"
    return RatingEvent(
        event_id=event_id,
        movie_id=movie_id,
        event_time=at,
        weight=1,
        source="t",
        identity=identity,
        revision=1,
        digest="d",
        votes=count,
        average=7_000,
        popularity=1,
    )


def review_event(
    event_id: str, movie_id: int, at: int, text: str = "A wonderful, moving film.", weight: int = 1
) -> Event:
    """Return a review written at a time (ms), or with weight -1 its retraction."""
    return ReviewEvent(
        event_id=event_id,
        movie_id=movie_id,
        event_time=at,
        weight=weight,
        source="t",
        identity=f"review-{event_id}",
        revision=1,
        digest="d",
        author="a",
        stars=None,
        text=text,
    )


def gauge(at: int, count: int = 1) -> Cell:
    """Return a cell with one reading of votes."""
    return lift_gauge(Gauge(at, 0, count, 7_000, 1))


def micro(
    batch_id: int, cells: dict[tuple[int, int, int], Cell], *seen: str, films: tuple[SpeedFilm, ...] = ()
) -> MicroBatch:
    """Return a micro-batch of cells by (movie, hour, window), with the events that it folded."""
    return MicroBatch(batch_id, cells, films, [(name, NOON) for name in seen], str(batch_id), NOON, NOON + batch_id)
