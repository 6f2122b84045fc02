"""The command line: `marquee up | ingest | import | batch | speed | serve | simulate | query | status | verify | ...`."""

import io
import sys
from typing import NoReturn

from marquee.cli import cluster, data, keys, lineage, logs, quality, running, settings
from marquee.cli.common import app, console
from marquee.errors import MarqueeError, SettingsError
from marquee.run.processes import follow_parent

__all__ = ["app", "cluster", "data", "keys", "lineage", "logs", "main", "quality", "running", "settings"]


EXTRAS = {
    **dict.fromkeys(
        ("cassandra", "confluent_kafka", "fastavro", "jgo", "pymongo", "pyspark", "redis"), "cluster,spark,services"
    ),
    "great_expectations": "quality",
    "datahub": "lineage",
    "opentelemetry": "traces",
}
"""What the embedded install lacks, and the extra that brings it."""


def way_to(extras: str) -> str:
    """Return how extras, parted by commas, get into a clone: the distribution, marquee-films, is on no index yet."""
    options = " ".join(f"--extra {extra}" for extra in extras.split(","))
    return (
        f"In the clone run `.venv/bin/uv sync --inexact {options}`,"
        f" or `pip install -e '.[{extras}]'` in an environment of your own."
    )


def fail(error: MarqueeError) -> NoReturn:
    """Say what was wrong and exit."""
    console.print("error:", style="bold red", end=" ")
    console.print(error.message)
    if error.hint:
        console.print(f"  {error.hint}")
    sys.exit(error.exit_code)


def main() -> None:
    """Run the command line; a failure is words and an exit code, never a traceback."""
    from marquee.run.follow import plain

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that is not UTF-8 is no reason for a traceback
    follow_parent()
    try:
        app()
    except MarqueeError as error:
        fail(error)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        fail(SettingsError(f"the package {error.name} is not installed", hint=way_to(extra)))
    except BaseExceptionGroup as group:
        found = plain(group)
        if isinstance(found, MarqueeError):
            fail(found)
        raise
