"""The API at 50 and 200 keep-alive connections against a bare ASGI application on the same server; the cache's hits."""

import re
import sys
import tempfile
import threading
from pathlib import Path
from random import Random

import httpx
from tests.processes import MARQUEE, answer, free_port, started

from benchmarks.homes import FILMS, GENRES, PEOPLE, fill
from benchmarks.measure import table
from benchmarks.servers import cpu_of, load
from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain.facts import ReviewFact
from marquee.settings import Settings

SECONDS = 6.0
REVIEWS_A_SECOND = 5
PACED = 40
"""Connections that wait a fifth of a second after each answer: readers, not a flood."""

WORDS = ("river", "silent", "golden", "empire", "the", "winter", "station", "garden", "mirror", "night")


def mix(count: int, seed: int) -> list[str]:
    """Paths as people ask: films by Zipf's law and what is said of them, lists, searches, analytics, people."""
    rng = Random(seed)
    found = []
    for _ in range(count):
        movie, person = int(FILMS ** rng.random()), 1_000 + int(PEOPLE ** rng.random()) - 1
        window = rng.choice(("7d", "30d", "90d"))
        asked = (
            (30, f"/v1/movies/{movie}"),
            (14, f"/v1/movies/{movie}/sentiment?window={rng.choice(('7d', '30d', 'all'))}"),
            (6, f"/v1/movies/{movie}/stats"),
            (6, f"/v1/movies/{movie}/similar"),
            (5, f"/v1/movies/{movie}/forecast?days={rng.choice((7, 28))}"),
            (12, f"/v1/trending/movies?window={rng.choice(('1h', '24h', '7d', '30d'))}"),
            (8, f"/v1/search/movies?q={rng.choice(WORDS)}&page={rng.randint(1, 3)}"),
            (4, f"/v1/search/suggest?q={rng.choice(WORDS)[: rng.randint(2, 6)]}"),
            (3, "/v1/analytics/overview"),
            (4, f"/v1/analytics/trends?window={window}&metric={rng.choice(('reviews', 'sentiment'))}"),
            (3, f"/v1/analytics/genre/{rng.choice(GENRES)}?window={window}"),
            (2, f"/v1/analytics/sentiment/comparison?by={rng.choice(('genre', 'tier', 'year'))}"),
            (1, f"/v1/outlook/movies?days={rng.choice((7, 28))}"),
            (2, f"/v1/people/{person}"),
        )
        found += rng.choices([path for _, path in asked], [weight for weight, _ in asked])
    return found


def outcomes(port: int) -> tuple[float, float]:
    """Return the cache's (hits, misses) so far."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    found = [re.search(rf'marquee_cache_answers_total{{outcome="{name}"}} (\S+)', text) for name in ("hit", "miss")]
    hits, misses = (float(match[1]) if match else 0.0 for match in found)
    return hits, misses


def feed(home: Path, stop: threading.Event) -> None:
    """Write reviews of popular films, a few a second, until told to stop."""
    door, rng, number = Platform(Settings(home=home)).door(), Random(9), 0
    while not stop.wait(1):
        facts = []
        for _ in range(REVIEWS_A_SECOND):
            number += 1
            movie = int(FILMS ** rng.random())
            facts.append(ReviewFact(movie, SYSTEM_CLOCK.now(), "bench", f"live{number}", "a", None, "A fine film."))
        door.accept(facts)


def run() -> str:
    rows: list[tuple[object, ...]] = [
        ("what", "connections", "requests/s", "CPU per request", "against bare", "p50", "p95", "p99", "cache hits")
    ]
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        fill(home)
        bare_port, port = free_port(), free_port()
        with (
            started(sys.executable, "-m", "benchmarks.bare", str(bare_port)) as bare,
            started(*MARQUEE, "serve", "--home", str(home), "--port", str(port)) as serve,
            started(*MARQUEE, "speed", "--home", str(home)),
        ):
            answer(bare_port, "/")
            answer(port, "/health")
            hot = [f"/v1/movies/{n}" for n in range(1, 21)]
            stop = threading.Event()
            feeder = threading.Thread(target=feed, args=(home, stop))
            for connections in (50, 200):
                bare_cost = 0.0
                for what, pid, where, paths in (
                    ("bare ASGI application", bare.pid, bare_port, ["/"]),
                    ("cached routes", serve.pid, port, hot),
                    ("realistic mix, cache cold", serve.pid, port, mix(20_000, connections)),
                    ("the same, cache warm", serve.pid, port, mix(2_000, connections)),
                    (f"the same, {REVIEWS_A_SECOND} reviews a second", serve.pid, port, mix(2_000, connections)),
                ):
                    live = "reviews a second" in what
                    if live and not feeder.is_alive():
                        feeder.start()
                    before, held = cpu_of(pid), outcomes(port)
                    found = load(where, paths, connections, SECONDS)
                    cost = (cpu_of(pid) - before) / found.requests
                    bare_cost = bare_cost or cost
                    hits, misses = (now - then for now, then in zip(outcomes(port), held, strict=True))
                    quantiles = [f"{1_000 * found.quantile(share):.1f} ms" for share in (0.5, 0.95, 0.99)]
                    rate = f"{found.requests / found.seconds:,.0f}"
                    share = f"{hits / (hits + misses):.0%}" if pid == serve.pid else ""
                    per_request = f"{1e6 * cost:.0f} us"
                    rows.append((what, connections, rate, per_request, f"{cost / bare_cost:.1f}x", *quantiles, share))
            with started(*MARQUEE, "serve", "--home", str(home), "--port", str(free := free_port())) as fresh:
                answer(free, "/health")
                load(free, mix(40_000, 7), PACED, 10 * SECONDS, pause=0.2)
                before, held = cpu_of(fresh.pid), outcomes(free)
                found = load(free, mix(40_000, 8), PACED, 10 * SECONDS, pause=0.2)
                cost = (cpu_of(fresh.pid) - before) / found.requests
                hits, misses = (now - then for now, then in zip(outcomes(free), held, strict=True))
                quantiles = [f"{1_000 * found.quantile(share):.1f} ms" for share in (0.5, 0.95, 0.99)]
                rate, share = f"{found.requests / found.seconds:,.0f}", f"{hits / (hits + misses):.0%}"
                what = f"a paced mix, the second minute of a server, {REVIEWS_A_SECOND} reviews a second"
                rows.append((what, PACED, rate, f"{1e6 * cost:.0f} us", "", *quantiles, share))
            stop.set()
            feeder.join()
    return table(
        f"API: {FILMS:,} films, keep-alive connections, client and server on the same two cores",
        rows,
        "Goals: cached routes at most 3.5x the CPU per request of the bare application; p95 under 100 ms, cold and warm; "
        "cache hits above 70 % on the mix (films asked for by Zipf's law). Cold: 20,000 questions, most asked once.",
    )
