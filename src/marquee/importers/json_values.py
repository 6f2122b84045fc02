"""JSON values one after another, from a file of any size: one a line, elements of an array, or values side by side."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from marquee.importers.files import Member
from marquee.importers.letters import Letters
from marquee.importers.streams import HEAD, Told, UnreadableError

LARGEST = 64 * 1024 * 1024
"""Characters of one value beyond which it is not read."""

BETWEEN = re.compile(r"[\s,\x00\ufeff]*")
STARTS = ("{", "[")


@dataclass(frozen=True, slots=True)
class Broken:
    """A piece of a file that is not JSON, and why."""

    reason: str
    raw: str


def not_a_number(name: str) -> float | None:
    """Read what JSON has not and Python writes: NaN is unknown, an infinity stays one and is refused later."""
    return None if name == "NaN" else float(name.replace("Infinity", "inf"))


DECODER = json.JSONDecoder(parse_constant=not_a_number)


def parsed(text: str) -> Any:
    """Return a text's one value; ValueError of anything else."""
    try:
        value, end = DECODER.raw_decode(text, match_end(text, 0))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if match_end(text, end) != len(text):
        raise ValueError("more than one value")
    return value


def match_end(text: str, start: int) -> int:
    """Return where what stands between values ends."""
    found = BETWEEN.match(text, start)
    return start if found is None else found.end()


def values(member: Member, letters: Letters, told: Told | None = None) -> Iterator[Any]:
    """Yield a file's values, each array of the outermost level element by element; `Broken` for what is none."""
    if by_lines(member, letters):
        for line in letters.lines(member, told):
            text = line.strip().rstrip(",")
            if text and text not in ("[", "]"):
                yield from elements_of(text)
        return
    yield from streamed(member, letters, told)


def by_lines(member: Member, letters: Letters) -> bool:
    """Say whether a file has one value a line: its first line is whole by itself, and another one follows."""
    lines = letters.lines(member)
    try:
        first = next(lines, "").strip()
        if first == "[":
            first = next(lines, "").strip().rstrip(",")
        second = next((line.strip() for line in lines if line.strip()), "")
    except UnreadableError:
        return False
    finally:
        lines.close()  # type: ignore[attr-defined]
    if not first.startswith(STARTS) or not second.lstrip(",").strip().startswith((*STARTS, "]")):
        return False
    try:
        parsed(first.rstrip(","))
    except ValueError:
        return ".jsonl" in member.name.casefold() or ".ndjson" in member.name.casefold()
    return True


def elements_of(text: str) -> Iterator[Any]:
    """Yield the value that a line is, or what is wrong with it."""
    try:
        value = parsed(text)
    except ValueError as error:
        yield Broken(wrong(error), text)
        return
    if isinstance(value, list):
        yield from value
    else:
        yield value


def wrong(error: ValueError) -> str:
    """Say why a text is not JSON."""
    return "nested too deep to be read" if "deep" in str(error) else "not JSON (truncated?)"


def streamed(member: Member, letters: Letters, told: Told | None) -> Iterator[Any]:
    """Yield the values of a file that may be one long line, holding only the value that is being read."""
    with member.open(told) as stream, letters.text(stream) as text:
        buffer, at, inside, ended = "", 0, False, False
        step = HEAD
        while True:
            at = match_end(buffer, at)
            if buffer.startswith("]" if inside else "[", at):
                inside, at = not inside, at + 1
                continue
            found = one(buffer, at, ended=ended)
            if found is not None:
                value, at = found
                yield value
                if isinstance(value, Broken):
                    return
                step = HEAD
            elif ended:
                return
            elif len(buffer) - at > LARGEST:
                raise UnreadableError(f"holds a value of over {LARGEST // 1024**2} MB; write one film a line")
            else:
                piece = more(text, step, letters)
                # A long value is tried again only when as much more of it has come: the work stays linear.
                buffer, at, ended = buffer[at:] + piece, 0, not piece
                step = max(step, len(buffer))


def more(text: io.TextIOWrapper, count: int, letters: Letters) -> str:
    """Return the next characters; UnreadableError where they are not of the encoding."""
    try:
        return text.read(count)
    except UnicodeError as error:
        raise UnreadableError(f"is not {letters.encoding} throughout; name it with --encoding") from error


def one(buffer: str, start: int, *, ended: bool) -> tuple[Any, int] | None:
    """Return the value at a place and where it ends, `Broken` for what never becomes one; None where more must be read."""
    if start >= len(buffer):
        return None
    try:
        value, end = DECODER.raw_decode(buffer, start)
    except RecursionError:
        return Broken("nested too deep to be read", buffer[start : start + 1_000]), len(buffer)
    except ValueError:
        return (Broken("not JSON (truncated?)", buffer[start : start + 1_000]), len(buffer)) if ended else None
    # A number that ends where the buffer does may go on.
    return (value, end) if ended or end < len(buffer) or not isinstance(value, int | float) else None
