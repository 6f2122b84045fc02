"""The return of a home from a backup: whole and checked, or not at all."""

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from marquee.adapters.sqlite.connection import explained
from marquee.engines.duckdb.files import inside
from marquee.engines.duckdb.strays import SCHEME, recorded
from marquee.errors import SettingsError, StorageError
from marquee.home import LAYOUT, Home
from marquee.places import fit, keep_private, shown, sync_folder
from marquee.run import archive
from marquee.run.archive import Label

HINT = "Name a file that `marquee backup` wrote, as it wrote it."


@contextmanager
def blamed(source: Path) -> Iterator[None]:
    """Turn what is wrong with a backup into a StorageError that names it."""
    try:
        yield
    except (tarfile.TarError, EOFError, ValueError, StorageError) as error:
        said, hint = (error.message, error.hint) if isinstance(error, StorageError) else (str(error), "")
        raise StorageError(f"{shown(source)} cannot be restored: {said}", hint=hint or HINT) from error


def restore(source: Path, folder: Path) -> Label:
    """Unpack a backup into a new home, wherever that is; return its label.

    SettingsError where something is there already, StorageError where the backup is damaged or none; then nothing is left.
    """
    if Home(folder).exists():
        raise SettingsError(f"there is a home at {shown(folder)}", hint="Move it away, or name another with --home.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(
            f"there is something else at {shown(folder)}",
            hint="Name a folder that is empty or not there yet, with --home.",
        )
    if not source.is_file():
        raise SettingsError(f"there is no file {shown(source)}", hint=HINT)
    fit(folder)
    keep_private()
    target = folder.resolve()
    with explained(folder), blamed(source):
        target.parent.mkdir(parents=True, exist_ok=True)
        unpacked = Path(tempfile.mkdtemp(dir=target.parent, prefix=".marquee-restore-"))
        try:
            label = unpack(source, unpacked)
            check(unpacked)
            if target.exists():
                target.rmdir()
            unpacked.rename(target)
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
        sync_folder(target.parent)
    return label


def unpack(source: Path, folder: Path) -> Label:
    """Unpack an archive so that it survives a power cut, and compare what it held with its label."""
    with tarfile.open(source) as tar:
        label = archive.label_of(tar)
    found = {}
    with tarfile.open(source) as tar:
        for name, content in archive.members(tar):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                found[name] = archive.taken(content, file)
                file.flush()
                os.fsync(file.fileno())
    archive.compare(label, found)
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
    return label


def check(folder: Path) -> None:
    """Check that what was unpacked is a home that this program can open, with its lake."""
    home = Home(folder)
    if not home.exists():
        raise StorageError("it holds no home")
    layout = home.notes().get("layout")
    if not isinstance(layout, int) or layout > LAYOUT:
        raise StorageError(
            f"its home has layout {layout}, this program uses {LAYOUT}", hint="Use the version of Marquee that made it."
        )
    for location in recorded(home.path("lake")):
        if not (home.path("lake") / inside(location)).exists() and not exists_outside(location):
            raise StorageError(
                f"it holds no data of the lake, and {location} is not there either: earlier versions kept them outside a "
                "home whose path has blanks, accents or signs",
                hint="Take another backup, or bring that folder back to where it was.",
            )


def exists_outside(location: str) -> bool:
    """Say whether what a lake of an earlier version names by a whole path is there."""
    return location.startswith(SCHEME) and Path(location.removeprefix(SCHEME)).exists()
