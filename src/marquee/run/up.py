"""`marquee up`: the whole platform in one process tree."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console

from marquee.app import Platform
from marquee.errors import TransientError
from marquee.http.granian import check_port
from marquee.origin import claim, origin
from marquee.places import shown
from marquee.run import follow as live
from marquee.run import upgrading
from marquee.run.processes import Family, Stop
from marquee.run.publishing import frontier, run_batch
from marquee.watch.filling import Filling, Progress

Bars = Callable[[], AbstractContextManager[Progress]]


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
    """Serve what is there at once, fill the home if it is new, and run all parts until a signal.

    A part that ends takes the others with it. lost: says which service that all rest on has ended by itself.
    """
    settings = platform.settings
    with platform.home.lock("up"):
        check_port(settings.host, settings.port)
        simulated = is_simulated(platform)
        upgrading.begin(platform, console.print)
        parts = Parts(platform, Family(), Stop(), console, lost)
        try:
            parts.start("serve", ["serve"])
            console.print(f"Marquee is live: http://{settings.host}:{settings.port}  (Ctrl-C ends it)", style="bold")
            source = simulate(platform, parts, bars) if simulated else live.known_source(platform)
            if simulated and source is None:
                return
            follow(platform, parts, source)
            while not parts.stop.wait(0.5):
                parts.check()
        finally:
            console.print("ending", style="dim")
            parts.family.stop()


def is_simulated(platform: Platform) -> bool:
    """Say whether TMDB is simulated: without a key, in a home that holds nothing real. SettingsError where it cannot go on."""
    if platform.settings.tmdb_api_key is not None or origin(platform.home) == "import":
        return False
    claim(platform.home, "simulated")
    return True


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that run as children of this process."""

    platform: Platform
    family: Family
    stop: Stop
    console: Console
    lost: Callable[[], Ended | None]

    def start(self, name: str, arguments: Sequence[str], more: Mapping[str, str] | None = None) -> None:
        """Start a part with the settings of this process, and some of its own."""
        settings = self.platform.settings
        home = {"MARQUEE_HOME": str(settings.home), "MARQUEE_HOST": settings.host, "MARQUEE_PORT": str(settings.port)}
        self.family.start(name, arguments, {**home, **(more or {})})

    def check(self) -> None:
        """Raise TransientError where a part or a service has ended by itself."""
        ended = self.family.ended()
        if ended is not None:
            name, code = ended
            raise TransientError(
                f"`marquee {name}` ended by itself with exit code {code}", hint="Its message stands above."
            )
        service = self.lost()
        if service is not None:
            raise TransientError(f"{service.name} ended by itself", hint=f"Its log is {shown(service.log)}.")

    def ends(self) -> bool:
        """Say whether it is time to end."""
        self.check()
        return self.stop()


def simulate(platform: Platform, parts: Parts, bars: Bars) -> live.Source | None:
    """Start the simulated TMDB and live through its past; return it, None when told to stop."""
    parts.console.print("No TMDB_API_KEY is set: TMDB is simulated on this machine.")
    source = live.start_simulator(platform, parts.family, manual=True)
    new = frontier(platform) == 0
    with platform.log.backdated() if new else nullcontext(), bars() as show, Filling(platform.home, show) as progress:
        if not asyncio.run(live.unless(parts.ends, live.simulated_past(platform, source, progress))):
            return None
        asyncio.run(live.set_clock(source, 0))
        if new:
            progress("first batch run", 0, 1)
            try:
                run_batch(platform)
            except TransientError:
                if not parts.stop():
                    raise
    return None if parts.stop() else source


def follow(platform: Platform, parts: Parts, source: live.Source | None) -> None:
    """Start the parts that keep a home fresh; without a source, those that keep what it holds in order."""
    if source is None:
        parts.console.print(
            "This home holds imported films, and nothing is fetched: set TMDB_API_KEY to follow TMDB. "
            "`marquee import` adds to it."
        )
    else:
        more = {live.SIMULATED_KEY: source.key, "MARQUEE_TMDB_URL": source.url} if source.simulated else {}
        parts.start("ingest", ["ingest"], more)
    parts.start("speed", ["speed"])
    parts.start("batch", ["batch", "--follow"])
