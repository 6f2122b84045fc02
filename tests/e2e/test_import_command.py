"""`marquee import` as a person uses it: words, figures, exit codes, and what a killed import leaves."""

import contextlib
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import NOON
from tests.files import dumped, events, film_5000, imported, movielens, table
from tests.processes import in_words, run

from marquee.adapters.sqlite.crawl import SqliteCrawl
from marquee.app import Platform
from marquee.domain.aside import failed
from marquee.domain.events import METADATA, RATINGS
from marquee.domain.timeline import ManualClock
from marquee.settings import load

NAME = "tmdb_5000_movies.csv"
PLAIN = {"COLUMNS": "400"}


def test_a_path_is_enough_and_a_kind_may_be_named(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / NAME
    path.write_text(table([film_5000(), film_5000(id=102, budget="much"), film_5000(id=103)]))
    movielens(tmp_path / "data" / "ml", ["1,1,4.0,1500000000", "2,1,44,1500000000"])
    found = run("import", str(tmp_path / "data"), *home, **PLAIN)
    in_words(found, 0, "TMDB 5000 (tmdb5000)", f"{NAME}: 3 rows", "MovieLens (movielens)", "ml/ratings.csv: 2 rows")
    in_words(
        found, 0, "logged 8 events (4 films, 4 vote readings, 0 reviews)", "2 quarantined", "rating is outside 0.5 to 5"
    )
    in_words(
        run("import", "tmdb5000", str(path), *home, **PLAIN), 0, "logged 0 events", "6 already known, 1 quarantined"
    )
    in_words(
        run("import", "movielens", str(path), *home, **PLAIN),
        *(2, "holds nothing of MovieLens (movielens)", "it seems to be TMDB 5000 (tmdb5000)", "Leave the kind out"),
    )
    in_words(run("import", "a", "b", "c", *home), 2, "one path is imported at a time")
    in_words(run("import", str(path), "--encoding", "klingon", *home), 2, "there is no encoding 'klingon'")


def test_figures_for_programs(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(table([film_5000(), film_5000(id=102, budget="much"), film_5000(id=103)]))
    (tmp_path / "notes.txt").write_text("Dear diary, today\nI watched two films.")
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(os.urandom(999))[:500])
    found = run("import", str(tmp_path), "--json", "--home", str(tmp_path / "home"))
    told = json.loads(found.stdout)
    assert found.returncode == 0
    (one,) = told["datasets"]
    assert (one["kind"], one["files"]) == (
        "tmdb5000",
        [{"name": NAME, "role": "films", "rows": 3, "encoding": "utf-8"}],
    )
    assert (told["films"], told["votes"], told["reviews"], told["known"], told["quarantined"]) == (3, 3, 0, 0, 2)
    assert told["reasons"]["budget is not a number; the film is kept without it"] == 1
    assert [lost["name"] for lost in told["unreadable"]] == ["cut.json.gz"]
    assert [other["name"] for other in told["strangers"]] == ["notes.txt"]


def test_nothing_imported_ends_with_1_and_says_what_it_seems_to_be(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    (tmp_path / "archive.zip").write_text("<!doctype html><html><body>Sign in</body></html>")
    found = run("import", str(tmp_path / "archive.zip"), *home, **PLAIN)
    in_words(found, 1, "archive.zip seems to be a web page (HTML)", "login page", "error: nothing was imported from")
    (tmp_path / NAME).write_text(table([film_5000(id="x"), film_5000(id="y")]))
    found = run("import", str(tmp_path / NAME), *home, **PLAIN)
    in_words(found, 1, "column id fails in all 2 rows", "error: nothing was imported")
    (tmp_path / NAME).write_text(table([film_5000(id=n, genres="x") for n in range(1, 4)]))
    found = run("import", str(tmp_path / NAME), *home, **PLAIN)
    in_words(found, 1, "logged 6 events", "error: tmdb_5000_movies.csv: column genres fails in all 3 rows")
    (tmp_path / "empty").mkdir()
    in_words(run("import", str(tmp_path / "empty"), *home, **PLAIN), 1, "error: nothing was imported")


def test_markup_and_terminal_codes_of_a_file_are_only_text(tmp_path: Path) -> None:
    odd = tmp_path / "[bold]x[" / "\x1b[31m.csv"
    odd.parent.mkdir()
    odd.write_text("[red]a[/blue],b\x1b[2J\n1,2\n")
    found = run("import", str(odd), "--home", str(tmp_path / "home"), **PLAIN)
    in_words(found, 1, "[red]a[/blue]", r"\x1b[31m.csv")
    assert "\x1b" not in found.stderr


def ids_export(path: Path) -> Path:
    lines = [
        {"adult": False, "id": n, "original_title": f"T{n}", "popularity": n / 10, "video": n % 50 == 0}
        for n in range(1, 101)
    ]
    lines.append({"adult": True, "id": 500, "original_title": "A", "popularity": 900.0, "video": False})
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode() + b"\n{cut"))
    return path


