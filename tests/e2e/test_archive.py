"""Backups that are damaged, foreign, too new or old, and places to bring them back to."""

import io
import json
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests import old_lake
from tests.conftest import NOON
from tests.e2e.test_places import filled, goes_on, held, rows
from tests.facts import film
from tests.places import NAMES

from marquee.app import Platform
from marquee.domain.tables import BASE
from marquee.domain.timeline import ManualClock
from marquee.engines.duckdb.lake import DuckLake
from marquee.errors import SettingsError, StorageError
from marquee.home import LAYOUT, Home
from marquee.run.archive import FORMAT, LABEL
from marquee.run.backup import backup, check
from marquee.run.restore import restore
from marquee.settings import load


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A small home with a log, a lake of one table, and what its parts have said."""
    platform = Platform(load(home=tmp_path_factory.mktemp("archive") / "home"), ManualClock(NOON))
    platform.door().accept([film(1, NOON)])
    DuckLake(platform.home.path("lake")).append(BASE, rows(1), {"hour": "1"})
    for name in ("logs/batch.jsonl", "work/batch.json", "quality/uncommitted/index.html", "superset/key"):
        platform.home.path(name).parent.mkdir(parents=True, exist_ok=True)
        platform.home.path(name).write_text("{}")
    for name in ("export/marquee.duckdb", "lake/spill/x.tmp", "requests/batch", "filling.json"):
        platform.home.path(name).parent.mkdir(parents=True, exist_ok=True)
        platform.home.path(name).write_text("{}")
    return platform.home


@pytest.fixture(scope="module")
def archive(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("archives") / "home.tar"
    backup(home, target, ManualClock(NOON))
    return target


Member = tuple[tarfile.TarInfo, bytes]


def members(path: Path) -> list[Member]:
    with tarfile.open(path) as tar:
        return [(about, held.read()) for about in tar if (held := tar.extractfile(about)) is not None]


def written(path: Path, content: list[Member]) -> Path:
    with tarfile.open(path, "w") as tar:
        for about, body in content:
            about.size = len(body) if about.isreg() else 0
            tar.addfile(about, io.BytesIO(body))
    return path


def about(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def relabelled(content: list[Member], **changes: Any) -> list[Member]:
    label = {**json.loads(content[-1][1]), **changes}
    return [*content[:-1], (content[-1][0], json.dumps(label).encode())]


def without(content: list[Member], name: str) -> list[Member]:
    return [member for member in content if member[0].name != name]


def replaced(content: list[Member], name: str, body: bytes) -> list[Member]:
    return [(one, body if one.name == name else held) for one, held in content]


FOREIGN: dict[str, tuple[Callable[[list[Member]], list[Member]], str]] = {
    "no label": (lambda content: content[:-1], "has no label"),
    "a label that is no JSON": (lambda content: replaced(content, LABEL, b"{"), "has no label"),
    "a list for a label": (lambda content: replaced(content, LABEL, b"[]"), "has no label"),
    "a label without a time": (lambda content: replaced(content, LABEL, b'{"home": "x"}'), "has no label"),
    "a later format": (lambda content: relabelled(content, format=FORMAT + 1), f"is of format {FORMAT + 1}"),
    "a later layout": (
        lambda content: relabelled(replaced(content, "layout.json", b'{"layout": 99}'), format=1),
        "its home has layout 99",
    ),
    "a layout that is no number": (
        lambda content: relabelled(replaced(content, "layout.json", b'{"layout": "x"}'), format=1),
        "its home has layout x",
    ),
    "no home": (lambda content: relabelled(without(content, "layout.json"), format=1), "holds no home"),
    "a file less": (lambda content: without(content, "log.db"), "lacks 1 of"),
    "a file more": (lambda content: [(about("more"), b"x"), *content], "beside what it says, 1 of"),
    "a file changed": (lambda content: replaced(content, "logs/batch.jsonl", b"[]"), "holds changed 1 of"),
    "a way out": (lambda content: [(about("../x"), b"x"), *content], "no file of a home"),
    "a way out within": (lambda content: [(about("lake/../../x"), b"x"), *content], "no file of a home"),
    "a whole path": (lambda content: [(about("/tmp/x"), b"x"), *content], "no file of a home"),
    "a symbolic link": (lambda content: [(about("x", tarfile.SYMTYPE, "/etc"), b""), *content], "no file of a home"),
    "a hard link": (lambda content: [(about("x", tarfile.LNKTYPE, "log.db"), b""), *content], "no file of a home"),
    "a device": (lambda content: [(about("x", tarfile.CHRTYPE), b""), *content], "no file of a home"),
    "a pipe": (lambda content: [(about("x", tarfile.FIFOTYPE), b""), *content], "no file of a home"),
    "a lake without its data": (
        lambda content: relabelled(
            [one for one in content if not one[0].name.startswith("lake/gold")], format=1, files=None
        ),
        "holds no data of the lake",
    ),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_no_backup_is_refused_in_words_and_leaves_nothing(kind: str, archive: Path, tmp_path: Path) -> None:
    change, words = FOREIGN[kind]
    bad = written(tmp_path / "bad.tar", change(members(archive)))
    with pytest.raises(StorageError, match=words) as refused:
        restore(bad, tmp_path / "back")
    assert "bad.tar cannot be restored" in refused.value.message
    assert refused.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["bad.tar"]


def test_any_byte_that_was_changed_and_any_cut_is_found(archive: Path, tmp_path: Path) -> None:
    """But in what is no file's content: a tar's own fields that nothing is made of, and its padding."""
    whole = archive.read_bytes()
    with tarfile.open(archive) as tar:
        spans = [(one.offset_data, one.size) for one in tar if one.size and one.name != LABEL]
    bad = tmp_path / "bad.tar"
    for start, size in spans:
        for at in (start, start + size // 2, start + size - 1):
            bad.write_bytes(whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1 :])
            with pytest.raises(StorageError):
                check(bad)
    for end in (0, 1, 511, 512, len(whole) // 3, len(whole) // 2, spans[-1][0], spans[-1][0] + 700):
        bad.write_bytes(whole[:end])
        with pytest.raises(StorageError):
            restore(bad, tmp_path / "back")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.tar"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<html>", b"\x1f\x8b\x08", b"x" * 10_240, b"\0" * 10_240])
def test_other_files_are_no_backups(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(StorageError, match="x cannot be restored"):
        restore(tmp_path / "x", tmp_path / "back")
    for source in (tmp_path / "none", tmp_path):
        with pytest.raises(SettingsError, match="there is no file"):
            restore(source, tmp_path / "back")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_backup_holds_what_a_home_is_and_is_private(home: Home, archive: Path, tmp_path: Path) -> None:
    held_names = {one.name for one, _ in members(archive)}
    assert held_names > {"log.db", "index.db", "lake/catalog.db", "layout.json", "logs/batch.jsonl", "work/batch.json"}
    assert held_names > {"quality/uncommitted/index.html", "superset/key", LABEL}
    assert not [
        name for name in held_names if name.startswith(("locks", "requests", "filling", "export", "lake/spill"))
    ]
    assert not [name for name in held_names if name.endswith(("-wal", "-shm"))]
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    restore(archive, tmp_path / "back")
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "back", *(tmp_path / "back").rglob("*"))} == {0}
    with pytest.raises(SettingsError, match="lies within the home itself"):
        backup(home, home.path("logs") / "x.tar", ManualClock(NOON))
    with pytest.raises(SettingsError, match="there is no folder"):
        backup(home, tmp_path / "none" / "x.tar", ManualClock(NOON))
    (tmp_path / "link.tar").symlink_to("nowhere")
    with pytest.raises(SettingsError, match="is there already"):
        backup(home, tmp_path / "link.tar", ManualClock(NOON))


def test_a_home_whose_lake_lacks_a_file_gives_no_backup(archive: Path, tmp_path: Path) -> None:
    restore(archive, tmp_path / "back")
    next((tmp_path / "back").rglob("*.parquet")).unlink()
    with pytest.raises(StorageError, match="need 1 files that are not in"):
        backup(Home(tmp_path / "back"), tmp_path / "x.tar", ManualClock(NOON))
    assert [path.name for path in tmp_path.iterdir()] == ["back"]


def test_a_home_with_services_of_its_own_is_copied_instead(archive: Path, tmp_path: Path) -> None:
    restore(archive, tmp_path / "back")
    (tmp_path / "back" / "services").mkdir()
    with pytest.raises(SettingsError, match="in services of its own") as refused:
        backup(Home(tmp_path / "back"), tmp_path / "x.tar", ManualClock(NOON))
    assert "may be copied" in refused.value.hint


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_home_comes_back_to_any_place_from_any_file(
    name: str, archive: Path, tmp_path: Path, clock: ManualClock
) -> None:
    place, last = tmp_path / name, Path(name).name
    place.mkdir(parents=True)
    restore(archive, place / last)
    assert held(place / last / "lake") == [1]
    backup(Home(place / last).open(), place / f"{last}.tar", clock)
    assert restore(place / f"{last}.tar", place / "again").home
    assert held(place / "again" / "lake") == [1]
    assert Platform(load(home=place / "again"), clock).log.span() is not None
    assert {path.name for path in place.iterdir()} == {last, f"{last}.tar", "again"}


def test_restore_takes_an_empty_folder_and_a_link_to_one_and_nothing_else(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    restore(archive, tmp_path / "link")
    assert held(tmp_path / "empty" / "lake") == [1]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for taken in ("full", "file"):
        with pytest.raises(SettingsError, match="something else"):
            restore(archive, tmp_path / taken)
    with pytest.raises(StorageError, match="SQLite takes"):
        restore(archive, tmp_path.joinpath(*["d" * 200] * 3))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "full", "link"]


def old_archive(home: Path, target: Path) -> Path:
    """What an earlier version wrote: the databases, the lake's folder, a label without digests."""
    with tarfile.open(target, "w") as tar:
        for path in sorted(home.rglob("*")):
            name = str(path.relative_to(home))
            if path.is_file() and not name.startswith("locks") and not name.endswith(("-wal", "-shm")):
                tar.add(path, name)
        body = json.dumps({"made_at": "2026-03-14T12:00:00Z", "home": str(home)}).encode()
        made = tarfile.TarInfo(LABEL)
        made.size = len(body)
        tar.addfile(made, io.BytesIO(body))
    return target


