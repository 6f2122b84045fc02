"""One suite for every adapter of a port: memory and embedded."""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOON
from tests.facts import rating_event, review_event, review_of_bytes

from marquee.adapters.sqlite.index import SqliteIndex
from marquee.adapters.sqlite.log import SqliteLog
from marquee.adapters.sqlite.own import SqliteOwnFilms
from marquee.adapters.sqlite.quarantine import SqliteQuarantine
from marquee.adapters.sqlite.releases import SqliteReleases
from marquee.adapters.sqlite.speed import SqliteSpeedStore, SqliteSpeedViews
from marquee.adapters.sqlite.views import SqliteViews
from marquee.domain.codec import encode, records
from marquee.domain.coverage import Frontier, SpeedState
from marquee.domain.events import EVENT_BYTES, METADATA, RATINGS, REVIEWS
from marquee.domain.measures import ZERO, Cell, lift_gauge, merge
from marquee.domain.monoids import Gauge
from marquee.domain.own import OwnFilm
from marquee.domain.records import MicroBatch, Publication, Rejected, SpeedCell, SpeedFilm
from marquee.domain.releases import Release
from marquee.domain.timeline import HOUR, floor
from marquee.errors import TerminalError
from marquee.testing.memory import (
    MemoryIndex,
    MemoryLog,
    MemoryOwnFilms,
    MemoryQuarantine,
    MemoryReleases,
    MemorySpeedStore,
    MemorySpeedViews,
    MemoryViews,
)

EMBEDDED: dict[str, tuple[Callable[[], Any], Callable[[Path], Any]]] = {
    "log": (MemoryLog, SqliteLog),
    "index": (MemoryIndex, SqliteIndex),
    "quarantine": (MemoryQuarantine, SqliteQuarantine),
    "releases": (MemoryReleases, SqliteReleases),
    "own": (MemoryOwnFilms, SqliteOwnFilms),
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


def test_a_cut_parts_an_hour_and_nothing_enters_what_it_closed(adapter: Make) -> None:
    log = adapter("log")
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


def test_sealing_within_a_cut_hour_does_not_go_back(adapter: Make) -> None:
    log = adapter("log")
    log.append([rating_event("a", 1, NOON)], NOON + 5)
    assert log.cut(NOON + 10) == NOON + 10
    assert log.seal(NOON + 20) == NOON + 10
    assert log.seal(NOON + HOUR + 20) == NOON + HOUR


def test_a_log_says_what_it_accepted_between_two_times(adapter: Make) -> None:
    log = adapter("log")
    assert not log.accepted(0, 10**15)
    log.append([rating_event("a", 1, NOON)], NOON)
    assert log.accepted(NOON, NOON + 1)
    assert not log.accepted(NOON + 1, NOON + HOUR)
    assert not log.accepted(0, NOON)


def test_the_later_of_two_positions_has_both_behind_it(adapter: Make) -> None:
    log = adapter("log")
    positions = ["", *(log.append([rating_event(f"e{n}", n + 1, NOON)], NOON + n) for n in range(12))]
    for early, late in pairwise(positions):
        assert log.later(early, late) == log.later(late, early) == late
    assert log.later("", "") in ("", "0")


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


def test_the_index_knows_a_films_readings_at_a_source(adapter: Make) -> None:
    index = adapter("index")
    named = {"7@1@m": "m", "7@2@m": "m", "7@m": "m", "7@3@n": "n", "70@1@m": "m"}
    events = [
        replace(rating_event(name, int(name.split("@")[0]), NOON), identity=name, source=source)
        for name, source in named.items()
    ]
    index.apply([(RATINGS, event) for event in events], "5")
    assert index.readings(7, "m").keys() == {"7@1@m", "7@2@m", "7@m"}
    assert index.readings(8, "m") == {}


def test_a_quarantine_counts_a_repeated_row_once(adapter: Make) -> None:
    quarantine = adapter("quarantine")
    quarantine.add([Rejected("s", "bad", "x\ud800"), Rejected("s", "bad", "y")], NOON)
    quarantine.add([Rejected("s", "bad", "y"), Rejected("s", "worse", "y", "7 Seven", "budget", 5)], NOON + 1)
    assert quarantine.counts() == {"bad": 2, "worse": 5}
    newest = quarantine.rows(2)
    assert {(row["reason"], row["times"]) for row in newest} == {("bad", 2), ("worse", 1)}
    assert {(row["film"], row["column"], row["rows"]) for row in newest} == {("", "", 1), ("7 Seven", "budget", 5)}


def test_a_quarantine_counts_what_is_too_many(adapter: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    quarantine = adapter("quarantine")
    monkeypatch.setattr(quarantine, "most", 3)
    quarantine.add([Rejected("s", "bad", str(number)) for number in range(5)], NOON)
    quarantine.add([Rejected("s", "bad", "0"), Rejected("s", "bad", "7", rows=10), Rejected("t", "bad", "0")], NOON)
    assert quarantine.counts() == {"bad": 16}
    assert len({row["raw"] for row in quarantine.rows(100)} & set("01234567")) == 3


def test_a_quarantine_of_an_earlier_time_goes_on(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "q.db")) as old:
        old.execute(
            "CREATE TABLE quarantine (id TEXT PRIMARY KEY, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,"
            " times INTEGER NOT NULL, source TEXT NOT NULL, reason TEXT NOT NULL, raw TEXT NOT NULL)"
        )
        old.execute("INSERT INTO quarantine VALUES ('x', 1, 1, 1, 's', 'old', 'r')")
        old.commit()
    quarantine = SqliteQuarantine(tmp_path / "q.db")
    quarantine.add([Rejected("s", "new", "r", "7", "id", 2)], NOON)
    assert quarantine.counts() == {"new": 2, "old": 1}


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


def test_an_index_of_an_earlier_time_goes_on(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "index.db")) as old:
        old.execute(
            "CREATE TABLE identities (topic TEXT NOT NULL, identity TEXT NOT NULL, movie_id INTEGER NOT NULL,"
            " source TEXT NOT NULL, revision INTEGER NOT NULL, digest TEXT NOT NULL, alive INTEGER NOT NULL, body BLOB,"
            " PRIMARY KEY (topic, identity)) WITHOUT ROWID"
        )
        old.execute("INSERT INTO identities VALUES (?, '7@t', 7, 't', 3, 'd', 1, NULL)", (RATINGS,))
        old.commit()
    index = SqliteIndex(tmp_path / "index.db")
    assert index.lookup(RATINGS, ["7@t"])["7@t"].at == 0
    index.apply([(RATINGS, rating_event("a", 7, NOON))], "1")
    assert index.lookup(RATINGS, ["movie.ratings/7"])["movie.ratings/7"].at == NOON


