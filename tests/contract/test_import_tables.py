"""Tables: one table written in any dialect, encoding and spelling gives the same facts; no bytes end an import in a traceback."""

import codecs
import csv
import gzip
import io
import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import NOON
from tests.files import FILM_5000, dumped, film_5000, films, imported, readings, table, zipped

from marquee.app import Platform
from marquee.domain.timeline import ManualClock
from marquee.errors import MarqueeError, SettingsError
from marquee.importers import cells
from marquee.importers.cells import CellError
from marquee.importers.letters import Letters, legacy
from marquee.importers.streams import UnreadableError
from marquee.settings import load

NAME = "tmdb_5000_movies.csv"
ROWS = [
    film_5000(title='Zoë and "the" Füchse', overview="One; two,\n three\tfour | five.", popularity="12.5"),
    film_5000(id=102, title="Plain", tagline="", budget="", vote_average="6.5"),
    film_5000(id=103, title="Third", overview="“Smart”, it’s said – twice…", genres="[]"),
]


def facts(platform: Platform) -> list[dict[str, Any]]:
    """What an import told of films and votes, without what depends on the moment."""
    found = [*films(platform).values(), *readings(platform).values()]
    return [asdict(event) for event in sorted(found, key=lambda event: (type(event).__name__, event.movie_id))]


def once(folder: Path, name: str, content: bytes, **options: Any) -> list[dict[str, Any]]:
    """The facts of one file, imported into a home of its own."""
    folder.mkdir(exist_ok=True)
    number = sum(1 for _ in folder.iterdir())
    given = folder / f"given-{number}"
    given.mkdir()
    (given / name).write_bytes(content)
    platform = Platform(load(home=folder / f"home-{number}"), ManualClock(NOON))
    summary = imported(platform, given, **options)
    assert summary.reasons == {}
    return facts(platform)


def spelled(**how: Any) -> bytes:
    encoding, separator = how.pop("encoding", "utf-8"), how.pop("separator", ",")
    before, rows = how.pop("before", ""), how.pop("rows", ROWS)
    return codecs.encode(before + table(rows, separator, how.pop("ending", "\n"), **how), encoding)


