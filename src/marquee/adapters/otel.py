"""OpenTelemetry: spans, sent to a collector over OTLP/HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from marquee.spans import Span


class Collector:
    """A `Tracer` that sends to a collector, in the background; one that is away costs nothing but its spans."""

    def __init__(self, address: str, part: str) -> None:
        self.provider = TracerProvider(resource=Resource.create({"service.name": f"marquee-{part}"}))
        exporter = OTLPSpanExporter(f"{address.rstrip('/')}/v1/traces", timeout=5)
        self.provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1_000))
        self.tracer = self.provider.get_tracer("marquee")

    @contextmanager
    def span(self, name: str, parent: str | None, about: dict[str, Any]) -> Iterator[Span]:
        """Open a span, as a child of the one that is open or of a caller's."""
        context = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
        with self.tracer.start_as_current_span(name, context=context, attributes=about) as opened:
            yield opened
