"""The cluster's engine: the same Ibis expressions run by Spark over Iceberg tables on HDFS, S3 or a disk."""

import os
import pickle
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ibis
import pyarrow as pa
import sqlglot
from py4j.java_gateway import JavaPackage
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, functions
from pyspark.sql.pandas.types import from_arrow_schema, from_arrow_type
from pyspark.sql.types import LongType

from marquee.domain.tables import BRONZE, TABLES, event_columns
from marquee.domain.timeline import DAY, SECOND
from marquee.errors import QueryError, SettingsError, StorageError
from marquee.libraries.arrow import arrow_schema, arrow_type
from marquee.ports.lake import Piece, Result

CATALOG = "marquee"
PREFIX = "marquee."
SNAPSHOTS_KEPT = DAY
ORPHANS_KEPT = 2 * DAY
"""Iceberg refuses to look for files that nothing names among those of the last 24 hours: a writer may be at work."""

CHECKSUMS = "AWS_REQUEST_CHECKSUM_CALCULATION"
"""The environment's name for when Amazon's client adds checksums: when_supported (its default) or when_required."""

FILES_COMPACTED = 12
"""Small files of a partition from which maintenance writes them as one."""

Partitions = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Warehouse:
    """Where an Iceberg catalog's tables are.

    Without a `database` the catalog is its folders, which a file system with atomic rename can hold (HDFS, a disk);
    one batch run at a time writes to it. An object store needs a `database` (JDBC) that says which files are current.
    """

    address: str
    database: str | None = None
    user: str | None = None
    password: str | None = None
    endpoint: str | None = None

    @property
    def on_s3(self) -> bool:
        """Whether the tables are objects of an S3."""
        return self.address.startswith("s3://")

    def catalog(self, name: str) -> dict[str, str]:
        """Return Spark's settings of the catalog `name`."""
        own = {"warehouse": self.address, "cache-enabled": "false"}
        if self.database is None:
            own |= {"type": "hadoop"}
        else:
            given = {"jdbc.user": self.user, "jdbc.password": self.password}
            own |= {"type": "jdbc", "uri": self.database, "jdbc.schema-version": "V1"}
            own |= {key: value for key, value in given.items() if value is not None}
        if self.on_s3:
            own |= {"io-impl": "org.apache.iceberg.aws.s3.S3FileIO"}
        if self.endpoint is not None:
            region = os.environ.get("AWS_REGION", "us-east-1")
            own |= {"s3.endpoint": self.endpoint, "s3.path-style-access": "true", "client.region": region}
        prefix = f"spark.sql.catalog.{name}"
        return {prefix: "org.apache.iceberg.spark.SparkCatalog", **{f"{prefix}.{key}": own[key] for key in own}}


def listener(address: str) -> dict[str, str]:
    """Return the settings with which Spark tells OpenLineage of what it runs: a server (http), or a file (file)."""
    kind, _, path = address.partition("://")
    to = {"type": "file", "location": path} if kind == "file" else {"type": "http", "url": address}
    return {
        "spark.extraListeners": "io.openlineage.spark.agent.OpenLineageSparkListener",
        "spark.openlineage.namespace": "marquee",
        **{f"spark.openlineage.transport.{key}": value for key, value in to.items()},
    }


