"""Commands about what a home holds: import, query, status, verify, export, reset, backup, restore."""

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from marquee.adapters.sqlite.connection import explained
from marquee.cli.common import HomeOption, JsonOption, app, bars, console, existing, out, platform_of, print_json, say
from marquee.cli.output import coloured, columns, print_csv, words
from marquee.errors import SettingsError
from marquee.places import leave_to_user, shown
from marquee.settings import SERVICES, load

SHOWN_ROWS = 50
ASIDE_SHOWN = 5


@app.command(name="import")
def import_(
    given: Annotated[
        list[str], typer.Argument(metavar="[KIND] PATH", help="File, folder or archive; its kind is recognised")
    ],
    home: HomeOption = None,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", help="Encoding of the files, where it cannot be told: cp1252, latin-1, ..."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let this release of MovieLens take the place of a newer or larger one")
    ] = False,
    json: JsonOption = False,
    publish: Annotated[
        bool,
        typer.Option("--publish/--no-publish", help="Publish at once what was imported, or leave it to a batch run"),
    ] = True,
) -> None:
    """Import a data set, or all that a folder or archive holds. Importing it again adds nothing.

    What cannot be read goes to quarantine with its film, column and reason. Exit code 1: nothing was imported, or a column
    fails in every row.
    """
    from marquee.cli.told import lines, shown
    from marquee.importers.files import printable
    from marquee.run.importing import run
    from marquee.run.publishing import Outcome, publish_now

    kind, path = kind_and_path(given)
    platform = platform_of(home=home)
    with bars() as show:
        summary = run(platform, path, show, kind=kind, encoding=encoding, replace=replace)
    outcome = publish_now(platform, quiet=json) if publish and summary.anything else Outcome.LATER
    if json:
        print_json(summary.as_dict())
    else:
        for line in lines(summary):
            console.print(shown(line), markup=False, highlight=False, soft_wrap=True)
        if outcome is Outcome.LATER and summary.receipt.total:
            console.print("accepted and not published yet: the speed layer shows it, and the next batch run")
    for error in summary.errors:
        console.print(f"error: {shown(error)}", markup=False, highlight=False, soft_wrap=True)
    if not summary.anything and not summary.held_back:
        console.print(f"error: nothing was imported from {shown(printable(str(path)))}", markup=False, soft_wrap=True)
    if not summary.well:
        raise typer.Exit(1)


def kind_and_path(given: list[str]) -> tuple[str | None, Path]:
    """Read the arguments of an import: a path, or a kind of data set and a path."""
    from marquee.importers.datasets import KINDS

    if len(given) == 1:
        return None, Path(given[0])
    kind, path, *more = given
    if kind not in KINDS or more:
        raise SettingsError(
            f"there is no data set kind {kind!r}" if not more else "one path is imported at a time",
            hint=f"Choose one of: {', '.join(KINDS)}. Or leave it out: `marquee import PATH` recognises what is there.",
        )
    return kind, Path(path)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help='A SELECT over bronze.*, silver.* and gold.*; "tables" lists them')],
    home: HomeOption = None,
    rows: Annotated[int, typer.Option("--rows", min=1, help="Most rows shown in a table")] = SHOWN_ROWS,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, all rows")] = False,
    json: JsonOption = False,
) -> None:
    """Ask the lake in SQL (DuckDB's, or Spark's where that computes). Nothing can be changed, no other file read."""
    from marquee.domain.tables import TABLES

    platform = existing(home, reading=True)
    if sql.strip().lower() == "tables":
        shown = Table("table", "columns")
        for name, described in TABLES.items():
            shown.add_row(name, ", ".join(described.columns))
        out.print(shown)
        return
    found = platform.ask_lake(sql)
    names, values = columns(found if as_csv or json else found.slice(0, rows))
    if json:
        print_json([dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)])
    elif as_csv:
        print_csv(names, zip(*values, strict=True))
    else:
        shown = Table(*names)
        for row in zip(*values, strict=True):
            shown.add_row(*map(words, row))
        out.print(shown)
        if found.num_rows > rows:
            console.print(f"{found.num_rows:,} rows; {rows:,} shown. Ask for more with --rows, or all with --csv.")


@app.command()
def status(home: HomeOption = None, json: JsonOption = False) -> None:
    """Show the state of every part."""
    from marquee.watch import health

    found = health.status(existing(home, reading=True))
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
    if found["crawl"] is not None:
        add_crawl(table, found["crawl"])
    for service in found["services"]:
        state = "runs" if service["runs"] else "has ended"
        line = f"{state} at {service['address']} ({service['pid']}), log {service['log']}"
        table.add_row(service["name"], coloured(line, "" if service["runs"] else "red"))
    for reason in found["health"]["reasons"]:
        table.add_row(coloured("attention", "yellow"), reason)
    out.print(table)


