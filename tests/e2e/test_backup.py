"""A home copied while it is written to, and brought back: its answers are those of the events it came back with."""

import shutil
import threading
from pathlib import Path

import pytest
from tests.conftest import NOON
from tests.facts import film, history, review
from typer.testing import CliRunner

from marquee.app import Platform
from marquee.cli import app
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.errors import SettingsError, StorageError
from marquee.run.backup import backup
from marquee.run.restore import restore
from marquee.settings import load
from marquee.watch import audit


def test_a_backup_made_under_load_comes_back_whole(tmp_path: Path) -> None:
    folder, clock = tmp_path / "home", ManualClock(NOON)
    platform = Platform(load(home=folder), clock)
    door, speed = platform.door(), platform.speed()
    for now, facts in history(4, NOON - DAY, 24):
        clock.time = now
        door.accept(facts)
    platform.batch().run()
    stop, written = threading.Event(), [0]

    def write() -> None:
        other = Platform(load(home=folder), clock)
        way, layer = other.door(), other.speed()
        while not stop.is_set():
            way.accept([review(1 + written[0] % 9, clock.now(), f"during{written[0]}-{n}") for n in range(20)])
            layer.drain()
            written[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while written[0] < 3:
            stop.wait(0.01)
        before = written[0]
        backup(platform.home, tmp_path / "backup.tar", clock)
        assert written[0] > before
    finally:
        stop.set()
        writer.join()
    assert (tmp_path / "backup.tar").stat().st_size > 100_000
    speed.drain()
    held = audit.verify(platform)["answers_checked"]
    shutil.rmtree(folder)
    assert restore(tmp_path / "backup.tar", folder).home == str(folder)
    back = Platform(load(home=folder), clock)
    back.speed().drain()
    found = audit.verify(back)
    assert (found["differ"], found["answers_checked"]) == (0, held)
    back.door().accept([film(99, clock.now()), review(99, clock.now(), "after")])
    back.speed().drain()
    clock.time += 2 * HOUR
    assert back.batch().run().state == "published"
    assert audit.verify(back)["differ"] == 0


def test_a_backup_is_not_written_over_nor_restored_where_it_cannot_be(tmp_path: Path) -> None:
    platform = Platform(load(home=tmp_path / "home"))
    platform.door().accept([film(1, NOON)])
    target = tmp_path / "b.tar"
    backup(platform.home, target, platform.clock)
    with pytest.raises(SettingsError, match="is there already"):
        backup(platform.home, target, platform.clock)
    with pytest.raises(SettingsError, match="there is a home at"):
        restore(target, tmp_path / "home")
    cut = tmp_path / "cut.tar"
    cut.write_bytes(target.read_bytes()[:2_000])
    with pytest.raises(StorageError, match=r"cut\.tar cannot be restored"):
        restore(cut, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "cut.tar", "home"]


def test_a_backup_that_fails_leaves_nothing(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.door().accept([film(1, NOON)])

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr("marquee.run.backup.copy", full)
    with pytest.raises(StorageError):
        backup(platform.home, tmp_path / "x.tar", platform.clock)
    assert not list(tmp_path.rglob("x.tar*"))


def test_backup_and_restore_from_the_command_line(tmp_path: Path) -> None:
    home, target = tmp_path / "home", tmp_path / "b.tar"
    Platform(load(home=home)).door().accept([film(1, NOON)])
    run = CliRunner()
    assert run.invoke(app, ["backup", str(target), "--home", str(home)]).exit_code == 0
    refused = run.invoke(app, ["backup", str(target) + "2", "--home", str(home)], env={"MARQUEE_MONGO": "mongodb://x"})
    assert isinstance(refused.exception, SettingsError)
    assert "in mongo" in refused.exception.message
    assert run.invoke(app, ["reset", "--yes", "--home", str(home)]).exit_code == 0
    assert run.invoke(app, ["restore", str(target), "--home", str(home)]).exit_code == 0
    assert Platform(load(home=home)).log.span() is not None
