"""Real Kafka brokers in KRaft mode, each broker and controller in one."""

import base64
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

from marquee.errors import TransientError
from marquee.services.jars import java, paths
from marquee.services.service import Service, free_port

HEAP = "256m"


class Broker(Service):
    """One Kafka node of a cluster."""

    def __init__(self, folder: Path, number: int, ports: Sequence[tuple[int, int]], cluster_id: str) -> None:
        super().__init__(folder, port=ports[number - 1][0])
        self.name = f"kafka-{number}"
        self.number = number
        self.ports = ports
        self.cluster_id = cluster_id

    def java(self) -> list[str]:
        """Return the beginning of every command line."""
        path = ":".join(paths("kafka"))
        return [java(), f"-Xms{HEAP}", f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-Djava.awt.headless=true", "-cp", path]

    def configuration(self) -> dict[str, object]:
        """Return the node's properties."""
        count, controller = len(self.ports), self.ports[self.number - 1][1]
        replicas = min(3, count)
        voters = ",".join(f"{n}@127.0.0.1:{control}" for n, (_, control) in enumerate(self.ports, start=1))
        return {
            "process.roles": "broker,controller",
            "node.id": self.number,
            "controller.quorum.voters": voters,
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": self.folder / "data",
            "auto.create.topics.enable": "false",
            "default.replication.factor": replicas,
            "min.insync.replicas": max(1, replicas - 1),
            "offsets.topic.replication.factor": replicas,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": max(1, replicas - 1),
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": max(1, replicas - 1),
            "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
            "log.cleaner.threads": 1,
            "broker.session.timeout.ms": 6_000,
            "num.network.threads": 2,
            "num.io.threads": 2,
            "background.threads": 2,
        }

    def command(self) -> Sequence[str]:
        """Write the properties, format the storage where it is new, and return the broker's command line."""
        properties = self.folder / "server.properties"
        properties.write_text("".join(f"{name}={value}\n" for name, value in self.configuration().items()))
        if not (self.folder / "data" / "meta.properties").exists():
            tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={self.cluster_id}", "-c", str(properties)]
            done = subprocess.run(  # noqa: S603
                [*self.java(), *tool], capture_output=True, text=True, check=False, env=self.environment()
            )
            if done.returncode:
                raise TransientError(f"{self.name} cannot format its storage", hint=done.stderr[-2_000:])
        return [*self.java(), "kafka.Kafka", str(properties)]

    def ready(self) -> bool:
        """Say whether the whole cluster can be seen through this broker."""
        from confluent_kafka.admin import AdminClient

        client = AdminClient({"bootstrap.servers": f"127.0.0.1:{self.port}", "log_level": 0})
        return len(client.list_topics(timeout=2).brokers) == len(self.ports)


class Kafka:
    """A cluster of brokers on this machine."""

    def __init__(self, folder: Path, brokers: int = 1, ports: Sequence[tuple[int, int]] | None = None) -> None:
        ports = ports or [(free_port(), free_port()) for _ in range(brokers)]
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self.brokers = [Broker(folder / f"{n}", n, ports, cluster_id) for n in range(1, brokers + 1)]

    @property
    def bootstrap(self) -> str:
        """The brokers' addresses."""
        return ",".join(f"127.0.0.1:{broker.port}" for broker in self.brokers)

    def start(self) -> "Kafka":
        """Start all brokers, without waiting for them."""
        for broker in self.brokers:
            broker.start()
        return self

    def wait(self) -> "Kafka":
        """Wait until all brokers see each other."""
        for broker in self.brokers:
            broker.wait()
        return self

    def stop(self) -> None:
        """End all brokers."""
        for broker in reversed(self.brokers):
            broker.stop()
