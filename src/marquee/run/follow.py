"""Ingestion as it runs: the first crawl, the simulated past, then polling; and where TMDB is."""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import httpx

from marquee.app import Platform
from marquee.domain.aside import Trouble
from marquee.domain.timeline import DAY, SECOND, ManualClock, floor, iso
from marquee.errors import MarqueeError, RefusedError, SettingsError, SourceError, TransientError
from marquee.ingest.crawl import CHANGES, Crawl
from marquee.origin import claim
from marquee.ports import CrawlMemory
from marquee.run.processes import Family
from marquee.run.publishing import BATCH
from marquee.sources.tmdb import Tmdb
from marquee.sources.tmdb_key import check_key
from marquee.watch.filling import Progress

REAL_RECHECK = 1_800 * SECOND
REAL_LIMIT = 2_000
SIMULATED_RECHECK = 45 * SECOND
SIMULATED_LIMIT = 60
COARSE, FINE = 28 * DAY, 2 * DAY
SIMULATED_KEY = "MARQUEE_SIMULATOR_KEY"
FIRST_PUBLISHED = 250
"""Films after which a first crawl is published; then whenever their number has doubled, and at its end."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where films come from: a URL and a key; simulated or TMDB itself."""

    url: str
    key: str
    simulated: bool


def source_of(platform: Platform) -> Source:
    """Return the source that the settings name: TMDB with a key, or a simulator that was started before."""
    settings = platform.settings
    if settings.tmdb_api_key is not None:
        real = Source(settings.tmdb_url, check_key(settings.tmdb_api_key.get_secret_value()), simulated=False)
        claim(platform.home, "tmdb")
        return real
    key = os.environ.get(SIMULATED_KEY)
    if key is None:
        raise SettingsError(
            "there is no TMDB key and no simulator to ask",
            hint="Set TMDB_API_KEY to your API Read Access Token or API Key, or use `marquee up`, which starts a simulated TMDB.",
        )
    claim(platform.home, "simulated")
    return Source(settings.tmdb_url, key, simulated=True)


def known_source(platform: Platform) -> Source | None:
    """Return TMDB where there is a key for it, None where nothing can be fetched."""
    return None if platform.settings.tmdb_api_key is None else source_of(platform)


def free_port() -> int:
    """Return a TCP port that is free on 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_simulator(platform: Platform, family: Family, *, manual: bool) -> Source:
    """Start the simulated TMDB as a child, and wait until it answers. A home's world keeps the day it was made for."""
    settings = platform.settings
    claim(platform.home, "simulated")
    port = settings.sim_port or free_port()
    memory = platform.crawl_memory
    loud = is_loud(memory, settings.sim_loud)
    origin = memory.note("simulated_origin") or iso(platform.clock.now())
    memory.remember("simulated_origin", origin)
    memory.remember("simulated_loud", loud)
    key = secrets.token_hex(16)
    arguments = [
        "simulate",
        "--port",
        str(port),
        *(["--manual-clock"] if manual else []),
        "--loud" if loud else "--quiet",
    ]
    world = {"seed": settings.sim_seed, "films": settings.sim_films, "days": settings.sim_days, "origin": origin}
    arguments += [part for name, value in world.items() for part in (f"--{name}", str(value))]
    family.start("simulate", arguments, {SIMULATED_KEY: key})
    url = f"http://127.0.0.1:{port}/3"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if family.ended() is not None:
            break
        try:
            httpx.get(
                f"{url}/genre/movie/list", headers={"Authorization": f"Bearer {key}"}, timeout=1
            ).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
            continue
        return Source(url, key, simulated=True)
    raise TransientError("the simulated TMDB did not start", hint="See its message above, or set MARQUEE_SIM_PORT.")


def is_loud(memory: CrawlMemory, wanted: bool) -> bool:
    """Return whether a home's simulated world is loud: as it was made; one that does not say is of a time when all were."""
    noted = memory.note("simulated_loud")
    if noted is None and memory.note("simulated_origin") is not None:
        return True
    return wanted if noted is None else bool(noted)


def crawl_of(platform: Platform, source: Source) -> tuple[Crawl, Tmdb]:
    """Return a crawl of a source; only the real TMDB has a request budget."""
    budget = None if source.simulated else platform.tmdb_budget()
    workers = 4 if source.simulated else 8
    tmdb = Tmdb(source.url, source.key, budget, connections=workers)
    languages = platform.settings.language_codes
    return Crawl(tmdb, platform.door(), platform.crawl_memory, platform.clock, workers, languages), tmdb


async def begin(
    platform: Platform,
    source: Source,
    stopped: Callable[[], bool],
    say: Callable[[str], None],
    progress: Progress,
    *,
    once: bool = False,
) -> bool:
    """Do the first crawl; what passes by itself is said and tried again, unless `once`. Return whether it was finished."""
    crawl, tmdb = crawl_of(platform, source)
    crawl.resume()
    try:
        return await persist(
            crawl,
            lambda: first_crawl(platform, source, crawl, progress),
            stopped,
            say,
            pause_of(platform, source),
            once,
        )
    finally:
        await tmdb.close()


