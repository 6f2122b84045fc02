"""Answers: merged state presented to people. Pure functions; the audit presents its reference with the same."""

from collections.abc import Iterable, Sequence
from typing import Any

from marquee.domain.films import FilmView
from marquee.domain.measures import ZERO, Cell, merge, merge_cells
from marquee.domain.opinion import MODEL, OPINION_SCALE
from marquee.domain.scores import (
    AVERAGE_SCALE,
    COMPOUND_SCALE,
    POPULARITY_SCALE,
    STARS_SCALE,
    Moments,
    Pins,
    feeling,
    label,
    mean,
    mean_interval,
    tier,
    weighted_rating,
    wilson_lower,
)
from marquee.domain.timeline import DAY, HOUR, floor, iso
from marquee.domain.trends import Trend, as_of
from marquee.serving.world.merge import Timed

SENTIMENT_WINDOWS = {"7d": 7 * DAY, "30d": 30 * DAY, "all": None}
ALL_STEP = 28 * DAY
"""Width of the breakdown's steps over all time: every rung of the ladder divides it."""


def rounded(value: float | None, digits: int = 4) -> float | None:
    """Round a float for people; None stays None."""
    return None if value is None else round(value, digits)


def between(cells: Iterable[Timed], start: int, end: int) -> Cell:
    """Merge the cells whose windows start in [start, end)."""
    return merge_cells(timed.cell for timed in cells if start <= timed.window < end)


def sentiment_figures(cell: Cell) -> dict[str, Any]:
    """Present the sentiment of a merged cell: means in [-1, 1], labels, shares; None where nobody has written.

    The label, the balance and the favourable share are of the authors' stars and the learned opinion; the score, its
    label and the positive share are VADER's.
    """
    reviews, positive = cell.sum("reviews"), cell.sum("positive")
    score = mean(cell.sum("compound"), reviews, COMPOUND_SCALE)
    balance = mean(verdicts(cell)[1], reviews, 1)
    return {
        "score": rounded(score),
        "sentence_score": rounded(mean(cell.sum("sentence"), reviews, COMPOUND_SCALE)),
        "opinion": rounded(mean(cell.sum("opinion"), cell.sum("opined"), OPINION_SCALE)),
        "balance": rounded(balance),
        "label": None if balance is None else feeling(balance),
        "score_label": None if score is None else label(score),
        "share_positive": rounded(mean(positive, reviews, 1)),
        "share_positive_at_least": rounded(wilson_lower(positive, reviews)) if reviews > 0 else None,
        "share_favourable": rounded(mean(cell.sum("favourable"), reviews, 1)),
        "mean_stars": rounded(mean(cell.sum("stars"), cell.sum("rated"), STARS_SCALE), 2),
    }


def verdicts(cell: Cell) -> Moments:
    """Return how many reviews a merged cell has, favourable less unfavourable ones, and both together."""
    reviews, favourable, mixed = cell.sum("reviews"), cell.sum("favourable"), cell.sum("mixed")
    unfavourable = reviews - favourable - mixed
    return reviews, favourable - unfavourable, favourable + unfavourable


def counts(cell: Cell) -> dict[str, int]:
    """Present the counts of a merged cell: by VADER's label, and by the authors' stars or the learned opinion."""
    reviews, positive, negative = cell.sum("reviews"), cell.sum("positive"), cell.sum("negative")
    favourable, mixed = cell.sum("favourable"), cell.sum("mixed")
    return {
        "reviews": reviews,
        "positive": positive,
        "neutral": reviews - positive - negative,
        "negative": negative,
        "favourable": favourable,
        "mixed": mixed,
        "unfavourable": reviews - favourable - mixed,
        "with_stars": cell.sum("rated"),
    }


def popularity(value: int | None) -> float | None:
    """Present a popularity x 10^4; None where it is unknown, or its source has none."""
    return None if value is None or value < 0 else value / POPULARITY_SCALE


