"""The leaderboard: counts of both layers, film by film, for the ranking of what is rising and hot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marquee.domain.scores import HOT_HOURS, HOT_WEIGHTS
from marquee.domain.timeline import DAY, HOUR
from marquee.domain.trends import By, Counts, Frame, Trend, counted_from, rank, weekday

Ints = npt.NDArray[np.int64]
HOT = np.array(HOT_WEIGHTS, dtype=np.int64)
COLUMNS = ("movie_id", "window", "reviews", "votes")


@dataclass(frozen=True, slots=True)
class Activity:
    """What people did by cell: equal-long columns of film id, window start (ms), reviews and votes gained."""

    movie_id: Ints
    window: Ints
    reviews: Ints
    votes: Ints

    @staticmethod
    def of(rows: Iterable[tuple[int, int, int, int]]) -> "Activity":
        """Build it from (film id, window, reviews, votes gained) rows."""
        table = np.array(list(rows), dtype=np.int64).reshape(-1, len(COLUMNS))
        return Activity(*(table[:, place].copy() for place in range(len(COLUMNS))))

    def counted(self, by: By) -> Ints:
        """Return what is counted of each cell."""
        if by == "reviews":
            return self.reviews
        return self.votes if by == "votes" else self.reviews + self.votes


def joined(parts: list[Activity]) -> Activity:
    """Return the rows of all parts."""
    if not parts:
        return Activity.of([])
    return Activity(*(np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS))


def leaderboard(
    counted: Activity, recent: Activity, frame: Frame, by: By = "activity", read: Mapping[int, int] | None = None
) -> list[Trend]:
    """Return the standing of all films with activity in the frame, ranked by what rises. Sums are of integers, so no order
    of rows changes them.

    counted: rows fine enough for the frame's bounds (days are, for frames of days); recent: rows by the hour or
    finer, of which heat is made; read: by film, the time (ms) of the newest reading of its votes.
    """
    if by != "reviews":
        days = np.unique(counted.window[counted.votes > 0] // DAY).tolist()
        frame = frame.counted_since(counted_from(days, frame.base_start, frame.end))
    ids = np.unique(np.concatenate([counted.movie_id, recent.movie_id]))
    window, length = counted.window, frame.length
    hours = np.isin(window // HOUR % 24, list(frame.hours))
    inside = (window >= frame.start) & (window < frame.end)
    chosen = [
        inside,
        (window >= frame.base_start) & (window < frame.base_end) & hours,
        (window >= frame.start - length) & (window < frame.start),
        (window >= frame.start - 2 * length) & (window < frame.start - length),
    ]
    values, heat = counted.counted(by), recent.counted(by)
    columns = [total(ids, counted, np.where(mask, values, 0)) for mask in chosen]
    age = ((frame.end - 1) // HOUR) - recent.window // HOUR
    fresh = (age >= 0) & (age < HOT_HOURS)
    columns.append(total(ids, recent, np.where(fresh, heat * HOT[np.clip(age, 0, HOT_HOURS - 1)], 0)))
    columns += [total(ids, counted, np.where(inside, each, 0)) for each in (counted.reviews, counted.votes)]
    columns.append(total(ids, counted, np.where(chosen[1] & (by != "reviews"), counted.votes, 0)))
    weekdays = np.zeros(7, dtype=np.int64)
    np.add.at(weekdays, weekday(window[chosen[1]]), values[chosen[1]])
    films = zip(ids.tolist(), zip(*columns, strict=True), strict=True)
    known = None if by == "reviews" else read
    return rank({movie_id: Counts(*counts) for movie_id, counts in films}, frame, weekdays.tolist(), known)


def total(ids: Ints, activity: Activity, values: Ints) -> list[int]:
    """Return the sums of values, a row of the activity each, by film."""
    sums = np.zeros(len(ids), dtype=np.int64)
    np.add.at(sums, np.searchsorted(ids, activity.movie_id), values)
    found: list[int] = sums.tolist()
    return found
