"""`python -m marquee`, and the command `marquee`."""

import signal
import sys
from pathlib import Path
from typing import NoReturn

LIVING = ("up", "serve", "speed", "ingest", "simulate")
"""Commands that run until they are told to end: for them Ctrl-C is no failure, however early."""


def interrupted(number: int, frame: object) -> NoReturn:
    """End at a Ctrl-C that comes before a command has a way of its own to end."""
    sys.exit(0 if sys.argv[1:2] and sys.argv[1] in LIVING else 130)


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, interrupted)
    from marquee.cli import main as command_line

    command_line()


if __name__ == "__main__":
    # Run as a file, as spark-submit does, Python looks beside it first, and there lies a room called `http` too.
    beside = Path(__file__).resolve().parent
    sys.path[:] = [path for path in sys.path if Path(path).resolve() != beside]
    main()
