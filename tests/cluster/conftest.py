"""The real services, each started once for the whole run and always ended."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from marquee.adapters.cassandra import CassandraSpeedStore, Nodes
from marquee.adapters.mongo import Client, MongoSpeedViews, MongoViews, connect
from marquee.app import Platform
from marquee.services.cassandra import Cassandra
from marquee.services.kafka import Kafka
from marquee.services.mongo import Mongo
from marquee.services.registry import Registry
from marquee.services.service import Service
from marquee.watch import audit


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


class ClusterPorts:
    """Makes the cluster's adapters, each on a database of its own."""

    def __init__(self, documents: Client, cql: Any) -> None:
        self.documents = documents
        self.cql = cql

    def __call__(self, port: str) -> Any:
        if port == "views":
            return MongoViews(self.documents, fresh())
        if port == "speed_views":
            return MongoSpeedViews(self.documents, fresh())
        return CassandraSpeedStore(self.cql, replicas=1, keyspace=fresh())


@pytest.fixture
def adapter(documents: Client, cql: Any) -> ClusterPorts:
    return ClusterPorts(documents, cql)
