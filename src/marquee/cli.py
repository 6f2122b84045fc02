"""The command line: `marquee up | ingest | import | batch | speed | serve | simulate | status | verify | reset`."""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain.timeline import DAY, HOUR, SECOND, floor, iso, parse_iso
from marquee.errors import MarqueeError, SettingsError
from marquee.home import Home
from marquee.ops.processes import Stop, follow_parent
from marquee.settings import load

app = typer.Typer(
    help="Marquee: film analytics over TMDB's data, exact and within seconds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(stderr=True)
HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder of all state (MARQUEE_HOME, default .marquee)")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON")]
IMPORT_GROUP = 2_000


def platform_of(**given: Any) -> Platform:
    """Return the platform of the settings, its home opened."""
    platform = Platform(load(**given))
    _ = platform.home
    return platform


def existing(home: Path | None) -> Platform:
    """Return the platform of a home that must be there already."""
    settings = load(home=home)
    if not Home(settings.home).exists():
        raise SettingsError(
            f"there is no home at {settings.home}", hint="Start with `marquee up`, or name one with --home."
        )
    return platform_of(home=home)


def print_json(body: Any) -> None:
    """Print JSON on standard output."""
    sys.stdout.write(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode() + "\n")


@contextmanager
def bars() -> Iterator[Any]:
    """Show progress bars with an ETA; yield a function (what, done, of)."""
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=of)
            progress.update(tasks[what], completed=done, total=of)

        yield show


@app.command()
def up(
    home: HomeOption = None,
    port: Annotated[int | None, typer.Option(help="Port of the API and the page")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on")] = None,
) -> None:
    """Run the whole platform: fill it on the first start, then keep it live. Ctrl-C ends all of it."""
    from marquee.ops.up import run_platform

    platform = platform_of(home=home, port=port, host=host)
    platform.check_exposure()
    run_platform(platform, console, bars)


@app.command()
def ingest(
    home: HomeOption = None,
    films: Annotated[int | None, typer.Option(help="Films in the first crawl")] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop after the first crawl and one poll")] = False,
) -> None:
    """Crawl TMDB, then follow its changes."""
    from marquee.ops import live

    platform = platform_of(home=home, films=films)
    with platform.home.lock("ingest"):
        source, stop = live.source_of(platform), Stop()
        with bars() as show:
            finished = asyncio.run(live.unless(stop, live.first_crawl(platform, source, show)))
        if not finished:
            return
        asyncio.run(live.follow(platform, source, stop, lambda text: console.print(f"[yellow]{text}[/]"), once=once))


@app.command(name="import")
def import_(
    kind: Annotated[str, typer.Argument(help="tmdb5000, movielens or tmdb-json")],
    path: Annotated[Path, typer.Argument(help="File or folder of the data set")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Import a data set. Bad rows go to quarantine with the reason; importing a file again adds nothing."""
    from marquee.ingest.door import Receipt
    from marquee.sources.datasets import IMPORTS

    if kind not in IMPORTS:
        raise SettingsError(f"there is no data set kind {kind!r}", hint=f"Choose one of: {', '.join(IMPORTS)}.")
    platform, receipt = platform_of(home=home), Receipt()
    door = platform.door()
    with console.status(f"importing {kind}"):
        for group in batched_facts(IMPORTS[kind](path)):
            receipt.add(door.accept(group))
    if json:
        print_json({"logged": receipt.logged, "known": receipt.known, "quarantined": receipt.quarantined})
        return
    console.print(
        f"logged {receipt.total:,} events {receipt.logged}, {receipt.known:,} already known, {receipt.quarantined:,} quarantined"
    )
    for reason, count in platform.quarantine.counts().items() if receipt.quarantined else ():
        console.print(f"  in quarantine: {count:,} x {reason}")


def batched_facts(facts: Iterator[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield facts in groups that the door takes at once."""
    while group := tuple(islice(facts, IMPORT_GROUP)):
        yield group


@app.command()
def batch(
    home: HomeOption = None,
    full: Annotated[
        bool, typer.Option("--full", help="Recompute all that is held; gold must come out the same")
    ] = False,
    start: Annotated[str | None, typer.Option("--from", help="Backfill from this ingest time (ISO 8601)")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Backfill to this ingest time (ISO 8601)")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Run again every MARQUEE_BATCH_HOURS")] = False,
    json: JsonOption = False,
) -> None:
    """Run the batch layer up to the last ended hour and publish."""
    platform = platform_of(home=home)
    interval = past_interval(start, end)
    with platform.home.lock("batch"):
        if follow:
            follow_batch(platform)
            return
        with console.status("batch run") as shown:
            report = platform.batch().run(
                full=full, interval=interval, progress=lambda step: shown.update(f"batch run: {step}")
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


def iso_time(option: str, text: str) -> int:
    """Read an option's time."""
    try:
        return parse_iso(text)
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"{option} is no ISO 8601 time: {error}", hint="For example: 2026-01-31T08:00") from None


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
    """Run the batch layer whenever an interval has ended, until told to stop. A failed run is said, and tried again."""
    stop, interval = Stop(), platform.settings.batch_hours * HOUR
    while not stop():
        with platform.views.snapshot() as snapshot:
            publication = snapshot.publication
        due = floor(platform.clock.now(), interval)
        if publication is None or publication.frontier.hour < due:
            try:
                platform.batch().run()
            except MarqueeError as error:
                console.print(f"[red]batch run failed:[/] {error}")
                stop.wait(300)
        stop.wait(10)


@app.command()
def speed(
    home: HomeOption = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when the log's end is reached")] = False,
) -> None:
    """Run the speed layer: fold the log into cells as it grows."""
    platform = platform_of(home=home)
    with platform.home.lock("speed"):
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
    from marquee.serving.server import serve as serve_platform

    serve_platform(platform_of(home=home, port=port, host=host))


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
    manual_clock: Annotated[bool, typer.Option("--manual-clock", help="Let PUT /simulator/clock set the time")] = False,
) -> None:
    """Serve a simulated TMDB on 127.0.0.1. Its key is MARQUEE_SIMULATOR_KEY, or a new one that is printed."""
    import secrets

    from marquee.ops.live import SIMULATED_KEY
    from marquee.serving.server import check_port
    from marquee.sources.simulator.catalogue import Catalogue
    from marquee.sources.simulator.server import CatchUpClock, SimulatorApp, SwitchClock, run
    from marquee.sources.simulator.service import SimulatedTmdb

    settings = load(sim_films=films, sim_seed=seed, sim_days=days)
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
    service = SimulatedTmdb(Catalogue(settings.sim_seed, settings.sim_films, made_for), clock, settings.sim_days)
    asyncio.run(run(SimulatorApp(service, clock, key, rate), "127.0.0.1", port))


@app.command()
def status(home: HomeOption = None, json: JsonOption = False) -> None:
    """Show the state of every part."""
    from marquee.ops import health

    found = health.status(existing(home))
    if json:
        print_json(found)
        return
    table = Table(title=f"Marquee at {found['home']}: {found['health']['status']}", show_header=False)
    batch_part, speed_part = found["batch"], found["speed"]
    table.add_row("processes", ", ".join(f"{name} ({pid})" for name, pid in found["processes"].items()) or "none")
    table.add_row("log", f"{found['log']['first']} to {found['log']['last']}")
    table.add_row("batch", f"run {batch_part['run_id']}, frontier {batch_part['frontier']}, {batch_part['counts']}")
    table.add_row("quality", ", ".join(f"{layer} {score:.1f} %" for layer, score in batch_part["quality"].items()))
    table.add_row("speed", f"through {speed_part['through']}, {speed_part['lag_s']:.1f} s behind")
    table.add_row("quarantine", f"{found['quarantine']['rows']:,} rows")
    for reason in found["health"]["reasons"]:
        table.add_row("[yellow]attention[/]", reason)
    Console().print(table)


@app.command()
def verify(
    home: HomeOption = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Films to check; all without it")] = None,
    json: JsonOption = False,
) -> None:
    """Recompute answers from bronze in plain Python and compare; exit 1 where any differs."""
    from marquee.ops.audit import verify as verify_answers

    platform = existing(home)
    with console.status("verifying"):
        found = verify_answers(platform, sample)
    if json:
        print_json(found)
    else:
        console.print(f"{found['answers_checked']:,} answers checked, {found['differ']} differ")
        for example in found["examples"]:
            console.print(f"  {example}")
    if found["differ"]:
        raise typer.Exit(1)


@app.command()
def reset(home: HomeOption = None, yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False) -> None:
    """Delete a home and all that is in it."""
    platform = existing(home)
    running = platform.home.holders()
    if running:
        raise SettingsError(
            f"{platform.home.folder} is in use by {', '.join(f'{name} ({pid})' for name, pid in running.items())}",
            hint="End these processes first.",
        )
    if not yes and not typer.confirm(f"Delete {platform.home.folder} and everything in it?"):
        raise typer.Exit(1)
    shutil.rmtree(platform.home.folder)
    console.print(f"deleted {platform.home.folder}")


keys_app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")


@keys_app.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="What the key is for")],
    home: HomeOption = None,
    scope: Annotated[list[str] | None, typer.Option(help="read or operate; both without it")] = None,
) -> None:
    """Make a key and print it, this once. From then on the API asks for a key; restart a running one."""
    from marquee.adapters.sqlite_keys import SCOPES

    scopes = tuple(scope or SCOPES)
    if unknown := set(scopes) - set(SCOPES):
        raise SettingsError(f"there is no scope {sorted(unknown)[0]!r}", hint=f"Scopes are: {', '.join(SCOPES)}.")
    platform = platform_of(home=home)
    sys.stdout.write(platform.keys.create(name, scopes, platform.clock.now()) + "\n")


