"""Commands about the real services."""

from typing import Annotated

import typer

from marquee.cli.common import app
from marquee.errors import SettingsError

cluster = typer.Typer(help="The real services as local processes: Kafka, Cassandra, MongoDB, HDFS and Redis.")
app.add_typer(cluster, name="cluster")


@cluster.command()
def jars(name: Annotated[str, typer.Argument(help="A lock: spark, kafka, cassandra, hdfs")]) -> None:
    """Fetch the pinned jars of a service, and print their paths with commas between."""
    from marquee.cluster.jars import LOCKS
    from marquee.cluster.jars import jars as fetched

    known = sorted(path.stem for path in LOCKS.glob("*.txt"))
    if name not in known:
        raise SettingsError(f"there is no lock {name!r}", hint=f"Choose one of: {', '.join(known)}.")
    typer.echo(",".join(sorted(map(str, fetched(name).glob("*.jar")))))
