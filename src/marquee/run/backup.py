"""Backups of an embedded home, made while it runs, and checked before they have a name.

What follows from something else is copied before it: a copy of the speed cells never reaches past the copy of the log
they come from, and what is behind catches up by itself. SQLite files are copied by SQLite, the lake's data files,
which never change, as they are.
"""

import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from marquee.adapters.sqlite.connection import copy
from marquee.domain.timeline import Clock, iso
from marquee.engines.duckdb.files import CATALOG
from marquee.engines.duckdb.iceberg import IcebergCatalog
from marquee.errors import SettingsError, StorageError
from marquee.home import REQUESTS, Home
from marquee.places import keep_private, shown, sync_folder
from marquee.run import archive
from marquee.run.archive import Label, Member
from marquee.watch.filling import FILE

ORDER = ("views.db", "speed_views.db", "speed.db", f"lake/{CATALOG}", "index.db")
"""Databases in the order they are copied in; all others follow, and the log comes last."""

LAST = "log.db"
PASSING = ("locks", REQUESTS, FILE, "export", "lake/spill", "services")
"""What of a home is of the moment, or made anew of the rest."""

BESIDE = ("-wal", "-shm", "-journal", ".part")
"""How files end that belong to another, or are not whole yet."""


def files(home: Home) -> Iterator[str]:
    """Yield the names of a home's files in the order in which they are copied."""
    found = {str(path.relative_to(home.folder)) for path in home.folder.rglob("*") if path.is_file()}
    kept = {name for name in found if not name.endswith(BESIDE) and not name.startswith(".probe-")}
    kept -= {name for name in kept if any(name == part or name.startswith(f"{part}/") for part in PASSING)}
    databases = {name for name in kept if name.endswith(".db")}
    lake = {name for name in kept - databases if name.startswith("lake/")}
    for name in ORDER:
        yield from [name] if name in databases else []
        if name == f"lake/{CATALOG}":
            yield from sorted(lake, key=lambda name: ("/metadata/" not in name, name))
    yield from sorted(databases - {*ORDER, LAST})
    yield from databases & {LAST}
    yield from sorted(kept - databases - lake)


def check_target(home: Home, target: Path) -> None:
    """Refuse a target that cannot be; SettingsError says why."""
    if os.path.lexists(target):
        raise SettingsError(
            f"{shown(target)} is there already", hint="Name another file; backups are not written over."
        )
    if not target.parent.is_dir():
        raise SettingsError(f"there is no folder {shown(target.parent)}", hint="Make it first, or name another file.")
    if target.parent.resolve().is_relative_to(home.folder.resolve()):
        raise SettingsError(
            f"{shown(target)} lies within the home itself", hint="Name a file elsewhere, best on another disk."
        )
    if home.path("services").exists():
        raise SettingsError(
            f"part of what {shown(home.folder)} holds is in services of its own (`marquee cluster up`)",
            hint="End them, and copy the whole folder: a home may be copied.",
        )


@contextmanager
def written(target: Path) -> Iterator[None]:
    """Turn the system's failures to write a target into a StorageError."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise StorageError(
            f"cannot write {shown(target)}: {error}", hint="Free some space there, or name a file in another folder."
        ) from error


def backup(home: Home, target: Path, clock: Clock) -> Label:
    """Write a home into a tar file, read it again and compare; return its label.

    SettingsError where the file is there already or cannot be, StorageError where it could not be written whole.
    """
    check_target(home, target)
    keep_private()
    with (
        written(target),
        tempfile.TemporaryDirectory(dir=target.parent, prefix=".marquee-backup-") as scratch,
    ):
        part = Path(scratch) / "backup.tar"
        label = write(home, part, Path(scratch), clock)
        check(part)
        part.rename(target)
        sync_folder(target.parent)
    return label


def write(home: Home, part: Path, scratch: Path, clock: Clock) -> Label:
    """Write a home into a tar file that survives a power cut."""
    made_at, held, needed = iso(clock.now()), dict[str, Member](), set[str]()
    with part.open("wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
        for name in files(home):
            path = home.path(name)
            if name.endswith(".db"):
                path = scratch / "copy.db"
                copy(home.path(name), path)
                if name == f"lake/{CATALOG}":
                    needed = {f"lake/{inside}" for inside in IcebergCatalog(home.path("lake"), path).needed()}
            with suppress(FileNotFoundError):  # swept or rolled over meanwhile
                held[name] = archive.add(tar, path, name)
            if path != home.path(name):
                path.unlink()
        label = Label(made_at, shown(home.folder.absolute()), held)
        archive.add_label(tar, label)
        tar.close()
        file.flush()
        os.fsync(file.fileno())
    if missing := sorted(needed - held.keys()):
        raise StorageError(
            f"the lake's tables need {len(missing)} files that are not in {shown(home.folder)}, the first {missing[0]}",
            hint="Try again; if they have really gone, restore the home from an earlier backup.",
        )
    return label


def check(path: Path) -> None:
    """Read an archive again, and compare every file with its label."""
    with tarfile.open(path) as tar:
        label = archive.label_of(tar)
    with tarfile.open(path) as tar:
        archive.compare(label, {name: archive.taken(content) for name, content in archive.members(tar)})
