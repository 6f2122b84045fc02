"""Every measure, defined once. Both layers, every engine and the audit run these definitions.

A lift is a polynomial over the integer attributes of a scored event, so the same function serves a
Python object and an Ibis table. A `Cell` is the product of all the monoids.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import ibis

from marquee.domain.authority import counts_votes
from marquee.domain.gains import spread_table
from marquee.domain.monoids import Gauge, Latest, Sum
from marquee.domain.timeline import LADDER, ladder_cuts

SUMS: dict[str, Sum] = {
    "reviews": Sum(lambda e: e.weight, "Reviews that stand: written minus taken back."),
    "positive": Sum(lambda e: e.weight * e.positive, "Reviews whose VADER compound is at least 0.05."),
    "negative": Sum(lambda e: e.weight * e.negative, "Reviews whose VADER compound is at most -0.05."),
    "favourable": Sum(
        lambda e: e.weight * e.favourable,
        "Reviews whose author liked the film: of 7 stars or more, or, without stars, of an opinion above 0.",
    ),
    "mixed": Sum(
        lambda e: e.weight * e.mixed,
        "Reviews that are neither favourable nor unfavourable: of 5 or 6 stars, or, without stars, of no opinion.",
    ),
    "compound": Sum(lambda e: e.weight * e.compound, "Sum of VADER's compound of whole reviews, x 10^4."),
    "compound_sq": Sum(lambda e: e.weight * e.compound * e.compound, "Sum of its squares, for tests of means, x 10^8."),
    "sentence": Sum(lambda e: e.weight * e.sentence, "Sum of the mean compound over a review's sentences, x 10^4."),
    "rated": Sum(lambda e: e.weight * e.rated, "Reviews that came with stars."),
    "stars": Sum(lambda e: e.weight * e.stars, "Sum of stars, x 10."),
    "opinion": Sum(
        lambda e: e.weight * e.opinion, "Sum of the learned score of whole reviews (docs/model-card.md), x 10^4."
    ),
    "opined": Sum(lambda e: e.weight * e.opined, "Reviews in which there was something learned to score."),
    "gained": Sum(lambda e: e.gained, "Votes gained, spread over the time between two readings.", "readings"),
}
OF_REVIEWS = {name: measure for name, measure in SUMS.items() if measure.of == "reviews"}
OF_READINGS = {name: measure for name, measure in SUMS.items() if measure.of == "readings"}
GAUGE = Gauge._fields


@dataclass(frozen=True, slots=True)
class ScoredReview:
    """What a lift reads: a review with its sentiment, all integers.

    compound, sentence and opinion x 10^4; stars x 10, and 0 when not rated; mixed: neither favourable nor unfavourable.
    """

    weight: int
    positive: int
    negative: int
    favourable: int
    mixed: int
    compound: int
    sentence: int
    opinion: int
    opined: int
    rated: int
    stars: int


@dataclass(frozen=True, slots=True)
class GainShare:
    """What a lift of readings reads: the votes gained in one slot."""

    gained: int


class Cell(NamedTuple):
    """The state of all measures: the sums in the order of `SUMS`, and the latest gauge."""

    sums: tuple[int, ...]
    gauge: Gauge | None

    def sum(self, name: str) -> int:
        """Return the state of one sum."""
        return self.sums[SUM_INDEX[name]]


SUM_INDEX = {name: index for index, name in enumerate(SUMS)}
ZERO = Cell(tuple(Sum.zero() for _ in SUMS), Latest.zero())


def lift_review(event: ScoredReview) -> Cell:
    """Return the cell of a single review event."""
    return Cell(tuple(sum_of(name, OF_REVIEWS, event) for name in SUMS), Latest.zero())


def lift_gauge(gauge: Gauge) -> Cell:
    """Return the cell of a single gauge reading."""
    return Cell(ZERO.sums, gauge)


def lift_gain(share: GainShare) -> Cell:
    """Return the cell of a slot's share of the votes gained between two readings."""
    return Cell(tuple(sum_of(name, OF_READINGS, share) for name in SUMS), Latest.zero())


def sum_of(name: str, measures: Mapping[str, Sum], event: Any) -> int:
    """Return what an event adds to a sum; nothing where the sum is of other events."""
    return int(measures[name].lift(event)) if name in measures else Sum.zero()


