"""One suite for every adapter of a port: memory and embedded."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOON
from tests.facts import rating_event, review_event, review_of_bytes

from marquee.adapters.codec import encode, records
from marquee.adapters.memory import (
    MemoryIndex,
    MemoryLog,
    MemoryQuarantine,
    MemorySpeedStore,
    MemorySpeedViews,
    MemoryViews,
)
from marquee.adapters.sqlite_index import SqliteIndex, SqliteQuarantine
from marquee.adapters.sqlite_log import SqliteLog
from marquee.adapters.sqlite_speed import SqliteSpeedStore, SqliteSpeedViews
from marquee.adapters.sqlite_views import SqliteViews
from marquee.domain.coverage import Frontier, SpeedState
from marquee.domain.events import EVENT_BYTES, METADATA, RATINGS, REVIEWS
from marquee.domain.measures import ZERO, Cell, lift_gauge, merge
from marquee.domain.monoids import Gauge
from marquee.domain.timeline import HOUR, floor
from marquee.errors import TerminalError
from marquee.ports import MicroBatch, Publication, SpeedCell, SpeedFilm

EMBEDDED: dict[str, tuple[Callable[[], Any], Callable[[Path], Any]]] = {
    "log": (MemoryLog, SqliteLog),
    "index": (MemoryIndex, SqliteIndex),
    "quarantine": (MemoryQuarantine, SqliteQuarantine),
    "store": (MemorySpeedStore, SqliteSpeedStore),
    "speed_views": (MemorySpeedViews, SqliteSpeedViews),
    "views": (MemoryViews, SqliteViews),
}


@pytest.fixture(params=["memory", "embedded"])
def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Any]]:
    def make(port: str) -> Any:
        memory, embedded = EMBEDDED[port]
        return memory() if request.param == "memory" else embedded(tmp_path / f"{port}.db")

    yield make
    shutil.rmtree(tmp_path, ignore_errors=True)


Make = Callable[[str], Any]


def logged(log: Any, after: str) -> dict[str, Any]:
    batches, _ = log.read(after, 10**6)
    return {record.event.event_id: record.event for batch in batches for record in records(batch)}


def names(log: Any, after: str = "", **limits: Any) -> list[str]:
    batches, _ = log.read(after, 10**6, **limits)
    return [record.event.event_id for batch in batches for record in records(batch)]


def test_a_log_keeps_order_offsets_and_content(adapter: Make) -> None:
    log = adapter("log")
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


def test_a_log_separates_topics_and_bounds_time(adapter: Make) -> None:
    log = adapter("log")
    log.append([rating_event("a", 1, NOON), review_event("b", 1, NOON)], NOON)
    log.append([review_event("c", 1, NOON)], NOON + HOUR)
    assert names(log, topic=REVIEWS) == ["b", "c"]
    assert names(log, topic=REVIEWS, before=NOON + HOUR) == ["b"]
    assert names(log, log.position_at(NOON + HOUR)) == ["c"]
    assert names(log, topic=RATINGS, before=NOON) == []


def test_reading_stops_where_it_is_told(adapter: Make) -> None:
    log = adapter("log")
    log.append([rating_event("a", 1, NOON)], NOON)
    middle = log.append([rating_event("b", 2, NOON)], NOON)
    log.append([rating_event("c", 3, NOON)], NOON)
    assert names(log, until=middle) == ["a", "b"]
    assert names(log, until="") == []
    assert names(log, middle, until=middle) == []


def test_reading_in_pieces_reads_all_once(adapter: Make) -> None:
    log = adapter("log")
    for n in range(7):
        log.append([rating_event(f"e{n}", n + 1, NOON)], NOON + n)
    position, found = "", []
    while True:
        batches, position = log.read(position, 2)
        if not batches:
            break
        found += [record.event.event_id for batch in batches for record in records(batch)]
    assert found == [f"e{n}" for n in range(7)]


def test_a_log_counts_what_stands_after_a_position(adapter: Make) -> None:
    log = adapter("log")
    first = log.append([rating_event("a", 1, NOON), review_event("b", 2, NOON)], NOON)
    log.append([review_event(f"c{n}", n, NOON) for n in range(1, 8)], NOON + 1)
    assert log.behind("") == {REVIEWS: 8, RATINGS: 1, METADATA: 0}
    assert log.behind(first) == {REVIEWS: 7, RATINGS: 0, METADATA: 0}
    assert set(log.behind(log.end()).values()) == {0}


def test_ingest_time_never_goes_back_and_sealed_hours_stay_closed(adapter: Make) -> None:
    log = adapter("log")
    assert log.span() is None
    log.append([rating_event("a", 1, NOON)], NOON)
    log.append([rating_event("b", 1, NOON)], NOON - 5 * HOUR)
    assert log.span() == (NOON, NOON)
    assert log.seal(NOON + HOUR + 1) == NOON + HOUR
    log.append([rating_event("c", 1, NOON)], NOON + 1)
    assert log.span() == (NOON, NOON + HOUR)
    assert log.seal(NOON - 9 * HOUR) == NOON + HOUR


def test_trimming_forgets_the_old_and_keeps_offsets(adapter: Make) -> None:
    log = adapter("log")
    log.append([rating_event("a", 1, NOON)], NOON)
    log.append([rating_event("b", 1, NOON)], NOON + HOUR)
    assert log.trim(NOON + HOUR) == 1
    log.append([rating_event("c", 1, NOON)], NOON + HOUR)
    batches, _ = log.read("", 10)
    assert [batch.first_offset for batch in batches] == [1, 2]


def test_a_log_takes_what_is_at_the_limit_and_refuses_what_is_above(adapter: Make) -> None:
    log = adapter("log")
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


def test_an_index_remembers_what_stands(adapter: Make) -> None:
    index = adapter("index")
    first, second = review_event("a", 7, NOON), review_event("b", 7, NOON)
    index.apply([(REVIEWS, first), (REVIEWS, second)], "5")
    assert index.position() == "5"
    assert index.standing_reviews(7, "t") == {"review-a", "review-b"}
    assert index.standing_reviews(7, "other") == index.standing_reviews(8, "t") == set()
    found = index.lookup(REVIEWS, ["review-a", "review-x"])
    assert set(found) == {"review-a"}
    assert found["review-a"].alive
    assert found["review-a"].body is not None
    index.apply([(REVIEWS, review_event("a", 7, NOON, weight=-1))], "6")
    assert index.standing_reviews(7, "t") == {"review-b"}
    assert not index.lookup(REVIEWS, ["review-a"])["review-a"].alive
    assert index.lookup(RATINGS, ["review-a"]) == {}


def test_a_quarantine_counts_a_repeated_row_once(adapter: Make) -> None:
    quarantine = adapter("quarantine")
    quarantine.add([("s", "bad", "x\ud800"), ("s", "bad", "y")], NOON)
    quarantine.add([("s", "bad", "y"), ("s", "worse", "y")], NOON + 1)
    assert quarantine.counts() == {"bad": 2, "worse": 1}
    newest = quarantine.rows(2)
    assert {(row["reason"], row["times"]) for row in newest} == {("bad", 2), ("worse", 1)}


def gauge(at: int, count: int = 1) -> Cell:
    return lift_gauge(Gauge(at, 0, count, 7_000, 1))


def micro(
    batch_id: int, cells: dict[tuple[int, int, int], Cell], *seen: str, films: tuple[SpeedFilm, ...] = ()
) -> MicroBatch:
    return MicroBatch(batch_id, cells, films, [(name, NOON) for name in seen], str(batch_id), NOON, NOON + batch_id)


def test_a_speed_store_merges_partials_and_a_replay_changes_nothing(adapter: Make) -> None:
    store = adapter("store")
    assert store.progress() is None
    assert store.partials(0) == ([], [], None)
    key, other = (1, NOON, NOON), (2, NOON, NOON)
    store.write(micro(1, {key: gauge(5), other: gauge(1)}, "a"))
    second = micro(2, {key: gauge(9)}, "b")
    store.write(second)
    store.write(second)
    cells, _, progress = store.partials(1)
    assert cells == [SpeedCell(*key, merge(gauge(5), gauge(9)))]
    assert (progress.position, progress.batch_id, progress.since, progress.through) == ("2", 2, NOON, NOON + 2)
    assert store.seen(["a", "b", "c"]) == {"a", "b"}
    assert len(store.partials(0)[0]) == 2


def test_a_speed_store_says_which_micro_batch_was_begun_and_not_finished(adapter: Make) -> None:
    store = adapter("store")
    assert store.intended() is None
    store.intend("1")
    assert store.progress() is None
    assert store.intended() in (None, "1")  # None: a store whose write is one step
    store.write(micro(1, {(1, NOON, NOON): gauge(5)}, "a"))
    assert store.intended() is None
    assert store.progress().position == "1"


def test_a_speed_store_keeps_the_later_film_and_expires_by_ingest_hour(adapter: Make) -> None:
    store = adapter("store")
    older, newer = (SpeedFilm(1, NOON, (at, 0), str(at).encode()) for at in (5, 9))
    store.write(micro(1, {(1, NOON, NOON): ZERO}, "a", films=(newer,)))
    store.write(micro(2, {(1, NOON + HOUR, 0): ZERO}, films=(older,)))
    assert store.partials(0)[1] == [newer]
    assert store.expire(NOON + HOUR) == 1
    assert [cell.hour for cell in store.partials(0)[0]] == [NOON + HOUR]
    assert store.seen(["a"]) == {"a"}, "ids are kept an hour longer than cells"
    store.expire(NOON + 2 * HOUR)
    assert store.seen(["a"]) == set()


def test_speed_views_give_what_changed_since_a_version(adapter: Make) -> None:
    views = adapter("speed_views")
    assert views.state()[0].version == 0
    one, two = SpeedCell(1, NOON, NOON, gauge(5)), SpeedCell(2, NOON + HOUR, NOON, gauge(6))
    film = SpeedFilm(1, NOON, (5, 0), b"{}")
    views.upsert([one], [film], SpeedState(NOON, NOON, 1, "p1"), 3)
    views.upsert([two], [], SpeedState(NOON, NOON + 1, 2, "p2"), 4)
    assert views.changes(1) == ([two], [], SpeedState(NOON, NOON + 1, 2, "p2"))
    cells, films, _ = views.changes(0)
    assert sorted(cells, key=lambda cell: cell.movie_id) == [one, two]
    assert films == [film]
    replaced = SpeedCell(1, NOON, NOON, gauge(8))
    views.upsert([replaced], [], SpeedState(NOON, NOON + 2, 3, "p3"), 5)
    assert views.changes(2)[0] == [replaced]
    assert views.state() == (SpeedState(NOON, NOON + 2, 3, "p3"), 5)
    assert views.expire(NOON + HOUR) == 1
    assert views.changes(0)[0] == [two]


def publication(run: int) -> Publication:
    return Publication(Frontier(run, f"run-{run}", floor(NOON, HOUR)), NOON, {"n": run})


def test_views_show_one_run_whole(adapter: Make) -> None:
    views = adapter("views")
    with views.snapshot() as empty:
        assert empty.publication is None
        assert empty.get("film", 1) is None
    views.publish(publication(1), [("film", 1, b"a"), ("film", 2, b"b")])
    with views.snapshot() as before:
        views_of_before = before.publication
        assert before.get("film", 1) == b"a"
    views.publish(publication(2), [("film", 1, b"c")])
    with views.snapshot() as after:
        assert after.publication == publication(2)
        assert (after.get("film", 1), after.get("film", 2)) == (b"c", b"b")
        assert after.changed("film", 1) == [(1, b"c")]
        assert sorted(after.changed("film", 0)) == [(1, b"c"), (2, b"b")]
        assert after.changed("card", 0) == []
    assert views_of_before == publication(1)


def test_a_failed_or_stale_publication_leaves_the_last_one(adapter: Make) -> None:
    views = adapter("views")
    views.publish(publication(5), [("film", 1, b"a")])

    def broken() -> Iterator[tuple[str, int, bytes]]:
        yield ("film", 1, b"half")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        views.publish(publication(6), broken())
    with pytest.raises(TerminalError):
        views.publish(publication(5), [("film", 1, b"again")])
    with views.snapshot() as held:
        assert (held.publication, held.get("film", 1)) == (publication(5), b"a")


def test_a_reader_keeps_its_run_while_another_is_published(tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    writer, reader = SqliteViews(path), SqliteViews(path)
    writer.publish(publication(1), [("film", 1, b"a")])
    with reader.snapshot() as held:
        writer.publish(publication(2), [("film", 1, b"b")])
        assert (held.publication, held.get("film", 1)) == (publication(1), b"a")


def test_a_document_published_as_it_was_has_not_changed(adapter: Make) -> None:
    views = adapter("views")
    views.publish(publication(1), [("film", 1, b"a"), ("film", 2, b"b")])
    views.publish(publication(2), [("film", 1, b"a"), ("film", 2, b"c")])
    with views.snapshot() as held:
        assert held.publication == publication(2)
        assert held.changed("film", 1) == [(2, b"c")]
        assert sorted(held.changed("film", 0)) == [(1, b"a"), (2, b"c")]
