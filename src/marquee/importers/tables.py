"""Tables of text: separators, quotes, headers and ragged rows as CSV files have them, read row by row in flat memory."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from marquee.importers.files import Member
from marquee.importers.letters import Letters
from marquee.importers.streams import Told

SEPARATORS = (",", ";", "\t", "|")
PAIR, PAIR_AS = "::", "\x1f"
"""MovieLens' old separator of two characters, and what the csv module is given for it."""

HEADER_LINES = 10
"""Lines among which the header is looked for."""

SAMPLE_ROWS = 50
SWALLOWED = 20
"""Lines in one row from which a quote that was never closed is suspected."""

csv.field_size_limit(16 * 1024 * 1024)

QUOTE = "\x02"
"""What typographic quotes around cells are handed to the csv module as: others may stand inside them."""

NOT_A_NAME = re.compile(r"[\W_]+")


def clean(cell: str) -> str:
    """Return a cell without the blanks around it and the NUL bytes in it, which are no letters."""
    return cell.replace("\x00", "").strip()


def key(name: str) -> str:
    """Return a column's name as it is compared: letters and digits alone, small."""
    return NOT_A_NAME.sub("", name).casefold()


class Row(NamedTuple):
    """A row: the number of its first line, its cells by column key, and what is wrong with it (in words, else empty).

    `cells` holds the cells that can be trusted; `raw` all as they were read.
    """

    line: int
    cells: dict[str, str]
    problem: str
    raw: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """How a member's rows are parted, and its columns: names as compared, in order; `start`: lines up to the header's end.

    escaped: quotes inside cells are written \\" and not ""; smart: cells stand in typographic quotes.
    """

    member: Member
    letters: Letters
    separator: str
    columns: tuple[str, ...]
    names: tuple[str, ...]
    start: int
    escaped: bool = False
    smart: bool = False

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers have decimal commas: semicolons part cells where commas part decimals."""
        return self.separator == ";"

    def rows(self, told: Told | None = None) -> Iterator[Row]:
        """Yield the rows below the header; blank ones and repetitions of the header are passed over."""
        width = len(self.columns)
        for line, raw in self.records(self.letters.lines(self.member, told)):
            if not any(cell and not cell.isspace() for cell in raw):
                continue
            if len(raw) == width or (len(raw) > width and not any(raw[width:])):
                if raw[0].strip().casefold() == self.names[0].casefold() and self.is_header(raw):
                    continue
                yield Row(line, dict(zip(self.columns, map(clean, raw), strict=False)), "", raw)
            elif len(raw) > width:
                yield Row(line, {}, f"row has {len(raw):,} cells where the header has {width:,}", raw)
            else:
                # The last cell may be cut; those before it stand where they should.
                cells = dict(zip(self.columns, map(clean, raw[:-1]), strict=False))
                yield Row(line, cells, f"row ends after {len(raw):,} of {width:,} cells", raw)

    def is_header(self, raw: Sequence[str]) -> bool:
        """Say whether a row is the header once more."""
        return tuple(map(key, raw[: len(self.columns)])) == tuple(map(key, self.names))

    def records(self, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
        """Yield (first line, cells) of each row below the header."""
        feed = Feed(self.translated(lines), self.start)
        while True:
            try:
                for cells in csv.reader(feed, **self.options()):
                    first, held = feed.taken()
                    if len(held) > SWALLOWED or (len(held) > 1 and len(cells) != len(self.columns)):
                        yield from self.singles(first, held)
                    else:
                        yield first, cells
                return
            except csv.Error:  # a cell without an end
                yield from self.singles(*feed.taken())

    def singles(self, first: int, held: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows of lines that one quote swallowed, each line by itself; or all as one row where that is no better."""
        rows: list[list[str]] = []
        for line in held:
            try:
                rows.append(next(csv.reader([line], **self.options()), []))
            except csv.Error:
                rows.append([line])
        if sum(len(cells) == len(self.columns) for cells in rows) * 2 < len(rows):
            yield first, ["".join(held)]
            return
        yield from enumerate(rows, first)

    def translated(self, lines: Iterable[str]) -> Iterable[str]:
        """Return lines with what the csv module cannot know written as it does."""
        if self.separator == PAIR:
            return (line.replace(PAIR, PAIR_AS) for line in lines)
        if not self.smart:
            return lines
        border = re.escape(self.separator)
        around = re.compile(rf"(^|{border})[“„]|[”“](?={border}|[\r\n]*$)")
        return (around.sub(lambda found: (found[1] or "") + QUOTE, line) for line in lines)

    def options(self) -> dict[str, Any]:
        """Return the csv module's options."""
        made: dict[str, Any] = {"delimiter": PAIR_AS if self.separator == PAIR else self.separator}
        if self.separator == PAIR:
            return {**made, "quoting": csv.QUOTE_NONE}
        if self.smart:
            made["quotechar"] = QUOTE
        if self.escaped:
            made |= {"escapechar": "\\", "doublequote": False}
        return {**made, "skipinitialspace": self.separator != "\t"}


