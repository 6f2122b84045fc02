"""Homes wherever people put them: all that is theirs stays inside, and they may be moved and copied."""

import json
import logging
import os
import shutil
import sqlite3
import stat
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from tests.conftest import NOON
from tests.facts import film, history
from tests.places import NAMES
from tests.processes import run, serving

from marquee.app import Platform
from marquee.domain.tables import BASE
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.engines.duckdb.ask import select
from marquee.engines.duckdb.lake import DuckLake, write_database
from marquee.errors import SettingsError, StorageError
from marquee.home import Home
from marquee.libraries.arrow import arrow_schema
from marquee.places import LONGEST, for_java, shown
from marquee.run.logs import JsonLines
from marquee.settings import load
from marquee.watch import audit

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


CSV = """budget,genres,homepage,id,keywords,original_language,original_title,overview,popularity,production_companies,\
production_countries,release_date,revenue,runtime,spoken_languages,status,tagline,title,vote_average,vote_count
1000,"[{""id"": 18, ""name"": ""Drama""}]",,11,[],en,One,About it.,2.5,[],[],2009-12-10,5000,120.0,[],Released,,One,7.1,250
2000,"[{""id"": 18, ""name"": ""Drama""}]",,12,[],en,Two,About it.,3.5,[],[],2010-12-10,6000,120.0,[],Released,,Two,7.2,350
"""


def test_commands_take_the_worst_of_paths(tmp_path: Path) -> None:
    """As a person types them; what they say can be read and carried as JSON."""
    place = tmp_path.joinpath(*WORST)
    place.mkdir(parents=True)
    home, archive = place / "home", place / "saved [1].tar"
    (place / "tmdb_5000_movies.csv").write_text(CSV)

    def told(*arguments: str | Path, **environment: str) -> str:
        done = run(*map(str, arguments), **{"MARQUEE_HOME": str(home), **environment})
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    told("import", "tmdb5000", place)
    status = json.loads(run("status", "--json", MARQUEE_HOME=str(home)).stdout)
    assert status["home"].endswith("home")
    assert "\\n\\xff" in status["home"]
    assert "home: ok" in told("status").replace("\n", " ")
    assert told("query", "SELECT count(*) AS films FROM silver.films", "--csv").splitlines() == ["films", "2"]
    told("export")
    assert (home / "export" / "marquee.duckdb").exists()
    told("export", place / "?.duckdb", MARQUEE_HOME=str(home) + "/")
    assert "each read again and compared" in told("backup", archive)
    assert "[b]" in told("reset", "--yes")
    assert not home.exists()
    assert "restored" in told("restore", archive)
    assert '"differ": 0' in told("verify", "--json")
    told("batch")
    told("settings")
    assert {path.name for path in place.iterdir()} == {"home", archive.name, "?.duckdb", "tmdb_5000_movies.csv"}
    assert [path.name for path in tmp_path.iterdir()] == [WORST[0]]
    with serving("serve", "--home", str(home)) as port:
        assert httpx.get(f"http://127.0.0.1:{port}/v1/status").json()["home"] == status["home"]


def test_a_tilde_is_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MARQUEE_HOME", "~/films")
    assert load().home == tmp_path / "films"
    assert load(home=Path("~nobody-of-this-name/x")).home == Path("~nobody-of-this-name/x")
    assert load(home=Path("a/~")).home == Path("a/~")


def test_what_is_in_a_home_is_its_users_alone(tmp_path: Path) -> None:
    """Whatever the umask; what the user asked for outside of it is as the user's umask says."""
    home, outside = tmp_path / "home", tmp_path / "out.duckdb"
    (tmp_path / "tmdb_5000_movies.csv").write_text(CSV)
    home.mkdir(mode=0o755)
    before = os.umask(0)
    try:
        for arguments in (
            ("import", "tmdb5000", str(tmp_path)),
            ("speed", "--once"),
            ("export",),
            ("export", str(outside)),
            ("keys", "create", "me"),
        ):
            assert run(*arguments, "--home", str(home)).returncode == 0
        writing = Platform(load(home=home))
        writing.door().accept([film(1, NOON)])
        assert list(home.glob("*-wal"))
        assert list(home.glob("*-shm"))
    finally:
        os.umask(before)
    found = {path.relative_to(tmp_path): stat.S_IMODE(path.stat().st_mode) for path in (home, *home.rglob("*"))}
    assert {path: mode for path, mode in found.items() if mode not in (0o600, 0o700)} == {}
    assert stat.S_IMODE(outside.stat().st_mode) == 0o666


def test_paths_that_programs_in_java_misread_are_refused(tmp_path: Path) -> None:
    assert for_java(tmp_path / "a-1_b.c@d", "x") == tmp_path / "a-1_b.c@d"
    for name in set(NAMES.values()) - {"...", "-rf", "n" * 200, "me@host", "gold/cells/data"}:
        with pytest.raises(SettingsError, match="which programs in Java take for something else"):
            for_java(tmp_path / name, "set MARQUEE_LAKE")
    odd = tmp_path / "My Films"
    (tmp_path / "My%20Films" / "spark").mkdir(parents=True)
    with pytest.raises(SettingsError, match="has a ' '") as refused:
        for_java(odd / "spark", "set MARQUEE_LAKE")
    assert f"MARQUEE_LAKE=file://{tmp_path}/My%20Films/spark" in refused.value.hint


def test_a_line_of_the_log_is_json_whatever_it_names() -> None:
    record = logging.LogRecord("marquee", logging.ERROR, "x", 1, "lost %s", (Path(os.fsdecode(b"\xff")),), None)
    assert json.loads(JsonLines("serve", []).format(record))["message"] == "lost \\udcff"


def test_a_path_is_shown_as_one_line_without_what_a_terminal_obeys() -> None:
    assert shown(Path("José 映画/a b")) == "José 映画/a b"
    assert shown(Path(os.fsdecode(b"\xff\n\x1b[31m\xe2\x80\xae"))) == "\\xff\\n\\x1b[31m\\u202e"
