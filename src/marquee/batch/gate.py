"""The quality gate: measures the rules on staged tables, quarantines bad rows, and stops bad runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from marquee.domain.quality import ROW_LEVEL, RULES, Measurement, Rule, Verdict, drift, judge
from marquee.errors import QualityStopError
from marquee.ports import Lake

SAMPLE = 100
"""Bad rows kept per rule and run; the counts are complete."""


def breaks(rows: Any, rule: Rule) -> Any:
    """Return the boolean expression of rows that break a row-level rule."""
    column = rows[rule.columns[0]]
    if rule.kind == "complete":
        return column.isnull()
    return (column.notnull() & ~column.between(rule.low, rule.high)).fill_null(False)


def row_rules(table: str) -> list[Rule]:
    """Return the rules of a table that a row can break by itself."""
    return [rule for rule in RULES if rule.table == table and rule.kind in ROW_LEVEL]


def measure_rows(lake: Lake, table: str, rows: Any) -> list[Measurement]:
    """Measure all row-level rules of a table in one pass."""
    rules = row_rules(table)
    counts = {f"r{index}": breaks(rows, rule).cast("int64").sum() for index, rule in enumerate(rules)}
    found = lake.arrow(rows.aggregate(total=rows.count(), **counts)).to_pylist()[0]
    return [Measurement(rule, int(found[f"r{index}"] or 0), found["total"]) for index, rule in enumerate(rules)]


def sound_rows(lake: Lake, table: str, rows: Any, measured: Sequence[Measurement]) -> tuple[Any, list[tuple[str, str]]]:
    """Return the rows that break no row-level rule, and (reason, raw) of a sample of those that do."""
    bad: list[tuple[str, str]] = []
    for measurement in measured:
        if measurement.passed:
            continue
        broken = breaks(rows, measurement.rule)
        sample = lake.arrow(rows.filter(broken).limit(SAMPLE)).to_pylist()
        bad += [(f"{table}: not so: {measurement.rule.name}", repr(row)) for row in sample]
        rows = rows.filter(~broken)
    return rows, bad


def measure_unique(lake: Lake, rule: Rule, rows: Any) -> Measurement:
    """Count rows beyond the first of each combination of the rule's columns."""
    groups = rows.group_by(list(rule.columns)).agg(rows=rows.count())
    found = lake.arrow(groups.aggregate(total=groups.rows.sum(), distinct=groups.count())).to_pylist()[0]
    total = int(found["total"] or 0)
    return Measurement(rule, total - found["distinct"], total)


def measure_reference(lake: Lake, rule: Rule, rows: Any, target: Any) -> Measurement:
    """Count distinct values of the rule's column that the target table lacks."""
    column = rule.columns[0]
    wanted = rows.select(column).distinct()
    missing = wanted.anti_join(target.select(column).distinct(), column)
    total, failing = (int(lake.arrow(table.count().as_table()).column(0)[0].as_py()) for table in (wanted, missing))
    return Measurement(rule, failing, total)


def profile(lake: Lake, table: str, rows: Any) -> dict[str, float]:
    """Return what drift rules compare between runs: the rows and the share of nulls in the named columns."""
    columns = [rule.columns[0] for rule in RULES if rule.table == table and rule.kind == "null_rise"]
    empty = {name: (rows[name].isnull() | (rows[name] == "")).mean() for name in columns}
    found = lake.arrow(rows.aggregate(rows=rows.count(), **empty)).to_pylist()[0]
    return {"rows": float(found["rows"]), **{f"nulls.{name}": float(found[name] or 0.0) for name in columns}}


def measure_drift(table: str, now: Mapping[str, float], earlier: Sequence[Mapping[str, float]]) -> list[Measurement]:
    """Measure a table's drift rules against earlier runs' profiles."""
    return [
        drift(rule, now, earlier) for rule in RULES if rule.table == table and rule.kind in ("row_drop", "null_rise")
    ]


def pass_gate(layer: str, measurements: Sequence[Measurement]) -> Verdict:
    """Judge a layer; raise QualityStopError when it must not be published."""
    verdict = judge(measurements)
    if verdict.state == "stopped":
        raise QualityStopError(
            f"the {layer} layer scored {verdict.score:.1f} % and the run was not published: {'; '.join(verdict.reasons)}",
            hint="The last good run goes on serving. See `marquee status`, mend the source, run `marquee batch` again.",
        )
    return verdict
