"""A first hour with files and keys: what was imported is there at once, and invented films never mix with real ones."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.test_command_line import up
from tests.processes import answer, free_port, in_words, run, serving

from marquee.adapters.sqlite.crawl import SqliteCrawl
from marquee.app import Platform
from marquee.home import Home
from marquee.origin import claim, origin
from marquee.settings import load

COLUMNS = "id,title,genres,vote_count,vote_average,popularity,budget,revenue,release_date,overview,original_language"


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A TMDB 5000 of two films."""
    path = tmp_path / "tmdb_5000_movies.csv"
    genres = '"[{""id"": 18, ""name"": ""Drama""}]"'
    rows = [f"{n},Lantern {n},{genres},{1000 + n},7.5,{n}.5,0,0,2015-0{n}-01,A lamp.,en" for n in (1, 2)]
    path.write_text("\n".join([COLUMNS, *rows]) + "\n")
    return path


def asked(port: int, path: str) -> Any:
    return answer(port, path).json()


@pytest.mark.parametrize("publish", [True, False])
def test_what_was_imported_is_there_when_the_command_returns(tmp_path: Path, films: Path, publish: bool) -> None:
    home = str(tmp_path / "home")
    imported = run("import", "tmdb5000", str(films), "--home", home, *([] if publish else ["--no-publish"]))
    in_words(imported, 0, "logged 4 events")
    with serving("serve", "--home", home) as port:
        covered = asked(port, "/v1/search/movies?q=lantern")
        assert covered["coverage"]["source"] == "import"
        if not publish:
            assert "not published yet" in imported.stderr
            assert covered["coverage"]["waiting"] == 4, "what is not there is said"
            assert not covered["coverage"]["complete"]
            assert asked(port, "/health")["status"] == "degraded"
            return
        assert [line["votes"] for line in covered["results"]] == [1_002, 1_001]
        assert covered["coverage"]["complete"]
        assert asked(port, "/health")["status"] == "ok"
        assert asked(port, "/v1/movies/1")["title"] == "Lantern 1"
    found = run("query", "SELECT count(*) AS films FROM silver.films", "--json", "--home", home)
    assert json.loads(found.stdout) == [{"films": 2}]


def test_an_import_beside_a_running_platform_is_shown_by_it(tmp_path: Path, films: Path) -> None:
    """The batch layer that runs is asked, since it alone may run; the second import only adds what is new."""
    home = str(tmp_path / "home")
    in_words(run("import", "tmdb5000", str(films), "--home", home), 0)
    films.write_text(films.read_text() + "3,Lantern 3,[],1003,7.5,3.5,0,0,2015-03-01,,en\n")
    with serving("up", "--home", home) as port:
        assert asked(port, "/v1/search/movies?q=lantern")["total"] == 2
        in_words(run("import", "tmdb5000", str(films), "--home", home), 0, "logged 2 events")
        assert asked(port, "/v1/search/movies?q=lantern")["total"] == 3
        found = run("query", "SELECT count(*) AS films FROM silver.films", "--json", "--home", home)
        assert json.loads(found.stdout) == [{"films": 3}]


def test_up_on_imported_films_invents_none_and_asks_for_a_key(tmp_path: Path, films: Path) -> None:
    home = tmp_path / "home"
    in_words(run("import", "tmdb5000", str(films), "--home", str(home)), 0)
    port = free_port()
    with up(home, port) as process:
        assert asked(port, "/v1/search/movies")["total"] == 2
        process.terminate()
        output, _ = process.communicate(timeout=60)
    assert "set TMDB_API_KEY to follow TMDB" in " ".join(output.split())
    assert "simulated" not in output
    assert SqliteCrawl(home / "crawl.db").counts() == (0, 0)


def test_a_home_takes_one_kind_of_films(tmp_path: Path, films: Path) -> None:
    invented, real = tmp_path / "invented", tmp_path / "real"
    claim(Home(invented).open(), "simulated")
    claim(Home(real).open(), "tmdb")
    key = {"TMDB_API_KEY": "t" * 40, "MARQUEE_TMDB_URL": "http://127.0.0.1:9/3"}
    for command in (("up", "--port", str(free_port())), ("ingest",), ("ingest", "--once")):
        found = run(*command, "--home", str(invented), **key)
        in_words(found, 2, "holds a simulated world", "marquee up --home marquee-tmdb", "unset TMDB_API_KEY")
    found = run("import", "tmdb5000", str(films), "--home", str(invented))
    in_words(found, 2, "holds a simulated world", "marquee import --home marquee-films PATH")
    for command in (("up", "--port", str(free_port())), ("ingest",)):
        found = run(*command, "--home", str(real), MARQUEE_SIMULATOR_KEY="k" * 20)
        in_words(found, 2, "holds TMDB's films", "Set TMDB_API_KEY", "marquee serve")
    in_words(run("import", "tmdb5000", str(films), "--home", str(real)), 0)
    assert origin(Home(real)) == "tmdb", "an import into a home of TMDB's films makes it no archive"


def test_a_home_of_an_earlier_version_is_known_by_what_it_holds(tmp_path: Path, films: Path) -> None:
    simulated, real, imported, empty = (tmp_path / name for name in ("simulated", "real", "imported", "empty"))
    for home in (simulated, real, imported, empty):
        Home(home).open()
    SqliteCrawl(simulated / "crawl.db").remember("simulated_origin", "2026-11-28T00:00:00Z")
    SqliteCrawl(real / "crawl.db").remember("found", value=True)
    in_words(run("import", "tmdb5000", str(films), "--home", str(imported), "--no-publish"), 0)
    layout = imported / "layout.json"
    layout.write_text(json.dumps({"layout": json.loads(layout.read_text())["layout"]}))
    _ = Platform(load(home=empty)).log
    assert [origin(Home(home)) for home in (simulated, real, imported, empty)] == ["simulated", "tmdb", "import", None]
    assert origin(Home(tmp_path / "nowhere")) is None


def test_a_port_answers_while_the_first_films_are_fetched(tmp_path: Path) -> None:
    """TMDB is slow here: the answers come long before its films do."""
    home, port = tmp_path / "home", free_port()
    with up(home, port) as process:
        first = asked(port, "/health")
        assert (first["source"], first["coverage"]["run_id"]) == ("simulated", None)
        assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 200
        assert process.poll() is None
        process.terminate()
        assert process.wait(60) == 0
