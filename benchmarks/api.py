"""The API at 50 and 200 keep-alive connections against a bare ASGI application on the same server."""

import tempfile
from pathlib import Path
from random import Random

from benchmarks.homes import FILMS, fill
from benchmarks.measure import table
from benchmarks.servers import cpu_of, free_port, load, started, wait_for

SECONDS = 6.0


def mix(count: int) -> list[str]:
    """Paths as people ask: films by Zipf's law, lists, searches."""
    rng = Random(5)
    found = []
    for _ in range(count):
        movie = int(FILMS ** rng.random())
        found.append(
            rng.choices(
                (
                    f"/v1/movies/{movie}",
                    f"/v1/movies/{movie}/sentiment?window={rng.choice(('7d', '30d', 'all'))}",
                    f"/v1/trending/movies?window={rng.choice(('1h', '6h', '24h'))}",
                    f"/v1/search/movies?q={rng.choice(('river', 'silent', 'golden', 'empire', 'the'))}&page={rng.randint(1, 3)}",
                ),
                (45, 30, 15, 10),
            )[0]
        )
    return found


def run() -> str:
    rows: list[tuple[object, ...]] = [
        ("what", "connections", "requests/s", "CPU per request", "against bare", "p50", "p95", "p99")
    ]
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        fill(home)
        bare_port, port = free_port(), free_port()
        with (
            started("-m", "benchmarks.bare", str(bare_port)) as bare,
            started("-m", "marquee", "serve", "--home", str(home), "--port", str(port)) as serve,
        ):
            wait_for(f"http://127.0.0.1:{bare_port}/")
            wait_for(f"http://127.0.0.1:{port}/health")
            hot = [f"/v1/movies/{n}" for n in range(1, 21)]
            for connections in (50, 200):
                costs = {}
                for what, pid, where, paths in (
                    ("bare ASGI application", bare.pid, bare_port, ["/"]),
                    ("cached routes", serve.pid, port, hot),
                    ("realistic mix, cache cold at first", serve.pid, port, mix(4_000)),
                ):
                    before = cpu_of(pid)
                    found = load(where, paths, connections, SECONDS)
                    costs[what] = (cpu_of(pid) - before) / found.requests
                    ratio = costs[what] / costs["bare ASGI application"]
                    quantiles = [f"{1_000 * found.quantile(share):.1f} ms" for share in (0.5, 0.95, 0.99)]
                    rate = f"{found.requests / found.seconds:,.0f}"
                    rows.append((what, connections, rate, f"{1e6 * costs[what]:.0f} us", f"{ratio:.1f}x", *quantiles))
    return table(
        f"API: {FILMS:,} films, keep-alive connections, client and server on the same two cores",
        rows,
        "Goals: cached routes at most 3.5x the CPU per request of the bare application; p95 under 100 ms.",
    )
