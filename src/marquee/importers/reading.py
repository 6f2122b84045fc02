"""What readers of data sets share: the surroundings of an import, and complaints about cells and rows."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from marquee.domain.facts import Malformed
from marquee.importers.files import Member, Unreadable
from marquee.importers.streams import Told
from marquee.ports import Lake, Releases

RAW_SHOWN = 500
"""Characters of a row or a cell that are shown in quarantine."""

HELD_BACK = 100
"""Complaints about a column that has not been read once that are kept, until it is known whether it ever can be."""

LEAST_FAILURES = 2
"""Cells from which on a column may be said to fail in every row."""

Titles = Iterable[tuple[str, int | None]]
Find = Callable[[Titles], Mapping[tuple[str, int | None], int]]
"""Finds films that are known, by title and year of release: only those that one film alone fits."""

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Surroundings:
    """Where an import runs.

    now: ms since the epoch; work: a folder for temporary files; find: finds films that are known by their titles;
    rated: tells the films with readings of a source; releases: which releases are held;
    lake: opens the lake; progress: is told (what, done,
    of); replace: whether a release may take the place of a newer one; errors: what went wrong as a whole, in words;
    said: what is worth knowing of it, in words; unreadable: files that were lost while they were read; counts: rows read,
    by member; held_back: whether a release was left out for the one that is held.
    """

    now: int
    work: Path
    find: Find
    rated: Callable[[str], set[int]]
    releases: Releases
    lake: Callable[[], Lake]
    progress: Progress
    replace: bool = False
    errors: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    held_back: bool = False

    def meter(self, member: Member) -> Told:
        """Return what is told of the bytes read of a member, and shows how far that is."""
        done = 0

        def told(count: int) -> None:
            nonlocal done
            done += count
            self.progress(member.name, min(done, member.size), member.size)

        return told


def shown(raw: object) -> str:
    """Return what a row or cell was, for the quarantine."""
    text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, default=str)
    return text if len(text) <= RAW_SHOWN else f"{text[:RAW_SHOWN]} [cut: {len(text):,} characters]"


class Complaints:
    """What could not be read of one member. A column that fails in every row is one complaint, and an error."""

    def __init__(self, source: str, member: str, around: Surroundings) -> None:
        self.source = source
        self.member = member
        self.around = around
        self.proven: set[str] = set()
        self.waiting: dict[str, list[Malformed]] = defaultdict(list)
        self.failures: dict[str, int] = defaultdict(int)
        self.ready: list[Malformed] = []

    def good(self, column: str) -> None:
        """Note that a column could be read once, so that its failures are single ones."""
        if column not in self.proven:
            self.proven.add(column)
            held = self.waiting.pop(column, [])
            self.ready += held
            if self.failures[column] > len(held):
                self.ready.append(self.rest(held[0], self.failures[column] - len(held)))

    def cell(self, column: str, reason: str, raw: object, film: str, kept: str = "the film is kept without it") -> None:
        """Complain about one cell; `kept` says what becomes of its row."""
        self.failures[column] += 1
        found = Malformed(self.source, f"{column} {reason}; {kept}", shown(raw), film, column)
        if column in self.proven:
            self.ready.append(found)
        elif len(self.waiting[column]) < HELD_BACK:
            self.waiting[column].append(found)

    def row(self, reason: str, raw: object, film: str = "") -> None:
        """Complain about a whole row."""
        self.ready.append(Malformed(self.source, reason, shown(raw), film))

    def drain(self) -> Sequence[Malformed]:
        """Return the complaints that are ready, once."""
        if not self.ready:
            return ()
        found, self.ready = self.ready, []
        return found

    def finish(self) -> Sequence[Malformed]:
        """Return the last complaints; columns that were never read are errors."""
        for column, held in self.waiting.items():
            failures = self.failures[column]
            if failures < LEAST_FAILURES:
                self.ready += held
                continue
            first = held[0]
            reason = f"column {column} fails in all {failures:,} rows that have it: {first.reason}"
            self.ready.append(Malformed(self.source, reason, first.raw, first.film, column))
            self.around.errors.append(f"{self.member}: {reason}, for example {first.raw} ({first.film or 'no film'})")
        self.waiting.clear()
        return self.drain()

    def rest(self, like: Malformed, rows: int) -> Malformed:
        """Return a complaint that stands for more of one kind."""
        return Malformed(self.source, like.reason, f"{rows:,} more rows of {self.member}", "", like.column, rows)
