"""The server: the application of a platform, in this process."""

from typing import NoReturn

from marquee.app import Platform
from marquee.http import granian as granian_server
from marquee.http.application import create
from marquee.http.feed import Feed


def serve(platform: Platform) -> NoReturn:
    """Serve until SIGINT or SIGTERM."""
    settings = platform.settings
    platform.check_exposure()
    granian_server.check_port(settings.host, settings.port)
    feed = Feed()
    granian_server.run(lambda: create(platform, feed), settings.host, settings.port, feed.close)