def votes(cell: Cell, pins: Pins) -> dict[str, Any]:
    """Present the latest gauges: votes, their average and IMDb's weighted rating in [0, 10], popularity, tier."""
    gauge = cell.gauge
    if gauge is None:
        return {
            "count": None,
            "average": None,
            "weighted": None,
            "popularity": None,
            "tier": None,
            "observed_at": None,
        }
    average = gauge.average / AVERAGE_SCALE
    weighted = weighted_rating(average, gauge.votes, pins.prior_mean / AVERAGE_SCALE, pins.prior_votes)
    return {
        "count": gauge.votes,
        "average": average if gauge.votes else None,
        "weighted": rounded(weighted, 3) if gauge.votes else None,
        "popularity": popularity(gauge.popularity),
        "tier": tier(gauge.popularity, pins),
        "observed_at": iso(gauge.observed_at),
    }


def movie(film: FilmView, cells: Sequence[Timed], pins: Pins, now: int) -> dict[str, Any]:
    """Present a film: its description, its gauges, and its reviews in all and in the last day."""
    total = merge_cells(timed.cell for timed in cells)
    end = as_of(now)
    day, day_before = between(cells, end - DAY, end), between(cells, end - 2 * DAY, end - DAY)
    shown = {key: value for key, value in film.items() if key not in ("at", "offset", "deleted")}
    shown["title"] = film["title"] or None
    return {
        **shown,
        "votes": votes(total, pins),
        "sentiment": {**sentiment_figures(total), "reviews": total.sum("reviews")},
        "last_24h": {
            "reviews": day.sum("reviews"),
            "velocity": day.sum("reviews") - day_before.sum("reviews"),
            "sentiment": sentiment_figures(day)["score"],
        },
    }


def sentiment(movie_id: int, title: str, cells: Sequence[Timed], window: str, now: int) -> dict[str, Any]:
    """Present how people feel about a film over 7d, 30d or all time.

    Windows of days end with the present hour. velocity: reviews in the window less those in the one
    before it; acceleration: the velocity less the one before it; both None for all time.
    """
    length = SENTIMENT_WINDOWS[window]
    end = floor(now, HOUR) + HOUR
    start = None if length is None else end - length
    inside = [timed for timed in cells if timed.window < end and (start is None or timed.window >= start)]
    total = merge_cells(timed.cell for timed in inside)
    velocity = acceleration = None
    if length is not None:
        series = [between(cells, end - (k + 1) * length, end - k * length).sum("reviews") for k in range(3)]
        velocity, acceleration = series[0] - series[1], series[0] - 2 * series[1] + series[2]
    step = DAY if length is not None else ALL_STEP
    periods: dict[int, Cell] = {}
    for timed in inside:
        period = floor(timed.window, step)
        periods[period] = merge(periods.get(period, ZERO), timed.cell)
    interval = mean_interval(total.sum("compound"), total.sum("compound_sq"), total.sum("reviews"))
    return {
        "movie_id": movie_id,
        "title": title or None,
        "window": window,
        "from": None if start is None else iso(start),
        "to": iso(end),
        "opinion_model": MODEL,
        "overall": sentiment_figures(total),
        "label": sentiment_figures(total)["label"],
        "counts": counts(total),
        "velocity": velocity,
        "acceleration": acceleration,
        "confidence": None
        if interval is None
        else {"level": 0.95, "low": rounded(interval[0]), "high": rounded(interval[1])},
        "breakdown": [
            {
                "date": iso(period)[:10],
                "days": step // DAY,
                **counts(cell),
                "score": sentiment_figures(cell)["score"],
            }
            for period, cell in sorted(periods.items())
            if any(cell.sums)
        ],
    }


def why(trend: Trend, window: str) -> str:
    """Say in a sentence what makes a film stand where it stands."""
    told = [
        f"{count:,} {name}{'' if count == 1 else 's'}"
        for count, name in ((trend.votes, "vote"), (trend.reviews, "review"))
        if count
    ]
    return f"{' and '.join(told) or 'nothing'} in the last {window}, {trend.expected:,.1f} expected"


def trend_line(trend: Trend, window: str) -> dict[str, Any]:
    """Present one film's standing in the leaderboard."""
    return {
        "observed": trend.observed,
        "votes_gained": trend.votes,
        "reviews_written": trend.reviews,
        "expected": round(trend.expected, 2),
        "score": round(trend.score, 3),
        "state": trend.state,
        "rising": trend.rising,
        "velocity": round(trend.velocity, 2),
        "acceleration": round(trend.acceleration, 2),
        "hot": round(trend.hot / 2**20, 3),
        "why": why(trend, window),
    }
