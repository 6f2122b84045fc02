"""Commands about the real services."""

from typing import Annotated

import typer

from marquee.cli.common import HomeOption, app, bars, console, platform_of
from marquee.errors import SettingsError
from marquee.places import for_java
from marquee.settings import load

cluster = typer.Typer(help="The real services as local processes: Kafka, Cassandra, MongoDB, HDFS and Redis.")
app.add_typer(cluster, name="cluster")


@cluster.command()
def up(
    home: HomeOption = None,
    port: Annotated[int | None, typer.Option(help="Port of the API and the page")] = None,
    brokers: Annotated[int, typer.Option(min=1, max=5, help="Kafka brokers")] = 1,
    datanodes: Annotated[int, typer.Option(min=1, max=5, help="HDFS DataNodes")] = 1,
) -> None:
    """Run the cluster profile on this machine: all real services, then the platform over them. Ctrl-C ends all of it.

    It needs Java 17, about 5 GB of memory, and at the first start 500 MB of downloads.
    """
    from marquee.run.up import run_platform
    from marquee.services.laptop import Laptop

    folder = for_java(load(home=home).home / "services", "run the services elsewhere")
    opened = platform_of(home=home, port=port).home
    with opened.lock("services"):
        laptop = Laptop(folder, brokers, datanodes)
        try:
            with console.status("starting the services"):
                laptop.start(lambda name: console.print(f"{name} is up", style="dim"))
            platform = platform_of(home=home, port=port)
            run_platform(platform, console, bars, laptop.ended)
        finally:
            laptop.stop()


@cluster.command()
def jars(name: Annotated[str, typer.Argument(help="A lock: spark, kafka, cassandra, hdfs")]) -> None:
    """Fetch the pinned jars of a service, and print their paths with commas between."""
    from marquee.services.jars import LOCKS, paths

    known = sorted(path.stem for path in LOCKS.glob("*.txt"))
    if name not in known:
        raise SettingsError(f"there is no lock {name!r}", hint=f"Choose one of: {', '.join(known)}.")
    typer.echo(",".join(paths(name)))
