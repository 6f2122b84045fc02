"""`marquee up`: the whole platform in one process tree."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console

from marquee.app import Platform
from marquee.errors import TransientError
from marquee.ops import live
from marquee.ops.processes import Family, Stop
from marquee.serving.server import check_port

Bars = Callable[[], AbstractContextManager[Any]]


class Ended(Protocol):
    """A service that has ended."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def log(self) -> Path:
        """The file of what it said."""
        ...


def run_platform(
    platform: Platform, console: Console, bars: Bars, lost: Callable[[], Ended | None] = lambda: None
) -> None:
    """Fill the home if it is new, then run all parts until a signal; a part that ends takes the others with it.

    lost: says which service that all rest on has ended by itself.
    """
    settings = platform.settings
    with platform.home.lock("up"):
        check_port(settings.host, settings.port)
        family = Family()
        stop = Stop()
        try:
            source = prepare(platform, family, console, bars, stop)
            if source is not None:
                run_parts(platform, family, source, console, stop, lost)
        finally:
            console.print("ending", style="dim")
            family.stop()


def prepare(platform: Platform, family: Family, console: Console, bars: Bars, stop: Stop) -> live.Source | None:
    """Fill the platform and publish a first run; return the source to follow, None when told to stop."""
    simulated = platform.settings.tmdb_api_key is None
    if simulated:
        console.print("No TMDB_API_KEY is set: TMDB is simulated on this machine.")
        source = live.start_simulator(platform, family, manual=True)
    else:
        source = live.source_of(platform)
    fill = live.simulated_past if simulated else live.first_crawl
    with platform.log.backdated() if simulated and not published(platform) else nullcontext():
        with bars() as show:
            if not asyncio.run(live.unless(stop, fill(platform, source, show))):
                return None
        if simulated:
            asyncio.run(live.set_clock(source, 0))
        return source if first_run(platform, stop) else None


def published(platform: Platform) -> bool:
    """Say whether a batch run has been published."""
    with platform.views.snapshot() as snapshot:
        return snapshot.publication is not None


def first_run(platform: Platform, stop: Stop) -> bool:
    """Publish a first batch run where there is none, in a process that gives its memory back; False when stopped."""
    if published(platform):
        return True
    command = [sys.executable, "-m", "marquee", "batch", "--home", str(platform.settings.home)]
    code = subprocess.run(command, check=False).returncode  # noqa: S603
    if stop():
        return False
    if code:
        raise TransientError(f"the first batch run ended with exit code {code}", hint="Its message stands above.")
    return True


def run_parts(
    platform: Platform,
    family: Family,
    source: live.Source,
    console: Console,
    stop: Stop,
    lost: Callable[[], Ended | None],
) -> None:
    """Start the parts as children and wait for the end."""
    settings = platform.settings
    environment = {
        "MARQUEE_HOME": str(settings.home),
        "MARQUEE_HOST": settings.host,
        "MARQUEE_PORT": str(settings.port),
    }
    follow = environment
    if source.simulated:
        follow = {**environment, live.SIMULATED_KEY: source.key, "MARQUEE_TMDB_URL": source.url}
    family.start("serve", ["serve"], environment)
    family.start("speed", ["speed"], environment)
    family.start("ingest", ["ingest"], follow)
    family.start("batch", ["batch", "--follow"], environment)
    console.print(f"Marquee is live: http://{settings.host}:{settings.port}  (Ctrl-C ends it)", style="bold")
    while not stop.wait(0.5):
        ended = family.ended()
        if ended is not None:
            name, code = ended
            raise TransientError(
                f"`marquee {name}` ended by itself with exit code {code}", hint="Its message stands above."
            )
        service = lost()
        if service is not None:
            raise TransientError(f"{service.name} ended by itself", hint=f"Its log is {service.log}.")
