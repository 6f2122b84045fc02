"""Commands that run the platform or a part of it."""

import asyncio
import logging
import os
from typing import Annotated, Any

import typer

from marquee.app import SYSTEM_CLOCK, Platform
from marquee.cli.common import HomeOption, JsonOption, app, bars, console, existing, iso_time, platform_of, print_json
from marquee.domain.records import RunReport
from marquee.domain.timeline import DAY, HOUR, SECOND, floor, iso
from marquee.errors import MarqueeError, SettingsError
from marquee.run import logs
from marquee.run.processes import Stop
from marquee.run.publishing import BATCH, frontier, latest_run, publish_now
from marquee.settings import load
from marquee.watch.filling import Filling

log = logging.getLogger(__name__)


@app.command()
def up(
    home: HomeOption = None,
    port: Annotated[int | None, typer.Option(help="Port of the API and the page")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on")] = None,
) -> None:
    """Run the whole platform: fill it on the first start, then keep it live. Ctrl-C ends all of it."""
    from marquee.run.up import run_platform

    platform = platform_of(home=home, port=port, host=host)
    platform.check_exposure()
    run_platform(platform, console, bars)


@app.command()
def ingest(
    home: HomeOption = None,
    films: Annotated[int | None, typer.Option(help="Films in the first crawl")] = None,
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="Stop after the first crawl and one poll; nothing where another process follows already"
        ),
    ] = False,
) -> None:
    """Crawl TMDB, then follow its changes."""
    from marquee.run import follow as live

    platform = platform_of(home=home, films=films)
    follower = platform.home.holders().get("ingest")
    if once and follower is not None:
        console.print(f"process {follower} follows TMDB already: nothing to do")
        return
    with platform.home.lock("ingest"):
        logs.begin(platform, "ingest")
        source, stop = live.source_of(platform), Stop()
        with bars() as show, Filling(platform.home, show) as progress:
            finished = asyncio.run(live.begin(platform, source, stop, log.warning, progress, once=once))
        if not finished:
            return
        asyncio.run(live.follow(platform, source, stop, log.warning, once=once))


