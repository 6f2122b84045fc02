"""Where a home's films come from, and the refusal to mix invented films with real ones."""

import sqlite3

from marquee.adapters.sqlite.connection import looked_into
from marquee.domain.coverage import Source
from marquee.errors import SettingsError
from marquee.home import Home
from marquee.places import shown

HOLDS = {"simulated": "a simulated world", "tmdb": "TMDB's films", "import": "imported films"}
COMES = {"simulated": "TMDB would be simulated", "tmdb": "TMDB_API_KEY is set", "import": "an import brings real films"}
INSTEAD = {
    "simulated": "Set TMDB_API_KEY to follow TMDB, look at what is there with `marquee serve`, or simulate in a home of its "
    "own: `marquee up --home marquee-simulated`.",
    "tmdb": "Give TMDB's films a home of their own: `marquee up --home marquee-tmdb`. Or unset TMDB_API_KEY to go on with "
    "the simulation.",
    "import": "Give them a home of their own: `marquee import --home marquee-films PATH`.",
}


def origin(home: Home) -> Source | None:
    """Return where a home's films come from, None while it has none. Homes that do not say are looked into."""
    return (home.source() or guess(home)) if home.exists() else None


def guess(home: Home) -> Source | None:
    """Work out the origin of a home of an earlier version from what its crawl has noted and its log has taken."""
    noted = rows(home, "crawl.db", "SELECT name FROM notes")
    if "simulated_origin" in noted:
        return "simulated"
    if noted & {"found", "discover", "changes"}:
        return "tmdb"
    return "import" if rows(home, "log.db", "SELECT topic FROM ends") else None


def rows(home: Home, name: str, query: str) -> set[str]:
    """Return a column of one of the home's databases, nothing where that is not there."""
    path = home.path(name)
    if not path.exists():
        return set()
    with looked_into(path) as connection:
        try:
            return {row[0] for row in connection.execute(query)}
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return set()
            raise


def claim(home: Home, source: Source) -> None:
    """Remember that films come from a source; SettingsError where that would mix invented and real ones.

    A home of imported films may go on with TMDB, and a home of TMDB's may take imports.
    """
    check(home, source)
    kept: Source = "tmdb" if "tmdb" in (origin(home), source) else source
    if home.source() != kept:
        home.note(source=kept)


def check(home: Home, source: Source) -> None:
    """Raise SettingsError where films of a source would mix invented and real ones."""
    held = origin(home)
    if held is not None and (held == "simulated") != (source == "simulated"):
        raise SettingsError(
            f"{shown(home.folder)} holds {HOLDS[held]}, and {COMES[source]}: invented and real films are never mixed",
            hint=INSTEAD[source],
        )
