"""Events as Avro in Confluent's framing, their schemas kept in a Schema Registry (confluent-kafka, fastavro)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import orjson
from confluent_kafka import KafkaException
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, topic_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext
from httpx2 import HTTPError

from marquee.domain.events import TOPICS, Event
from marquee.domain.schema import avro_record, avro_schema
from marquee.errors import SettingsError, TransientError

COMPATIBILITY = "BACKWARD"


PATIENCE_SECONDS = 10


@contextmanager
def reaching() -> Iterator[None]:
    """Turn a registry that is away into TransientError: what it would have said is not known."""
    try:
        yield
    except SchemaRegistryError as error:
        if error.http_status_code < 500:
            raise
        raise TransientError(
            f"the schema registry failed: {error}", hint="See its log, and MARQUEE_REGISTRY."
        ) from error
    except HTTPError as error:
        raise TransientError(f"the schema registry does not answer: {error}", hint="See MARQUEE_REGISTRY.") from error


class AvroCodec:
    """Encodes events and decodes record values, with the schemas registered under `<topic>-value`."""

    def __init__(self, registry: str) -> None:
        self.client = SchemaRegistryClient({"url": registry, "timeout": PATIENCE_SECONDS})
        self.encoders: dict[str, AvroSerializer] = {}
        self.decoders: dict[str, AvroDeserializer] = {}
        for topic in TOPICS:
            self.register(topic)

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()

    def register(self, topic: str) -> None:
        """Register a topic's schema; SettingsError where it would break readers of what is in the log."""
        text, subject = json.dumps(avro_schema(topic)), f"{topic}-value"
        try:
            with reaching():
                self.client.set_compatibility(subject, COMPATIBILITY)
                self.client.register_schema(subject, Schema(text, "AVRO"))
        except SchemaRegistryError as error:
            if error.http_status_code != 409:
                raise TransientError(
                    f"the schema registry refused {subject}: {error}", hint="Is it running?"
                ) from error
            raise SettingsError(
                f"the schema of {topic} is not {COMPATIBILITY} compatible with the one registered: {error}",
                hint="Give a new field a default, and take none away that has none.",
            ) from error
        named = {"subject.name.strategy": topic_subject_name_strategy}
        options = {**named, "auto.register.schemas": False, "use.latest.version": True}
        self.encoders[topic] = AvroSerializer(self.client, text, conf=options)
        self.decoders[topic] = AvroDeserializer(self.client, text, conf=named)

    def encode(self, topic: str, event: Event) -> bytes:
        """Return an event as framed Avro."""
        with reaching():
            encoded = self.encoders[topic](avro_record(event), SerializationContext(topic, MessageField.VALUE))
        return bytes(encoded or b"")

    def decode(self, topic: str, value: bytes) -> bytes:
        """Return a record's value as the JSON line the rest of the platform reads; ValueError of anything else.

        TransientError where the registry is away: then nothing is known of the record, and it is no dead letter.
        """
        found: Any = None
        with (
            suppress(KafkaException, SchemaRegistryError, ValueError, TypeError, EOFError, KeyError, IndexError),
            reaching(),
        ):
            found = self.decoders[topic](value, SerializationContext(topic, MessageField.VALUE))
        if not isinstance(found, dict):
            raise ValueError("not an event in Avro with a registered schema")
        return orjson.dumps(found)
