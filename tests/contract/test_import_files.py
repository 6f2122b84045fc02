"""Files, folders and archives as they are downloaded: the right members are read, and what cannot be read is named alone."""

import bz2
import gzip
import io
import lzma
import os
import zipfile
from pathlib import Path

import pytest
from tests.files import dumped, film_5000, films, imported, movielens, table, zipped

from marquee.app import Platform
from marquee.importers import streams

FILMS = table([film_5000(), film_5000(id=102, title="Ninth Orchard")])
PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please log in</body></html>"
NAME = "tmdb_5000_movies.csv"


def only_reason(platform: Platform, path: Path) -> str:
    """Why the one thing at a path was not imported."""
    found = imported(platform, path)
    assert not found.well
    assert not found.anything
    (reason,) = [f"{lost.name} {lost.reason}" for lost in found.unreadable] + [
        f"{stranger.member.name} seems to be {stranger.seems}" for stranger in found.strangers
    ]
    return reason


@pytest.mark.parametrize(
    "name",
    ["x.csv.gz", "x.csv.bz2", "x.csv.xz", "x.gz", "films.data", "x.zip", "x.csv.zip.gz", "x.csv.gz.gz", "nested.zip"],
)
def test_packed_files_are_told_by_their_content(platform: Platform, tmp_path: Path, name: str) -> None:
    content = FILMS.encode()
    archive = zipped(tmp_path / "inner", {NAME: content}).read_bytes()
    packed = {
        "x.csv.gz": gzip.compress(content),
        "x.csv.bz2": bz2.compress(content),
        "x.csv.xz": lzma.compress(content),
        "x.gz": content,
        "films.data": gzip.compress(content),
        "x.zip": archive,
        "x.csv.zip.gz": gzip.compress(archive),
        "x.csv.gz.gz": gzip.compress(gzip.compress(content)),
        "nested.zip": zipped(tmp_path / "outer", {"a/inner.zip": archive, "b.txt": "hello"}).read_bytes(),
    }
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / name).write_bytes(packed[name])
    assert imported(platform, tmp_path / "given").well
    assert films(platform).keys() == {101, 102}


def test_a_zip_that_macos_made(platform: Platform, tmp_path: Path) -> None:
    rubbish = {f"__MACOSX/._{NAME}": b"\x00\x05\x16\x07", f"._{NAME}": b"\x00\x05", ".DS_Store": b"\x00\x00"}
    found = imported(platform, zipped(tmp_path / "mac.zip", {**rubbish, NAME: FILMS}))
    assert (films(platform).keys(), found.strangers, found.unreadable) == ({101, 102}, [], [])


def test_kaggle_packs_each_table_by_itself(platform: Platform, tmp_path: Path) -> None:
    folder = movielens(tmp_path / "plain", ["1,1,4.0,1260000000"])
    (tmp_path / "given").mkdir()
    for path in folder.iterdir():
        zipped(tmp_path / "given" / f"{path.name}.zip", {path.name: path.read_bytes()})
    assert imported(platform, tmp_path / "given").receipt.total == 2


def test_the_archive_of_a_data_set_with_its_folder(platform: Platform, tmp_path: Path) -> None:
    folder = movielens(tmp_path / "plain", ["1,1,4.0,1260000000"])
    members = {f"ml-latest-small/{path.name}": path.read_bytes() for path in folder.iterdir()}
    found = imported(platform, zipped(tmp_path / "ml.zip", {**members, "ml-latest-small/README.txt": "Hello, all."}))
    assert found.receipt.total == 2
    assert [stranger.member.name for stranger in found.strangers] == ["ml.zip/ml-latest-small/README.txt"]


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


