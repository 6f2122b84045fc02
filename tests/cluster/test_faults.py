"""What goes wrong between the real services: slow stores, poison, copies, schemas that change, servers that die, late runs."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest
from confluent_kafka import Consumer, Producer
from tests.cluster.conftest import close, differ, environment_of, fresh
from tests.facts import TEXTS, film, review

from marquee.adapters.kafka.avro import AvroCodec
from marquee.adapters.kafka.log import KafkaLog
from marquee.adapters.kafka.topics import DEAD_LETTERS, Brokers
from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain import schema
from marquee.domain.events import REVIEWS
from marquee.domain.timeline import HOUR, SECOND, ManualClock, floor, iso
from marquee.services.cassandra import Cassandra
from marquee.services.mongo import Mongo
from marquee.services.service import Service, free_port
from marquee.settings import load
from marquee.testing.events import review_event

FILMS = range(1, 60)
FROZEN_SECONDS = 4.0


@pytest.fixture
def platform(services: dict[str, str]) -> Iterator[Platform]:
    """Return a platform over them with films, reviews and a first run; its clock follows the brokers' until it is set."""
    made = Platform(load(**services), ManualClock(SYSTEM_CLOCK.now()))
    now = made.clock.now()
    made.door().accept([film(n, now) for n in FILMS] + [review(n, now - n * HOUR, f"r{n}") for n in FILMS])
    made.speed().drain()
    yield made
    close(made)


def run_batch(platform: Platform) -> None:
    """Publish a run up to the hour that Kafka's clock has not ended yet."""
    assert isinstance(platform.clock, ManualClock)
    platform.clock.time += 2 * HOUR
    assert platform.batch().run().state == "published"


def reviews(platform: Platform, movie_id: int) -> int:
    query = platform.query()
    query.refresh()
    return int(query.movie(movie_id)["sentiment"]["reviews"])


