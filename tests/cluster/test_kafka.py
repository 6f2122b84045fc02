"""The log on real Kafka with a real Schema Registry: order, content, time, positions, poison, a broker that dies."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, Message, Producer
from confluent_kafka.admin import ConfigResource  # type: ignore[attr-defined]
from pydantic import SecretStr
from tests.cluster.conftest import OnStore, close, fresh, running
from tests.facts import history, review

from marquee.adapters.cassandra import CassandraSpeedStore, Nodes
from marquee.adapters.kafka.avro import AvroCodec
from marquee.adapters.kafka.log import KafkaLog
from marquee.adapters.kafka.topics import (
    DEAD_LETTERS,
    MESSAGE_BYTES,
    RECORD_BYTES,
    Brokers,
    configure,
    create_topics,
    security,
)
from marquee.adapters.mongo import MongoSpeedViews, MongoViews
from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain import schema
from marquee.domain.codec import records
from marquee.domain.events import EVENT_BYTES, RATINGS, REVIEWS, TOPICS
from marquee.domain.timeline import DAY, HOUR, MINUTE, ManualClock, floor
from marquee.errors import SettingsError, TransientError
from marquee.services.cassandra import Cassandra
from marquee.services.kafka import Kafka
from marquee.services.mongo import Mongo
from marquee.services.registry import Registry
from marquee.settings import load
from marquee.testing.events import rating_event, review_event, review_of_bytes
from marquee.watch import audit


def names(log: KafkaLog, after: str = "", **limits: Any) -> list[str]:
    batches, _ = log.read(after, 10**6, **limits)
    return [record.event.event_id for batch in batches for record in records(batch)]


@pytest.fixture
def log(kafka_log: OnStore) -> Iterator[KafkaLog]:
    made: KafkaLog = kafka_log(fresh())
    yield made
    made.close()


def letters(cluster: Kafka, wanted: int) -> list[Message]:
    """The dead letters."""
    reader = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": fresh(), "auto.offset.reset": "earliest"})
    try:
        reader.subscribe([DEAD_LETTERS])
        return [message for message in reader.consume(wanted, 20) if message.error() is None]
    finally:
        reader.close()


def test_times_are_the_brokers_own_whatever_they_are_given(log: KafkaLog) -> None:
    began = SYSTEM_CLOCK.now()
    log.append([rating_event("a", 1, 0)], 0)
    log.append([rating_event("b", 2, 0)], began + DAY)
    assert all(began <= batch.ingest_time <= SYSTEM_CLOCK.now() for batch in log.read("", 10)[0])


def test_an_hour_is_sealed_a_minute_after_its_end_and_a_cut_is_a_seal(log: KafkaLog) -> None:
    now = floor(SYSTEM_CLOCK.now(), HOUR)
    assert log.seal(now + MINUTE - 1) == now - HOUR
    assert log.seal(now + MINUTE) == now
    assert log.cut(now + MINUTE) == now, "the brokers' own time cannot be cut"


def test_what_retention_may_have_dropped_may_have_been_accepted(log: KafkaLog) -> None:
    with log.backdated():
        log.append([rating_event("a", 1, 0)], 90 * DAY)
        log.append([rating_event("b", 1, 0)], 91 * DAY)
        assert not log.accepted(0, 90 * DAY)
        log.trim(91 * DAY)
        assert log.accepted(0, 90 * DAY)
        assert not log.accepted(91 * DAY + 1, 92 * DAY)


def test_what_cannot_be_read_is_buried(log: KafkaLog, shared_kafka: Kafka) -> None:
    producer = Producer({"bootstrap.servers": shared_kafka.bootstrap})
    producer.produce(REVIEWS, b"not avro", b"1", 1)
    producer.produce(REVIEWS, b"\x00\x00\x00\x00\x63garbage", b"1", 1)
    assert producer.flush(10) == 0
    log.append([review_event("sound", 1, 0)], 0)
    assert names(log) == ["sound"]
    found = letters(shared_kafka, 2)
    assert {letter.value() for letter in found} == {b"not avro", b"\x00\x00\x00\x00\x63garbage"}
    headers = dict(found[0].headers() or [])
    assert b"not an event in Avro" in headers["reason"]
    assert headers["from"].startswith(b"movie.reviews/1/")


def test_what_is_longer_than_an_event_is_buried_in_part(log: KafkaLog, shared_kafka: Kafka) -> None:
    producer = Producer({"bootstrap.servers": shared_kafka.bootstrap, "message.max.bytes": RECORD_BYTES})
    noise = Random(1).randbytes(MESSAGE_BYTES)
    producer.produce(REVIEWS, noise, b"1", 1)
    assert producer.flush(10) == 0
    log.append([review_event("after noise", 1, 0)], 0)
    assert names(log) == ["after noise"]
    (letter,) = letters(shared_kafka, 1)
    assert dict(letter.headers() or [])["bytes"] == str(len(noise)).encode()
    assert letter.value() == noise[:EVENT_BYTES]


def test_records_are_kept_as_long_as_is_set_now(log: KafkaLog, codec: AvroCodec) -> None:
    def kept() -> set[str]:
        asked = [ConfigResource(ConfigResource.Type.TOPIC, topic) for topic in TOPICS]
        return {held.result(20)["retention.ms"].value for held in log.admin.describe_configs(asked).values()}

    assert kept() == {str(7 * DAY)}
    KafkaLog(replace(log.brokers, kept=3 * DAY), codec).close()
    until = time.monotonic() + 20
    while kept() != {str(3 * DAY)}:  # a broker hears of it from the controller, a little later
        assert time.monotonic() < until, kept()
        time.sleep(0.1)


def test_a_topic_that_takes_too_little_is_named(log: KafkaLog) -> None:
    configure(log.admin, {"max.message.bytes": "300000"})
    fits, too_long = (review_of_bytes(name, 1, size) for name, size in (("fits", 200_000), ("too long", 900_000)))
    log.append([fits], 0)
    with pytest.raises(SettingsError, match="takes records of 300,000 bytes; an event may have 1,024,000") as told:
        log.append([too_long], 0)
    assert "--add-config max.message.bytes=1048588" in told.value.hint
    with pytest.raises(SettingsError, match="takes records of 300,000 bytes"):
        create_topics(log.admin, log.brokers)


def test_a_broker_killed_loses_nothing_that_was_acknowledged(kafka: Callable[[int], Kafka], codec: AvroCodec) -> None:
    cluster = kafka(3)
    log = KafkaLog(Brokers(cluster.bootstrap), codec)
    try:
        acknowledged = []
        for number in range(60):
            if number == 20:
                cluster.brokers[0].kill()
            if number == 40:
                cluster.brokers[0].start().wait()
            log.append([review_event(f"k{number}", number, number)], 0)
            acknowledged.append(f"k{number}")
        assert sorted(names(log)) == sorted(acknowledged)
    finally:
        log.close()


def test_a_schema_that_breaks_readers_is_refused(
    registry: Registry, codec: AvroCodec, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{registry.address}/subjects/{REVIEWS}-value/versions"
    before = len(httpx.get(address).json())
    sound = schema.avro_schema(REVIEWS)
    broken = {**sound, "fields": [*sound["fields"], {"name": "mood", "type": "string"}]}
    monkeypatch.setattr("marquee.adapters.kafka.avro.avro_schema", lambda topic: broken)
    with pytest.raises(SettingsError, match=r"movie\.reviews is not BACKWARD compatible"):
        codec.register(REVIEWS)
    grown = {**sound, "fields": [*sound["fields"], {"name": "mood", "type": ["null", "string"], "default": None}]}
    monkeypatch.setattr("marquee.adapters.kafka.avro.avro_schema", lambda topic: grown)
    codec.register(REVIEWS)
    assert len(httpx.get(address).json()) == before + 1


def test_the_whole_platform_over_kafka_mongodb_and_cassandra(
    kafka: Callable[[int], Kafka], registry: Registry, mongo: Mongo, cassandra: Cassandra, tmp_path: Path
) -> None:
    clock = ManualClock(SYSTEM_CLOCK.now())
    settings = load(
        home=tmp_path / "home",
        kafka=kafka(1).bootstrap,
        kafka_replicas=1,
        registry=registry.address,
        cassandra=cassandra.address,
        cassandra_replicas=1,
    )
    settings.mongo = SecretStr(mongo.address)
    platform = Platform(settings, clock)
    platform.speed_store = CassandraSpeedStore(Nodes.of(cassandra.address).connect(), 1, keyspace=fresh())
    platform.views = MongoViews(platform.mongo, fresh())
    platform.speed_views = MongoSpeedViews(platform.mongo, platform.views.db.name)
    log = platform.log
    assert isinstance(log, KafkaLog)
    try:
        door, speed = platform.door(), platform.speed()
        for _, facts in history(5, clock.now() - 12 * HOUR, 12):
            door.accept(facts)
            speed.drain()
        found = audit.verify(platform)
        assert (found["differ"], found["answers_checked"] > 40) == (0, True), found["examples"]
        reached, _ = platform.speed_views.state()
        assert set(log.behind(reached.position).values()) == {0}
        door.accept([review(5, clock.now(), "one more")])
        assert log.behind(reached.position)[REVIEWS] == 1
        speed.drain()
        clock.time += 2 * HOUR
        report = platform.batch().run()
        assert report.report["archived"] > 50
        found = audit.verify(platform)
        assert (found["differ"], found["answers_checked"] > 40) == (0, True), found["examples"]
    finally:
        close(platform)


def test_a_registry_killed_and_started_again_still_reads_what_was_written(tmp_path: Path) -> None:
    for own in running(Registry(tmp_path / "registry")):
        codec = AvroCodec(own.address)
        first, second = review_event("a", 1, 5), rating_event("b", 2, 6)
        written = codec.encode(REVIEWS, first), codec.encode(RATINGS, second)
        codec.close()
        unaware = AvroCodec(own.address)
        own.kill()
        with pytest.raises(TransientError, match="the schema registry"):
            unaware.decode(REVIEWS, b"\0" + (999).to_bytes(4, "big") + written[0][5:])
        unaware.close()
        own.start().wait()
        again = AvroCodec(own.address)
        assert json.loads(again.decode(REVIEWS, written[0]))["event_id"] == "a"
        assert json.loads(again.decode(RATINGS, written[1]))["event_id"] == "b"
        assert again.encode(REVIEWS, first) == written[0]
        again.close()


def test_backdated_records_bear_the_time_they_are_given(log: KafkaLog) -> None:
    with log.backdated():
        log.append([review_event("a", 1, 5)], 90 * DAY)
        log.append([review_event("b", 1, 5)], 91 * DAY)
    log.append([review_event("c", 1, 5)], 92 * DAY)
    batches, _ = log.read("", 100)
    assert [batch.ingest_time for batch in batches[:2]] == [90 * DAY, 91 * DAY]
    assert batches[2].ingest_time > SYSTEM_CLOCK.now() - HOUR
    assert log.seal(SYSTEM_CLOCK.now()) > 92 * DAY


def test_kafka_without_a_registry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no Schema Registry"):
        _ = Platform(load(home=tmp_path / "home", kafka="127.0.0.1:1")).log


def test_a_registry_that_is_away_is_said_in_words() -> None:
    with pytest.raises(TransientError, match="the schema registry"):
        AvroCodec("http://127.0.0.1:1")


def test_security_follows_what_is_given() -> None:
    assert security(None, None, None) == {}
    assert security("u", "p", Path("/ca"))["security.protocol"] == "SASL_SSL"
    assert security("u", "p", None)["sasl.password"] == "p"
    assert security(None, None, Path("/ca")) == {"ssl.ca.location": "/ca", "security.protocol": "SSL"}
