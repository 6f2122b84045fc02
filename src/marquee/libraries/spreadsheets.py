"""Tables for other programs: rows of an answer as CSV or Parquet (pyarrow)."""

import io
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

TABLE_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def flat(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a row without nesting: {"votes": {"count": 1}} becomes {"votes.count": 1}, lists become text."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            plain = all(isinstance(item, str) for item in value)
            found[prefix + name] = "; ".join(value) if plain else orjson.dumps(value).decode()
        else:
            found[prefix + name] = value
    return found


def arrow_rows(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return rows as an Arrow table whose columns are all the names that any row has."""
    flattened = [flat(row) for row in rows]
    names = list(dict.fromkeys(name for row in flattened for name in row))
    columns = {name: [row.get(name) for row in flattened] for name in names}
    return pa.table({name: pa.array(values, column_type(values)) for name, values in columns.items()})


def column_type(values: list[Any]) -> pa.DataType | None:
    """Return a column's type where Arrow would stumble: whole numbers among fractions are fractions."""
    kinds = {type(value) for value in values if value is not None}
    return pa.float64() if kinds == {int, float} else pa.string() if not kinds else None


def harmless(table: pa.Table) -> pa.Table:
    """Put an apostrophe before text that a spreadsheet would take for a formula (OWASP, CSV injection)."""
    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            texts = [
                f"'{text}" if text and text.startswith(FORMULA) else text for text in table.column(index).to_pylist()
            ]
            table = table.set_column(index, field.name, pa.array(texts, pa.string()))
    return table


def as_table(rows: Iterable[Mapping[str, Any]], kind: str) -> bytes:
    """Return rows in a format of `TABLE_TYPES`."""
    table, out = arrow_rows(rows), io.BytesIO()
    if kind == "csv":
        pyarrow.csv.write_csv(harmless(table), out)
    else:
        pq.write_table(table, out)
    return out.getvalue()
