"""What a data engineer would write in PySpark for the work of benchmarks.batch: the job that Marquee is measured against."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as f
from pyspark.sql.types import LongType, StructField, StructType

from benchmarks.batch import store
from marquee.domain.events import RATINGS, REVIEWS
from marquee.domain.timeline import DAY, HOUR, MINUTE, ladder_cuts

COMMON = "event_id string, movie_id bigint, event_time bigint, weight bigint"
FIELDS = {
    REVIEWS: f"{COMMON}, stars bigint, text string",
    RATINGS: f"{COMMON}, votes bigint, average bigint, popularity bigint",
}
SUMS = ("n", "p", "m", "f", "c", "q", "s", "d", "t")


def run(folder: Path, now: int) -> tuple[float, float]:
    """Return (CPU seconds of the driver, wall seconds) of the job; the session is started before."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", "8")
    builder = builder.config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
    spark = builder.config("spark.log.level", "ERROR").getOrCreate()
    spark.read.parquet(f"{folder}/all-{REVIEWS}.parquet").count()
    cpu, wall = time.process_time(), time.perf_counter()
    job(spark, folder, now)
    return time.process_time() - cpu, time.perf_counter() - wall


def first_copies(spark: SparkSession, folder: Path, topic: str) -> DataFrame:
    """Return a topic's events, each once: the first copy in the log."""
    raw = spark.read.parquet(f"{folder}/all-{topic}.parquet")
    parsed = raw.select("partition", "offset", "ingest_time", f.from_json("body", FIELDS[topic]).alias("e"))
    order = Window.partitionBy("event_id").orderBy("ingest_time", "partition", "offset")
    rows = parsed.select("partition", "offset", "ingest_time", "e.*")
    return rows.withColumn("copy", f.row_number().over(order)).where("copy = 1").drop("copy")


def scores(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Add the same quick score."""
    for batch in batches:
        values = [(int(text[1:]) * 37) % 20_001 - 10_000 for text in batch.column("text").to_pylist()]
        yield batch.append_column("score", pa.array(values, pa.int64()))


def dated(rows: DataFrame, time_column: str) -> DataFrame:
    """Add year and month."""
    day = f.timestamp_millis(time_column)
    return rows.withColumn("year", f.year(day)).withColumn("month", f.month(day))


def job(spark: SparkSession, folder: Path, now: int) -> None:
    """From bronze to silver, gold and stored documents."""
    target = f"{folder}/job"
    reviews, ratings = (first_copies(spark, folder, topic) for topic in (REVIEWS, RATINGS))
    columns = StructType([*reviews.schema.fields, StructField("score", LongType())])
    scored = reviews.mapInArrow(scores, columns)
    for name, rows in (("reviews", scored), ("ratings", ratings)):
        dated(rows, "ingest_time").write.partitionBy("year", "month").parquet(f"{target}/{name}", compression="zstd")
    scored, ratings = (spark.read.parquet(f"{target}/{name}") for name in ("reviews", "ratings"))
    c, w = f.col("score"), f.col("weight")
    said = scored.select(
        "movie_id", "event_time", w.alias("n"), (w * (c >= 500).cast("int")).alias("p"),
        (w * (c <= -500).cast("int")).alias("m"), (w * (c >= 860).cast("int")).alias("f"), (w * c).alias("c"),
        (w * c * c).alias("q"), (w * c).alias("s"), (w * f.col("stars").isNotNull().cast("int")).alias("d"),
        (w * f.coalesce("stars", f.lit(0))).alias("t"),
    )  # fmt: skip
    gauge = f.struct("event_time", "offset", "votes", "average", "popularity").alias("gauge")
    events = said.unionByName(ratings.select("movie_id", "event_time", gauge), allowMissingColumns=True)
    cuts = ladder_cuts(now)
    at = f.col("event_time") - f.col("event_time") % (5 * MINUTE)
    span = f.when(at >= cuts[0], 5 * MINUTE).when(at >= cuts[1], HOUR).when(at >= cuts[2], DAY).otherwise(28 * DAY)
    cells = events.withColumn("span", span).withColumn("w", at - at % f.col("span")).groupBy("movie_id", "w", "span")
    found = cells.agg(*(f.coalesce(f.sum(name), f.lit(0)).alias(name) for name in SUMS), f.max("gauge").alias("gauge"))
    dated(found, "w").write.partitionBy("year", "month").parquet(f"{target}/gold", compression="zstd")
    gold = spark.read.parquet(f"{target}/gold")
    cell = f.struct("w", "span", *SUMS, "gauge")
    films = gold.groupBy("movie_id").agg(f.to_json(f.sort_array(f.collect_list(cell))).alias("body")).toArrow()
    store(folder / "job-views.db", list(zip(*films.to_pydict().values(), strict=True)))