@keys_app.command("list")
def keys_list(home: HomeOption = None) -> None:
    """List the keys, without their secrets."""
    table = Table("id", "name", "scopes", "created", "revoked")
    for key in existing(home).keys.list():
        revoked = iso(key.revoked_at) if key.revoked_at else ""
        table.add_row(str(key.id), key.name, " ".join(key.scopes), iso(key.created_at), revoked)
    Console().print(table)


@keys_app.command("revoke")
def keys_revoke(key_id: Annotated[int, typer.Argument(help="The key's id")], home: HomeOption = None) -> None:
    """Revoke a key, at once."""
    platform = existing(home)
    if not platform.keys.revoke(key_id, platform.clock.now()):
        raise SettingsError(f"no standing key has the id {key_id}", hint="See `marquee keys list`.")


def fail(error: MarqueeError) -> NoReturn:
    """Say what was wrong and exit."""
    console.print(f"[bold red]error:[/] {error.message}", highlight=False)
    if error.hint:
        console.print(f"  {error.hint}", highlight=False)
    sys.exit(error.exit_code)


def main() -> None:
    """Run the command line; a failure is words and an exit code, never a traceback."""
    from marquee.ops.live import plain

    follow_parent()
    try:
        app()
    except MarqueeError as error:
        fail(error)
    except BaseExceptionGroup as group:
        found = plain(group)
        if isinstance(found, MarqueeError):
            fail(found)
        raise
    except KeyboardInterrupt:
        sys.exit(130)
