"""The door: what it lets in, what it knows, and that a crash between log and index costs nothing."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOON
from tests.facts import film, history, review, votes

from marquee.adapters.sqlite.index import SqliteIndex
from marquee.adapters.sqlite.log import SqliteLog
from marquee.adapters.sqlite.quarantine import SqliteQuarantine
from marquee.domain.codec import encode, records
from marquee.domain.events import EVENT_BYTES, METADATA, RATINGS, REVIEWS, Credit, RatingEvent, ReviewEvent
from marquee.domain.facts import Gone, Malformed, ReviewList, VoteSeries
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.domain.validation import ID_LIMIT
from marquee.ingest.door import Door, insertion
from marquee.testing.memory import MemoryIndex, MemoryLog, MemoryQuarantine


@pytest.fixture(params=["memory", "embedded"])
def door(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[Door]:
    if request.param == "memory":
        yield Door(MemoryLog(), MemoryIndex(), MemoryQuarantine(), clock, nullcontext)
    else:
        log, index = SqliteLog(tmp_path / "log.db"), SqliteIndex(tmp_path / "index.db")
        yield Door(log, index, SqliteQuarantine(tmp_path / "quarantine.db"), clock, nullcontext)


def logged(door: Door, topic: str | None = None) -> list[Any]:
    batches, _ = door.log.read("", 10**6, topic)
    return [record.event for batch in batches for record in records(batch)]


def weights(door: Door) -> list[tuple[str, int, str]]:
    return [(e.identity, e.weight, e.text) for e in logged(door, REVIEWS) if isinstance(e, ReviewEvent)]


def test_what_is_known_is_not_logged_again(door: Door) -> None:
    facts = [film(1, NOON), votes(1, NOON, 5), review(1, NOON, "a")]
    assert door.accept(facts).logged == {METADATA: 1, RATINGS: 1, REVIEWS: 1}
    again = door.accept(facts * 2)
    assert (again.total, again.known) == (0, 6)
    assert door.accept([votes(1, NOON + 1, 5)]).total == 0, "a gauge that stands where it stood is no news"


def test_an_edit_is_a_retraction_and_an_insertion(door: Door) -> None:
    door.accept([review(1, NOON - HOUR, "a", "first")])
    door.accept([review(1, NOON - HOUR, "a", "second")])
    door.accept([review(1, NOON - HOUR, "a", "first")])
    assert weights(door) == [
        ("a", 1, "first"),
        ("a", -1, "first"),
        ("a", 1, "second"),
        ("a", -1, "second"),
        ("a", 1, "first"),
    ]
    ids = [event.event_id for event in logged(door, REVIEWS)]
    assert len(set(ids)) == 5, "going back to an old text is a new fact"
    assert {event.event_time for event in logged(door, REVIEWS)} == {NOON - HOUR}


def test_a_deleted_review_is_retracted_once_and_may_come_back(door: Door) -> None:
    door.accept([review(1, NOON, "a"), review(1, NOON, "b"), review(2, NOON, "c")])
    gone = ReviewList(1, "t", frozenset({"b"}))
    assert door.accept([gone]).logged == {REVIEWS: 1}
    assert door.accept([gone]).total == 0
    assert door.accept([review(1, NOON, "a")]).logged == {REVIEWS: 1}
    assert [weight for name, weight, _ in weights(door) if name == "a"] == [1, -1, 1]


def test_lists_in_the_same_batch_see_its_reviews(door: Door) -> None:
    door.accept([review(1, NOON, "a")])
    receipt = door.accept([review(1, NOON, "b"), ReviewList(1, "t", frozenset({"b"}))])
    assert receipt.logged == {REVIEWS: 2}
    assert [(name, weight) for name, weight, _ in weights(door)] == [("a", 1), ("b", 1), ("a", -1)]


def test_a_review_that_comes_and_goes_in_one_batch_does_not_stand(door: Door) -> None:
    receipt = door.accept([review(1, NOON, "a"), review(2, NOON, "b"), ReviewList(1, "t", frozenset())])
    assert receipt.logged == {REVIEWS: 3}
    assert [weight for name, weight, _ in weights(door) if name == "a"] == [1, -1]


def test_a_film_that_is_gone_is_said_once_and_only_if_known(door: Door) -> None:
    assert door.accept([Gone(9, NOON, "t")]).total == 0
    door.accept([film(9, NOON)])
    assert door.accept([Gone(9, NOON, "t"), Gone(9, NOON, "t")]).logged == {METADATA: 1}
    assert logged(door, METADATA)[-1].deleted


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (review(-5, NOON, "a"), "film id is not a positive whole number"),
        (review(0, NOON, "a"), "film id is not a positive whole number"),
        (review(2**60, NOON, "a"), "film id is not a positive whole number"),
        (review(1, NOON, ""), "review has no id"),
        (review(1, NOON, "a", " \n"), "review text is empty"),
        (
            review(1, NOON, "a", "x" * 1_048_576),
            "review text has 1,048,576 bytes, more than the 1,024,000 that are taken",
        ),
        (
            review(1, NOON, "a", "🎬" * 300_000),
            "review text has 1,200,000 bytes, more than the 1,024,000 that are taken",
        ),
        (
            review(1, NOON, "a", "\0" * 200_000),
            "has 1,200,239 bytes as an event, more than the 1,024,000 that are taken",
        ),
        (review(1, NOON, "r" * 2_000_000), "review id has 2,000,000 bytes, more than the 1,000 that are taken"),
        (
            replace(review(1, NOON, "a"), author="é" * 2_001),
            "review author has 4,002 bytes, more than the 4,000 that are taken",
        ),
        (film(1, NOON, title="é" * 200_001), "film's title has 400,002 bytes, more than the 400,000 that are taken"),
        (
            film(1, NOON, keywords=("🎬" * 10_001,)),
            "film's list entry has 40,004 bytes, more than the 40,000 that are taken",
        ),
        (
            film(1, NOON, cast=(Credit(person_id=1, name="🎬" * 5_000, job="🎬" * 5_000),) * 50),
            "has 2,002,289 bytes as an event, more than the 1,024,000 that are taken",
        ),
        (film(1, NOON, runtime=2**70), "cannot be written as an event: Integer exceeds 64-bit range"),
        (review(1, NOON, "\ud83d"), "review id is not valid Unicode (a lone surrogate)"),
        (review(1, NOON, "a", "\ud83d"), "review text is not valid Unicode (a lone surrogate)"),
        (review(1, NOON, "a", None), "review text is not a text"),  # type: ignore[arg-type]
        (review(1, NOON, "a", stars=101), "review's stars are outside 0 to 10"),
        (review(1, -62_000_000_000_000, "a"), "event time is before 1970"),
        (review(1, NOON + 2 * DAY, "a"), "event time is more than a day in the future"),
        (votes(1, NOON, -1), "vote count is negative or absurd"),
        (replace(votes(1, NOON, 1), average=10_001), "vote average is outside 0 to 10"),
        (film(1, NOON, title=" "), "film has no title"),
        (film(1, NOON, nonsense=1), "film has unknown fields: nonsense"),
        (film(1, NOON, overview=5), "film's overview is not a text"),
        (ReviewList(1, "t", frozenset({""})), "a review in the list has no id"),
        (Malformed("t", "not JSON", "{"), "not JSON"),
    ],
)
def test_bad_facts_go_to_quarantine_and_the_rest_goes_in(door: Door, fact: Any, reason: str) -> None:
    receipt = door.accept([film(1, NOON), fact, review(1, NOON, "good")])
    assert receipt.quarantined == 1
    assert receipt.logged == {METADATA: 1, REVIEWS: 1}
    assert door.quarantine.counts() == {reason: 1}


def test_what_fits_goes_in_edited_and_taken_back_and_one_byte_more_does_not(door: Door) -> None:
    """Revisions count as if they were the largest, so that an edit fits where the first text did."""
    spare = len(str(ID_LIMIT)) - 1
    empty = len(encode(insertion(review(1, NOON, "a", ""), 1, "0" * 32)))
    text = "x" * (EVENT_BYTES - empty - spare)
    assert door.accept([review(1, NOON, "a", text + "x"), review(2, NOON, "b")]).quarantined == 1
    assert door.accept([review(1, NOON, "a", text)]).logged == {REVIEWS: 1}
    assert door.accept([review(1, NOON, "a", "y" + text[1:])]).logged == {REVIEWS: 2}
    assert door.accept([ReviewList(1, "t", frozenset())]).logged == {REVIEWS: 1}
    assert [weight for name, weight, _ in weights(door) if name == "a"] == [1, -1, 1, -1]


@pytest.mark.parametrize("text", ["🎬" * 1_000, "مراجعة رائعة للفيلم", "x" * 1_000_000, "' OR 1=1; --", "\u202e\u0000"])
def test_odd_texts_go_in_unharmed(door: Door, text: str) -> None:
    door.accept([review(1, NOON, "a", text)])
    assert weights(door) == [("a", 1, text)]


@pytest.mark.parametrize("lost_after", [0, 1, 2])
def test_an_index_that_fell_behind_catches_up(door: Door, lost_after: int) -> None:
    """As after a crash between the log's append and the index' apply."""
    steps = [[review(1, NOON, "a", "first")], [review(1, NOON, "a", "second")], [review(1, NOON, "a", "third")]]
    apply: Callable[..., None] = door.index.apply
    for number, facts in enumerate(steps):
        if number == lost_after:
            door.index.apply = lambda events, position: None  # type: ignore[method-assign]
        door.accept(facts)
        door.index.apply = apply  # type: ignore[method-assign]
    door.accept(steps[-1])
    stand = sum(weight for _, weight, _ in weights(door))
    texts = [text for _, weight, text in weights(door) if weight > 0]
    assert (stand, texts) == (1, ["first", "second", "third"])
    assert len({event.event_id for event in logged(door)}) == len(logged(door))


def test_memory_and_embedded_log_the_same(tmp_path: Path, clock: ManualClock) -> None:
    log, index = SqliteLog(tmp_path / "log.db"), SqliteIndex(tmp_path / "index.db")
    embedded = Door(log, index, SqliteQuarantine(tmp_path / "q.db"), clock, nullcontext)
    memory = Door(MemoryLog(), MemoryIndex(), MemoryQuarantine(), clock, nullcontext)
    for time, facts in history(3, NOON, 30):
        clock.time = time
        assert embedded.accept(facts) == memory.accept(facts)
    assert logged(embedded) == logged(memory)
    assert len(logged(memory)) > 100


def test_tmdbs_own_word_goes_before_any_files(door: Door) -> None:
    """A file's date is when it was copied, not when it was true."""
    file, copied = "tmdb-json:550.json", NOON + HOUR
    early = [
        film(550, NOON, file, runtime=90),
        votes(550, NOON, 16, file),
        replace(review(550, NOON, "a", "old"), source=file),
    ]
    assert door.accept(early).total == 3
    own = [film(550, NOON, "tmdb"), votes(550, NOON, 30, "tmdb"), replace(review(550, NOON, "a", "new"), source="tmdb")]
    assert door.accept(own).total == 4
    late = [
        film(550, copied, file, runtime=91),
        votes(550, copied, 17, file),
        replace(review(550, NOON, "a", "old"), source=file),
    ]
    assert (door.accept(late).total, door.accept(late).known) == (0, 3)
    assert [text for _, weight, text in weights(door) if weight > 0] == ["old", "new"]
    dated = votes(550, NOON - 900 * DAY, 11, "tmdb5000", historic=True)
    assert door.accept([dated]).total == 1, "a reading of a known day is history, and no one's later word"


