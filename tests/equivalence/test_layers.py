"""The layers against each other, case by case: what the oracle finds at random is pinned down here."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
import pyarrow as pa
import pytest
from tests.conftest import NOON
from tests.facts import TEXTS, film, history, review, votes

from marquee.adapters.sqlite.views import SqliteViews
from marquee.app import Platform
from marquee.batch import gold
from marquee.domain.codec import records
from marquee.domain.events import METADATA, RATINGS, REVIEWS
from marquee.domain.measures import STATE_COLUMNS, merge_table
from marquee.domain.records import Batch, MicroBatch
from marquee.domain.tables import BASE, BRONZE, CELLS, SILVER
from marquee.domain.timeline import DAY, HOUR, YEAR, ManualClock, floor
from marquee.errors import QualityStopError, TransientError
from marquee.serving.world.cube import ALL_FILMS
from marquee.speed.layer import SpeedLayer
from marquee.testing.events import rating_event, review_event
from marquee.testing.memory import MemoryLog, MemorySpeedStore
from marquee.watch import audit


def live(platform: Platform, clock: ManualClock, hours: int, seed: int = 5, batch_every: int = 6) -> None:
    door, speed = platform.door(), platform.speed()
    for number, (time, facts) in enumerate(history(seed, NOON, hours)):
        clock.time = time
        door.accept(facts)
        if number % batch_every == batch_every - 1:
            platform.batch().run()
    speed.drain()


def gold_rows(platform: Platform) -> Any:
    rows = merge_table(platform.lake.table(CELLS), ["movie_id", "window", "span"])
    return platform.lake.arrow(
        rows.order_by(["movie_id", "window", "span"]).select("movie_id", "window", "span", *STATE_COLUMNS)
    )


def sentiment(platform: Platform, movie_id: int, window: str = "all") -> Any:
    query = platform.query()
    query.refresh()
    return query.sentiment(movie_id, window)


def test_any_cut_between_batch_and_speed_gives_the_same_answers(
    new_platform: Callable[[str], Platform], clock: ManualClock
) -> None:
    found = []
    for name, every in (("often", 3), ("seldom", 11), ("never", 10**6)):
        clock.time = NOON
        platform = new_platform(name)
        live(platform, clock, 24, batch_every=every)
        query = platform.query()
        query.refresh()
        assert (query.world.frontier is None) == (name == "never")
        frozen = {key: value for key, value in query.trending("24h", ALL_FILMS, 100).items() if key != "coverage"}
        answers = [
            answer
            for window in ("7d", "30d", "all")
            for movie in range(1, 12)
            for answer in [query.sentiment(movie, window)]
        ]
        for answer in answers:
            del answer["coverage"]
        frozen["results"] = [
            {k: v for k, v in line.items() if k not in ("weighted_rating", "tier")} for line in frozen["results"]
        ]
        found.append(orjson.dumps([frozen, answers]))
    assert found[0] == found[1] == found[2]


def test_redelivered_events_count_once_in_every_layer(platform: Platform, clock: ManualClock) -> None:
    door, speed = platform.door(), platform.speed()
    door.accept([film(1, NOON), *(review(1, NOON - n * HOUR, f"r{n}") for n in range(3))])
    batches, _ = platform.log.read("", 100, REVIEWS)
    copies = [record.event for batch in batches for record in records(batch)]
    platform.log.append(copies, clock.now())
    speed.drain()
    assert sentiment(platform, 1)["counts"]["reviews"] == 3
    clock.time += 2 * HOUR
    platform.log.append(copies, clock.now())
    platform.batch().run()
    platform.log.append(copies, clock.now())
    speed.drain()
    assert sentiment(platform, 1)["counts"]["reviews"] == 3
    clock.time += 2 * HOUR
    platform.batch().run()
    assert sentiment(platform, 1)["counts"]["reviews"] == 3


def test_a_late_event_counts_where_it_belongs(platform: Platform, clock: ManualClock) -> None:
    door, speed = platform.door(), platform.speed()
    door.accept([film(1, NOON), review(1, NOON - HOUR, "young")])
    clock.time += 5 * HOUR
    platform.batch().run()
    door.accept([review(1, NOON - 3 * DAY, "late"), review(1, NOON - HOUR, "young", TEXTS[1])])
    speed.drain()
    answer = sentiment(platform, 1, "7d")
    assert answer["counts"]["reviews"] == 2
    assert [line["date"] for line in answer["breakdown"]] == ["2026-03-11", "2026-03-14"]
    assert answer["counts"]["negative"] == 1


def test_incremental_gold_equals_full_gold(platform: Platform, clock: ManualClock) -> None:
    live(platform, clock, 30)
    clock.time += 9 * DAY
    platform.batch().run()
    incremental = gold_rows(platform)
    platform.batch().run(full=True)
    assert gold_rows(platform).equals(incremental)
    platform.batch().run(interval=(NOON + 5 * HOUR, NOON + 15 * HOUR))
    assert gold_rows(platform).equals(incremental)
    assert incremental.num_rows > 50


def test_the_ladder_climbs_over_years_without_losing_anything(platform: Platform, clock: ManualClock) -> None:
    live(platform, clock, 20)
    clock.time += 2 * HOUR
    platform.batch().run()
    total, gained = (gold.total(platform.lake, platform.lake.table(CELLS), name) for name in ("reviews", "gained"))
    rows = [row for row in gold_rows(platform).to_pylist() if row["movie_id"] == 1 and row["votes"] is not None]
    held = max((row["observed_at"], row["votes"]) for row in rows)[1]
    for step in (8 * DAY, 100 * DAY, 3 * YEAR, 6 * YEAR):
        clock.time += step
        platform.door().accept([votes(1, clock.now(), clock.now() // DAY)])
        clock.time += 2 * HOUR
        platform.batch().run()
        assert gold.total(platform.lake, platform.lake.table(CELLS), "reviews") == total
    rows = gold_rows(platform).to_pylist()
    assert {row["span"] for row in rows if not row["gained"]} == {5 * 60_000, 28 * DAY}
    assert {row["span"] for row in rows if row["gained"]} == {5 * 60_000, HOUR, DAY, 28 * DAY}, "gains reach over years"
    last = max(row["votes"] or 0 for row in rows if row["movie_id"] == 1)
    assert sum(row["gained"] for row in rows) == gained + last - held
    assert gold.total(platform.lake, platform.lake.table(BASE), "reviews") == total, "silver is past its retention"
    for name in (SILVER[REVIEWS], BRONZE[REVIEWS]):
        assert platform.lake.partitions(name) == []
    platform.speed().drain()
    assert audit.verify(platform)["differ"] == 0


def test_audit_after_bronze_has_expired(platform: Platform, clock: ManualClock) -> None:
    live(platform, clock, 12)
    clock.time += 95 * DAY
    platform.batch().run()
    platform.door().accept([review(1, clock.now(), "new"), film(2, clock.now(), runtime=99)])
    platform.speed().drain()
    assert platform.lake.partitions(BRONZE[REVIEWS]) == []
    found = audit.verify(platform)
    assert found["answers_checked"] > 40
    assert found["differ"] == 0


def test_reviews_whose_text_is_gone_stay_as_an_older_version_judged_them(
    platform: Platform, clock: ManualClock
) -> None:
    live(platform, clock, 12)
    clock.time += 95 * DAY
    lake = platform.lake
    platform.batch().run()
    assert lake.partitions(BRONZE[REVIEWS]) == []
    rows = lake.arrow(lake.table(SILVER[REVIEWS]))
    judged = [int(sentence >= 860) for sentence in rows.column("sentence").to_pylist()]
    for name, values in {"favourable": judged, **dict.fromkeys(("mixed", "opinion", "opined"))}.items():
        column = pa.array(values or [None] * len(rows), pa.int64())
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    properties = {"hour": lake.properties(SILVER[REVIEWS])["hour"], "scorer": "older"}
    lake.replace(SILVER[REVIEWS], rows, lake.partitions(SILVER[REVIEWS]), properties)
    platform.door().accept([review(1, clock.now(), "new", stars=None)])
    clock.time += 2 * HOUR
    assert platform.batch().run(full=True).state == "published"
    platform.speed().drain()
    found = audit.verify(platform)
    assert (found["differ"], found["answers_checked"] > 40) == (0, True)
    query = platform.query()
    query.refresh()
    one, other = (query.sentiment(movie, "all") for movie in (1, 2))
    assert (one["counts"]["mixed"], one["overall"]["opinion"] > 0.5) == (0, True), "that of the new review alone"
    assert (other["counts"]["mixed"], other["overall"]["opinion"]) == (0, None)
    assert other["counts"]["unfavourable"] == other["counts"]["reviews"] - other["counts"]["favourable"] > 0


def test_the_audit_of_a_live_platform_reads_no_further_than_the_speed_layer(
    platform: Platform, clock: ManualClock
) -> None:
    live(platform, clock, 8)
    platform.door().accept([votes(movie, clock.now(), 5_000 + movie) for movie in range(1, 12)])
    found = audit.verify(platform)
    assert (found["differ"], found["answers_checked"] > 40) == (0, True)
    query = platform.query()
    query.refresh()
    assert query.movie(1)["votes"]["count"] != 5_001, "not folded yet, so not answered yet"


def test_the_audit_finds_a_wrong_answer(platform: Platform, clock: ManualClock) -> None:
    live(platform, clock, 12)
    rows = platform.lake.arrow(platform.lake.table(CELLS))
    place = rows.schema.get_field_index("sentence")
    wrong = rows.set_column(place, "sentence", [[value + 1 for value in rows.column(place).to_pylist()]])
    hour = platform.lake.properties(CELLS)["hour"]
    platform.lake.replace(CELLS, wrong, platform.lake.partitions(CELLS), {"hour": hour})
    clock.time += 5 * HOUR
    platform.door().accept([votes(movie, clock.now(), 900 + movie) for movie in range(1, 12)])
    clock.time += 2 * HOUR
    platform.batch().run()
    assert audit.verify(platform)["differ"] > 0


def test_a_run_scores_only_what_is_new(platform: Platform, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    from marquee.libraries import scoring

    scored: list[str | None] = []
    original = scoring.score_chunk
    monkeypatch.setattr(scoring, "score_chunk", lambda texts: scored.extend(texts) or original(texts))
    door = platform.door()
    door.accept([film(1, NOON), review(1, NOON, "a", "Good one.")])
    clock.time += 2 * HOUR
    platform.batch().run()
    door.accept([review(1, NOON, "b", "Bad one.")])
    clock.time += 2 * HOUR
    platform.batch().run()
    platform.batch().run(full=True)
    assert scored == ["Good one.", "Bad one."]


def test_a_run_without_news_changes_nothing(platform: Platform, clock: ManualClock) -> None:
    live(platform, clock, 6)
    clock.time += 2 * HOUR
    assert platform.batch().run().state == "published"
    assert platform.batch().run().state == "unchanged"


def test_bad_rows_are_left_out_and_kept_in_quarantine(platform: Platform, clock: ManualClock) -> None:
    good = [review_event(f"g{n}", 1, NOON) for n in range(40)]
    platform.log.append([*good, review_event("bad", 1, -5), rating_event("g", 1, NOON)], NOON)
    clock.time += 2 * HOUR
    report = platform.batch().run()
    assert report.report["silver"]["rows"] == 41
    assert platform.quarantine.counts() == {"silver.reviews: not so: review time is plausible": 1}
    assert gold.total(platform.lake, platform.lake.table(CELLS), "reviews") == 40


def test_a_failed_gate_publishes_nothing_and_says_why(platform: Platform, clock: ManualClock) -> None:
    door = platform.door()
    door.accept([film(1, NOON), *(review(1, NOON, f"r{n}") for n in range(3))])
    clock.time += 2 * HOUR
    first = platform.batch().run()
    platform.log.append([review_event(f"bad{n}", -1, -5) for n in range(9)], clock.now())
    platform.log.append([rating_event(f"bad{n}", -1, -5, -1) for n in range(9)], clock.now())
    clock.time += 2 * HOUR
    with pytest.raises(QualityStopError, match=r"scored .* %.*review has a film: 9 of 9 failed"):
        platform.batch().run()
    with platform.views.snapshot() as snapshot:
        assert snapshot.publication is not None
        assert snapshot.publication.frontier.run_id == first.run_id
    stopped = platform.runs.latest(1)[0]
    assert (stopped.state, "review has a film" in stopped.report["error"]) == ("stopped", True)
    platform.speed().drain()
    assert sentiment(platform, 1)["counts"]["reviews"] == 3


def test_a_publication_that_dies_is_made_up_for(
    platform: Platform, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(platform, clock, 6, batch_every=10**6)
    clock.time += 2 * HOUR
    with monkeypatch.context() as patch:
        patch.setattr(SqliteViews, "publish", lambda *_: (_ for _ in ()).throw(RuntimeError("dies")))
        with suppress(RuntimeError):
            platform.batch().run()
    assert sentiment(platform, 1)["coverage"]["run_id"] is None
    assert platform.batch().run().state == "published"
    assert audit.verify(platform)["differ"] == 0


def test_batch_two_days_late_is_named_in_coverage(platform: Platform, clock: ManualClock) -> None:
    live(platform, clock, 6, batch_every=3)
    clock.time += HOUR
    platform.door().accept([review(1, clock.now(), "in the gap")])
    gap_hour = floor(clock.now(), HOUR)
    platform.speed().drain()
    clock.time += 60 * HOUR
    platform.speed().drain()
    coverage = sentiment(platform, 1)["coverage"]
    assert not coverage["complete"]
    assert len(coverage["gaps"]) == 1
    assert coverage["gaps"][0]["from"] <= audit.answers.iso(gap_hour) < coverage["gaps"][0]["to"]
    platform.batch().run()
    assert sentiment(platform, 1)["coverage"]["complete"]


def test_what_is_published_is_what_changed(platform: Platform, clock: ManualClock) -> None:
    door = platform.door()
    door.accept([*(film(n, NOON) for n in range(1, 6)), *(votes(n, NOON, n) for n in range(1, 6))])
    clock.time += 2 * HOUR
    first = platform.batch().run()
    door.accept([votes(3, clock.now(), 77)])
    clock.time += 2 * HOUR
    platform.batch().run()
    with platform.views.snapshot() as snapshot:
        assert [key for key, _ in snapshot.changed("cells", first.run)] == [3]
        assert len(snapshot.changed("card", 0)) == 5


def test_the_archive_moves_whole_hours_once(platform: Platform, clock: ManualClock) -> None:
    live(platform, clock, 9, batch_every=2)
    clock.time += 2 * HOUR
    platform.batch().run()
    for topic in (METADATA, RATINGS, REVIEWS):
        batches, _ = platform.log.read("", 10**6, topic)
        wanted = sorted((b.partition, b.first_offset + n) for b in batches for n in range(len(b.bodies)))
        rows = platform.lake.arrow(platform.lake.table(BRONZE[topic])).to_pylist()
        assert sorted((row["partition"], row["offset"]) for row in rows) == wanted
        assert all(row["hour"] == row["ingest_time"] // HOUR % 24 for row in rows)


class HalfWay(MemorySpeedStore):
    """A store that writes in many steps, and is cut off before the last where it is told to be."""

    def __init__(self) -> None:
        super().__init__()
        self.position: str | None = None
        self.cut = False

    def intend(self, position: str) -> None:
        self.position = position

    def intended(self) -> str | None:
        progress = self.progress()
        return None if progress is not None and progress.position == self.position else self.position

    def write(self, batch: MicroBatch) -> None:
        if self.cut:
            raise TransientError("cut off")
        super().write(batch)


def test_a_micro_batch_cut_off_is_folded_again_over_the_same_records(platform: Platform, clock: ManualClock) -> None:
    store = platform.speed_store = HalfWay()
    door, speed = platform.door(), platform.speed()
    assert isinstance(speed, SpeedLayer)
    door.accept([film(1, NOON), *(review(1, NOON, f"a{n}") for n in range(5))])
    store.cut = True
    with pytest.raises(TransientError, match="cut off"):
        speed.step()
    door.accept([review(1, NOON, f"b{n}") for n in range(7)])
    store.cut = False
    assert [speed.step(), speed.step(), speed.step()] == [6, 7, 0]
    assert sentiment(platform, 1)["counts"]["reviews"] == 12
    assert audit.verify(platform)["differ"] == 0


class Poisoned(MemoryLog):
    """A log whose first records cannot be read: they are passed over."""

    def read(self, after: str, limit: int, *arguments: Any, **more: Any) -> tuple[list[Batch], str]:
        batches, position = super().read(after, 1, *arguments, **more)
        return [] if not int(after or 0) else batches, position


def test_records_that_cannot_be_read_hold_nothing_up(
    platform: Platform, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marquee.batch.archive.CHUNK", 1)
    log = platform.log = Poisoned()
    log.append([review_event("bad", 1, NOON)], NOON)
    log.append([review_event("good", 1, NOON), review_event("fine", 1, NOON)], NOON + 1)
    speed = platform.speed()
    assert speed.drain() == 2
    clock.time += 2 * HOUR
    assert platform.batch().run().report["archived"] == 2
    assert sentiment(platform, 1)["counts"]["reviews"] == 2


def test_a_run_by_hand_holds_all_up_to_its_moment_and_the_rest_comes_after(
    platform: Platform, clock: ManualClock
) -> None:
    door, speed = platform.door(), platform.speed()
    for minute in range(0, 50, 5):
        clock.time = NOON + minute * 60_000
        door.accept([film(1, NOON), review(1, clock.now(), f"r{minute}")])
        speed.drain()
        if minute in (10, 30):
            report = platform.batch().run(cut=True)
            assert report.frontier >= clock.now() > NOON
        found = sentiment(platform, 1)
        assert found["counts"]["reviews"] == minute // 5 + 1
        assert found["coverage"]["complete"]
    clock.time = NOON + HOUR
    platform.batch().run()
    assert sentiment(platform, 1)["counts"]["reviews"] == 10
    assert audit.verify(platform)["differ"] == 0
    again = platform.batch().run(full=True)
    assert again.frontier == NOON + HOUR
    assert audit.verify(platform)["differ"] == 0


def test_a_full_run_in_a_cut_hour_does_not_take_the_frontier_back(platform: Platform, clock: ManualClock) -> None:
    clock.time = NOON + 60_000
    platform.door().accept([film(1, NOON), review(1, NOON, "a")])
    first = platform.batch().run(cut=True)
    assert platform.batch().run(full=True).frontier == first.frontier
    assert sentiment(platform, 1)["counts"]["reviews"] == 1


def test_what_no_layer_holds_is_said_until_one_does(platform: Platform, clock: ManualClock) -> None:
    platform.door().accept([film(1, NOON), review(1, NOON, "a")])
    query = platform.query()
    query.refresh()
    clock.time += 1
    said = query.world.coverage().as_dict()
    assert (said["complete"], said["waiting"]) == (False, 2)
    assert said["gaps"]
    platform.batch().run(cut=True)
    query.refresh()
    said = query.world.coverage().as_dict()
    assert (said["complete"], said["waiting"], said["gaps"]) == (True, 0, [])
    clock.time += 300 * DAY
    query.refresh()
    assert query.world.coverage().complete, "nothing was accepted since, so nothing is missing"
    platform.door().accept([review(1, NOON, "b")])
    clock.time += 60_000
    query.refresh()
    assert query.world.coverage().as_dict()["waiting"] == 1
    assert not query.world.coverage().complete


def test_an_archive_of_years_ago_keeps_its_days_and_windows_end_with_it(platform: Platform, clock: ManualClock) -> None:
    """Imported today: the ladder would else roll it up to four weeks a cell, and every window be empty."""
    old = NOON - 3_000 * DAY
    facts = [film(1, old), *(review(1, old - n * HOUR, f"r{n}") for n in range(100))]
    platform.door().accept(facts)
    clock.time += 1
    platform.batch().run(cut=True)
    spans = platform.lake.arrow(platform.lake.table(CELLS).select("span")).column(0).to_pylist()
    assert max(spans) <= DAY
    query = platform.query()
    query.refresh()
    answer = query.trending("7d", ALL_FILMS, 5)
    assert answer["coverage"]["as_of"] == audit.answers.iso(floor(old, DAY) + DAY - 1)
    assert answer["results"][0]["observed"] > 0
    assert query.sentiment(1, "7d")["counts"]["reviews"] > 90
    assert audit.verify(platform)["differ"] == 0
    before = gold_rows(platform)
    platform.batch().run(full=True)
    assert gold_rows(platform).equals(before)
    platform.door().accept([review(1, clock.now(), "today")])
    clock.time += 1
    platform.batch().run(cut=True)
    query.refresh()
    assert query.sentiment(1, "7d")["coverage"]["as_of"] is None, "the data goes on"
    assert query.sentiment(1, "all")["counts"]["reviews"] == 101
    before = gold_rows(platform)
    platform.batch().run(full=True)
    assert gold_rows(platform).equals(before)
    assert audit.verify(platform)["differ"] == 0


@pytest.mark.parametrize("order", [("tmdb5000", "movielens"), ("movielens", "tmdb5000")])
def test_votes_cast_elsewhere_are_not_the_films_own(
    platform: Platform, clock: ManualClock, order: tuple[str, str]
) -> None:
    counts = {"tmdb5000": 5_400, "movielens": 3}
    for index, source in enumerate(order):
        at = NOON - (900 - index) * DAY
        platform.door().accept([film(1, at, source), votes(1, at, counts[source], source, historic=True)])
    for layer in ("speed", "batch"):
        if layer == "speed":
            platform.speed().drain()
        else:
            clock.time += 1
            platform.batch().run(cut=True)
        query = platform.query()
        query.refresh()
        assert query.movie(1)["votes"]["count"] == 5_400, layer
    assert audit.verify(platform)["differ"] == 0
