"""Tables in memory, read by DuckDB."""

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from marquee.domain.tables import TABLES
from marquee.engines.duckdb.lake import DuckLake
from marquee.libraries.arrow import arrow_schema

Key = tuple[Any, ...]


class MemoryLake(DuckLake):
    """A `Lake` whose tables are Arrow tables by partition; its engine is the embedded one, without a folder."""

    def __init__(self, threads: int = 2) -> None:
        self.held: list[str] = []
        self.engine = ibis.duckdb.connect(threads=threads, autoinstall_known_extensions=False)
        self.rows: dict[str, dict[Key, list[pa.Table]]] = {name: {} for name in TABLES}
        self.recorded: dict[str, dict[str, str]] = {name: {} for name in TABLES}

    def table(self, name: str, where: Mapping[str, Any] | None = None) -> Any:
        """Return a table, or some of its partitions."""
        parts = [table for tables in self.rows[name].values() for table in tables]
        rows = self.memory(pa.concat_tables([arrow_schema(name).empty_table(), *parts]))
        for column, value in (where or {}).items():
            among = rows[column].isin(list(value)) if isinstance(value, list | tuple | set) else rows[column] == value
            rows = rows.filter(among)
        return rows

    def properties(self, name: str) -> dict[str, str]:
        """Return what commits to the table have recorded."""
        return dict(self.recorded[name])

    def append(self, name: str, rows: Any, properties: Mapping[str, str]) -> int:
        """Append rows and record properties."""
        return self.replace(name, rows, (), properties)

    def replace(
        self, name: str, rows: Any, partitions: Sequence[Mapping[str, Any]], properties: Mapping[str, str]
    ) -> int:
        """Replace whole partitions by rows."""
        fresh = self.arrow(rows).select(arrow_schema(name).names).cast(arrow_schema(name))
        self.drop_partitions(name, partitions)
        columns = TABLES[name].partition
        for key in set(zip(*(fresh.column(column).to_pylist() for column in columns), strict=True)):
            chosen = fresh
            for column, value in zip(columns, key, strict=True):
                chosen = chosen.filter(pc.equal(chosen.column(column), value))
            self.rows[name].setdefault(key, []).append(chosen)
        self.recorded[name] |= properties
        return int(fresh.num_rows)

    def drop_partitions(self, name: str, partitions: Sequence[Mapping[str, Any]]) -> None:
        """Delete whole partitions."""
        for partition in partitions:
            self.rows[name].pop(tuple(partition[column] for column in TABLES[name].partition), None)

    def files(self, name: str) -> list[dict[str, Any]]:
        """Return the partition of every Arrow table."""
        columns = TABLES[name].partition
        return [dict(zip(columns, key, strict=True)) for key, tables in self.rows[name].items() for _ in tables]

    def partitions(self, name: str) -> list[dict[str, Any]]:
        """Return the partitions that hold rows."""
        return [dict(zip(TABLES[name].partition, key, strict=True)) for key in sorted(self.rows[name])]

    def maintain(self, now: int) -> None:
        """Do nothing: there are no snapshots."""
