"""Gold: cells of all measures per film, rolled up the ladder; always base plus the fold of silver.

Several rows may hold parts of one cell: readers merge them, as merging is all that can be done to a cell.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import ibis

from marquee.batch import gate
from marquee.batch.shape import shape
from marquee.batch.silver import read
from marquee.domain.calendar import aged, hour_start, month_of, with_gold_month
from marquee.domain.events import RATINGS, REVIEWS
from marquee.domain.measures import climb_table, lift_readings_table, lift_reviews_table, merge_table
from marquee.domain.quality import RULES, Measurement, Rule
from marquee.domain.tables import BASE, CELLS, SILVER, TABLES
from marquee.domain.timeline import WINDOW, data_end, ladder_top
from marquee.ports import Lake

ACCOUNTED = Rule("gold accounts for every silver review", CELLS, "between", ("reviews",), critical=True)
ABOVE_ZERO = Rule("no film counts below zero", CELLS, "between", ("reviews",))
FILES_KEPT = 12
"""Files of a partition at which it is rewritten as one."""

ROWS = tuple(TABLES[CELLS].columns)


def gold_hour(lake: Lake) -> int:
    """Return the frontier that gold stands at (ms), 0 before the first run."""
    return int(lake.properties(CELLS).get("hour", 0))


def noted_shape(lake: Lake) -> str:
    """Return the shape that gold was last made whole in."""
    return lake.properties(CELLS).get("shape", "")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far gold goes: all ingested before `frontier`; the newest event's time, -1 of none; the ladder's top. In ms."""

    frontier: int
    newest: int
    top: int

    @property
    def present(self) -> int:
        """Up to where what is recent is counted: the frontier, or the end of data that has ended."""
        ended = data_end(self.newest, self.frontier)
        return self.frontier if ended is None else ended


def reach(lake: Lake) -> Reach:
    """Return how far gold goes as it stands."""
    noted = lake.properties(CELLS)
    frontier = int(noted.get("hour", 0))
    return Reach(frontier, int(noted.get("newest", -1)), int(noted.get("top", frontier)))


def next_reach(lake: Lake, end: int, *, full: bool) -> Reach:
    """Return how far gold will go at frontier `end`."""
    before = reach(lake)
    start = 0 if full or before.newest < 0 else before.frontier
    times = [read(lake, SILVER[topic], start, end) for topic in (REVIEWS, RATINGS)]
    seen = [rows.aggregate(newest=rows.event_time.max()) for rows in times]
    if start == 0:
        base = lake.table(BASE)
        seen.append(base.aggregate(newest=base.window.max()))
    found = lake.arrow(ibis.union(*seen)).column(0).to_pylist()
    newest = max([before.newest, *(time for time in found if time is not None)])
    return Reach(end, newest, max(before.top, ladder_top(newest, end)))


def silver_from(lake: Lake) -> int:
    """Return the ingest time below which silver rows are counted in base, not in silver."""
    return int(lake.properties(BASE).get("silver_from", 0))


def fold(lake: Lake, start: int, end: int) -> Any:
    """Lift the silver rows with ingest time in [start, end) to 5-minute cells, a row an event or a share of one; climbing
    merges them."""
    start = max(start, silver_from(lake))
    reviews = lift_reviews_table(read(lake, SILVER[REVIEWS], start, end))
    ratings = lift_readings_table(read(lake, SILVER[RATINGS], start, end))
    return reviews.union(ratings).mutate(span=ibis.literal(WINDOW, "int64"))


def refold(lake: Lake, to: Reach) -> tuple[Any, list[dict[str, Any]]]:
    """Return gold from all that is held, and the partitions this replaces: all of them."""
    base = lake.table(BASE).drop("year", "month")
    everything = base.union(fold(lake, 0, to.frontier).select(*base.columns))
    return with_gold_month(climb_table(everything, to.top)).select(*ROWS), lake.partitions(CELLS)


