"""The topics of the log in Kafka: what is set of them, and how they are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)
from confluent_kafka.cimpl import NewTopic

from marquee.domain.events import EVENT_BYTES, METADATA, TOPICS
from marquee.domain.retention import USUAL
from marquee.domain.timeline import DAY
from marquee.errors import SettingsError, TransientError

DEAD_LETTERS = "movie.dead-letters"
"""Where records go that cannot be read, with the reason in a header."""

OWN_TIME = {"message.timestamp.type": "LogAppendTime"}
"""Records bear the time at which a broker took them."""

RECORD_BYTES = 1_048_588
"""Most bytes of a batch of records in a topic: Kafka's own default, so that topics made earlier agree."""

MESSAGE_BYTES = RECORD_BYTES - 1_024
"""Most bytes of a key and a value: what frames them in a batch takes less than the rest."""

WAIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Brokers:
    """Where Kafka is. security: librdkafka's settings for SASL and TLS; kept: how long topics keep records (ms)."""

    bootstrap: str
    replicas: int = 3
    partitions: int = 6
    security: Mapping[str, str] | None = None
    kept: int = USUAL.log

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return a client's settings."""
        return {"bootstrap.servers": self.bootstrap, **(self.security or {}), "log_level": 0, **more}


def security(user: str | None, password: str | None, authority: Path | None) -> dict[str, str]:
    """Return librdkafka's settings for a SASL user (SCRAM-SHA-512) and for TLS, each where it is given."""
    found: dict[str, str] = {}
    if user is not None:
        found |= {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": user, "sasl.password": password or ""}
    if authority is not None:
        found["ssl.ca.location"] = str(authority)
    kinds = {(False, False): "", (True, False): "SASL_PLAINTEXT", (False, True): "SSL", (True, True): "SASL_SSL"}
    protocol = kinds[user is not None, authority is not None]
    return {**found, "security.protocol": protocol} if protocol else {}


def create_topics(admin: AdminClient, brokers: Brokers) -> None:
    """Create the topics that are not there; SettingsError where one that is there takes less than an event may have."""
    common = lasting(brokers) | {
        "min.insync.replicas": str(max(1, brokers.replicas - 1)),
        "compression.type": "zstd",
        "max.message.bytes": str(RECORD_BYTES),
    }
    compacted = {"cleanup.policy": "compact,delete", "min.compaction.lag.ms": str(2 * DAY)}
    wanted = [
        NewTopic(topic, brokers.partitions, brokers.replicas, config=common | (compacted if topic == METADATA else {}))
        for topic in TOPICS
    ]
    wanted.append(NewTopic(DEAD_LETTERS, 1, brokers.replicas, config=common))
    for name, future in admin.create_topics(wanted, operation_timeout=WAIT_SECONDS).items():
        try:
            future.result(WAIT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise away(f"topic {name} cannot be made", error) from error
        except TimeoutError as error:
            raise TransientError(
                f"Kafka does not answer at {brokers.bootstrap}, or does not let us in",
                hint="Is it up? Check MARQUEE_KAFKA and, where it asks, MARQUEE_KAFKA_USER, _PASSWORD and _CA.",
            ) from error
    check_topics(admin, brokers)


def lasting(brokers: Brokers) -> dict[str, str]:
    """Return the properties by which topics bear the brokers' time, and keep records for so long."""
    return OWN_TIME | {"retention.ms": str(brokers.kept)}


def check_topics(admin: AdminClient, brokers: Brokers) -> None:
    """Raise SettingsError where a topic takes less than an event may have, and its frame; keep records as is set now.

    Who may not look at a topic's settings goes on, and hears of it when a record is refused.
    """
    asked = [ConfigResource(ConfigResource.Type.TOPIC, topic) for topic in (*TOPICS, DEAD_LETTERS)]
    others = False
    for resource, future in admin.describe_configs(asked, request_timeout=WAIT_SECONDS).items():
        try:
            held = future.result(WAIT_SECONDS)
        except KafkaException:
            continue
        taken = int(held["max.message.bytes"].value)
        if taken < EVENT_BYTES + RECORD_BYTES - MESSAGE_BYTES:
            raise SettingsError(
                f"the topic {resource.name} takes records of {taken:,} bytes; an event may have {EVENT_BYTES:,}",
                hint=f"kafka-configs.sh --bootstrap-server SERVER --alter --topic {resource.name}"
                f" --add-config max.message.bytes={RECORD_BYTES}",
            )
        others |= int(held["retention.ms"].value) not in (
            brokers.kept,
            -1,
        )  # -1: another process gives records their time
    if others:
        configure(admin, {"retention.ms": str(brokers.kept)})


def configure(admin: AdminClient, values: Mapping[str, str]) -> None:
    """Set properties of the topics of events."""
    change = AlterConfigOpType.SET
    entries = [ConfigEntry(name, value, incremental_operation=change) for name, value in values.items()]
    asked = [ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries) for topic in TOPICS]
    for future in admin.incremental_alter_configs(asked).values():
        try:
            future.result(WAIT_SECONDS)
        except KafkaException as error:
            raise away("topics cannot be set", error) from error


def away(what: str, error: KafkaException) -> TransientError:
    """Return the error for brokers that do not do as asked."""
    return TransientError(f"Kafka: {what}: {error.args[0].str()}", hint="Is it running? See MARQUEE_KAFKA.")
