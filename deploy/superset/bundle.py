"""Superset's dashboards as code: writes the bundle that Superset imports (`bundle/`), over the tables of `marquee export`.

Run as `python deploy/superset/bundle.py`; a test holds the files to what this says.
"""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

FOLDER = Path(__file__).parent / "bundle"
VERSION = "1.0.0"
DATABASE = "Marquee"
ROW_UNITS = 12
"""Columns of a dashboard's grid."""


def identity(kind: str, name: str) -> str:
    """Return the UUID of a part of the bundle: the same at every run, so that importing again replaces."""
    return str(uuid5(NAMESPACE_URL, f"marquee/superset/{kind}/{name}"))


@dataclass(frozen=True)
class Dataset:
    """A table of the export, or a question over several. metrics: name to SQL and format; time: its time column."""

    name: str
    columns: dict[str, str]
    metrics: dict[str, tuple[str, str]]
    time: str | None = None
    sql: str | None = None

    def document(self) -> dict[str, Any]:
        """Return Superset's description of it."""
        return {
            "table_name": self.name,
            "main_dttm_col": self.time,
            "schema": "main",
            "sql": self.sql,
            "filter_select_enabled": True,
            "normalize_columns": False,
            "always_filter_main_dttm": False,
            "offset": 0,
            "uuid": identity("dataset", self.name),
            "metrics": [
                {"metric_name": name, "expression": expression, "d3format": form}
                for name, (expression, form) in self.metrics.items()
            ],
            "columns": [
                {
                    "column_name": name,
                    "type": kind,
                    "is_dttm": kind in ("DATE", "TIMESTAMP"),
                    "is_active": True,
                    "groupby": True,
                    "filterable": True,
                }
                for name, kind in self.columns.items()
            ],
            "version": VERSION,
            "database_uuid": identity("database", DATABASE),
        }


REVIEWS = {
    "reviews": ("sum(reviews)", ",d"),
    "sentiment": ("sum(compound) / nullif(sum(reviews), 0) / 10000", "+.3f"),
    "share positive": ("sum(positive) / nullif(sum(reviews), 0)", ".1%"),
    "films reviewed": ("count(DISTINCT movie_id)", ",d"),
}
SUMS = dict.fromkeys(("movie_id", "reviews", "positive", "negative", "compound"), "BIGINT")

