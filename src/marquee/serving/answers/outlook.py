"""What comes next: forecasts of one film's days, and the films that will be talked about most."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from marquee.batch.forecast import CONTEXT, HORIZON, QUANTILES, TOTALS, WEEK, Floats, predict
from marquee.domain.films import release_day
from marquee.domain.measures import SUM_INDEX
from marquee.domain.monoids import Gauge, Latest
from marquee.domain.scores import POPULARITY_SCALE
from marquee.domain.timeline import DAY, WINDOW, floor, iso
from marquee.domain.trends import COUNTED, By, counted
from marquee.serving.answers.analytics import date_of, today
from marquee.serving.answers.query import Answer, Query, covered
from marquee.serving.answers.search import card_line
from marquee.serving.world.cube import Filter
from marquee.serving.world.merge import Timed

NAMES = ("low_95", "low_80", "median", "high_80", "high_95")
UNITS = {
    "reviews": "reviews a day",
    "votes": "new votes a day",
    "popularity": "TMDB's popularity",
    "activity": "new votes and reviews a day",
}
READ_DAYS = CONTEXT // 2
"""Days of the last CONTEXT on which a film's gauges must have been read, for its votes to be forecast: a reading a week,
spread over its days, is no daily series."""


def counted_days(cells: Sequence[Timed], end: int, metric: str) -> Floats:
    """Return what is counted (1, days) of the last CONTEXT whole days before `end` (days since 1970)."""
    found = np.zeros((1, CONTEXT))
    for timed in cells:
        index = timed.window // DAY - (end - CONTEXT)
        if timed.span <= DAY and 0 <= index < CONTEXT:
            found[0, index] += counted(timed.cell, metric)
    return found


def days_read(cells: Sequence[Timed], end: int) -> int:
    """Return on how many of the last CONTEXT whole days before `end` the gauges were read."""
    read = {timed.window // DAY for timed in cells if timed.cell.gauge is not None and timed.span <= DAY}
    return sum(end - CONTEXT <= day < end for day in read)


def popularity_days(cells: Sequence[Timed], end: int) -> Floats | None:
    """Return the popularity (1, days) at the end of each day before `end`, carried on.

    None where fewer than a week and a day have been seen, or where it is unknown.
    """
    latest: dict[int, Gauge | None] = {}
    for timed in cells:
        if timed.cell.gauge is not None and timed.window // DAY < end:
            day = max(timed.window // DAY, end - CONTEXT - 1)
            latest[day] = Latest.merge(latest.get(day), timed.cell.gauge)
    known = sorted(latest)
    if not known or end - known[0] <= WEEK:
        return None
    levels: list[float] = []
    for day in range(known[0], end):
        gauge = latest.get(day)
        levels.append(levels[-1] if gauge is None else gauge.popularity / POPULARITY_SCALE)
    values: Floats = np.array([levels])[:, 1:]
    return None if (values < 0).any() else values


def past_of(cells: Sequence[Timed], end: int, metric: str) -> tuple[Floats | None, str | None]:
    """Return (a metric's past days, why it cannot be forecast from them)."""
    if metric == "popularity":
        past = popularity_days(cells, end)
        return past, "fewer than eight days of readings" if past is None else None
    read = days_read(cells, end)
    if metric == "votes" and read < READ_DAYS:
        return None, f"votes were read on {read} of the last {CONTEXT} days: too rarely for a forecast by day"
    return counted_days(cells, end, metric), None


def presented(quantiles: Floats) -> dict[str, float]:
    """Return the quantiles of one day, or of one total, by name."""
    return {name: round(float(value), 3) for name, value in zip(NAMES, quantiles, strict=True)}


def forecast(query: Query, movie_id: int, metric: str, days: int) -> Answer:
    """Answer /v1/movies/{id}/forecast: today and the days after it, with 80 % and 95 % intervals."""
    world, now, film, cells = query.film(movie_id)
    end = today(now)
    published = world.published.forecasters.get(metric)
    past, unfit = past_of(cells, end, metric)
    model = world.published.models.get(metric)
    reason = "no batch run has been published yet" if published is None else published["reason"]
    if model is not None and unfit is not None:
        reason = unfit
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


def next_films(query: Query, films: Filter, days: int, limit: int, by: By = "activity") -> Answer:
    """Answer /v1/outlook/movies: the films that most votes and reviews, or either, are forecast for."""
    world, now = query.sight()
    wanted = query.known(world, films)
    end = today(now)
    published, model = world.published.forecasters.get(by), world.published.models.get(by)
    answer: dict[str, Any] = {
        "metric": by,
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
        columns = [2 + SUM_INDEX[name] for name in COUNTED[by]]
        np.add.at(
            past, (np.searchsorted(index, rows[:, 0]), rows[:, 1] - (end - CONTEXT)), rows[:, columns].sum(axis=1)
        )
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
