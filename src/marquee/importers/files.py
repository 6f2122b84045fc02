"""What lies at a path: files, folders, archives in archives, as members that can be opened one by one."""

import io
import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Protocol, cast

from marquee.domain.timeline import SECOND
from marquee.errors import SettingsError
from marquee.importers.streams import (
    DEEPEST,
    HEAD,
    Allowance,
    Told,
    UnreadableError,
    is_zip,
    packed_size,
    peek,
    unpacked,
    worded,
)

MOST_MEMBERS = 200_000
"""Files in one archive, and entries of one folder tree, beyond which it is not taken for a data set."""

IN_MEMORY = 16 * 1024 * 1024
"""Size up to which an archive inside an archive is held in memory and not in a temporary file."""

PASSED_OVER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
EPOCH_OF_ZIP = 1980
"""Year of a zip's files that have no date."""


class Opener(Protocol):
    """What opens a member's bytes, packed as they are stored."""

    def __call__(self) -> IO[bytes]:
        """Return a stream from the first byte on."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """A file that can be read.

    name: its path below what was given, unique there, valid Unicode; place: the folder or archive that it lies in, by
    the same rule; size: its bytes as stored, 0 where unknown; modified: ms since the epoch, no later than the file on the disk.
    """

    name: str
    place: str
    size: int
    modified: int
    opener: Opener
    allowance: Allowance

    @property
    def stem(self) -> str:
        """The last part of the name, in small letters, without its endings."""
        return self.name.rsplit("/", 1)[-1].split(".", 1)[0].strip().casefold()

    def open(self, told: Told | None = None) -> io.BufferedReader:
        """Return the bytes, unpacked; UnreadableError at any time while they are read.

        told: is told how many of the stored bytes were read, each time.
        """
        return unpacked(worded(self.opener), self.allowance, told)

    def head(self) -> bytes:
        """Return the first 64 kB, unpacked."""
        with self.open() as stream:
            return stream.read(HEAD)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something at the path that cannot be read, and why."""

    name: str
    reason: str


Entry = Member | Unreadable