DAILY = Dataset(
    "daily films",
    {"day": "DATE", **SUMS, "title": "VARCHAR", "tier": "VARCHAR", "language": "VARCHAR", "release_year": "BIGINT"},
    REVIEWS,
    "day",
    "SELECT daily.*, title, coalesce(tier, 'unknown') AS tier, language, release_year\n"
    "FROM daily JOIN films USING (movie_id)",
)
GENRES = Dataset(
    "daily genres",
    {"day": "DATE", **SUMS, "genre": "VARCHAR"},
    REVIEWS,
    "day",
    "SELECT daily.*, genre FROM daily JOIN film_genres USING (movie_id)",
)
FILMS = Dataset(
    "films",
    {
        "movie_id": "BIGINT",
        "title": "VARCHAR",
        "release_date": "DATE",
        "release_year": "BIGINT",
        "language": "VARCHAR",
        "tier": "VARCHAR",
        "rating": "DOUBLE",
        "weighted_rating": "DOUBLE",
        "votes": "BIGINT",
        "popularity": "DOUBLE",
        "reviews": "BIGINT",
        "sentiment": "DOUBLE",
    },
    {
        "films": ("count(*)", ",d"),
        "mean rating": ("avg(rating)", ".2f"),
        "weighted rating": ("max(weighted_rating)", ".2f"),
        "all votes": ("sum(votes)", ",d"),
        "all reviews": ("sum(reviews)", ",d"),
    },
)
RECENT = Dataset(
    "recent reviews",
    {"window_start": "TIMESTAMP", "movie_id": "BIGINT", "reviews": "BIGINT", "title": "VARCHAR"},
    {"reviews": ("sum(reviews)", ",d"), "films": ("count(DISTINCT movie_id)", ",d")},
    "window_start",
    "SELECT recent.*, title FROM recent LEFT JOIN films USING (movie_id)",
)
RECENT_GENRES = Dataset(
    "recent genres",
    {"window_start": "TIMESTAMP", "reviews": "BIGINT", "genre": "VARCHAR"},
    {"reviews": ("sum(reviews)", ",d")},
    "window_start",
    "SELECT window_start, recent.reviews, genre FROM recent JOIN film_genres USING (movie_id)",
)
TRENDS = Dataset(
    "trends",
    {
        "period": "VARCHAR",
        "rank": "BIGINT",
        "title": "VARCHAR",
        "observed": "BIGINT",
        "expected": "DOUBLE",
        "score": "DOUBLE",
        "state": "VARCHAR",
        "rising": "BOOLEAN",
        "velocity": "DOUBLE",
        "hot": "DOUBLE",
    },
    {
        "films": ("count(*)", ",d"),
        "films rising": ("count(*) FILTER (WHERE rising)", ",d"),
        "heat": ("max(hot)", ".2f"),
    },
)
MONEY = Dataset(
    "money",
    {
        "dimension": "VARCHAR",
        "value": "VARCHAR",
        "films": "BIGINT",
        "budget": "BIGINT",
        "revenue": "BIGINT",
        "profit": "BIGINT",
        "roi": "DOUBLE",
        "median_roi": "DOUBLE",
        "share_recouped": "DOUBLE",
    },
    {
        "revenue": ("sum(revenue)", "$.3s"),
        "profit": ("sum(profit)", "$.3s"),
        "median return": ("max(median_roi)", "+.0%"),
        "share that recouped": ("max(share_recouped)", ".0%"),
    },
)
EDITION = Dataset(
    "edition",
    {
        "exported_at": "TIMESTAMP",
        "run_id": "VARCHAR",
        "frontier": "TIMESTAMP",
        "speed_through": "TIMESTAMP",
        "complete": "BOOLEAN",
        "gap_hours": "DOUBLE",
        "quality": "DOUBLE",
    },
    {
        "speed lag": ("max(date_diff('second', speed_through, exported_at))", ",d"),
        "frontier lag": ("max(date_diff('minute', frontier, exported_at))", ",d"),
        "hours missing": ("max(gap_hours)", ",.0f"),
        "quality score": ("min(quality)", ".1f"),
    },
    sql="SELECT edition.*, (SELECT min(score) FROM quality) AS quality FROM edition",
)
DATASETS = (DAILY, GENRES, FILMS, RECENT, RECENT_GENRES, TRENDS, MONEY, EDITION)


@dataclass(frozen=True)
class Chart:
    """A chart: Superset's kind of picture, its settings, and the question it puts to its dataset."""

    name: str
    kind: str
    dataset: Dataset
    settings: dict[str, Any]
    question: dict[str, Any]
    width: int = 4
    height: int = 50

    def document(self) -> dict[str, Any]:
        """Return Superset's description of it."""
        asked = {
            "filters": [],
            "extras": {"having": "", "where": ""},
            "applied_time_extras": {},
            "annotation_layers": [],
            "url_params": {},
            "custom_params": {},
            "custom_form_data": {},
            "row_limit": 1_000,
            **self.question,
        }
        form = {
            "datasource": "0__table",
            "viz_type": self.kind,
            "adhoc_filters": [],
            "row_limit": 1_000,
            **self.settings,
        }
        context = {
            "datasource": {"id": 0, "type": "table"},
            "force": False,
            "queries": [asked],
            "form_data": form,
            "result_format": "json",
            "result_type": "full",
        }
        return {
            "slice_name": self.name,
            "viz_type": self.kind,
            "params": form,
            "query_context": json.dumps(context, sort_keys=True),
            "uuid": identity("chart", self.name),
            "version": VERSION,
            "dataset_uuid": identity("dataset", self.dataset.name),
        }


