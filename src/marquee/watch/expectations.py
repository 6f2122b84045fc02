"""Great Expectations: the quality rules as suites and checkpoints, with data docs in the home."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
import pyarrow as pa
from great_expectations.checkpoint import Checkpoint, UpdateDataDocsAction

from marquee.domain.quality import NULL_RISE_LIMIT, ROW_DROP_LIMIT, Measurement, Rule, known, usual

logging.getLogger("great_expectations").setLevel(logging.ERROR)


def expectation(rule: Rule, earlier: Sequence[Mapping[str, float]]) -> Any | None:
    """Return what Great Expectations is to expect for a rule; None of a drift rule that has no history."""
    about = {
        "meta": {"rule": rule.name},
        "notes": f"{rule.name} (weight {rule.weight})",
        "severity": "critical" if rule.critical else "warning",
    }
    column = rule.columns[0] if rule.columns else ""
    match rule.kind:
        case "complete":
            return gxe.ExpectColumnValuesToNotBeNull(column=column, **about)
        case "refers":
            return gxe.ExpectColumnValuesToNotBeNull(column=known(column), **about)
        case "between":
            return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=rule.low, max_value=rule.high, **about)
        case "unique" if len(rule.columns) == 1:
            return gxe.ExpectColumnValuesToBeUnique(column=column, **about)
        case "unique":
            return gxe.ExpectCompoundColumnsToBeUnique(column_list=list(rule.columns), **about)
    mean = usual(rule, earlier)
    if mean is None:
        return None
    if rule.kind == "row_drop":
        return gxe.ExpectTableRowCountToBeBetween(min_value=int(mean * (1 - ROW_DROP_LIMIT)), max_value=None, **about)
    least = max(0.0, 1 - mean - NULL_RISE_LIMIT)
    return gxe.ExpectColumnProportionOfNonNullValuesToBeBetween(column=column, min_value=least, max_value=1.0, **about)


class Expectations:
    """A project of Great Expectations in a folder: one suite, validation and checkpoint for each table."""

    def __init__(self, folder: Path) -> None:
        self.context = gx.get_context(mode="file", project_root_dir=folder)
        self.context.variables.progress_bars = {"globally": False}
        self.docs = folder / "gx" / "uncommitted" / "data_docs" / "local_site" / "index.html"

    def check(
        self, table: str, rules: Sequence[Rule], rows: pa.Table, earlier: Sequence[Mapping[str, float]]
    ) -> list[Measurement]:
        """Run a table's checkpoint over rows that hold the rules' columns; return what each rule found.

        earlier: the table's profiles of earlier runs, for the drift rules.
        """
        named, context = {rule.name: rule for rule in rules}, self.context
        expected = [found for rule in rules if (found := expectation(rule, earlier)) is not None]
        suite = context.suites.add_or_update(gx.ExpectationSuite(name=table, expectations=expected))
        source = context.data_sources.add_or_update_pandas(name=table)
        batch = source.add_dataframe_asset(name=table).add_batch_definition_whole_dataframe("rows")
        validation = context.validation_definitions.add_or_update(
            gx.ValidationDefinition(name=table, data=batch, suite=suite)
        )
        checkpoint = context.checkpoints.add_or_update(
            Checkpoint(
                name=table,
                validation_definitions=[validation],
                actions=[UpdateDataDocsAction(name="data docs")],
                result_format={"result_format": "SUMMARY", "partial_unexpected_count": 5},
            )
        )
        # pandas' own integers become floats beside a null, and floats forget the last digits.
        frame = rows.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
        ran = checkpoint.run(batch_parameters={"dataframe": frame})
        (outcome,) = ran.run_results.values()
        return [measured(named[found.expectation_config.meta["rule"]], found) for found in outcome.results]


def measured(rule: Rule, found: Any) -> Measurement:
    """Return a validation's result as a rule's measurement; one that could not be worked out has failed."""
    counted = found.result.get("unexpected_count")
    if counted is None:
        return Measurement(rule, int(not found.success), 1)
    return Measurement(rule, int(counted), int(found.result["element_count"]))
