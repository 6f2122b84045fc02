"""The embedded engine: Ibis expressions run by DuckDB over the Parquet files that Iceberg names."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from marquee.adapters.sqlite.connection import explained
from marquee.domain.tables import BRONZE, TABLES, event_columns
from marquee.engines.duckdb.iceberg import IcebergCatalog
from marquee.libraries.arrow import arrow_schema, arrow_type
from marquee.places import Reach
from marquee.ports.lake import Piece, Result


def json_structure(kind: pa.DataType) -> Any:
    """Return DuckDB's json_transform structure of an Arrow type."""
    if pa.types.is_struct(kind):
        return {field.name: json_structure(field.type) for field in kind}
    if pa.types.is_list(kind):
        return [json_structure(kind.value_type)]
    return {pa.int64(): "BIGINT", pa.string(): "VARCHAR", pa.bool_(): "BOOLEAN"}[kind]


def write_database(path: Path, tables: Mapping[str, pa.Table]) -> None:
    """Write tables as one DuckDB file, swapped in whole: who reads has the file of before, or this one."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        reach = Reach(path.parent)
        part = path.with_name(f".export-{os.getpid()}.part")
        part.unlink(missing_ok=True)
    engine = ibis.duckdb.connect(f"{reach.path}/{part.name}", autoinstall_known_extensions=False)
    try:
        for name, rows in tables.items():
            engine.create_table(name, rows)
        engine.disconnect()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class DuckLake:
    """A `Lake` of Iceberg tables read and computed by DuckDB."""

    def __init__(self, folder: Path, threads: int = 2) -> None:
        self.catalog = IcebergCatalog(folder)
        self.held: list[str] = []
        self.engine = ibis.duckdb.connect(
            threads=threads,
            temp_directory=f"{self.catalog.reach.path}/spill",
            preserve_insertion_order=False,
            autoinstall_known_extensions=False,
        )

    def table(self, name: str, where: Mapping[str, Any] | None = None) -> Any:
        """Return a table, or some of its partitions; a column that files of an earlier version lack is null there."""
        files, columns = self.catalog.files(name, where), TABLES[name].columns
        if not files:
            return self.memory(arrow_schema(name).empty_table())
        rows = self.engine.read_parquet(files, hive_partitioning=False, union_by_name=True)
        lacking = {c: ibis.null(ibis.dtype(arrow_type(hint))) for c, hint in columns.items() if c not in rows.columns}
        rows = rows.mutate(**lacking).select(*columns)
        for column, value in (where or {}).items():
            among = rows[column].isin(list(value)) if isinstance(value, list | tuple | set) else rows[column] == value
            rows = rows.filter(among)
        return rows

    def properties(self, name: str) -> dict[str, str]:
        """Return what the last commit to the table recorded."""
        return self.catalog.properties(name)

    def append(self, name: str, rows: Any, properties: Mapping[str, str]) -> int:
        """Append rows and record properties in one commit."""
        return self.catalog.commit(name, self.arrow(rows), properties)

    def replace(
        self, name: str, rows: Any, partitions: Sequence[Mapping[str, Any]], properties: Mapping[str, str]
    ) -> int:
        """Replace whole partitions by rows in one commit."""
        return self.catalog.commit(name, self.arrow(rows), properties, partitions)

    def drop_partitions(self, name: str, partitions: Sequence[Mapping[str, Any]]) -> None:
        """Delete whole partitions."""
        self.catalog.commit(name, None, {}, partitions)

    def files(self, name: str) -> list[dict[str, Any]]:
        """Return the partition of every data file."""
        return self.catalog.file_partitions(name)

    def partitions(self, name: str) -> list[dict[str, Any]]:
        """Return the partitions that hold rows."""
        return self.catalog.partitions(name)

    def parse(self, name: str, rows: Any) -> Any:
        """Parse the JSON bodies of bronze rows; a value of another type than its column's becomes null."""
        topic = next(topic for topic, table in BRONZE.items() if table == name)
        structure = json.dumps({key: json_structure(arrow_type(hint)) for key, hint in event_columns(topic).items()})
        source = ibis.to_sql(rows.select("partition", "offset", "ingest_time", "body"), dialect="duckdb")
        fact = structure.replace("'", "''")
        return self.engine.sql(
            'SELECT "partition", "offset", ingest_time, '
            f"unnest(json_transform(body, '{fact}')) FROM ({source}) AS bronze",
            dialect="duckdb",
        )

    def map_rows(self, rows: Any, columns: Sequence[str], function: Callable[..., Mapping[str, Any]]) -> Any:
        """Add the columns that a Python function makes of Arrow columns, evaluated here and now."""
        table = self.arrow(rows)
        for name, values in function(*(table.column(column) for column in columns)).items():
            table = table.append_column(name, pa.array(values, pa.int64()))
        return self.memory(table)

    def spread(self, function: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
        """Return a Python function's results on each piece, in order."""
        return map(function, pieces)

    def local(self, rows: Any) -> Any:
        """Evaluate once and return an expression over the result."""
        return self.memory(rows)

    def memory(self, rows: Any) -> Any:
        """Hold rows (Arrow or Ibis) in the engine until `release`, and return them as an expression."""
        name = ibis.util.gen_name("held")
        self.held.append(name)
        return self.engine.create_table(name, rows, temp=True)

    def release(self) -> None:
        """Let go of everything held in the engine."""
        for name in self.held:
            self.engine.drop_table(name, force=True)
        self.held.clear()

    def arrow(self, rows: Any) -> pa.Table:
        """Return rows as an Arrow table."""
        return rows if isinstance(rows, pa.Table) else self.engine.to_pyarrow(rows)

    def maintain(self, now: int) -> None:
        """Forget old snapshots and their files."""
        self.catalog.expire(now)
