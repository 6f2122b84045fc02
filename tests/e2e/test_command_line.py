"""The commands as a person uses them: whole processes, their words and exit codes."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.conftest import NOON
from tests.facts import film
from tests.processes import BARE, MARQUEE, answer, free_port, in_words, run, started
from typer.testing import CliRunner

from marquee.adapters.sqlite.keys import hashed
from marquee.adapters.sqlite.log import SqliteLog
from marquee.adapters.sqlite.views import SqliteViews
from marquee.app import Platform
from marquee.cli import app, main
from marquee.domain.timeline import HOUR, ManualClock
from marquee.errors import StorageError
from marquee.home import LAYOUT
from marquee.settings import Settings, load
from marquee.testing.events import rating_event

ROOT = Path(__file__).parents[2]


def test_errors_are_words_and_exit_code_2(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    in_words(run("ingest", "--home", home), 2, "no TMDB key", "Set TMDB_API_KEY")
    in_words(
        run("ingest", "--home", home, TMDB_API_KEY="a key"), 2, "character 2 of 5 is a blank", "API Read Access Token"
    )
    in_words(
        run("ingest", "--home", home, MARQUEE_LANGUAGES="english"), 2, "LANGUAGES", "two letters, such as en,fr,ja"
    )
    in_words(run("status", "--home", home + "2"), 2, "there is no home", "marquee up")
    in_words(run("verify", "--home", home + "2"), 2, "there is no home")
    in_words(run("import", "netflix", "x", "--home", home), 2, "no data set kind 'netflix'", "tmdb5000, movies-dataset")
    in_words(run("import", "tmdb5000", "/nowhere", "--home", home), 2, "there is no file")
    in_words(run("serve", "--home", home, "--host", "0.0.0.0"), 2, "refusing to listen", "marquee keys create")
    in_words(run("serve", "--home", home, MARQUEE_PORT="99999"), 2, "settings cannot be used", "PORT")
    in_words(run("keys", "create", "k", "--scope", "write", "--home", home), 2, "no scope 'write'", "read, operate")
    made = run("keys", "create", "notebook", "--home", home)
    assert re.fullmatch(r"mq_[\w-]{32}\n", made.stdout)
    listed = run("keys", "list", "--home", home).stdout
    assert "notebook" in listed
    assert made.stdout.strip() not in listed
    in_words(run("keys", "revoke", "1", "--home", home), 0)
    in_words(run("keys", "revoke", "1", "--home", home), 2, "no standing key has the id 1")
    in_words(run("batch", "--home", home, "--from", "soon"), 2, "no ISO 8601 time")
    in_words(run("batch", "--home", home, "--from", "2026-02-02", "--to", "2026-01-01"), 2, "must lie before")


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    in_words(run("speed", "--once", "--home", str(tmp_path / "file" / "home")), 2, "cannot use")
    home = tmp_path / "home"
    home.mkdir()
    (home / "layout.json").write_text('{"layout": 99}')
    in_words(run("speed", "--once", "--home", str(home)), 2, "has layout 99")


def test_ingest_once_leaves_it_to_a_process_that_follows_already(tmp_path: Path) -> None:
    """So that Airflow's task and a follower may share a home."""
    home = Platform(load(home=tmp_path / "home")).home
    with home.lock("ingest"):
        in_words(run("ingest", "--once", "--home", str(home.folder)), 0, "follows TMDB already")
        in_words(run("ingest", "--home", str(home.folder), TMDB_API_KEY="t" * 40), 2, "already runs")


def test_maintenance_needs_a_run_and_keeps_what_is_due(world_home: Path, tmp_path: Path) -> None:
    Platform(load(home=tmp_path / "empty")).home.open()
    in_words(run("maintain", "--home", str(tmp_path / "empty")), 2, "no run has been published")
    home = tmp_path / "home"
    shutil.copytree(world_home, home)
    in_words(run("maintain", "--home", str(home)), 0, "kept: 7 days of the log")
    assert Platform(load(home=home)).lake.partitions("gold.cells")


