"""`marquee lineage`: tables, lineage, quality and runs, for DataHub."""

import os
from pathlib import Path
from typing import Annotated

import typer

from marquee.batch.run import HISTORY
from marquee.cli.common import HomeOption, app, console, existing, say
from marquee.domain.quality import RULES
from marquee.errors import SettingsError
from marquee.places import leave_to_user, shown


@app.command()
def lineage(
    target: Annotated[
        Path | None, typer.Argument(help="A file to write; without it the DataHub of MARQUEE_DATAHUB is told")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Tell DataHub of tables, columns, terms, lineage from source to API, quality and runs. Telling it again changes nothing."""
    os.environ["DATAHUB_TELEMETRY_ENABLED"] = "false"  # read when the library is imported: nothing is sent elsewhere
    from marquee.run import lineage as known
    from marquee.run.datahub import Catalogue, send, write

    platform = existing(home, reading=True)
    settings = platform.settings
    catalogue = Catalogue(settings.datahub_instance, known.tables(settings), known.flows())
    proposals = catalogue.proposals(RULES, platform.runs.latest(HISTORY))
    if target is not None:
        count = write(target, proposals)
        leave_to_user(target)
        say(f"{shown(target)}: {count:,} proposals about {len(catalogue.tables)} tables")
        return
    if settings.datahub is None:
        raise SettingsError("no DataHub is set", hint="Set MARQUEE_DATAHUB to its metadata service, or name a file.")
    token = settings.datahub_token.get_secret_value() if settings.datahub_token else None
    console.print(f"{settings.datahub}: {send(settings.datahub, token, proposals):,} proposals")