def within(column: str, range_: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a filter on a time column as a chart's settings and as its question have it."""
    held = {"clause": "WHERE", "comparator": range_, "expressionType": "SIMPLE", "operator": "TEMPORAL_RANGE"}
    return {**held, "subject": column}, {"col": column, "op": "TEMPORAL_RANGE", "val": range_}


def equal(column: str, value: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a filter on a value, likewise."""
    held = {"clause": "WHERE", "comparator": value, "expressionType": "SIMPLE", "operator": "=="}
    return {**held, "subject": column}, {"col": column, "op": "==", "val": value}


Filters = tuple[tuple[dict[str, Any], dict[str, Any]], ...]


def filtered(filters: Filters) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return filters as parts of a chart's settings and of its question."""
    return {"adhoc_filters": [held for held, _ in filters]}, {"filters": [asked for _, asked in filters]}


def number(name: str, dataset: Dataset, metric: str, about: str, filters: Filters = ()) -> Chart:
    """Return a big number with a line about it."""
    held, asked = filtered(filters)
    settings = {"metric": metric, "subheader": about, "y_axis_format": dataset.metrics[metric][1], **held}
    return Chart(name, "big_number_total", dataset, settings, {"metrics": [metric], "columns": [], **asked}, 3, 22)


def column_of(dataset: Dataset, x: str, grain: str | None) -> Any:
    """Return an axis' column as a question has it: a time is cut to its grain."""
    if dataset.columns[x] not in ("DATE", "TIMESTAMP"):
        return x
    return {"columnType": "BASE_AXIS", "expressionType": "SQL", "label": x, "sqlExpression": x, "timeGrain": grain}


def axes(
    name: str, kind: str, dataset: Dataset, x: str, metrics: list[str], *, by: str | None = None,
    grain: str | None = None, filters: Filters = (), **more: Any,
) -> Chart:  # fmt: skip
    """Return a chart over an axis: lines, areas or bars, by the values of a column."""
    held, asked = filtered(filters)
    axis = column_of(dataset, x, grain)
    timed = isinstance(axis, dict)
    width = more.pop("width", 6)
    settings = {
        "x_axis": x,
        "time_grain_sqla": grain,
        "metrics": metrics,
        "groupby": [by] if by else [],
        "y_axis_format": dataset.metrics[metrics[0]][1],
        "show_legend": bool(by) or len(metrics) > 1,
        "rich_tooltip": True,
        "x_axis_sort_asc": timed,
        **({} if timed else {"x_axis_sort": metrics[0], "xAxisLabelRotation": 45}),
        **held,
        **more,
    }
    question = {
        "columns": [axis, *([by] if by else [])],
        "metrics": metrics,
        "orderby": [[metrics[0], False]],
        "series_columns": [by] if by else [],
        **asked,
    }
    return Chart(name, kind, dataset, settings, question, width)


def listing(name: str, dataset: Dataset, columns: list[str], order: str, *, filters: Filters = (), up: bool = False,
            rows: int = 10, width: int = 6) -> Chart:  # fmt: skip
    """Return a table of rows as they stand."""
    held, asked = filtered(filters)
    settings = {
        "query_mode": "raw",
        "all_columns": columns,
        "order_by_cols": [json.dumps([order, up])],
        "row_limit": rows,
        "server_page_length": rows,
        "table_timestamp_format": "smart_date",
        "show_cell_bars": False,
        **held,
    }
    question = {"columns": columns, "metrics": None, "orderby": [[order, up]], "row_limit": rows, **asked}
    return Chart(name, "table", dataset, settings, question, width)


def share(name: str, dataset: Dataset, by: str, metric: str, filters: Filters = ()) -> Chart:
    """Return a ring of shares."""
    held, asked = filtered(filters)
    settings = {
        "groupby": [by],
        "metric": metric,
        "sort_by_metric": True,
        "donut": True,
        "show_legend": True,
        "row_limit": 12,
        **held,
    }
    question = {"columns": [by], "metrics": [metric], "orderby": [[metric, False]], "row_limit": 12, **asked}
    return Chart(name, "pie", dataset, settings, question)


def heat(name: str, dataset: Dataset, x: str, y: str, metric: str, grain: str | None, filters: Filters = ()) -> Chart:
    """Return a map of a metric over two columns."""
    held, asked = filtered(filters)
    settings = {
        "x_axis": x,
        "time_grain_sqla": grain,
        "groupby": y,
        "metric": metric,
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_asc",
        "normalize_across": "heatmap",
        "legend_type": "continuous",
        "linear_color_scheme": "schemeRdYlBu",
        "xscale_interval": -1,
        "yscale_interval": -1,
        "left_margin": "auto",
        "bottom_margin": "auto",
        "value_bounds": [None, None],
        "y_axis_format": dataset.metrics[metric][1],
        "show_legend": True,
        "show_percentage": False,
        **held,
    }
    question = {
        "columns": [column_of(dataset, x, grain), y],
        "metrics": [metric],
        "orderby": [[metric, False]],
        **asked,
    }
    return Chart(name, "heatmap_v2", dataset, settings, question, 8, 60)


@dataclass(frozen=True)
class Dashboard:
    """A dashboard: rows of charts, and how often it asks anew (seconds, 0 for never)."""

    title: str
    slug: str
    rows: list[list[Chart]]
    refresh: int = 0
    charts: list[Chart] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "charts", [chart for row in self.rows for chart in row])
        for row in self.rows:
            assert sum(chart.width for chart in row) <= ROW_UNITS, (self.title, [chart.name for chart in row])  # noqa: S101

    def document(self) -> dict[str, Any]:
        """Return Superset's description of it."""
        rows = [f"ROW-{number}" for number in range(len(self.rows))]
        position: dict[str, Any] = {
            "DASHBOARD_VERSION_KEY": "v2",
            "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
            "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": rows, "parents": ["ROOT_ID"]},
            "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": self.title}},
        }
        for row, charts in zip(rows, self.rows, strict=True):
            above = ["ROOT_ID", "GRID_ID"]
            names = [f"CHART-{identity('chart', chart.name)[:8]}" for chart in charts]
            meta = {"background": "BACKGROUND_TRANSPARENT"}
            position[row] = {"type": "ROW", "id": row, "children": names, "parents": above, "meta": meta}
            for name, chart in zip(names, charts, strict=True):
                position[name] = {
                    "type": "CHART",
                    "id": name,
                    "children": [],
                    "parents": [*above, row],
                    "meta": {
                        "uuid": identity("chart", chart.name),
                        "sliceName": chart.name,
                        "width": chart.width,
                        "height": chart.height,
                        "chartId": 0,
                    },
                }
        return {
            "dashboard_title": self.title,
            "slug": self.slug,
            "css": "",
            "published": True,
            "uuid": identity("dashboard", self.slug),
            "position": position,
            "metadata": {
                "refresh_frequency": self.refresh,
                "color_scheme": "supersetColors",
                "cross_filters_enabled": True,
            },
            "version": VERSION,
        }


