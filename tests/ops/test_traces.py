"""Spans arrive at a collector: from the door to the answer, a request's under the caller's own."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.facts import film, review
from tests.processes import BARE, MARQUEE, answer, free_port, in_words, run, started

from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain.timeline import HOUR, ManualClock
from marquee.settings import load


@pytest.fixture
def collector() -> Iterator[tuple[str, list[Any]]]:
    """Its address, and the spans it was sent, each with its service."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                named = {one.key: one.value.string_value for one in resource.resource.attributes}
                for scope in resource.scope_spans:
                    got.extend((named["service.name"], one) for one in scope.spans)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()


def test_spans_are_sent_by_every_part(tmp_path: Path, collector: tuple[str, list[Any]]) -> None:
    address, got = collector
    home, now = tmp_path / "home", SYSTEM_CLOCK.now()
    platform = Platform(load(home=home), ManualClock(now - 2 * HOUR))
    platform.door().accept([film(1, now - 2 * HOUR), review(1, now - 2 * HOUR, "a")])
    for command in (("batch",), ("speed", "--once")):
        in_words(run(*command, "--home", str(home), MARQUEE_TRACES=address), 0)
    port, trace, parent = free_port(), "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    command = [*MARQUEE, "serve", "--home", str(home), "--port", str(port)]
    with started(*command, environment={**BARE, "MARQUEE_TRACES": address}):
        answer(port, "/health")
        headers = {"traceparent": f"00-{trace}-{parent}-01", "x-request-id": "abc-1"}
        assert httpx.get(f"http://127.0.0.1:{port}/v1/movies/1", headers=headers).status_code == 200
    names = {(service, span.name) for service, span in got}
    assert names >= {
        ("marquee-batch", "batch.silver"),
        ("marquee-batch", "batch.publish"),
        ("marquee-speed", "speed.fold"),
        (f"marquee-serve-{port}", "request"),
    }
    (asked,) = [span for _, span in got if span.trace_id.hex() == trace]
    assert asked.parent_span_id.hex() == parent
    about = {one.key: one.value.string_value or one.value.int_value for one in asked.attributes}
    assert about == {"route": "/v1/movies/{movie_id}", "request": "abc-1", "status": 200}


def test_a_collector_that_is_away_stops_nothing(tmp_path: Path) -> None:
    platform = Platform(load(home=tmp_path / "home"))
    platform.door().accept([film(1, SYSTEM_CLOCK.now())])
    home = str(tmp_path / "home")
    in_words(run("speed", "--once", "--home", home, MARQUEE_TRACES="http://127.0.0.1:9"), 0)
