"""A service as a child process: started in a folder of its own, waited for, watched, and always ended."""

import os
import random
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from marquee.errors import TransientError

GRACE_SECONDS = 20.0
POLL_SECONDS = 0.1
TAIL = 2_000


PORTS = range(20_000, 32_000)
"""Ports of services: below those that systems give to outgoing connections, one of which could take a port that was
free a moment ago."""

GIVEN: set[tuple[str, int]] = set()


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port nobody listens on just now, and that this process has not been given before."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((host, port))
            if (host, port) not in GIVEN:
                GIVEN.add((host, port))
                return port
    raise TransientError(f"no port of {host} from {PORTS.start} to {PORTS.stop} is free", hint="End what holds them.")


class Service(ABC):
    """One process of a real service, bound to this machine alone. `folder` holds its state and its log."""

    name: str
    start_seconds = 120.0

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        self.folder = folder
        self.host = host
        self.port = port or free_port(host)
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Prepare the folder and return the command that starts the service."""
        ...

    @abstractmethod
    def ready(self) -> bool:
        """Say whether the service answers; it may raise while it does not."""
        ...

    @property
    def log(self) -> Path:
        """The file of what the process says."""
        return self.folder / f"{self.name}.log"

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> "Service":
        """Start the process, without waiting for the service."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = list(self.command())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True, env=self.environment()
            )
        return self

    def environment(self) -> dict[str, str]:
        """Return the environment of the process: nothing of ours but where programs and homes are."""
        return {
            name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME", "LANG", "TMPDIR") if name in os.environ
        }

    def wait(self) -> "Service":
        """Wait until the service answers; TransientError, with the end of its log, if it ends or never does."""
        self.until(self.ready, "does not answer")
        return self

    def until(self, reached: Callable[[], bool], otherwise: str) -> None:
        """Wait for a state of the service, which it may raise on the way to; TransientError if it is never reached."""
        until = time.monotonic() + self.start_seconds
        while self.alive and time.monotonic() < until:
            with suppress(Exception):
                if reached():
                    return
            time.sleep(POLL_SECONDS)
        said = self.log.read_text(errors="replace")[-TAIL:] if self.log.exists() else ""
        state = otherwise if self.alive else "ended"
        self.stop()
        raise TransientError(f"{self.name} {state} at its start", hint=f"Its log is {self.log}:\n{said}")

    def kill(self) -> None:
        """End the process as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """End the process in order, and by force where it will not."""
        if self.process is None or not self.alive:
            return
        self.process.terminate()
        try:
            self.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
