"""What comes next: forecasts of one film's days, and the films that will be talked about most."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from marquee.batch.forecast import CONTEXT, HORIZON, QUANTILES, TOTALS, WEEK, Floats, predict
from marquee.domain.films import release_day
from marquee.domain.monoids import Gauge, Latest
from marquee.domain.scores import POPULARITY_SCALE
from marquee.domain.timeline import DAY, WINDOW, floor, iso
from marquee.serving.answers.analytics import date_of, today
from marquee.serving.answers.query import Answer, Query, covered
from marquee.serving.answers.search import card_line
from marquee.serving.world.cube import REVIEWS_COLUMN, Filter
from marquee.serving.world.merge import Timed

NAMES = ("low_95", "low_80", "median", "high_80", "high_95")
UNITS = {"reviews": "reviews a day", "votes": "new votes a day", "popularity": "TMDB's popularity"}


def review_days(cells: Sequence[Timed], end: int) -> Floats:
    """Return the reviews (1, days) of the last CONTEXT whole days before `end` (days since 1970)."""
    found = np.zeros((1, CONTEXT))
    for timed in cells:
        index = timed.window // DAY - (end - CONTEXT)
        if timed.span <= DAY and 0 <= index < CONTEXT:
            found[0, index] += timed.cell.sum("reviews")
    return found


def gauge_days(cells: Sequence[Timed], end: int, metric: str) -> Floats | None:
    """Return a gauge (1, days) at the end of each day before `end`, carried on; votes as gained a day.

    None where fewer than a week and a day have been seen.
    """
    latest: dict[int, Gauge | None] = {}
    for timed in cells:
        if timed.cell.gauge is not None and timed.window // DAY < end:
            day = max(timed.window // DAY, end - CONTEXT - 1)
            latest[day] = Latest.merge(latest.get(day), timed.cell.gauge)
    known = sorted(latest)
    if not known or end - known[0] <= WEEK:
        return None
    held: list[float] = []
    for day in range(known[0], end):
        gauge = latest.get(day)
        if gauge is None:
            held.append(held[-1])
        else:
            held.append(gauge.votes if metric == "votes" else gauge.popularity / POPULARITY_SCALE)
    values = np.array([held])
    found: Floats = np.maximum(np.diff(values, axis=1), 0) if metric == "votes" else values[:, 1:]
    return None if metric == "popularity" and (values < 0).any() else found


def presented(quantiles: Floats) -> dict[str, float]:
    """Return the quantiles of one day, or of one total, by name."""
    return {name: round(float(value), 3) for name, value in zip(NAMES, quantiles, strict=True)}


def forecast(query: Query, movie_id: int, metric: str, days: int) -> Answer:
    """Answer /v1/movies/{id}/forecast: today and the days after it, with 80 % and 95 % intervals."""
    world, now, film, cells = query.film(movie_id)
    end = today(now)
    published = world.published.forecasters.get(metric)
    past = review_days(cells, end) if metric == "reviews" else gauge_days(cells, end, metric)
    model = world.published.models.get(metric)
    reason = "no batch run has been published yet" if published is None else published["reason"]
    if model is not None and past is None:
        reason = "fewer than eight days of readings"
    answer: dict[str, Any] = {
        "movie_id": movie_id,
        "title": film["title"] or None,
        "metric": metric,
        "unit": UNITS[metric],
        "days": days,
        "available": False,
        "reason": reason,
        "points": [],
        "total": None,
        "past": [] if past is None else [round(float(value), 3) for value in past[0]],
        "backtest": None if published is None else published["backtest"],
    }
    if model is not None and past is not None:
        age = np.array([end - release_day(film["release_date"])])
        quantiles = predict(model, past, age)[0]
        answer["available"], answer["reason"] = True, None
        answer["points"] = [{"date": date_of(end + day), **presented(quantiles[day])} for day in range(days)]
        if metric != "popularity":
            answer["total"] = presented(quantiles[HORIZON + TOTALS.index(days)])
    return covered(answer, world)


def next_films(query: Query, films: Filter, days: int, limit: int) -> Answer:
    """Answer /v1/outlook/movies: the films that most reviews are forecast for."""
    world, now = query.sight()
    wanted = query.known(world, films)
    end = today(now)
    published, model = world.published.forecasters.get("reviews"), world.published.models.get("reviews")
    answer: dict[str, Any] = {
        "metric": "reviews",
        "days": days,
        "available": model is not None,
        "reason": "no batch run has been published yet" if published is None else published["reason"],
        "backtest": None if published is None else published["backtest"],
        "results": [],
    }
    if model is not None:
        cube = query.cubes(world, floor(now, WINDOW))
        rows = cube.chosen(wanted, end - CONTEXT, end)
        index = np.unique(rows[:, 0])
        past = np.zeros((len(index), CONTEXT))
        np.add.at(past, (np.searchsorted(index, rows[:, 0]), rows[:, 1] - (end - CONTEXT)), rows[:, REVIEWS_COLUMN])
        cards = [cube.cards[i] for i in index.tolist()]
        age = np.array([end - release_day(card["release_date"]) for card in cards], dtype=np.float64)
        totals = predict(model, past, age)[:, HORIZON + TOTALS.index(days)] if cards else np.empty((0, len(QUANTILES)))
        order = np.lexsort((-past.sum(axis=1), -totals[:, 3], -totals[:, 2]))[:limit]
        answer["results"] = [
            {
                "rank": place,
                **card_line(cards[i], world),
                "expected": presented(totals[i]),
                "last": int(past[i, -days:].sum()),
            }
            for place, i in enumerate(order.tolist(), start=1)
        ]
    return covered({**answer, "from": iso(end * DAY)}, world)