class Feed:
    """Lines as they are handed to the csv module, held until the row they belong to is known."""

    def __init__(self, lines: Iterable[str], start: int) -> None:
        self.lines = iter(lines)
        self.held: list[str] = []
        self.first = start + 1
        for _ in range(start):
            next(self.lines, None)

    def __iter__(self) -> "Feed":
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.held.append(line)
        return line

    def taken(self) -> tuple[int, list[str]]:
        """Return the number of the first line held, and the lines; hold none."""
        first, held = self.first, self.held
        self.first, self.held = first + len(held), []
        return first, held


def tables(member: Member, letters: Letters, head: str) -> Iterator[Table]:
    """Yield the ways in which a member may be a table, by the first characters of its text; the likeliest first."""
    lines = list(io.StringIO(head, newline=""))[: SAMPLE_ROWS + HEADER_LINES]
    said = re.fullmatch(r"\ufeff?\"?sep=(.)\"?[\r\n]*", lines[0]) if lines else None
    separators = (said[1],) if said else SEPARATORS
    found: list[tuple[float, Table]] = []
    for start in range(1 if said else 0, min(len(lines), HEADER_LINES)):
        for separator in separators:
            for escaped in (False, True) if '\\"' in head else (False,):
                table = header(member, letters, separator, lines, start, escaped=escaped)
                if table is not None:
                    found.append((fit(table, lines[start + 1 : start + 1 + SAMPLE_ROWS]), table))
    yield from (table for _, table in sorted(found, key=lambda pair: -pair[0]))


def header(
    member: Member, letters: Letters, separator: str, lines: Sequence[str], start: int, *, escaped: bool
) -> Table | None:
    """Return a table whose header is a line, None where that parts into fewer than two columns."""
    line = lines[start].lstrip("\ufeff")
    smart = line.count("“") + line.count("”") >= 2 and '"' not in line
    table = Table(member, letters, separator, (), (), start + 1, escaped, smart)
    try:
        names = next(csv.reader(table.translated([line]), **table.options()), [])
    except (csv.Error, TypeError):
        return None
    while names and not names[-1].strip():
        names.pop()
    columns = tuple(unique(map(key, names)))
    return replace(table, columns=columns, names=tuple(names)) if len(columns) >= 2 else None


def unique(columns: Iterable[str]) -> Iterator[str]:
    """Yield column keys; those that come again, or have no name, are made unlike all others."""
    seen: Counter[str] = Counter()
    for number, column in enumerate(columns):
        seen[column] += 1
        yield column if column and seen[column] == 1 else f"{column}#{number}"


def fit(table: Table, lines: Sequence[str]) -> float:
    """Return how well rows fit a header: the share of them that have its width, by how wide it is."""
    rows = [cells for _, cells in table.records([*[""] * table.start, *lines[:-1]])] or [list(table.names)]
    return sum(len(cells) == len(table.columns) for cells in rows) / len(rows) * min(len(table.columns), 50)
