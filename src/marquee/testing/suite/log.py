"""What a log owes. Times are given within `backdated`, so that logs whose times are their brokers' can be told them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from time import time_ns
from typing import Any

import pytest

from marquee.domain.codec import encode, records
from marquee.domain.events import EVENT_BYTES, METADATA, RATINGS, REVIEWS
from marquee.domain.timeline import HOUR, MINUTE, floor
from marquee.errors import TerminalError
from marquee.ports.log import Log
from marquee.testing.events import NOON, rating_event, review_event, review_of_bytes
from marquee.testing.suite import MEMORY, Make

PORT = "log"


def present() -> int:
    """Return the time (ms)."""
    return time_ns() // 1_000_000


def logged(log: Log, after: str) -> dict[str, Any]:
    """Return all events after a position, by id."""
    batches, _ = log.read(after, 10**6)
    return {record.event.event_id: record.event for batch in batches for record in records(batch)}


def names(log: Log, after: str = "", **limits: Any) -> list[str]:
    """Return the ids of all events after a position, in the order in which they are read."""
    batches, _ = log.read(after, 10**6, **limits)
    return [record.event.event_id for batch in batches for record in records(batch)]


@contextmanager
def given(adapter: Make) -> Iterator[Log]:
    """A fresh log that takes the times it is given."""
    log: Log = adapter(PORT)
    with log.backdated():
        yield log


def test_an_empty_log_has_nothing_before_or_after(adapter: Make) -> None:
    log = adapter(PORT)
    assert log.span() is None
    assert log.read("", 10) == ([], "")
    assert set(log.behind("").values()) == {0}
    assert not log.accepted(0, 10**15)
    assert log.trim(10**15) == 0
    assert names(log, log.end()) == []
    assert names(log, log.append([], NOON)) == []
    assert log.span() is None


def test_a_log_keeps_order_offsets_and_content(adapter: Make) -> None:
    with given(adapter) as log:
        events = [rating_event(f"e{n}", 6 * n + 1, NOON) for n in range(5)]
        log.append(events[:3], NOON)
        position = log.append(events[3:], NOON + 1)
        assert names(log) == ["e0", "e1", "e2", "e3", "e4"]
        batches, reached = log.read("", 10**6)
        found = [record for batch in batches for record in records(batch)]
        assert [(record.partition, record.offset) for record in found] == [(1, n) for n in range(5)]
        assert [record.event for record in found] == events
        assert reached == position == log.end()
        assert log.read(position, 10) == ([], position)


def test_ingest_time_lies_between_the_call_and_its_end(adapter: Make) -> None:
    log = adapter(PORT)
    before = present()
    log.append([rating_event("a", 1, NOON)], before)
    (batch,), _ = log.read("", 10)
    assert before <= batch.ingest_time <= present()
    assert batch.period == floor(batch.ingest_time, HOUR)


def test_a_log_separates_topics_and_bounds_time(adapter: Make) -> None:
    with given(adapter) as log:
        log.append([rating_event("a", 1, NOON), review_event("b", 1, NOON)], NOON)
        log.append([review_event("c", 1, NOON)], NOON + HOUR)
        assert names(log, topic=REVIEWS) == ["b", "c"]
        assert names(log, topic=REVIEWS, before=NOON + HOUR) == ["b"]
        assert names(log, log.position_at(NOON + HOUR)) == ["c"]
        assert log.position_at(NOON + HOUR + 1) == log.end()
        assert names(log, topic=RATINGS, before=NOON) == []


def test_reading_stops_where_it_is_told(adapter: Make) -> None:
    with given(adapter) as log:
        first = log.append([rating_event("a", 1, NOON)], NOON)
        middle = log.append([rating_event("b", 2, NOON)], NOON + 1)
        log.append([rating_event("c", 3, NOON)], NOON + 2)
        assert names(log, until=middle) == ["a", "b"]
        assert names(log, first, until=middle) == ["b"], "bounded on both ends"
        assert names(log, first, until=middle, before=NOON + 1) == []
        assert names(log, until="") == []
        assert names(log, middle, until=middle) == []


def test_reading_in_pieces_reads_all_once_in_the_order_of_time(adapter: Make) -> None:
    with given(adapter) as log:
        for n in range(20):
            log.append([review_event(f"e{n}", n + 1, NOON)], NOON + n)
        position, found = "", []
        while True:
            batches, position = log.read(position, 2)
            if not batches:
                break
            found += [record.event.event_id for batch in batches for record in records(batch)]
        assert found == [f"e{n}" for n in range(20)]
        assert position == log.end()


def test_a_log_counts_what_stands_after_a_position(adapter: Make) -> None:
    with given(adapter) as log:
        first = log.append([rating_event("a", 1, NOON), review_event("b", 2, NOON)], NOON)
        log.append([review_event(f"c{n}", n, NOON) for n in range(1, 8)], NOON + 1)
        assert log.behind("") == {REVIEWS: 8, RATINGS: 1, METADATA: 0}
        assert log.behind(first) == {REVIEWS: 7, RATINGS: 0, METADATA: 0}
        assert set(log.behind(log.end()).values()) == {0}
        log.trim(NOON + 1)
        assert log.behind("") == {REVIEWS: 7, RATINGS: 0, METADATA: 0}, "of what is still held"


def times(log: Log) -> dict[str, int]:
    """Return the ingest time of every event, by its id."""
    return {record.event.event_id: record.ingest_time for batch in log.read("", 10**6)[0] for record in records(batch)}


def test_ingest_time_never_goes_back(adapter: Make) -> None:
    with given(adapter) as log:
        log.append([rating_event("a", 1, NOON)], NOON)
        log.append([rating_event("b", 1, NOON), rating_event("c", 2, NOON)], NOON - 5 * HOUR)
        assert times(log) == {"a": NOON, "b": NOON, "c": NOON}
        assert log.span() == (NOON, NOON)
        log.append([rating_event("d", 2, NOON)], NOON + HOUR)
        assert log.span() == (NOON, NOON + HOUR)
    with log.backdated():
        log.append([rating_event("e", 3, NOON)], NOON)
        assert times(log)["e"] == NOON + HOUR, "not in another backdated past either"


def test_sealing_closes_hours_that_are_over(adapter: Make) -> None:
    with given(adapter) as log:
        log.append([rating_event("a", 1, NOON)], NOON)
        assert log.seal(NOON + HOUR + 2 * MINUTE) == NOON + HOUR
        assert log.seal(NOON + 2 * HOUR - 1) == NOON + HOUR


@pytest.mark.cannot("kafka", "remember what it has sealed: its brokers' clocks close an hour, once for all")
def test_sealed_hours_stay_closed_whatever_the_clock_says(adapter: Make) -> None:
    with given(adapter) as log:
        log.append([rating_event("a", 1, NOON)], NOON)
        assert log.seal(NOON + HOUR + 2 * MINUTE) == NOON + HOUR
        log.append([rating_event("b", 1, NOON)], NOON + 1)
        assert log.span() == (NOON, NOON + HOUR)
        assert log.seal(NOON - 9 * HOUR) == NOON + HOUR


def test_nothing_enters_what_a_cut_has_closed(adapter: Make) -> None:
    log = adapter(PORT)
    before = present()
    log.append([rating_event("a", 1, NOON)], before)
    start = log.cut(before)
    log.append([rating_event("b", 2, NOON)], before)
    times = {record.event.event_id: record for batch in log.read("", 10)[0] for record in records(batch)}
    assert times["b"].ingest_time >= start
    assert times["b"].period >= start
    assert log.seal(before) >= start


@pytest.mark.cannot("kafka", "cut within an hour: its brokers' clocks differ")
def test_a_cut_parts_an_hour(adapter: Make) -> None:
    with given(adapter) as log:
        log.append([rating_event("a", 1, NOON)], NOON + 5)
        assert log.cut(NOON + 5) == NOON + 6, "after the newest record, also where the clock has not moved"
        log.append([rating_event("b", 2, NOON)], NOON + 1)
        assert log.cut(NOON + 60_000) == NOON + 60_000
        log.append([rating_event("c", 3, NOON)], NOON + 60_000)
        log.append([rating_event("d", 4, NOON)], NOON + HOUR + 1)
        batches, _ = log.read("", 10)
        assert [batch.period - NOON for batch in batches] == [0, 6, 60_000, HOUR]
        assert names(log, before=NOON + 60_000) == ["a", "b"]
        assert log.seal(NOON + 70_000) == NOON + HOUR, "the newest record opened this hour"


@pytest.mark.cannot("kafka", "cut within an hour: its brokers' clocks differ")
def test_sealing_within_a_cut_hour_does_not_go_back(adapter: Make) -> None:
    with given(adapter) as log:
        log.append([rating_event("a", 1, NOON)], NOON + 5)
        assert log.cut(NOON + 10) == NOON + 10
        assert log.seal(NOON + 20) == NOON + 10
        assert log.seal(NOON + HOUR + 2 * MINUTE) == NOON + HOUR


def test_a_log_says_what_it_accepted_between_two_times(adapter: Make) -> None:
    with given(adapter) as log:
        log.append([rating_event("a", 1, NOON)], NOON)
        assert log.accepted(NOON, NOON + 1)
        assert not log.accepted(NOON + 1, NOON + HOUR)
        assert not log.accepted(0, NOON)


def test_the_later_of_two_positions_has_both_behind_it(adapter: Make) -> None:
    with given(adapter) as log:
        positions = ["", *(log.append([rating_event(f"e{n}", n + 1, NOON)], NOON + n) for n in range(12))]
        for early, late in pairwise(positions):
            assert log.later(early, late) == log.later(late, early) == late
        assert len(names(log, log.later("", ""))) == 12


def test_trimming_forgets_the_old_counts_records_and_keeps_offsets(adapter: Make) -> None:
    with given(adapter) as log:
        old = log.append([rating_event("a", 1, NOON), rating_event("b", 1, NOON), review_event("c", 3, NOON)], NOON)
        log.append([rating_event("d", 1, NOON)], NOON + HOUR)
        assert log.trim(NOON) == 0
        assert log.trim(NOON + HOUR) == 3, "records, not batches"
        assert log.trim(NOON + HOUR) == 0
        log.append([rating_event("e", 1, NOON)], NOON + HOUR + 1)
        batches, _ = log.read("", 10)
        assert [(batch.first_offset, len(batch.bodies)) for batch in batches] == [(2, 1), (3, 1)]
        assert names(log, old) == ["d", "e"], "a position of before is still good"
        assert log.span() == (NOON + HOUR, NOON + HOUR + 1)


def test_a_log_takes_what_is_at_the_limit_and_refuses_what_is_above(adapter: Make) -> None:
    log = adapter(PORT)
    start = log.end()
    longest = [
        review_of_bytes(name, number, EVENT_BYTES, letter)
        for number, (name, letter) in enumerate(
            {"noise": "", "emojis": "😀", "NULs": "\0", "quotes": '"', "letters": "x"}.items()
        )
    ]
    assert {len(encode(event)) for event in longest} == {EVENT_BYTES}
    short = review_event("short", 1, 0)
    log.append([*longest, short], NOON)
    before = logged(log, start)
    assert before == {event.event_id: event for event in (*longest, short)}
    above = review_of_bytes("above", 2, EVENT_BYTES + 1)
    with pytest.raises(TerminalError, match=r"an event of movie\.reviews about film 2 has 1,024,001 bytes"):
        log.append([review_event("beside", 1, 0), above], NOON)
    assert logged(log, start) == before, "all or none"
    log.append([replace(longest[0], event_id="taken back", weight=-1)], NOON)
    assert "taken back" in logged(log, start), "what was let in can be taken back"


@MEMORY
def test_two_logs_on_one_store_are_one(adapter: Make) -> None:
    first = adapter(PORT, "one")
    with first.backdated():
        first.append([review_event("a", 1, NOON)], NOON)
        second = adapter(PORT, "one")
        assert names(second) == ["a"]
        with second.backdated():
            second.append([review_event("b", 1, NOON)], NOON - HOUR)
            assert {batch.ingest_time for batch in second.read("", 10)[0]} == {NOON}
    assert (names(first), first.end()) == (["a", "b"], second.end())
