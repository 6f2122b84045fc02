"""SQL over the lake, for people: every table as a DuckDB view, and nothing but them within reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from marquee.domain.tables import TABLES
from marquee.engines.duckdb.iceberg import IcebergCatalog
from marquee.errors import QueryError
from marquee.libraries.arrow import arrow_schema


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def described(engine: duckdb.DuckDBPyConnection, rows: str) -> dict[str, str]:
    """Return the columns of a table, a view or a table function, with their types."""
    return {name: kind for name, kind, *_ in engine.execute(f"DESCRIBE FROM {rows}").fetchall()}


@contextmanager
def connect(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection that sees the lake's tables under their names, and no other file."""
    catalog = IcebergCatalog(folder)
    engine = duckdb.connect(config={"temp_directory": f"{catalog.reach.path}/spill"})
    for schema in {name.split(".")[0] for name in TABLES}:
        engine.execute(f"CREATE SCHEMA {schema}")
    for name in TABLES:
        engine.register("nothing", arrow_schema(name).empty_table())
        files = catalog.files(name)
        if files:
            rows = f"read_parquet([{', '.join(map(literal, files))}], hive_partitioning = false, union_by_name = true)"
            held = described(engine, rows)
            columns = ", ".join(
                f'"{column}"' if column in held else f'NULL::{kind} AS "{column}"'
                for column, kind in described(engine, "nothing").items()
            )
            engine.execute(f"CREATE VIEW {name} AS SELECT {columns} FROM {rows}")
        else:
            engine.execute(f"CREATE TABLE {name} AS SELECT * FROM nothing")
        engine.unregister("nothing")
    engine.execute(f"SET allowed_directories = [{literal(catalog.reach.path)}]")
    engine.execute("SET enable_external_access = false")
    engine.execute("SET lock_configuration = true")
    with engine:
        yield engine


def select(folder: Path, sql: str) -> pa.Table:
    """Return what a SELECT gives; QueryError, with the engine's words, of what cannot be run."""
    with connect(folder) as engine:
        try:
            kinds = [statement.type.name for statement in engine.extract_statements(sql)]
            if kinds != ["SELECT"]:
                raise QueryError(f"one SELECT is wanted, and nothing else; this is {', '.join(kinds) or 'nothing'}")
            return engine.execute(sql).fetch_arrow_table()
        except duckdb.Error as error:
            raise QueryError(str(error).strip()) from error
