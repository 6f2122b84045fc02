"""Byte streams of what people download: unpacked by what they begin with, bounded, their failures in words."""

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

Result = TypeVar("Result")
Told = Callable[[int], None]

HEAD = 65_536
"""Bytes from which a file is recognised."""

FREE_BYTES = 64 * 1024 * 1024
MOST_RATIO = 400
"""What a packed file may unpack to in one import: 64 MB, and 400 times its size. CSV packs 5 to 30 times; zip bombs 1,000
times and more. A file is read up to three times (to recognise it, to settle its letters, to read it)."""

CUT_OFF = "is cut off: only a part of it has arrived; fetch it again"
DAMAGED = "is damaged; fetch it again"
FAILURES = (
    *(OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError),
    *(struct.error, ValueError, IndexError, OverflowError),
)
"""What the standard library raises of archives that are cut, damaged, encrypted or packed in a way it does not know."""


class UnreadableError(Exception):
    """A file that cannot be read; its text says why, so that 'NAME ' can stand before it."""


class Allowance:
    """How many bytes may still be unpacked from one packed file of the disk."""

    def __init__(self, packed: int) -> None:
        self.left = FREE_BYTES + MOST_RATIO * packed

    def take(self, count: int) -> None:
        """Count unpacked bytes; UnreadableError when they are too many."""
        self.left -= count
        if self.left < 0:
            raise UnreadableError(
                f"unpacks to over {MOST_RATIO} times its size, as a zip bomb does, and is left unread"
            )


class Guarded(io.RawIOBase):
    """A stream whose failures are `UnreadableError`, and whose unpacked bytes are counted."""

    def __init__(
        self, inner: IO[bytes], allowance: Allowance, below: IO[bytes] | None = None, told: Told | None = None
    ) -> None:
        self.inner = inner
        self.allowance = allowance
        self.below = below
        """What `inner` reads from and does not close itself."""
        self.told = told
        """Who is told how many bytes were read, each time."""

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; return how many bytes came."""
        piece = worded(lambda: self.inner.read(len(buffer)))
        self.allowance.take(len(piece))
        if self.told is not None:
            self.told(len(piece))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Close what is read from."""
        self.inner.close()
        if self.below is not None:
            self.below.close()
        super().close()


def worded(action: Callable[[], Result]) -> Result:
    """Do something with a file; UnreadableError says what was wrong with it."""
    try:
        return action()
    except FAILURES as error:
        raise UnreadableError(words(error)) from error


def words(error: BaseException) -> str:
    """Say what a failure of the system or the standard library means for a file."""
    text = str(error)
    if isinstance(error, PermissionError):
        return "may not be read by this user; give read permission"
    if isinstance(error, FileNotFoundError):
        return "is a link to a file that is not there"
    if isinstance(error, EOFError) or (isinstance(error, zipfile.BadZipFile) and "not a zip" in text):
        return CUT_OFF
    if isinstance(error, RuntimeError) and "password" in text:
        return "is encrypted; unpack it with its password and import the folder"
    if isinstance(error, NotImplementedError):
        return "is packed in a way that Python cannot unpack; unpack it with another tool and import the folder"
    if isinstance(error, OSError) and error.errno is not None:
        return f"cannot be read: {error.strerror}"
    return DAMAGED


def peek(stream: io.BufferedReader, count: int) -> bytes:
    """Return up to `count` bytes without moving on; a stream's buffer must hold them."""
    return stream.peek(count)[:count]


PACKED: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda inner: gzip.GzipFile(fileobj=inner),
    b"BZh": lambda inner: bz2.BZ2File(inner),
    b"\xfd7zXZ\x00": lambda inner: lzma.LZMAFile(inner),  # noqa: SIM115 - closed with the stream that reads it
}
"""What packed streams begin with, and what unpacks them."""

DEEPEST = 4
"""Packings inside each other that are followed."""


def unpacked(inner: IO[bytes], allowance: Allowance, told: Told | None = None) -> io.BufferedReader:
    """Return a stream's bytes, through gzip, bzip2 and xz as often as they are packed so.

    told: is told how many bytes of `inner` were read, each time.
    """
    stream: io.BufferedReader = io.BufferedReader(Guarded(inner, allowance, told=told), buffer_size=HEAD)
    for _ in range(DEEPEST):
        head = peek(stream, 6)
        opener = next((opener for magic, opener in PACKED.items() if head.startswith(magic)), None)
        if opener is None:
            return stream
        stream = io.BufferedReader(Guarded(opener(stream), allowance, below=stream), buffer_size=HEAD)
    stream.close()
    raise UnreadableError(f"is packed more than {DEEPEST} times over")


def is_zip(head: bytes) -> bool:
    """Say whether a head is a zip's, be it an empty one."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def packed_size(path: Path) -> int:
    """Return a file's size on the disk."""
    return worded(lambda: path.stat().st_size)


class Pieces(io.RawIOBase):
    """A stream of bytes made of pieces, none of them empty."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.left = b""

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; return how many bytes came."""
        if not self.left:
            self.left = next(self.pieces, b"")
        piece, self.left = self.left[: len(buffer)], self.left[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def replaced(pieces: Iterator[bytes], old: bytes, new: bytes) -> Iterator[bytes]:
    """Yield bytes with each `old` replaced, also where a border of two pieces parts it."""
    held = b""
    for piece in pieces:
        whole = (held + piece).replace(old, new)
        # What may begin an `old` waits for its rest.
        keep = next((size for size in range(len(old) - 1, 0, -1) if whole.endswith(old[:size])), 0)
        held, done = whole[len(whole) - keep :], whole[: len(whole) - keep]
        if done:
            yield done
    if held:
        yield held
