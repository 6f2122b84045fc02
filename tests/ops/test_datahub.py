"""What is told to DataHub passes its own reader, and arrives at what listens as its metadata service does."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.facts import film, review
from tests.processes import run

from marquee.app import Platform
from marquee.domain.quality import RULES
from marquee.domain.timeline import HOUR, ManualClock
from marquee.errors import QualityStopError
from marquee.run.lineage import GLOSSARY, flows, tables


@pytest.fixture
def home(platform: Platform, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a run that was published and one that a gate stopped."""
    platform.door().accept([film(1, clock.now()), review(1, clock.now(), "a")])
    clock.time += HOUR
    platform.batch().run()
    from marquee.batch import gate
    from marquee.domain.quality import Measurement

    sound = gate.measure_unique
    platform.door().accept([film(2, clock.now()), review(2, clock.now(), "b")])
    clock.time += HOUR
    with monkeypatch.context() as patched:
        patched.setattr(
            gate,
            "measure_unique",
            lambda lake, rule, rows: Measurement(rule, 1, 2) if rule.table == "gold.cells" else sound(lake, rule, rows),
        )
        with pytest.raises(QualityStopError):
            platform.batch().run()
    return platform.home.folder


def test_datahub_reads_every_proposal(home: Path, platform: Platform, tmp_path: Path) -> None:
    done = run("lineage", "--home", str(home), str(tmp_path / "out" / "lineage.json"))
    assert done.returncode == 0, done.stderr
    environment = {**os.environ, "DATAHUB_TELEMETRY_ENABLED": "false"}
    command = [
        str(Path(sys.executable).with_name("datahub")),
        "check",
        "metadata-file",
        str(tmp_path / "out/lineage.json"),
    ]
    checked = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "all valid" in checked.stdout + checked.stderr
    held = json.loads((tmp_path / "out" / "lineage.json").read_text())
    aspects: dict[str, list[dict[str, Any]]] = {}
    for one in held:
        aspects.setdefault(one["aspectName"], []).append(one)
    known = list(tables(platform.settings))
    assert len(aspects["datasetProperties"]) == len(aspects["ownership"]) == len(known)
    assert len(aspects["schemaMetadata"]) == sum(bool(table.columns) for table in known)
    assert len(aspects["upstreamLineage"]) == len(list(flows()))
    assert len(aspects["glossaryTermInfo"]) == len(GLOSSARY)
    assert len(aspects["assertionInfo"]) == len(RULES)
    ended = [
        one["aspect"]["json"]["result"]["type"]
        for one in aspects["dataProcessInstanceRunEvent"]
        if one["aspect"]["json"]["status"] == "COMPLETE"
    ]
    assert sorted(ended) == ["FAILURE", "SUCCESS"]
    columns = [
        found for one in aspects["upstreamLineage"] for found in one["aspect"]["json"].get("fineGrainedLineages", ())
    ]
    assert len(columns) > 100


class Service(BaseHTTPRequestHandler):
    """Answers as DataHub's metadata service does, and keeps what it is told."""

    told: list[dict[str, Any]]
    tokens: set[str]

    def answer(self, body: Any) -> None:
        """Send JSON."""
        said = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_GET(self) -> None:
        """Answer /config."""
        versions = {"acryldata/datahub": {"version": "v1.4.0", "commit": "0"}}
        self.answer({"noCode": "true", "versions": versions, "datahub": {"serverType": "quickstart"}})

    def do_POST(self) -> None:
        """Keep a proposal."""
        self.tokens.add(self.headers.get("Authorization", ""))
        self.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer({"value": "urn"})

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[tuple[str, type[Service]]]:
    """Its address, and what it was told."""
    kind = type("Told", (Service,), {"told": [], "tokens": set()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", kind
    server.shutdown()
    server.server_close()


def test_the_service_is_told_all_and_its_token_stays_unsaid(home: Path, service: tuple[str, type[Service]]) -> None:
    address, kind = service
    done = run("lineage", "--home", str(home), MARQUEE_DATAHUB=address, MARQUEE_DATAHUB_TOKEN="a-secret-token")
    assert done.returncode == 0, done.stderr
    assert kind.tokens == {"Bearer a-secret-token"}
    urns = {one["proposal"]["entityUrn"] for one in kind.told}
    assert "urn:li:dataset:(urn:li:dataPlatform:iceberg,marquee.gold.cells,PROD)" in urns
    assert "a-secret-token" not in done.stdout + done.stderr


def test_what_is_missing_is_said(home: Path) -> None:
    unset = run("lineage", "--home", str(home))
    assert (unset.returncode, "MARQUEE_DATAHUB" in unset.stderr) == (2, True)
    away = run(
        "lineage", "--home", str(home), MARQUEE_DATAHUB="http://127.0.0.1:9", MARQUEE_DATAHUB_TOKEN="a-secret-token"
    )
    assert away.returncode == 75
    assert "Traceback" not in away.stderr
    assert "a-secret-token" not in away.stderr
