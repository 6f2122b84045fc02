"""The batch layer on real Spark, its Iceberg tables on a real HDFS: the same bytes as on DuckDB, whatever dies."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cluster.conftest import OnStore, close, differ, environment_of, fresh, running
from tests.conftest import NOON
from tests.facts import TEXTS, film, history, review
from tests.files import imported, movielens
from tests.world import make
from typer.testing import CliRunner

import marquee
from marquee.adapters.kafka.log import KafkaLog
from marquee.app import SYSTEM_CLOCK, Platform
from marquee.batch import taste
from marquee.cli.common import app
from marquee.domain import documents as kinds
from marquee.domain.events import REVIEWS
from marquee.domain.tables import BRONZE, CELLS, SILVER, TABLES, TASTE
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.engines.spark import SparkLake, Warehouse, session
from marquee.errors import StorageError
from marquee.ports import Lake
from marquee.services.hdfs import Hdfs
from marquee.services.jars import paths
from marquee.services.kafka import Kafka
from marquee.services.registry import Registry
from marquee.services.s3 import S3
from marquee.settings import load
from marquee.speed.spark import SparkStream
from marquee.testing.memory import MemoryViews

KINDS = [value for name, value in vars(kinds).items() if name.isupper() and isinstance(value, str)]

# PySpark's sockets are closed by the collector, and its worker processes by Spark.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def hdfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hdfs]:
    yield from running(Hdfs(tmp_path_factory.mktemp("hdfs")))


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    yield from running(S3(tmp_path_factory.mktemp("s3")))


@pytest.fixture(scope="module")
def spark(hdfs: Hdfs, s3: S3) -> Iterator[Any]:
    names = paths("spark") + paths("spark-s3")
    started = session(
        "local[2]", Warehouse(f"{hdfs.address}/lake", endpoint=s3.address), names, {"spark.sql.shuffle.partitions": "2"}
    )
    yield started
    started.stop()


@pytest.fixture
def lake(spark: Any, hdfs: Hdfs) -> SparkLake:
    """A lake of its own on the shared file system."""
    name = fresh()
    for key, value in Warehouse(f"{hdfs.address}/{name}").catalog(name).items():
        spark.conf.set(key, value)
    return SparkLake(spark, name)


def documents(platform: Platform) -> dict[tuple[str, int], bytes]:
    with platform.views.snapshot() as snapshot:
        return {(kind, key): body for kind in KINDS for key, body in snapshot.changed(kind, 0)}


def rows(lake: Lake, name: str) -> list[tuple[Any, ...]]:
    columns = sorted(TABLES[name].columns)
    found = lake.arrow(lake.table(name).select(*columns)).to_pylist()
    return sorted((tuple(row.values()) for row in found), key=repr)


def test_spark_publishes_the_bytes_that_duckdb_publishes(tmp_path: Path, lake: SparkLake) -> None:
    embedded = make(tmp_path / "home")
    shutil.copytree(tmp_path / "home", tmp_path / "other")
    other = Platform(load(home=tmp_path / "other"), embedded.clock)
    other.lake, other.views = lake, MemoryViews()
    other.batch().run()
    theirs, ours = documents(embedded), documents(other)
    assert len(ours) > 200
    assert theirs.keys() == ours.keys()
    assert [key for key in theirs if theirs[key] != ours[key]] == []
    for name in (*BRONZE.values(), *SILVER.values(), CELLS):
        assert rows(embedded.lake, name) == rows(lake, name), name


def test_spark_learns_the_tastes_that_duckdb_learns(tmp_path: Path, lake: SparkLake) -> None:
    """Through the import, into each lake, and again: nothing is written twice."""
    ratings = [
        f"{user},{1 + film},{1 + (user * film) % 9 / 2},{(15_000 + user) * 86_400}"
        for user in range(60)
        for film in range(8)
    ]
    folder = movielens(tmp_path / "ml", ratings, "".join(f"{n},{n},{100 + n}\n" for n in range(1, 9)))
    found = []
    for name, own in (("one", None), ("two", lake)):
        platform = Platform(load(home=tmp_path / name))
        if own is not None:
            platform.lake = own
        imported(platform, folder)
        edition = taste.edition(platform.lake)
        imported(platform, folder)
        assert edition == taste.edition(platform.lake) != ""
        found.append((edition, rows(platform.lake, TASTE), list(taste.documents(platform.lake, []))))
    assert found[0] == found[1]
    assert len(found[0][1]) == 480
    assert found[0][2]


def test_runs_of_all_kinds_agree_with_the_reference(tmp_path: Path, clock: ManualClock, lake: SparkLake) -> None:
    platform = Platform(load(home=tmp_path / "home"), clock)
    platform.lake = lake
    door, batch, speed = platform.door(), platform.batch(), platform.speed()
    for hour, (now, facts) in enumerate(history(3, NOON - 2 * DAY, 40)):
        clock.time = now
        door.accept(facts)
        if hour % 20 == 19:
            batch.run()
            speed.drain()
            assert differ(platform) == 0
    assert batch.run(full=True).state == "published"
    before = rows(lake, CELLS)
    assert differ(platform) == 0
    assert batch.run(interval=(NOON - DAY, NOON)).state == "published"
    assert rows(lake, CELLS) == before
    recorded = lake.properties(CELLS)
    assert recorded
    lake.maintain(clock.now() + 3 * DAY)
    assert lake.properties(CELLS) == recorded
    assert rows(lake, CELLS) == before
    lake.drop_partitions(SILVER[REVIEWS], lake.partitions(SILVER[REVIEWS]))
    assert rows(lake, SILVER[REVIEWS]) == []
    assert lake.properties(SILVER[REVIEWS])["hour"] == recorded["hour"]


def test_pieces_are_spread_over_executors_and_come_back_in_order(lake: SparkLake) -> None:
    pieces = [np.arange(n) for n in range(7)]
    assert list(lake.spread(np.sum, pieces)) == list(map(np.sum, pieces))
    assert os.getpid() not in set(lake.spread(lambda _: os.getpid(), pieces))
    assert list(lake.spread(np.sum, [])) == []


def test_a_datanode_killed_in_a_run_costs_nothing(
    tmp_path: Path, clock: ManualClock, lake: SparkLake, hdfs: Hdfs
) -> None:
    platform = Platform(load(home=tmp_path / "home"), clock)
    platform.lake = lake
    door, batch = platform.door(), platform.batch()
    door.accept([film(n, NOON) for n in range(1, 20)] + [review(n, NOON, f"r{n}") for n in range(1, 20)])
    clock.time += 2 * HOUR
    victim = hdfs.nodes[0]

    def kill(step: str) -> None:
        if step == "gold":
            victim.kill()

    try:
        assert batch.run(progress=kill).state == "published"
        assert not victim.alive
        platform.speed().drain()
        assert differ(platform) == 0
    finally:
        victim.start().wait()


def test_a_lake_that_cannot_be_written_says_so(lake: SparkLake, monkeypatch: pytest.MonkeyPatch) -> None:
    table = lake.arrow(lake.table(CELLS))
    bad = table.append_column("more", table.column(0))
    assert lake.append(CELLS, bad, {}) == 0
    monkeypatch.setattr(lake, "path", lambda name: f"{lake.name}.gold.nowhere")
    monkeypatch.setattr(lake, "properties", lambda name: {})
    with pytest.raises(StorageError, match=r"gold\.cells cannot be written"):
        lake.append(CELLS, table, {})


def told(*command: str, **given: str) -> str:
    """Return what a command of a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-m", "marquee", *command], env={**os.environ, **given}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[:3_000]
    return done.stdout