BROKEN = {
    "cut.zip": (lambda inner: cut(inner), "is cut off"),
    "cut.csv.gz": (lambda inner: cut(gzip.compress(FILMS.encode() * 50)), "is cut off"),
    "cut.csv.xz": (lambda inner: cut(lzma.compress(FILMS.encode() * 50)), "is cut off"),
    "page.zip": (lambda inner: PAGE.encode(), "a web page (HTML)"),
    "page.csv": (lambda inner: b"\xef\xbb\xbf \n" + PAGE.encode(), "a web page (HTML)"),
    "page.json.gz": (lambda inner: gzip.compress(PAGE.encode()), "a web page (HTML)"),
    "page16.csv": (lambda inner: PAGE.encode("utf-16"), "a web page (HTML)"),
    "feed.csv": (lambda inner: b"<?xml version='1.0'?><rss/>", "XML"),
    "empty.csv": (lambda inner: b"", "is empty"),
    "blank.csv": (lambda inner: b" \r\n\n\t ", "a file of blanks"),
    "zeros.csv": (lambda inner: bytes(5_000), "a file of blanks"),
    "no-files.zip": (lambda inner: zip_of({}), "is an archive without files"),
    "book.xlsx": (lambda inner: zip_of({"[Content_Types].xml": "<x/>", "xl/a.xml": "<x/>"}), "save its table as CSV"),
    "book.xls": (lambda inner: b"\xd0\xcf\x11\xe0" + bytes(600), "an old Excel workbook"),
    "poster.csv": (lambda inner: b"\x89PNG\r\n\x1a\n" + bytes(50), "a picture (PNG)"),
    "x.parquet": (lambda inner: b"PAR1" + bytes(50), "Parquet"),
    "x.7z": (lambda inner: b"7z\xbc\xaf\x27\x1c" + bytes(50), "a 7z archive"),
    "x.db": (lambda inner: b"SQLite format 3\x00" + bytes(500), "a SQLite database"),
    "other.csv": (lambda inner: b"a,b\n1,2\n", "a table with the columns a, b"),
    "prose.txt": (lambda inner: b"Dear all,\nthis is no table.\n", "text that is no table"),
    "noise.csv": (lambda inner: bytes(range(128, 256)) * 40, "text that is no table"),
    "people.json": (
        lambda inner: (
            b'{"adult":false,"id":2,"name":"A","popularity":1.5}\n{"adult":false,"id":3,"name":"B","popularity":1}'
        ),
        "ids of people",
    ),
}


