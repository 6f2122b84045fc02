"""What expires: certificates of the stores and of their authorities, and API keys."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from marquee.app import Platform
from marquee.domain.timeline import SECOND

HOLD_SECONDS = 3_600.0
"""How long what a store showed is kept: a certificate does not change by the minute."""

ANSWER_SECONDS = 3.0
KAFKA_PORT, CASSANDRA_PORT = 9_092, 9_042


def authority_ends(path: Path) -> float:
    """Return when the first certificate of a file ends, in seconds since the epoch."""
    context = ssl.create_default_context(cafile=str(path))
    return min(ends(held) for held in context.get_ca_certs())


def shown_ends(path: Path, host: str, port: int) -> float:
    """Return when the certificate ends that a server shows; it must be one of the authority's."""
    context = ssl.create_default_context(cafile=str(path))
    context.check_hostname = False  # its end is asked here; who it is, those ask who send it something
    with (
        socket.create_connection((host, port), ANSWER_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        return ends(secured.getpeercert() or {})


def ends(certificate: Any) -> float:
    """Return the end of a certificate as the ssl module describes it."""
    return float(ssl.cert_time_to_seconds(certificate["notAfter"]))


class Expiries:
    """When what a platform relies on expires."""

    def __init__(self, platform: Platform, clock: Callable[[], float] = time.monotonic) -> None:
        self.platform = platform
        self.clock = clock
        self.guard = threading.Lock()
        self.held: list[tuple[str, float]] = []
        self.read_at = float("-inf")

    def left(self) -> Iterator[tuple[str, float]]:
        """Yield (what, seconds left); what cannot be read now is left out, and is the stores' alert."""
        now = self.platform.clock.now() / SECOND
        with self.guard:
            if self.clock() - self.read_at > HOLD_SECONDS:
                self.held, self.read_at = list(self.certificates()), self.clock()
        for what, end in self.held:
            yield what, end - now
        keys = [key.expires_at for key in self.platform.keys.list() if key.expires_at and key.revoked_at is None]
        if keys:
            yield "api_key", min(keys) / SECOND - now

    def certificates(self) -> Iterator[tuple[str, float]]:
        """Yield (what, when it ends)."""
        settings = self.platform.settings
        for name, path, nodes, usual in (
            ("kafka", settings.kafka_ca, settings.kafka, KAFKA_PORT),
            ("cassandra", settings.cassandra_ca, settings.cassandra, CASSANDRA_PORT),
        ):
            if path is None:
                continue
            try:
                yield f"{name}_authority", authority_ends(path)
            except (OSError, ValueError):
                continue
            found = []
            for node in nodes.split(",") if nodes else ():
                host, _, port = node.partition(":")
                try:
                    found.append(shown_ends(path, host, int(port or usual)))
                except (OSError, ValueError, KeyError):
                    continue
            if found:
                yield name, min(found)
