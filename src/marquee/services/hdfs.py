"""A real HDFS: a NameNode and its DataNodes, each a process."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import httpx

from marquee.errors import TransientError
from marquee.services.jars import java, paths
from marquee.services.service import Service, free_port

HEAP = "192m"
LOGGING = """log4j.rootLogger=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
"""


class Node(Service):
    """One process of HDFS, configured in a folder of its own."""

    main: str

    def properties(self) -> dict[str, object]:
        """Return the process's properties."""
        raise NotImplementedError

    def java(self) -> list[str]:
        """Write the configuration and return the beginning of every command line."""
        settings = self.folder / "conf"
        for page in ("hdfs", "datanode"):
            (settings / "webapps" / page).mkdir(parents=True, exist_ok=True)
        rows = "".join(
            f"<property><name>{name}</name><value>{escape(str(value))}</value></property>"
            for name, value in self.properties().items()
        )
        for name in ("core-site.xml", "hdfs-site.xml"):
            (settings / name).write_text(f"<configuration>{rows}</configuration>")
        (settings / "log4j.properties").write_text(LOGGING)
        path = ":".join([str(settings), *paths("hdfs")])
        options = [f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dhadoop.log.dir={self.folder}"]
        return [java(), *options, "-cp", path]

    def command(self) -> Sequence[str]:
        """Return the process's command line."""
        return [*self.java(), self.main]


class NameNode(Node):
    """Keeps the names. `port` is the one that clients use."""

    name = "namenode"
    main = "org.apache.hadoop.hdfs.server.namenode.NameNode"

    def __init__(self, folder: Path, replicas: int, port: int = 0, web: int = 0) -> None:
        super().__init__(folder, port=port)
        self.web = web or free_port()
        self.replicas = replicas

    def properties(self) -> dict[str, object]:
        """Return the NameNode's properties."""
        return {
            "fs.defaultFS": f"hdfs://{self.host}:{self.port}",
            "hadoop.tmp.dir": self.folder / "tmp",
            "dfs.namenode.name.dir": (self.folder / "names").as_uri(),
            "dfs.namenode.http-address": f"{self.host}:{self.web}",
            "dfs.namenode.rpc-bind-host": self.host,
            "dfs.namenode.heartbeat.recheck-interval": 2_000,
            "dfs.heartbeat.interval": 1,
            "dfs.namenode.safemode.extension": 0,
            "dfs.replication": self.replicas,
            "dfs.permissions.enabled": "false",
        }

    def command(self) -> Sequence[str]:
        """Format the names where they are new, and return the command line."""
        if not (self.folder / "names" / "current").exists():
            formatting = [*self.java(), self.main, "-format", "-nonInteractive"]
            done = subprocess.run(formatting, capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode:
                raise TransientError("the NameNode cannot format its storage", hint=done.stderr[-2_000:])
        return super().command()

    def state(self) -> dict[str, object]:
        """Return what the NameNode says of the file system."""
        answer = httpx.get(
            f"http://{self.host}:{self.web}/jmx", params={"qry": "Hadoop:service=NameNode,name=FSNamesystemState"}
        )
        found: dict[str, object] = answer.raise_for_status().json()["beans"][0]
        return found

    def ready(self) -> bool:
        """Say whether it answers."""
        return "NumLiveDataNodes" in self.state()


class DataNode(Node):
    """Keeps blocks."""

    main = "org.apache.hadoop.hdfs.server.datanode.DataNode"

    def __init__(self, folder: Path, number: int, names: NameNode) -> None:
        super().__init__(folder)
        self.name = f"datanode-{number}"
        self.names = names
        self.ports = [free_port(), free_port()]

    def properties(self) -> dict[str, object]:
        """Return the DataNode's properties."""
        return {
            **self.names.properties(),
            "hadoop.tmp.dir": self.folder / "tmp",
            "dfs.datanode.data.dir": (self.folder / "blocks").as_uri(),
            "dfs.datanode.address": f"{self.host}:{self.port}",
            "dfs.datanode.http.address": f"{self.host}:{self.ports[0]}",
            "dfs.datanode.ipc.address": f"{self.host}:{self.ports[1]}",
        }

    def ready(self) -> bool:
        """Say whether its web address answers."""
        return httpx.get(f"http://{self.host}:{self.ports[0]}/jmx", timeout=3).status_code == 200


class Hdfs:
    """A file system: one NameNode and some DataNodes."""

    def __init__(self, folder: Path, nodes: int = 3, port: int = 0, web: int = 0) -> None:
        self.names = NameNode(folder / "namenode", min(3, nodes), port, web)
        self.nodes = [DataNode(folder / f"datanode-{n}", n, self.names) for n in range(1, nodes + 1)]

    @property
    def address(self) -> str:
        """The file system's address."""
        return f"hdfs://{self.names.host}:{self.names.port}"

    def start(self) -> "Hdfs":
        """Start all processes, without waiting for them."""
        for process in (self.names, *self.nodes):
            process.start()
        return self

    def wait(self) -> "Hdfs":
        """Wait until every DataNode is counted and the file system may be written."""
        for process in (self.names, *self.nodes):
            process.wait()
        self.names.until(lambda: self.names.state()["NumLiveDataNodes"] == len(self.nodes), "has not all its DataNodes")
        self.names.until(lambda: self.names.state()["FSState"] == "Operational", "stays in safe mode")
        return self

    def stop(self) -> None:
        """End all processes."""
        for process in (*self.nodes, self.names):
            process.stop()