def advance(lake: Lake, to: Reach) -> tuple[Any, list[dict[str, Any]]]:
    """Return the cells that new silver rows add, and the partitions rewritten with them.

    Cells merge when they are read, so new ones are appended beside old ones of the same window. Rewritten,
    and merged, are only the partitions whose cells climb the ladder, and those that have many files.
    """
    before = reach(lake)
    files = Counter((part["year"], part["month"]) for part in lake.files(CELLS))
    ripe = {(part["year"], part["month"]) for part in aged(before.top, to.top)}
    ripe |= {part for part, count in files.items() if count >= FILES_KEPT}
    fresh = fold(lake, before.frontier, to.frontier)
    if not ripe:
        return with_gold_month(climb_table(fresh, to.top)).select(*ROWS), []
    where = {"year": sorted({year for year, _ in ripe}), "month": sorted({month for _, month in ripe})}
    held = lake.table(CELLS, where)
    held = held.filter((held.year * 100 + held.month).isin([year * 100 + month for year, month in ripe]))
    held = held.drop("year", "month")
    climbed = climb_table(held.union(fresh.select(*held.columns)), to.top)
    return with_gold_month(climbed).select(*ROWS), [{"year": year, "month": month} for year, month in sorted(ripe)]


def build(lake: Lake, end: int, *, full: bool) -> dict[str, Any] | None:
    """Bring gold to frontier `end` in one commit, after its gate; return the report, None where it is there already."""
    if gold_hour(lake) >= end and not full:
        return None
    to = next_reach(lake, end, full=full)
    rows, replaced = refold(lake, to) if full or gold_hour(lake) == 0 else advance(lake, to)
    staged = lake.local(rows)
    measurements = gate.measure_rows(lake, CELLS, staged)
    measurements += [
        gate.measure_unique(lake, rule, staged) for rule in RULES if rule.table == CELLS and rule.kind == "unique"
    ]
    measurements += measure_accounted(lake, staged, replaced, end)
    verdict = gate.pass_gate("gold", measurements)
    noted = {"hour": str(end), "newest": str(to.newest), "top": str(to.top)}
    if full or gold_hour(lake) == 0:
        noted["shape"] = shape()
    written = lake.replace(CELLS, staged, replaced, noted)
    return {"score": verdict.score, "state": verdict.state, "reasons": verdict.reasons, "cells": written}


def total(lake: Lake, rows: Any, column: str) -> int:
    """Return the sum of a column, 0 of no rows."""
    return int(lake.arrow(rows.aggregate(total=rows[column].sum())).column(0)[0].as_py() or 0)


def measure_accounted(lake: Lake, staged: Any, replaced: list[dict[str, Any]], end: int) -> list[Measurement]:
    """Compare the reviews gold will count with the weights silver and base hold, and look for films below zero."""
    gone = [part["year"] * 100 + part["month"] for part in replaced]
    held = lake.table(CELLS)
    kept = held.filter((held.year * 100 + held.month).notin(gone)) if gone else held
    films = kept.select("movie_id", "reviews").union(staged.select("movie_id", "reviews")).group_by("movie_id")
    totals = films.agg(reviews=lambda t: t.reviews.sum().cast("int64"))
    found = lake.arrow(
        totals.aggregate(films=totals.count(), reviews=totals.reviews.sum(), below=(totals.reviews < 0).sum())
    ).to_pylist()[0]
    reviews = read(lake, SILVER[REVIEWS], silver_from(lake), end)
    expected = total(lake, reviews, "weight") + total(lake, lake.table(BASE), "reviews")
    missed = abs(int(found["reviews"] or 0) - expected)
    return [
        Measurement(ACCOUNTED, missed, max(expected, 1)),
        Measurement(ABOVE_ZERO, int(found["below"] or 0), found["films"]),
    ]


def retire_silver(lake: Lake, before: int) -> None:
    """Move silver months that ended by `before` into base, then drop them.

    Base records, in the commit that takes the rows in, from where silver counts: a crash before the drop
    leaves rows that are no longer read.
    """
    cut = hour_start(month_of(before))
    if silver_from(lake) < cut:
        old = fold(lake, silver_from(lake), cut)
        base = lake.table(BASE).drop("year", "month")
        merged = merge_table(base.union(old.select(*base.columns)), ["movie_id", "window", "span"])
        rows = with_gold_month(merged).select(*ROWS)
        lake.replace(BASE, rows, lake.partitions(BASE), {"silver_from": str(cut)})
    for name in (SILVER[REVIEWS], SILVER[RATINGS]):
        lake.drop_partitions(name, [part for part in lake.partitions(name) if hour_start(part) < cut])
