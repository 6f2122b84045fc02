"""Homes wherever people put them: all that is theirs stays inside, and they may be moved and copied."""

import os
import shutil
import sqlite3
from pathlib import Path

import pyarrow as pa
import pytest
from tests.conftest import NOON
from tests.facts import film, history
from tests.places import NAMES

from marquee.adapters.arrow import arrow_schema
from marquee.adapters.duck import DuckLake, write_database
from marquee.adapters.lake_sql import select
from marquee.app import Platform
from marquee.batch.tables import BASE
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.errors import StorageError
from marquee.home import Home
from marquee.ops import audit
from marquee.places import LONGEST
from marquee.settings import load

COUNT = "SELECT count(*) AS n FROM silver.films"
WORST = [
    "My Films",
    "José 100%",
    "a%20b#1?&'x'",
    '[b]"all*" {a,b}',
    "me@C:s3:",
    os.fsdecode(b"-caf\xe9\n\xff"),
    "n" * 100,
]
"""Folders below one another, with most of what there is."""


def filled(home: Path, clock: ManualClock) -> Platform:
    """A home with some films and reviews, archived and published."""
    platform = Platform(load(home=home), clock)
    for now, facts in history(4, NOON - DAY, 3):
        clock.time = now
        platform.door().accept(facts)
    clock.time += 2 * HOUR
    assert platform.batch().run().state == "published"
    return platform


def films(home: Path) -> int:
    return int(select(home / "lake", COUNT).to_pylist()[0]["n"])


def goes_on(home: Path, clock: ManualClock) -> None:
    """Verify a home, add to it, and publish it."""
    platform = Platform(load(home=home), clock)
    assert audit.verify(platform)["differ"] == 0
    platform.door().accept([film(100 + clock.now() % 1_000, clock.now())])
    clock.time += 2 * HOUR
    assert platform.batch().run().state == "published"
    platform.speed().drain()
    assert audit.verify(platform)["differ"] == 0


def rows(month: int) -> pa.Table:
    columns = {field.name: [7] for field in arrow_schema(BASE)} | {"year": [2026], "month": [month]}
    return pa.table(columns, schema=arrow_schema(BASE))


def held(lake: Path) -> list[int]:
    return [row["month"] for row in select(lake, f"SELECT month FROM {BASE} ORDER BY 1").to_pylist()]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_lake_stays_inside_its_folder_and_may_be_moved_and_copied(name: str, tmp_path: Path) -> None:
    place = tmp_path / "place"
    lake = place / name / "lake"
    engine = DuckLake(lake)
    for month in (1, 2, 3):
        engine.append(BASE, rows(month), {"hour": str(month)})
    engine.replace(BASE, rows(2), [{"year": 2026, "month": 2}], {})
    engine.drop_partitions(BASE, [{"year": 2026, "month": 3}])
    engine.maintain(NOON)
    assert engine.arrow(engine.table(BASE, {"year": 2026})).num_rows == 2
    write_database(lake.parent / "out.duckdb", {"t": rows(1)})
    assert {path.name for path in lake.parent.iterdir()} == {"lake", "out.duckdb"}
    assert [path.name for path in place.iterdir()] == [name.split("/")[0]]
    assert held(lake) == [1, 2]
    shutil.copytree(lake, place / "copy")
    lake.rename(place / "moved")
    DuckLake(place / "copy").append(BASE, rows(4), {})
    assert held(place / "copy") == [1, 2, 4]
    assert held(place / "moved") == [1, 2]
    (place / "moved").rename(lake)
    assert DuckLake(lake).properties(BASE) == {"hour": "3"}
    assert held(lake) == [1, 2]


def test_a_lake_reads_its_own_files_where_its_name_is_a_pattern_of_another(tmp_path: Path) -> None:
    DuckLake(tmp_path / "a").append(BASE, rows(1), {})
    shutil.copytree(tmp_path / "a", tmp_path / "[a]")
    for path in (tmp_path / "a").rglob("*.parquet"):
        path.unlink()
    assert held(tmp_path / "[a]") == [1]


def test_a_home_in_the_worst_of_places_is_filled_moved_copied_and_goes_on(tmp_path: Path, clock: ManualClock) -> None:
    home = tmp_path.joinpath(*WORST, "home")
    filled(home, clock)
    for folder in home.parents[: len(WORST) + 1]:
        assert len(list(folder.iterdir())) == 1
    count = films(home)
    goes_on(home, clock)
    assert films(home) > count
    moved = home.with_name("moved ?")
    home.rename(moved)
    goes_on(moved, clock)
    goes_on(Path(shutil.copytree(moved, tmp_path / "copy")), clock)
    assert [path.name for path in moved.parent.iterdir()] == [moved.name]
    assert sorted(path.name for path in tmp_path.iterdir()) == [WORST[0], "copy"]


def test_a_home_behind_a_link_and_by_a_relative_path(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real [1]").mkdir()
    (tmp_path / "link").symlink_to("real [1]")
    monkeypatch.chdir(tmp_path)
    filled(Path("link/home/"), clock)
    assert films(tmp_path / "real [1]" / "home") == films(Path("link/../link/home")) > 0
    goes_on(Path("link/home"), clock)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real [1]"]


def test_a_path_too_long_for_sqlite_is_refused_before_anything_is_written(tmp_path: Path, clock: ManualClock) -> None:
    deep = tmp_path
    while len(os.fsencode(deep)) + 101 < LONGEST:
        deep /= "d" * 100
    longest = deep / ("e" * (LONGEST - len(os.fsencode(deep)) - 1))
    platform = Platform(load(home=longest), clock)
    platform.door().accept([film(1, NOON)])
    platform.speed().drain()
    DuckLake(platform.home.path("lake")).append(BASE, rows(1), {})
    assert held(longest / "lake") == [1]
    with pytest.raises(StorageError, match=rf"{LONGEST + 1} bytes long, and SQLite takes {LONGEST}") as refused:
        Home(longest.with_name(longest.name + "e")).open()
    assert "MARQUEE_HOME" in refused.value.hint
    assert [path.name for path in longest.parent.iterdir()] == [longest.name]
    with pytest.raises(sqlite3.OperationalError):
        sqlite3.connect(longest / "lake" / "catalog.db2345678").execute("CREATE TABLE t (a)")
