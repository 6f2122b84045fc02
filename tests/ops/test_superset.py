"""A real Superset imports the dashboards, and every chart of them asks the export and is given rows."""

import importlib.util
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.processes import free_port, started, wait_for

from marquee.app import Platform
from marquee.engines.duckdb.lake import write_database
from marquee.serving.answers.export import SCHEMAS, export
from marquee.settings import load

ROOT = Path(__file__).parents[2]
SUPERSET = ROOT / "deploy" / "superset"


def bundle() -> Any:
    """The module that makes the bundle."""
    found = importlib.util.spec_from_file_location("superset_bundle", SUPERSET / "bundle.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_bundle_is_what_its_program_writes() -> None:
    made = bundle()
    held = {str(path.relative_to(made.FOLDER)): path.read_text() for path in made.FOLDER.rglob("*.yaml")}
    assert held == {name: made.text_of(document) for name, document in made.documents().items()}


def test_the_datasets_are_tables_of_the_export() -> None:
    for path in (SUPERSET / "bundle" / "datasets").rglob("*.yaml"):
        held = yaml.safe_load(path.read_text())
        if held["sql"] is None:
            assert {column["column_name"] for column in held["columns"]} <= SCHEMAS[held["table_name"]].keys(), path


@pytest.fixture(scope="module")
def superset(present_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A Superset that is served on a port of its own, over an export of the little film world."""
    program = ROOT / ".venv-superset" / "bin"
    if not (program / "superset").exists():
        pytest.fail("there is no .venv-superset: `make test-ops` makes it")
    folder = tmp_path_factory.mktemp("superset")
    query = Platform(load(home=present_home)).query()
    query.refresh()
    write_database(folder / "marquee.duckdb", export(query))
    port = free_port()
    environment = {
        **os.environ,
        "MARQUEE_SUPERSET": str(folder / "state"),
        "MARQUEE_EXPORT": str(folder / "marquee.duckdb"),
        "SUPERSET_PORT": str(port),
        "PATH": f"{program}:{os.environ['PATH']}",
    }
    prepared = subprocess.run(
        [SUPERSET / "start.sh", "prepare"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert prepared.returncode == 0, prepared.stderr[-4_000:]
    with started(SUPERSET / "start.sh", "serve", into=folder / "superset.log", environment=environment):
        wait_for(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}", folder / "state"


def test_every_chart_is_given_rows(superset: tuple[str, Path]) -> None:
    address, state = superset
    for secret in ("secret_key", "admin_password"):
        assert stat.S_IMODE((state / secret).stat().st_mode) == 0o600
    password = (state / "admin_password").read_text().strip()
    with httpx.Client(base_url=address, timeout=60) as asked:
        assert asked.get("/api/v1/chart/").status_code == 401
        wrong = {"username": "admin", "password": "admin", "provider": "db"}
        assert asked.post("/api/v1/security/login", json=wrong).status_code == 401
        token = asked.post("/api/v1/security/login", json={**wrong, "password": password}).json()["access_token"]
        asked.headers["Authorization"] = f"Bearer {token}"
        made = bundle()
        boards = asked.get("/api/v1/dashboard/").json()["result"]
        assert {board["dashboard_title"] for board in boards} == {board.title for board in made.DASHBOARDS}
        drawn = 0
        for board in boards:
            charts = asked.get(f"/api/v1/dashboard/{board['id']}/charts").json()["result"]
            wanted = next(one for one in made.DASHBOARDS if one.title == board["dashboard_title"])
            assert {chart["slice_name"] for chart in charts} == {chart.name for chart in wanted.charts}
            for chart in charts:
                answer = asked.get(f"/api/v1/chart/{chart['id']}/data/")
                assert answer.status_code == 200, (chart["slice_name"], answer.text[:500])
                (result,) = answer.json()["result"]
                assert result["error"] is None, chart["slice_name"]
                assert result["rowcount"] > 0, chart["slice_name"]
                drawn += 1
        assert drawn == sum(len(board.charts) for board in made.DASHBOARDS)
        # The file may not be written to, whoever asks.
        database = asked.get("/api/v1/database/").json()["result"][0]["id"]
        tried = asked.post("/api/v1/sqllab/execute/", json={"database_id": database, "sql": "DROP TABLE films"})
        assert tried.status_code >= 400, tried.text
