"""What stands in a table's cell: numbers, dates and lists, as pandas, Excel, Kaggle and TMDB write them.

What can be read in two ways is not guessed: `CellError` says so in words, and the field stays unknown.
"""

import ast
import json
import math
import re
import unicodedata
import warnings
from datetime import date, datetime
from typing import Any

from marquee.domain.validation import YEARS

ABSENT = frozenset({"", "nan", "none", "null", "n/a", "na", "#n/a", "<na>", "\\n", "-", "--", "nat", "undefined"})
PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
COMMAS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
SPACES = re.compile(r"[+-]?\d{1,3}(?:[ ']\d{3})+(?:[.,]\d+)?", re.ASCII)
DOTS = re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{3}){2,}(?:,\d+)?|\.\d{3},\d+)", re.ASCII)
DECIMAL_COMMA = re.compile(r"[+-]?(?:\d+,\d{1,2}|\d+,\d{4,}|0+,\d+|\d{4,},\d+)", re.ASCII)
LONGEST_NUMBER = 60
MOST_WHOLE = 2**53

ISO_DAY = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ].*)?", re.ASCII | re.DOTALL)
PACKED_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0)?", re.ASCII)
YEAR_ALONE = re.compile(r"(\d{4})(?:\.0)?", re.ASCII)
DAY_NUMBER = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
SHORT_DAY = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d+)(?:[T ].*)?", re.ASCII | re.DOTALL)
NAMED_DAY = ("%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%Y %b %d", "%Y %B %d")

LONGEST_LITERAL = 4_000_000
COMPANY_ENDINGS = frozenset(
    {
        "inc",
        "inc.",
        "llc",
        "llc.",
        "ltd",
        "ltd.",
        "ltda",
        "ltda.",
        "co",
        "co.",
        "corp",
        "corp.",
        "s.a.",
        "s.l.",
        "l.p.",
        "lp",
        "gmbh",
    }
)
"""What follows a comma inside a company's name."""


class CellError(ValueError):
    """A cell that cannot be read; its text says why, so that 'COLUMN ' can stand before it."""


def absent(text: str) -> bool:
    """Say whether a cell says that nothing is known."""
    return text.strip().casefold() in ABSENT


def fraction(text: str, *, comma: bool = False) -> float | None:
    """Read a number, None where it is unknown. CellError for what is none, is infinite or may be two numbers.

    comma: a single comma parts decimals, as it does where semicolons part the cells.
    """
    if absent(text):
        return None
    value = float(plain(text.replace(",", ".") if comma and text.count(",") == 1 else text, whole=False))
    if not math.isfinite(value):
        raise CellError("is not a finite number")
    return value


def whole(text: str) -> int | None:
    """Read a whole number such as 862, 862.0, 1e6 or 1,234; None where it is unknown. CellError for anything else."""
    if absent(text):
        return None
    written = plain(text, whole=True)
    if written.lstrip("+-").isdecimal():
        return int(written)
    value = float(written)
    if not math.isfinite(value) or abs(value) > MOST_WHOLE:
        raise CellError("is not a finite number")
    if value != int(value):
        raise CellError("is not a whole number")
    return int(value)


def plain(text: str, *, whole: bool) -> str:
    """Return a number as Python reads it. A comma before three digits parts thousands in a whole number; else it is told."""
    written = unicodedata.normalize("NFKC", text).strip().strip("$€£\"'“”").strip()
    if len(written) > LONGEST_NUMBER:
        raise CellError("is not a number")
    if PLAIN.fullmatch(written):
        return written
    if written.lstrip("+-").casefold() in ("inf", "infinity"):
        raise CellError("is not a finite number")
    if COMMAS.fullmatch(written):
        if not whole and written.count(",") == 1 and "." not in written and not written.lstrip("+-").startswith("0,"):
            raise CellError("may be two numbers: a comma before three digits parts thousands or decimals")
        if whole or not written.lstrip("+-").startswith("0,"):
            return written.replace(",", "")
    if SPACES.fullmatch(written):
        return written.replace(" ", "").replace("'", "").replace(",", ".")
    if DOTS.fullmatch(written):
        return written.replace(".", "").replace(",", ".")
    if DECIMAL_COMMA.fullmatch(written):
        return written.replace(",", ".")
    raise CellError("is not a number")


