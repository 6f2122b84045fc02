"""Anomalies: films whose last week is unlike them, with the evidence: review bombing, acclaim, odd votes."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from marquee.batch.shelf import reading
from marquee.domain.calendar import covering
from marquee.domain.documents import ANOMALIES, Document
from marquee.domain.scores import (
    AVERAGE_SCALE,
    COMPOUND_SCALE,
    Moments,
    discoveries,
    trend_score,
    two_sided,
    upper_tail,
    welch,
)
from marquee.domain.tables import CELLS
from marquee.domain.timeline import DAY, floor
from marquee.ports import Lake

RECENT_DAYS, EARLIER_DAYS = 7, 56
LEAST_REVIEWS = 5
"""Fewest reviews on either side that a change of feeling is judged by."""

LEAST_VOTES = 20
"""Fewest new votes that a rating or a vote anomaly is judged by."""

FAR = 6.0
"""Robust standard deviations at which new votes are odd."""

LEAST_SPREAD = 0.1 * COMPOUND_SCALE


class Weeks(NamedTuple):
    """A film's reviews in the last week and in the eight before, and what else people did in them: votes gained."""

    recent: Moments
    earlier: Moments
    votes: int = 0
    votes_before: int = 0

    @property
    def activity(self) -> tuple[int, int]:
        """Reviews and votes gained, in the last week and before."""
        return self.recent[0] + self.votes, self.earlier[0] + self.votes_before


def feeling(weeks: Weeks) -> float | None:
    """Return how far the last week's mean sentiment lies above the earlier one; None of too few reviews."""
    few = min(weeks.recent[0], weeks.earlier[0]) < LEAST_REVIEWS
    return None if few else welch(weeks.recent, weeks.earlier, LEAST_SPREAD)


def shifts(films: dict[int, Weeks]) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield (surprise, anomaly) of films that are reviewed more than expected and felt about otherwise than before."""
    ids = sorted(films)
    exposure = RECENT_DAYS / EARLIER_DAYS
    surges = [trend_score(*films[m].activity, exposure) for m in ids]
    feelings = {m: score for m in ids if (score := feeling(films[m])) is not None}
    surging = dict(zip(ids, discoveries([upper_tail(score) for score in surges]), strict=True))
    moved = dict(zip(feelings, discoveries([two_sided(score) for score in feelings.values()]), strict=True))
    for movie_id, surge in zip(ids, surges, strict=True):
        if not (surging[movie_id] and moved.get(movie_id, False)):
            continue
        (reviews, total, _), (earlier, earlier_total, _), *_ = films[movie_id]
        activity, activity_before = films[movie_id].activity
        score, expected = feelings[movie_id], activity_before * exposure
        now, before = total / reviews / COMPOUND_SCALE, earlier_total / earlier / COMPOUND_SCALE
        evidence = {
            "reviews": reviews,
            "activity": activity,
            "expected_activity": round(expected, 2),
            "surge_score": round(surge, 2),
            "sentiment": round(now, 4),
            "sentiment_before": round(before, 4),
            "sentiment_score": round(score, 2),
        }
        why = (
            f"{activity - reviews} votes and {reviews} reviews in {RECENT_DAYS} days, {expected:.1f} expected; "
            f"mean sentiment {now:+.2f}, before {before:+.2f}"
        )
        kind = "review bombing" if score < 0 else "acclaim"
        yield surge + abs(score), {"movie_id": movie_id, "kind": kind, "why": why, "evidence": evidence}


def robust_scores(values: Sequence[float]) -> list[float]:
    """Return how many robust standard deviations (1.4826 MAD, Hampel, JASA 69, 1974) each value is from the median."""
    if not values:
        return []
    median = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(np.array(values) - median)))
    return [(value - median) / spread if spread > 0 else 0.0 for value in values]


def ratings(readings: dict[int, tuple[int, int, int, int]]) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield (surprise, anomaly) of films whose new votes lie far from their standing, next to other films' new votes.

    readings: by film, (votes, average x 10^3) a week ago and now. The mean of the new votes is what moves the
    average: (v1 a1 - v0 a0) / (v1 - v0); averages are rounded at the source, so many votes are needed.
    """
    found = []
    for movie_id, (votes, average, votes_now, average_now) in sorted(readings.items()):
        gained = votes_now - votes
        if votes > 0 and gained >= LEAST_VOTES and gained * 50 >= votes:
            mean = (votes_now * average_now - votes * average) / gained / AVERAGE_SCALE
            found.append((movie_id, gained, min(10.0, max(0.0, mean)), average / AVERAGE_SCALE))
    scores = robust_scores([mean - before for _, _, mean, before in found])
    for (movie_id, gained, mean, before), score in zip(found, scores, strict=True):
        if abs(score) < FAR:
            continue
        why = f"{gained} new votes with a mean of {mean:.1f}, when the film stood at {before:.1f}"
        evidence = {
            "new_votes": gained,
            "mean_of_new": round(mean, 2),
            "average_before": round(before, 3),
            "score": round(score, 2),
        }
        kind = "votes against the film" if score < 0 else "votes for the film"
        yield abs(score), {"movie_id": movie_id, "kind": kind, "why": why, "evidence": evidence}


