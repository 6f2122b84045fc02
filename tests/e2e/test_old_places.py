"""Homes of layout 2 below folders with blanks, accents and signs: their lake lies beside them, and is brought in."""

import logging
import shutil
from pathlib import Path

import pytest
from tests import old_lake
from tests.e2e.test_places import filled, films, goes_on, held, rows
from tests.places import NAMES

from marquee.app import Platform
from marquee.domain.tables import BASE
from marquee.domain.timeline import ManualClock
from marquee.engines.duckdb import strays as lake_strays
from marquee.engines.duckdb.strays import bring_in, mistaken, owner
from marquee.errors import HomeBusyError
from marquee.home import LAYOUT, Home
from marquee.settings import load

STRAY = sorted(NAMES.keys() - {"long", "dots", "dash", "a lake's own words", "tilde", "escape", "escaped slash"})
"""Names that led the files astray; with an escape in its name no lake could be made."""


def parquets(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*.parquet")}


@pytest.fixture
def old(tmp_path: Path, clock: ManualClock) -> Path:
    """A home of layout 2 in `My Films`."""
    home = tmp_path / "My Films" / "home"
    with pytest.MonkeyPatch.context() as patch:
        old_lake.use(patch)
        filled(home, clock)
    old_lake.date_back(home)
    assert parquets(tmp_path / "My%20Films")
    assert not parquets(home)
    return home


@pytest.mark.parametrize("name", STRAY)
def test_a_lake_comes_in_whole(name: str, tmp_path: Path) -> None:
    lake = tmp_path / NAMES[name] / "lake"
    old_lake.make(lake, BASE, rows(1), rows(2))
    assert not parquets(lake)
    assert owner(mistaken(lake)) == lake
    moved = bring_in(lake).moved
    assert moved[mistaken(lake)] == len([path for path in (lake / "gold").rglob("*") if path.is_file()]) > 6
    assert held(lake) == [1, 2]
    assert [path.name for path in tmp_path.iterdir()] == [NAMES[name]]
    assert not bring_in(lake).moved


def test_a_home_is_mended_when_it_is_opened(
    old: Path, tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    lay = parquets(tmp_path / "My%20Films")
    with caplog.at_level(logging.WARNING):
        assert Platform(load(home=old), clock).home.notes()["layout"] == LAYOUT
    assert parquets(old) == lay
    assert not (tmp_path / "My%20Films").exists()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert f"files of the lake lay in {tmp_path}/My%20Films/home/lake" in said[0]
    assert "private to their user now" in said[1]
    assert {path.stat().st_mode & 0o077 for path in (old, *old.rglob("*"))} == {0}
    assert films(old) > 4
    goes_on(old, clock)
    caplog.clear()
    Home(old).open()
    assert not caplog.records


@pytest.mark.parametrize(("way", "how"), [("moved", "move"), ("copied", "copyfile")])
def test_what_was_cut_off_is_done_again(
    way: str, how: str, old: Path, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = old if way == "moved" else Path(shutil.copytree(old, tmp_path / "copy"))
    everything, bring, times = parquets(tmp_path), getattr(shutil, how), []

    def bring_some(source: Path, target: Path) -> None:
        times.append(source)
        if len(times) % 11 == 0:
            target.write_bytes(b"half")
            raise KeyboardInterrupt
        bring(source, target)

    monkeypatch.setattr(lake_strays.shutil, how, bring_some)
    cuts = 0
    while Home(home).notes()["layout"] != LAYOUT:
        try:
            Home(home).open()
        except KeyboardInterrupt:
            cuts += 1
            assert cuts < 99
    assert cuts > 1
    assert parquets(home) == everything
    goes_on(home, clock)


def test_a_home_that_was_moved_or_copied_has_a_copy_made(old: Path, tmp_path: Path, clock: ManualClock) -> None:
    copy = Path(shutil.copytree(old, tmp_path / "copy"))
    goes_on(copy, clock)
    assert parquets(tmp_path / "My%20Films")
    moved = tmp_path / "moved"
    shutil.copytree(old, moved)
    goes_on(old, clock)
    assert not (tmp_path / "My%20Films").exists()
    assert films(copy) == films(old)


def test_homes_whose_files_lie_in_each_others_places_get_their_own(tmp_path: Path, clock: ManualClock) -> None:
    one, other = tmp_path / "a b" / "home", tmp_path / "a%20b" / "home"
    with pytest.MonkeyPatch.context() as patch:
        old_lake.use(patch)
        filled(one, clock)
    old_lake.date_back(one)
    own = parquets(tmp_path / "a%20b")
    filled(other, clock)
    assert Home(one).notes()["layout"] == LAYOUT
    assert parquets(one) == own
    assert parquets(other)
    assert not parquets(other) & own
    goes_on(one, clock)
    goes_on(other, clock)


def test_files_are_copied_where_another_home_has_come_to_lie(old: Path, tmp_path: Path, clock: ManualClock) -> None:
    """It may have files of its own in the same folders."""
    other = tmp_path / "My%20Films" / "home"
    aside = tmp_path / "My Films" / "aside"
    old.rename(aside)
    filled(other, clock)
    aside.rename(old)
    goes_on(old, clock)
    goes_on(other, clock)


def test_a_home_on_which_an_earlier_version_runs_is_left_alone(old: Path, tmp_path: Path) -> None:
    with Home(old).lock("ingest"), pytest.raises(HomeBusyError, match=r"earlier version.*ingest \(\d+\)"):
        Home(old).open()
    assert Home(old).notes()["layout"] == 2
    assert parquets(tmp_path / "My%20Films")
