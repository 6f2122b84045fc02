"""Analytics over all films: series, overviews and comparisons, rolled up from the daily sums of both layers."""

from typing import Any

from marquee.domain.documents import ANOMALIES, GENRES, MONEY, SEASONS
from marquee.domain.films import votes_of
from marquee.domain.measures import ZERO, Cell, merge, merge_cells
from marquee.domain.scores import discoveries, two_sided, welch
from marquee.domain.timeline import DAY, WINDOW, floor, iso
from marquee.domain.trends import COUNTED, as_of, counted
from marquee.errors import NotFoundError
from marquee.serving.answers import present as answers
from marquee.serving.answers.query import Answer, Query, covered
from marquee.serving.answers.search import card_line, weighted
from marquee.serving.world.cube import ALL_FILMS, Filter, as_cell
from marquee.serving.world.world import World

SPANS = {"7d": 7, "30d": 30, "90d": 90, "1y": 365, "5y": 1_825}
"""Days that a window looks back over, today included."""

STEPS = {"7d": 1, "30d": 1, "90d": 1, "1y": 7, "5y": 28}
"""Days that a point of a series stands for."""

LEAST_REVIEWS = 10
"""Fewest reviews of a group that is compared with others."""

LEAST_SPREAD = 0.5
"""The least standard deviation of verdicts (1, 0, -1): a handful that all agree must not look certain."""

TOP = 10


def value_of(metric: str, cell: Cell) -> float | int | None:
    """Return a metric of merged sums; None of a mean of nothing."""
    if metric in COUNTED:
        return counted(cell, metric)
    name = {"sentiment": "score", "favourable": "share_favourable", "stars": "mean_stars"}[metric]
    found: float | None = answers.sentiment_figures(cell)[name]
    return found


def today(now: int) -> int:
    """Return the present day since 1970."""
    return floor(now, DAY) // DAY


def elapsed(days: int, now: int) -> float:
    """Return the share of a window of days, today the last, that has passed."""
    return (days - 1 + (as_of(now) - floor(now, DAY)) / DAY) / days


def date_of(day: int) -> str:
    """Return a day since 1970 as an ISO date."""
    return iso(day * DAY)[:10]


