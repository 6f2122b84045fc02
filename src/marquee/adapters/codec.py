"""Events as JSON bytes, one line each: what the log and bronze hold."""

from typing import Any

import orjson

from marquee.domain.events import (
    METADATA,
    RATINGS,
    Credit,
    Event,
    FilmEvent,
    RatingEvent,
    Record,
    ReviewEvent,
)
from marquee.ports import Batch


def encode(event: Event) -> bytes:
    """Return an event as one line of JSON."""
    return orjson.dumps(event)


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