def test_a_lake_on_s3_is_chosen_by_settings(tmp_path: Path, s3: S3) -> None:
    """Commands with nothing but settings keep there what DuckDB keeps in the home."""
    make(tmp_path / "home")
    for name in ("views.db", "runs.db"):
        (tmp_path / "home" / name).unlink(missing_ok=True)
    shutil.rmtree(tmp_path / "home" / "lake")
    shutil.copytree(tmp_path / "home", tmp_path / "other")
    given = {
        "MARQUEE_HOME": str(tmp_path / "other"),
        "MARQUEE_SPARK": "local[2]",
        "MARQUEE_LAKE": f"s3://marquee/{fresh()}",
        "MARQUEE_S3_ENDPOINT": s3.address,
        "AWS_ACCESS_KEY_ID": s3.user,
        "AWS_SECRET_ACCESS_KEY": s3.password,
    }
    told("batch", MARQUEE_HOME=str(tmp_path / "home"))
    told("batch", **given)
    question = (
        "SELECT movie_id, sum(reviews) AS n, sum(compound) AS s FROM gold.cells GROUP BY movie_id ORDER BY movie_id"
    )
    ours, theirs = told("query", question, MARQUEE_HOME=str(tmp_path / "home")), told("query", question, **given)
    assert ours == theirs
    assert len(ours.splitlines()) > 20
    assert list((s3.folder / "objects").rglob("*.parquet"))
    assert not (tmp_path / "other" / "lake").exists()


