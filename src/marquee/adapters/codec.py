"""Events as JSON bytes, one line each: what the log and bronze hold."""

from typing import Any

import orjson

from marquee.domain.events import (
    EVENT_BYTES,
    METADATA,
    RATINGS,
    Credit,
    Event,
    FilmEvent,
    RatingEvent,
    Record,
    ReviewEvent,
    topic_of,
)
from marquee.errors import TerminalError
from marquee.ports import Batch


def encode(event: Event) -> bytes:
    """Return an event as one line of JSON."""
    return orjson.dumps(event)


def bounded(event: Event) -> bytes:
    """Return an event as one line of JSON; TerminalError of a new one over EVENT_BYTES, which no log takes."""
    body = encode(event)
    if len(body) > EVENT_BYTES and event.weight > 0:
        raise TerminalError(
            f"an event of {topic_of(event)} about film {event.movie_id} has {len(body):,} bytes; a log takes"
            f" {EVENT_BYTES:,}",
            hint="Write to the log through the door, which quarantines what is too long.",
        )
    return body


def decode(topic: str, body: bytes) -> Event:
    """Read an event back; TypeError or ValueError when it is not one."""
    values: dict[str, Any] = orjson.loads(body)
    if topic == METADATA:
        for name in ("genres", "keywords", "companies", "countries"):
            values[name] = tuple(values[name])
        for name in ("cast", "crew"):
            values[name] = tuple(Credit(**credit) for credit in values[name])
        return FilmEvent(**values)
    return RatingEvent(**values) if topic == RATINGS else ReviewEvent(**values)


def records(batch: Batch) -> list[Record]:
    """Return a batch's records, decoded."""
    return [
        Record(
            batch.topic,
            batch.partition,
            batch.first_offset + index,
            batch.ingest_time,
            batch.period,
            decode(batch.topic, body),
        )
        for index, body in enumerate(batch.bodies)
    ]
