"""Anomalies: review bombing put into simulated weeks of quiet, and how often quiet is called odd."""

from pathlib import Path

import numpy as np

from benchmarks.measure import table
from marquee.batch.anomalies import EARLIER_DAYS, RECENT_DAYS, Weeks, shifts

FILMS, ROUNDS = 2_000, 25


def side(count: int, mean: float, rng: np.random.Generator) -> tuple[int, int, int]:
    """Return the moments of reviews whose compounds are spread as the simulated ones are (clipped normal)."""
    scores = np.clip(rng.normal(mean, 0.55, count), -1, 1) * 10_000
    values = scores.astype(np.int64)
    return count, int(values.sum()), int((values * values).sum())


def quiet(rate: float, rng: np.random.Generator) -> Weeks:
    mean = rng.normal(0.4, 0.2)
    return Weeks(side(rng.poisson(rate * RECENT_DAYS), mean, rng), side(rng.poisson(rate * EARLIER_DAYS), mean, rng))


def run(data: Path) -> str:
    rng = np.random.default_rng(7)
    rates = rng.choice([0.05, 0.2, 1, 5], FILMS, p=[0.6, 0.25, 0.1, 0.05])
    false = sum(len(list(shifts({m: quiet(rate, rng) for m, rate in enumerate(rates)}))) for _ in range(ROUNDS))
    rows: list[tuple[object, ...]] = [("reviews a day before", "hostile reviews in the week", "found as bombing")]
    for rate, hostile in ((0.2, 5), (0.2, 15), (1, 10), (1, 30), (5, 30), (5, 100)):
        found = 0
        for _ in range(40):
            films = {m: quiet(r, rng) for m, r in enumerate(rates[:400])}
            usual = quiet(rate, rng)
            bombed = side(hostile, -0.6, rng)
            recent = tuple(a + b for a, b in zip(usual.recent, bombed, strict=True))
            films[-1] = Weeks(recent, usual.earlier)  # type: ignore[arg-type]
            found += any(line["movie_id"] == -1 and line["kind"] == "review bombing" for _, line in shifts(films))
        rows.append((rate, hostile, f"{found / 40:.0%}"))
    return table(
        "Anomalies",
        rows,
        "Hostile reviews (mean sentiment -0.6) put on top of an ordinary week, among 400 quiet films; 40 trials a "
        f"row. Among {FILMS:,} films without any, "
        f"{false / ROUNDS:.2f} films a week were called odd on average ({ROUNDS} weeks).",
    )
