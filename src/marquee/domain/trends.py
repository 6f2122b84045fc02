"""What counts as a trend: the window, its baseline, and the ranking. Counting is the engines' business."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import mul
from typing import Any, Literal, NamedTuple

from marquee.domain.measures import Cell
from marquee.domain.scores import TREND_FLOOR, discoveries, trend_score, upper_tail
from marquee.domain.timeline import DAY, HOUR, WINDOW, ceil, floor

HOURS = {"1h": HOUR, "6h": 6 * HOUR, "24h": DAY}
"""Windows that end with the present 5 minutes, against the same hours of the four weeks before."""

DAYS = {"7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY}
"""Windows of whole days and of today so far, against the four windows before."""

WINDOWS = HOURS | DAYS

By = Literal["activity", "votes", "reviews"]
"""What is counted: votes gained and reviews together, or one of them."""

COUNTED: Mapping[str, tuple[str, ...]] = {
    "activity": ("gained", "reviews"),
    "votes": ("gained",),
    "reviews": ("reviews",),
}
"""The sums that each of them counts."""


def counted(cell: Cell, by: str) -> int:
    """Return what a cell counts by a key of `COUNTED`."""
    return sum(cell.sum(name) for name in COUNTED[by])


BASELINE_DAYS = 28
BASELINE_WINDOWS = 4
ALL_DAY = frozenset(range(24))
WEEK_PRIOR = 100
"""Events of a weekday that count as much as not having seen any."""

NO_WEEK = (0,) * 7

NO_BASELINE = 1e9
"""The exposure of a window without a baseline: whatever is observed is no more than expected."""

GAP_DAYS = 2
"""Days without a vote for any film after which votes are taken not to have been counted."""


def counted_from(days: Sequence[int], start: int, end: int) -> int:
    """Return from when on (ms) votes have been counted without a gap up to `end` (ms); `end` where they were counted and
    are no more, and 0 where there are none at all: then reviews are all the activity there is.

    days: the days since 1970, sorted, on which any film gained a vote; those long before `start` (ms) do not matter. The
    first day of counting was counted in part.
    """
    known = days[bisect_left(days, start // DAY - 2 * GAP_DAYS) : bisect_left(days, end // DAY + 1)]
    if not known:
        return 0
    first = None
    for day in reversed(known):
        if (end // DAY if first is None else first) - day > GAP_DAYS + 1:
            break
        first = day
    return end if first is None else (first + 1) * DAY


def weekday(time: Any) -> Any:
    """Return the weekday (UTC) of a time in ms, or of an array of times, Monday being 0; 1970-01-01 was a Thursday."""
    return (time // DAY + 3) % 7


@dataclass(frozen=True, slots=True)
class Frame:
    """A window [start, end) of event time, its two predecessors of `length` ms each, and its baseline.

    The baseline consists of the whole hours in [base_start, base_end) whose hour of the day is in `hours`.
    Times in ms.
    """

    start: int
    end: int
    length: int
    base_start: int
    base_end: int
    hours: frozenset[int]

    def exposure(self, by_weekday: Sequence[int] = NO_WEEK) -> float:
        """Return the window's length over the baseline's (rho), in hours that count as their weekday does."""
        return self.exposures(by_weekday)(self.end)

    def exposures(self, by_weekday: Sequence[int] = NO_WEEK) -> Callable[[int], float]:
        """Return the exposure of the window's part that is known, by the time (ms) until when it is.

        by_weekday: events of all films in the baseline, Monday first. A weekday counts by its events over what
        a week without a shape would give it, drawn towards 1 by `WEEK_PRIOR` events: a Saturday is not a trend.
        """
        base = [0.0] * 7
        for day in range(floor(self.base_start, DAY), self.base_end, DAY):
            hours = range(max(day, self.base_start), min(day + DAY, self.base_end), HOUR)
            base[weekday(day)] += sum(hour // HOUR % 24 in self.hours for hour in hours)
        total, length = sum(by_weekday), sum(base)
        if not length:
            return lambda through: NO_BASELINE
        shape = [
            (max(0, count) + WEEK_PRIOR) / (max(0, total) * hours / length + WEEK_PRIOR)
            for count, hours in zip(by_weekday, base, strict=True)
        ]
        divisor, first = float(sum(map(mul, base, shape))), floor(self.start, DAY)

        def weighed(start: int, end: int) -> float:
            hours: float = (end - start) / HOUR * shape[weekday(start)]
            return hours

        days = range(first, self.end, DAY)
        whole = [0.0, *accumulate(weighed(max(day, self.start), min(day + DAY, self.end)) for day in days)]

        def exposure(through: int) -> float:
            if through >= self.end:
                return whole[-1] / divisor
            if through <= self.start:
                return 0.0
            day = floor(through, DAY)
            return (whole[(day - first) // DAY] + weighed(max(day, self.start), through)) / divisor

        return exposure

    def counted_since(self, time: int) -> "Frame":
        """Return the frame with the part of its baseline that has been counted: from a time (ms) on.

        Of what began to be counted yesterday no one knows what to expect: without a baseline nothing rises.
        """
        return replace(self, base_start=min(self.base_end, max(self.base_start, ceil(time, DAY))))

    @property
    def elapsed(self) -> float:
        """The share of the window that has passed: under 1 where today is part of it."""
        return (self.end - self.start) / self.length

    def in_window(self, window: int) -> bool:
        """Whether the cell that starts at `window` counts as now."""
        return self.start <= window < self.end

    def in_previous(self, window: int, steps: int) -> bool:
        """Whether the cell that starts at `window` counts in the window `steps` (1 or 2) before."""
        return self.start - steps * self.length <= window < self.start - (steps - 1) * self.length

    def in_baseline(self, window: int) -> bool:
        """Whether the cell that starts at `window` counts as before."""
        return self.base_start <= window < self.base_end and window // HOUR % 24 in self.hours


def as_of(now: int) -> int:
    """Return the end of the 5-minute window that is open at `now`: answers change at these times and with the data."""
    return floor(now, WINDOW) + WINDOW


def frame(window: str, now: int) -> Frame:
    """Return the frame of a window (a key of `WINDOWS`) that ends with the present 5 minutes."""
    end, length = as_of(now), WINDOWS[window]
    if window in DAYS:
        start = floor(now, DAY) + DAY - length
        return Frame(start, end, length, start - BASELINE_WINDOWS * length, start, ALL_DAY)
    start = end - length
    first = floor(start, HOUR)
    hours = frozenset(hour // HOUR % 24 for hour in range(first, ceil(end, HOUR), HOUR))
    return Frame(start, end, length, first - BASELINE_DAYS * DAY, first, hours)


class Counts(NamedTuple):
    """A film's events in the window, in its baseline, in the two windows before it, and its decayed heat; of those in
    the window, the reviews and the votes gained; and of those in the baseline, the votes gained."""

    observed: int
    before: int
    previous: int = 0
    earlier: int = 0
    hot: int = 0
    reviews: int = 0
    votes: int = 0
    votes_before: int = 0


@dataclass(frozen=True, slots=True)
class Trend:
    """One film's standing: events now and before, how many were expected, and how far above that it lies.

    velocity and acceleration: first and second difference of the counts of this window and the two before it,
    those scaled to the share of the window that has passed.
    """

    movie_id: int
    observed: int
    before: int
    expected: float
    score: float
    state: str
    velocity: float
    acceleration: float
    hot: int
    reviews: int = 0
    votes: int = 0

    @property
    def rising(self) -> bool:
        """Whether it gets significantly more events than expected."""
        return self.state == "rising"


def rank(
    counts: Mapping[int, Counts],
    sight: Frame,
    by_weekday: Sequence[int] = NO_WEEK,
    read: Mapping[int, int] | None = None,
) -> list[Trend]:
    """Return the standing of films by their counts, by their score, those that rise for certain first.

    by_weekday: events of all films in the baseline, Monday first.
    read: by film, the time (ms) of the newest reading of its votes, where votes are counted. What came after it nobody
    knows yet, so nobody expects it: a film that is read once a day does not decline until its next reading.
    A film rises when at least `TREND_FLOOR` events were observed and its score is a discovery among all films
    with any activity, at a false-discovery rate of 5 %; it declines when at least as many were expected and
    the opposite of its score is one.
    """
    films = sorted(movie_id for movie_id, c in counts.items() if c.observed > 0 or c.before > 0 or c.hot > 0)
    exposure_until, share = sight.exposures(by_weekday), sight.elapsed
    exposure, through = exposure_until(sight.end), {} if read is None else read
    exposures = [mixed(counts[m], exposure, exposure_until(through.get(m, sight.end))) for m in films]
    expected = [rho * max(0, counts[m].before) for m, rho in zip(films, exposures, strict=True)]
    scores = [trend_score(counts[m].observed, counts[m].before, r) for m, r in zip(films, exposures, strict=True)]
    above = [upper_tail(s) if counts[m].observed >= TREND_FLOOR else 1.0 for m, s in zip(films, scores, strict=True)]
    below = [upper_tail(-s) if e >= TREND_FLOOR else 1.0 for e, s in zip(expected, scores, strict=True)]
    trends = []
    found = zip(films, exposures, expected, scores, discoveries(above), discoveries(below), strict=True)
    for movie_id, rho, wanted, score, rises, falls in found:
        c, passed = counts[movie_id], share * rho / exposure
        state = "rising" if rises else "declining" if falls else "steady"
        velocity = c.observed - passed * c.previous
        acceleration = velocity - passed * (c.previous - c.earlier)
        counted = c.hot, c.reviews, c.votes
        trends.append(Trend(movie_id, c.observed, c.before, wanted, score, state, velocity, acceleration, *counted))
    return sorted(trends, key=lambda trend: (not trend.rising, -trend.score, -trend.hot, trend.movie_id))


def mixed(counts: Counts, exposure: float, known: float) -> float:
    """Return a film's exposure where reviews have one and votes another: the mean by what its baseline holds of each."""
    votes, before = max(0, counts.votes_before), max(0, counts.before)
    share = min(1.0, votes / before) if before else 0.0
    return known * share + exposure * (1 - share)


def trending(trends: Sequence[Trend], window: str) -> list[Trend]:
    """Return the films with activity in a window, those with the most first: windows of hours by heat, in which the last
    hours count more, windows of days by what was counted in them. Films that are hot from before come after them."""

    def order(trend: Trend) -> tuple[int, ...]:
        most, next_most = (trend.hot, trend.observed) if window in HOURS else (trend.observed, trend.hot)
        return (trend.observed <= 0, -most, -next_most, trend.movie_id)

    return sorted((trend for trend in trends if trend.observed > 0 or trend.hot > 0), key=order)


def rising(trends: Sequence[Trend]) -> list[Trend]:
    """Return the films that get significantly more events than expected, the clearest first."""
    return sorted((t for t in trends if t.rising), key=lambda trend: (-trend.score, trend.movie_id))


def declining(trends: Sequence[Trend]) -> list[Trend]:
    """Return the films that get significantly fewer events than expected, the clearest first."""
    return sorted((t for t in trends if t.state == "declining"), key=lambda trend: (trend.score, trend.movie_id))