def test_backups_of_earlier_versions_come_back_too(tmp_path: Path, clock: ManualClock) -> None:
    plain, odd = tmp_path / "plain" / "home", tmp_path / "odd name" / "home"
    with pytest.MonkeyPatch.context() as patch:
        old_lake.use(patch)
        filled(plain, clock)
        filled(odd, clock)
    archives = []
    for home in (plain, odd):
        old_lake.date_back(home)
        archives.append(old_archive(home, tmp_path / f"{home.parent.name}.tar"))
    label = restore(archives[0], tmp_path / "back [1]")
    assert (label.files, label.home) == (None, str(plain))
    goes_on(tmp_path / "back [1]", clock)
    assert Home(tmp_path / "back [1]").notes()["layout"] == LAYOUT
    restore(archives[1], tmp_path / "back 2")
    goes_on(tmp_path / "back 2", clock)
    beside = tmp_path / "odd%20name"
    beside.rename(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match=r"no data of the lake, and file://.*odd%20name"):
        restore(archives[1], tmp_path / "back 3")
    assert not (tmp_path / "back 3").exists()


def test_a_backup_made_as_another_user_wants_it_is_private(home: Home, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        backup(home, tmp_path / "x.tar", ManualClock(NOON))
        assert stat.S_IMODE((tmp_path / "x.tar").stat().st_mode) == 0o600
    finally:
        os.umask(before)
