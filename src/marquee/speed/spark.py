"""The speed layer on Spark Structured Streaming: Kafka's records are decoded and scored on all executors, and every
micro-batch goes through the same fold as embedded.

How far the fold is stands in the speed store, in the same step as the cells; Spark's checkpoint only serves the query
that runs. So a query that starts anew begins where the store is, and no second truth can be lost or run ahead.
"""

import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from marquee.adapters.kafka.avro import AvroCodec
from marquee.adapters.kafka.log import KafkaLog, Place
from marquee.adapters.kafka.topics import Brokers
from marquee.domain.codec import decode
from marquee.domain.events import REVIEWS, TOPICS, Record, ReviewEvent
from marquee.domain.records import SpeedProgress
from marquee.domain.sentiment import Score
from marquee.domain.timeline import HOUR, floor
from marquee.errors import TransientError
from marquee.libraries.scoring import SCORES, score_texts
from marquee.speed.layer import AWAY_SECONDS, SpeedLayer

TRIGGER_SECONDS = 30
LIMIT = 100_000
"""Records in a micro-batch: what is beyond waits for the next, so that a backlog cannot fill the memory."""

ROWS = (
    "topic string, partition long, offset long, ingest_time long, body binary, bad binary, reason string,"
    " compound long, sentence long, opinion long"
)
log = logging.getLogger(__name__)


def source_options(brokers: Brokers) -> dict[str, str]:
    """Return Spark's settings of a Kafka source: librdkafka's, in the words of Java's client."""
    held = brokers.security or {}
    found = {"kafka.bootstrap.servers": brokers.bootstrap}
    if "security.protocol" in held:
        found["kafka.security.protocol"] = held["security.protocol"]
    if "sasl.username" in held:
        words = {
            name: held[f"sasl.{name}"].replace("\\", "\\\\").replace('"', '\\"') for name in ("username", "password")
        }
        found["kafka.sasl.mechanism"] = held["sasl.mechanism"]
        found["kafka.sasl.jaas.config"] = (
            "org.apache.kafka.common.security.scram.ScramLoginModule required"
            f' username="{words["username"]}" password="{words["password"]}";'
        )
    if "ssl.ca.location" in held:
        found |= {"kafka.ssl.truststore.type": "PEM", "kafka.ssl.truststore.location": held["ssl.ca.location"]}
    return found


@cache
def codec(registry: str) -> AvroCodec:
    """Return this worker's codec."""
    return AvroCodec(registry)


def scored(batch: pa.RecordBatch, registry: str) -> pa.RecordBatch:
    """Return Kafka's records decoded and, where they are reviews, scored; `bad` holds what cannot be read."""
    topics, values = batch.column("topic").to_pylist(), batch.column("value").to_pylist()
    bodies: list[bytes | None] = []
    reasons: list[str | None] = []
    for topic, value in zip(topics, values, strict=True):
        try:
            bodies.append(codec(registry).decode(topic, value or b""))
            reasons.append(None)
        except ValueError as error:
            bodies.append(None)
            reasons.append(str(error))
    texts = [
        json.loads(body)["text"] if body is not None and topic == REVIEWS else None
        for topic, body in zip(topics, bodies, strict=True)
    ]
    scores = score_texts(texts)
    columns: dict[str, Any] = {name: batch.column(name) for name in ("topic", "partition", "offset", "ingest_time")}
    columns["body"] = pa.array(bodies, pa.binary())
    columns["bad"] = pa.array([None if b is not None else v for b, v in zip(bodies, values, strict=True)], pa.binary())
    columns["reason"] = pa.array(reasons, pa.string())
    for place, name in enumerate(SCORES):
        columns[name] = pa.array([score[place] for score in scores], pa.int64())
    return pa.RecordBatch.from_pydict(columns)


