"""`python -m benchmarks.cluster [NAME ...]`: the real engines; writes docs/benchmarks-cluster.md.

Services run as local processes on the same cores as the program (`make test-cluster` has installed them).
"""

import io
import os
import platform as machine
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from tests.processes import MARQUEE, started

from benchmarks import batch
from benchmarks.measure import table
from marquee.adapters.kafka.avro import AvroCodec
from marquee.adapters.kafka.log import KafkaLog
from marquee.adapters.kafka.topics import Brokers
from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain.events import RATINGS, REVIEWS, ReviewEvent
from marquee.domain.facts import ReviewFact
from marquee.domain.schema import avro_schema
from marquee.domain.timeline import DAY
from marquee.services.cassandra import Cassandra
from marquee.services.kafka import Kafka
from marquee.services.mongo import Mongo
from marquee.services.registry import Registry
from marquee.settings import load

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks-cluster.md"
SIZES = {"1x": 200_000, "10x": 2_000_000}
RECORDS, AT_ONCE = 100_000, 1_000
QUEUED, FEW = 100_000, 1_000
ALONE, EVERY = 40, 3.7
HEAD = """# Benchmarks of the cluster's engines

Made by `make bench-cluster`. All services run as local processes on the same cores as what is measured.

"""

PYSPARK = """
import sys, time
from pathlib import Path
from benchmarks import cluster_job
print("FIGURES", *cluster_job.run(Path(sys.argv[1]), int(sys.argv[2])), 0)
"""


def spark() -> str:
    """The batch on Spark against a hand-written PySpark job of the same work, at two sizes."""
    os.environ.update(MARQUEE_SPARK="local[2]", PYSPARK_SUBMIT_ARGS="--driver-memory 6g pyspark-shell")
    walls: dict[str, tuple[float, float]] = {}
    try:
        for size, events in SIZES.items():
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                for topic, share, seed in ((REVIEWS, 0.25, 1), (RATINGS, 0.75, 2)):
                    rows = batch.bronze(topic, int(events * share), batch.NOW - 30 * DAY, batch.NOW, seed)
                    pq.write_table(rows, folder / f"all-{topic}.parquet")
                ours = batch.figures(batch.MARQUEE, folder / "home", "all", batch.NOW, "plain")
                walls[size] = ours[1], batch.figures(PYSPARK, folder, batch.NOW)[1]
                print(size, walls[size], flush=True)
    finally:
        del os.environ["MARQUEE_SPARK"], os.environ["PYSPARK_SUBMIT_ARGS"]
    rows_ = [("events", "Marquee, wall s", "hand-written PySpark, wall s", "ratio", "goal")]
    rows_ += [
        (f"{SIZES[size]:,}", f"{ours:.1f}", f"{theirs:.1f}", f"{ours / theirs:.2f}x", "at most 1.2x")
        for size, (ours, theirs) in walls.items()
    ]
    growth = walls["10x"][0] / walls["1x"][0]
    note = f"Ten times the events take {growth:.1f} times as long (goal: at most 10). 50,000 films, Spark local[2]. "
    note += (
        "Marquee's runs include what the job leaves out: quality gates, film cards, pins and an Iceberg commit a table"
    )
    note += " (which part of the difference that is, was not measured)."
    return table("Batch on Spark", rows_, note)


def events(count: int) -> list[ReviewEvent]:
    """Return reviews of 200 characters."""
    now, text = SYSTEM_CLOCK.now(), "A film of quiet strength, finely acted and well told. " * 4
    return [
        ReviewEvent(
            event_id=f"{n:032x}", movie_id=1 + n % 5_000, event_time=now, weight=1, source="bench", identity=f"r{n}",
            revision=1, digest="d", author="a", stars=None, text=text[:200],
        )
        for n in range(count)
    ]  # fmt: skip


