"""A real Cassandra node from its published jars."""

import socket
from collections.abc import Sequence
from pathlib import Path

from marquee.services.jars import jars, java, paths
from marquee.services.service import Service, free_port

HEAP = "512M"
EXPORTED = (
    *("java.base/jdk.internal.misc", "java.base/java.lang.ref", "java.base/jdk.internal.ref", "java.base/sun.nio.ch"),
    *("java.management/com.sun.jmx.remote.security", "java.management.rmi/com.sun.jmx.remote.internal.rmi"),
    *("java.rmi/sun.rmi.registry", "java.rmi/sun.rmi.server", "java.sql/java.sql", "jdk.unsupported/sun.misc"),
    *("jdk.attach/sun.tools.attach", "java.base/java.lang.reflect"),
)
OPENED = (
    *("java.base/java.lang", "java.base/java.lang.module", "java.base/java.lang.reflect", "java.base/java.io"),
    *("java.base/java.net", "java.base/java.nio", "java.base/java.util", "java.base/java.util.concurrent"),
    *("java.base/java.util.concurrent.atomic", "java.base/jdk.internal.loader", "java.base/jdk.internal.ref"),
    *("java.base/jdk.internal.reflect", "java.base/jdk.internal.math", "java.base/jdk.internal.module"),
    *("java.base/jdk.internal.util.jar", "java.base/jdk.internal.misc", "java.base/sun.nio.ch"),
    *("java.rmi/sun.rmi.transport.tcp", "jdk.management/com.sun.management.internal"),
)
"""What Cassandra's own start script exports and opens to it on Java 17."""

CONFIGURATION = """cluster_name: marquee
num_tokens: 1
auto_bootstrap: false
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{{seeds: "{seed}"}}]
listen_address: {host}
rpc_address: {host}
storage_port: {storage}
ssl_storage_port: {storage}
native_transport_port: {port}
start_native_transport: true
commitlog_sync: periodic
commitlog_sync_period: 1000ms
commitlog_segment_size: 8MiB
commitlog_total_space: 256MiB
data_file_directories: ["{folder}/data"]
commitlog_directory: "{folder}/commitlog"
saved_caches_directory: "{folder}/saved_caches"
hints_directory: "{folder}/hints"
cdc_raw_directory: "{folder}/cdc"
disk_optimization_strategy: ssd
disk_access_mode: standard
concurrent_compactors: 1
memtable_heap_space: 96MiB
memtable_offheap_space: 32MiB
file_cache_size: 32MiB
file_cache_enabled: false
key_cache_size: 8MiB
write_request_timeout: 10s
read_request_timeout: 10s
range_request_timeout: 15s
request_timeout: 15s
auto_snapshot: false
dynamic_snitch: false
storage_compatibility_mode: NONE
"""

LOGGING = """<configuration>
  <appender name="F" class="ch.qos.logback.core.FileAppender"><file>{log}</file>
    <encoder><pattern>%-5level [%thread] %date %F:%L - %msg%n</pattern></encoder></appender>
  <root level="INFO"><appender-ref ref="F"/></root>
</configuration>
"""


class Cassandra(Service):
    """Cassandra, one node. seed: the first node's address where there are several; they share their ports."""

    name = "cassandra"

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0, storage: int = 0, seed: str = "") -> None:
        super().__init__(folder, host, port)
        self.seed = seed or host
        self.storage = storage or free_port(host)

    @property
    def address(self) -> str:
        """The node as MARQUEE_CASSANDRA takes it."""
        return f"{self.host}:{self.port}"

    def command(self) -> Sequence[str]:
        """Write the configuration and return the command line of the daemon."""
        settings = self.folder / "conf"
        (settings / "triggers").mkdir(parents=True, exist_ok=True)
        configured = CONFIGURATION.format(
            seed=f"{self.seed}:{self.storage}", host=self.host, storage=self.storage, port=self.port, folder=self.folder
        )
        (settings / "cassandra.yaml").write_text(configured)
        (settings / "logback.xml").write_text(LOGGING.format(log=self.folder / "system.log"))
        library = jars("cassandra")
        properties = {
            "cassandra.config": f"file://{settings}/cassandra.yaml",
            "logback.configurationFile": f"{settings}/logback.xml",
            "cassandra.storagedir": str(self.folder),
            "cassandra.logdir": str(self.folder),
            "cassandra.triggers_dir": f"{settings}/triggers",
            "cassandra.skip_wait_for_gossip_to_settle": "0",
            "cassandra.ring_delay_ms": "1000",
            "cassandra.superuser_setup_delay_ms": "0",
            "cassandra-foreground": "yes",
            "java.io.tmpdir": str(self.folder),
            "java.net.preferIPv4Stack": "true",
            "jdk.attach.allowAttachSelf": "true",
            "io.netty.tryReflectionSetAccessible": "true",
        }
        return [
            *(java(), f"-javaagent:{next(library.glob('jamm-*.jar'))}", f"-Xms{HEAP}", f"-Xmx{HEAP}", "-Xss384k"),
            *("-XX:+UseSerialGC", "-XX:MaxDirectMemorySize=192M", "-XX:-UsePerfData"),
            *(f"-D{name}={value}" for name, value in properties.items()),
            *(part for name in EXPORTED for part in ("--add-exports", f"{name}=ALL-UNNAMED")),
            *(part for name in OPENED for part in ("--add-opens", f"{name}=ALL-UNNAMED")),
            *("-cp", ":".join([str(settings), *paths("cassandra")])),
            "org.apache.cassandra.service.CassandraDaemon",
        ]

    def ready(self) -> bool:
        """Say whether the node answers in CQL."""
        from marquee.adapters.cassandra import Nodes

        socket.create_connection((self.host, self.port), 1).close()
        session = Nodes((self.host,), self.port).connect()
        try:
            return bool(session.execute("SELECT release_version FROM system.local").one())
        finally:
            session.cluster.shutdown()
