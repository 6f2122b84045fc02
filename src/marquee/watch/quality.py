"""The quality rules once more, on what the lake holds, measured by Great Expectations and shown in its data docs."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis

from marquee.app import Platform
from marquee.batch.run import HISTORY
from marquee.domain.quality import RULES, Measurement, Rule, Verdict, judge, known
from marquee.errors import SettingsError
from marquee.ports import Lake

LAYERS = ("bronze", "silver", "gold")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. docs: the page to open."""

    rows: int
    measurements: Sequence[Measurement]
    verdict: Verdict
    docs: Path


def check(platform: Platform, layer: str, *, new: bool = False) -> Checked:
    """Run the suites of a layer's tables.

    new: only rows ingested since the published frontier, so that the cost follows what is new; drift rules,
    which compare whole tables, are then left out. Gold has no ingest time and is always checked whole.
    """
    if layer not in LAYERS:
        raise SettingsError(f"there is no layer {layer!r}", hint=f"Choose one of: {', '.join(LAYERS)}.")
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the library is imported: nothing is sent anywhere
    from marquee.watch.expectations import Expectations

    with platform.views.snapshot() as snapshot:
        published = snapshot.publication
    since = published.frontier.hour if new and published is not None and layer != "gold" else 0
    profiles = [run.report.get(layer, {}).get("profiles", {}) for run in platform.runs.latest(HISTORY)]
    suites, rows, found = Expectations(platform.home.path("quality")), 0, list[Measurement]()
    tables = dict.fromkeys(rule.table for rule in RULES if rule.layer == layer)
    for table in tables:
        rules = [rule for rule in RULES if rule.table == table]
        earlier: list[Mapping[str, float]] = [] if since else [profile.get(table, {}) for profile in profiles]
        held = frame(platform.lake, table, rules, since)
        rows += held.num_rows
        found += suites.check(table, rules, held, earlier)
    platform.lake.release()
    return Checked(rows, found, judge(found), suites.docs)


def frame(lake: Lake, table: str, rules: Sequence[Rule], since: int) -> Any:
    """Return as Arrow the columns of a table that its rules name, of the rows ingested from `since` on."""
    rows = lake.table(table)
    if since:
        rows = rows.filter(rows.ingest_time >= since)
    kept = {column: rows[column] for rule in rules for column in rule.columns}
    for rule in rules:
        if rule.kind == "null_rise":
            kept[rule.columns[0]] = rows[rule.columns[0]].nullif("")
    if "body" in kept:
        kept["body"] = rows.body.left(1)  # whether there is one; whole bodies would fill the memory
    held = rows.select(**kept)
    for rule in rules:
        if rule.kind == "refers":
            column = rule.columns[0]
            target = lake.table(rule.target).select(column).distinct().mutate(**{known(column): ibis.literal(1)})
            held = held.left_join(target, column).select(*held.columns, known(column))
    return lake.arrow(held)
