"""Airflow's own view of the DAGs, and a whole run of each on the embedded profile. Airflow has an environment of its own."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from tests.facts import film, review
from tests.processes import BARE, MARQUEE, answer, free_port, started

from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain.timeline import HOUR, MINUTE, ManualClock, floor, iso
from marquee.run.follow import SIMULATED_KEY
from marquee.settings import load
from marquee.watch import audit

ROOT = Path(__file__).parents[2]
AIRFLOW = ROOT / ".venv-airflow" / "bin"

STRUCTURE = """
import json
from airflow.models.dagbag import DagBag
bag = DagBag(dag_folder={folder!r}, include_examples=False)
print("FOUND" + json.dumps({{"errors": list(bag.import_errors.values()), "dags": {{
    dag.dag_id: {{
        "schedule": dag.timetable.summary,
        "timeout": dag.dagrun_timeout.total_seconds(),
        "runs": dag.max_active_runs,
        "catchup": dag.catchup,
        "tasks": {{
            t.task_id: {{
                "after": sorted(t.upstream_task_ids), "command": t.bash_command, "retries": t.retries, "pool": t.pool,
                "backoff": t.retry_exponential_backoff, "told": bool(t.on_failure_callback),
                "outlets": [o.uri for o in t.outlets if hasattr(o, "uri")],
            }} for t in dag.tasks
        }},
    }} for dag in bag.dags.values()
}}}}))
"""


@pytest.fixture
def airflow(tmp_path: Path) -> Callable[..., str]:
    """Runs a program of Airflow's environment, with a database of its own."""
    if not (AIRFLOW / "airflow").exists():
        pytest.fail("there is no .venv-airflow: `make test-ops` makes it")
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "deploy" / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "MARQUEE_COMMAND": f"{sys.executable} -m marquee",
        "PATH": f"{AIRFLOW}:{os.environ['PATH']}",
    }

    def run(program: str, *arguments: str, **more: str) -> str:
        command = [str(AIRFLOW / program), *arguments]
        done = subprocess.run(command, env={**environment, **more}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4_000:]
        return done.stdout

    run("airflow", "db", "migrate")
    return run


def test_the_dags_are_as_they_should_be(airflow: Callable[..., str]) -> None:
    said = airflow("python", "-c", STRUCTURE.format(folder=str(ROOT / "deploy" / "airflow")))
    found = json.loads(said[said.index("FOUND") + 5 :].splitlines()[0])
    assert found["errors"] == []
    assert set(found["dags"]) == {"marquee", "marquee_maintenance"}
    dag = found["dags"]["marquee"]
    assert (dag["schedule"], dag["timeout"], dag["runs"], dag["catchup"]) == ("5 */4 * * *", 7_200, 1, False)
    tasks = dag["tasks"]
    chain = ["ingest", "bronze", "silver", "quality_silver", "gold", "quality_gold", "publish", "export"]
    assert [tasks[name]["after"] for name in chain] == [[], *([name] for name in chain[:-1])]
    assert tasks["ingest"]["pool"] == "tmdb"
    assert [tasks[name]["outlets"] for name in chain if tasks[name]["outlets"]] == [
        [f"marquee://layers/{layer}"] for layer in ("bronze", "silver", "gold", "views", "export")
    ]
    for name, task in tasks.items():
        assert task["retries"] == 3, name
        assert task["backoff"], name
        assert task["told"], name
        assert ("data_interval_end" in task["command"]) == (" batch " in task["command"])
    assert found["dags"]["marquee_maintenance"]["tasks"]["audit"]["after"] == ["maintain"]


def test_a_run_of_the_dag_publishes_its_interval(airflow: Callable[..., str], tmp_path: Path) -> None:
    now = SYSTEM_CLOCK.now()
    ended = floor(now - 10 * MINUTE, 4 * HOUR)
    clock = ManualClock(ended - 3 * HOUR)
    home = tmp_path / "home"
    platform = Platform(load(home=home), clock)
    platform.home.note(source="simulated")
    rng = Random(3)
    films = range(900_001, 900_021)
    platform.door().accept([film(n, clock.now()) for n in films])
    platform.door().accept([review(rng.choice(films), clock.now() - n * HOUR, f"r{n}") for n in range(200)])
    port, key = free_port(), secrets.token_hex(16)
    environment = {
        "MARQUEE_HOME": str(home),
        "MARQUEE_SIM_FILMS": "40",
        "MARQUEE_TMDB_URL": f"http://127.0.0.1:{port}/3",
        SIMULATED_KEY: key,
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(
            {"type": "file", "log_file_path": str(tmp_path / "lineage.json")}
        ),
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "marquee",
    }
    simulator = [*MARQUEE, "simulate", "--port", str(port), "--films", "40", "--days", "5"]
    with started(*simulator, environment={**BARE, SIMULATED_KEY: key}):
        answer(port, "/3/genre/movie/list")
        airflow("airflow", "dags", "test", "marquee", iso(ended + 5 * MINUTE), **environment)
    told = [json.loads(line) for path in tmp_path.glob("lineage.json*") for line in path.read_text().splitlines()]
    ends = {
        event["job"]["name"]: ([one["name"] for one in event["inputs"]], [one["name"] for one in event["outputs"]])
        for event in told
        if event["eventType"] == "COMPLETE" and "inputs" in event
    }
    assert ends["marquee.bronze"] == ([], ["layers/bronze"])
    assert ends["marquee.silver"] == (["layers/bronze"], ["layers/silver"])
    assert ends["marquee.publish"] == (["layers/gold"], ["layers/views"])
    assert (home / "export" / "marquee.duckdb").stat().st_size > 0
    assert "silver.reviews" in (home / "quality/gx/uncommitted/data_docs/local_site/index.html").read_text()
    platform.clock = SYSTEM_CLOCK
    with platform.views.snapshot() as snapshot:
        publication = snapshot.publication
    assert publication is not None
    assert publication.frontier.hour == ended
    assert publication.facts["counts"]["reviews"] == 200
    assert 0 < publication.facts["quality"]["silver"] <= 100
    assert [run.state for run in reversed(platform.runs.latest(9))] == ["staged", "staged", "staged", "published"]
    platform.speed().drain()
    assert audit.verify(platform)["differ"] == 0
    query = platform.query()
    query.refresh()
    assert len(query.world.ids()) > 40
    airflow("airflow", "dags", "test", "marquee_maintenance", iso(now), **environment)
    found = audit.last(platform)
    assert found is not None
    assert found["differ"] == 0
