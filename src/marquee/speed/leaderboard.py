"""The leaderboard: counts of both layers, film by film, for the ranking of what is rising and hot."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marquee.domain.scores import HOT_HOURS, HOT_WEIGHTS
from marquee.domain.timeline import HOUR
from marquee.domain.trends import Frame, Trend, rank

Ints = npt.NDArray[np.int64]
HOT = np.array(HOT_WEIGHTS, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Activity:
    """Reviews by cell: equal-long columns of film id, window start (ms) and count."""

    movie_id: Ints
    window: Ints
    reviews: Ints

    @staticmethod
    def of(rows: list[tuple[int, int, int]]) -> "Activity":
        """Build it from (film id, window, reviews) rows."""
        table = np.array(rows, dtype=np.int64).reshape(len(rows), 3)
        return Activity(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy())


def joined(parts: list[Activity]) -> Activity:
    """Return the rows of all parts."""
    if not parts:
        return Activity.of([])
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in ("movie_id", "window", "reviews")]
    return Activity(*columns)


def leaderboard(activity: Activity, frame: Frame) -> list[Trend]:
    """Rank all films with activity in the frame. Sums are of integers, so no order of rows changes them."""
    ids, index = np.unique(activity.movie_id, return_inverse=True)
    window = activity.window
    hours = np.isin(window // HOUR % 24, list(frame.hours))
    now = (window >= frame.start) & (window < frame.end)
    before = (window >= frame.base_start) & (window < frame.base_end) & hours
    age = ((frame.end - 1) // HOUR) - window // HOUR
    recent = (age >= 0) & (age < HOT_HOURS)
    columns = [
        np.where(now, activity.reviews, 0),
        np.where(before, activity.reviews, 0),
        np.where(recent, activity.reviews * HOT[np.clip(age, 0, HOT_HOURS - 1)], 0),
    ]
    totals = []
    for values in columns:
        total = np.zeros(len(ids), dtype=np.int64)
        np.add.at(total, index, values)
        totals.append(total.tolist())
    return rank(dict(zip(ids.tolist(), zip(*totals, strict=True), strict=True)), frame.exposure)