def test_openlineage_is_told_what_is_written(tmp_path: Path) -> None:
    """In a catalog of files; of what a JDBC catalog holds, OpenLineage's listener knows no tables."""
    platform = Platform(load(home=tmp_path / "home"))
    platform.door().accept([film(1, NOON), review(1, NOON, "r")])
    given = {"MARQUEE_HOME": str(tmp_path / "home"), "MARQUEE_SPARK": "local[2]"}
    told("batch", "--until", "bronze", **given, MARQUEE_OPENLINEAGE=(tmp_path / "lineage.json").as_uri())
    events = [json.loads(line) for line in (tmp_path / "lineage.json").read_text().splitlines()]
    ended = [one for one in events if one["eventType"] == "COMPLETE"]
    assert {out["name"].rpartition("/spark/")[2] for one in ended for out in one["outputs"]} >= {
        "bronze/reviews",
        "bronze/metadata",
    }
    assert {one["job"]["namespace"] for one in events} == {"marquee"}


def test_a_lake_on_s3_is_kept_small(tmp_path: Path, clock: ManualClock, spark: Any, s3: S3) -> None:
    name = fresh()
    secret = {"access-key-id": s3.user, "secret-access-key": s3.password}
    place = Warehouse(f"s3://marquee/{name}", f"jdbc:sqlite:{tmp_path / 'catalog.db'}", endpoint=s3.address)
    for key, value in place.catalog(name).items():
        spark.conf.set(key, value)
    for key, value in secret.items():
        spark.conf.set(f"spark.sql.catalog.{name}.s3.{key}", value)
    lake = SparkLake(spark, name)
    platform = Platform(load(home=tmp_path / "home"), clock)
    platform.lake = lake
    for hour, (now, facts) in enumerate(history(3, NOON - DAY, 12)):
        clock.time = now
        platform.door().accept(facts)
        if hour % 4 == 3:
            assert platform.batch().run().state == "published"
    platform.speed().drain()
    assert differ(platform) == 0
    before, recorded = rows(lake, CELLS), lake.properties(CELLS)
    lake.maintain(clock.now() + 3 * DAY)
    assert (rows(lake, CELLS), lake.properties(CELLS)) == (before, recorded)
    assert differ(platform) == 0


