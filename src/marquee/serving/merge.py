"""The merge: a film's batch cells (+) its speed cells, with the coverage of the result.

answer(q, now) = present( batch(q, ingest < F) (+) speed(q, ingest >= F) ). The cut is by ingest hour:
late events are cells of an old window under a young hour. Both sides are integers, so the sum is exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from marquee.domain.measures import Cell, decode_cell
from marquee.domain.timeline import WINDOW


class Timed(NamedTuple):
    """A cell with its place in event time: [window, window + span) ms."""

    window: int
    span: int
    cell: Cell


def batch_cells(rows: Iterable[Sequence[int]]) -> list[Timed]:
    """Read the rows of a published cells document; its missing gauges are -1."""
    cells = []
    for window, span, *state in rows:
        values: list[int | None] = list(state)
        if values[-1] is not None and values[-5] == -1:
            values[-5:] = [None] * 5
        cells.append(Timed(window, span, decode_cell(values)))
    return cells


def speed_cells(cells: Mapping[tuple[int, int], Cell], from_hour: int) -> list[Timed]:
    """Return the speed layer's cells, by (ingest hour, window), that the batch run does not cover."""
    return [Timed(window, WINDOW, cell) for (hour, window), cell in cells.items() if hour >= from_hour]


def merged(batch: Iterable[Sequence[int]], speed: Mapping[tuple[int, int], Cell], from_hour: int) -> list[Timed]:
    """Return all cells of a film. They are presented by merging, so their order does not matter."""
    return [*batch_cells(batch), *speed_cells(speed, from_hour)]
