"""Every store asks who is there, over TLS, and lets the platform do no more than it needs."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote

import pytest
import trustme
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
from cryptography.x509 import load_pem_x509_certificate
from pymongo import MongoClient
from tests.cluster.conftest import close, differ, environment_of, running
from tests.facts import film, review

from marquee.adapters.cassandra import Nodes
from marquee.adapters.kafka.avro import AvroCodec
from marquee.adapters.kafka.log import KafkaLog
from marquee.adapters.kafka.topics import Brokers, security
from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain.timeline import HOUR, ManualClock
from marquee.errors import MarqueeError
from marquee.services.cassandra import Cassandra
from marquee.services.kafka import Broker
from marquee.services.mongo import Mongo
from marquee.services.redis import Redis
from marquee.services.registry import Registry
from marquee.services.service import free_port
from marquee.settings import load

USER = "marquee"
HOST = "127.0.0.1"
FILMS = range(1, 60)


class Authority:
    """A certificate authority of the test's own, and one server's certificate in the forms that servers want."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        server = authority.issue_cert(HOST, "localhost")
        self.file, self.server, self.store = folder / "ca.pem", folder / "server.pem", folder / "server.p12"
        authority.cert_pem.write_to_path(self.file)
        server.private_key_and_cert_chain_pem.write_to_path(self.server)
        self.password = token_urlsafe(12)
        key = load_pem_private_key(server.private_key_pem.bytes(), None)
        chain = [load_pem_x509_certificate(blob.bytes()) for blob in server.cert_chain_pems]
        assert not isinstance(key, str)
        packed = pkcs12.serialize_key_and_certificates(
            b"server",
            key,
            chain[0],
            chain[1:],
            BestAvailableEncryption(self.password.encode()),  # type: ignore[arg-type]
        )
        self.store.write_bytes(packed)


class SecureBroker(Broker):
    """A broker that takes SCRAM over TLS, and denies what no rule allows. It speaks plainly with itself only."""

    def __init__(self, folder: Path, authority: Authority, password: str) -> None:
        super().__init__(folder, 1, [(free_port(), free_port())], "bWFycXVlZS1zZWN1cmUtMQ")
        self.authority, self.password, self.internal = authority, password, free_port()

    def configuration(self) -> dict[str, object]:
        own = super().configuration()
        control = f"CONTROLLER://{HOST}:{self.ports[0][1]}"
        open_to = f"SASL_SSL://{HOST}:{self.port},INTERNAL://{HOST}:{self.internal}"
        return own | {
            "listeners": f"{open_to},{control}",
            "advertised.listeners": open_to,
            "listener.security.protocol.map": "SASL_SSL:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "INTERNAL",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            "ssl.keystore.type": "PKCS12",
            "ssl.keystore.location": self.authority.store,
            "ssl.keystore.password": self.authority.password,
            "ssl.key.password": self.authority.password,
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }

    def ready(self) -> bool:
        """Make the user, and say whether it is known: topics `movie.*` are its own, and the groups that it reads in."""
        client = AdminClient({"bootstrap.servers": f"{HOST}:{self.internal}", "log_level": 0})
        if not client.list_topics(timeout=2).brokers:
            return False
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 8_192)
        upsertion = UserScramCredentialUpsertion(USER, credential, self.password.encode())
        for done in client.alter_user_scram_credentials([upsertion]).values():
            done.result(10)
        allowed = [(ResourceType.TOPIC, "movie.", AclOperation.ALL)]
        allowed += [(ResourceType.GROUP, prefix, AclOperation.READ) for prefix in ("marquee", "spark-kafka-source")]
        rules = [
            AclBinding(
                kind, name, ResourcePatternType.PREFIXED, f"User:{USER}", "*", operation, AclPermissionType.ALLOW
            )
            for kind, name, operation in allowed
        ]
        for done in client.create_acls(rules).values():
            done.result(10)
        return True


