"""A real Prometheus that scrapes a served home every second, with the project's own configuration."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.processes import free_port, serving, started, wait_for

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())


def tool(name: str) -> str:
    """The path of a program that Debian's packages prometheus and prometheus-alertmanager bring."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not on the path: apt-get install prometheus prometheus-alertmanager")
    return found


class Watched:
    """A served home and the Prometheus that watches it."""

    def __init__(self, api: int, prometheus: int) -> None:
        self.api = f"http://127.0.0.1:{api}"
        self.prometheus = f"http://127.0.0.1:{prometheus}"

    def get(self, path: str, **parameters: str) -> Any:
        """Ask Prometheus."""
        answer = httpx.get(f"{self.prometheus}/api/v1/{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def ask(self, query: str) -> list[Any]:
        """Return what a query gives now."""
        found: list[Any] = self.get("query", query=query)["result"]
        return found


def configure(folder: Path, api: int, alertmanager: int) -> None:
    """Write the project's configuration for these ports: it asks every second, and alerts fire without waiting."""
    configuration = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{alertmanager}"]
    configuration["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{api}"]
    groups = [
        {**group, "rules": [{key: rule[key] for key in rule if key != "for"} for rule in group["rules"]]}
        for group in RULES["groups"]
    ]
    (folder / "alerts.yml").write_text(yaml.safe_dump({"groups": groups}))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))


@contextmanager
def watched(folder: Path, home: Path, alertmanager: int = 9) -> Iterator[Watched]:
    """Serve a home and watch it; alerts go to a port."""
    port = free_port()
    options = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    options.append(f"--web.listen-address=127.0.0.1:{port}")
    with serving("serve", "--home", str(home)) as api:
        configure(folder, api, alertmanager)
        with started(tool("prometheus"), *options, into=folder / "prometheus.log"):
            wait_for(f"http://127.0.0.1:{port}/-/ready")
            found = Watched(api, port)
            until = time.monotonic() + 30
            while not found.ask("up == 1") and time.monotonic() < until:
                time.sleep(0.2)
            assert found.ask("up == 1"), "Prometheus reads the platform's metrics"
            yield found
