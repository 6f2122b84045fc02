"""Spans arrive at a collector: from the door to the answer, a request's under the caller's own."""

import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from benchmarks.servers import free_port, wait_for
from tests.facts import film, review
from tests.ops.watching import process

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


def run(home: Path, address: str, *command: str) -> None:
    """Run a command of Marquee to its end."""
    environment = {**os.environ, "MARQUEE_TRACES": address}
    done = subprocess.run(
        [sys.executable, "-m", "marquee", *command, "--home", str(home)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_spans_are_sent_by_every_part(tmp_path: Path, collector: tuple[str, list[Any]]) -> None:
    address, got = collector
    home, now = tmp_path / "home", SYSTEM_CLOCK.now()
    platform = Platform(load(home=home), ManualClock(now - 2 * HOUR))
    platform.door().accept([film(1, now - 2 * HOUR), review(1, now - 2 * HOUR, "a")])
    run(home, address, "batch")
    run(home, address, "speed", "--once")
    port, trace, parent = free_port(), "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    command = ["env", f"MARQUEE_TRACES={address}", sys.executable, "-m", "marquee", "serve", "--home", str(home)]
    with process(tmp_path / "serve.log", *command, "--port", str(port)):
        wait_for(f"http://127.0.0.1:{port}/health")
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
    assert about == {"route": "/v1/movies/{id}", "request": "abc-1", "status": 200}


def test_a_collector_that_is_away_stops_nothing(tmp_path: Path) -> None:
    platform = Platform(load(home=tmp_path / "home"))
    platform.door().accept([film(1, SYSTEM_CLOCK.now())])
    run(tmp_path / "home", "http://127.0.0.1:9", "speed", "--once")