class SecureMongo(Mongo):
    """A mongod that takes TLS alone, with one user for one database."""

    def __init__(self, folder: Path, authority: Authority, password: str) -> None:
        super().__init__(folder)
        self.authority, self.password = authority, password

    @property
    def address(self) -> str:
        return f"mongodb://{USER}:{quote(self.password)}@{HOST}:{self.port}/{USER}?replicaSet=rs0&{self.tls}"

    @property
    def tls(self) -> str:
        return f"tls=true&tlsCAFile={quote(str(self.authority.file), safe='')}"

    def command(self) -> Sequence[str]:
        key = self.folder / "key"
        key.touch(mode=0o600)
        key.write_text("a" * 64)
        given = ["--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(self.authority.server)]
        given += ["--tlsCAFile", str(self.authority.file), "--tlsAllowConnectionsWithoutCertificates"]
        return [*super().command(), "--keyFile", str(key), *given]

    def ready(self) -> bool:
        """Make the set and its user; only who comes from this machine may, and only the first."""
        address = f"mongodb://{HOST}:{self.port}/?directConnection=true&{self.tls}"
        with MongoClient[dict[str, Any]](address, serverSelectionTimeoutMS=1_000) as client:
            if not client.admin.command("hello").get("isWritablePrimary"):
                members = [{"_id": 0, "host": f"{HOST}:{self.port}"}]
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
                return False
            roles = [{"role": "readWrite", "db": USER}, {"role": "dbAdmin", "db": USER}]
            admin = [{"role": "userAdminAnyDatabase", "db": "admin"}]
            secret = token_urlsafe(16)
            client.admin.command("createUser", "root", pwd=secret, roles=admin)
            with MongoClient[dict[str, Any]](address, username="root", password=secret) as root:
                root[USER].command("createUser", USER, pwd=self.password, roles=roles)
            return True


class SecureCassandra(Cassandra):
    """A node that takes TLS alone, with one user that may make keyspaces and use its own."""

    def __init__(self, folder: Path, authority: Authority, password: str) -> None:
        super().__init__(folder, HOST)
        self.authority, self.password = authority, password

    def command(self) -> Sequence[str]:
        found = super().command()
        with (self.folder / "conf" / "cassandra.yaml").open("a") as configuration:
            configuration.write(
                "authenticator: PasswordAuthenticator\nauthorizer: CassandraAuthorizer\n"
                "role_manager: CassandraRoleManager\nclient_encryption_options:\n  enabled: true\n  optional: false\n"
                f"  keystore: {self.authority.store}\n  keystore_password: {self.authority.password}\n"
                "  store_type: PKCS12\n  require_client_auth: false\n"
            )
        return found

    def ready(self) -> bool:
        """Make the user."""
        session = Nodes((HOST,), self.port, "cassandra", "cassandra", self.authority.file).connect()
        try:
            session.execute(f"CREATE ROLE {USER} WITH PASSWORD = %s AND LOGIN = true", (self.password,))
            session.execute(f"GRANT CREATE ON ALL KEYSPACES TO {USER}")
            return True
        finally:
            session.cluster.shutdown()


class SecureRedis(Redis):
    """A Redis with one user, that may run scripts and use keys; the one without a name is off."""

    def __init__(self, folder: Path, password: str) -> None:
        super().__init__(folder)
        self.password = password

    @property
    def address(self) -> str:
        return f"redis://{USER}:{self.password}@{HOST}:{self.port}/0"

    def command(self) -> Sequence[str]:
        rules = ("on", f">{self.password}", "~*", "&*", "+@all", "-@admin", "-@dangerous", "+info")
        return [*super().command(), "--user", "default", "off", "--user", USER, *rules]

    def ready(self) -> bool:
        import redis

        with redis.Redis.from_url(self.address, socket_timeout=1) as client:
            return bool(client.ping())


@pytest.fixture
def secured(tmp_path: Path, registry: Registry) -> Iterator[dict[str, str]]:
    """Return the settings that let the platform in."""
    authority = Authority(tmp_path)
    secrets = {name: token_urlsafe(16) for name in ("kafka", "mongo", "cassandra", "redis")}
    broker = SecureBroker(tmp_path / "kafka", authority, secrets["kafka"])
    mongo = SecureMongo(tmp_path / "mongo", authority, secrets["mongo"])
    cassandra = SecureCassandra(tmp_path / "cassandra", authority, secrets["cassandra"])
    redis = SecureRedis(tmp_path / "redis", secrets["redis"])
    started = [running(service) for service in (broker, mongo, cassandra, redis)]
    try:
        for each in started:
            next(each)
        yield {
            "home": str(tmp_path / "home"),
            "kafka": f"{HOST}:{broker.port}",
            "kafka_replicas": "1",
            "kafka_user": USER,
            "kafka_password": secrets["kafka"],
            "kafka_ca": str(authority.file),
            "registry": registry.address,
            "cassandra": cassandra.address,
            "cassandra_replicas": "1",
            "cassandra_user": USER,
            "cassandra_password": secrets["cassandra"],
            "cassandra_ca": str(authority.file),
            "mongo": mongo.address,
            "redis": redis.address,
        }
    finally:
        for each in started:
            each.close()  # type: ignore[attr-defined]


def test_the_whole_platform_over_tls_with_users_that_may_little(secured: dict[str, str]) -> None:
    clock = ManualClock(SYSTEM_CLOCK.now())
    platform = Platform(load(**secured), clock)
    platform.door().accept(
        [film(n, clock.now()) for n in FILMS] + [review(n, clock.now() - HOUR, f"r{n}") for n in FILMS]
    )
    platform.speed().drain()
    assert differ(platform) == 0
    clock.time += 2 * HOUR
    assert platform.batch().run().state == "published"
    platform.door().accept([review(n, clock.now() - HOUR, f"s{n}") for n in FILMS])
    environment = environment_of(secured)
    command = [sys.executable, "-m", "marquee"]
    done = subprocess.run(
        [*command, "speed", "--once"], env={**environment, "MARQUEE_SPARK": "local[2]"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[:3_000]
    assert differ(platform) == 0
    told = done.stdout + done.stderr
    status = subprocess.run([*command, "status"], env=environment, capture_output=True, text=True)
    told += status.stdout + status.stderr
    assert [name for name in ("kafka_password", "cassandra_password", "mongo", "redis") if secured[name] in told] == []
    close(platform)
    refuses(secured)


def refuses(secured: dict[str, str]) -> None:
    """Who gives a wrong password is told so, and the password is not told."""
    wrong = "not-the-password"
    user, _, rest = secured["mongo"].partition("@")
    stranger = Platform(load(**{**secured, "mongo": f"{user.rpartition(':')[0]}:{wrong}@{rest}"}))
    authority = Path(secured["kafka_ca"])
    codec = AvroCodec(secured["registry"])
    attempts: dict[str, Callable[[], object]] = {
        "MARQUEE_KAFKA_USER": lambda: KafkaLog(
            Brokers(secured["kafka"], 1, security=security(USER, wrong, authority)), codec
        ),
        "MARQUEE_CASSANDRA": lambda: Nodes.of(secured["cassandra"], USER, wrong, authority).connect(),
        "MARQUEE_MONGO": lambda: stranger.views,
    }
    try:
        for setting, attempt in attempts.items():
            with pytest.raises(MarqueeError) as refused:
                attempt()
            assert wrong not in f"{refused.value} {refused.value.hint}"
            assert setting in str(refused.value.hint)
    finally:
        codec.close()
        close(stranger)