def session(
    master: str, warehouse: Warehouse, jars: Sequence[str], more: Mapping[str, str] | None = None
) -> SparkSession:
    """Return this process's Spark session, its lake in `warehouse`. Under spark-submit its options win."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Amazon's client adds checksums to what it sends that other S3s do not all know.
    checksums = os.environ.get(CHECKSUMS, "when_required" if warehouse.endpoint is not None else None)
    settings = {
        "spark.jars": ",".join(jars),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        **warehouse.catalog(CATALOG),
        **({"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"} if "local" in master else {}),
        **({f"spark.executorEnv.{CHECKSUMS}": checksums} if checksums is not None else {}),
        **(more or {}),
    }
    builder = SparkSession.builder.appName("marquee").master(master)
    started = builder.config(map=settings).getOrCreate()
    if isinstance(started._jvm.org.apache.iceberg.spark.SparkCatalog, JavaPackage):
        raise SettingsError(
            "Spark was started without the jars that the lake needs",
            hint='Give spark-submit --jars "$(marquee cluster jars spark)".',
        )
    if checksums is not None:
        # This machine may run already, for a session before: then it no longer reads the environment.
        started._jvm.System.setProperty("aws.requestChecksumCalculation", checksums)
    return started


def matching(partitions: Partitions) -> str:
    """Return the SQL condition of partitions, each by its columns' values (integers)."""
    terms = [" AND ".join(f"{name} = {int(value)}" for name, value in part.items()) for part in partitions]
    return " OR ".join(f"({term})" for term in terms)


