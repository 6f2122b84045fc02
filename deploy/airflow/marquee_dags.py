"""Marquee's DAGs for Airflow 3: they call the project's commands, and know nothing else of it.

`marquee`: ingest -> bronze -> silver -> quality -> gold -> quality -> publish -> export, every 4 hours, each up to the
last hour that ended in its data interval. A gate stands inside silver and gold, before their commit: a layer that fails
it fails its task, and nothing of it is kept. The quality tasks run Great Expectations over what was committed, and stop
the run before it is published.
`marquee_maintenance`: retention and compaction, then an audit of a sample of the answers, daily.

Where things are: MARQUEE_COMMAND (default `marquee`) and the settings of docs/settings.md, in the workers' environment.
ALERTMANAGER, an address, is told of failed runs.
"""

from __future__ import annotations

import json
import logging
import os
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.lineage.entities import File
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Asset
from airflow.timetables.trigger import CronTriggerTimetable

MARQUEE = os.environ.get("MARQUEE_COMMAND", "marquee")
LAYERS = {
    name: Asset(name=f"marquee_{name}", uri=f"marquee://layers/{name}")
    for name in ("bronze", "silver", "gold", "views", "export")
}


def tell_alertmanager(context: Any) -> None:
    """Raise an alert for a task that has failed for good."""
    address = os.environ.get("ALERTMANAGER")
    if not address:
        return
    labels = {
        "alertname": "MarqueeTaskFailed",
        "severity": "critical",
        "dag": context["dag"].dag_id,
        "task": context["task_instance"].task_id,
    }
    annotations = {
        "summary": f"Airflow's task {labels['dag']}.{labels['task']} has failed for good",
        "runbook": "docs/runbooks/batch.md",
    }
    body = json.dumps([{"labels": labels, "annotations": annotations}]).encode()
    asked = urllib.request.Request(f"{address}/api/v2/alerts", body, {"Content-Type": "application/json"})  # noqa: S310
    try:
        urllib.request.urlopen(asked, timeout=10).close()  # noqa: S310
    except OSError as error:
        logging.getLogger(__name__).warning("Alertmanager could not be told: %s", error)


DEFAULTS = {
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=15),
    "on_failure_callback": tell_alertmanager,
}


def layer(name: str) -> list[Any]:
    """Return a layer as Airflow's asset, which schedules, and as a thing that OpenLineage knows, which tells of it."""
    return [LAYERS[name], File(url=LAYERS[name].uri)]


def step(name: str, arguments: str, *, reads: str = "", makes: str = "", **more: Any) -> BashOperator:
    """Return the task that runs one command of Marquee, with the environment of the worker.

    reads, makes: the layers that it goes from and to.
    """
    ends = {end: layer(named) for end, named in (("inlets", reads), ("outlets", makes)) if named}
    return BashOperator(task_id=name, bash_command=f"{MARQUEE} {arguments}", append_env=True, **ends, **more)


with DAG(
    "marquee",
    description="TMDB -> bronze -> silver -> gold -> views",
    # Five minutes past: the cluster's log seals an hour one minute after its end.
    schedule=CronTriggerTimetable("5 */4 * * *", timezone="UTC", interval=timedelta(hours=4)),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=2),
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["marquee"],
):
    bound = "--before {{ data_interval_end.isoformat() }}"
    # TMDB's budget is one for all that call it: the pool lets one crawl run at a time.
    ingest = step("ingest", "ingest --once", pool="tmdb")
    bronze = step("bronze", f"batch --until bronze {bound}", makes="bronze")
    silver = step("silver", f"batch --until silver {bound}", reads="bronze", makes="silver")
    quality_silver = step("quality_silver", "quality silver --new", reads="silver")
    gold = step("gold", f"batch --until gold {bound}", reads="silver", makes="gold")
    quality_gold = step("quality_gold", "quality gold", reads="gold")
    publish = step("publish", f"batch {bound}", reads="gold", makes="views")
    export = step("export", "export", reads="views", makes="export")
    ingest >> bronze >> silver >> quality_silver >> gold >> quality_gold >> publish >> export
    if os.environ.get("MARQUEE_DATAHUB"):
        publish >> step("lineage", "lineage")

with DAG(
    "marquee_maintenance",
    description="Retention and compaction, and an audit of a sample of the answers",
    schedule="30 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=2),
    default_args=DEFAULTS,
    tags=["marquee"],
):
    # Maintenance holds the batch layer's lock: beside a batch run it is refused, and tried again.
    step("maintain", "maintain") >> step("audit", "verify --sample 500")
