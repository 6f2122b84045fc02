"""Homes of every version that was are opened by this one, brought up, run, and right; nothing that was counted is lost."""

import tarfile
from pathlib import Path

import pytest
from tests.processes import run
from tests.upgrades.keep import FILMS, NOON

from marquee import __version__
from marquee.app import Platform
from marquee.domain.events import REVIEWS
from marquee.domain.measures import SUMS
from marquee.domain.tables import SILVER, TABLES
from marquee.domain.timeline import HOUR, ManualClock
from marquee.libraries.scoring import scorer_name
from marquee.settings import load
from marquee.watch import audit

HOMES = sorted((Path(__file__).parent / "homes").glob("*.tar.xz"))


def unpacked(archive: Path, folder: Path) -> Path:
    """Unpack a kept home; return where it lies."""
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return folder / "home"


def reviews(platform: Platform) -> dict[int, int]:
    """Return how many reviews the API counts of each film that stands."""
    query = platform.query()
    query.refresh()
    return {movie: query.movie(movie)["sentiment"]["reviews"] for movie in range(1, FILMS)}


def test_there_are_kept_homes() -> None:
    assert [path.name for path in HOMES] == ["0.1.0.tar.xz", "0.2.0.tar.xz"]


@pytest.mark.parametrize("archive", HOMES, ids=lambda path: path.name)
def test_a_kept_home_goes_on(archive: Path, tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    platform = Platform(load(home=unpacked(archive, tmp_path)), clock)
    before = reviews(platform)
    assert sum(before.values()) > 80
    clock.time = NOON + 2 * HOUR
    platform.speed().drain()
    assert audit.verify(platform)["differ"] > 0, "until the next run reviews stand as the older version judged them"
    report = platform.batch().run()
    assert (report.state, report.report["full"]) == ("published", True)
    platform.speed().drain()
    found = audit.verify(platform)
    assert (found["differ"], found["answers_checked"]) == (0, found["answers_checked"])
    assert found["answers_checked"] > FILMS
    after = reviews(platform)
    assert sum(after.values()) == sum(before.values()) + 1 - 1, "one late review came, one was taken back"
    for name in TABLES:
        assert list(platform.lake.table(name).columns) == list(TABLES[name].columns)
    assert platform.lake.properties(SILVER[REVIEWS])["scorer"] == scorer_name()
    with platform.views.snapshot() as snapshot:
        assert snapshot.publication is not None
        assert list(snapshot.publication.state)[: len(SUMS)] == list(SUMS)
    clock.time += HOUR
    again = platform.batch().run()
    assert again.report["full"] is False, "only the first run after an upgrade makes all anew"


def test_upgrade_writes_a_backup_and_makes_all_anew_once(tmp_path: Path) -> None:
    home = unpacked(HOMES[0], tmp_path)
    before = reviews(Platform(load(home=home), ManualClock(NOON)))
    said = run("upgrade", "--home", str(home)).stderr
    assert "was last used by version 0.1.0" in said
    assert "made anew" in said
    kept = tmp_path / f"home-before-{__version__}.tar"
    with tarfile.open(kept) as archive:
        assert any(name.endswith("log.db") for name in archive.getnames())
    platform = Platform(load(home=home))
    assert audit.verify(platform)["differ"] == 0
    assert sum(reviews(platform).values()) >= sum(before.values()) - 1
    assert "is up to date" in run("upgrade", "--home", str(home)).stderr
    assert run("restore", str(kept), "--home", str(tmp_path / "again")).returncode == 0
    assert reviews(Platform(load(home=tmp_path / "again"), ManualClock(NOON))) == before


def test_a_home_of_a_newer_version_is_refused_in_words(tmp_path: Path) -> None:
    home = unpacked(HOMES[0], tmp_path)
    (home / "layout.json").write_text('{"layout": 99, "version": "9.1.0"}')
    for command in ("status", "batch", "serve", "upgrade"):
        found = run(command, "--home", str(home))
        assert found.returncode == 2
        assert "9.1.0" in found.stderr
        assert "reset" not in found.stderr
        assert "Traceback" not in found.stderr
