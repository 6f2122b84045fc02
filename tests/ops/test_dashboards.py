"""Grafana's dashboards: what is committed is what the code makes, and no panel asks for what nobody exports."""

import importlib.util
import json
import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import yaml
from tests.ops.watching import DEPLOY, watched

GRAFANA = DEPLOY / "grafana"
SPEC = importlib.util.spec_from_file_location("dashboards", GRAFANA / "dashboards.py")
assert SPEC is not None
assert SPEC.loader is not None
dashboards: Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(dashboards)


def test_the_dashboards_are_what_the_code_makes() -> None:
    committed = {path.stem: path.read_text() for path in dashboards.FOLDER.glob("*.json")}
    assert committed == {uid: dashboards.built(uid) for uid in dashboards.DASHBOARDS}


def test_the_panels_ask_the_source_that_is_provisioned() -> None:
    source = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "marquee.yml").read_text())["datasources"][0]
    for uid in dashboards.DASHBOARDS:
        page = json.loads(dashboards.built(uid))
        assert {panel["datasource"]["uid"] for panel in page["panels"]} == {source["uid"]}


def test_every_panel_shows_something_of_a_platform_that_runs(tmp_path: Path, present_home: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(present_home, home)
    (home / "audit.json").write_text(json.dumps({"at": 0, "answers_checked": 1, "differ": 0}))
    with watched(tmp_path, home) as found:
        panels = [panel for _, panels in dashboards.DASHBOARDS.values() for panel in panels]
        empty = [panel.title for panel in panels]
        until = time.monotonic() + 30
        while empty and time.monotonic() < until:
            for number in (1, 1, 2):
                httpx.get(f"{found.api}/v1/movies/{number}")
            time.sleep(1)
            asked = {panel.title: found.ask(panel.query.replace("$__rate_interval", "10s")) for panel in panels}
            values = {title: [row["value"][1] for row in rows] for title, rows in asked.items()}
            empty = [title for title, shown in values.items() if not shown or "NaN" in shown]
        assert empty == []
