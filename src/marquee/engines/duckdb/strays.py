"""What lakes of homes up to layout 2 keep outside their home.

Those versions made addresses of paths, and took the addresses for paths again: the files of the lake in `/films/My Films`
went to `/films/My%20Films`.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from marquee.adapters.sqlite.connection import explained
from marquee.adapters.sqlite.reading import look
from marquee.engines.duckdb.files import CATALOG, inside

SCHEME = "file://"


@dataclass(slots=True)
class Brought:
    """How many files were brought into a lake, by where they lay."""

    moved: Counter[Path] = field(default_factory=Counter)
    copied: Counter[Path] = field(default_factory=Counter)


def mistaken(lake: Path) -> Path:
    """Return where the files of a lake went."""
    return Path(lake.absolute().as_uri().removeprefix(SCHEME))


def owner(lake: Path) -> Path | None:
    """Return the lake whose files went to this folder, if there is one."""
    found = Path(unquote(str(lake.absolute()), errors="surrogateescape"))
    return found if found != lake.absolute() and mistaken(found) == lake.absolute() and found.is_dir() else None


def bring_in(lake: Path) -> Brought:
    """Bring a lake's own files to where they belong. It may be cut off at any time, and done again.

    They are moved from where they went while the lake was here. A lake that was copied or moved since has a copy made of
    what its catalogue names and it does not hold, since the lake it was copied from may still need them.
    """
    brought = Brought()
    with explained(lake):
        bring_catalog(lake, brought)
        for location in recorded(lake):
            place = inside(location)
            if location == place:
                continue
            table = "/".join(place.split("/")[:2])
            root = Path(location.removeprefix(SCHEME).removesuffix(f"/{place}"))
            own = root in {mistaken(lake), mistaken(lake.resolve())} and not (root / CATALOG).exists()
            if root in {lake.absolute(), lake.resolve()} or not (root / table).is_dir():
                continue
            if own:
                brought.moved[root] += transfer(root / table, lake / table, shutil.move)
                remove_empty(root / table)
            elif (root / place).exists() and not (lake / place).exists():
                brought.copied[root] += transfer(root / table, lake / table, copy_whole)
    return brought


def bring_catalog(lake: Path, brought: Brought) -> None:
    """Move in a catalogue that went astray with a `?` in the lake's path, which ends the path of a database's address."""
    from sqlalchemy import make_url

    stray = Path(make_url(f"sqlite:///{lake.absolute() / CATALOG}").database or "")
    if (lake / CATALOG).exists() or stray == lake.absolute() / CATALOG or not stray.is_file():
        return
    if any(Path(location.removeprefix(SCHEME)).is_relative_to(mistaken(lake)) for location in named(stray)):
        lake.mkdir(parents=True, exist_ok=True)
        shutil.move(stray, lake / CATALOG)
        brought.moved[stray] += 1


def recorded(lake: Path) -> list[str]:
    """Return where the catalogue says that each table's metadata are."""
    return list(named(lake / CATALOG)) if (lake / CATALOG).exists() else []


def named(catalog: Path) -> Iterator[str]:
    """Yield the locations that a catalogue names; nothing where the file is no catalogue."""
    with closing(look(catalog)) as db:
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'iceberg_tables'").fetchone():
            for (location,) in db.execute("SELECT metadata_location FROM iceberg_tables ORDER BY 1"):
                yield location


def transfer(source: Path, target: Path, how: Callable[[Path, Path], object]) -> int:
    """Bring all files of a folder to another; return how many. What a catalogue names comes last: then all is there."""
    found = sorted(source.rglob("*"), key=lambda path: (path.name.endswith(".metadata.json"), path))
    files = [path for path in found if path.is_file()]
    for path in files:
        wanted = target / path.relative_to(source)
        wanted.parent.mkdir(parents=True, exist_ok=True)
        how(path, wanted)
    return len(files)


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file so that it is there whole or not at all."""
    part = target.with_name(".part")
    shutil.copyfile(source, part)
    part.replace(target)


def remove_empty(folder: Path) -> None:
    """Remove a folder's empty folders, itself and those above it as far as they are empty."""
    for path in sorted(folder.rglob("*"), reverse=True):
        with suppress(OSError):
            path.rmdir()
    for path in (folder, *folder.parents):
        try:
            path.rmdir()
        except OSError:
            return
