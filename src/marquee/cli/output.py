"""What the commands print: every text is data, and looks as it is. No markup, no names of emojis, no control characters."""

import csv
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain, count
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

from marquee.domain.printable import printable
from marquee.errors import QueryError


class PlainConsole(Console):
    """A console to which texts are data. What is to have a colour is a `Text`, made by `coloured`."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text as it is printed, on its own or in a table."""
        return super().render_str(printable(text), **options)

    def status(self, status: Any, **options: Any) -> Status:
        """Show what is being done."""
        return super().status(coloured(status, "") if isinstance(status, str) else status, **options)


console = PlainConsole(stderr=True)
"""For people: what is going on, and what was wrong."""

out = PlainConsole()
"""For what was asked for."""


def coloured(text: str, style: str) -> Text:
    """Return a text of others in a colour."""
    return Text(printable(text), style)


def print_json(body: Any) -> None:
    """Print JSON on standard output: whole numbers whole, bytes as hex digits, what is no number as null."""
    sys.stdout.write(json.dumps(plain(body), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_csv(names: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """Print a table as CSV, exactly; a terminal is given nothing that it would obey."""
    shown = printable if sys.stdout.isatty() else str
    writer = csv.writer(sys.stdout)
    writer.writerow(map(shown, names))
    writer.writerows([None if value is None else shown(words(value)) for value in row] for row in rows)


def words(value: Any) -> str:
    """Return a value of a table as a cell: nothing of null, JSON of what has parts."""
    found = plain(value) if not isinstance(value, float) else value
    if found is None:
        return ""
    return json.dumps(found, ensure_ascii=False) if isinstance(found, dict | list) else str(found)


def plain(value: Any) -> Any:
    """Return a value as JSON has it. Decimals, as DuckDB's sums are, become the number they are."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes():
            return value.hex()
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            return {str(name): plain(part) for name, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(part) for part in value]
        case _:
            return str(value)


def columns(table: Any) -> tuple[list[str], list[list[Any]]]:
    """Return an Arrow table's names, each told from those before it, and its columns as Python has their values."""
    names: list[str] = []
    for name in table.column_names:
        others = (f"{name}_{number}" for number in count(2))
        names.append(next(other for other in chain([name], others) if other not in names))
    return names, [values(name, column) for name, column in zip(names, table.columns, strict=True)]


def values(name: str, column: Any) -> list[Any]:
    """Return a column's values; what Python cannot hold (a date after 9999, a nanosecond) in Arrow's words."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        try:
            return list(column.cast("string").to_pylist())
        except NotImplementedError as error:
            raise QueryError(
                f"the column {name} has values that cannot be shown", hint="Cast it to VARCHAR."
            ) from error