def test_a_home_of_an_earlier_layout_is_brought_up(tmp_path: Path) -> None:
    """Layout 1 kept keys that did not expire; what they open stays open."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "layout.json").write_text('{"layout": 1}')
    with contextlib.closing(sqlite3.connect(home / "keys.db")) as old:
        old.execute(
            "CREATE TABLE keys (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
            " scopes TEXT NOT NULL, created_at INTEGER NOT NULL, revoked_at INTEGER)"
        )
        old.execute("INSERT INTO keys VALUES (1, ?, 'old', 'read', 5, NULL)", (hashed("mq_secret"),))
        old.commit()
    platforms = [Platform(load(home=home)) for _ in range(2)]
    for platform in platforms:
        found = platform.keys.find("mq_secret", 10**15)
        assert found is not None
        assert (found.name, found.expires_at) == ("old", None)
    assert json.loads((home / "layout.json").read_text()) == {"layout": LAYOUT}
    made = platforms[0].keys.create("new", ("read",), 5, 10)
    assert platforms[0].keys.find(made, 9) is not None
    assert platforms[0].keys.find(made, 10) is None


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        in_words(run("serve", "--home", str(tmp_path / "home"), "--port", port), 2, f"127.0.0.1:{port}", "--port")
        in_words(run("up", "--home", str(tmp_path / "home"), "--port", port), 2, f"127.0.0.1:{port}")


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db")
    log.append([rating_event("a", 1, NOON)], NOON)
    with log.alone() as db:
        db.execute("PRAGMA max_page_count = 12")
    many = [rating_event(f"b{n}", n, NOON) for n in range(20_000)]
    with pytest.raises(StorageError, match=r"full[\s\S]*Free some space"):
        log.append(many, NOON)
    with log.alone() as db:
        db.execute("PRAGMA max_page_count = 100000")
    before = log.end()
    log.append([rating_event("c", 1, NOON)], NOON + 1)
    assert int(log.end()) == int(before) + 1
    assert len(log.read("", 10**6)[0]) == 2


def test_a_batch_and_its_audit_from_the_command_line(tmp_path: Path) -> None:
    home = tmp_path / "home"
    platform = Platform(Settings(home=home), ManualClock(NOON))
    platform.door().accept([film(movie, NOON) for movie in range(1, 9)])
    assert json.loads(run("batch", "--home", str(home), "--json").stdout)["state"] == "published"
    verified = run("verify", "--home", str(home), "--json")
    found = json.loads(verified.stdout)
    assert (verified.returncode, found["answers_checked"], found["differ"]) == (0, 54, 0)
    assert json.loads(run("verify", "--home", str(home), "--sample", "2", "--json").stdout)["answers_checked"] == 30
    status = json.loads(run("status", "--home", str(home), "--json").stdout)
    assert status["batch"]["run_id"]
    shown = run("status", "--home", str(home))
    assert "frontier" in shown.stdout
    views = Platform(Settings(home=home), ManualClock(NOON + HOUR)).views
    assert isinstance(views, SqliteViews)
    with views.writing() as db:
        db.execute("UPDATE documents SET body = replace(body, 'Film 3', 'Film X') WHERE kind = 'film'")
    drifted = run("verify", "--home", str(home), "--json")
    assert (drifted.returncode, json.loads(drifted.stdout)["differ"]) == (1, 4)
    in_words(run("reset", "--home", str(home), "--yes"), 0, "deleted")
    assert not home.exists()


def test_a_batch_goes_step_by_step_and_no_further_than_told(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    platform = Platform(load(home=tmp_path / "home"), clock)
    platform.door().accept([film(n, NOON) for n in range(1, 4)])
    clock.time += 3 * HOUR
    platform.door().accept([film(n, clock.now()) for n in range(4, 9)])
    home, bound = ("--home", str(tmp_path / "home")), ("--before", "2026-03-14T14:30")
    in_words(run("batch", *home, "--until", "brass"), 2, "no step 'brass'", "bronze, silver, gold, publish")
    in_words(run("batch", *home, *bound, "--full"), 2, "made anew is made whole")
    in_words(run("batch", *home, "--before", "noon"), 2, "--before is no ISO 8601 time")
    for step in ("bronze", "silver", "gold"):
        report = json.loads(run("batch", *home, *bound, "--until", step, "--json").stdout)
        assert (report["state"], report["frontier"]) == ("staged", "2026-03-14T14:00:00Z")
    assert report["silver"]["rows"] == 3
    with platform.views.snapshot() as snapshot:
        assert snapshot.publication is None
    report = json.loads(run("batch", *home, *bound, "--json").stdout)
    assert (report["state"], report["archived"], report["silver"]["rows"]) == ("published", 0, 3)
    report = json.loads(run("batch", *home, "--json").stdout)
    assert (report["state"], report["archived"]) == ("published", 5)
    assert json.loads(run("batch", *home, *bound, "--json").stdout)["state"] == "unchanged"


def test_the_cluster_profile_falls_back_on_nothing(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    found = run("speed", *home, "--once", MARQUEE_PROFILE="cluster", MARQUEE_KAFKA="127.0.0.1:1")
    in_words(found, 2, "MARQUEE_REGISTRY", "MARQUEE_SPARK", "MARQUEE_REDIS", "marquee cluster up")
    assert "MARQUEE_KAFKA" not in found.stderr
    in_words(run("speed", *home, "--once", MARQUEE_PROFILE="both"), 2, "PROFILE")


def test_a_home_tells_of_its_own_services(tmp_path: Path) -> None:
    services = tmp_path / "home" / "services"
    Platform(load(home=tmp_path / "home")).home.open()
    services.mkdir()
    state = {"name": "redis", "address": "127.0.0.1:1", "log": "redis.log"}
    rows = [{**state, "pid": os.getpid()}, {**state, "name": "gone", "pid": 2**22 + 1}]
    (services / "services.json").write_text(json.dumps(rows))
    (services / "settings.env").write_text("MARQUEE_TRIGGER_SECONDS=7\n")
    found = json.loads(run("status", "--home", str(tmp_path / "home"), "--json").stdout)
    assert {one["name"]: one["runs"] for one in found["services"]} == {"redis": True, "gone": False}
    assert load(home=tmp_path / "home").trigger_seconds == 7


def test_the_lake_can_be_asked_and_not_changed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    platform = Platform(Settings(home=home), ManualClock(NOON))
    platform.door().accept([film(movie, NOON, title=f"[b]Film[/b] {movie}") for movie in range(1, 70)])
    platform.clock.time += HOUR  # type: ignore[attr-defined]
    platform.batch().run()
    ask = ("query", "--home", str(home))
    found = json.loads(run(*ask, "SELECT count(*) AS films FROM silver.films", "--json").stdout)
    assert found == [{"films": 69}]
    assert run(*ask, "SELECT count(*) AS n FROM silver.reviews", "--csv").stdout.splitlines() == ["n", "0"]
    shown = run(*ask, "SELECT title FROM silver.films ORDER BY movie_id", "--rows", "2")
    assert "Film" in shown.stdout
    assert "69 rows; 2 shown" in shown.stderr
    assert "gold.cells" in run(*ask, "tables").stdout
    for sql in ("DROP TABLE gold.cells", "COPY (SELECT 1) TO 'x'", "SELECT 1; SELECT 2", ""):
        in_words(run(*ask, sql), 2, "one SELECT is wanted")
    for sql in ("SELEC", "SELECT * FROM nothing", "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM glob('/*')"):
        in_words(run(*ask, sql), 2, "error")
    assert json.loads(run(*ask, "SELECT count(*) AS films FROM silver.films", "--json").stdout) == [{"films": 69}]


def test_a_missing_package_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("marquee.cli.app", lambda: lacking("pymongo.errors"))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "run `.venv/bin/uv sync --inexact --extra cluster --extra spark --extra services`" in said
    assert "`pip install -e '.[cluster,spark,services]'`" in said
    monkeypatch.setattr("marquee.cli.app", lambda: lacking("marquee.nothing"))
    with pytest.raises(ModuleNotFoundError):
        main()


def test_every_command_and_option_is_documented() -> None:
    text = (ROOT / "README.md").read_text() + "".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))
    names = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    assert sorted(names) == [
        "backup",
        "batch",
        "export",
        "import",
        "ingest",
        "lineage",
        "logs",
        "maintain",
        "quality",
        "query",
        "reset",
        "restore",
        "serve",
        "settings",
        "simulate",
        "speed",
        "status",
        "up",
        "upgrade",
        "verify",
    ]
    for name in names:
        assert f"marquee {name}" in text, name
        assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0
    rows = re.findall(r"^\| `marquee .*$", text, re.MULTILINE)
    undocumented = [
        f"marquee {path} {option}"
        for path, option in options(typer.main.get_command(app))
        if not any(f"marquee {path}" in row and re.search(rf"{option}(?![\w-])", row) for row in rows)
    ]
    assert undocumented == []


def options(command: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (command, option) of all below a command, save what all take."""
    for name, below in getattr(command, "commands", {}).items():
        yield from options(below, f"{path} {name}".strip())
    for parameter in command.params if path else ():
        for option in (*parameter.opts, *parameter.secondary_opts):
            if option.startswith("--") and option not in ("--home", "--help"):
                yield path, option