@dataclass(slots=True)
class SparkStream:
    """Drives a speed layer by Structured Streaming. `options`: Kafka's settings as Spark's Kafka source names them."""

    spark: SparkSession
    layer: SpeedLayer
    log: KafkaLog
    registry: str
    options: dict[str, str]
    seconds: float = TRIGGER_SECONDS
    folded: int = field(default=0)
    failed: TransientError | None = field(default=None)

    def step(self, frame: DataFrame, number: int) -> None:
        """Fold one of Spark's micro-batches. One that is folded already, in part or whole, is left out to that part."""
        try:
            self.fold(frame)
            self.layer.carry()
        except TransientError as error:
            self.failed = error
            raise

    def fold(self, frame: DataFrame) -> None:
        """Fold the records of a micro-batch that the store does not hold yet."""
        registry = self.registry
        chosen = frame.selectExpr(
            *("topic", "cast(partition as long)", "offset", "unix_millis(timestamp) ingest_time", "value")
        )

        def apply(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                yield scored(batch, registry)

        progress = self.layer.fold.progress()
        held = self.log.offsets(progress.position)
        rows = [
            row
            for row in chosen.mapInArrow(apply, ROWS).toArrow().to_pylist()
            if row["offset"] >= held[row["topic"], row["partition"]]
        ]
        if not rows:
            return
        rows.sort(key=lambda row: (row["ingest_time"], row["topic"], row["partition"], row["offset"]))
        read, scores = [], {}
        reached, latest = dict(held), {}
        for row in rows:
            place = row["topic"], row["partition"]
            reached[place], latest[place] = row["offset"] + 1, row["ingest_time"]
            if row["body"] is None:
                self.log.bury(place, row["offset"], row["bad"], row["reason"])
                continue
            event = decode(row["topic"], row["body"])
            time = row["ingest_time"]
            read.append(Record(row["topic"], row["partition"], row["offset"], time, floor(time, HOUR), event))
            if isinstance(event, ReviewEvent):
                scores[event.text] = Score(*(row[name] for name in SCORES))
        through = self.through(progress, reached, latest)
        self.layer.fold.absorb(progress, read, self.log.position(reached), through, scores.__getitem__)
        self.folded += len(read)

    def through(self, progress: SpeedProgress, reached: dict[Place, int], latest: dict[Place, int]) -> int | None:
        """Return the ingest time up to which all partitions are in: a partition with more to come holds it back."""
        ends = self.log.offsets(self.log.end())
        behind = [place for place in ends if reached[place] < ends[place]]
        if any(place not in latest for place in behind):
            return progress.through
        return min([latest[place] for place in behind] or [max(latest.values())])

    def start(self, *, once: bool = False) -> StreamingQuery:
        """Start a query where the store is, after finishing what an interrupted one began."""
        fold = self.layer.fold
        while fold.store.intended() is not None and fold.step():
            pass
        starting: dict[str, dict[str, int]] = {topic: {} for topic in TOPICS}
        lows = self.log.lows(self.log.places)
        for (topic, part), offset in self.log.offsets(fold.progress().position).items():
            starting[topic][str(part)] = max(offset, lows[topic, part])
        options = {
            **self.options,
            "subscribe": ",".join(TOPICS),
            "startingOffsets": json.dumps(starting),
            "maxOffsetsPerTrigger": str(LIMIT),
            "failOnDataLoss": "true",
        }
        source = self.spark.readStream.format("kafka").options(**options).load()
        trigger: dict[str, Any] = {"availableNow": True} if once else {"processingTime": f"{self.seconds} seconds"}
        checkpoint = tempfile.mkdtemp(prefix="marquee-checkpoint-")
        sink = source.writeStream.foreachBatch(self.step).option("checkpointLocation", checkpoint)
        self.failed = None
        return sink.trigger(**trigger).start()

    def drain(self) -> int:
        """Fold until the log's end; return the events folded."""
        before = self.folded
        query = self.start(once=True)
        try:
            query.awaitTermination()
        except PySparkException as error:
            raise self.reason(error) from error
        finally:
            query.stop()
        return self.folded - before

    def follow(self, stopped: Callable[[], bool]) -> None:
        """Keep up with the log until told to stop. What is away is waited for: nothing is lost meanwhile."""
        while not stopped():
            try:
                self.watch(stopped)
            except TransientError as error:
                log.warning("the speed layer waits: %s", error)
                time.sleep(error.wait or AWAY_SECONDS)

    def watch(self, stopped: Callable[[], bool]) -> None:
        """Run one query until it fails or is told to stop."""
        query = self.start()
        try:
            while not query.awaitTermination(1) and not stopped():
                pass
        except (PySparkException, Py4JError) as error:
            raise self.reason(error) from error
        finally:
            query.stop()

    def reason(self, error: Exception) -> TransientError:
        """Return why a query failed: what the fold met, or Spark's own words."""
        said = str(error).strip().splitlines()[0][:300]
        return self.failed or TransientError(
            f"Spark's query ended: {said}", hint="See MARQUEE_SPARK and MARQUEE_KAFKA."
        )
