"""Prometheus metrics of the API process and of the platform's state."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from marquee.app import Platform
from marquee.domain.timeline import SECOND
from marquee.ops import health
from marquee.serving.cache import AnswerCache

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class StateCollector(Collector):
    """Reads the platform's state when Prometheus asks."""

    def __init__(self, platform: Platform, cache: AnswerCache) -> None:
        self.platform = platform
        self.cache = cache

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges of freshness, coverage, quality, quarantine and cache."""
        now = self.platform.clock.now()
        with self.platform.views.snapshot() as snapshot:
            publication = snapshot.publication
        state, _ = self.platform.speed_views.state()
        if publication is not None:
            lag = (now - publication.frontier.hour) / SECOND
            yield GaugeMetricFamily("marquee_frontier_lag_seconds", "Age of the batch frontier", lag)
            yield GaugeMetricFamily("marquee_batch_run", "Number of the published run", publication.frontier.run)
            quality = GaugeMetricFamily("marquee_quality_score", "Quality score in percent", labels=["layer"])
            for layer, score in publication.facts["quality"].items():
                quality.add_metric([layer], score)
            yield quality
        speed_lag = health.speed_lag(self.platform, now) / SECOND
        yield GaugeMetricFamily("marquee_speed_lag_seconds", "Age of the oldest record not yet visible", speed_lag)
        yield GaugeMetricFamily("marquee_speed_version", "Version of the speed views", state.version)
        quarantined = sum(self.platform.quarantine.counts().values())
        yield GaugeMetricFamily("marquee_quarantine_rows", "Records in quarantine", quarantined)
        checks = GaugeMetricFamily("marquee_check_ok", "1 where a health check passes", labels=["check"])
        for check in health.checks(self.platform):
            checks.add_metric([check.name], float(check.well))
        yield checks
        outcomes = GaugeMetricFamily("marquee_cache_answers", "Answers by cache outcome", labels=["outcome"])
        outcomes.add_metric(["hit"], self.cache.hits)
        outcomes.add_metric(["miss"], self.cache.misses)
        yield outcomes


class Telemetry:
    """The API's registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.latency = Histogram(
            "marquee_request_seconds",
            "Time to answer a request",
            ["route", "status"],
            buckets=BUCKETS,
            registry=self.registry,
        )

    def watch(self, platform: Platform, cache: AnswerCache) -> None:
        """Add the platform's state."""
        self.registry.register(StateCollector(platform, cache))

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
