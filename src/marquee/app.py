"""The composition root: the platform's parts, put together over the adapters that the settings choose."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from marquee.domain.timeline import SECOND, CallableClock, Clock
from marquee.errors import SettingsError
from marquee.home import Home
from marquee.places import for_java
from marquee.ports import (
    BatchViews,
    CrawlMemory,
    IdentityIndex,
    Keys,
    Lake,
    Limits,
    Log,
    OwnFilms,
    Quarantine,
    Releases,
    Runs,
    SharedAnswers,
    Slots,
    Speed,
    SpeedStore,
    SpeedViews,
)
from marquee.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

    from marquee.adapters.kafka.log import KafkaLog
    from marquee.adapters.kafka.topics import Brokers
    from marquee.adapters.mongo import Client
    from marquee.adapters.redis import Asked
    from marquee.batch.run import BatchLayer
    from marquee.domain.coverage import Source
    from marquee.engines.spark import Warehouse
    from marquee.ingest.door import Door
    from marquee.serving.answers.query import Query

SYSTEM_CLOCK = CallableClock(lambda: time.time_ns() * SECOND // 1_000_000_000)


@dataclass
class Platform:
    """One home's adapters, each opened when first used. Heavy libraries load only with the part that needs them."""

    settings: Settings
    clock: Clock = SYSTEM_CLOCK
    reading: bool = False
    """Whether nothing is to be written: then the home's disk may be read-only or full."""

    @cached_property
    def home(self) -> Home:
        """The folder of all state."""
        return Home(self.settings.home).open(reading=self.reading)

    @cached_property
    def log(self) -> Log:
        """The event log."""
        if self.settings.kafka is not None:
            return self.kafka_log(self.settings.kafka)
        from marquee.adapters.sqlite.log import SqliteLog

        return SqliteLog(self.home.path("log.db"))

    def brokers(self, bootstrap: str) -> "Brokers":
        """Return where Kafka is, and how to be let in."""
        from marquee.adapters.kafka.topics import Brokers, security

        settings = self.settings
        password = settings.kafka_password.get_secret_value() if settings.kafka_password else None
        allowed = security(settings.kafka_user, password, settings.kafka_ca)
        return Brokers(bootstrap, settings.kafka_replicas, security=allowed, kept=settings.retention.log)

    def kafka_log(self, bootstrap: str) -> "KafkaLog":
        """Return the log in Kafka."""
        from marquee.adapters.kafka.avro import AvroCodec
        from marquee.adapters.kafka.log import KafkaLog

        if self.settings.registry is None:
            raise SettingsError("Kafka is set and no Schema Registry", hint="Set MARQUEE_REGISTRY to its address.")
        return KafkaLog(self.brokers(bootstrap), AvroCodec(self.settings.registry))

    @cached_property
    def index(self) -> IdentityIndex:
        """The door's identity index."""
        from marquee.adapters.sqlite.index import SqliteIndex

        return SqliteIndex(self.home.path("index.db"))

    @cached_property
    def quarantine(self) -> Quarantine:
        """The quarantine of bad records."""
        from marquee.adapters.sqlite.quarantine import SqliteQuarantine

        return SqliteQuarantine(self.home.path("quarantine.db"))

    @cached_property
    def crawl_memory(self) -> CrawlMemory:
        """What the crawl remembers."""
        from marquee.adapters.sqlite.crawl import SqliteCrawl

        return SqliteCrawl(self.home.path("crawl.db"))

    @cached_property
    def releases(self) -> Releases:
        """Which releases of data sets are held."""
        from marquee.adapters.sqlite.releases import SqliteReleases

        return SqliteReleases(self.home.path("releases.db"))

    @cached_property
    def own_films(self) -> OwnFilms:
        """A person's own films."""
        from marquee.adapters.sqlite.own import SqliteOwnFilms

        return SqliteOwnFilms(self.home.path("own.db"))

    @cached_property
    def lake(self) -> Lake:
        """The lake and its engine."""
        if self.settings.spark is not None:
            from marquee.engines.spark import SparkLake

            return SparkLake(self.spark)
        from marquee.engines.duckdb.lake import DuckLake

        return DuckLake(self.home.path("lake"))

    def ask_lake(self, sql: str) -> "pa.Table":
        """Return what a SELECT over the lake's tables gives; QueryError of what cannot be run."""
        if self.settings.spark is not None:
            from marquee.engines.spark import SparkLake

            return SparkLake(self.spark).select(sql)
        from marquee.engines.duckdb.ask import select

        return select(self.home.path("lake"), sql)

    @cached_property
    def spark(self) -> "SparkSession":
        """The session of Spark; only where a master is set."""
        from marquee.engines.spark import listener, session
        from marquee.services.jars import paths

        settings, warehouse = self.settings, self.warehouse
        assert settings.spark is not None  # noqa: S101
        jars = paths("spark") + (paths("spark-s3") if warehouse.database else [])
        more: dict[str, str] = {}
        if settings.openlineage is not None:
            jars, more = jars + paths("openlineage"), listener(settings.openlineage)
        return session(settings.spark, warehouse, jars, more)

    @property
    def warehouse(self) -> "Warehouse":
        """Where Spark keeps the lake. What has no atomic rename is catalogued in a file of the home, or as set."""
        from marquee.engines.spark import Warehouse

        settings = self.settings
        address = settings.lake
        if address is None:
            address = for_java(self.home.path("spark"), "set MARQUEE_LAKE").as_uri()
        database = settings.catalog
        if database is None and address.startswith("s3://"):
            database = f"jdbc:sqlite:{for_java(self.home.path('catalog.db'), 'set MARQUEE_CATALOG')}"
        password = settings.catalog_password.get_secret_value() if settings.catalog_password else None
        return Warehouse(address, database, settings.catalog_user, password, settings.s3_endpoint)

    @cached_property
    def mongo(self) -> "Client":
        """The client of MongoDB; only where one is set."""
        from marquee.adapters.mongo import connect

        assert self.settings.mongo is not None  # noqa: S101
        return connect(self.settings.mongo.get_secret_value())

    @cached_property
    def views(self) -> BatchViews:
        """The published answers."""
        if self.settings.mongo is not None:
            from marquee.adapters.mongo import MongoViews

            return MongoViews(self.mongo)
        from marquee.adapters.sqlite.views import SqliteViews

        return SqliteViews(self.home.path("views.db"))

    @cached_property
    def runs(self) -> Runs:
        """The history of batch runs."""
        from marquee.adapters.sqlite.runs import SqliteRuns

        return SqliteRuns(self.home.path("runs.db"))

    @cached_property
    def speed_store(self) -> SpeedStore:
        """The speed layer's cells."""
        if self.settings.cassandra is not None:
            from marquee.adapters.cassandra import CassandraSpeedStore, Nodes

            settings = self.settings
            password = settings.cassandra_password.get_secret_value() if settings.cassandra_password else None
            nodes = Nodes.of(self.settings.cassandra, settings.cassandra_user, password, settings.cassandra_ca)
            session = nodes.connect(settings.cassandra_datacenter)
            return CassandraSpeedStore(session, settings.cassandra_replicas, settings.cassandra_datacenter)
        from marquee.adapters.sqlite.speed import SqliteSpeedStore

        return SqliteSpeedStore(self.home.path("speed.db"))

    @cached_property
    def speed_views(self) -> SpeedViews:
        """The speed layer's side of serving."""
        if self.settings.mongo is not None:
            from marquee.adapters.mongo import MongoSpeedViews

            return MongoSpeedViews(self.mongo)
        from marquee.adapters.sqlite.speed import SqliteSpeedViews

        return SqliteSpeedViews(self.home.path("speed_views.db"))

    @cached_property
    def keys(self) -> Keys:
        """The API's keys."""
        from marquee.adapters.sqlite.keys import SqliteKeys

        return SqliteKeys(self.home.path("keys.db"))

    @cached_property
    def redis(self) -> "Asked | None":
        """What asks Redis, where one is set."""
        if self.settings.redis is None:
            return None
        from marquee.adapters.redis import Asked, Reach

        return Asked(self.settings.redis.get_secret_value(), Reach())

    def shared_answers(self) -> SharedAnswers | None:
        """Return the answers that all API processes share, where there is a Redis."""
        if self.settings.redis is None or self.redis is None:
            return None
        from marquee.adapters.redis import RedisAnswers

        return RedisAnswers(self.settings.redis.get_secret_value(), self.redis.reach)

    def rate_limit(self) -> Limits:
        """Return the API's rate limit."""
        from marquee.domain.limits import RateLimit

        def seconds() -> float:
            return self.clock.now() / SECOND

        if self.redis is None:
            return RateLimit(seconds)
        from marquee.adapters.redis import RedisRateLimit

        return RedisRateLimit(self.redis, seconds)

    def tmdb_budget(self) -> Slots:
        """Return the request budget of TMDB, shared by all that call it."""
        from marquee.adapters.sqlite.budget import Budget

        own = Budget(self.home.path("budget.db"), self.settings.tmdb_rate)
        if self.redis is None:
            return own
        from marquee.adapters.redis import RedisBudget

        return RedisBudget(self.redis, own, self.settings.tmdb_rate)

    def check_exposure(self) -> None:
        """Refuse to listen to other machines without a key."""
        if not self.settings.loopback and not self.settings.has_key and not self.keys.any_standing():
            raise SettingsError(
                f"refusing to listen on {self.settings.host} without an API key",
                hint="Make one with `marquee keys create NAME`, or set MARQUEE_API_KEY to 16 characters or more.",
            )

    @contextmanager
    def door_turn(self) -> Iterator[None]:
        """Hold the door: one process at a time judges what is new."""
        with self.home.lock("door", wait=True):
            yield

    def door(self) -> "Door":
        """Return the door."""
        from marquee.ingest.door import Door

        return Door(self.log, self.index, self.quarantine, self.clock, self.door_turn)

    def batch(self) -> "BatchLayer":
        """Return the batch layer."""
        from marquee.batch.run import BatchLayer

        return BatchLayer(
            *(self.log, self.lake, self.views, self.runs, self.quarantine, self.clock, self.source),
            retention=self.settings.retention,
        )

    def speed(self) -> Speed:
        """Return the speed layer: on Spark's streams where both Spark and Kafka are set."""
        from marquee.libraries.vader import scorer
        from marquee.speed.fold import Fold
        from marquee.speed.layer import SpeedLayer
        from marquee.speed.sync import Sync

        fold = Fold(self.log, self.speed_store, self.views, self.clock, scorer().score)
        layer = SpeedLayer(fold, Sync(self.speed_store, self.speed_views, self.clock))
        settings = self.settings
        if settings.spark is None or settings.kafka is None or settings.registry is None:
            return layer
        from marquee.adapters.kafka.log import KafkaLog
        from marquee.speed.spark import SparkStream, source_options

        assert isinstance(self.log, KafkaLog)  # noqa: S101
        options = source_options(self.brokers(settings.kafka))
        return SparkStream(self.spark, layer, self.log, settings.registry, options, settings.trigger_seconds)

    def source(self) -> "Source | None":
        """Return where films come from."""
        from marquee.origin import origin

        return origin(self.home)

    def query(self) -> "Query":
        """Return the query service."""
        from marquee.serving.answers.query import Query

        return Query(self.views, self.speed_views, self.log, self.clock, self.source)
