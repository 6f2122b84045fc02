"""What the parts say: as JSON lines that can be filtered, and without secrets."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.conftest import NOON
from tests.e2e.asgi import Caller
from tests.facts import film, review
from tests.processes import run

from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain.timeline import HOUR, ManualClock
from marquee.run import logs
from marquee.settings import load


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Let a platform of some settings log in this process; then the handlers of before are back."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers.clear()

    def begin(**settings: object) -> Path:
        platform = Platform(load(home=tmp_path / "home", **settings))
        logs.begin(platform, "speed")
        return platform.home.path(logs.FOLDER)

    yield begin
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = before
    root.setLevel(level)


def found(home: Path, *arguments: str) -> list[dict[str, str]]:
    done = run("logs", "--json", *arguments, "--home", str(home))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_runs_and_micro_batches_are_found_by_their_numbers(tmp_path: Path) -> None:
    home, now = tmp_path / "home", SYSTEM_CLOCK.now()
    Platform(load(home=home)).door().accept([film(n, now) for n in range(1, 5)] + [review(1, now, "r")])
    assert run("speed", "--once", "--home", str(home)).returncode == 0
    assert run("batch", "--home", str(home)).returncode == 0
    assert run("batch", "--home", str(home)).returncode == 0
    lines = found(home)
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    assert {line["part"] for line in lines} == {"batch", "speed"}
    steps = [line["message"] for line in found(home, "--run", "1")]
    assert steps[:2] == ["step archive", "step silver"]
    assert len(found(home, "--run", "1")) + len(found(home, "--run", "2")) == len(found(home, "--part", "batch"))
    (folded,) = found(home, "--batch", "1")
    assert folded["message"] == "folded 5 records into 1 cells"
    assert found(home, "--since", "2100-01-01") == []
    assert found(home, "--level", "error") == []
    assert [line["message"] for line in found(home, "FOLDED")] == [folded["message"]]
    assert len(found(home, "--last", "2")) == 2
    shown = run("logs", "--part", "speed", "--home", str(home)).stdout
    assert re.search(r"folded 5 records into 1 cells batch=1\b", shown), shown


def test_a_wrong_level_is_refused_in_words(tmp_path: Path) -> None:
    Platform(load(home=tmp_path / "home")).home.path("x")
    done = run("logs", "--level", "loud", "--home", str(tmp_path / "home"))
    assert (done.returncode, "there is no level 'loud'" in done.stderr) == (2, True)


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_said(begun: Callable[..., Path], capsys: pytest.CaptureFixture[str], form: str) -> None:
    address = "mongodb://me:p%40ss-word-1@db:1/?replicaSet=rs0"
    folder = begun(log_format=form, mongo=address, kafka_password='quo"ted-2', api_key="key-of-the-api-0123456789")
    log = logging.getLogger("marquee.test")
    log.warning("cannot reach %s with p@ss-word-1 or %s", address, SecretStr("x"))
    log.warning('quo"ted-2 and key-of-the-api-0123456789 were given')
    try:
        raise ValueError("p%40ss-word-1")
    except ValueError:
        log.exception("failed")
    written, said = (folder / "speed.jsonl").read_text(), capsys.readouterr().err
    for text in (written, said):
        assert len(text.splitlines()) >= 3
        assert not [secret for secret in ("ss-word-1", "ted-2", "key-of-the-api") if secret in text]
    assert {json.loads(line)["level"] for line in written.splitlines()} == {"warning", "error"}


def test_what_is_added_is_followed_across_a_new_file(begun: Callable[..., Path]) -> None:
    folder, log = begun(), logging.getLogger("marquee.test")
    log.warning("before")
    tail, every = logs.Tail(folder), logs.Wanted()
    log.warning("first")
    log.info("second", extra={"batch": 7})
    assert [line["message"] for line in tail.step(every)] == ["first", "second"]
    assert tail.step(every) == []
    (handler,) = (each for each in logging.getLogger().handlers if hasattr(each, "doRollover"))
    handler.doRollover()
    log.warning("third")
    assert [line["message"] for line in tail.step(every)] == ["third"]
    said = logs.read(folder, logs.Wanted(ids={"batch": "7"}))
    assert [line["message"] for line in said] == ["second"]
    with (folder / "speed.jsonl").open("a") as file:
        file.write('{"time": "cut sho')
    assert [line["message"] for line in logs.read(folder, every)] == ["before", "first", "second", "third"]


def test_a_request_that_fails_is_found_by_its_id(
    world_home: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("unforeseen")

    clock.time = NOON + 2 * HOUR
    caller = Caller(Platform(load(home=world_home), clock))
    (sound,) = caller("/v1/movies/1", headers={"x-request-id": "mine-1"})
    assert sound.headers["x-request-id"] == "mine-1"
    (other,) = caller("/v1/movies/1", headers={"x-request-id": "not\tsound!"})
    assert len(other.headers["x-request-id"]) == 16
    monkeypatch.setattr("marquee.serving.answers.query.Query.movie", crash)
    # The server closes the connection after its 500.
    with caplog.at_level(logging.INFO, "marquee"), pytest.raises(RuntimeError, match="unforeseen"):
        caller("/v1/movies/2", headers={"x-request-id": "mine-2"})
    assert [record.request for record in caplog.records if hasattr(record, "request")] == ["mine-2"]
    assert any(record.exc_info for record in caplog.records)
