"""A film's statistics: how it stands among all films, how it was counted over time, and its readings."""

from bisect import bisect_right
from typing import Any

from marquee.domain.films import popularity_of, votes_of
from marquee.domain.measures import ZERO, Cell, merge, merge_cells
from marquee.domain.monoids import Gauge
from marquee.domain.scores import AVERAGE_SCALE
from marquee.domain.timeline import DAY, floor, iso
from marquee.serving.answers import present as answers
from marquee.serving.answers.analytics import SPANS, date_of, today
from marquee.serving.answers.query import Answer, Query, covered
from marquee.serving.world.world import World

READINGS = 200
"""Most readings of the gauges shown; of more, the last of each day, and of still more the latest."""


def standing(world: World, movie_id: int, now: int) -> dict[str, Any]:
    """Return the share of the run's films that this one is ahead of or level with; None where unknown."""
    own = world.card(movie_id, now)
    mine = {
        "votes": votes_of(own) if own else None,
        "popularity": popularity_of(own) if own else None,
        "reviews": own["reviews"] if own else None,
    }
    values = world.published.standings
    return {name: None if value is None else share_below(values[name], value) for name, value in mine.items()}


def share_below(values: list[int], value: int) -> float | None:
    """Return the share of sorted values at or below a value."""
    return round(bisect_right(values, value) / len(values), 4) if values else None


def readings(gauges: list[Gauge]) -> list[dict[str, Any]]:
    """Present the last reading of each day, the latest `READINGS` of them."""
    by_day = {gauge.observed_at // DAY: gauge for gauge in sorted(gauges)}
    return [
        {
            "date": date_of(day),
            "votes": gauge.votes,
            "average": gauge.average / AVERAGE_SCALE if gauge.votes else None,
            "popularity": answers.popularity(gauge.popularity),
        }
        for day, gauge in sorted(by_day.items())[-READINGS:]
    ]


def stats(query: Query, movie_id: int) -> Answer:
    """Answer /v1/movies/{id}/stats."""
    world, now, film, cells = query.film(movie_id)
    end = today(now) + 1
    windows = {}
    for window, days in SPANS.items():
        inside = answers.between(cells, (end - days) * DAY, end * DAY)
        before = answers.between(cells, (end - 2 * days) * DAY, (end - days) * DAY)
        windows[window] = {
            "reviews": inside.sum("reviews"),
            "votes": inside.sum("gained"),
            "votes_before": before.sum("gained"),
            "previous": before.sum("reviews"),
            "sentiment": answers.sentiment_figures(inside)["score"],
        }
    months: dict[str, Cell] = {}
    for timed in cells:
        if timed.span <= DAY and any(timed.cell.sums):
            month = iso(floor(timed.window, DAY))[:7]
            months[month] = merge(months.get(month, ZERO), timed.cell)
    total = merge_cells(timed.cell for timed in cells)
    answer = {
        "movie_id": movie_id,
        "title": film["title"] or None,
        "votes": answers.votes(total, world.pins),
        "reviews": {**answers.counts(total), **answers.sentiment_figures(total)},
        "windows": windows,
        "ahead_of": standing(world, movie_id, now),
        "money": money(film["budget"], film["revenue"]),
        "months": [
            {
                "month": month,
                "votes": cell.sum("gained"),
                **answers.counts(cell),
                "sentiment": answers.sentiment_figures(cell)["score"],
            }
            for month, cell in sorted(months.items())
        ],
        "readings": readings([timed.cell.gauge for timed in cells if timed.cell.gauge is not None]),
    }
    return covered(answer, world)


def money(budget: int | None, revenue: int | None) -> dict[str, Any]:
    """Present a film's money: what is unknown, or 0 at its source, is None."""
    known = {"budget": budget or None, "revenue": revenue or None}
    if not budget or not revenue:
        return {**known, "profit": None, "roi": None}
    return {**known, "profit": revenue - budget, "roi": round(revenue / budget - 1, 4)}
