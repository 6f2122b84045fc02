"""The command line: `marquee up | ingest | import | batch | speed | serve | simulate | query | status | verify | ...`."""

import sys
from typing import NoReturn

from rich.markup import escape

from marquee.cli import data, keys, running
from marquee.cli.common import app, console
from marquee.errors import MarqueeError
from marquee.ops.processes import follow_parent

__all__ = ["app", "data", "keys", "main", "running"]


def fail(error: MarqueeError) -> NoReturn:
    """Say what was wrong and exit."""
    console.print(f"[bold red]error:[/] {escape(error.message)}", highlight=False)
    if error.hint:
        console.print(f"  {escape(error.hint)}", highlight=False)
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
