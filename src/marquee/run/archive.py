"""The file that a backup is: a tar whose last member, the label, tells size and SHA-256 of every other."""

import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from marquee.errors import StorageError

LABEL = "backup.json"
FORMAT = 2
"""Version of the archive. Those of format 1, which do not say so, have no digests."""

PIECE = 1024 * 1024


class Hashed(io.RawIOBase):
    """Passes a file on and hashes what was read of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        found = self.file.read(size)
        self.sha256.update(found)
        return found


@dataclass(frozen=True, slots=True)
class Member:
    """What is known of a file: bytes, and its digest in hexadecimal; None in archives of format 1."""

    size: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Label:
    """What a backup says of itself. files: None in archives of format 1."""

    made_at: str
    home: str
    files: Mapping[str, Member] | None

    def as_json(self) -> bytes:
        """Return it as it is kept."""
        files = {name: [member.size, member.sha256] for name, member in (self.files or {}).items()}
        return json.dumps({"format": FORMAT, "made_at": self.made_at, "home": self.home, "files": files}).encode()


def add(tar: tarfile.TarFile, path: Path, name: str) -> Member:
    """Add a file as it is when it is opened: what is appended to it meanwhile is left out. Return what was added."""
    with path.open("rb") as file:
        about = tarfile.TarInfo(name)
        found = os.fstat(file.fileno())
        about.size, about.mtime, about.mode = found.st_size, int(found.st_mtime), stat.S_IRUSR | stat.S_IWUSR
        hashed = Hashed(file)
        tar.addfile(about, hashed)
    return Member(about.size, hashed.sha256.hexdigest())


def add_label(tar: tarfile.TarFile, label: Label) -> None:
    """Add the label, which is the last."""
    body = label.as_json()
    about = tarfile.TarInfo(LABEL)
    about.size, about.mode = len(body), stat.S_IRUSR | stat.S_IWUSR
    tar.addfile(about, io.BytesIO(body))


def label_of(tar: tarfile.TarFile) -> Label:
    """Read an archive's label. StorageError where it is none of ours, or of a later version."""
    try:
        held = tar.extractfile(LABEL)
        found: dict[str, Any] = json.loads(held.read()) if held is not None else {}
        made_at, home, form = str(found["made_at"]), str(found["home"]), found.get("format", 1)
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError("it has no label, so it is no backup, or one that was cut short") from error
    if form > FORMAT:
        raise StorageError(
            f"it is of format {form}, and this program reads {FORMAT}",
            hint="Use the version of Marquee that made it, or a later one.",
        )
    files = None if form == 1 else {name: Member(size, sha256) for name, (size, sha256) in found["files"].items()}
    return Label(made_at, home, files)


def members(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield name and content of each file but the label; StorageError of what may not be in a home."""
    for about in tar:
        path = PurePosixPath(about.name)
        if about.name == LABEL or about.isdir():
            continue
        held = tar.extractfile(about) if about.isreg() else None
        if held is None or path.is_absolute() or ".." in path.parts or not path.parts:
            raise StorageError(f"it holds {about.name!r}, which is no file of a home")
        yield about.name, held


def taken(content: IO[bytes], target: IO[bytes] | None = None) -> Member:
    """Read a member whole, into a file if one is given; return what it was."""
    sha256, size = hashlib.sha256(), 0
    while piece := content.read(PIECE):
        sha256.update(piece)
        size += len(piece)
        if target is not None:
            target.write(piece)
    return Member(size, sha256.hexdigest())


def compare(label: Label, found: Mapping[str, Member]) -> None:
    """Compare what an archive holds with what it says that it holds; StorageError names what differs."""
    if label.files is None:
        return
    lacking, more = sorted(label.files.keys() - found.keys()), sorted(found.keys() - label.files.keys())
    differ = [name for name, member in found.items() if name in label.files and label.files[name] != member]
    for names, what in ((lacking, "lacks"), (more, "holds, beside what it says,"), (differ, "holds changed")):
        if names:
            raise StorageError(f"it {what} {len(names)} of {len(label.files)} files, the first {names[0]}")