def zip_of(members: dict[str, str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_data_set_is_said(platform: Platform, tmp_path: Path, name: str) -> None:
    make, words = BROKEN[name]
    inner = zipped(tmp_path / "inner", {NAME: FILMS * 50}).read_bytes()
    (tmp_path / name).write_bytes(make(inner))
    assert words in only_reason(platform, tmp_path / name)


def test_a_bad_file_among_good_ones_loses_only_itself(platform: Platform, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "1.json").write_text(dumped(1))
    (folder / "5.json").write_bytes(dumped(5, overview="Füchse").encode("utf-16"))
    (folder / "6.json").write_bytes(b"\xef\xbb\xbf" + dumped(6).encode())
    (folder / "9.json").write_text(dumped(9))
    (folder / "a.json.gz").write_bytes(cut(gzip.compress(os.urandom(4_000))))
    (folder / "b.json.gz").write_text(PAGE)
    (folder / "c.json").touch()
    (folder / "d.json").write_text('{"id": 4, "title": "cu')
    (folder / "e.json").mkdir()
    (folder / "e.json" / "2.json").write_text(dumped(2))
    (folder / "link.json").symlink_to(folder / "nowhere.json")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "pipe.json")
    with open(os.fsencode(folder) + b"/\xe9t\xe9.json", "w") as odd:  # noqa: PTH123 - a name that is no text
        odd.write(dumped(3))
    found = imported(platform, folder)
    assert films(platform).keys() == {1, 2, 3, 5, 6, 9}
    assert films(platform)[3].source == r"tmdb-json:\xe9t\xe9.json"
    assert films(platform)[5].overview == "Füchse"
    assert found.well
    assert {lost.name: lost.reason.split(";")[0] for lost in found.unreadable} == {
        "a.json.gz": "is cut off: only a part of it has arrived",
        "c.json": "is empty",
        "link.json": "is a link to a file that is not there",
        "pipe.json": "is no regular file",
    }
    assert [stranger.member.name for stranger in found.strangers] == ["b.json.gz"]
    assert found.reasons["not JSON (truncated?)"] == 1
    assert sum(found.reasons.values()) == 5, "each file that was lost is in quarantine too"


def test_a_file_that_may_not_be_read_is_named(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who runs the tests may be allowed everything, so the system's refusal is played."""
    (tmp_path / "1.json").write_text(dumped(1))
    (tmp_path / "2.json").write_text(dumped(2))
    opened = Path.open

    def refusing(self: Path, *given: object, **more: object) -> object:
        if self.name == "2.json":
            raise PermissionError(13, "Permission denied")
        return opened(self, *given, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refusing)
    found = imported(platform, tmp_path)
    assert films(platform).keys() == {1}
    assert [(lost.name, lost.reason) for lost in found.unreadable] == [
        ("2.json", "may not be read by this user; give read permission")
    ]


def encrypted(path: Path) -> Path:
    """A zip whose flags say that its member is encrypted, as Python itself cannot write one."""
    content = bytearray(zipped(path, {NAME: FILMS}).read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    path.write_bytes(content)
    return path


def test_an_encrypted_zip_asks_to_be_unpacked(platform: Platform, tmp_path: Path) -> None:
    assert "is encrypted; unpack it with its password" in only_reason(platform, encrypted(tmp_path / "x.zip"))


def test_a_zip_in_a_way_that_python_cannot_unpack(platform: Platform, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {NAME: FILMS})
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(mark) + place] = 9  # deflate64
    path.write_bytes(content)
    assert "is packed in a way that Python cannot unpack" in only_reason(platform, path)


def test_a_damaged_member_is_said(platform: Platform, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {NAME: os.urandom(100) + FILMS.encode() * 20})
    content = bytearray(path.read_bytes())
    content[120:140] = bytes(20)
    path.write_bytes(content)
    found = imported(platform, path)
    assert not found.well
    assert "is damaged" in found.unreadable[0].reason


def test_of_two_members_of_one_name_the_later_counts(platform: Platform, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(NAME, table([film_5000(title="Old")]))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(NAME, table([film_5000(title="New")]))
    imported(platform, tmp_path / "x.zip")
    assert films(platform)[101].title == "New"


@pytest.mark.parametrize("form", ["gz", "zip", "zip of zips"])
def test_a_bomb_is_left_unread(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr(streams, "FREE_BYTES", 1024 * 1024)
    zeros = b"id,title,budget,genres\n" + b"1,x,1,[]\n" * 2_000_000
    if form == "gz":
        (tmp_path / "x.csv.gz").write_bytes(gzip.compress(zeros))
    else:
        bomb = zip_of({}) and zipped(tmp_path / "inner", {f"{n}.csv": zeros for n in range(2)}).read_bytes()
        (tmp_path / "inner").unlink()
        (tmp_path / "x.zip").write_bytes(
            bomb if form == "zip" else zipped(tmp_path / "y.zip", {"a.zip": bomb, "b.zip": bomb}).read_bytes()
        )
        (tmp_path / "y.zip").unlink(missing_ok=True)
    found = imported(platform, tmp_path)
    assert found.unreadable
    assert all("as a zip bomb does" in lost.reason for lost in found.unreadable)


def test_archives_too_deep_are_left_alone(platform: Platform, tmp_path: Path) -> None:
    content = zipped(tmp_path / "x", {NAME: FILMS}).read_bytes()
    for _ in range(6):
        content = zipped(tmp_path / "x", {"x.zip": content}).read_bytes()
    (tmp_path / "x").unlink()
    (tmp_path / "deep.zip").write_bytes(content)
    assert "holds archives more than 4 deep" in only_reason(platform, tmp_path)


def test_names_with_what_a_terminal_obeys_are_shown_harmlessly(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m\nb.json").write_text(dumped(1))
    (tmp_path / "c.json").write_text(dumped(2))
    imported(platform, tmp_path)
    assert films(platform)[1].source == r"tmdb-json:a\x1b[31m\nb.json"
