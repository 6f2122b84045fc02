"""Commands about API keys."""

import sys
from typing import Annotated

import typer
from rich.table import Table

from marquee.cli.common import HomeOption, app, existing, out, platform_of
from marquee.domain.timeline import DAY, iso
from marquee.errors import SettingsError

keys_app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")


@keys_app.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="What the key is for")],
    home: HomeOption = None,
    scope: Annotated[list[str] | None, typer.Option(help="read or operate; both without it")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires; never without it")] = None,
) -> None:
    """Make a key and print it, this once. From then on the API asks for a key; restart a running one."""
    from marquee.domain.keys import SCOPES

    scopes = tuple(scope or SCOPES)
    if unknown := set(scopes) - set(SCOPES):
        raise SettingsError(f"there is no scope {sorted(unknown)[0]!r}", hint=f"Scopes are: {', '.join(SCOPES)}.")
    platform = platform_of(home=home)
    now = platform.clock.now()
    sys.stdout.write(platform.keys.create(name, scopes, now, now + days * DAY if days else None) + "\n")


@keys_app.command("list")
def keys_list(home: HomeOption = None) -> None:
    """List the keys, without their secrets."""
    table = Table("id", "name", "scopes", "created", "expires", "revoked")
    for key in existing(home, reading=True).keys.list():
        revoked = iso(key.revoked_at) if key.revoked_at else ""
        expires = iso(key.expires_at) if key.expires_at else "never"
        table.add_row(str(key.id), key.name, " ".join(key.scopes), iso(key.created_at), expires, revoked)
    out.print(table)


@keys_app.command("revoke")
def keys_revoke(key_id: Annotated[int, typer.Argument(help="The key's id")], home: HomeOption = None) -> None:
    """Revoke a key, at once."""
    platform = existing(home)
    if not platform.keys.revoke(key_id, platform.clock.now()):
        raise SettingsError(f"no standing key has the id {key_id}", hint="See `marquee keys list`.")
