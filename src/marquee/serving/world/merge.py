"""The merge: a film's batch cells (+) its speed cells, with the coverage of the result.

answer(q, now) = present( batch(q, ingest < F) (+) speed(q, ingest >= F) ). The cut is by ingest hour:
late events are cells of an old window under a young hour. Both sides are integers, so the sum is exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from marquee.domain.measures import GAUGE, STATE_COLUMNS, Cell, decode_cell
from marquee.domain.timeline import WINDOW


class Timed(NamedTuple):
    """A cell with its place in event time: [window, window + span) ms."""

    window: int
    span: int
    cell: Cell


def batch_cells(rows: Iterable[Sequence[int]], columns: Sequence[str] = STATE_COLUMNS) -> list[Timed]:
    """Read the rows of a published cells document, whose states have these columns; its missing gauges are -1."""
    observed = 2 + columns.index("observed_at")
    gauge = {2 + columns.index(name) for name in GAUGE}
    cells = []
    for row in rows:
        values: Sequence[int | None] = row
        if row[observed] == -1:
            values = [None if place in gauge else value for place, value in enumerate(row)]
        cells.append(Timed(row[0], row[1], decode_cell(values[2:], columns)))
    return cells


def speed_cells(cells: Mapping[tuple[int, int], Cell], from_hour: int) -> list[Timed]:
    """Return the speed layer's cells, by (ingest hour, window), that the batch run does not cover."""
    return [Timed(window, WINDOW, cell) for (hour, window), cell in cells.items() if hour >= from_hour]


def merged(batch: Iterable[Timed], speed: Mapping[tuple[int, int], Cell], from_hour: int) -> list[Timed]:
    """Return all cells of a film. They are presented by merging, so their order does not matter."""
    return [*batch, *speed_cells(speed, from_hour)]
