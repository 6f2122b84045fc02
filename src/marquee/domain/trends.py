"""What counts as a trend: the window, its baseline, and the ranking. Counting is the engines' business."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from marquee.domain.scores import TREND_FLOOR, discoveries, trend_score, upper_tail
from marquee.domain.timeline import DAY, HOUR, WINDOW, ceil, floor

WINDOWS = {"1h": HOUR, "6h": 6 * HOUR, "24h": DAY}
BASELINE_DAYS = 28


@dataclass(frozen=True, slots=True)
class Frame:
    """A window [start, end) of event time and its baseline: the same hours of the day in the four weeks before.

    The baseline consists of the whole hours in [base_start, base_end) whose hour of the day is in `hours`.
    `exposure` (rho) = length of the window / length of the baseline. Times in ms.
    """

    start: int
    end: int
    base_start: int
    base_end: int
    hours: frozenset[int]

    @property
    def exposure(self) -> float:
        """The window's length over the baseline's."""
        return (self.end - self.start) / (BASELINE_DAYS * len(self.hours) * HOUR)

    def in_window(self, window: int) -> bool:
        """Whether the cell that starts at `window` counts as now."""
        return self.start <= window < self.end

    def in_baseline(self, window: int) -> bool:
        """Whether the cell that starts at `window` counts as before."""
        return self.base_start <= window < self.base_end and window // HOUR % 24 in self.hours


def as_of(now: int) -> int:
    """Return the end of the 5-minute window that is open at `now`: answers change at these times and with the data."""
    return floor(now, WINDOW) + WINDOW


def frame(length: int, now: int) -> Frame:
    """Return the frame of the window of `length` ms (a day at most) that ends with the present 5-minute window."""
    end = as_of(now)
    start = end - length
    first = floor(start, HOUR)
    hours = frozenset(hour // HOUR % 24 for hour in range(first, ceil(end, HOUR), HOUR))
    return Frame(start, end, first - BASELINE_DAYS * DAY, first, hours)


@dataclass(frozen=True, slots=True)
class Trend:
    """One film's standing: events now and before, how many were expected, and how far above that it lies."""

    movie_id: int
    observed: int
    before: int
    expected: float
    score: float
    rising: bool
    hot: int


def rank(counts: Mapping[int, tuple[int, int, int]], exposure: float) -> list[Trend]:
    """Rank films by (observed, before, hot) counts: first what rises for certain, then what is hot.

    A film rises when at least `TREND_FLOOR` events were observed and its score is a discovery among all films
    with any activity, at a false-discovery rate of 5 %.
    """
    films = sorted(movie_id for movie_id, (x, y, hot) in counts.items() if x > 0 or y > 0 or hot > 0)
    scores = {movie_id: trend_score(counts[movie_id][0], counts[movie_id][1], exposure) for movie_id in films}
    tails = [upper_tail(scores[m]) if counts[m][0] >= TREND_FLOOR else 1.0 for m in films]
    trends = [
        Trend(m, counts[m][0], counts[m][1], exposure * max(0, counts[m][1]), scores[m], rising, counts[m][2])
        for m, rising in zip(films, discoveries(tails), strict=True)
    ]
    return sorted(trends, key=lambda t: (not t.rising, -t.score if t.rising else 0.0, -t.hot, -t.observed, t.movie_id))


def declining(trends: Sequence[Trend]) -> list[Trend]:
    """Return the films that get significantly fewer events than expected, the clearest first.

    Only films of which at least `TREND_FLOOR` events were expected can decline; the false-discovery rate is over
    all films with any activity.
    """
    tails = [upper_tail(-trend.score) if trend.expected >= TREND_FLOOR else 1.0 for trend in trends]
    found = [trend for trend, falls in zip(trends, discoveries(tails), strict=True) if falls]
    return sorted(found, key=lambda trend: (trend.score, trend.movie_id))