MONTH, QUARTER, WEEKS = within("day", "Last month"), within("day", "Last quarter"), within("day", "Last week")
DASHBOARDS = (
    Dashboard(
        "Executive Overview",
        "marquee-executive",
        [
            [
                number("Films known", FILMS, "films", "in the catalogue"),
                number("Reviews this week", DAILY, "reviews", "in the last 7 days", (WEEKS,)),
                number("Sentiment this week", DAILY, "sentiment", "mean, -1 to 1, last 7 days", (WEEKS,)),
                number("Data quality", EDITION, "quality score", "% of weighted checks passed"),
            ],
            [
                axes("Reviews a day", "echarts_timeseries_bar", DAILY, "day", ["reviews"], grain="P1D", filters=(QUARTER,)),
                axes("Sentiment by day", "echarts_timeseries_line", DAILY, "day", ["sentiment"], grain="P1D", filters=(QUARTER,)),
            ],
            [
                axes("What is discussed", "echarts_timeseries_bar", GENRES, "genre", ["reviews"], filters=(MONTH,), width=6),
                axes("Revenue by genre", "echarts_timeseries_bar", MONEY, "value", ["revenue"],
                     filters=(equal("dimension", "genre"),), width=6),
            ],
            [
                listing("Best rated", FILMS, ["title", "release_year", "weighted_rating", "votes"], "weighted_rating", width=6),
                listing("Rising this week", TRENDS, ["rank", "title", "observed", "expected", "state"], "rank",
                        filters=(equal("period", "7d"),), up=True, width=6),
            ],
        ],
    ),
    Dashboard(
        "Real-time Analytics",
        "marquee-realtime",
        [
            [
                number("Seconds behind", EDITION, "speed lag", "from the log to the answers"),
                number("Minutes since the frontier", EDITION, "frontier lag", "the batch layer's last hour"),
                number("Hours missing", EDITION, "hours missing", "that neither layer holds"),
                number("Films rising", TRENDS, "films rising", "over the last 24 hours", (equal("period", "24h"),)),
            ],
            [
                axes("Reviews by 5 minutes", "echarts_timeseries_bar", RECENT, "window_start", ["reviews"],
                     width=8),
                share("Genres in the last two days", RECENT_GENRES, "genre", "reviews"),
            ],
            [
                listing("Hot now", TRENDS, ["title", "hot", "observed", "expected", "velocity"], "hot",
                        filters=(equal("period", "1h"),), width=6),
                listing("Trending over 24 hours", TRENDS, ["rank", "title", "observed", "expected", "score", "state"], "rank",
                        filters=(equal("period", "24h"),), up=True, width=6),
            ],
            [
                axes("Films reviewed by the hour", "echarts_timeseries_line", RECENT, "window_start", ["films"],
                     grain="PT1H", width=12),
            ],
        ],
        refresh=60,
    ),
    Dashboard(
        "Historical Analysis",
        "marquee-history",
        [
            [
                axes("Reviews by genre and week", "echarts_area", GENRES, "day", ["reviews"], by="genre", grain="P1W",
                     stack="Stack", width=12),
            ],
            [
                axes("Sentiment by tier and week", "echarts_timeseries_line", DAILY, "day", ["sentiment"], by="tier",
                     grain="P1W"),
                axes("Share positive by week", "echarts_timeseries_line", DAILY, "day", ["share positive"], grain="P1W"),
            ],
            [
                heat("Sentiment by genre and month", GENRES, "day", "genre", "sentiment", "P1M"),
                share("Reviews by tier", DAILY, "tier", "reviews"),
            ],
            [
                axes("Films by year of release", "echarts_timeseries_bar", FILMS, "release_year", ["films"],
                     x_axis_sort="release_year", x_axis_sort_asc=True),
                axes("Median return by genre", "echarts_timeseries_bar", MONEY, "value", ["median return"],
                     filters=(equal("dimension", "genre"),)),
            ],
        ],
    ),
)  # fmt: skip


