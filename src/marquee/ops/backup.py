"""Backups of an embedded home, made while it runs, and their return.

What follows from something else is copied before it: a copy of the speed cells never reaches past the copy of the log
they come from, and what is behind catches up by itself. SQLite files are copied by SQLite, the lake's data files,
which never change, as they are.
"""

import json
import shutil
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path

from marquee.adapters.sqlite import explained, looked_into
from marquee.domain.timeline import Clock, iso
from marquee.errors import SettingsError, StorageError
from marquee.home import Home

ORDER = ("views.db", "speed_views.db", "speed.db", "lake/catalog.db", "index.db")
"""Databases in the order they are copied in; all others follow, and the log comes last."""

LAST = "log.db"
LABEL = "backup.json"


def databases(home: Home) -> list[Path]:
    """Return the home's databases in the order in which they are copied."""
    names = [*ORDER, *sorted(path.name for path in home.folder.glob("*.db") if path.name not in (*ORDER, LAST)), LAST]
    return [home.path(name) for name in names if home.path(name).exists()]


def copy(source: Path, target: Path) -> None:
    """Copy a SQLite database as of one moment, whoever writes to it."""
    with looked_into(source) as held, looked_into(target) as made:
        held.backup(made)


def backup(home: Home, target: Path, clock: Clock) -> int:
    """Write a home into a tar file; return its size in bytes. SettingsError where the file is there already."""
    if target.exists():
        raise SettingsError(f"{target} is there already", hint="Name another file; backups are not written over.")
    part = target.with_name(target.name + ".part")
    try:
        write(home, part, clock)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def write(home: Home, target: Path, clock: Clock) -> None:
    """Write a home into a tar file."""
    label = {"made_at": iso(clock.now()), "home": str(home.folder.absolute())}
    with (
        explained(target.parent),
        tempfile.TemporaryDirectory(dir=target.parent) as scratch,
        tarfile.open(target, "w") as tar,
    ):
        for number, path in enumerate(databases(home)):
            copied = Path(scratch) / f"{number}.db"
            copy(path, copied)
            tar.add(copied, str(path.relative_to(home.folder)))
            copied.unlink()
            if path.name == "catalog.db":
                for file in sorted(path.parent.rglob("*")):
                    if file.is_file() and not file.name.startswith("catalog.db"):
                        with suppress(FileNotFoundError):  # swept meanwhile: then no snapshot named it
                            tar.add(file, str(file.relative_to(home.folder)))
        for path in (home.path("layout.json"), home.path("audit.json")):
            if path.exists():
                tar.add(path, path.name)
        described = Path(scratch) / LABEL
        described.write_text(json.dumps(label))
        tar.add(described, LABEL)


def restore(source: Path, folder: Path) -> dict[str, str]:
    """Unpack a backup to where its home was; return its label.

    Iceberg's metadata name their files by whole paths, so a home comes back where it stood, and nowhere else.
    """
    if Home(folder).exists():
        raise SettingsError(f"there is a home at {folder}", hint="Move it away, or `marquee reset` it first.")
    try:
        with tarfile.open(source) as tar:
            held = tar.extractfile(LABEL)
            label: dict[str, str] = json.loads(held.read()) if held is not None else {}
            if label.get("home") != str(folder.absolute()):
                raise SettingsError(
                    f"this backup is of {label.get('home')}, and its lake can be read there alone",
                    hint=f"Restore it with --home {label.get('home')}.",
                )
            unpacked = folder.with_name(folder.name + ".restoring")
            shutil.rmtree(unpacked, ignore_errors=True)
            tar.extractall(unpacked, filter="data")
            if folder.exists():
                folder.rmdir()
            unpacked.rename(folder)
    except (tarfile.TarError, KeyError, OSError, ValueError) as error:
        raise StorageError(
            f"{source} is no whole backup: {error}", hint="Name a file that `marquee backup` wrote."
        ) from error
    return label