def test_a_review_that_tmdb_took_back_does_not_return_from_a_file(door: Door) -> None:
    own, copy = (replace(review(1, NOON, "a"), source=source) for source in ("tmdb", "tmdb-json:x"))
    door.accept([own, ReviewList(1, "tmdb", frozenset({"a"}))])
    door.accept([ReviewList(1, "tmdb", frozenset())])
    assert door.accept([copy]).total == 0
    assert sum(weight for _, weight, _ in weights(door)) == 0


def test_a_files_review_is_tmdbs_once_tmdb_tells_of_it(door: Door) -> None:
    own, copy = (replace(review(1, NOON, "a"), source=source) for source in ("tmdb", "tmdb-json:x"))
    door.accept([copy])
    door.accept([own, ReviewList(1, "tmdb", frozenset({"a"}))])
    assert sum(weight for _, weight, _ in weights(door)) == 1
    assert door.accept([own]).total == 0
    door.accept([ReviewList(1, "tmdb", frozenset())])
    assert sum(weight for _, weight, _ in weights(door)) == 0, "so TMDB can take it back"


def readings(door: Door, movie_id: int) -> dict[int, tuple[int, int]]:
    """What each time's last reading says: the later in the log counts."""
    mine = [event for event in logged(door, RATINGS) if isinstance(event, RatingEvent) and event.movie_id == movie_id]
    return {event.event_time: (event.votes, event.average) for event in mine}


