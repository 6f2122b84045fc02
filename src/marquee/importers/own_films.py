"""What lists of a person's own films share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from marquee.domain.facts import Malformed
from marquee.domain.own import OwnFilm
from marquee.domain.timeline import parse_iso
from marquee.importers import cells
from marquee.importers.cells import CellError
from marquee.importers.film_rows import damaged
from marquee.importers.reading import Complaints, Surroundings
from marquee.importers.recognise import Part
from marquee.importers.tables import Row


@dataclass(slots=True)
class OwnList:
    """A person's films of one source. says: what its files tell of films (stars, seen, liked, wanted), so that what is
    missing in them has been taken off the list; bad: what could not be read."""

    source: str
    films: list[OwnFilm] = field(default_factory=list)
    says: set[str] = field(default_factory=set)
    bad: list[Malformed] = field(default_factory=list)


def titled_rows(part: Part, around: Surroundings, complaints: Complaints, column: str) -> Iterator[Row]:
    """Yield the whole rows of a list that have a title."""
    assert part.table is not None  # noqa: S101
    for row in part.table.rows():
        around.counts[part.member.name] += 1
        title = row.cells.get(column, "")
        if row.problem:
            complaints.row(row.problem, row.raw, title)
        elif not title or damaged(title):
            complaints.row("film has no readable title", row.raw)
        else:
            yield row


def year_of(row: Row, complaints: Complaints, film: str) -> int | None:
    """Return the year of a row."""
    try:
        return cells.whole(row.cells.get("year", ""))
    except CellError as error:
        complaints.cell("Year", str(error), row.cells["year"], film)
        return None


def stars_of(row: Row, column: str, complaints: Complaints, film: str, scale: int) -> int | None:
    """Return a rating x 10 on a scale of 10, from one on another scale."""
    text = row.cells.get(column, "")
    try:
        value = cells.fraction(text, comma=True)
        if value is not None and not 0 < value <= scale:
            raise CellError(f"is outside 0 to {scale}")
    except CellError as error:
        complaints.cell("rating", str(error), text, film)
        return None
    return None if value is None else round(value * 100 / scale)


def time_of(row: Row, columns: Sequence[str]) -> int:
    """Return the time (ms) of the first date that can be read, 0 of none."""
    for column in columns:
        try:
            found = cells.day(row.cells.get(column, ""))
        except CellError:
            continue
        if found is not None:
            return max(0, parse_iso(found))
    return 0
