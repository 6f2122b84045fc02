"""Iceberg tables through pyiceberg, with a SQLite catalog and files on the local disk."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchTableError
from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, EqualTo, In, Or, Reference
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, Transaction
from pyiceberg.table.snapshots import Snapshot
from sqlalchemy import URL

from marquee.adapters.sqlite.connection import BUSY_SECONDS, explained
from marquee.domain.tables import TABLES
from marquee.domain.timeline import DAY, SECOND
from marquee.engines.duckdb.files import CATALOG, ROOT, LakeFiles, folder_of, inside
from marquee.libraries.arrow import arrow_schema
from marquee.places import Reach

PREFIX = "marquee."
SNAPSHOTS_KEPT = DAY
FILES = f"{LakeFiles.__module__}.{LakeFiles.__qualname__}"


def matching(partition: Mapping[str, Any]) -> BooleanExpression:
    """Return the filter of one partition: every column equal to, or among, its value."""
    terms: list[BooleanExpression] = [
        In(term=Reference(name), values=set(value))
        if isinstance(value, list | tuple | set)
        else EqualTo(term=Reference(name), value=value)
        for name, value in partition.items()
    ]
    return terms[0] if len(terms) == 1 else And(*terms)


def any_of(partitions: Sequence[Mapping[str, Any]]) -> BooleanExpression:
    """Return the filter of several partitions, grouped so that it stays shallow."""
    groups: dict[tuple[tuple[str, Any], ...], set[Any]] = {}
    for partition in partitions:
        *heads, (last, value) = partition.items()
        groups.setdefault((*heads, (last, None)), set()).add(value)
    terms = [matching({**dict(heads[:-1]), heads[-1][0]: values}) for heads, values in groups.items()]
    return terms[0] if len(terms) == 1 else Or(*terms)


class IcebergCatalog:
    """The tables of one lake, created when first written to. They are named relative to its folder.

    database: another file of the catalogue than the lake's own, such as a copy.
    """

    def __init__(self, folder: Path, database: Path | None = None) -> None:
        self.folder = folder
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self.reach = Reach(folder)
            path = (database or folder / CATALOG).resolve()
            address = URL.create("sqlite", database=str(path), query={"timeout": str(BUSY_SECONDS)})
            own: dict[str, Any] = {"uri": address, "py-io-impl": FILES, ROOT: self.reach.path}
            self.catalog = SqlCatalog("marquee", **own)  # a URL, since text would be parsed, and paths are no URLs
        self.tables: dict[str, Table] = {}

    def find(self, name: str) -> Table | None:
        """Return a table as it stands now, None where it was never written to."""
        held = self.tables.get(name)
        if held is not None:
            held.refresh()
            return held
        try:
            self.tables[name] = self.catalog.load_table(name)
        except NoSuchTableError:
            return None
        return self.tables[name]

    def load(self, name: str) -> Table:
        """Return a table as it stands now, created where it is missing, with the columns that it lacks."""
        table = self.find(name)
        if table is None:
            return self.create(name)
        if not set(TABLES[name].columns) <= set(table.schema().column_names):
            with table.update_schema() as change:
                change.union_by_name(arrow_schema(name))
        return table

    def create(self, name: str) -> Table:
        """Create an empty table with its identity partitions."""
        namespace, _ = name.split(".")
        with suppress(NamespaceAlreadyExistsError):
            self.catalog.create_namespace(namespace)
        properties = {
            "write.parquet.compression-codec": "zstd",
            "write.metadata.previous-versions-max": "10",
            "write.metadata.delete-after-commit.enabled": "true",
        }
        with (
            self.catalog.create_table_transaction(
                name, arrow_schema(name), location=folder_of(name), properties=properties
            ) as creation,
            creation.update_spec() as spec,
        ):
            for column in TABLES[name].partition:
                spec.add_identity(column)
        return self.catalog.load_table(name)

    def data_files(self, name: str, where: Mapping[str, Any] | None = None) -> list[DataFile]:
        """Return the Parquet files that hold the rows, or those of some partitions."""
        table = self.find(name)
        scan = table and table.scan(row_filter=matching(where) if where else AlwaysTrue())
        return [task.file for task in scan.plan_files()] if scan else []

    def files(self, name: str, where: Mapping[str, Any] | None = None) -> list[str]:
        """Return the paths of the Parquet files that hold the rows."""
        return sorted(f"{self.reach.path}/{inside(file.file_path)}" for file in self.data_files(name, where))

    def properties(self, name: str) -> dict[str, str]:
        """Return what the last commit recorded."""
        table = self.find(name)
        held = {} if table is None else table.properties
        return {key.removeprefix(PREFIX): value for key, value in held.items() if key.startswith(PREFIX)}

    def commit(
        self,
        name: str,
        rows: pa.Table | None,
        properties: Mapping[str, str],
        replaced: Sequence[Mapping[str, Any]] = (),
    ) -> int:
        """Replace partitions by rows, or append rows, and record properties, in one atomic commit."""
        with explained(self.folder):
            table = self.load(name)
            wanted = {frozenset(partition.items()) for partition in replaced}
            held = self.partitions(name) if replaced else []
            gone = [partition for partition in held if frozenset(partition.items()) in wanted]
            with table.transaction() as change:
                if gone:
                    change.delete(any_of(gone))
                if rows is not None and rows.num_rows:
                    change.append(rows.select(arrow_schema(name).names).cast(arrow_schema(name)))
                self.record(change, properties)
        return rows.num_rows if rows is not None else 0

    @staticmethod
    def record(change: Transaction, properties: Mapping[str, str]) -> None:
        """Set table properties as part of a commit."""
        if properties:
            change.set_properties({PREFIX + key: value for key, value in properties.items()})

    def partitions(self, name: str) -> list[dict[str, Any]]:
        """Return the partitions that hold rows, as the values of their columns."""
        found = {tuple(partition.items()) for partition in self.file_partitions(name)}
        return [dict(items) for items in sorted(found)]

    def file_partitions(self, name: str) -> list[dict[str, Any]]:
        """Return the partition of every data file."""
        columns = TABLES[name].partition
        return [
            {column: file.partition[index] for index, column in enumerate(columns)} for file in self.data_files(name)
        ]

    def expire(self, now: int) -> None:
        """Forget snapshots older than a day, and delete the files that no snapshot names any more."""
        for name in TABLES:
            table = self.find(name)
            if table is None:
                continue
            old = datetime.fromtimestamp((now - SNAPSHOTS_KEPT) / SECOND, UTC)
            if len(table.metadata.snapshots) > 1:
                table.maintenance.expire_snapshots().older_than(old).commit()
            self.sweep(name, now)

    def sweep(self, name: str, now: int) -> None:
        """Delete data and manifest files that are over a day old and that no snapshot names."""
        table = self.load(name)
        kept = {self.folder / inside(file) for snapshot in table.metadata.snapshots for file in named(table, snapshot)}
        location = self.folder / folder_of(name)
        for path in (*location.glob("data/**/*.parquet"), *location.glob("metadata/*.avro")):
            if path not in kept and path.stat().st_mtime * SECOND < now - SNAPSHOTS_KEPT:
                path.unlink()

    def needed(self) -> set[str]:
        """Return the files within the lake that the tables, as they stand now, consist of."""
        tables = [table for name in TABLES if (table := self.find(name)) is not None]
        found = {inside(table.metadata_location) for table in tables}
        for table in tables:
            snapshot = table.current_snapshot()
            found |= {inside(file) for file in named(table, snapshot)} if snapshot else set()
        return found


def named(table: Table, snapshot: Snapshot) -> Iterable[str]:
    """Yield the location of every file that a snapshot of a table names."""
    yield snapshot.manifest_list
    for manifest in snapshot.manifests(table.io):
        yield manifest.manifest_path
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            yield entry.data_file.file_path