def test_the_daily_ids_seed_the_crawl(tmp_path: Path) -> None:
    home = tmp_path / "home"
    crawl = SqliteCrawl(Platform(load(home=home)).home.path("crawl.db"))
    crawl.remember("x", 1, [(3, None), (700, None)])
    path = ids_export(tmp_path / "movie_ids_05_15_2024.json.gz")
    found = run("import", str(path), "--home", str(home), **PLAIN, MARQUEE_FILMS="40")
    in_words(found, 1, "TMDB's daily list of film ids", "40 most popular films (MARQUEE_FILMS), 40 of them new")
    in_words(found, 1, "3 adult films and videos were passed over", "1 lines could not be read")
    assert crawl.counts() == (42, 0)
    assert crawl.todo(3) == [99, 98, 97]
    assert crawl.todo(100)[-2:] == [3, 700], "those of unknown popularity last"
    crawl.mark([99], [failed(None, 98, "x", NOON)], NOON)
    assert crawl.todo(1) == [97]
    assert crawl.counts() == (42, 2)
    crawl.remember("x", 1, [(700, 5)])
    assert crawl.todo(2) == [700, 97], "votes are known of those that were looked for at TMDB"


def test_a_crawls_memory_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "crawl.db")) as old:
        old.execute(
            "CREATE TABLE films (movie_id INTEGER PRIMARY KEY, fetched_at INTEGER, gone INTEGER NOT NULL DEFAULT 0)"
        )
        old.execute("INSERT INTO films (movie_id) VALUES (9), (7)")
        old.commit()
    crawl = SqliteCrawl(tmp_path / "crawl.db")
    assert crawl.seed([(1.5, 9), (2.5, 20)]) == 1
    assert crawl.todo(9) == [20, 9, 7]


def test_a_list_of_ids_without_faults_is_well(platform: Platform, tmp_path: Path) -> None:
    path = tmp_path / "movie_ids_05_15_2024.json"
    path.write_text('{"adult":false,"id":5,"original_title":"A","popularity":2.5,"video":false}\n')
    found = imported(platform, path)
    assert (found.well, found.listed, found.seeded) == (True, 1, 1)
    assert imported(platform, path).seeded == 0


def started(path: Path, home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "marquee", "import", str(path), "--home", str(home)],
        env={"PATH": os.environ["PATH"], "HOME": "/tmp"},
        stderr=subprocess.PIPE,
    )


def held(home: Path) -> int:
    """How many events a home's log holds."""
    path = home / "log.db"
    if not path.exists():
        return 0
    platform = Platform(load(home=home))
    return len(events(platform, METADATA)) + len(events(platform, RATINGS))


def test_an_import_that_is_killed_goes_on(tmp_path: Path) -> None:
    """Both ways to end one, in the middle: what was accepted stays, and the same command brings the rest."""
    (tmp_path / "data").mkdir()
    rows = [film_5000(id=n, overview="A port. " * 40) for n in range(1, 40_001)]
    (tmp_path / "data" / NAME).write_text(table(rows))
    home = tmp_path / "home"
    for number, sign in enumerate((signal.SIGKILL, signal.SIGINT), start=1):
        process = started(tmp_path / "data", home)
        deadline = time.monotonic() + 60
        while held(home) < number * 6_000 and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(sign)
        code = process.wait(30)
        assert process.stderr is not None
        said = process.stderr.read().decode()
        process.stderr.close()
        assert "Traceback" not in said
        assert code in (-9, 130)
    before = held(home)
    assert 6_000 <= before < 80_000
    found = json.loads(run("import", str(tmp_path / "data"), "--json", "--home", str(home)).stdout)
    assert sum(found["logged"].values()) == 80_000 - before
    assert found["known"] == before
    assert not (home / "import").exists(), "nothing of the killed ones is left behind"


def test_one_import_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text(dumped(1))
    home = Platform(load(home=tmp_path / "home"), ManualClock(NOON)).home
    with home.lock("import"):
        in_words(
            run("import", str(tmp_path / "1.json"), "--home", str(home.folder)), 2, "already runs `marquee import`"
        )
