"""Votes gained are spread to the vote, in Python and in Ibis alike."""

import ibis
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from marquee.domain.gains import SLOTS, slot_width, spread, spread_table
from marquee.domain.timeline import DAY, HOUR, MINUTE, WINDOW

NOON = 20_000 * DAY + 12 * HOUR
GAINS = st.integers(-5, 3_000) | st.integers(10**6, 10**9)
APART = st.integers(0, 3 * HOUR) | st.integers(0, 9 * DAY) | st.integers(0, 800 * DAY)


def told(rows: list[tuple[int, int, int | None, int]]) -> list[tuple[int, int, int]]:
    names = ("movie_id", "gained", "since", "event_time")
    table = pa.table({name: pa.array([row[i] for row in rows], pa.int64()) for i, name in enumerate(names)})
    found = ibis.duckdb.connect().to_pyarrow(spread_table(ibis.memtable(table)))
    return sorted((row["movie_id"], row["window"], row["gained"]) for row in found.to_pylist())


@given(gained=GAINS, apart=APART, at=st.integers(NOON, NOON + DAY))
@example(gained=7, apart=0, at=NOON)
@example(gained=7, apart=-HOUR, at=NOON)
@example(gained=10**9, apart=800 * DAY, at=NOON + 1)
def test_a_gain_is_neither_lost_nor_doubled_and_lies_between_its_readings(gained: int, apart: int, at: int) -> None:
    shares = list(spread(gained, at - apart, at))
    assert sum(votes for _, votes in shares) == max(0, gained)
    width = slot_width(max(0, apart))
    assert all(votes > 0 and window % width == 0 for window, votes in shares)
    assert all(min(at - apart, at) - width < window <= at for window, _ in shares)
    assert [window for window, _ in shares] == sorted({window for window, _ in shares})


@given(gained=st.integers(1, 5_000), apart=st.integers(10 * MINUTE, 40 * DAY))
def test_it_is_spread_evenly_to_the_vote(gained: int, apart: int) -> None:
    since, at = NOON + 123_457, NOON + 123_457 + apart
    passed = 0
    for window, votes in spread(gained, since, at):
        passed += votes
        end = min(at, window + slot_width(apart))
        assert abs(passed - gained * (end - since) / apart) < 1 + gained * 1_000 / apart


def test_the_first_reading_and_a_loss_add_nothing() -> None:
    assert (
        list(spread(500, None, NOON)) == list(spread(-5, NOON - DAY, NOON)) == list(spread(0, NOON - DAY, NOON)) == []
    )


@pytest.mark.parametrize(
    ("apart", "width"), [(2 * HOUR, WINDOW), (2 * HOUR + 1, HOUR), (8 * DAY, HOUR), (9 * DAY, DAY)]
)
def test_the_longer_the_time_the_wider_the_slots(apart: int, width: int) -> None:
    assert slot_width(apart) == width
    assert [widest for _, widest in SLOTS] == [WINDOW, HOUR]


def test_hours_get_what_they_last() -> None:
    assert list(spread(24, NOON, NOON + DAY)) == [(NOON + hour * HOUR, 1) for hour in range(24)]
    assert list(spread(3, NOON + 30 * MINUTE, NOON + 150 * MINUTE))[-1] == (NOON + 145 * MINUTE, 1)
    assert next(spread(10, NOON, NOON + 5 * HOUR)) == (NOON, 2)


def test_ibis_says_the_same() -> None:
    rows: list[tuple[int, int, int | None, int]] = [
        (1, 24, NOON, NOON + DAY),
        (2, 500, None, NOON),
        (3, -7, NOON - DAY, NOON),
        (4, 10**9, NOON - 900 * DAY, NOON + 17),
        (5, 1, NOON + HOUR, NOON),
        (6, 9, NOON - 100_001, NOON),
        (7, 33, NOON - 7 * HOUR - 1, NOON + 4_999),
        (8, 2, NOON, NOON),
    ]
    wanted = [(movie, window, votes) for movie, g, since, at in rows for window, votes in spread(g, since, at)]
    assert len(wanted) > 900
    assert told(rows) == sorted(wanted)
