"""What is printed is what is held: no text of others is taken for markup, an emoji's name or a terminal's command."""

import csv
import io
import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from tests.conftest import NOON
from tests.facts import film, review

import marquee
from marquee.app import Platform
from marquee.cli import output
from marquee.cli.output import PlainConsole, coloured, columns, print_csv, print_json, words
from marquee.domain.printable import printable
from marquee.domain.timeline import HOUR, ManualClock
from marquee.errors import QueryError
from marquee.run.logs import JsonLines, Words
from marquee.settings import Settings

TITLES = (
    *("[safe]", "The [red] Room", "[/spoiler]", "[link=http://x.example]here[/link]", "[bold", "\\[b]", "back\\", "[]"),
    *(":heart: of :smile:", "100% [#ff0000]", "{x} {0} %s", "a\tb", "千と千尋", "👨‍👩‍👧", "می‌خواهم"),
)
HARMFUL = {
    "colour": ("\x1b[31mred", "[31mred"),
    "title of the window": ("\x1b]0;owned\x07x", "]0;ownedx"),
    "screen cleared": ("a\x1bcb", "acb"),
    "C1 introducer": ("a\x9b31mb", "a31mb"),
    "overwritten": ("good\r\x08\x08bad", "goodbad"),
    "NUL and DEL": ("a\0b\x7fc", "abc"),
    "reversed": ("\u202egnp.exe", "gnp.exe"),
    "isolates": ("\u2066a\u2067b\u2068c\u2069", "abc"),
}
TERMINAL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("kind", HARMFUL)
def test_nothing_that_a_terminal_obeys_is_left(kind: str) -> None:
    given, wanted = HARMFUL[kind]
    assert printable(given) == wanted
    assert TERMINAL.search(printable(given)) is None


def printed(monkeypatch: pytest.MonkeyPatch, show: Any) -> str:
    console, file = PlainConsole(), io.StringIO()
    monkeypatch.setattr(console, "file", file)
    monkeypatch.setattr(console, "width", 200)
    show(console)
    return file.getvalue()


@pytest.mark.parametrize("title", TITLES)
def test_a_console_prints_texts_as_they_are(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.table import Table

    def tabled(console: PlainConsole) -> None:
        table = Table(title, title=title)
        table.add_row(title)
        table.add_row(coloured(title, "red"))
        console.print(table)

    shown = title.expandtabs(8)
    assert printed(monkeypatch, lambda console: console.print(title)).strip() == shown.strip()
    assert printed(monkeypatch, tabled).replace("\t", " ").count(title.split("\t")[0]) == 4
    with PlainConsole().status(title) as status:
        assert str(status.renderable.text) == title
        status.update(coloured(title, ""))


def query(home: Path, sql: str, *options: str) -> str:
    command = [sys.executable, "-m", "marquee", "query", "--home", str(home), sql, *options]
    done = subprocess.run(command, capture_output=True, env={"COLUMNS": "200", "PATH": ""}, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def test_titles_and_reviews_come_out_of_the_lake_as_they_went_in(tmp_path: Path) -> None:
    home = tmp_path / "home"
    platform = Platform(Settings(home=home), ManualClock(NOON))
    titles = [*TITLES, *(given for given, _ in HARMFUL.values())]
    facts = [film(number, NOON, title=title) for number, title in enumerate(titles, 1)]
    platform.door().accept([*facts, *(review(1, NOON, f"r{n}", title) for n, title in enumerate(titles))])
    platform.clock.time += HOUR  # type: ignore[attr-defined]
    platform.batch().run()
    sql = "SELECT title FROM silver.films ORDER BY movie_id"
    assert [row["title"] for row in json.loads(query(home, sql, "--json"))] == titles
    assert [row[0] for row in csv.reader(io.StringIO(query(home, sql, "--csv"), newline=""))] == ["title", *titles]
    shown = query(home, sql, "--rows", "99")
    assert all(printable(title) in shown for title in titles if "\t" not in title)
    assert TERMINAL.search(shown) is None
    total = query(home, "SELECT sum(weight) AS reviews FROM silver.reviews", "--json")
    assert json.loads(total) == [{"reviews": len(titles)}]


ODD = {
    "sum(x) FROM range(4) t(x)": 6,
    "170141183460469231731687303715884105727::HUGEINT": 2**127 - 1,
    "18446744073709551615::UBIGINT": 2**64 - 1,
    "1.25::DECIMAL(9, 2)": 1.25,
    "5.00::DECIMAL(9, 2)": 5,
    "'nan'::DOUBLE": None,
    "'-inf'::FLOAT": None,
    "NULL": None,
    r"'\x00\xFF'::BLOB": "00ff",
    "DATE '2024-02-29'": "2024-02-29",
    "TIMESTAMP '2024-02-29 01:02:03.5'": "2024-02-29T01:02:03.500000",
    "TIMESTAMPTZ '2024-02-29 01:02:03+00'": "2024-02-29T01:02:03+00:00",
    "TIMESTAMP_NS '2024-01-01 00:00:00.123456789'": "2024-01-01T00:00:00.123456789",
    "TIME '10:00'": "10:00:00",
    "'infinity'::DATE": "<value out of range: 2147483647>",
    "INTERVAL 3 MONTHS": [3, 0, 0],
    "MAP {'a': 1::HUGEINT}": [["a", 1]],
    "{'x': [1, 'nan'::DOUBLE]}": {"x": [1, None]},
    "'\x1b[31m'": "\x1b[31m",
    "true": True,
}


@pytest.mark.parametrize("sql", ODD)
def test_every_kind_of_value_has_its_json_and_its_csv(sql: str, capsys: pytest.CaptureFixture[str]) -> None:
    selected = sql.replace(" FROM", " AS v FROM") if " FROM" in sql else f"{sql} AS v"
    with duckdb.connect() as engine:
        names, values = columns(engine.execute(f"SELECT {selected}").fetch_arrow_table())
    rows = list(zip(*values, strict=True))
    print_json([dict(zip(names, row, strict=True)) for row in rows])
    assert json.loads(capsys.readouterr().out) == [{"v": ODD[sql]}]
    print_csv(names, iter(rows))
    assert list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))[1:] == [[words(rows[0][0])]]