def series(query: Query, world: World, now: int, films: Filter, window: str) -> list[tuple[int, int, Cell]]:
    """Return (first day, days, sums) of each step of a window, and of the window before it, oldest first."""
    length, step = SPANS[window], STEPS[window]
    steps = -(-length // step)
    end = today(now) + 1
    start = end - 2 * steps * step
    sums = query.cubes(world, floor(now, WINDOW)).by_day(films, start, end)
    return [(start + i * step, step, as_cell(sums[i * step : (i + 1) * step].sum(axis=0))) for i in range(2 * steps)]


def trends(query: Query, metric: str, window: str, films: Filter) -> Answer:
    """Answer /v1/analytics/trends: a metric over time, and its summary against the window before.

    Counts are compared with the share of the window before that corresponds to today so far.
    """
    world, now = query.sight()
    wanted = query.known(world, films)
    points = series(query, world, now, wanted, window)
    half = len(points) // 2
    before, inside = points[:half], points[half:]
    total, earlier = merge_cells(cell for _, _, cell in inside), merge_cells(cell for _, _, cell in before)
    value, value_before = value_of(metric, total), value_of(metric, earlier)
    shown = [
        {"date": date_of(day), "days": days, "value": value_of(metric, cell), "reviews": cell.sum("reviews")}
        for day, days, cell in inside
    ]
    share = elapsed(SPANS[window], now) if metric in COUNTED else 1.0
    known = [point for point in shown if point["value"] is not None]
    peak = max(known, key=lambda point: (point["value"], point["date"]), default=None)
    summary = {
        "value": value,
        "previous": value_before,
        "change": None if value is None or value_before is None else round(value - value_before, 4),
        "relative_change": round(value / (value_before * share) - 1, 4) if value is not None and value_before else None,
        "reviews": total.sum("reviews"),
        "peak": peak if peak and (peak["reviews"] or peak["value"]) else None,
    }
    answer = {"metric": metric, "window": window, "genre": wanted.genre, "summary": summary, "points": shown}
    return covered(answer, world)


def difference(one: Cell, other: Cell) -> dict[str, Any] | None:
    """Present the difference of two sides' balances of reviews with its test; None of too few reviews."""
    sides = answers.verdicts(one), answers.verdicts(other)
    if min(reviews for reviews, _, _ in sides) < LEAST_REVIEWS:
        return None
    score = welch(*sides, least_spread=LEAST_SPREAD)
    if score is None:
        return None
    means = [balance / reviews for reviews, balance, _ in sides]
    return {
        "difference": round(means[0] - means[1], 4),
        "score": round(score, 3),
        "p_value": round(two_sided(score), 6),
    }


def without(total: Cell, part: Cell) -> Cell:
    """Return what is left of a total without a part of it."""
    return merge(total, Cell(tuple(-value for value in part.sums), None))


def comparison(query: Query, by: str, window: str, films: Filter) -> Answer:
    """Answer /v1/analytics/sentiment/comparison: sentiment by group, each against the rest, and what is significant."""
    world, now = query.sight()
    wanted = query.known(world, films)
    cube = query.cubes(world, floor(now, WINDOW))
    end = today(now) + 1
    start = end - SPANS[window]
    groups = cube.by_group(by, wanted, start, end)
    total = cube.total(wanted, start, end)
    tested = {name: difference(cell, without(total, cell)) for name, (cell, _) in groups.items()}
    judged = [name for name, test in tested.items() if test is not None]
    found = dict(zip(judged, discoveries([tested[name]["p_value"] for name in judged]), strict=True))  # type: ignore[index]
    lines = [
        {
            by: int(name) if by == "year" else name,
            "films": count,
            **answers.counts(cell),
            **answers.sentiment_figures(cell),
            "against_rest": tested[name],
            "significant": found.get(name, False),
        }
        for name, (cell, count) in groups.items()
        if cell.sum("reviews") > 0
    ]
    lines.sort(key=lambda line: (-line["reviews"], str(line[by])))
    tiers = {name: cell for name, (cell, _) in cube.by_group("tier", wanted, start, end).items()}
    blockbuster, niche = tiers.get("blockbuster", ZERO), tiers.get("niche", ZERO)
    answer = {
        "by": by,
        "window": window,
        "genre": wanted.genre,
        "overall": {**answers.counts(total), **answers.sentiment_figures(total)},
        "blockbuster_against_niche": difference(blockbuster, niche),
        "results": lines,
    }
    return covered(answer, world)


def revenue(query: Query, by: str) -> Answer:
    """Answer /v1/analytics/revenue: money by a dimension, and the films with the best and worst return."""
    world = query.world
    body = view(world, MONEY)
    groups = [group for group in body["groups"] if group["dimension"] == by]
    lines = [
        {by: group["value"], **{k: v for k, v in group.items() if k not in ("dimension", "value")}} for group in groups
    ]
    total = next((group for group in body["groups"] if group["dimension"] == "all"), None)
    answer = {"by": by, "break_even": body["break_even"], "total": total, "results": lines}
    return covered({**answer, "profitable": body["profitable"], "losing": body["losing"]}, world)


def seasons(query: Query) -> Answer:
    """Answer /v1/analytics/seasons."""
    return covered(view(query.world, SEASONS), query.world)


def anomalies(query: Query, limit: int) -> Answer:
    """Answer /v1/anomalies: the films whose last week is unlike them, with the evidence."""
    world, now = query.sight()
    body = view(world, ANOMALIES)
    lines = [
        {**anomaly, "title": card["title"] or None, "genres": card["genres"]}
        for anomaly in body["films"]
        if (card := world.card(anomaly["movie_id"], now)) is not None
    ]
    answer = {"from": iso(body["from"]), "to": iso(body["to"]), "found": len(lines), "results": lines[:limit]}
    return covered(answer, world)


def view(world: World, kind: str) -> Any:
    """Return a view that the batch layer publishes whole; NotFoundError before the first run."""
    found = world.published.views.get(kind)
    if found is None:
        raise NotFoundError(
            "no batch run has been published yet", hint="Run `marquee batch`, or wait for the first run."
        )
    return found


def best_rated(world: World, films: Filter, limit: int) -> list[Answer]:
    """Return the lines of the run's films with the best weighted rating."""
    cards = [card for card in world.published.cards.values() if not card["deleted"] and films.passes(card, world.pins)]
    cards.sort(key=lambda card: (-(weighted(card, world) or 0), -(votes_of(card) or 0), card["movie_id"]))
    return [card_line(card, world) for card in cards[:limit]]


def genre(query: Query, name: str, window: str) -> Answer:
    """Answer /v1/analytics/genre/{genre}: figures, share, direction, companions, feelings, and its best films."""
    world, now = query.sight()
    wanted = Filter(genre=query.genre(world, name))
    known = next((line for line in view(world, GENRES)["genres"] if line["genre"] == wanted.genre), None)
    points = series(query, world, now, wanted, window)
    half = len(points) // 2
    total = merge_cells(cell for _, _, cell in points[half:])
    everything = series(query, world, now, ALL_FILMS, window)
    reviews = sum(cell.sum("reviews") for _, _, cell in everything[half:])
    answer = {
        "genre": wanted.genre,
        "window": window,
        "catalogue": known,
        "reviews": {
            **answers.counts(total),
            **answers.sentiment_figures(total),
            "share_of_reviews": round(total.sum("reviews") / reviews, 4) if reviews else None,
            "previous": sum(cell.sum("reviews") for _, _, cell in points[:half]),
        },
        "points": [
            {
                "date": date_of(day),
                "days": days,
                "reviews": cell.sum("reviews"),
                "sentiment": value_of("sentiment", cell),
            }
            for day, days, cell in points[half:]
        ],
        "best": best_rated(world, wanted, TOP),
    }
    return covered(answer, world)


def genres(query: Query) -> Answer:
    """Answer /v1/analytics/genres: all genres' figures, without their years."""
    world = query.world
    body = view(world, GENRES)
    lines = [{k: v for k, v in line.items() if k not in ("years", "companions")} for line in body["genres"]]
    return covered({"films": body["films"], "recent_from": body["recent_from"], "results": lines}, world)


def overview(query: Query) -> Answer:
    """Answer /v1/analytics/overview: the state of the film world at a glance."""
    world, now = query.sight()
    cube = query.cubes(world, floor(now, WINDOW))
    end = today(now) + 1
    week, before, month = (
        cube.total(ALL_FILMS, start, stop) for start, stop in ((end - 7, end), (end - 14, end - 7), (end - 30, end))
    )
    by_genre = cube.by_group("genre", ALL_FILMS, end - 30, end)
    order = sorted(by_genre, key=lambda name: (-counted(by_genre[name][0], "activity"), name))[:TOP]
    discussed = [
        {
            "genre": name,
            "votes": cell.sum("gained"),
            "reviews": cell.sum("reviews"),
            "sentiment": value_of("sentiment", cell),
        }
        for name, (cell, _) in ((name, by_genre[name]) for name in order)
    ]
    votes, votes_before = week.sum("gained"), before.sum("gained")
    reviews, reviews_before = week.sum("reviews"), before.sum("reviews")
    answer = {
        "films": len(cube.cards),
        "people": len(world.published.people),
        "genres": len(cube.groups["genre"][0]),
        "reviews": {
            "all": all_reviews(world, now),
            "last_24h": day_count(query, world, now),
            "last_7d": reviews,
            "previous_7d": reviews_before,
            "change": round(reviews / (reviews_before * elapsed(7, now)) - 1, 4) if reviews_before else None,
        },
        "votes": {
            "last_24h": sum(trend.observed for trend in query.trends(world, "24h", "votes", floor(now, WINDOW))),
            "last_7d": votes,
            "previous_7d": votes_before,
            "change": round(votes / (votes_before * elapsed(7, now)) - 1, 4) if votes_before else None,
        },
        "sentiment": {"last_7d": answers.sentiment_figures(week), "last_30d": answers.sentiment_figures(month)},
        "genres_discussed": discussed,
        "rising": query.rising("24h", ALL_FILMS, 5)["results"],
        "trending": query.trending("7d", ALL_FILMS, 5)["results"],
        "best_rated": best_rated(world, ALL_FILMS, 5),
        "anomalies": len(world.published.views.get(ANOMALIES, {}).get("films", ())),
    }
    return covered(answer, world)


def all_reviews(world: World, now: int) -> int:
    """Return how many reviews stand, both layers together."""
    counted = 0 if world.publication is None else int(world.publication.facts["counts"]["reviews"])
    return counted + sum(cell.sum("reviews") for _, _, cell in world.fresh(now))


def day_count(query: Query, world: World, now: int) -> int:
    """Return the reviews of the last 24 hours."""
    return sum(trend.observed for trend in query.trends(world, "24h", "reviews", floor(now, WINDOW)))