def submitted(home: Path, lake: str, *options: str) -> subprocess.CompletedProcess[str]:
    import pyspark

    program = [str(Path(pyspark.__file__).parent / "bin" / "spark-submit"), "--master", "local[1]", *options]
    command = [*program, str(Path(marquee.__file__).parent / "__main__.py"), "batch", "--json"]
    settings = {"MARQUEE_LAKE": lake, "MARQUEE_HOME": str(home), "MARQUEE_SPARK": "local[2]"}
    environment = {**os.environ, **settings, "PYSPARK_PYTHON": sys.executable}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_spark_submit_runs_the_same_command(tmp_path: Path, hdfs: Hdfs) -> None:
    platform = Platform(load(home=tmp_path / "home"))
    platform.door().accept([film(n, NOON) for n in range(1, 5)] + [review(n, NOON, f"r{n}") for n in range(1, 5)])
    lake = f"{hdfs.address}/{fresh()}"
    without = submitted(tmp_path / "home", lake)
    assert without.returncode == 2
    assert "marquee cluster jars spark" in without.stdout.replace("\n", " ")  # PySpark's runner joins the two outputs
    listed = CliRunner().invoke(app, ["cluster", "jars", "spark"])
    done = submitted(tmp_path / "home", lake, "--jars", listed.stdout.strip())
    assert done.returncode == 0, done.stderr[-3_000:]
    assert '"state": "published"' in done.stdout
    assert not (tmp_path / "home" / "lake").exists()


def test_memory_duckdb_spark_batch_and_spark_streams_agree(
    tmp_path: Path,
    lake: SparkLake,
    kafka: Callable[[int], Kafka],
    registry: Registry,
    cassandra_store: OnStore,
    mongo_speed_views: OnStore,
) -> None:
    """One random log through every engine: the integers of all films are the same."""
    clock = ManualClock(SYSTEM_CLOCK.now())
    settings = load(home=tmp_path / "home", kafka=kafka(1).bootstrap, kafka_replicas=1, registry=registry.address)
    settings.spark = "local[2]"
    stream = Platform(settings, clock)
    stream.spark = lake.spark
    stream.lake, stream.views = lake, MemoryViews()
    stream.speed_store = cassandra_store(fresh())
    stream.speed_views = mongo_speed_views(fresh())
    log = stream.log
    assert isinstance(log, KafkaLog)
    embedded = Platform(load(home=tmp_path / "embedded"), clock)
    embedded.log = log
    try:
        door, speed = stream.door(), stream.speed()
        assert isinstance(speed, SparkStream)
        for hour, (_, facts) in enumerate(history(7, clock.now() - 16 * HOUR, 16)):
            door.accept(facts)
            if hour % 8 == 7:
                assert speed.drain() > 20
        log.producer.produce(REVIEWS, b"poison", b"1")
        log.producer.flush(10)
        assert speed.drain() == 0
        streamed = cells_of(stream)
        assert differ(stream) == 0
        assert embedded.speed().drain() > 100
        assert cells_of(embedded) == streamed
        clock.time += 2 * HOUR
        stream.batch().run()
        embedded.batch().run()
        assert documents(stream) == documents(embedded)
        assert differ(stream) == 0
        assert rows(lake, CELLS) == rows(embedded.lake, CELLS)
    finally:
        log.close()
        log.codec.close()


def cells_of(platform: Platform) -> list[Any]:
    cells, films, _ = platform.speed_views.changes(0)
    return [sorted(cells, key=repr), sorted(films, key=repr)]


def test_a_streaming_driver_killed_in_a_micro_batch_loses_and_doubles_nothing(
    services: dict[str, str],
) -> None:
    platform = Platform(load(**services))
    now = SYSTEM_CLOCK.now()
    films = range(1, 1_500)
    platform.door().accept([film(n, now) for n in films] + [review(n, now - n * HOUR, f"r{n}") for n in films])
    store = platform.speed_store
    command = [sys.executable, "-m", "marquee", "speed"]
    environment = environment_of({**services, "spark": "local[2]", "trigger_seconds": "1"})
    driver = subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while store.intended() is None and time.monotonic() < until:
            assert driver.poll() is None
        os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()
        assert store.intended() is not None
        assert store.progress() is None
        platform.door().accept([review(n, now, f"later{n}", TEXTS[1]) for n in films])
        subprocess.run([*command, "--once"], env=environment, check=True, stderr=subprocess.DEVNULL)
        assert store.intended() is None
        assert differ(platform) == 0
        query = platform.query()
        query.refresh()
        assert query.movie(7)["sentiment"]["reviews"] == 2
    finally:
        if driver.poll() is None:
            os.killpg(driver.pid, signal.SIGKILL)
        close(platform)