@app.command()
def batch(
    home: HomeOption = None,
    full: Annotated[
        bool, typer.Option("--full", help="Recompute all that is held; gold must come out the same")
    ] = False,
    start: Annotated[str | None, typer.Option("--from", help="Backfill from this ingest time (ISO 8601)")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Backfill to this ingest time (ISO 8601)")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Run again every MARQUEE_BATCH_HOURS")] = False,
    until: Annotated[str, typer.Option("--until", help="Last step: bronze, silver, gold or publish")] = "publish",
    before: Annotated[
        str | None, typer.Option("--before", help="Leave what was ingested from then on (ISO 8601)")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Run the batch layer up to this moment and publish; with --follow, up to the last ended hour, again and again."""
    from marquee.batch.run import STEPS

    platform = platform_of(home=home)
    interval = past_interval(start, end)
    if until not in STEPS:
        raise SettingsError(f"a run has no step {until!r}", hint=f"Choose one of: {', '.join(STEPS)}.")
    if (full or interval) and (before or until != STEPS[-1]):
        raise SettingsError(
            "what is made anew is made whole", hint="Leave out --until and --before, or --full and --from."
        )
    bound = None if before is None else iso_time("--before", before)
    plain = not (full or interval or follow or before) and until == STEPS[-1]
    report = run_by_follower(platform) if plain else None
    if report is None:
        with platform.home.lock("batch"):
            logs.begin(platform, "batch", aloud=follow)
            platform.home.asked("batch")
            if follow:
                follow_batch(platform)
                return
            with console.status("batch run") as shown:
                report = platform.batch().run(
                    full=full,
                    interval=interval,
                    until=until,
                    before=bound,
                    cut=bound is None,
                    progress=lambda step: shown.update(f"batch run: {step}"),
                )
    if json:
        print_json(
            {
                "run": report.run,
                "run_id": report.run_id,
                "state": report.state,
                "frontier": iso(report.frontier),
                **report.report,
            }
        )
        return
    seconds = (report.finished_at - report.started_at) / SECOND
    console.print(
        f"run {report.run_id} {report.state} in {seconds:.1f} s; complete for all ingested before {iso(report.frontier)}"
    )


def run_by_follower(platform: Platform) -> RunReport | None:
    """Let the process that has the batch layer run it up to this moment; None where there is none."""
    if BATCH not in platform.home.holders():
        return None
    with console.status("batch run, by the process that has the batch layer"):
        publish_now(platform)
    return latest_run(platform)


def past_interval(start: str | None, end: str | None) -> tuple[int, int] | None:
    """Read a backfill's interval as whole ingest hours."""
    if start is None and end is None:
        return None
    first = iso_time("--from", start or "1970-01-01")
    last = iso_time("--to", end) if end else SYSTEM_CLOCK.now()
    if first >= last:
        raise SettingsError("--from must lie before --to", hint="For example: --from 2026-01-31 --to 2026-02-01")
    return floor(first, HOUR), floor(last + HOUR - 1, HOUR)


def follow_batch(platform: Platform) -> None:
    """Run the batch layer whenever an interval has ended or somebody asks, until told to stop.

    A failed run is said, and tried again.
    """
    stop, interval = Stop(), platform.settings.batch_hours * HOUR
    while not stop():
        asked, due = platform.home.asked("batch"), floor(platform.clock.now(), interval)
        if asked or frontier(platform) < due:
            try:
                platform.batch().run(cut=asked)
            except MarqueeError:
                stop.wait(300)
        stop.wait(1)


@app.command()
def maintain(home: HomeOption = None) -> None:
    """Drop what is past its retention and compact the lake, as the batch layer does once a day by itself."""
    platform = existing(home)
    with platform.home.lock("batch"):
        logs.begin(platform, "maintain")
        with platform.views.snapshot() as snapshot:
            publication = snapshot.publication
        if publication is None:
            raise SettingsError("there is nothing to maintain: no run has been published", hint="Run `marquee batch`.")
        frontier = publication.frontier.hour
        with console.status("maintaining the lake"):
            platform.batch().retain(frontier)
    console.print(f"kept: {platform.settings.retention.words()}, before {iso(frontier)}")


@app.command()
def speed(
    home: HomeOption = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when the log's end is reached")] = False,
) -> None:
    """Run the speed layer: fold the log into cells as it grows."""
    platform = platform_of(home=home)
    with platform.home.lock("speed"):
        logs.begin(platform, "speed")
        layer = platform.speed()
        if once:
            console.print(f"folded {layer.drain():,} events")
        else:
            layer.follow(Stop())


@app.command()
def serve(
    home: HomeOption = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on")] = None,
) -> None:
    """Serve the API and the web page."""
    from marquee.http.server import serve as serve_platform

    platform = platform_of(home=home, port=port, host=host)
    logs.begin(platform, f"serve-{platform.settings.port}")
    serve_platform(platform)


@app.command()
def simulate(
    port: Annotated[int, typer.Option(help="Port to listen on")] = 8001,
    films: Annotated[int | None, typer.Option(help="Films in the catalogue")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the world")] = None,
    days: Annotated[int | None, typer.Option(help="Days of history before now")] = None,
    factor: Annotated[
        float, typer.Option(help="Simulated seconds per second until now is reached; 0 starts at now")
    ] = 0,
    rate: Annotated[float, typer.Option(help="Requests per second before a 429; 0: no limit")] = 0,
    origin: Annotated[str | None, typer.Option(help="Day the world is made for (ISO 8601); today without it")] = None,
    loud: Annotated[
        bool | None, typer.Option("--loud/--quiet", help="55 times as many reviews as TMDB has, or as few as it has")
    ] = None,
    manual_clock: Annotated[bool, typer.Option("--manual-clock", help="Let PUT /simulator/clock set the time")] = False,
) -> None:
    """Serve a simulated TMDB on 127.0.0.1. Its key is MARQUEE_SIMULATOR_KEY, or a new one that is printed."""
    import secrets

    from marquee.http.granian import check_port, run
    from marquee.run.follow import SIMULATED_KEY
    from marquee.sources.simulator.catalogue import Catalogue
    from marquee.sources.simulator.server import CatchUpClock, SimulatorApp, SwitchClock
    from marquee.sources.simulator.service import SimulatedTmdb

    settings = load(sim_films=films, sim_seed=seed, sim_days=days, sim_loud=loud)
    check_port("127.0.0.1", port)
    now = SYSTEM_CLOCK.now()
    clock: Any = SYSTEM_CLOCK
    if manual_clock:
        clock = SwitchClock(0, SYSTEM_CLOCK)
    elif factor:
        clock = CatchUpClock(SYSTEM_CLOCK, now, now - settings.sim_days * DAY, factor)
    key = os.environ.get(SIMULATED_KEY)
    if key is None:
        key = secrets.token_hex(16)
        console.print(f"simulated TMDB on http://127.0.0.1:{port}/3, key {key}")
    made_for = now if origin is None else iso_time("--origin", origin)
    catalogue = Catalogue(settings.sim_seed, settings.sim_films, made_for, loud=settings.sim_loud)
    service = SimulatedTmdb(catalogue, clock, settings.sim_days)
    run(lambda: SimulatorApp(service, clock, key, rate), "127.0.0.1", port)
