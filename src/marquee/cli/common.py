"""What the commands share: the application, its console, and the platform of a home."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from marquee.app import Platform
from marquee.cli.output import console, out, print_json
from marquee.domain.timeline import parse_iso
from marquee.errors import SettingsError
from marquee.home import Home
from marquee.places import shown
from marquee.settings import load
from marquee.watch.filling import Lines, Progress

__all__ = ["app", "bars", "console", "existing", "iso_time", "out", "platform_of", "print_json"]

app = typer.Typer(
    help="Marquee: film analytics over TMDB's data, exact and within seconds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder of all state (MARQUEE_HOME, default .marquee)")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON")]


def platform_of(**given: Any) -> Platform:
    """Return the platform of the settings, its home opened."""
    platform = Platform(load(**given))
    _ = platform.home
    return platform


def existing(home: Path | None, *, reading: bool = False) -> Platform:
    """Return the platform of a home that must be there already, unless all that matters is in a cluster's services.

    reading: the home need not be writable.
    """
    settings = load(home=home)
    if settings.profile == "embedded" and not Home(settings.home).exists():
        raise SettingsError(
            f"there is no home at {shown(settings.home)}", hint="Start with `marquee up`, or name one with --home."
        )
    platform = Platform(settings, reading=reading)
    _ = platform.home
    return platform


def say(text: str) -> None:
    """Print a line on standard error, unbroken however narrow the terminal."""
    console.print(text, soft_wrap=True)


@contextmanager
def bars() -> Iterator[Progress]:
    """Show progress with an ETA, by bars on a terminal and else by a line a minute; yield a function (what, done, of)."""
    if not console.is_terminal:
        yield Lines(lambda text: console.print(text, markup=False, highlight=False))
        return
    columns = (
        TextColumn("{task.description:<28}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console) as progress:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=of)
            progress.update(tasks[what], completed=done, total=of)

        yield show


def iso_time(option: str, text: str) -> int:
    """Read an option's time."""
    try:
        return parse_iso(text)
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"{option} is no ISO 8601 time: {error}", hint="For example: 2026-01-31T08:00") from None