def shuffled(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    names = list(rows[0])
    random.Random(5).shuffle(names)
    return [{name: row[name] for name in names} for row in rows]


def renamed(rows: list[dict[str, str]], rename: Callable[[str], str]) -> list[dict[str, str]]:
    return [{rename(name): value for name, value in row.items()} for row in rows]


DIALECTS: dict[str, Callable[[], bytes]] = {
    "UTF-8 with a mark": lambda: spelled(encoding="utf-8-sig"),
    "UTF-16 with a mark": lambda: spelled(encoding="utf-16"),
    "UTF-16 LE": lambda: spelled(encoding="utf-16-le"),
    "UTF-16 BE": lambda: spelled(encoding="utf-16-be"),
    "UTF-32": lambda: spelled(encoding="utf-32"),
    "Windows, detected": lambda: spelled(encoding="cp1252"),
    "CRLF": lambda: spelled(ending="\r\n"),
    "CR": lambda: spelled(ending="\r").replace(b"\n", b"\n"),
    "tabs": lambda: spelled(separator="\t"),
    "bars": lambda: spelled(separator="|"),
    "all quoted": lambda: spelled(quoting=csv.QUOTE_ALL),
    "Excel's first line": lambda: spelled(separator=";", before="sep=;\r\n", ending="\r\n", rows=commas(ROWS)),
    "semicolons and decimal commas": lambda: spelled(separator=";", rows=commas(ROWS)),
    "semicolons and decimal points": lambda: spelled(separator=";"),
    "backslashes before quotes": lambda: spelled(doublequote=False, escapechar="\\"),
    "no end of the last line": lambda: spelled().rstrip(b"\n"),
    "blank lines": lambda: spelled(before="\n \n"),
    "columns in another order": lambda: spelled(rows=shuffled(ROWS)),
    "other case": lambda: spelled(rows=renamed(ROWS, str.upper)),
    "names as Excel likes them": lambda: spelled(rows=renamed(ROWS, lambda n: n.replace("_", " ").title() + " ")),
    "the index of pandas": lambda: spelled(rows=[{"": str(n), **row} for n, row in enumerate(ROWS)]),
    "more columns": lambda: spelled(rows=[{"director": "A", **row, "notes": "x, y"} for row in ROWS]),
    "blanks around cells": lambda: spelled(rows=[{k: f"  {v} " for k, v in row.items()} for row in ROWS]),
    "numbers of pandas": lambda: spelled(rows=[{**row, "id": f"{row['id']}.0", "vote_count": "2.5e2"} for row in ROWS]),
    "NaN where nothing is": lambda: spelled(rows=[{k: v or "nan" for k, v in row.items()} for row in ROWS]),
    "the header again": lambda: spelled() + spelled().split(b"\n", 1)[0] + b"\n",
    "a title above": lambda: spelled(before="Export of my films\n"),
    "days with a time": lambda: spelled(rows=[{**row, "release_date": "2009-12-10T00:00:00Z"} for row in ROWS]),
    "days that can be one only": lambda: spelled(rows=[{**row, "release_date": "10.12.2009"} for row in ROWS]),
    "lists of Python": lambda: spelled(rows=[{**row, "keywords": "[{'id': 1, 'name': 'sea'}]"} for row in ROWS]),
    "gzip": lambda: gzip.compress(spelled()),
}


def commas(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Rows whose decimals have commas."""
    names = ("popularity", "vote_average", "runtime")
    return [{**row, **{name: row[name].replace(".", ",") for name in names}} for row in rows]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_table_says_the_same_in_every_dialect(tmp_path: Path, dialect: str) -> None:
    plain = once(tmp_path / "x", NAME, spelled())
    assert len(plain) == 6
    assert {film.get("title") for film in plain} >= {'Zoë and "the" Füchse', "Plain", "Third"}
    assert once(tmp_path / "x", NAME, DIALECTS[dialect]()) == plain


CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=30).map(str.strip)
TITLE = CELL.filter(lambda text: bool(text) and text.casefold() not in ("nan", "none", "null"))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(TITLE, CELL, st.integers(0, 10**6), st.integers(0, 100)), min_size=1, max_size=6),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
)
def test_any_well_formed_table_says_what_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, int, int]],
    separator: str,
    ending: str,
    encoding: str,
    quoting: Any,
) -> None:
    given_rows = [
        film_5000(id=n, title=title, overview=overview, vote_count=count, vote_average=average / 10)
        for n, (title, overview, count, average) in enumerate(rows, start=1)
    ]
    content = table(given_rows, separator, ending, quoting=quoting).encode(encoding)
    found = once(tmp_path_factory.mktemp("x"), NAME, content)
    told = {film["movie_id"]: film for film in found if "title" in film}
    for n, (title, overview, _, _) in enumerate(rows, start=1):
        assert told[n]["title"] == title
        assert told[n]["overview"] == ("" if overview in ("nan", "NaN", "None", "NULL", "\\N") else overview)
    gauges = {film["movie_id"]: (film["votes"], film["average"]) for film in found if "votes" in film}
    assert gauges == {n: (count, round(average * 100)) for n, (_, _, count, average) in enumerate(rows, start=1)}


STARTS = (
    *(
        b"",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\x1f\x8b\x08",
        b"BZh9",
        b"\xfd7zXZ\x00",
    ),
    *(
        b"{",
        b"[",
        b"<html>",
        b"sep=;\n",
        b"id,title,genres,budget\n",
        b"movieId,tmdbId\n",
        b"userId,movieId,rating,timestamp\n",
    ),
    *(
        b"Const,Title,Title Type\n",
        b"Date,Name,Year,Letterboxd URI\n",
        b'{"id": 1, "title": "x", "budget": ',
        b"1::2::3::4\n",
    ),
)
ANY_FILE = st.tuples(st.sampled_from(STARTS), st.binary(max_size=300)).map(b"".join)


def torn(content: bytes, places: list[int], values: bytes) -> bytes:
    """A file with some bytes overwritten."""
    changed = bytearray(content)
    for place, value in zip(places, values, strict=False):
        changed[place % len(changed)] = value
    return bytes(changed)


WHOLE = [
    spelled(),
    gzip.compress(spelled()),
    ("[" + ",".join(dumped(n) for n in range(1, 5)) + "]").encode(),
    "\n".join(dumped(n) for n in range(1, 5)).encode(),
    b"userId,movieId,rating,timestamp\n" + b"1,1,4.0,1500000000\n" * 9,
    b"Date,Name,Year,Letterboxd URI,Rating\n2024-01-01,A,1999,https://boxd.it/a,4.5\n",
    b"Const,Your Rating,Title,Title Type,Year\ntt0000001,9,A,Movie,1999\n",
]
TORN = st.builds(torn, st.sampled_from(WHOLE), st.lists(st.integers(0, 10**6), max_size=6), st.binary(max_size=6))


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(ANY_FILE, TORN),
    name=st.sampled_from(
        ["x.csv", "x.json", "x.zip", "x.gz", "x", "ratings.csv", "watched.csv", "movie_ids_01_02_2024.json"]
    ),
    encoding=st.sampled_from([None, None, "utf-8", "latin-1", "utf-16", "shift_jis"]),
)
def test_whatever_bytes_an_import_ends_in_words(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str, encoding: str | None
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / name).write_bytes(content)
    platform = Platform(load(home=folder / "home"), ManualClock(NOON))
    try:
        first = imported(platform, folder, encoding=encoding)
    except MarqueeError:
        return
    again = imported(platform, folder, encoding=encoding)
    assert again.receipt.total == 0
    assert again.reasons == first.reasons


def test_a_broken_quote_swallows_no_other_row(platform: Platform, tmp_path: Path) -> None:
    rows = [film_5000(id=n, title=f"Film {n}", overview="x") for n in range(1, 41)]
    text = table(rows).replace("Film 7,", '"Film 7,')
    (tmp_path / NAME).write_text(text)
    found = imported(platform, tmp_path)
    assert films(platform).keys() == {n for n in range(1, 41) if n != 7}
    assert found.receipt.quarantined == 1


def test_typographic_quotes_around_cells(platform: Platform, tmp_path: Path) -> None:
    """As a word processor makes them; those inside a cell, and plain ones there, are letters."""
    rows = [list(FILM_5000), *(list(film_5000(id=n, title=f"The “Best”{n}").values()) for n in (1, 2))]
    (tmp_path / NAME).write_text("".join(",".join(f"“{cell}”" for cell in row) + "\n" for row in rows))
    found = imported(platform, tmp_path)
    assert found.reasons == {}
    assert {film.title for film in films(platform).values()} == {"The “Best”1", "The “Best”2"}
    assert films(platform)[1].genres == ("Drama",)


def test_rows_that_are_too_short_or_too_long(platform: Platform, tmp_path: Path) -> None:
    lines = table([film_5000(id=n) for n in range(1, 5)]).split("\n")
    lines[2] = ",".join(lines[2].split(",")[:5])
    lines[3] += ",more"
    (tmp_path / NAME).write_text("\n".join(lines))
    found = imported(platform, tmp_path)
    assert films(platform).keys() == {1, 4}
    assert any("cells where the header has 20" in reason for reason in found.reasons)


def test_bytes_that_do_not_belong_cost_their_cell_alone(platform: Platform, tmp_path: Path) -> None:
    rows = [film_5000(id=n, title=f"Füchse {n}", overview=f"Über {n}") for n in range(1, 20)]
    content = (
        table(rows).encode().replace("Über 7".encode(), b"\xdcber 7").replace("Füchse 9,".encode(), b"F\xfcchse 9,")
    )
    (tmp_path / NAME).write_bytes(content)
    found = imported(platform, tmp_path)
    assert films(platform)[7].overview == ""
    assert films(platform).keys() == {n for n in range(1, 20) if n != 9}
    assert found.reasons == {
        "overview holds bytes that are not of the file's encoding; the film is kept without it": 1,
        "title holds bytes that are not of the file's encoding": 1,
    }


def test_an_encoding_may_be_named(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(table([film_5000(title="Ostře Kůň")]).encode("cp1250"))
    found = imported(platform, tmp_path)
    assert not found.well
    assert "name it with --encoding" in found.unreadable[0].reason
    assert imported(platform, tmp_path, encoding="windows-1250").well
    assert films(platform)[101].title == "Ostře Kůň"
    with pytest.raises(SettingsError, match="there is no encoding 'klingon'"):
        imported(platform, tmp_path, encoding="klingon")
    for codec in ("rot13", "base64", "zlib", "a" * 500, "utf\x008"):
        with pytest.raises(SettingsError):
            imported(platform, tmp_path, encoding=codec)


SAMPLES = {
    "cp1252": [
        "Amélie, Zoë",
        "El Niño\nLa mala educación",
        "Über uns\nDas weiße Band",
        "À bout de souffle – “x”",
        "Ångström",
    ],
    "cp1251": ["Солярис, Сталкер, Андрей Рублёв"],
    "cp1250": ["Człowiek z żelaza, Dług, Żółw, Kraków, Łódź", "Ostře sledované vlaky, Kůň"],
    "koi8_r": ["Смерть"],
    "cp1253": ["Ο θίασος"],
    "cp1254": ["Üç Maymun, Kış Uykusu, şehir"],
    "cp850": ["Amélie"],
    "mac_roman": ["Amélie"],
    "shift_jis": ["千と千尋の神隠し, もののけ姫"],
    "big5": ["霸王別姬, 臥虎藏龍"],
    "gb18030": ["霸王别姬, 活着, 英雄"],
    "cp949": ["올드보이, 기생충"],
}


@pytest.mark.parametrize(("encoding", "text"), [(name, text) for name, texts in SAMPLES.items() for text in texts])
def test_letters_are_told_right_or_not_at_all(encoding: str, text: str) -> None:
    evidence = f"{text}\n".encode(encoding)
    found = told(evidence)
    if found is None:
        assert encoding != "cp1252", "the commonest is told"
    else:
        assert evidence.decode(found.encoding) == f"{text}\n"
        assert "detected, by '" in found.shown


def told(evidence: bytes) -> Letters | None:
    try:
        return legacy(evidence)
    except UnreadableError:
        return None


READ: dict[str, list[tuple[str, object]]] = {
    "whole": [
        *(("862.0", 862), (" 7 ", 7), ("1e6", 1_000_000), ("1,234", 1_234), ("1,234,567", 1_234_567), ("１２", 12)),
        *(("1 234 567", 1_234_567), ("1.234.567", 1_234_567), ("$160,000,000", 160_000_000), ("+5", 5), ("5.", 5)),
        *(("", None), ("NaN", None), ("None", None), ("<NA>", None), ("\\N", None), ("-", None), (" null ", None)),
        *(("862.5", CellError), ("inf", CellError), ("1e400", CellError), ("0x10", CellError), ("1_000", CellError)),
        *(("abc", CellError), ("1.234", CellError), ("9" * 5_000, CellError), ("1,23", CellError), ("1e", CellError)),
    ],
    "fraction": [
        *(("7.5", 7.5), ("7,5", 7.5), ("0,123", 0.123), ("1.234,5", 1_234.5), ("1,234.5", 1_234.5), ("8,3641", 8.3641)),
        *(("1e3", 1_000.0), ("-0.5", -0.5), (".5", 0.5), ("nan", None), ("", None)),
        *(
            ("1,234", CellError),
            ("inf", CellError),
            ("-Infinity", CellError),
            ("7.5.1", CellError),
            ("good", CellError),
        ),
    ],
    "day": [
        *(("2010-07-15", "2010-07-15"), ("2010-07-15T10:00:00Z", "2010-07-15"), ("2010-07-15 00:00:00", "2010-07-15")),
        *(("2010/7/5", "2010-07-05"), ("20100715", "2010-07-15"), ("1999", "1999-01-01"), ("1999.0", "1999-01-01")),
        *(
            ("15/1/2020", "2020-01-15"),
            ("1/15/2020", "2020-01-15"),
            ("5/5/2020", "2020-05-05"),
            ("5.1.2020", "2020-01-05"),
        ),
        *(("01-Jan-1995", "1995-01-01"), ("Jul 15, 2010", "2010-07-15"), ("15 July 2010", "2010-07-15"), ("", None)),
        *(("NaT", None), ("5/1/2020", CellError), ("5-1-2020", CellError), ("5/1/2020 10:00", CellError)),
        *(("5/1/20", CellError), ("43831", CellError), ("0000-00-00", CellError), ("2010-02-30", CellError)),
        *(("0001-01-01", CellError), ("9999-01-01", CellError), ("soon", CellError), ("31/31/2020", CellError)),
    ],
    "structure": [
        *(
            ("[]", []),
            ("", []),
            ("nan", []),
            ('[{"a": 1}]', [{"a": 1}]),
            ("[{'a': None, 'b': True}]", [{"a": None, "b": True}]),
        ),
        *(("{'a': 1}", [{"a": 1}]), ("['\\d']", ["\\d"]), ("Drama", CellError), ("[", CellError), ("5", CellError)),
        *(("[" * 100_000, CellError), ("[-" + "-" * 100_000 + "1]", CellError), ("[__import__('os')]", CellError)),
        *(("[1\x00]", CellError), ("[" + "1," * 3_000_000 + "]", CellError), ("[open('x')]", CellError)),
    ],
    "names": [
        *(("Action, Science Fiction", ["Action", "Science Fiction"]), ("A|B", ["A", "B"]), ("", []), ("[]", [])),
        *(("Quay, Inc., Left Bank, LLC", ["Quay, Inc.", "Left Bank, LLC"]), ("['a']", ["a"]), ("Inc.", ["Inc."])),
    ],
}


@pytest.mark.parametrize(("reader", "text", "wanted"), [(r, t, w) for r, pairs in READ.items() for t, w in pairs])
def test_what_stands_in_cells(reader: str, text: str, wanted: object) -> None:
    read = getattr(cells, reader)
    if wanted is CellError:
        with pytest.raises(CellError):
            read(text)
    else:
        assert read(text) == wanted


@given(st.text(max_size=60))
def test_any_cell_is_read_or_refused(text: str) -> None:
    for reader in (cells.whole, cells.fraction, cells.day, cells.structure, cells.names):
        with suppress(CellError):
            reader(text)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_is_read_as_python_writes_it(value: float) -> None:
    assert cells.fraction(repr(value)) == value
    assert cells.fraction(f"{value:.3f}") == float(f"{value:.3f}")


def test_the_daily_table_is_read_in_flat_memory(tmp_path: Path) -> None:
    """A row at a time: what is held does not grow with the file."""
    import tracemalloc

    from marquee.importers.files import Tree
    from marquee.importers.recognise import Part, recognise

    peaks = []
    for count in (2_000, 20_000):
        text = io.StringIO()
        writer = csv.DictWriter(text, list(FILM_5000))
        writer.writeheader()
        for n in range(1, count + 1):
            writer.writerow(film_5000(id=n))
        (tmp_path / NAME).write_text(text.getvalue())
        with Tree(tmp_path / NAME) as tree:
            (part,) = (recognise(entry, None) for entry in tree.entries())  # type: ignore[arg-type]
            assert isinstance(part, Part)
            assert part.table is not None
            tracemalloc.start()
            assert sum(1 for _ in part.table.rows()) == count
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_one_long_line_of_json_is_read_value_by_value(platform: Platform, tmp_path: Path) -> None:
    count = 3_000
    text = json.dumps([json.loads(dumped(n, overview="long " * 30)) for n in range(1, count + 1)])
    zipped(tmp_path / "all.zip", {"all.json": text})
    assert imported(platform, tmp_path).well
    assert len(films(platform)) == count
