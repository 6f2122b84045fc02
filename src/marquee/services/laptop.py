"""The whole cluster on one machine: every service a process of this one, its state and its log in the home."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from marquee.services.cassandra import Cassandra
from marquee.services.hdfs import Hdfs
from marquee.services.kafka import Kafka
from marquee.services.mongo import Mongo
from marquee.services.redis import Redis
from marquee.services.registry import Registry
from marquee.services.service import Service, free_port

SETTINGS = "settings.env"
"""The settings that lead to the services, as long as they run: every command of the home reads them."""

STATE = "services.json"


class Part(Protocol):
    """A service, or some that belong together."""

    def start(self) -> object:
        """Start it, without waiting."""
        ...

    def wait(self) -> object:
        """Wait until it answers."""
        ...

    def stop(self) -> None:
        """End it."""
        ...


@dataclass(slots=True)
class Ports:
    """Ports by name, chosen once for a folder: what services know each other by must outlive them."""

    path: Path
    chosen: dict[str, int] = field(default_factory=dict)

    def __call__(self, name: str) -> int:
        """Return a port, the same at every start."""
        if not self.chosen and self.path.exists():
            self.chosen = json.loads(self.path.read_text())
        if name not in self.chosen:
            self.chosen[name] = free_port()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps(self.chosen, indent=1))
        return self.chosen[name]


class Laptop:
    """Kafka, its registry, Cassandra, MongoDB, HDFS and Redis, on 127.0.0.1."""

    def __init__(self, folder: Path, brokers: int = 1, datanodes: int = 1) -> None:
        self.folder = folder.absolute()
        ports = Ports(self.folder / "ports.json")
        self.kafka = Kafka(
            self.folder / "kafka", brokers, [(ports(f"kafka-{n}"), ports(f"kafka-control-{n}")) for n in range(brokers)]
        )
        self.registry = Registry(self.folder / "registry", ports("registry"))
        self.cassandra = Cassandra(self.folder / "cassandra", port=ports("cassandra"), storage=ports("cassandra-ring"))
        self.mongo = Mongo(self.folder / "mongo", port=ports("mongo"))
        self.hdfs = Hdfs(self.folder / "hdfs", datanodes, ports("hdfs"), ports("hdfs-web"))
        self.redis = Redis(self.folder / "redis", port=ports("redis"))
        self.parts: dict[str, Part] = {
            "Kafka": self.kafka,
            "Schema Registry": self.registry,
            "Cassandra": self.cassandra,
            "MongoDB": self.mongo,
            "HDFS": self.hdfs,
            "Redis": self.redis,
        }

    @property
    def services(self) -> list[Service]:
        """Every process."""
        single: list[Service] = [self.registry, self.cassandra, self.mongo, self.hdfs.names, self.redis]
        return [*self.kafka.brokers, *single, *self.hdfs.nodes]

    def settings(self) -> Mapping[str, str]:
        """Return the settings that lead to the services."""
        return {
            "MARQUEE_PROFILE": "cluster",
            "MARQUEE_KAFKA": self.kafka.bootstrap,
            "MARQUEE_KAFKA_REPLICAS": str(min(3, len(self.kafka.brokers))),
            "MARQUEE_REGISTRY": self.registry.address,
            "MARQUEE_CASSANDRA": self.cassandra.address,
            "MARQUEE_CASSANDRA_REPLICAS": "1",
            "MARQUEE_MONGO": self.mongo.address,
            "MARQUEE_REDIS": self.redis.address,
            "MARQUEE_SPARK": "local[2]",
            "MARQUEE_LAKE": f"{self.hdfs.address}/marquee",
        }

    def start(self, say: Callable[[str], None]) -> "Laptop":
        """Start all, wait for all, and leave word of where they are."""
        for part in self.parts.values():
            part.start()
        for name, part in self.parts.items():
            part.wait()
            say(name)
        (self.folder / SETTINGS).write_text("".join(f"{key}={value}\n" for key, value in self.settings().items()))
        (self.folder / SETTINGS).chmod(0o600)
        states = [
            {"name": one.name, "pid": one.process.pid, "address": f"{one.host}:{one.port}", "log": str(one.log)}
            for one in self.services
            if one.process is not None
        ]
        (self.folder / STATE).write_text(json.dumps(states, indent=1))
        return self

    def ended(self) -> Service | None:
        """Return a service that has ended by itself."""
        return next((service for service in self.services if not service.alive), None)

    def stop(self) -> None:
        """End all."""
        (self.folder / SETTINGS).unlink(missing_ok=True)
        (self.folder / STATE).unlink(missing_ok=True)
        for part in reversed(self.parts.values()):
            part.stop()