def documents() -> dict[str, dict[str, Any]]:
    """Return the bundle's files: path to content."""

    def named(kind: str, name: str) -> str:
        return f"{kind}/{name.lower().replace(' ', '_').replace('-', '_')}.yaml"

    database = {
        "database_name": DATABASE,
        # Where the file is, superset_config.py says: MARQUEE_EXPORT.
        "sqlalchemy_uri": "duckdb:///marquee.duckdb",
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_file_upload": False,
        "extra": {"allows_virtual_table_explore": True, "engine_params": {"connect_args": {"read_only": True}}},
        "uuid": identity("database", DATABASE),
        "version": VERSION,
    }
    return {
        "metadata.yaml": {"version": VERSION, "type": "Dashboard", "timestamp": "2026-01-01T00:00:00+00:00"},
        named("databases", DATABASE): database,
        **{named(f"datasets/{DATABASE}", held.name): held.document() for held in DATASETS},
        **{named("charts", chart.name): chart.document() for board in DASHBOARDS for chart in board.charts},
        **{named("dashboards", board.slug): board.document() for board in DASHBOARDS},
    }


def text_of(document: dict[str, Any]) -> str:
    """Return a file's text."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120))


if __name__ == "__main__":
    for name, held in documents().items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text_of(held))
    sys.stdout.write(f"wrote {len(documents())} files to {FOLDER}\n")
