"""Whoever listens and whenever it comes: at a signal all ends, soon, in order, without a word of an engine's."""

import os
import random
import signal
import socket
import subprocess
import threading
import time
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from tests.processes import BARE, MARQUEE, answer, free_port, started

STOPS = int(os.environ.get("MARQUEE_STOPS", "8"))
"""How often serving is stopped; `make soak` says more."""

ASKED = ("/v1/trending/movies", "/v1/movies/1", "/metrics", "/v1/search/movies?q=film", "/", "/v1/analytics/genres")
MARK = "MARQUEE_STOP_TEST"


def marked(mark: str, *arguments: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """Run a command whose processes, down to the last, are known by a mark in their environment."""
    environment = {**BARE, "MARQUEE_SIM_FILMS": "90", "MARQUEE_SIM_DAYS": "5", MARK: mark}
    return started(*MARQUEE, *arguments, into=subprocess.PIPE, environment=environment, own_session=True)


def alive(mark: str) -> list[str]:
    """Return the command lines of the processes that carry a mark."""
    wanted, found = f"{MARK}={mark}\0".encode(), []
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit() and wanted in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def ended(process: subprocess.Popen[str], mark: str, seconds: float) -> str:
    """Wait for the end of a process that was told to end; return what it said. Nothing of it is left."""
    text, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, text
    assert "panic" not in text.lower(), text
    assert "Traceback" not in text, text
    assert alive(mark) == []
    return text


def listen(port: int, begun: threading.Semaphore) -> None:
    """Read the live feed to its end."""
    with suppress(httpx.HTTPError), httpx.stream("GET", f"http://127.0.0.1:{port}/v1/live", timeout=60) as events:
        for line in events.iter_lines():
            if line.startswith("event: hello"):
                begun.release()


def ask(port: int) -> None:
    """Ask without pause until nobody answers."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client, suppress(httpx.HTTPError):
        while True:
            assert client.get(random.choice(ASKED)).status_code in (200, 503)


def test_serving_ends_at_once_under_load_with_listeners(world_home: Path) -> None:
    for turn in range(STOPS):
        port, mark = free_port(), f"{os.getpid()}-{turn}"
        with marked(mark, "serve", "--home", str(world_home), "--port", str(port)) as process:
            assert answer(port, "/health").status_code == 200
            begun = threading.Semaphore(0)
            listeners = [threading.Thread(target=listen, args=(port, begun)) for _ in range(16)]
            crowd = [*listeners, *(threading.Thread(target=ask, args=(port,)) for _ in range(6))]
            for one in crowd:
                one.start()
            for _ in listeners:
                assert begun.acquire(timeout=30)
            asked = time.monotonic()
            for _ in range(1 + turn % 3):
                process.send_signal(signal.SIGINT if turn % 2 else signal.SIGTERM)
            assert ended(process, mark, 30) == ""
            assert time.monotonic() - asked < 15
            for one in crowd:
                one.join(30)
                assert not one.is_alive()


def test_who_neither_asks_nor_reads_holds_nothing_up(world_home: Path) -> None:
    port, mark = free_port(), f"{os.getpid()}-slow"
    with marked(mark, "serve", "--home", str(world_home), "--port", str(port)) as process, ExitStack() as stack:
        assert answer(port, "/health").status_code == 200
        for said in (b"", b"GET /v1/mov", b"GET /v1/search/movies?page_size=100 HTTP/1.1\r\nHost: x\r\n\r\n" * 2_000):
            silent = stack.enter_context(socket.socket())
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            silent.connect(("127.0.0.1", port))
            silent.setblocking(False)
            with suppress(BlockingIOError):
                silent.send(said)
        process.send_signal(signal.SIGINT)
        assert ended(process, mark, 30) == ""


@pytest.mark.parametrize("command", ["serve", "up"])
def test_the_start_may_be_interrupted_at_any_moment(command: str, world_home: Path, tmp_path: Path) -> None:
    pauses = [0.15, 0.4, 0.8, 1.6] if command == "serve" else [0.3, 0.8, 1.5, 2.5, 4, 6]
    for pause in pauses:
        home = world_home if command == "serve" else tmp_path / f"home-{pause}"
        mark = f"{os.getpid()}-{command}-{pause}"
        with marked(mark, command, "--home", str(home), "--port", str(free_port())) as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(pause)
            os.killpg(process.pid, signal.SIGINT)
            ended(process, mark, 60)