class SparkLake:
    """A `Lake` of Iceberg tables read, computed and written by Spark.

    What a commit records travels in its snapshot's summary, with everything recorded before, so that rows and
    properties are one atomic change.
    """

    def __init__(self, spark: SparkSession, name: str = CATALOG) -> None:
        self.spark = spark
        self.name = name
        self.engine = ibis.pyspark.connect(spark)
        self.held: list[str] = []
        self.known: set[str] = set()

    def path(self, name: str) -> str:
        """Return a table's full name; it is created when first asked for."""
        path = f"{self.name}.{name}"
        if name not in self.known and not self.spark.catalog.tableExists(path):
            rows = self.spark.createDataFrame([], from_arrow_schema(arrow_schema(name)))
            writer = rows.writeTo(path).using("iceberg").tableProperty("write.parquet.compression-codec", "zstd")
            writer = writer.tableProperty("write.metadata.delete-after-commit.enabled", "true")
            writer = writer.tableProperty("write.metadata.previous-versions-max", "10")
            first, *rest = (functions.col(column) for column in TABLES[name].partition)
            writer.partitionedBy(first, *rest).create()
        elif name not in self.known:
            self.evolve(name, path)
        self.known.add(name)
        return path

    def evolve(self, name: str, path: str) -> None:
        """Add the columns that a table of an earlier version lacks; they are null in its rows."""
        held = set(self.spark.table(path).columns)
        lacking = [field for field in from_arrow_schema(arrow_schema(name)) if field.name not in held]
        if lacking:
            added = ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in lacking)
            self.spark.sql(f"ALTER TABLE {path} ADD COLUMNS ({added})")

    def iceberg(self, name: str) -> Any:
        """Return Iceberg's own table object, of the JVM."""
        util = self.spark._jvm.org.apache.iceberg.spark.Spark3Util
        return util.loadIcebergTable(self.spark._jsparkSession, self.path(name))

    def table(self, name: str, where: Mapping[str, Any] | None = None) -> Any:
        """Return a table, or some of its partitions."""
        self.path(name)
        schema, table = name.split(".")
        rows = self.engine.table(table, database=(self.name, schema)).select(*TABLES[name].columns)
        for column, value in (where or {}).items():
            among = rows[column].isin(list(value)) if isinstance(value, list | tuple | set) else rows[column] == value
            rows = rows.filter(among)
        return rows

    def properties(self, name: str) -> dict[str, str]:
        """Return what the last commit to the table recorded."""
        table = self.iceberg(name)
        snapshot = table.currentSnapshot()
        while snapshot is not None:
            found = recorded(snapshot.summary())
            if found:
                return found
            parent = snapshot.parentId()
            snapshot = None if parent is None else table.snapshot(parent)
        return recorded(table.properties())

    def append(self, name: str, rows: Any, properties: Mapping[str, str]) -> int:
        """Append rows and record properties in one commit."""
        return self.commit(name, rows, properties, [])

    def replace(self, name: str, rows: Any, partitions: Partitions, properties: Mapping[str, str]) -> int:
        """Replace whole partitions by rows in one commit."""
        return self.commit(name, rows, properties, partitions)

    def drop_partitions(self, name: str, partitions: Partitions) -> None:
        """Delete whole partitions."""
        if partitions:
            self.commit(name, arrow_schema(name).empty_table(), {}, partitions)

    def commit(self, name: str, rows: Any, properties: Mapping[str, str], partitions: Partitions) -> int:
        """Replace partitions by rows, or append rows, and record properties, in one atomic commit."""
        columns = arrow_schema(name)
        frame = self.frame(rows).select(
            *(functions.col(field.name).cast(from_arrow_type(field.type)) for field in columns)
        )
        frame = frame.localCheckpoint()
        writer = frame.writeTo(self.path(name))
        for key, value in {**self.properties(name), **properties}.items():
            writer = writer.option(f"snapshot-property.{PREFIX}{key}", value)
        try:
            if partitions:
                writer.overwrite(functions.expr(matching(partitions)))
            else:
                writer.append()
        except PySparkException as error:
            raise StorageError(
                f"{name} cannot be written: {str(error).splitlines()[0]}",
                hint="Nothing of this step was kept. Check that the lake (MARQUEE_LAKE) is up and has room.",
            ) from error
        return int(frame.count())

    def files(self, name: str) -> list[dict[str, Any]]:
        """Return the partition of every data file."""
        rows = self.spark.sql(f"SELECT partition FROM {self.path(name)}.files").collect()
        return [row.partition.asDict() for row in rows]

    def partitions(self, name: str) -> list[dict[str, Any]]:
        """Return the partitions that hold rows."""
        found = {tuple(partition.items()) for partition in self.files(name)}
        return [dict(items) for items in sorted(found)]

    def parse(self, name: str, rows: Any) -> Any:
        """Parse the JSON bodies of bronze rows; a value of another type than its column's becomes null."""
        topic = next(topic for topic, table in BRONZE.items() if table == name)
        schema = pa.schema([pa.field(key, arrow_type(hint)) for key, hint in event_columns(topic).items()])
        parsed = self.frame(rows).withColumn("fact", functions.from_json("body", from_arrow_schema(schema)))
        return self.view(parsed.select("partition", "offset", "ingest_time", "fact.*"))

    def map_rows(self, rows: Any, columns: Sequence[str], function: Callable[..., Mapping[str, Any]]) -> Any:
        """Add the columns that a Python function makes of Arrow columns, on all executors, evaluated here and now."""
        frame = self.frame(rows)
        names = list(function(*(pa.chunked_array([pa.array([], pa.string())]) for _ in columns)))

        def apply(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                table = pa.Table.from_batches([batch])
                for name, values in function(*(table.column(column) for column in columns)).items():
                    table = table.append_column(name, pa.array(values, pa.int64()))
                yield from table.to_batches()

        schema = frame.schema
        for name in names:
            schema = schema.add(name, LongType())
        spread = frame.repartition(self.spark.sparkContext.defaultParallelism)
        return self.view(spread.mapInArrow(apply, schema).localCheckpoint())

    def spread(self, function: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
        """Return a Python function's results on each piece, in order, computed on all executors."""

        def apply(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for number, piece in zip(
                    *(batch.column(name).to_pylist() for name in ("number", "piece")), strict=True
                ):
                    result = pickle.dumps(function(pickle.loads(piece)))  # noqa: S301
                    yield pa.RecordBatch.from_arrays([pa.array([number]), pa.array([result])], ["number", "piece"])

        if not pieces:
            return
        held = pa.table({"number": range(len(pieces)), "piece": [pickle.dumps(piece) for piece in pieces]})
        frame = self.frame(held).repartitionByRange(len(pieces), "number")
        results = dict(zip(*frame.mapInArrow(apply, frame.schema).toArrow().to_pydict().values(), strict=True))
        yield from (pickle.loads(results[number]) for number in range(len(pieces)))  # noqa: S301

    def local(self, rows: Any) -> Any:
        """Evaluate once and return an expression over the result."""
        return self.view(self.frame(rows).localCheckpoint())

    def memory(self, rows: Any) -> Any:
        """Hold rows (Arrow or Ibis) in the engine until `release`, and return them as an expression."""
        return self.local(rows)

    def view(self, frame: DataFrame) -> Any:
        """Name a frame, and return it as an expression."""
        name = ibis.util.gen_name("held")
        frame.createOrReplaceTempView(name)
        self.held.append(name)
        return self.engine.table(name)

    def frame(self, rows: Any) -> DataFrame:
        """Return rows (Arrow or Ibis) as Spark's own."""
        if isinstance(rows, pa.Table):
            return self.spark.createDataFrame(rows)
        return self.spark.sql(str(self.engine.compile(rows)))

    def arrow(self, rows: Any) -> pa.Table:
        """Return rows as an Arrow table."""
        return rows if isinstance(rows, pa.Table) else self.frame(rows).toArrow()

    def release(self) -> None:
        """Let go of everything held in the engine."""
        for name in self.held:
            self.spark.catalog.dropTempView(name)
        self.held.clear()

    def maintain(self, now: int) -> None:
        """Compact partitions of many small files, then forget snapshots over a day old, and files nothing names."""
        long_ago = min(now, time.time_ns() * SECOND // 1_000_000_000) - ORPHANS_KEPT  # files bear the machine's time
        before, long_before = (f"older_than => TIMESTAMP '{utc(at)}'" for at in (now - SNAPSHOTS_KEPT, long_ago))
        for name in TABLES:
            path, held = self.path(name), self.properties(name)
            given = ", ".join(f"'{PREFIX}{key}' = '{value}'" for key, value in held.items())
            if given:
                # Compaction's own snapshots record nothing: what was recorded must outlive the others.
                self.spark.sql(f"ALTER TABLE {path} SET TBLPROPERTIES ({given})")
            options = f"map('min-input-files', '{FILES_COMPACTED}')"
            self.call("rewrite_data_files", f"table => '{name}', options => {options}")
            self.call("expire_snapshots", f"table => '{name}', {before}, retain_last => 1")
            listing = str(self.iceberg(name).location().startswith("s3://")).lower()
            self.call("remove_orphan_files", f"table => '{name}', {long_before}, prefix_listing => {listing}")

    def call(self, procedure: str, arguments: str) -> None:
        """Run one of Iceberg's procedures."""
        self.spark.sql(f"CALL {self.name}.system.{procedure}({arguments})").collect()

    def select(self, sql: str) -> pa.Table:
        """Return what a SELECT over the lake's tables gives; QueryError of anything else."""
        try:
            kinds = [type(statement) for statement in sqlglot.parse(sql, dialect="spark")]
        except sqlglot.errors.ParseError as error:
            raise QueryError(str(error).strip()) from error
        if len(kinds) != 1 or not issubclass(kinds[0], sqlglot.exp.Query):
            raise QueryError("one SELECT is wanted, and nothing else")
        self.spark.conf.set("spark.sql.runSQLOnFiles", "false")
        self.spark.sql(f"USE {self.name}")
        try:
            return self.spark.sql(sql).toArrow()
        except PySparkException as error:
            raise QueryError(str(error).splitlines()[0]) from error


def utc(time: int) -> str:
    """Return a time (ms) as Spark's SQL writes it."""
    return datetime.fromtimestamp(time / SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S")


def recorded(properties: Iterable[str]) -> dict[str, str]:
    """Return what commits recorded among a snapshot's or a table's properties."""
    held = dict(properties.items())  # type: ignore[attr-defined]
    return {str(key).removeprefix(PREFIX): str(value) for key, value in held.items() if str(key).startswith(PREFIX)}