def test_the_reference_of_settings_is_the_settings(tmp_path: Path) -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == run("settings", "--markdown").stdout
    assert all(field.description for field in Settings.model_fields.values())
    secrets = {"MARQUEE_API_KEY": "s3cret" * 4, "MARQUEE_MONGO": "mongodb://u:s3cret@h/"}
    shown = run("settings", "--home", str(tmp_path), **secrets).stdout
    assert "MARQUEE_MONGO" in shown
    assert "s3cret" not in shown


def test_secrets_come_from_a_folder_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "marquee_api_key").write_text("from-a-file-000000\n")
    (tmp_path / "secrets" / "tmdb_api_key").write_text("token")
    monkeypatch.setenv("MARQUEE_SECRETS", str(tmp_path / "secrets"))
    held = load()
    assert held.api_key is not None
    assert held.tmdb_api_key is not None
    assert (held.api_key.get_secret_value(), held.tmdb_api_key.get_secret_value()) == ("from-a-file-000000", "token")
    monkeypatch.setenv("MARQUEE_API_KEY", "from-the-environment")
    held = load()
    assert held.api_key is not None
    assert held.api_key.get_secret_value() == "from-the-environment"
    in_words(run("settings", MARQUEE_SECRETS=str(tmp_path / "no")), 2, "there is no folder", "MARQUEE_SECRETS")


