"""Prometheus metrics of the API process and of the platform's state."""

import shutil
import time
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from marquee.app import Platform
from marquee.domain.timeline import SECOND
from marquee.errors import MarqueeError
from marquee.spans import FOLDER, kept
from marquee.watch import audit, health, state
from marquee.watch.expiry import Expiries

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

Outcomes = Callable[[], Mapping[str, int]]
"""How often the answer cache had an answer (`hit`), and had not (`miss`)."""


class StateCollector(Collector):
    """Reads the platform's state when Prometheus asks."""

    def __init__(self, platform: Platform, outcomes: Outcomes) -> None:
        self.platform = platform
        self.outcomes = outcomes
        self.expiries = Expiries(platform)

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges of freshness, coverage, quality, quarantine, stores, parts, audit and cache."""
        stores = GaugeMetricFamily("marquee_store_up", "1 where a store answers", labels=["store"])
        seconds = GaugeMetricFamily("marquee_store_seconds", "Time to read its state", labels=["store"])
        for store, read in (("batch_views", self.batch), ("speed_views", self.speed), ("speed_cells", self.cells)):
            began = time.perf_counter()
            try:
                found = list(read())
            except MarqueeError:
                stores.add_metric([store], 0)
                continue
            stores.add_metric([store], 1)
            seconds.add_metric([store], time.perf_counter() - began)
            yield from found
        yield from (stores, seconds)
        yield from self.home()
        outcomes = CounterMetricFamily("marquee_cache_answers", "Answers by cache outcome", labels=["outcome"])
        for name, number in self.outcomes().items():
            outcomes.add_metric([name], number)
        yield outcomes

    def batch(self) -> Iterable[Metric]:
        """Yield what is known of the published run."""
        with self.platform.views.snapshot() as snapshot:
            publication = snapshot.publication
        if publication is None:
            return
        lag = (self.platform.clock.now() - publication.frontier.hour) / SECOND
        yield GaugeMetricFamily("marquee_frontier_lag_seconds", "Age of the batch frontier", lag)
        yield GaugeMetricFamily("marquee_batch_run", "Number of the published run", publication.frontier.run)
        quality = GaugeMetricFamily("marquee_quality_score", "Quality score in percent", labels=["layer"])
        for layer, score in publication.facts["quality"].items():
            quality.add_metric([layer], score)
        yield quality

    def speed(self) -> Iterable[Metric]:
        """Yield how far the speed layer is behind the log, and the hours that neither layer holds."""
        found = state.read(self.platform)
        gaps = found.coverage.gap_hours
        yield GaugeMetricFamily("marquee_coverage_gap_hours", "Ingest hours that neither layer holds", gaps)
        waits = found.lag / SECOND
        yield GaugeMetricFamily("marquee_speed_lag_seconds", "Age of the oldest record not yet visible", waits)
        yield GaugeMetricFamily("marquee_speed_version", "Version of the speed views", found.speed.version)
        lag = GaugeMetricFamily("marquee_consumer_lag_records", "Records not yet visible", labels=["topic"])
        for topic, records in self.platform.log.behind(found.speed.position).items():
            lag.add_metric([topic], records)
        yield lag
        crawl = found.crawl
        if crawl is not None:
            films = GaugeMetricFamily("marquee_crawl_films", "Films of the crawl by state", labels=["state"])
            for name, number in (("known", crawl.known), ("fetched", crawl.fetched), ("gone", crawl.gone)):
                films.add_metric([name], number)
            films.add_metric(["set_aside"], crawl.set_aside)
            yield films
        checks = GaugeMetricFamily("marquee_check_ok", "1 where a health check passes", labels=["check"])
        for check in health.checks(self.platform, found):
            checks.add_metric([check.name], float(check.well))
        yield checks

    def cells(self) -> Iterable[Metric]:
        """Yield how far the fold is."""
        progress = self.platform.speed_store.progress()
        number = progress.batch_id if progress else 0
        yield CounterMetricFamily("marquee_micro_batches", "Micro-batches folded", number)

    def home(self) -> Iterable[Metric]:
        """Yield what the home tells: processes, runs, quarantine, disk, the last audit."""
        platform = self.platform
        parts = GaugeMetricFamily("marquee_part_up", "1 where a part of the platform runs", labels=["part"])
        holders = platform.home.holders()
        for part in ("ingest", "speed", "batch"):
            parts.add_metric([part], float(part in holders))
        yield parts
        last = next(iter(platform.runs.latest(1)), None)
        if last is not None:
            well = GaugeMetricFamily("marquee_last_run_ok", "1 where the last batch run did not fail", float(last.well))
            yield well
        yield from self.work()
        quarantined = sum(platform.quarantine.counts().values())
        yield GaugeMetricFamily("marquee_quarantine_rows", "Records in quarantine", quarantined)
        usage = shutil.disk_usage(platform.home.folder)
        yield GaugeMetricFamily("marquee_disk_free_ratio", "Free share of the home's disk", usage.free / usage.total)
        expires = GaugeMetricFamily("marquee_expires_seconds", "Time until it expires", labels=["what"])
        for what, left in self.expiries.left():
            expires.add_metric([what], left)
        yield expires
        found = audit.last(platform)
        if found is not None:
            yield GaugeMetricFamily("marquee_audit_differ", "Answers of the last audit that differ", found["differ"])
            age = (platform.clock.now() - found["at"]) / SECOND
            yield GaugeMetricFamily("marquee_audit_age_seconds", "Age of the last audit", age)

    def work(self) -> Iterable[Metric]:
        """Yield what the parts spend their time on, TMDB's budget among it."""
        times = CounterMetricFamily("marquee_work", "Spans of work", labels=["part", "work"])
        total = CounterMetricFamily("marquee_work_seconds", "Time they took", labels=["part", "work"])
        last = GaugeMetricFamily("marquee_work_last_seconds", "Time the last took", labels=["part", "work"])
        for part, name, (count, seconds, latest) in kept(self.platform.home.path(FOLDER)):
            times.add_metric([part, name], count)
            total.add_metric([part, name], seconds)
            last.add_metric([part, name], latest)
        yield from (times, total, last)
        yield GaugeMetricFamily("marquee_tmdb_rate", "Requests a second allowed", self.platform.settings.tmdb_rate)


class Telemetry:
    """The API's registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.latency = Histogram(
            "marquee_request_seconds",
            "Time to answer a request",
            ["route", "status"],
            buckets=BUCKETS,
            registry=self.registry,
        )

    def watch(self, platform: Platform, outcomes: Outcomes) -> None:
        """Add the platform's state, and how often each outcome of the answer cache came."""
        self.registry.register(StateCollector(platform, outcomes))

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
