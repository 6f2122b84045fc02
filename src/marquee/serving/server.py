"""The server: the application on granian, in this process."""

import asyncio
import signal
import socket

from granian.constants import Interfaces
from granian.server.embed import Server

from marquee.app import Platform
from marquee.errors import SettingsError
from marquee.serving.api.application import create


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


def serve(platform: Platform) -> None:
    """Serve until SIGINT or SIGTERM."""
    settings = platform.settings
    platform.check_exposure()
    check_port(settings.host, settings.port)
    asyncio.run(serve_app(platform))


async def serve_app(platform: Platform) -> None:
    """Run the embedded server until a signal."""
    settings = platform.settings
    server = Server(
        create(platform),
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, server.stop)
    await server.serve()
