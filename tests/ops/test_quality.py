"""Great Expectations measures what the gate measures, and stops what the gate would stop."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.facts import film, review
from tests.processes import run

from marquee.app import Platform
from marquee.batch import gate
from marquee.domain.quality import ROW_LEVEL, RULES, Rule
from marquee.domain.timeline import HOUR, ManualClock
from marquee.libraries.arrow import arrow_schema
from marquee.settings import load

CHECKED = sorted({rule.table for rule in RULES})


def bad_value(rule: Rule) -> Any:
    """A value that breaks a row-level rule."""
    return None if rule.kind == "complete" else (rule.high or 0) + 1


def spoiled(table: str, rules: list[Rule]) -> pa.Table:
    """Five sound rows, and for each rule a row that breaks it; the last row is there twice."""
    rows: list[dict[str, Any]] = []
    for number, broken in enumerate([None] * 5 + rules):
        row: dict[str, Any] = {}
        for rule in rules:
            for column in rule.columns:
                row.setdefault(column, number)
            if rule.kind == "between" and rule.low is not None and rule.high is not None:
                row[rule.columns[0]] = min(max(number, rule.low), rule.high)
        if broken is not None and broken.kind in ROW_LEVEL:
            row[broken.columns[0]] = bad_value(broken)
        rows.append(row)
    schema = arrow_schema(table)
    text = {field.name for field in schema if field.type == pa.string()}
    rows = [{k: str(v) if k in text and v is not None else v for k, v in row.items()} for row in [*rows, rows[-1]]]
    return pa.Table.from_pylist(rows, schema=pa.schema([schema.field(name) for name in rows[0]]))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("table", CHECKED)
def test_both_measure_the_same(table: str, platform: Platform, tmp_path: Path) -> None:
    from marquee.watch.expectations import Expectations

    rules = [rule for rule in RULES if rule.table == table and rule.kind in ("complete", "between", "unique")]
    held = spoiled(table, rules)
    rows = platform.lake.memory(held)
    wanted = {found.rule.name: found for found in gate.measure_rows(platform.lake, table, rows)}
    for rule in rules:
        if rule.kind == "unique":
            wanted[rule.name] = gate.measure_unique(platform.lake, rule, rows)
    found = {one.rule.name: one for one in Expectations(tmp_path / "gx").check(table, rules, held, [])}
    assert found.keys() == wanted.keys()
    for name, one in found.items():
        if one.rule.kind == "unique":  # Great Expectations counts all copies, the gate those beyond the first
            assert (one.failing > 0, wanted[name].failing > 0) == (True, True), name
        else:
            assert (one.failing, one.total) == (wanted[name].failing, wanted[name].total), name
            assert one.failing > 0, name


def checked(home: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run `marquee quality`."""
    done = run("quality", *arguments, "--home", str(home), "--json")
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def test_a_layer_that_is_wrong_is_told_and_not_to_be_published(world_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(world_home, home)
    for layer in ("bronze", "silver", "gold"):
        code, found, said = checked(home, layer)
        assert (code, found.get("state")) == (0, "passed"), said
        assert found["rows"] > 10
        assert found["expectations"] >= 2
        assert "data_docs" in found["docs"]
        assert f"{layer}." in Path(found["docs"]).read_text()


def test_copies_and_a_drop_are_found(platform: Platform, clock: ManualClock) -> None:
    platform.door().accept([film(n, clock.now()) for n in range(1, 9)])
    platform.door().accept([review(n, clock.now(), f"r{n}") for n in range(1, 9)])
    clock.time += HOUR
    platform.batch().run()
    home = platform.home.folder
    code, found, _ = checked(home, "silver")
    assert (code, found["state"]) == (0, "passed")
    held = platform.lake.arrow(platform.lake.table("silver.films"))
    platform.lake.append("silver.films", held.slice(0, 1), {"hour": "0"})
    code, found, said = checked(home, "silver")
    assert code == 3
    assert found["reasons"] == ["silver.films: a film event is held once: 2 of 9 failed (critical)"]
    assert "may not be published" in said
    partitions = platform.lake.partitions("silver.films")
    platform.lake.replace("silver.films", held.slice(0, 2), partitions, {"hour": "0"})
    code, found, said = checked(home, "silver")
    assert "silver.films: films do not vanish: 1 of 1 failed" in found["reasons"], (found, said)
    assert "silver.reviews: a review's film is known: 6 of 8 failed" in found["reasons"]
    code, found, said = checked(home, "silver", "--new")
    assert (code, found["rows"]) == (0, 0), said


def test_an_unknown_layer_is_named(tmp_path: Path) -> None:
    Platform(load(home=tmp_path / "home")).home.open()
    code, _, said = checked(tmp_path / "home", "platinum")
    assert code == 2
    assert "bronze, silver, gold" in said
