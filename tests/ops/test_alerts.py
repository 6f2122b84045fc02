"""Alert rules, tested by promtool; routes, by amtool; and an alert's way through a real Prometheus and Alertmanager."""

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from tests.ops.watching import DEPLOY, RULES, tool, watched
from tests.processes import free_port, started

ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_alert_fires_stays_silent_and_resolves_when_it_should() -> None:
    run(tool("promtool"), "test", "rules", str(DEPLOY / "prometheus" / "alerts_test.yml"))
    tested = yaml.safe_load((DEPLOY / "prometheus" / "alerts_test.yml").read_text())["tests"]
    cases = [case for test in tested for case in test["alert_rule_test"]]
    for rule in ALERTS:
        own = [bool(case["exp_alerts"]) for case in cases if case["alertname"] == rule["alert"]]
        assert own[:3] == [False, True, False], f"{rule['alert']} needs: silent, fires, resolved"


def test_every_alert_has_a_runbook_that_names_it() -> None:
    for rule in ALERTS:
        page = DEPLOY.parent / rule["annotations"]["runbook"]
        assert rule["alert"] in page.read_text(), rule["alert"]


@pytest.mark.parametrize(("severity", "receiver"), [("critical", "pagerduty"), ("warning", "slack")])
def test_alerts_go_to_whom_they_concern(severity: str, receiver: str) -> None:
    configuration = f"--config.file={DEPLOY / 'alertmanager' / 'alertmanager.yml'}"
    found = run(tool("amtool"), "config", "routes", "test", configuration, f"severity={severity}")
    assert found.strip() == receiver


class Vendor:
    """Stands for PagerDuty and Slack: keeps what it is sent."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Any]] = []
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                vendor.got.append((self.path, json.loads(body)))
                self.send_response(202)
                self.end_headers()
                self.wfile.write(b'{"status": "success", "message": "ok", "dedup_key": "k"}')

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    found = Vendor()
    yield found
    found.stop()


def configured(folder: Path, vendor: Vendor) -> Path:
    """Write Alertmanager's configuration as it is, but for addresses, secrets and waiting times."""
    manager = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text())
    manager["global"] = {"pagerduty_url": f"{vendor.address}/pagerduty"}
    manager["route"]["group_wait"] = "1s"
    pagerduty, slack = (receiver for receiver in manager["receivers"])
    (folder / "key").write_text("x" * 32)
    pagerduty["pagerduty_configs"][0]["routing_key_file"] = str(folder / "key")
    (folder / "hook").write_text(f"{vendor.address}/slack")
    slack["slack_configs"][0]["api_url_file"] = str(folder / "hook")
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(manager))
    return folder / "alertmanager.yml"


def test_a_part_that_is_down_reaches_pagerduty_and_an_old_audit_reaches_slack(
    tmp_path: Path, present_home: Path, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A served home whose speed layer does not run, and whose last audit was long ago."""
    home, port = tmp_path / "home", free_port()
    shutil.copytree(present_home, home)
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("MARQUEE_KAFKA_CA", str(tmp_path / "ca.pem"))
    (home / "audit.json").write_text(json.dumps({"at": 0, "answers_checked": 1, "differ": 0}))
    options = ["--cluster.listen-address=", f"--config.file={configured(tmp_path, vendor)}"]
    options += [f"--web.listen-address=127.0.0.1:{port}", f"--storage.path={tmp_path / 'alertmanager'}"]
    with (
        started(tool("prometheus-alertmanager"), *options, into=tmp_path / "alertmanager.log"),
        watched(tmp_path, home, port) as found,
    ):
        until = time.monotonic() + 60
        while time.monotonic() < until and {path for path, _ in vendor.got} != {"/pagerduty", "/slack"}:
            time.sleep(0.2)
        paged = [body for path, body in vendor.got if path == "/pagerduty"]
        told = [body for path, body in vendor.got if path == "/slack"]
        assert any("speed layer does not run" in body["payload"]["summary"] for body in paged)
        assert any("docs/runbooks/audit.md" in body["attachments"][0]["text"] for body in told)
        every = found.get("label/__name__/values")
        for rule in ALERTS:
            metrics = [name for name in every if name.startswith("marquee_") and name in rule["expr"]]
            assert metrics or "up{" in rule["expr"], f"no metric of {rule['alert']} is exported"