def merge(left: Cell, right: Cell) -> Cell:
    """Merge two cells: associative, commutative, exact."""
    return Cell(
        tuple(Sum.merge(a, b) for a, b in zip(left.sums, right.sums, strict=True)),
        Latest.merge(left.gauge, right.gauge),
    )


def merge_cells(cells: Iterable[Cell]) -> Cell:
    """Merge any number of cells; none gives the identity."""
    total = ZERO
    for cell in cells:
        total = merge(total, cell)
    return total


def encode_cell(cell: Cell) -> list[int | None]:
    """Return a cell as a flat row: the sums, then the gauge's fields (None where there is no gauge)."""
    return [*cell.sums, *(cell.gauge or (None,) * len(GAUGE))]


STATE_COLUMNS = (*SUMS, *GAUGE)

FIRST_STATE = (
    *("reviews", "positive", "negative", "favourable", "compound", "compound_sq", "sentence", "rated", "stars"),
    *("observed_at", "offset", "votes", "average", "popularity"),
)
"""The columns of cells that do not say theirs: those of version 0.1.0."""


def decode_cell(row: Iterable[int | None], columns: Sequence[str] = STATE_COLUMNS) -> Cell:
    """Read back what `encode_cell` wrote, in this version or another one: by the names of its columns.

    A sum that the other version did not have is 0, one that this version does not know is left out.
    """
    values = dict(zip(columns, row, strict=True))
    gauge = [values.get(name) for name in GAUGE]
    return Cell(
        tuple(int(values.get(name) or 0) for name in SUMS),
        None if gauge[0] is None else Gauge(*(int(value or 0) for value in gauge)),
    )


def lift_reviews_table(reviews: Any) -> Any:
    """Lift a table of scored reviews to cell rows (movie_id, window, state columns): `lift_review` in Ibis."""
    lifted = {name: lifted_column(name, OF_REVIEWS, reviews) for name in SUMS}
    nothing = {name: ibis.null("int64") for name in GAUGE}
    return reviews.select(movie_id=reviews.movie_id, window=reviews.window, **lifted, **nothing)


def lifted_column(name: str, measures: Mapping[str, Sum], rows: Any) -> Any:
    """Return the column of what rows add to a sum: `sum_of` in Ibis."""
    if name not in measures:
        return ibis.literal(0, "int64")
    return measures[name].lift(rows).cast("int64").fill_null(0)


def lift_readings_table(ratings: Any) -> Any:
    """Lift a table of gauge readings to cell rows: `lift_gauge` and `lift_gain` in Ibis, of the sources whose votes are
    the film's."""
    ratings = ratings.filter(counts_votes(ratings.source))
    zeros = {name: ibis.literal(0, "int64") for name in SUMS}
    gauges = {name: ratings[name] for name in GAUGE}
    latest = ratings.select(movie_id=ratings.movie_id, window=ratings.window, **zeros, **gauges)
    shares = spread_table(ratings)
    lifted = {name: lifted_column(name, OF_READINGS, shares) for name in SUMS}
    nothing = {name: ibis.null("int64") for name in GAUGE}
    return latest.union(shares.select(movie_id=shares.movie_id, window=shares.window, **lifted, **nothing))


def merge_table(cells: Any, keys: list[str]) -> Any:
    """Merge cell rows that share `keys`: `merge_cells` in Ibis, one pass, any engine.

    The latest gauge is the greatest struct, compared field by field as `Gauge` tuples are.
    """
    reading = ibis.struct({name: cells[name] for name in GAUGE})
    merged = cells.group_by(keys).agg(
        **{name: cells[name].fill_null(0).sum().cast("int64") for name in SUMS},
        gauge=ibis.ifelse(cells.observed_at.isnull(), ibis.null(reading.type()), reading).max(),
    )
    return merged.select(*keys, *SUMS, **{name: merged.gauge[name] for name in GAUGE})


def climb_table(cells: Any, top: int) -> Any:
    """Roll cell rows (movie_id, window, span, state) up the ladder as it stands at `top` and merge them."""
    cuts = ladder_cuts(top)
    span: Any = ibis.literal(LADDER[-1].span, "int64")
    for rung, cut in reversed(list(zip(LADDER, cuts, strict=False))):
        span = ibis.ifelse(cells.window >= cut, ibis.literal(rung.span, "int64"), span)
    climbed = cells.mutate(span=span)
    climbed = climbed.mutate(window=climbed.window - climbed.window % climbed.span)
    return merge_table(climbed, ["movie_id", "window", "span"])
