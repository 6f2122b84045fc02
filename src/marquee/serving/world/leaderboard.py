"""The leaderboard: counts of both layers, film by film, for the ranking of what is rising and hot."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marquee.domain.scores import HOT_HOURS, HOT_WEIGHTS
from marquee.domain.timeline import HOUR
from marquee.domain.trends import Counts, Frame, Trend, rank, weekday

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


def leaderboard(counted: Activity, recent: Activity, frame: Frame) -> list[Trend]:
    """Rank all films with activity in the frame. Sums are of integers, so no order of rows changes them.

    counted: rows fine enough for the frame's bounds (days are, for frames of days); recent: rows by the hour or
    finer, of which heat is made.
    """
    ids = np.unique(np.concatenate([counted.movie_id, recent.movie_id]))
    window, length = counted.window, frame.length
    hours = np.isin(window // HOUR % 24, list(frame.hours))
    chosen = [
        (window >= frame.start) & (window < frame.end),
        (window >= frame.base_start) & (window < frame.base_end) & hours,
        (window >= frame.start - length) & (window < frame.start),
        (window >= frame.start - 2 * length) & (window < frame.start - length),
    ]
    columns = [total(ids, counted, np.where(mask, counted.reviews, 0)) for mask in chosen]
    age = ((frame.end - 1) // HOUR) - recent.window // HOUR
    fresh = (age >= 0) & (age < HOT_HOURS)
    columns.append(total(ids, recent, np.where(fresh, recent.reviews * HOT[np.clip(age, 0, HOT_HOURS - 1)], 0)))
    weekdays = np.zeros(7, dtype=np.int64)
    np.add.at(weekdays, weekday(window[chosen[1]]), counted.reviews[chosen[1]])
    films = zip(ids.tolist(), zip(*columns, strict=True), strict=True)
    return rank({movie_id: Counts(*counts) for movie_id, counts in films}, frame, weekdays.tolist())


def total(ids: Ints, activity: Activity, values: Ints) -> list[int]:
    """Return the sums of values, a row of the activity each, by film."""
    sums = np.zeros(len(ids), dtype=np.int64)
    np.add.at(sums, np.searchsorted(ids, activity.movie_id), values)
    found: list[int] = sums.tolist()
    return found
