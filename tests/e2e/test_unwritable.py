"""Homes that can only be read, and disks that are full: one may look and save all the same."""

import json
import shlex
import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.facts import review
from tests.mounts import marquee, need_namespaces, within
from tests.world import NOON

from marquee.adapters.sqlite.reading import look
from marquee.app import Platform
from marquee.domain.timeline import HOUR, ManualClock
from marquee.run.restore import restore
from marquee.settings import load


@pytest.fixture(autouse=True)
def _namespaces() -> None:
    need_namespaces()


def quoted(path: Path) -> str:
    return shlex.quote(str(path))


def read_only(folder: Path) -> list[str]:
    return [f"mount --bind {quoted(folder)} {quoted(folder)}", f"mount -o remount,bind,ro {quoted(folder)}"]


def codes(said: str) -> list[int]:
    assert "Traceback" not in said, said
    return [int(line.removeprefix("code=")) for line in said.splitlines() if line.startswith("code=")]


def test_a_home_that_cannot_be_written_is_looked_at_and_saved(present_home: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(present_home, tmp_path / "home"))
    before = sorted(str(path) for path in home.rglob("*"))
    done = within(
        [
            *read_only(home),
            marquee("status", "--json", "--home", home),
            marquee("query", "SELECT count(*) AS n FROM silver.films", "--csv", "--home", home),
            marquee("verify", "--sample", "2", "--home", home),
            marquee("logs", "--home", home),
            marquee("keys", "list", "--home", home),
            marquee("export", tmp_path / "out.duckdb", "--home", home),
            marquee("backup", tmp_path / "out.tar", "--home", home),
            marquee("speed", "--once", "--home", home),
            marquee("import", "tmdb-json", tmp_path, "--home", home),
            marquee("backup", home / "inside.tar", "--home", home),
        ]
    )
    assert codes(done.stderr) == [0, 0, 0, 0, 0, 0, 0, 2, 2, 2], done.stderr
    assert done.stderr.count("Make the folder writable") == 2
    assert "lies within the home itself" in done.stderr
    status = json.loads(done.stdout[: done.stdout.rindex("}\n") + 2])
    assert status["batch"]["run_id"]
    assert sorted(str(path) for path in home.rglob("*")) == before
    assert restore(tmp_path / "out.tar", tmp_path / "back").files


def test_what_a_killed_writer_left_is_read_where_nothing_can_be_written(
    world_home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    """Its last changes are in the write-ahead log, which no reader can take in there."""
    clock.time = NOON + 3 * HOUR
    live = Platform(load(home=shutil.copytree(world_home, tmp_path / "live")), clock)
    before = live.log.end()
    live.door().accept([review(1, clock.now(), "the last")])
    after = live.log.end()
    assert after != before
    left = Path(shutil.copytree(live.home.folder, tmp_path / "left"))
    for path in left.glob("*-shm"):
        path.unlink()
    assert (left / "log.db-wal").stat().st_size
    query = "SELECT seq FROM sqlite_sequence WHERE name = 'batches'"
    lines = [
        "import sys; from pathlib import Path; from marquee.adapters.sqlite.reading import look",
        f"print(look(Path(sys.argv[1])).execute({query!r}).fetchone()[0])",
    ]
    script = tmp_path / "script.py"
    script.write_text("\n".join(lines))
    python = marquee().split()[0]
    done = within(
        [*read_only(left), f"{python} {quoted(script)} {quoted(left / 'log.db')}", marquee("status", "--home", left)]
    )
    assert codes(done.stderr) == [0], done.stderr
    assert done.stdout.splitlines()[0] == after
    assert not list(Path("/tmp").glob("marquee-*/copy.db"))


def test_a_home_on_a_full_disk_is_looked_at_and_saved_elsewhere(present_home: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    home = disk / "home"
    done = within(
        [
            f"mount -t tmpfs -o size=40m tmpfs {quoted(disk)}",
            f"cp -a {quoted(present_home)} {quoted(home)}",
            f"dd if=/dev/zero of={quoted(disk / 'more')} bs=64k 2>/dev/null || true",
            marquee("status", "--home", home),
            marquee("query", "SELECT count(*) FROM silver.films", "--home", home),
            marquee("verify", "--sample", "2", "--home", home),
            marquee("backup", tmp_path / "out.tar", "--home", home),
            marquee("backup", disk / "out.tar", "--home", home),
            marquee("restore", tmp_path / "out.tar", "--home", disk / "second"),
            marquee("speed", "--once", "--home", home),
            f"ls -A {quoted(disk)}",
            marquee("reset", "--yes", "--home", home),
        ]
    )
    assert codes(done.stderr) == [0, 0, 0, 0, 2, 2, 2, 0], done.stderr
    assert "name a file in another folder" in done.stderr
    assert done.stdout.split()[-2:] == ["home", "more"]
    assert restore(tmp_path / "out.tar", tmp_path / "back").files


def test_looking_writes_nothing_and_needs_no_file(tmp_path: Path) -> None:
    db = look(tmp_path / "none.db", "CREATE TABLE t (a)")
    assert db.execute("SELECT count(*) FROM t").fetchone() == (0,)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("INSERT INTO t VALUES (1)")
    assert list(tmp_path.iterdir()) == []
