"""`marquee quality`: the quality rules as suites of Great Expectations."""

from typing import Annotated

import typer
from rich.table import Table

from marquee.cli.common import HomeOption, JsonOption, app, console, existing, out, print_json, say
from marquee.cli.output import coloured
from marquee.errors import QualityStopError
from marquee.places import shown


@app.command()
def quality(
    layer: Annotated[str, typer.Argument(help="bronze, silver or gold")],
    new: Annotated[bool, typer.Option("--new", help="Only what was ingested since the last publication")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Check a layer with Great Expectations; data docs are kept in the home. Exit 3 where it may not be published."""
    from marquee.watch.quality import check

    platform = existing(home)
    with console.status(f"checking {layer}"):
        found = check(platform, layer, new=new)
    verdict = found.verdict
    if json:
        print_json(
            {
                "layer": layer,
                "rows": found.rows,
                "score": verdict.score,
                "state": verdict.state,
                "reasons": verdict.reasons,
                "expectations": len(found.measurements),
                "docs": shown(found.docs.resolve()),
            }
        )
    else:
        table = Table("table", "rule", "failed", "of")
        for one in found.measurements:
            state = coloured(f"{one.failing:,}", ("red" if one.rule.critical else "yellow") if one.failing else "")
            table.add_row(one.rule.table, one.rule.name, state, f"{one.total:,}")
        out.print(table)
        say(f"{layer}: {verdict.score:.1f} %, {verdict.state}; data docs: {shown(found.docs.resolve())}")
    if verdict.state == "stopped":
        raise QualityStopError(
            f"the {layer} layer may not be published: {'; '.join(verdict.reasons)}",
            hint="Mend the source, then remake what is wrong: `marquee batch --full`, or --from and --to.",
        )
