"""What a speed store owes."""

from marquee.domain.measures import ZERO, merge
from marquee.domain.records import SpeedCell, SpeedFilm
from marquee.domain.timeline import HOUR
from marquee.testing.events import NOON, gauge, micro
from marquee.testing.suite import MEMORY, Make

PORT = "speed_store"


def test_a_speed_store_merges_partials_and_a_replay_changes_nothing(adapter: Make) -> None:
    store = adapter(PORT)
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
    assert store.seen([]) == set()
    assert len(store.partials(0)[0]) == 2
    assert store.partials(2) == ([], [], progress)


def test_a_speed_store_says_which_micro_batch_was_begun_and_not_finished(adapter: Make) -> None:
    store = adapter(PORT)
    assert store.intended() is None
    store.intend("1")
    assert store.progress() is None
    assert store.intended() in (None, "1")  # None: a store whose write is one step
    store.write(micro(1, {(1, NOON, NOON): gauge(5)}, "a"))
    assert store.intended() is None
    assert store.progress().position == "1"


def test_a_speed_store_keeps_the_later_film_and_expires_by_ingest_hour(adapter: Make) -> None:
    store = adapter(PORT)
    older, newer = (SpeedFilm(1, NOON, (at, 0), str(at).encode()) for at in (5, 9))
    store.write(micro(1, {(1, NOON, NOON): ZERO}, "a", films=(newer,)))
    store.write(micro(2, {(1, NOON + HOUR, 0): ZERO}, films=(older,)))
    assert store.partials(0)[1] == [newer]
    assert store.partials(1)[1] == [], "the second brought nothing newer"
    assert store.expire(NOON + HOUR) == 1
    assert store.expire(NOON + HOUR) == 0
    cells, films, _ = store.partials(0)
    assert ([cell.hour for cell in cells], films) == ([NOON + HOUR], [])
    assert store.seen(["a"]) == {"a"}, "ids are kept an hour longer than cells"
    store.expire(NOON + 2 * HOUR)
    assert store.seen(["a"]) == set()


@MEMORY
def test_a_speed_store_is_there_for_who_comes_next(adapter: Make) -> None:
    first = adapter(PORT, "one")
    first.write(micro(1, {(1, NOON, NOON): gauge(5)}, "a"))
    again = adapter(PORT, "one")
    assert again.progress() == first.progress() is not None
    assert (again.partials(0), again.seen(["a", "b"])) == (first.partials(0), {"a"})
