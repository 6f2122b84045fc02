"""`marquee settings`: every setting, what it is now, and the reference page."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.table import Table

from marquee import places
from marquee.cli.common import HomeOption, app, out
from marquee.cli.output import coloured
from marquee.settings import Settings, load

PAGE = """# Settings

Every setting is an environment variable. A file `.env` in the working folder may hold them too, or a folder of files
named as they are (`marquee_mongo`), which `MARQUEE_SECRETS` names and which is how Docker and Kubernetes hand secrets
over. The options of the command line win over all, then the environment, `.env`, and that folder. A wrong value ends the
program with exit code 2 and says which it was. `marquee settings` shows what holds; this page is its `--markdown`.

| variable | default | what it is |
|---|---|---|
"""
AFTER = """
Both of TMDB's keys work: the *API Read Access Token*, which travels in a header, and the older *API Key* (32 hex digits),
which TMDB takes only in the address of a request, where a proxy in between may note it: prefer the token. Neither is
written anywhere here. Blanks, quotes and line breaks around a key are taken off. Who asks an S3 is in `AWS_ACCESS_KEY_ID` and
`AWS_SECRET_ACCESS_KEY`.

Of the programs around it: `MARQUEE_CACHE` is the folder of downloads (`~/.cache/marquee`), `MARQUEE_MAVEN` another
repository of jars, `MARQUEE_COMMAND` what Airflow's tasks call, `MARQUEE_SUPERSET` the folder of Superset's state and
`MARQUEE_EXPORT` the file that it reads.
"""


def variable(name: str) -> str:
    """Return a setting's environment variable."""
    alias = Settings.model_fields[name].validation_alias
    return str(alias) if alias is not None else f"MARQUEE_{name.upper()}"


def shown(value: Any) -> str:
    """Return a value for people; a secret says only that it is set."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Path):
        return places.shown(value)
    return "***" if isinstance(value, SecretStr) else str(value)


def page() -> str:
    """Return the reference page, as docs/settings.md has it."""
    rows = [
        f"| `{variable(name)}` | {f'`{shown(field.default)}`' if shown(field.default) else 'none'} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return PAGE + "".join(rows) + AFTER


@app.command()
def settings(
    home: HomeOption = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the reference page instead")] = False,
) -> None:
    """Show every setting and what it is now; secrets are not shown."""
    if markdown:
        sys.stdout.write(page())
        return
    held = load(home=home)
    table = Table("variable", "now", "what it is")
    for name, field in Settings.model_fields.items():
        value = shown(getattr(held, name))
        changed = getattr(held, name) != field.default
        table.add_row(variable(name), coloured(value, "bold") if changed else value, field.description)
    out.print(table)
