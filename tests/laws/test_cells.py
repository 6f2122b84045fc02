"""Laws of the cell: a commutative monoid, the same in Python and in Ibis, indifferent to the ladder."""

from itertools import pairwise

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOON

from marquee.domain.measures import (
    STATE_COLUMNS,
    SUMS,
    ZERO,
    Cell,
    ScoredReview,
    climb_table,
    decode_cell,
    encode_cell,
    lift_review,
    lift_reviews_table,
    merge,
    merge_cells,
    merge_table,
)
from marquee.domain.monoids import Gauge
from marquee.domain.sentiment import Score
from marquee.domain.timeline import DAY, LADDER, WINDOW, floor, ladder_cuts, ladder_span
from marquee.libraries.arrow import arrow_schema

gauges = st.builds(
    Gauge,
    st.integers(0, 2) | st.integers(0, 2**41),  # few times and places in the log, so that readings tie
    st.integers(0, 2) | st.integers(0, 2**40),
    st.integers(0, 2**40),
    st.integers(0, 10_000),
    st.integers(-1, 2**40),
)
numbers = st.integers(-(2**50), 2**50)
cells = st.builds(Cell, st.tuples(*[numbers] * len(SUMS)), st.none() | gauges)


@given(cells, cells, cells)
def test_merging_is_associative(a: Cell, b: Cell, c: Cell) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@given(cells, cells)
def test_merging_is_commutative(a: Cell, b: Cell) -> None:
    assert merge(a, b) == merge(b, a)


@given(cells)
def test_zero_is_the_identity(a: Cell) -> None:
    assert merge(a, ZERO) == a == merge(ZERO, a)


@given(cells)
def test_a_cell_survives_its_codec(a: Cell) -> None:
    assert decode_cell(encode_cell(a)) == a


reviews = st.builds(
    lambda weight, stars, *scores: Score(*scores).review(weight, stars),
    st.sampled_from((-1, 1)),
    st.none() | st.integers(0, 100),
    st.integers(-10_000, 10_000),
    st.integers(-10_000, 10_000),
    st.integers(-10_000, 10_000),
)


@given(reviews)
def test_a_retraction_cancels_its_insertion(review: ScoredReview) -> None:
    taken_back = ScoredReview(-review.weight, *[getattr(review, name) for name in list(review.__slots__)[1:]])
    assert merge(lift_review(review), lift_review(taken_back)) == ZERO


@pytest.fixture(scope="module")
def engine() -> ibis.BaseBackend:
    return ibis.duckdb.connect()


def cell_table(rows: list[tuple[int, int, int, Cell]]) -> pa.Table:
    columns = {name: [] for name in ("movie_id", "window", "span", *STATE_COLUMNS)}
    for movie_id, window, span, cell in rows:
        for name, value in zip(columns, (movie_id, window, span, *encode_cell(cell)), strict=True):
            columns[name].append(value)
    return pa.table({name: pa.array(values, pa.int64()) for name, values in columns.items()})


def read_cells(table: pa.Table, *keys: str) -> dict[tuple[int, ...], Cell]:
    return {
        tuple(row[key] for key in keys): decode_cell(row[name] for name in STATE_COLUMNS) for row in table.to_pylist()
    }


small = st.builds(Cell, st.tuples(*[st.integers(-1_000, 1_000)] * len(SUMS)), st.none() | gauges)
placed = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3).map(lambda k: k * WINDOW), small), max_size=30)


@given(placed)
def test_ibis_merges_as_python_does(engine: ibis.BaseBackend, rows: list[tuple[int, int, Cell]]) -> None:
    table = cell_table([(movie_id, window, WINDOW, cell) for movie_id, window, cell in rows])
    merged = engine.to_pyarrow(merge_table(ibis.memtable(table), ["movie_id", "window"]))
    wanted: dict[tuple[int, int], Cell] = {}
    for movie_id, window, cell in rows:
        wanted[movie_id, window] = merge(wanted.get((movie_id, window), ZERO), cell)
    assert read_cells(merged, "movie_id", "window") == wanted


@given(st.lists(reviews, min_size=1, max_size=20))
def test_ibis_lifts_as_python_does(engine: ibis.BaseBackend, found: list[ScoredReview]) -> None:
    names = list(ScoredReview.__slots__)
    columns = {name: pa.array([getattr(review, name) for review in found], pa.int64()) for name in names}
    table = pa.table(
        {"movie_id": pa.array([1] * len(found), pa.int64()), "window": pa.array([0] * len(found)), **columns}
    )
    lifted = engine.to_pyarrow(merge_table(lift_reviews_table(ibis.memtable(table)), ["movie_id", "window"]))
    assert read_cells(lifted, "movie_id", "window") == {(1, 0): merge_cells(map(lift_review, found))}


ages = st.integers(0, 9 * 365 * DAY)


@given(st.lists(st.tuples(ages, small), min_size=1, max_size=20), st.integers(0, 400 * DAY))
def test_climbing_in_steps_equals_climbing_at_once(
    engine: ibis.BaseBackend, rows: list[tuple[int, Cell]], later: int
) -> None:
    table = cell_table([(1, floor(NOON - age, WINDOW), WINDOW, cell) for age, cell in rows])
    once = climb_table(ibis.memtable(table), NOON + later)
    first = engine.to_pyarrow(climb_table(ibis.memtable(table), NOON))
    twice = climb_table(ibis.memtable(first), NOON + later)
    at_once = read_cells(engine.to_pyarrow(once), "movie_id", "window", "span")
    assert read_cells(engine.to_pyarrow(twice), "movie_id", "window", "span") == at_once
    assert merge_cells(at_once.values()) == merge_cells(cell for _, cell in rows)


@given(ages)
def test_a_window_lies_wholly_in_one_rung(age: int) -> None:
    window = floor(NOON - age, WINDOW)
    cuts = ladder_cuts(NOON)
    span = ladder_span(window, cuts)
    start = floor(window, span)
    assert {ladder_span(at, cuts) for at in range(start, start + span, max(WINDOW, span // 50))} == {span}
    assert all(wide.span % narrow.span == 0 for narrow, wide in pairwise(LADDER))


def test_bronze_keeps_the_raw_body() -> None:
    assert arrow_schema("bronze.reviews").field("body").type == pa.string()
