"""The Avro schemas come from the events: every event survives them, and they evolve both ways."""

import copy
import io
from typing import Any, get_type_hints

import fastavro
import pytest
from fastavro.schema import parse_schema
from hypothesis import given
from hypothesis import strategies as st

from marquee.domain.codec import decode, encode
from marquee.domain.events import (
    METADATA,
    RATINGS,
    REVIEWS,
    TOPICS,
    Credit,
    Event,
    FilmEvent,
    RatingEvent,
    ReviewEvent,
    topic_of,
)
from marquee.domain.schema import avro_record, avro_schema

ENVELOPE: dict[str, Any] = {
    "event_id": "e1",
    "movie_id": 550,
    "event_time": 1,
    "weight": 1,
    "source": "t",
    "identity": "i",
    "revision": 1,
    "digest": "d",
}
EXAMPLES: dict[str, Event] = {
    REVIEWS: ReviewEvent(**ENVELOPE, author="a", stars=None, text="فيلم رائع 🎬\u2028"),
    RATINGS: RatingEvent(**ENVELOPE, votes=3, average=7_250, popularity=-1),
    METADATA: FilmEvent(
        **ENVELOPE,
        **dict.fromkeys(("title", "original_title", "language", "status", "overview", "tagline"), "x"),
        **dict.fromkeys(("release_date", "runtime", "budget", "revenue", "poster", "imdb_id")),
        **dict.fromkeys(("genres", "keywords", "companies", "countries"), ("y", "z")),
        deleted=False,
        cast=(Credit(person_id=1, name="n", job="j"),),
        crew=(Credit(person_id=None, name="m", job="Director"),),
        recommended=(3, 2),
    ),
}


def in_avro(event: dict[str, Any], schema: dict[str, Any]) -> io.BytesIO:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, parse_schema(schema), event)
    buffer.seek(0)
    return buffer


def through_avro(event: dict[str, Any], written: dict[str, Any], read: dict[str, Any]) -> Any:
    return fastavro.schemaless_reader(in_avro(event, written), parse_schema(written), parse_schema(read))


@pytest.mark.parametrize("topic", TOPICS)
def test_an_event_survives_json_and_avro(topic: str) -> None:
    event = EXAMPLES[topic]
    assert decode(topic, encode(event)) == event
    plain = avro_record(event)
    assert through_avro(plain, avro_schema(topic), avro_schema(topic)) == plain


whole, texts = st.integers(-(2**63), 2**63 - 1), st.text(max_size=9) | st.integers(0, 70_000).map("é".__mul__)
HINTS = {int: whole, str: texts, bool: st.booleans(), Credit: st.builds(Credit, person_id=whole, name=texts, job=texts)}
HINTS |= {int | None: st.none() | whole, str | None: st.none() | texts}
HINTS |= {tuple[kind, ...]: st.lists(HINTS[kind], max_size=3).map(tuple) for kind in (str, Credit)}
HINTS |= {tuple[int, ...] | None: st.none() | st.lists(whole, max_size=3).map(tuple)}
anything = st.sampled_from(sorted(TOPICS)).flatmap(
    lambda topic: st.builds(
        TOPICS[topic], **{name: HINTS[hint] for name, hint in get_type_hints(TOPICS[topic]).items()}
    )
)


@given(anything)
def test_an_event_is_shorter_in_avro_than_as_json(event: Event) -> None:
    """So that what is bounded in JSON is bounded in Kafka too, where five bytes name the schema."""
    assert len(in_avro(avro_record(event), avro_schema(topic_of(event))).getvalue()) + 5 <= len(encode(event))


@pytest.mark.parametrize("topic", TOPICS)
def test_an_optional_field_can_come_and_go(topic: str) -> None:
    now = avro_schema(topic)
    later = copy.deepcopy(now)
    later["fields"].append({"name": "new_field", "type": ["null", "string"], "default": None})
    plain = avro_record(EXAMPLES[topic])
    assert through_avro(plain, now, later)["new_field"] is None
    assert "new_field" not in through_avro({**plain, "new_field": "v"}, later, now)


def test_a_field_without_default_is_not_backward_compatible() -> None:
    now = avro_schema(RATINGS)
    later = copy.deepcopy(now)
    later["fields"].append({"name": "new_field", "type": "string"})
    with pytest.raises(fastavro.read.SchemaResolutionError):
        through_avro(avro_record(EXAMPLES[RATINGS]), now, later)
