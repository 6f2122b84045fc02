"""Marquee as processes of its own: run to the end, started and stopped, asked over HTTP.

Tests and benchmarks both import from here; tests import nothing from benchmarks.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

MARQUEE = (sys.executable, "-m", "marquee")
BARE = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "COLUMNS": "300"}
"""The environment of a person who has set nothing; lines are long enough not to break."""


def run(*arguments: str, seconds: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Marquee to its end, with nothing set but what is named."""
    return subprocess.run(
        [*MARQUEE, *arguments],
        env={**BARE, **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def in_words(found: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """See that a command ended with a code, and that it said words, not a traceback."""
    assert found.returncode == code, found.stderr
    assert "Traceback" not in found.stderr
    for word in words:
        assert word in found.stderr.replace("\n", " ")


@contextmanager
def started(
    *command: str | Path,
    into: Path | int = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
    own_session: bool = False,
) -> Iterator[subprocess.Popen[str]]:
    """Run a program until the block ends: it is told to end, and killed where it does not within 20 seconds.

    into: the file, in whose folder it then runs, or the pipe that takes what it says.
    environment: all of it; without one it has that of the test.
    """
    with ExitStack() as stack:
        heard = into if isinstance(into, int) else stack.enter_context(into.open("w"))
        where = None if isinstance(into, int) else into.parent
        child = stack.enter_context(
            subprocess.Popen(
                command,
                stdout=heard,
                stderr=subprocess.STDOUT,
                cwd=where,
                env=environment,
                text=True,
                start_new_session=own_session,
            )
        )
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                raise


@contextmanager
def serving(*arguments: str) -> Iterator[int]:
    """Run a command of Marquee that listens, on a port of its own; yield the port when it answers."""
    port = free_port()
    with started(*MARQUEE, *arguments, "--port", str(port)):
        answer(port, "/health")
        yield port


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, seconds: float = 90) -> httpx.Response:
    """Ask until a server answers; return the answer."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return httpx.get(url, timeout=10)
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def answer(port: int, path: str, seconds: float = 90) -> httpx.Response:
    """Ask a server of this machine until it answers."""
    return wait_for(f"http://127.0.0.1:{port}{path}", seconds)
