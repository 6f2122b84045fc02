"""Events as JSON bytes, one line each: what the log and bronze hold."""

from dataclasses import is_dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import orjson

from marquee.domain.events import (
    EVENT_BYTES,
    TOPICS,
    Event,
    RatingEvent,
    Record,
    ReviewEvent,
    topic_of,
)
from marquee.domain.records import Batch, Identity
from marquee.errors import TerminalError


def encode(event: Event) -> bytes:
    """Return an event as one line of JSON."""
    return orjson.dumps(event)


def identity_of(event: Event) -> Identity:
    """Return what an index knows of an event's thing after it: of a review that stands, its text too, which a retraction
    repeats; of a reading, its votes, from which the next one's gain is counted."""
    body = None
    if isinstance(event, ReviewEvent) and event.weight > 0:
        body = encode(event)
    elif isinstance(event, RatingEvent):
        body = b"%d" % event.votes
    return Identity(event.revision, event.digest, event.weight > 0, event.source, body, event.event_time)


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
    """Read an event back; TypeError or ValueError when it is not one.

    Fields that the event's version did not have are the dataclass's defaults; those that this version does not know,
    as a newer one has written them, are left out.
    """
    values = orjson.loads(body)
    if not isinstance(values, dict):
        raise TypeError("an event is an object")
    event: Event = built(TOPICS[topic], values)
    return event


def built(kind: type, values: dict[str, Any]) -> Any:
    """Return a dataclass of a JSON object's values."""
    own, lists = shape_of(kind)
    known = values if values.keys() <= own else {name: value for name, value in values.items() if name in own}
    if lists:
        known = {**known, **{name: listed(item, known[name]) for name, item in lists if name in known}}
    return kind(**known)


def listed(item: Any, values: Any) -> tuple[Any, ...] | None:
    """Return a JSON array as a tuple of its items; null stays None."""
    if values is None:
        return None
    return (
        tuple(built(item, value) for value in values)
        if isinstance(item, type) and is_dataclass(item)
        else tuple(values)
    )


@cache
def shape_of(kind: type) -> tuple[frozenset[str], tuple[tuple[str, Any], ...]]:
    """Return a dataclass's fields, and those that are tuples, or may be, with the type of their items."""
    hints = get_type_hints(kind)
    kinds = ((name, found) for name, hint in hints.items() for found in (hint, *get_args(hint)))
    return frozenset(hints), tuple((name, get_args(found)[0]) for name, found in kinds if get_origin(found) is tuple)


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