def add_crawl(table: Table, crawl: dict[str, Any]) -> None:
    """Show how far the crawl is, and the first films that are set aside."""
    aside = f", {crawl['set_aside']:,} set aside" if crawl["set_aside"] else ""
    gone = f", {crawl['gone']:,} gone" if crawl["gone"] else ""
    table.add_row("crawl", f"{crawl['fetched']:,} of {crawl['known']:,} films fetched{aside}{gone}")
    for film in crawl["films"][:ASIDE_SHOWN]:
        tries = f"{film['tries']} {'try' if film['tries'] == 1 else 'tries'}"
        table.add_row(f"  film {film['movie_id']}", f"{film['reason']} ({tries}, again at {film['next_try']})")
    if len(crawl["films"]) > ASIDE_SHOWN:
        table.add_row("", f"{crawl['set_aside'] - ASIDE_SHOWN:,} more: `marquee status --json` names some")
    if crawl["trouble"] is not None:
        table.add_row("  trouble", f"at {crawl['trouble']['at']}: {crawl['trouble']['reason']}")


@app.command()
def verify(
    home: HomeOption = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Films to check; all without it")] = None,
    json: JsonOption = False,
) -> None:
    """Recompute answers from bronze in plain Python and compare; exit 1 where any differs."""
    from marquee.watch.audit import verify as verify_answers

    platform = existing(home, reading=True)
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
def export(
    target: Annotated[
        Path | None, typer.Argument(help="The DuckDB file to write; without it export/marquee.duckdb in the home")
    ] = None,
    home: HomeOption = None,
    every: Annotated[float | None, typer.Option(min=1, help="Write it anew every so many seconds, until ended")] = None,
) -> None:
    """Write the merged answers as tables of a DuckDB file, for Superset and other tools that ask in SQL."""
    from marquee.engines.duckdb.lake import write_database
    from marquee.run.processes import Stop
    from marquee.serving.answers.export import export as tables_of

    platform, stop = existing(home, reading=True), Stop()
    query, target = platform.query(), target or platform.home.path("export/marquee.duckdb")
    while True:
        query.refresh()
        tables = tables_of(query)
        write_database(target, tables)
        if not target.resolve().is_relative_to(platform.home.folder.resolve()):
            leave_to_user(target)
        say(f"{shown(target)}: {', '.join(f'{name} {rows.num_rows:,}' for name, rows in tables.items())}")
        if every is None or stop.wait(every):
            return


@app.command()
def reset(home: HomeOption = None, yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False) -> None:
    """Delete a home and all that is in it."""
    held = existing(home, reading=True).home
    folder, running = held.folder, held.holders()
    if running:
        raise SettingsError(
            f"{shown(folder)} is in use by {', '.join(f'{name} ({pid})' for name, pid in running.items())}",
            hint="End these processes first.",
        )
    if not yes and not typer.confirm(f"Delete {shown(folder)} and everything in it?"):
        raise typer.Exit(1)
    with explained(folder):
        shutil.rmtree(folder.resolve())
        if folder.is_symlink():
            folder.unlink()
    say(f"deleted {shown(folder)}")


@app.command()
def backup(target: Annotated[Path, typer.Argument(help="The tar file to write")], home: HomeOption = None) -> None:
    """Write all of a home into one file, and check it. The platform may go on running."""
    from marquee.run.backup import backup as write

    platform = existing(home, reading=True)
    away = [name for name in SERVICES if getattr(platform.settings, name) is not None]
    if away:
        raise SettingsError(
            f"part of this home's state is in {', '.join(away)}, which a copy of the folder would lack",
            hint="Back those services up with their own tools; docs/operating.md says in which order.",
        )
    with console.status("backing up"):
        label = write(platform.home, target, platform.clock)
    size, count = target.stat().st_size / 1024**2, len(label.files or ())
    say(f"{shown(target)}: {size:,.1f} MB, {count:,} files, each read again and compared")


@app.command()
def upgrade(
    home: HomeOption = None,
    keep: Annotated[bool, typer.Option("--backup/--no-backup", help="Write a backup beside the home first")] = True,
) -> None:
    """Bring a home of an earlier version up to this one, as `marquee up` does by itself."""
    from marquee.run.upgrading import upgrade as bring_up

    platform = existing(home)
    with platform.home.lock("up"):
        if not bring_up(platform, say, keep=keep):
            say(f"{shown(platform.home.folder)} is up to date")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A file that `marquee backup` wrote")], home: HomeOption = None
) -> None:
    """Bring a home back from a backup, to any folder. What came later is asked of TMDB again."""
    from marquee.run.restore import restore as unpack

    folder = load(home=home).home
    with console.status("restoring"):
        label = unpack(source, folder)
    say(f"restored {shown(folder)} as {label.home} was at {label.made_at}")
    if label.files is None:
        say("an earlier version made this backup, without digests: its files could not be compared with anything")
