"""Grafana's dashboards as code: `python deploy/grafana/dashboards.py` writes deploy/grafana/dashboards/*.json."""

from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = DataSourceRef(type_val="prometheus", uid="marquee-prometheus")
RATE = "$__rate_interval"


@dataclass(frozen=True)
class Panel:
    """One panel: what it is called, what it asks, in which unit, and what each line is called."""

    title: str
    query: str
    unit: str
    legend: str = ""
    now: bool = False
    """Whether it shows the present figure alone."""


DASHBOARDS: dict[str, tuple[str, list[Panel]]] = {
    "system-health": (
        "System Health",
        [
            Panel("API", 'up{job="marquee"}', "bool_on_off", now=True),
            Panel("Parts that run", "marquee_part_up", "bool_on_off", "{{part}}", now=True),
            Panel("Stores that answer", "marquee_store_up", "bool_on_off", "{{store}}", now=True),
            Panel("Health checks", "marquee_check_ok", "bool_on_off", "{{check}}", now=True),
            Panel("Requests", f"sum by (status) (rate(marquee_request_seconds_count[{RATE}]))", "reqps", "{{status}}"),
            *(
                Panel(
                    f"Time to answer, p{share}",
                    f"histogram_quantile({share / 100}, sum by (le) (rate(marquee_request_seconds_bucket[{RATE}])))",
                    "s",
                )
                for share in (50, 95, 99)
            ),
            Panel(
                "Answers from the cache",
                f'sum(rate(marquee_cache_answers_total{{outcome="hit"}}[{RATE}]))'
                f" / sum(rate(marquee_cache_answers_total[{RATE}]))",
                "percentunit",
            ),
            Panel("Answers that differ from their events", "marquee_audit_differ", "none", now=True),
        ],
    ),
    "data-freshness": (
        "Data Freshness",
        [
            Panel("Age of the batch frontier", "marquee_frontier_lag_seconds", "s"),
            Panel("Age of the oldest record not yet visible", "marquee_speed_lag_seconds", "s"),
            Panel("Records not yet visible", "marquee_consumer_lag_records", "short", "{{topic}}"),
            Panel("Ingest hours in neither layer", "marquee_coverage_gap_hours", "h", now=True),
            Panel("Micro-batches", f"rate(marquee_micro_batches_total[{RATE}]) * 60", "cpm"),
            Panel("Time of the last, by part and work", "marquee_work_last_seconds", "s", "{{part}} {{work}}"),
            Panel("Published run", "marquee_batch_run", "none", now=True),
            Panel("Last run did not fail", "marquee_last_run_ok", "bool_yes_no", now=True),
            Panel("Quality", "marquee_quality_score", "percent", "{{layer}}"),
            Panel("Records in quarantine", "marquee_quarantine_rows", "short"),
            Panel("Age of the last audit", "marquee_audit_age_seconds", "s", now=True),
        ],
    ),
    "infrastructure": (
        "Infrastructure",
        [
            Panel("Free share of the home's disk", "marquee_disk_free_ratio", "percentunit"),
            Panel("Memory of the API", "process_resident_memory_bytes", "bytes"),
            Panel("CPU of the API", f"rate(process_cpu_seconds_total[{RATE}])", "percentunit"),
            Panel("Open files of the API", "process_open_fds", "short"),
            Panel("Time to read a store", "marquee_store_seconds", "s", "{{store}}"),
            Panel(
                "Time spent, by part",
                f"sum by (part) (rate(marquee_work_seconds_total[{RATE}]))",
                "percentunit",
                "{{part}}",
            ),
            Panel("Requests a second that TMDB allows", "marquee_tmdb_rate", "reqps", now=True),
            Panel("Time of a scrape", 'scrape_duration_seconds{job="marquee"}', "s"),
            Panel("Version of the speed views", "marquee_speed_version", "none"),
        ],
    ),
}


def built(uid: str) -> str:
    """Return a dashboard as the JSON that Grafana takes."""
    title, panels = DASHBOARDS[uid]
    page = dashboard.Dashboard(f"Marquee: {title}").uid(f"marquee-{uid}").tags(["marquee"]).readonly()
    page.refresh("30s").time("now-6h", "now").timezone("utc")
    for panel in panels:
        query = prometheus.Dataquery().expr(panel.query).legend_format(panel.legend or panel.title)
        kind = stat.Panel() if panel.now else timeseries.Panel()
        kind = kind.title(panel.title).unit(panel.unit).datasource(SOURCE).span(8).height(7)
        page.with_panel(kind.with_target(query.instant() if panel.now else query.range()))
    return JSONEncoder(sort_keys=True, indent=2).encode(page.build()) + "\n"


def main() -> None:
    """Write all dashboards."""
    FOLDER.mkdir(exist_ok=True)
    for uid in DASHBOARDS:
        (FOLDER / f"{uid}.json").write_text(built(uid))


if __name__ == "__main__":
    main()