class Frozen:
    """A service that answers nothing for some seconds, as one does that collects garbage or waits for its disk."""

    def __init__(self, service: Service) -> None:
        assert service.process is not None
        self.process = service.process

    def __enter__(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        self.timer = threading.Timer(FROZEN_SECONDS, self.process.send_signal, [signal.SIGCONT])
        self.timer.start()

    def __exit__(self, *_: object) -> None:
        self.timer.join()


def test_slow_stores_lose_and_double_nothing(platform: Platform, own_cassandra: Cassandra, own_mongo: Mongo) -> None:
    for number, service in enumerate((own_cassandra, own_mongo)):
        platform.door().accept([review(n, SYSTEM_CLOCK.now(), f"slow{number}-{n}") for n in FILMS])
        with Frozen(service):
            began = time.monotonic()
            platform.speed().drain()
            assert time.monotonic() - began > FROZEN_SECONDS / 2
        assert differ(platform) == 0
    with Frozen(own_mongo):
        run_batch(platform)
    assert differ(platform) == 0
    assert reviews(platform, 7) == 3


def test_a_poisoned_record_is_set_aside_and_stops_neither_layer(platform: Platform, services: dict[str, str]) -> None:
    producer = Producer({"bootstrap.servers": services["kafka"]})
    for value in (b"\xff\xfe not avro", b"", b"\x00\x00\x00\x00\x01\x02"):
        producer.produce(REVIEWS, value, key=b"7", partition=0)
    assert producer.flush(20) == 0
    platform.door().accept([review(n, SYSTEM_CLOCK.now(), f"after{n}") for n in FILMS])
    platform.speed().drain()
    assert differ(platform) == 0
    run_batch(platform)
    assert differ(platform) == 0
    assert reviews(platform, 7) == 2
    options = {"bootstrap.servers": services["kafka"], "group.id": "t", "auto.offset.reset": "earliest"}
    consumer = Consumer(options)
    consumer.subscribe([DEAD_LETTERS])
    try:
        found = [message for message in consumer.consume(10, 15) if message.error() is None]
    finally:
        consumer.close()
    assert {(message.value() or b"") for message in found} >= {b"\xff\xfe not avro"}
    assert all(dict(message.headers() or [])["reason"] for message in found)


def test_what_kafka_delivers_again_counts_once(platform: Platform) -> None:
    events = [review_event(f"again{n}", n, SYSTEM_CLOCK.now(), TEXTS[1]) for n in FILMS]
    for _ in range(3):
        platform.log.append(events, 0)
        platform.speed().drain()
    assert reviews(platform, 7) == 2
    run_batch(platform)
    platform.log.append(events, 0)
    platform.speed().drain()
    assert differ(platform) == 0
    assert reviews(platform, 7) == 2


def test_writers_of_a_newer_schema_and_readers_of_the_older_agree(
    platform: Platform, services: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that registers one more field, while readers and another writer still run the program of before."""
    sound = schema.avro_schema
    more = {"name": f"mood{fresh()}", "type": ["null", "string"], "default": None}

    def grown(topic: str) -> dict[str, object]:
        found = sound(topic)
        return {**found, "fields": [*found["fields"], more]} if topic == REVIEWS else found

    with monkeypatch.context() as newer:
        newer.setattr("marquee.adapters.kafka.avro.avro_schema", grown)
        codec = AvroCodec(services["registry"])
    log = KafkaLog(Brokers(services["kafka"], replicas=1), codec)
    try:
        log.append([review_event(f"newer{n}", n, SYSTEM_CLOCK.now()) for n in FILMS], 0)
        platform.door().accept([review(n, SYSTEM_CLOCK.now(), f"older{n}") for n in FILMS])
        platform.speed().drain()
        assert reviews(platform, 7) == 3
        run_batch(platform)
        assert differ(platform) == 0
        assert log.read("", 10_000, REVIEWS)[0]
    finally:
        log.close()
        codec.close()


def test_a_server_killed_while_it_answers_answers_the_same_again(platform: Platform, services: dict[str, str]) -> None:
    run_batch(platform)
    port = free_port()
    environment = environment_of(services)
    address = f"http://127.0.0.1:{port}/v1/movies"
    bodies: list[dict[int, object]] = []
    for _ in range(2):
        command = [sys.executable, "-m", "marquee", "serve", "--port", str(port)]
        server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                try:
                    httpx.get(f"{address}/7").raise_for_status()
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
            bodies.append({n: httpx.get(f"{address}/{n}").json()["sentiment"] for n in FILMS})
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
    assert bodies[0] == bodies[1]
    assert len(bodies[0]) == len(FILMS)
    assert differ(platform) == 0


def test_a_batch_fifty_hours_late_is_named_by_coverage_and_mended_by_the_next_run(services: dict[str, str]) -> None:
    clock = ManualClock(SYSTEM_CLOCK.now() - 2 * HOUR)
    platform = Platform(load(**services), clock)
    try:
        with platform.log.backdated():
            platform.door().accept([film(n, clock.now()) for n in FILMS] + [review(7, clock.now(), "published")])
        clock.time = SYSTEM_CLOCK.now()
        platform.door().accept([review(7, clock.now(), "after the frontier")])
        platform.speed().drain()
        assert platform.batch().run().state == "published"
        query = platform.query()
        query.refresh()
        assert query.movie(7)["coverage"]["complete"]
        published = query.movie(7)["coverage"]["frontier"]
        frontier = int(datetime.fromisoformat(published).timestamp() * SECOND)
        clock.time = frontier + 50 * HOUR + HOUR // 2
        query.refresh()
        coverage = query.movie(7)["coverage"]
        assert not coverage["complete"]
        (gap,) = coverage["gaps"]
        assert gap["from"] == published
        assert gap["to"] == iso(floor(clock.now(), HOUR) - 47 * HOUR)  # of the hour before it a part is gone
        assert platform.batch().run().state == "published"
        query = platform.query()
        query.refresh()
        assert query.movie(7)["coverage"]["complete"]
        assert differ(platform) == 0
    finally:
        close(platform)
