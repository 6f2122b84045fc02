"""`marquee logs`: what the parts of a home have said."""

import sys
import time
from collections import deque
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
import typer

from marquee.cli.common import HomeOption, JsonOption, app, existing, iso_time, out
from marquee.errors import SettingsError
from marquee.run.logs import FOLDER, IDS, LEVELS, Tail, Wanted, read
from marquee.run.processes import Stop

POLL_SECONDS = 0.3
COLOURS = {"warning": "yellow", "error": "red", "critical": "bold red"}


@app.command()
def logs(
    text: Annotated[str, typer.Argument(help="What a line must contain, in any case")] = "",
    home: HomeOption = None,
    part: Annotated[list[str] | None, typer.Option("--part", help="ingest, batch, speed, serve; all")] = None,
    level: Annotated[str, typer.Option("--level", help="Least level: debug, info, warning, error")] = "info",
    run: Annotated[str | None, typer.Option("--run", help="A run's number")] = None,
    batch: Annotated[str | None, typer.Option("--batch", help="A micro-batch's number")] = None,
    request: Annotated[str | None, typer.Option("--request", help="A request's id (X-Request-ID)")] = None,
    since: Annotated[str | None, typer.Option("--since", help="First time (ISO 8601)")] = None,
    last: Annotated[int, typer.Option("--last", min=1, help="Most lines, the last ones")] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is added")] = False,
    json: JsonOption = False,
) -> None:
    """Show what the parts have said: by part, level, time, run, micro-batch or request."""
    if level not in LEVELS:
        raise SettingsError(f"there is no level {level!r}", hint=f"Choose one of: {', '.join(LEVELS)}.")
    folder = existing(home, reading=True).home.path(FOLDER)
    ids = {name: value for name, value in zip(IDS, (run, batch, request), strict=True) if value is not None}
    wanted = Wanted(tuple(part or ()), level, 0 if since is None else iso_time("--since", since), ids, text)
    tail = Tail(folder)
    for line in deque(read(folder, wanted), last):
        show(line, json=json)
    stop = Stop() if follow else None
    while stop is not None and not stop():
        for line in tail.step(wanted):
            show(line, json=json)
        time.sleep(POLL_SECONDS)


def show(line: Mapping[str, Any], *, json: bool) -> None:
    """Print one line, as it is or as a person reads it."""
    if json:
        sys.stdout.write(orjson.dumps(line).decode() + "\n")
        sys.stdout.flush()
        return
    ids = "".join(f" {name}={line[name]}" for name in IDS if name in line)
    shown = f"{line['time']} {line['level']:<7} {line['part']:<10} {line['message']}{ids}"
    error = f"\n{line['error']}" if "error" in line else ""
    out.print(shown + error, style=COLOURS.get(line["level"], ""), soft_wrap=True)