def up(home: Path, port: int, **more: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """Run a platform over a small invented world."""
    environment = {**BARE, "MARQUEE_SIM_FILMS": "120", "MARQUEE_SIM_DAYS": "10", **more}
    command = [*MARQUEE, "up", "--home", str(home), "--port", str(port)]
    return started(*command, into=subprocess.PIPE, environment=environment)


def test_ingest_follows_a_simulator_that_runs_by_itself(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    key = {"MARQUEE_SIMULATOR_KEY": "k" * 20}
    simulator = [*MARQUEE, "simulate", "--port", str(port), "--films", "90", "--days", "20", "--factor", "86400"]
    with started(*simulator, environment={**BARE, **key}):
        assert answer(port, "/3/genre/movie/list").status_code == 401
        address = f"http://127.0.0.1:{port}/3"
        once = ("ingest", "--once", "--home")
        found = run(*once, str(home), MARQUEE_TMDB_URL=address, MARQUEE_SIM_FILMS="90", **key)
        in_words(found, 0, "fetching films")
        assert "k" * 20 not in found.stderr + found.stdout
        wrong = {"MARQUEE_TMDB_URL": address, "TMDB_API_KEY": "wrong.token"}
        in_words(run(*once, str(home) + "2", **wrong), 2, "refused the key", "Set TMDB_API_KEY")
    assert json.loads(run("speed", "--once", "--home", str(home)).stderr.split()[1]) > 90
    status = json.loads(run("status", "--home", str(home), "--json").stdout)
    assert status["log"]["last"]


def filled(port: int, seconds: float = 90) -> dict[str, Any]:
    """Wait until a platform that is starting has published; return its health."""
    deadline = time.monotonic() + seconds
    while (health := answer(port, "/health").json())["coverage"]["run_id"] is None and time.monotonic() < deadline:
        time.sleep(0.2)
    while health["filling"] is not None and time.monotonic() < deadline:
        time.sleep(0.2)
        health = answer(port, "/health").json()
    return health


def children_of(home: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and str(home) in (entry / "environ").read_text().replace("\0", "\n"):
                found.append(int(entry.name))
    return found


def gone(home: Path, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while children_of(home) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not children_of(home)


def test_up_from_nothing_to_answers_and_down_again(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    with up(home, port) as process:
        health = filled(port)
        assert (health["status"], health["source"], health["filling"]) == ("ok", "simulated", None)
        page = answer(port, "/")
        assert "Votes and reviews a day" in page.text
        films = answer(port, "/v1/search/movies").json()
        assert films["total"] > 80
        in_words(run("up", "--home", str(home), "--port", str(free_port())), 2, "already runs `marquee up`")
        in_words(run("reset", "--home", str(home), "--yes"), 2, "is in use by")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        assert "Traceback" not in output
        assert f"http://127.0.0.1:{port}" in output
    assert gone(home)
    with up(home, port) as process:
        filled(port)
        again = answer(port, "/v1/search/movies").json()
        assert again["total"] >= films["total"]
        process.kill()
        process.wait()
        assert gone(home), "children must not outlive a killed parent"
    verified = run("verify", "--home", str(home), "--json")
    assert json.loads(verified.stdout)["differ"] == 0
    assert re.search(r'"answers_checked": [1-9]', verified.stdout)