def film_weeks(lake: Lake, end: int) -> dict[int, Weeks]:
    """Return the weeks of each film with reviews in the days before `end` (days since 1970)."""
    start, split = (end - EARLIER_DAYS - RECENT_DAYS) * DAY, (end - RECENT_DAYS) * DAY
    cells = lake.table(CELLS, covering(start, end * DAY, days=False))
    cells = cells.filter((cells.span <= DAY) & (cells.window >= start) & (cells.window < end * DAY))
    late, early = cells.window >= split, cells.window < split
    sums = {
        name: cells[column].sum(where=side).fill_null(0).cast("int64")
        for name, column, side in (
            ("recent", "reviews", late),
            ("compound", "compound", late),
            ("squares", "compound_sq", late),
            ("earlier", "reviews", early),
            ("earlier_compound", "compound", early),
            ("earlier_squares", "compound_sq", early),
            ("votes", "gained", late),
            ("votes_before", "gained", early),
        )
    }
    table = lake.arrow(cells.group_by("movie_id").agg(**sums))
    return {
        row["movie_id"]: Weeks(
            (row["recent"], row["compound"], row["squares"]),
            (row["earlier"], row["earlier_compound"], row["earlier_squares"]),
            *(row["votes"], row["votes_before"]),
        )
        for row in table.to_pylist()
        if row["recent"] > 0 or row["earlier"] > 0
    }


def film_readings(lake: Lake, end: int) -> dict[int, tuple[int, int, int, int]]:
    """Return (votes, average) at the last reading before the last week and at the last reading, of films with both."""
    split = (end - RECENT_DAYS) * DAY
    cells = lake.table(CELLS)
    cells = cells.filter(cells.observed_at.notnull() & (cells.window < end * DAY))
    held = cells.mutate(reading=reading(cells))
    rows = held.group_by("movie_id").agg(
        before=held.reading.max(where=held.window < split),
        now=held.reading.max(),
    )
    rows = rows.filter(rows.before.notnull() & (rows.now.votes > rows.before.votes))
    return {
        row["movie_id"]: (
            row["before"]["votes"],
            row["before"]["average"],
            row["now"]["votes"],
            row["now"]["average"],
        )
        for row in lake.arrow(rows).to_pylist()
    }


def documents(lake: Lake, present: int) -> Iterator[Document]:
    """Yield the document of the week of whole days before a time (ms)."""
    end = floor(present, DAY) // DAY
    found = [*shifts(film_weeks(lake, end)), *ratings(film_readings(lake, end))]
    found.sort(key=lambda pair: (-pair[0], pair[1]["movie_id"]))
    body = {"from": (end - RECENT_DAYS) * DAY, "to": end * DAY, "films": [anomaly for _, anomaly in found]}
    yield ANOMALIES, 0, orjson.dumps(body)