async def persist(
    crawl: Crawl,
    work: Callable[[], Coroutine[Any, Any, object]],
    stopped: Callable[[], bool],
    say: Callable[[str], None],
    pause: float,
    once: bool,
) -> bool:
    """Do some work of a crawl, again after a pause (s) where its source could not be asked; return whether it was finished.

    Raises what the source said where it is asked but `once`, or where it has never answered and something must be changed
    first. Either way it is noted, for whoever asks how the crawl is.
    """
    while not stopped():
        try:
            finished = await unless(stopped, work())
        except (RefusedError, SourceError, TransientError) as error:
            crawl.memory.troubled(Trouble(crawl.clock.now(), error.message, error.hint))
            if once or not (isinstance(error, TransientError) or crawl.tmdb.answered):
                raise
            say(f"{error.message}; trying again in {pause:.0f} s. {error.hint}")
        else:
            crawl.memory.troubled(None)
            return finished
        await rest(pause, stopped)
    return False


async def rest(seconds: float, stopped: Callable[[], bool]) -> None:
    """Wait, but not past the word to stop."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stopped():
        await asyncio.sleep(0.2)


def pause_of(platform: Platform, source: Source) -> float:
    """Return the seconds between polls of a source."""
    return 2.0 if source.simulated else platform.settings.poll_seconds


async def first_crawl(platform: Platform, source: Source, crawl: Crawl, progress: Progress) -> None:
    """Find and fetch all films that are wanted and were not fetched yet; the batch layer is asked for runs meanwhile."""
    wanted = platform.settings.sim_films if source.simulated else platform.settings.films
    due = FIRST_PUBLISHED

    def fetched(done: int, of: int) -> None:
        nonlocal due
        progress("fetching films", done, of)
        if done >= due or done == of:
            due = max(2 * due, done + 1)
            platform.home.ask(BATCH)

    if crawl.memory.note(CHANGES) is None:
        crawl.memory.remember(CHANGES, platform.clock.now())
    await crawl.find_films(wanted, lambda done, of: progress("finding films", done, of))
    await crawl.fetch_all(fetched)


async def simulated_past(platform: Platform, source: Source, progress: Progress) -> None:
    """Live through the simulated days before now: the simulator's clock and the platform's move together.

    Resumable: the day reached is remembered with the crawl.
    """
    system = platform.clock
    today = system.now()
    past = ManualClock(today - platform.settings.sim_days * DAY)
    platform.clock = past
    try:
        crawl, tmdb = crawl_of(platform, source)
        reached = crawl.memory.note("past")
        past.time = reached if isinstance(reached, int) else past.time
        if past.time >= today - FINE:
            return
        await set_clock(source, past.time)
        await first_crawl(platform, source, crawl, progress)
        start = past.time
        while past.time < today:
            step = COARSE if past.time < today - COARSE else FINE
            past.time = min(today, floor(past.time, DAY) + step)
            await set_clock(source, past.time)
            await crawl.poll(0, 10**9)
            crawl.memory.remember("past", past.time)
            progress("living through days", (past.time - start) // DAY, (today - start) // DAY)
        await tmdb.close()
    finally:
        platform.clock = system


async def set_clock(source: Source, time: int) -> None:
    """Move the simulator's clock; 0 lets it run with the system's."""
    address = source.url.removesuffix("/3") + "/simulator/clock"
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {source.key}"}) as client:
        (await client.put(address, json={"now": time})).raise_for_status()


async def follow(
    platform: Platform, source: Source, stopped: Callable[[], bool], say: Callable[[str], None], *, once: bool = False
) -> None:
    """Poll until told to stop, or once. What passes by itself is said and tried again at the next poll."""
    crawl, tmdb = crawl_of(platform, source)
    recheck, limit = (SIMULATED_RECHECK, SIMULATED_LIMIT) if source.simulated else (REAL_RECHECK, REAL_LIMIT)
    pause = pause_of(platform, source)
    try:
        while not stopped():
            await persist(crawl, lambda: crawl.poll(recheck, limit), stopped, say, pause, once)
            if once:
                return
            await rest(pause, stopped)
    finally:
        await tmdb.close()


async def unless(stopped: Callable[[], bool], work: Coroutine[Any, Any, object]) -> bool:
    """Do some work, and leave it when told to stop; return whether it was finished."""
    task = asyncio.ensure_future(work)
    while not task.done():
        if stopped():
            task.cancel()
        await asyncio.wait({task}, timeout=0.2)
    if task.cancelled():
        return False
    task.result()
    return True


def innermost(error: BaseException) -> BaseException:
    """Return the first plain error inside exception groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def plain(error: BaseException) -> BaseException:
    """Return the error a person should read of a failure inside concurrent work."""
    found = innermost(error)
    return found if isinstance(found, MarqueeError) else error
