"""Paths as other programs take them, as people read them, and who may read what lies there."""

import os
import stat
import weakref
from pathlib import Path

from marquee.errors import SettingsError, StorageError

DESCRIPTORS = Path("/proc/self/fd")
PATTERN = frozenset("*?[")
"""What makes a path a pattern for DuckDB: it would read the files of whichever folders match."""

SIMPLE = "/._-+@="
"""What of ASCII, beside letters and digits, is the same in addresses, property files, lists and patterns."""

LONGEST = 488
"""Bytes of a home's path: SQLite opens no file whose path, with what it puts behind it, is longer than 512."""


def users_umask() -> int:
    """Return what the user lets others not do with new files."""
    held = os.umask(0o077)
    os.umask(held)
    return held


UMASK = users_umask()
"""Read once, when the program starts."""


def shown(path: Path | str) -> str:
    """Return a path as text for people and JSON: bytes that are no UTF-8 and what steers a terminal are escaped."""
    text = os.fsencode(path).decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def valid(text: str) -> str:
    """Return a text that UTF-8 can carry: the bytes of a path that cannot be read are escaped."""
    return text.encode(errors="backslashreplace").decode()


def plain(path: str) -> bool:
    """Say whether engines that read paths as UTF-8, and as patterns, take a path for what it is."""
    return PATTERN.isdisjoint(path) and path.isprintable()


class Reach:
    """An existing folder as engines reach it: by `path`, as long as this object lives.

    Where the folder's own path will not do, the system's name of an open descriptor stands for it.
    """

    def __init__(self, folder: Path) -> None:
        self.path = str(folder.resolve())
        if not plain(self.path):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, descriptor)
            self.path = str(DESCRIPTORS / str(descriptor))


def fit(folder: Path) -> None:
    """Check that a folder can be a home, before anything is written; StorageError says why it cannot."""
    length = max(len(os.fsencode(path)) for path in (folder.absolute(), folder.resolve()))
    if length > LONGEST:
        raise StorageError(
            f"the path of the home is {length} bytes long, and SQLite takes {LONGEST}: {shown(folder)}",
            hint="Choose a shorter path with --home or MARQUEE_HOME.",
        )
    if not plain(str(folder.resolve())) and not DESCRIPTORS.is_dir():
        raise StorageError(
            f"the path of the home has a character that DuckDB takes for another on this system: {shown(folder)}",
            hint="Choose a path without `*`, `?` and `[` with --home or MARQUEE_HOME.",
        )


def for_java(path: Path, instead: str) -> Path:
    """Return the whole path of what a program in Java keeps; SettingsError where it would be taken for another.

    Spark, Iceberg, JDBC and the services make addresses, lists and patterns of paths, each in its own way.
    instead: what may be set, or done.
    """
    found = path.absolute()
    odd = next((c for c in str(found) if not (c.isascii() and (c.isalnum() or c in SIMPLE))), None)
    if odd is None:
        return found
    kept = found.as_uri().removeprefix("file://")
    there = f" Its data up to now are in MARQUEE_LAKE=file://{kept}." if Path(kept).exists() else ""
    raise SettingsError(
        f"the path {shown(found)} has a {odd!r}, which programs in Java take for something else",
        hint=f"Choose a home without it (--home, MARQUEE_HOME), or {instead}.{there}",
    )


def keep_private() -> None:
    """Let all that this process makes from now on be its user's alone."""
    os.umask(0o077)


def leave_to_user(path: Path) -> None:
    """Give a file that is not the home's the mode that the user's umask asks for."""
    path.chmod(0o666 & ~UMASK)


def tighten(folder: Path) -> int:
    """Take from others what they may do with a folder and all in it; return with how many files and folders."""
    changed = 0
    for path in (folder, *folder.rglob("*")):
        found = path.lstat()
        if found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode) and found.st_mode & 0o077:
            path.chmod(stat.S_IMODE(found.st_mode) & ~0o077)
            changed += 1
    return changed


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole, after a power cut too, or as it was before."""
    part = path.with_name(f".{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