def day(text: str) -> str | None:
    """Read a date as YYYY-MM-DD, None where it is unknown; a year alone is its first day.

    5/1/2020 is two days and is refused; 15/1/2020 is one. Dots stand where the day comes first (CLDR has no locale that
    writes M.D.Y), so 5.1.2020 is one too.
    """
    if absent(text):
        return None
    written = " ".join(unicodedata.normalize("NFKC", text).strip("\"'“” \t\r\n").split())
    if found := ISO_DAY.fullmatch(written) or PACKED_DAY.fullmatch(written):
        parts = [int(part) for part in found.groups() if part.isdecimal()]
        return dated(*parts)
    if found := YEAR_ALONE.fullmatch(written):
        return dated(int(found[1]), 1, 1)
    if DAY_NUMBER.fullmatch(written):
        raise CellError("is a day number of Excel's; format the column as a date")
    if found := SHORT_DAY.fullmatch(written):
        return short_day(int(found[1]), found[2], int(found[3]), found[4])
    for form in NAMED_DAY:
        try:
            # A date's day, without any time of a place.
            found_day = datetime.strptime(written.replace(",", " ").replace("-", " ").replace("  ", " "), form).date()
        except ValueError:
            continue
        return dated(found_day.year, found_day.month, found_day.day)
    raise CellError("is not a date")


def short_day(first: int, mark: str, second: int, year: str) -> str:
    """Read a date whose year comes last, where only one reading is possible."""
    if len(year) != 4:
        raise CellError("is a date without its century" if len(year) == 2 else "is not a date")
    if mark == "." or first > 12:
        return dated(int(year), second, first)
    if second > 12 or first == second:
        return dated(int(year), first, second)
    raise CellError("may be two dates: day and month cannot be told apart; write YYYY-MM-DD")


def dated(year: int, month: int, of_month: int) -> str:
    """Return an ISO date; CellError where there is no such day, or no films in such a year."""
    try:
        found = date(year, month, of_month)
    except ValueError:
        raise CellError("is a day that does not exist") from None
    if year not in YEARS:
        raise CellError(f"lies outside the years {YEARS.start} to {YEARS.stop - 1}")
    return found.isoformat()


def structure(text: str) -> list[Any]:
    """Read a list written as JSON or as a Python literal; an empty one where it is unknown. CellError for anything else."""
    if absent(text):
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = literal(text)
    if isinstance(value, float) and not math.isfinite(value):
        return []
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        raise CellError("is not a list")
    return value


def literal(text: str) -> object:
    """Evaluate a Python literal, never code."""
    if len(text) > LONGEST_LITERAL:
        raise CellError("is longer than a list can be")
    if not text.lstrip().startswith(("[", "{", "(")):
        raise CellError("is not a list")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that Python itself would not write
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise CellError("is neither JSON nor a Python list") from None


def names(text: str) -> list[Any]:
    """Read a list of names: JSON, a Python literal, or names with commas (or |) between them."""
    if text.lstrip().startswith(("[", "{")):
        return structure(text)
    if absent(text):
        return []
    found: list[str] = []
    for piece in text.split("|") if "|" in text else text.split(","):
        name = piece.strip()
        if found and name.casefold() in COMPANY_ENDINGS:
            found[-1] = f"{found[-1]}, {name}"
        elif name:
            found.append(name)
    return list(found)


def yes(text: str) -> bool:
    """Say whether a cell says yes."""
    return text.strip().casefold() in ("true", "1", "1.0", "yes", "t", "y")
