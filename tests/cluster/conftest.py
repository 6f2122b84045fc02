"""The real services, each started once for the whole run and always ended."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from marquee.adapters.cassandra import CassandraSpeedStore, Nodes
from marquee.adapters.kafka.avro import AvroCodec
from marquee.adapters.kafka.log import KafkaLog
from marquee.adapters.kafka.topics import DEAD_LETTERS, Brokers
from marquee.adapters.mongo import Client, MongoSpeedViews, MongoViews, connect
from marquee.adapters.redis import Asked, Reach, RedisAnswers, RedisBudget, RedisRateLimit
from marquee.app import Platform
from marquee.domain.events import TOPICS
from marquee.services.cassandra import Cassandra
from marquee.services.jars import paths
from marquee.services.kafka import Kafka
from marquee.services.mongo import Mongo
from marquee.services.redis import Redis
from marquee.services.registry import Registry
from marquee.services.service import Service
from marquee.testing.suite.budget import RATE
from marquee.watch import audit

OnStore = Callable[[str], Any]
"""Makes an adapter over the store of a name, which is empty at first."""


def running(service: Service) -> Iterator[Any]:
    """Start a service, wait until it answers, and end it."""
    try:
        service.start().wait()
        yield service
    finally:
        service.stop()


@pytest.fixture(scope="session")
def mongo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongo]:
    yield from running(Mongo(tmp_path_factory.mktemp("mongo")))


@pytest.fixture(scope="session")
def cassandra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cassandra]:
    yield from running(Cassandra(tmp_path_factory.mktemp("cassandra"), "127.0.0.2"))


@pytest.fixture
def own_mongo(tmp_path: Path) -> Iterator[Mongo]:
    """A mongod of the test's own, that it may kill."""
    yield from running(Mongo(tmp_path / "mongo"))


@pytest.fixture
def own_cassandra(tmp_path: Path) -> Iterator[Cassandra]:
    """A node of the test's own, that it may kill."""
    yield from running(Cassandra(tmp_path / "cassandra", "127.0.0.3"))


@pytest.fixture(scope="session")
def cql(cassandra: Cassandra) -> Iterator[Any]:
    session = Nodes.of(cassandra.address).connect()
    yield session
    session.cluster.shutdown()


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    yield from running(Registry(tmp_path_factory.mktemp("registry")))


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[Callable[[int], Kafka]]:
    started: list[Kafka] = []

    def start(brokers: int) -> Kafka:
        started.append(Kafka(tmp_path / "kafka", brokers))
        return started[-1].start().wait()

    yield start
    for cluster in started:
        cluster.stop()


def close(platform: Platform) -> None:
    """Let go of the connections that a platform has opened."""
    opened = vars(platform)
    if "speed_store" in opened:
        opened["speed_store"].session.cluster.shutdown()
    if "log" in opened:
        opened["log"].close()
        opened["log"].codec.close()
    if "mongo" in opened:
        opened["mongo"].close()


@pytest.fixture
def services(
    kafka: Callable[[int], Kafka], registry: Registry, own_cassandra: Cassandra, own_mongo: Mongo, tmp_path: Path
) -> dict[str, str]:
    """Return the settings of services of the test's own."""
    return {
        "home": str(tmp_path / "home"),
        "kafka": kafka(1).bootstrap,
        "kafka_replicas": "1",
        "registry": registry.address,
        "cassandra": own_cassandra.address,
        "cassandra_replicas": "1",
        "mongo": own_mongo.address,
    }


def environment_of(settings: dict[str, str]) -> dict[str, str]:
    """Return this process's environment with settings in it."""
    return {**os.environ, **{f"MARQUEE_{name.upper()}": value for name, value in settings.items()}}


def fresh() -> str:
    """Return a name that no test has used."""
    return f"t{uuid.uuid4().hex[:12]}"


def differ(platform: Platform) -> int:
    found = audit.verify(platform)
    assert found["answers_checked"] > 40
    assert found["differ"] == 0, found["examples"]
    return int(found["differ"])


