"""Every view can be made again from bronze alone: silver, gold, the views and the runs may all be lost."""

import shutil
from pathlib import Path

from tests.world import NOON

from marquee.app import Platform
from marquee.domain.tables import BRONZE, TABLES
from marquee.domain.timeline import HOUR, ManualClock
from marquee.settings import load
from marquee.watch import audit


def documents(platform: Platform) -> dict[tuple[str, int], bytes]:
    """All that is published."""
    from marquee.domain import documents as kinds

    every = [value for name, value in vars(kinds).items() if name.isupper() and isinstance(value, str)]
    with platform.views.snapshot() as snapshot:
        return {(kind, key): body for kind in every for key, body in snapshot.changed(kind, 0)}


def test_views_come_back_from_bronze_byte_for_byte(world_home: Path, tmp_path: Path, clock: ManualClock) -> None:
    clock.time = NOON + 2 * HOUR
    home = tmp_path / "home"
    shutil.copytree(world_home, home)
    before = documents(Platform(load(home=world_home), clock))
    assert len({kind for kind, _ in before}) > 10
    lost = Platform(load(home=home), clock)
    for name in set(TABLES) - set(BRONZE.values()):
        lost.lake.drop_partitions(name, lost.lake.partitions(name))
        held = lost.lake.arrow(lost.lake.table(name)).slice(0, 0)
        lost.lake.append(name, held, {"hour": "0"})
    for name in ("views.db", "runs.db", "speed.db", "speed_views.db"):
        for path in home.glob(f"{name}*"):
            path.unlink()
    again = Platform(load(home=home), clock)
    report = again.batch().run(full=True)
    assert report.state == "published"
    after = documents(again)
    assert after.keys() == before.keys()
    assert [key for key in before if before[key] != after[key]] == []
    again.speed().drain()
    assert audit.verify(again)["differ"] == 0