def printable(name: str) -> str:
    """Return a name of the file system as valid Unicode that stays unique: other bytes and controls are written \\xNN."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class Tree:
    """The entries below a path. A context: what it holds open is closed with it.

    home: the folder of the platform's own state, which is never read as data.
    """

    def __init__(self, path: Path, home: Path | None = None) -> None:
        self.path = path
        self.held = ExitStack()
        self.seen: set[tuple[int, int]] = set()
        if home is not None and home.exists():
            found = home.stat()
            self.seen.add((found.st_dev, found.st_ino))
        self.count = 0

    def __enter__(self) -> "Tree":
        if not os.path.lexists(self.path):
            shown = printable(str(self.path))
            raise SettingsError(f"there is no file or folder {shown}", hint="Give the path of the data set.")
        return self

    def __exit__(self, *_: object) -> None:
        self.held.close()

    def entries(self) -> Iterator[Entry]:
        """Yield all that can be read, and what cannot, sorted by name folder by folder. Hidden files are passed over."""
        yield from self.entries_of(self.path, printable(self.path.name or str(self.path)), "")

    def entries_of(self, path: Path, name: str, place: str) -> Iterator[Entry]:
        """Yield what is at a path of the disk."""
        try:
            found = worded(path.stat)
            if stat.S_ISDIR(found.st_mode):
                yield from self.folder(path, name if path != self.path else "")
            elif not stat.S_ISREG(found.st_mode):
                yield Unreadable(name, "is no regular file")
            elif found.st_size == 0:
                yield Unreadable(name, "is empty")
            else:
                opener = cast(Opener, partial(path.open, "rb", buffering=0))
                allowance = Allowance(packed_size(path))
                modified = found.st_mtime_ns * SECOND // 1_000_000_000
                yield from self.file(Member(name, place, found.st_size, max(0, modified), opener, allowance), 0)
        except UnreadableError as error:
            yield Unreadable(name, str(error))

    def folder(self, path: Path, place: str) -> Iterator[Entry]:
        """Yield what is in a folder; a folder that was there before, by a link, is passed over."""
        found = worded(path.stat)
        if (found.st_dev, found.st_ino) in self.seen:
            return
        self.seen.add((found.st_dev, found.st_ino))
        names = sorted(worded(lambda: [entry.name for entry in path.iterdir()]))
        for name in names:
            if name in PASSED_OVER or name.startswith("."):
                continue
            self.counted()
            shown = f"{place}/{printable(name)}" if place else printable(name)
            yield from self.entries_of(path / name, shown, place)

    def counted(self) -> None:
        """Count an entry; UnreadableError when there are too many."""
        self.count += 1
        if self.count > MOST_MEMBERS:
            raise UnreadableError(f"holds more than {MOST_MEMBERS:,} files")

    def file(self, member: Member, depth: int) -> Iterator[Entry]:
        """Yield a file, or what is in it where it is a zip."""
        with worded(member.opener) as stored:
            head = worded(lambda: stored.read(4))
        if not is_zip(head):
            with member.open() as stream:
                if not is_zip(peek(stream, 4)):
                    yield member
                    return
        if depth == DEEPEST:
            raise UnreadableError(f"holds archives more than {DEEPEST} deep")
        yield from self.archive(member, zipped=is_zip(head), depth=depth)

    def archive(self, member: Member, depth: int, *, zipped: bool) -> Iterator[Entry]:
        """Yield what is in a zip. `zipped`: as it is stored; else once more packed by gzip or the like."""
        handle = self.held.enter_context(worded(member.opener)) if zipped and depth == 0 else self.copied(member)
        archive = worded(lambda: zipfile.ZipFile(handle))
        # Of two files of one name the later counts, as where an archive is unpacked into a folder.
        named = {item.filename: item for item in archive.infolist() if not item.is_dir() and not hidden(item.filename)}
        if "[Content_Types].xml" in named:
            raise UnreadableError("is an office document; save its table as CSV")
        if len(named) > MOST_MEMBERS:
            raise UnreadableError(f"holds more than {MOST_MEMBERS:,} files")
        if not named:
            raise UnreadableError("is an archive without files")
        for _, item in sorted(named.items()):
            name = f"{member.name}/{printable(item.filename)}"
            if item.file_size == 0:
                yield Unreadable(name, "is empty")
                continue
            # An archive of one file is no folder of its own: Kaggle packs each table so.
            place = member.place if len(named) == 1 else name.rsplit("/", 1)[0]
            opener = cast(Opener, partial(archive.open, item))
            modified = min(member.modified, time_of(item) or member.modified)
            try:
                inner = Member(name, place, item.compress_size, modified, opener, member.allowance)
                yield from self.file(inner, depth + 1)
            except UnreadableError as error:
                yield Unreadable(name, str(error))

    def copied(self, member: Member) -> IO[bytes]:
        """Return an archive that lies inside something else as a file of its own."""
        copy = self.held.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115 - it is one
        with member.open() as stream:
            while piece := stream.read(HEAD):
                worded(partial(copy.write, piece))
        copy.seek(0)
        return cast(IO[bytes], copy)


def hidden(name: str) -> bool:
    """Say whether a file of an archive is none of the data set's: macOS adds its own to every zip."""
    parts = name.split("/")
    return any(part in PASSED_OVER or part.startswith(".") for part in parts)


def time_of(item: zipfile.ZipInfo) -> int | None:
    """Return a zip member's time (ms), read as UTC; None where it has none."""
    if item.date_time[0] <= EPOCH_OF_ZIP:
        return None
    try:
        return round(datetime(*item.date_time, tzinfo=UTC).timestamp() * SECOND)
    except ValueError:
        return None
