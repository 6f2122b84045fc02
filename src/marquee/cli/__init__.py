"""The command line: `marquee up | ingest | import | batch | speed | serve | simulate | query | status | verify | ...`."""

import sys
from typing import NoReturn

from rich.markup import escape

from marquee.cli import cluster, data, keys, logs, running
from marquee.cli.common import app, console
from marquee.errors import MarqueeError, SettingsError
from marquee.ops.processes import follow_parent

__all__ = ["app", "cluster", "data", "keys", "logs", "main", "running"]


CLUSTER_PACKAGES = ("cassandra", "confluent_kafka", "fastavro", "jgo", "pymongo", "pyspark", "redis")
"""What the adapters of the cluster need beyond the embedded install."""


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
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in CLUSTER_PACKAGES:
            raise
        fail(
            SettingsError(
                f"the package {error.name} is not installed",
                hint="Run `pip install 'marquee[cluster,spark,services]'`.",
            )
        )
    except BaseExceptionGroup as group:
        found = plain(group)
        if isinstance(found, MarqueeError):
            fail(found)
        raise
    except KeyboardInterrupt:
        sys.exit(130)