def test_releases_are_remembered_by_source(adapter: Make) -> None:
    releases = adapter("releases")
    assert releases.held("m") is None
    releases.begin("m", Release(5, 1))
    releases.begin("n", Release(7, 2))
    releases.begin("m", Release(6, 3))
    assert (releases.held("m"), releases.held("n")) == (Release(6, 3), Release(7, 2))


def test_own_films_are_what_their_source_says_last(adapter: Make) -> None:
    own = adapter("own")
    rated = OwnFilm("s", "a", "A", 1999, stars=80, seen=True, at=5)
    assert own.put("s", [rated, OwnFilm("s", "b", "B", None, wanted=True)], ["stars", "seen", "wanted"]) == 2
    assert own.put("t", [OwnFilm("t", "a", "A", 1999, "tt1", seen=True)], ["seen"]) == 1
    assert own.put("s", [rated], ["stars"]) == 0
    assert own.put("s", [OwnFilm("s", "a", "A", 1999, liked=True)], ["liked", "wanted"]) == 2
    assert own.films() == [
        OwnFilm("s", "a", "A", 1999, stars=80, seen=True, liked=True, at=5),
        OwnFilm("t", "a", "A", 1999, "tt1", seen=True),
    ]
    own.put("s", [OwnFilm("s", "a", "A", 1999, stars=30, seen=True, at=9)], ["stars", "seen"])
    assert own.films()[0] == OwnFilm("s", "a", "A", 1999, stars=30, seen=True, liked=True, at=9)