def test_a_series_supersedes_what_was_held_of_its_source(door: Door) -> None:
    old = VoteSeries(7, "m", ((10, 1, 5_000), (20, 2, 6_000), (30, 3, 7_000)))
    new = VoteSeries(7, "m", ((20, 20, 8_000), (40, 40, 9_000)))
    assert door.accept([old]).total == 3
    assert door.accept([old]).total == 0
    assert door.accept([new, VoteSeries(8, "m", ((10, 1, 1),))]).total == 5
    assert readings(door, 7) == {10: (0, 0), 20: (20, 8_000), 30: (20, 8_000), 40: (40, 9_000)}
    assert readings(door, 8) == {10: (1, 1)}
    assert door.accept([new]).total == 0


def test_a_series_that_returns_is_news_again_with_names_of_its_own(door: Door) -> None:
    first, second = VoteSeries(7, "m", ((10, 1, 5_000),)), VoteSeries(7, "m", ((10, 2, 5_000),))
    for series in (first, second, first):
        assert door.accept([series]).total == 1
    assert readings(door, 7) == {10: (1, 5_000)}
    ids = [event.event_id for event in logged(door)]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        ((), "readings are not in order of time"),
        (((2, 1, 1), (1, 1, 1)), "readings are not in order of time"),
        (((1, -1, 1),), "vote count or average is absurd"),
        (((1, 1, 10_001),), "vote count or average is absurd"),
        (((-5, 1, 1),), "event time is before 1970"),
        (((10**15, 1, 1),), "event time is more than a day in the future"),
    ],
)
def test_a_series_that_cannot_be_is_quarantined(
    door: Door, readings: tuple[tuple[int, int, int], ...], reason: str
) -> None:
    assert door.accept([VoteSeries(7, "m", readings)]).quarantined == 1
    assert door.quarantine.counts() == {reason: 1}


def test_a_malformed_fact_may_stand_for_many(door: Door) -> None:
    receipt = door.accept([Malformed("s", "bad", "row", "7 Seven", "budget", 12)])
    assert receipt.quarantined == 12
    assert door.quarantine.counts() == {"bad": 12}


def test_an_older_account_of_a_file_never_wins_over_a_newer(door: Door) -> None:
    door.accept([film(1, NOON, "tmdb-csv", runtime=100), votes(1, NOON, 50, "tmdb-csv")])
    older = [film(1, NOON - DAY, "tmdb-csv", runtime=90), votes(1, NOON - DAY, 40, "tmdb-csv")]
    assert door.accept(older).known == 2
    same_day = [film(1, NOON, "tmdb-csv", runtime=101), votes(1, NOON, 51, "tmdb-csv")]
    assert door.accept(same_day).total == 2
    live = [film(2, NOON, "tmdb"), film(2, NOON - HOUR, "tmdb", runtime=1)]
    assert door.accept(live).total == 2, "what TMDB answers now is news, even where a clock was set back"
