"""What speed views owe."""

from marquee.domain.coverage import NO_SPEED, SpeedState
from marquee.domain.records import SpeedCell, SpeedFilm
from marquee.domain.timeline import HOUR
from marquee.testing.events import NOON, gauge
from marquee.testing.suite import MEMORY, Make

PORT = "speed_views"


def test_speed_views_give_what_changed_since_a_version(adapter: Make) -> None:
    views = adapter(PORT)
    assert views.state() == (NO_SPEED, 0)
    assert views.changes(0) == ([], [], NO_SPEED)
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
    assert views.changes(0)[:2] == ([two], []), "films go with their hour"


@MEMORY
def test_speed_views_are_there_for_another_process(adapter: Make) -> None:
    writer, reader = adapter(PORT, "one"), adapter(PORT, "one")
    writer.upsert([SpeedCell(1, NOON, NOON, gauge(5))], [], SpeedState(NOON, NOON, 1, "p1"), 3)
    assert (reader.state(), reader.changes(0)) == (writer.state(), writer.changes(0))
    assert reader.state()[1] == 3
