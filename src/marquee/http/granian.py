"""Granian: an ASGI application served in this process, until SIGINT or SIGTERM."""

import asyncio
import atexit
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from granian.constants import Interfaces
from granian.server.embed import Server

from marquee.errors import SettingsError

GRACE_SECONDS = 5.0
"""How long answers that have begun may take to their end, once the server is told to stop."""


def check_port(host: str, port: int) -> None:
    """Raise SettingsError where the port cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"cannot listen on {host}:{port}: {error.strerror or error}",
                hint="Another program has that port: end it, or choose one with --port or MARQUEE_PORT.",
            ) from error


def run(make: Callable[[], Any], host: str, port: int, ending: Callable[[], None] = lambda: None) -> NoReturn:
    """Serve what `make` returns until a signal, then end this process with exit code 0.

    ending: called first at the signal, to end answers that have no end of their own.
    """
    asyncio.run(until_signal(make, host, port, ending))
    leave()


async def until_signal(make: Callable[[], Any], host: str, port: int, ending: Callable[[], None]) -> None:
    """Serve until a signal, and then for as long as answers that have begun need, at most GRACE_SECONDS."""
    server = Server(make(), address=host, port=port, interface=Interfaces.ASGI, log_enabled=False)
    loop, told = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        ending()
        server.stop()  # type: ignore[no-untyped-call]
        told.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop)
    serving = asyncio.create_task(server.serve())
    await asyncio.wait({serving, asyncio.create_task(told.wait())}, return_when=asyncio.FIRST_COMPLETED)
    with suppress(TimeoutError):
        await asyncio.wait_for(serving, GRACE_SECONDS)


def leave() -> NoReturn:
    """End this process, with all that is done at its end but the interpreter's own.

    The threads of Granian live on for a moment. One that asks for an interpreter which is gone panics, in many lines.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(0)