def test_columns_of_one_name_are_told_apart_and_what_cannot_be_shown_is_said() -> None:
    with duckdb.connect() as engine:
        assert columns(engine.execute("SELECT 1 a, 2 a, 3 a_2, 4 a").fetch_arrow_table())[0] == [
            "a",
            "a_2",
            "a_2_2",
            "a_3",
        ]
        nested = engine.execute("SELECT {'t': 'infinity'::DATE} AS q").fetch_arrow_table()
    with pytest.raises(QueryError, match="the column q has values that cannot be shown"):
        columns(nested)
    assert columns(pa.table({"a": pa.array([], pa.int64())})) == (["a"], [[]])


def test_a_terminal_is_given_no_escapes_by_csv(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output.sys.stdout, "isatty", lambda: True, raising=False)
    print_csv(["\x1b[31mname"], iter([("\x1b[2Jtext",)]))
    assert capsys.readouterr().out == "[31mname\r\n[2Jtext\r\n"


def test_a_log_says_nothing_that_a_terminal_obeys() -> None:
    record = logging.LogRecord("t", logging.WARNING, "", 0, "film %s\udcff", ("\x1b[31m\u202e",), None)
    assert Words([]).format(record) == "film [31m\udcff"
    line = JsonLines("part", []).format(record)
    assert json.loads(line)["message"] == "film \x1b[31m\u202e\\udcff"
    assert "\x1b" not in line


def test_wrong_words_on_the_command_line_are_repeated_as_they_are(tmp_path: Path) -> None:
    for word in ("[/x]", "[red]", "\x1b[31m", b"\xff".decode(errors="surrogateescape")):
        for command in (
            ["query", "--rows", word, "x"],
            [word],
            ["logs", "--level", word],
            ["status", "--home", f"/{word}"],
        ):
            done = subprocess.run(
                [sys.executable, "-m", "marquee", *command], capture_output=True, cwd=tmp_path, check=False
            )
            assert done.returncode == 2, done.stderr
            assert b"Traceback" not in done.stderr
            assert b"\x1b" not in done.stderr


def test_no_source_writes_markup() -> None:
    """All that is printed is taken as it is, so markup would be read by people."""
    markup = re.compile(r"\[/[a-z ]*\]|\[(?:bold|red|yellow|green|dim)(?: [a-z ]+)?\]")
    sources = Path(marquee.__file__).parent.rglob("*.py")
    assert [path.name for path in sources if markup.search(path.read_text())] == []
    makers = [
        path for path in Path(marquee.__file__).parent.rglob("*.py") if re.search(r"\bConsole\(", path.read_text())
    ]
    assert makers == []
