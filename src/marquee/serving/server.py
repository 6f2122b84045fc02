"""The server: the application of a platform, in this process."""

from typing import NoReturn

from marquee.adapters import granian_server
from marquee.app import Platform
from marquee.serving.api.application import create
from marquee.serving.feed import Feed


def serve(platform: Platform) -> NoReturn:
    """Serve until SIGINT or SIGTERM."""
    settings = platform.settings
    platform.check_exposure()
    granian_server.check_port(settings.host, settings.port)
    feed = Feed()
    granian_server.run(lambda: create(platform, feed), settings.host, settings.port, feed.close)
