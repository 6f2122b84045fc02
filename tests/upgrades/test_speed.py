"""A speed store that begins anew, since its file went or a version gained a measure, is carried over to the views whole."""

from pathlib import Path

from marquee.adapters.sqlite.speed import SqliteSpeedStore, SqliteSpeedViews
from marquee.domain.records import SpeedCell
from marquee.domain.timeline import ManualClock
from marquee.speed.sync import Sync
from marquee.testing.events import NOON, gauge, micro

KEY, OTHER = (1, NOON, NOON), (2, NOON, NOON)


def test_a_store_that_begins_anew_is_carried_over_whole(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    views = SqliteSpeedViews(tmp_path / "speed_views.db")
    before = SqliteSpeedStore(tmp_path / "before.db")
    for number in (1, 2, 3):
        before.write(micro(number, {KEY: gauge(number)}, f"e{number}"))
    assert Sync(before, views, clock).step() == 1
    anew = SqliteSpeedStore(tmp_path / "anew.db")
    assert Sync(anew, views, clock).step() == 0
    anew.write(micro(1, {KEY: gauge(9), OTHER: gauge(4)}, "e1"))
    assert Sync(anew, views, clock).step() == 2
    state, batch = views.state()
    assert (state.version, batch) == (2, 1)
    changed = {cell.movie_id: cell for cell in views.changes(1)[0]}
    assert changed == {1: SpeedCell(*KEY, gauge(9)), 2: SpeedCell(*OTHER, gauge(4))}
    assert Sync(anew, views, clock).step() == 0
