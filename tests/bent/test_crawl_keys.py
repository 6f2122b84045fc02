"""Both kinds of TMDB's keys: as people paste them, as TMDB wants them, and seen by nobody else."""

import logging
import subprocess
import time
import traceback
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.bent.crawls import bench
from tests.bent.tmdb import BAD_KEY, TOKEN, Asked, Bend, BentTmdb, World, film, review, served
from tests.e2e.test_command_line import up
from tests.processes import answer, free_port, in_words, run

from marquee import spans as work
from marquee.adapters.sqlite.connection import looked_into
from marquee.errors import MarqueeError, SettingsError, UnauthorizedError
from marquee.sources.tmdb_key import check_key, is_v3

V3 = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


@pytest.mark.parametrize("key", [V3, TOKEN])
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        " {} ",
        '"{}"',
        "'{}'",
        "“{}”",
        "„{}‟",
        "‘{}’",
        "«{}»",
        "`{}`",
        "\ufeff{}",
        "\ufeff“ {} ”\r\n",
        "{}\n",
        "\r\n{}\r\n",
        "\u00a0{}\u2003",
        "\u200b{}\u200b",
        "\u2028{}\u2029",
        "Bearer {}",
        "bearer  {}",
        'TMDB_API_KEY="{}"',
        "api_key={}",
        "\x00{}\x1b",
    ],
)  # fmt: skip
def test_what_is_pasted_around_a_key_is_taken_off(key: str, around: str) -> None:
    assert check_key(around.format(key)) == key
    assert is_v3(check_key(around.format(key))) == (key == V3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "set, and empty"),
        ("  ", "set, and empty"),
        ("“”", "set, and empty"),
        ("Bearer ", "set, and empty"),
        ("eyJhbG\nci.secret", "character 7 of 16 is a line break"),
        ("eyJhbG\u2028ci.secret", "character 7 of 16 is a line break"),
        ("eyJhbG ci.secret", "character 7 of 16 is a blank"),
        ("eyJhbG\tci.secret", "character 7 of 16 is a control character"),
        ("eyJhbG…ci.secret", r"character 7 of 16 is horizontal ellipsis \(U\+2026\)"),
        ("eyJhbGäci.secret", "character 7 of 16 is latin small letter a with diaeresis"),
        ("eyJhbG\u200dci.secret", "character 7 of 16 is zero width joiner"),
        ("\udcffeyJ.secret", "character 1 of 11 is a control character"),
        ("<eyJ.secret>", "character 1 of 12 is less-than sign"),
    ],
)
def test_what_cannot_be_a_key_is_named_and_not_shown(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        check_key(text)
    assert "secret" not in str(caught.value)
    assert "TMDB_API_KEY" in caught.value.message


def test_each_kind_travels_as_tmdb_wants_it(tmp_path: Path) -> None:
    for key in (V3, TOKEN):
        with bench(tmp_path / key[:4]) as made:
            made.tmdb.key, made.key = key, key
            made.crawl()
            assert set(made.films()) == set(range(1, 11))
            for asked in made.tmdb.log:
                assert asked.query.get("api_key") == (V3 if key == V3 else None)
                assert asked.headers.get("authorization") == (None if key == V3 else f"Bearer {TOKEN}")
            made.key = key[:-1] + "0"
            with pytest.raises(UnauthorizedError, match="refused the key"):
                made.poll()


class Watcher:
    """A tracer that keeps all that it is told, as a collector would."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @contextmanager
    def span(self, name: str, parent: str | None, about: dict[str, Any]) -> Iterator[Any]:
        self.told.append(f"{name} {parent} {about}")
        try:
            yield work.Unsaid()
        except BaseException as error:
            self.told += traceback.format_exception(error)
            raise


def repeating(key: str, asked: Asked) -> Bend | None:
    """Repeat the key in every way a source or a proxy can."""
    failures = {
        "/movie/1": Bend(500, {"status_code": 11, "status_message": f"cannot serve ?api_key={key}"}),
        "/movie/2": Bend(400, {"status_code": 5, "errors": [f"bad {key}"]}),
        "/movie/3": Bend(200, f"<html><title>{key} is blocked</title>".encode()),
        "/movie/4": Bend(302, b"", (("location", f"http://portal.example/{key}?api_key={key}"),)),
        "/movie/5": Bend(200, {"id": key}),
        "/movie/6": Bend(200, film(6, title=f"The {key}", overview=key, release_date=key)),
        "/movie/7/reviews": Bend(401, {**BAD_KEY, "status_message": f"no {key}"}),
        "/movie/popular": Bend(404, {"status_code": 34, "status_message": key}),
        "/movie/top_rated": Bend(200, f"{{'key': '{key}".encode()),
    }
    return failures.get(asked.path)


@pytest.mark.parametrize("key", [V3, TOKEN])
def test_a_key_that_is_repeated_is_in_no_log_error_memory_and_trace(
    tmp_path: Path, key: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher, words = Watcher(), []
    monkeypatch.setattr(work.LEDGER, "tracer", watcher)
    for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        caplog.set_level(logging.DEBUG, logger=name)
    with bench(tmp_path) as made, caplog.at_level(logging.DEBUG):
        made.key = key
        made.world.reviews[7] = [review(f"r{n}") for n in range(25)]
        made.tmdb.bend = lambda asked, number: repeating(key, asked)
        made.crawl()
        made.changes(*range(1, 11))
        made.poll()
        for bent in ("/movie/1", "/movie/2", "/movie/3", "/movie/4"):
            answered = repeating(key, Asked(bent, {}, {}))
            made.tmdb.bend = lambda asked, number, answered=answered: answered
            with pytest.raises(MarqueeError) as caught:
                made.poll()
            words += [str(caught.value), *traceback.format_exception(caught.value)]
        assert len(made.aside()) >= 5
        assert len(watcher.told) > 20
        said = "\n".join([*words, *watcher.told, caplog.text, str(made.aside()), str(made.events())])
        said += str(made.quarantine.rows(1_000))
    assert key not in said
    assert key.encode() not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def everything(home: Path) -> bytes:
    """All bytes of a home, and what is packed in its log."""
    found = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    with looked_into(home / "log.db") as log:
        return found + b"".join(zlib.decompress(row[0]) for row in log.execute("SELECT payload FROM batches"))


@pytest.mark.parametrize("key", [V3, TOKEN])
def test_a_platform_that_runs_shows_its_key_nowhere(tmp_path: Path, key: str) -> None:
    home, port = tmp_path / "home", free_port()
    world = World({n: film(n) for n in range(1, 11)})
    with served(BentTmdb(world, key=key)) as tmdb:
        tmdb.bend = lambda asked, number: repeating(key, asked)
        settings = {
            "TMDB_API_KEY": f"“{key}”\n",
            "MARQUEE_TMDB_URL": tmdb.url,
            "MARQUEE_TMDB_RATE": "50",
            "MARQUEE_FILMS": "10",
            "MARQUEE_LOG_FORMAT": "json",
        }
        with up(home, port, **settings) as process:
            deadline = time.monotonic() + 90
            while time.monotonic() < deadline:
                crawl = answer(port, "/v1/status").json()["crawl"]
                if crawl is not None and crawl["fetched"] + crawl["set_aside"] >= 10:
                    break
                time.sleep(0.2)
            assert crawl["set_aside"] >= 4
            assert {film["movie_id"] for film in crawl["films"]} >= {1, 2, 3, 4, 5}
            running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
            assert "marquee ingest" in running
            said = running + "".join(
                httpx.get(f"http://127.0.0.1:{port}{path}", timeout=30).text
                for path in ("/metrics", "/health", "/v1/status", "/v1/quality", "/system", "/v1/search/movies?q=the")
            )
            process.terminate()
            said += process.communicate(timeout=60)[0]
        for command in (("status",), ("status", "--json"), ("settings",), ("logs", "--json"), ("logs",)):
            found = run(*command, "--home", str(home), **settings)
            assert found.returncode == 0, found.stderr
            said += found.stdout + found.stderr
        once = run("ingest", "--once", "--home", str(home), **settings)
        said += once.stdout + once.stderr
        tmdb.bend = lambda asked, number: repeating(key, Asked("/movie/3", {}, {}))
        blocked = run("ingest", "--once", "--home", str(home), **settings)
        in_words(blocked, 75, "is blocked")
        said += blocked.stdout + blocked.stderr
    assert "set aside" in said
    assert key not in said
    assert key.encode() not in everything(home)


def test_a_wrong_key_is_told_at_once_by_every_command_that_needs_it(tmp_path: Path) -> None:
    with served(BentTmdb(World({1: film(1)}), key=V3)) as tmdb:
        settings = {"MARQUEE_TMDB_URL": tmdb.url, "MARQUEE_TMDB_RATE": "50"}
        wrong = run("ingest", "--once", "--home", str(tmp_path / "a"), TMDB_API_KEY=TOKEN, **settings)
        in_words(wrong, 2, "TMDB refused the key: Invalid API key", "API Read Access Token or the API Key")
        assert len(tmdb.log) == 1
        for command in (("ingest",), ("ingest", "--once"), ("up", "--port", str(free_port()))):
            in_words(run(*command, "--home", str(tmp_path / "b"), TMDB_API_KEY="", **settings), 2, "set, and empty")
            broken = run(*command, "--home", str(tmp_path / "b"), TMDB_API_KEY=f"{V3[:9]}\n{V3[9:]}", **settings)
            in_words(broken, 2, "character 10 of 33 is a line break")
            assert V3[:9] not in broken.stderr
        assert run("ingest", "--once", "--home", str(tmp_path / "b"), TMDB_API_KEY=V3, **settings).returncode == 0