def kafka() -> str:
    """Records a second into and out of three brokers, beside fastavro alone."""
    from dataclasses import asdict

    made = events(RECORDS)
    schema = parse_schema(avro_schema(REVIEWS))
    began = time.perf_counter()
    encoded = []
    for event in made:
        buffer = io.BytesIO()
        schemaless_writer(buffer, schema, asdict(event))
        encoded.append(buffer.getvalue())
    encode = time.perf_counter() - began
    began = time.perf_counter()
    for value in encoded:
        schemaless_reader(io.BytesIO(value), schema, schema)
    decode = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as name, ExitStack() as ended:
        brokers, registry = Kafka(Path(name) / "kafka", 3), Registry(Path(name) / "registry")
        ended.callback(brokers.stop)
        ended.callback(registry.stop)
        registry.start()
        brokers.start().wait()
        registry.wait()
        log = KafkaLog(Brokers(brokers.bootstrap), AvroCodec(registry.address))
        began = time.perf_counter()
        for start in range(0, RECORDS, AT_ONCE):
            log.append(made[start : start + AT_ONCE], 0)
        produce = time.perf_counter() - began
        began, read, position = time.perf_counter(), 0, ""
        while read < RECORDS:
            batches, position = log.read(position, 10_000)
            read += sum(len(each.bodies) for each in batches)
        consume = time.perf_counter() - began
        log.close()
        log.codec.close()
    rows = [("what", "records/s", "against fastavro alone")]
    for name_, ours, alone in (
        ("produce, acks of all", produce, encode),
        ("consume, in the log's order", consume, decode),
    ):
        rows.append((name_, f"{RECORDS / ours:,.0f}", f"{ours / alone:.1f}x its time ({RECORDS / alone:,.0f}/s)"))
    return table(f"Kafka: {RECORDS:,} reviews of 200 characters, 3 brokers, {AT_ONCE:,} at once", rows)


def recovery() -> str:
    """How long a running stream needs to catch up with what was queued at once."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as ended:
        folder = Path(name)
        services = {
            "kafka": Kafka(folder / "kafka", 1),
            "registry": Registry(folder / "registry"),
            "cassandra": Cassandra(folder / "cassandra", "127.0.0.4"),
            "mongo": Mongo(folder / "mongo"),
        }
        for service in services.values():
            ended.callback(service.stop)
            service.start()
        for service in services.values():
            service.wait()
        settings = {
            "home": str(folder / "home"),
            "kafka": services["kafka"].bootstrap,
            "kafka_replicas": "1",
            "registry": services["registry"].address,
            "cassandra": services["cassandra"].address,
            "cassandra_replicas": "1",
            "mongo": services["mongo"].address,
        }
        platform = Platform(load(**settings))
        os.environ.update({f"MARQUEE_{key.upper()}": value for key, value in settings.items()})
        os.environ["MARQUEE_SPARK"] = "local[2]"
        door = platform.door()
        door.accept([ReviewFact(1, SYSTEM_CLOCK.now(), "bench", "first", "a", None, "A fine film.")])
        with started(*MARQUEE, "speed"):
            while behind(platform):
                time.sleep(1)
            platform.log.append(events(QUEUED), SYSTEM_CLOCK.now())
            began, most = time.perf_counter(), behind(platform)
            while behind(platform) > FEW:
                time.sleep(0.5)
            took = time.perf_counter() - began
            while behind(platform):
                time.sleep(1)
            waits = visible_after(platform)
    rows = [("queued", "still queued when all were acknowledged", "back under 1,000 after", "goal")]
    lag = table("Lag", [*rows, (f"{QUEUED:,}", f"{most:,}", f"{took:.0f} s", "60 s")], "Spark's stream, trigger 30 s.")
    rows = [("reviews, one at a time", "median", "p95", "goal")]
    half, most_ = (f"{sorted(waits)[int(len(waits) * share)]:.1f} s" for share in (0.5, 0.95))
    return lag + "\n" + table("From the door to the answer", [*rows, (str(len(waits)), half, most_, "p95 45 s")])


def visible_after(platform: Platform) -> list[float]:
    """Return how long single reviews, one every `EVERY` seconds, took from their acceptance until they were in the views."""
    door, accepted, waits = platform.door(), list[float](), list[float]()
    began = time.perf_counter()
    while len(waits) < ALONE:
        now = time.perf_counter()
        if len(accepted) < ALONE and now - began >= len(accepted) * EVERY:
            name = f"alone-{len(accepted)}"
            door.accept([ReviewFact(1, SYSTEM_CLOCK.now(), "bench", name, "a", None, f"A fine film, {name}.")])
            accepted.append(time.perf_counter())
        seen = len(accepted) - behind(platform)
        now = time.perf_counter()
        waits += [now - at for at in accepted[len(waits) : seen]]
        time.sleep(0.1)
    return waits


def behind(platform: Platform) -> int:
    """Return how many records the speed layer has not told of yet."""
    state = platform.speed_views.state()[0]
    return sum(platform.log.behind(state.position if state else "").values())


ALL = {"spark": spark, "kafka": kafka, "recovery": recovery}


def main() -> None:
    chosen = sys.argv[1:] or list(ALL)
    parts = [f"Run on Python {machine.python_version()}, {os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d}.\n"]
    for name in chosen:
        parts.append(ALL[name]())
        print(parts[-1], flush=True)
    if chosen == list(ALL):
        PAGE.write_text(HEAD + "\n".join(parts))


if __name__ == "__main__":
    main()