@pytest.fixture(scope="session")
def documents(mongo: Mongo) -> Iterator[Client]:
    with connect(mongo.address) as client:
        yield client


@pytest.fixture(scope="session")
def codec(registry: Registry) -> Iterator[AvroCodec]:
    found = AvroCodec(registry.address)
    yield found
    found.close()


@pytest.fixture(scope="session")
def shared_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker for tests that harm nothing and bring their own topics."""
    yield from running(Kafka(tmp_path_factory.mktemp("kafka"), 1))


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    yield from running(Redis(tmp_path_factory.mktemp("redis")))


@pytest.fixture(scope="module")
def local_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Spark over a folder. A process has one JVM: its jars are all that any test of this run needs."""
    from marquee.engines.spark import Warehouse, session

    folder = tmp_path_factory.mktemp("spark").as_uri()
    jars = paths("spark") + paths("spark-s3")
    started = session("local[2]", Warehouse(folder), jars, {"spark.sql.shuffle.partitions": "2"})
    yield started
    started.stop()


@pytest.fixture
def spark_lake(local_spark: Any, tmp_path: Path) -> OnStore:
    from marquee.engines.spark import SparkLake, Warehouse

    def make(name: str) -> SparkLake:
        for key, value in Warehouse((tmp_path / name).as_uri()).catalog(name).items():
            local_spark.conf.set(key, value)
        return SparkLake(local_spark, name)

    return make


@pytest.fixture
def kafka_log(shared_kafka: Kafka, codec: AvroCodec) -> OnStore:
    """Makes a log whose topics are new; one of another name is no more."""
    last = ""

    def make(name: str) -> KafkaLog:
        nonlocal last
        if name != last:
            empty()
        last = name
        return KafkaLog(Brokers(shared_kafka.bootstrap, replicas=1), codec)

    def empty() -> None:
        admin = AdminClient({"bootstrap.servers": shared_kafka.bootstrap})
        held = [topic for topic in admin.list_topics(timeout=20).topics if topic in (*TOPICS, DEAD_LETTERS)]
        for future in admin.delete_topics(held).values() if held else ():
            future.result(20)

    return make


@pytest.fixture
def cassandra_store(cql: Any) -> OnStore:
    return lambda name: CassandraSpeedStore(cql, replicas=1, keyspace=name)


@pytest.fixture
def mongo_views(documents: Client) -> OnStore:
    return lambda name: MongoViews(documents, name)


@pytest.fixture
def mongo_speed_views(documents: Client) -> OnStore:
    return lambda name: MongoSpeedViews(documents, name)


@pytest.fixture
def asked(shared_redis: Redis) -> Iterator[Callable[[str], Asked]]:
    """Makes what asks a Redis in which nothing is but what this name put there."""
    made: dict[str, list[Asked]] = {}

    def make(name: str) -> Asked:
        found = Asked(shared_redis.address, Reach())
        if name not in made:
            found.client.flushall()
        made.setdefault(name, []).append(found)
        return found

    yield make
    for held in made.values():
        for one in held:
            one.close()


@pytest.fixture
def redis_limits(asked: Callable[[str], Asked]) -> OnStore:
    return lambda name: RedisRateLimit(asked(name), absent)


@pytest.fixture
def redis_budget(asked: Callable[[str], Asked]) -> OnStore:
    return lambda name: RedisBudget(asked(name), Absent(), RATE)


@pytest.fixture
def redis_answers(asked: Callable[[str], Asked], shared_redis: Redis) -> OnStore:
    return lambda name: RedisAnswers(shared_redis.address, asked(name).reach)


def absent() -> float:
    """Stand for a clock that must not be asked, since Redis is there."""
    raise AssertionError("Redis was not asked")


class Absent:
    """A budget that must not be asked, since Redis is there."""

    def reserve(self) -> float:
        return absent()

    def penalise(self, seconds: float) -> None:
        absent()
