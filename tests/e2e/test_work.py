"""What parts spend their time on is counted in the home, and /metrics tells it; what expires is told too."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trustme
from tests.e2e.asgi import Caller
from tests.facts import film, review

from marquee import spans as work
from marquee.app import Platform
from marquee.domain.timeline import HOUR, ManualClock
from marquee.settings import load
from marquee.watch.expiry import Expiries


@pytest.fixture(autouse=True)
def ledger(monkeypatch: pytest.MonkeyPatch) -> work.Ledger:
    """A ledger of the test's own."""
    own = work.Ledger()
    monkeypatch.setattr(work, "LEDGER", own)
    monkeypatch.setattr(work, "WRITTEN_EVERY", -1.0)
    return own


def test_what_is_done_is_counted_and_told(platform: Platform, clock: ManualClock) -> None:
    work.keep(platform.home.path(work.FOLDER), "all")
    platform.door().accept([film(1, clock.now()), review(1, clock.now(), "a")])
    clock.time += HOUR
    platform.speed().drain()
    platform.batch().run()
    found = {name: count for part, name, count in work.kept(platform.home.path(work.FOLDER)) if part == "all"}
    steps = {f"batch.{step}" for step in ("archive", "silver", "gold", "publish")}
    assert found.keys() >= {"door.accept", "speed.fold", "speed.sync", *steps}
    times, total, last = found["speed.fold"]
    assert times == 1
    assert total == last > 0
    (answer,) = Caller(platform)("/metrics")
    assert 'marquee_work_total{part="all",work="speed.fold"} 1.0' in answer.text.splitlines()
    assert 'marquee_work_seconds_total{part="all",work="batch.gold"}' in answer.text
    assert 'marquee_store_seconds{store="batch_views"}' in answer.text


def test_what_fails_is_counted_too_and_a_full_disk_stops_nothing(tmp_path: Path, ledger: work.Ledger) -> None:
    work.keep(tmp_path / "counts", "part")
    with pytest.raises(ValueError, match="no"), work.span("one"):
        raise ValueError("no")
    assert json.loads((tmp_path / "counts" / "part.json").read_text())["one"][0] == 1
    ledger.path = tmp_path / "nowhere" / "part.json"
    with work.span("one"):
        pass
    assert ledger.counts["one"][0] == 2


@pytest.fixture
def secured() -> Iterator[tuple[trustme.CA, int]]:
    """A server that shows a certificate and says nothing."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", not_after=None).configure_cert(context)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            with closing(plain):
                try:
                    context.wrap_socket(plain, server_side=True).close()
                except OSError:
                    continue

    threading.Thread(target=serve, daemon=True).start()
    yield authority, listening.getsockname()[1]
    listening.close()


def test_certificates_that_end_are_told(tmp_path: Path, secured: tuple[trustme.CA, int]) -> None:
    authority, port = secured
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    settings = load(
        home=tmp_path / "home", kafka=f"127.0.0.1:{port}", registry="http://r", kafka_ca=tmp_path / "ca.pem"
    )
    found = dict(Expiries(Platform(settings)).left())
    assert found.keys() == {"kafka", "kafka_authority"}
    assert all(seconds > 0 for seconds in found.values())
    away = load(home=tmp_path / "home", cassandra="127.0.0.1:9", cassandra_ca=tmp_path / "ca.pem")
    assert dict(Expiries(Platform(away)).left()).keys() == {"cassandra_authority"}
    (tmp_path / "ca.pem").write_text("no certificate")
    assert dict(Expiries(Platform(away)).left()) == {}
