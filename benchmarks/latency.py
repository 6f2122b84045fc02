"""From the door's acknowledgement of a review to its count in the API's answer, over real processes."""

import tempfile
import time
from pathlib import Path

import httpx
from tests.processes import MARQUEE, answer, free_port, started

from benchmarks.homes import fill
from benchmarks.measure import table
from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain.facts import ReviewFact
from marquee.settings import Settings

EVENTS = 100


def run() -> str:
    waits = []
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        fill(home)
        port = free_port()
        with (
            started(*MARQUEE, "serve", "--home", str(home), "--port", str(port)),
            started(*MARQUEE, "speed", "--home", str(home)),
            httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
        ):
            answer(port, "/health")
            door = Platform(Settings(home=home)).door()
            for number in range(EVENTS):
                movie = 1 + number % 50
                before = client.get(f"/v1/movies/{movie}").json()["sentiment"]["reviews"]
                door.accept([ReviewFact(movie, SYSTEM_CLOCK.now(), "bench", f"new{number}", "a", None, "A fine film.")])
                accepted = time.perf_counter()
                while client.get(f"/v1/movies/{movie}").json()["sentiment"]["reviews"] == before:
                    time.sleep(0.005)
                waits.append(time.perf_counter() - accepted)
    waits.sort()
    rows = [
        ("reviews", "p50", "p95", "worst", "goal"),
        (EVENTS, *(f"{waits[int(share * (EVENTS - 1))]:.2f} s" for share in (0.5, 0.95, 1)), "p95 at most 2 s"),
    ]
    return table("Freshness: review accepted to visible in the API", rows)
