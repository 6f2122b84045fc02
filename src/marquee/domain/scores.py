"""Scores: pure functions over merged state. Floats appear here and nowhere before."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

COMPOUND_SCALE = 10_000
AVERAGE_SCALE = 1_000
POPULARITY_SCALE = 10_000
STARS_SCALE = 10

LABEL_CUT = 500
"""VADER's published cut for a label, +-0.05 of compound, x 10^4 (Hutto & Gilbert, ICWSM 2014)."""

FEELING_CUT = 0.2
"""How far favourable reviews must outweigh unfavourable ones, as a share of all, for a label: 60 to 40.

60 % is also where Rotten Tomatoes calls a film fresh ("About the Tomatometer")."""

TREND_FLOOR = 3
"""Fewest events in a window that may be called a trend."""

FALSE_DISCOVERY_RATE = 0.05
HOT_HALF_LIFE_HOURS = 12
HOT_HOURS = 7 * 24
HOT_WEIGHTS = tuple(round(2**20 * 2 ** (-age / HOT_HALF_LIFE_HOURS)) for age in range(HOT_HOURS))
"""Integer weights (x 2^20) of exponential decay by age in hours, so that the sum is exact in any order."""

NORMAL = NormalDist()


def label(compound: float) -> str:
    """Name a mean compound in [-1, 1] by VADER's cut of +-0.05."""
    if compound * COMPOUND_SCALE >= LABEL_CUT:
        return "positive"
    return "negative" if compound * COMPOUND_SCALE <= -LABEL_CUT else "neutral"


def feeling(balance: float) -> str:
    """Name a balance of reviews, favourable less unfavourable ones over all of them, by `FEELING_CUT`."""
    if balance >= FEELING_CUT:
        return "positive"
    return "negative" if balance <= -FEELING_CUT else "neutral"


def mean(total: int, count: int, scale: int) -> float | None:
    """Return total / count / scale, or None of nothing."""
    return total / count / scale if count > 0 else None


def weighted_rating(average: float, votes: int, prior_mean: float, prior_votes: int) -> float:
    """Return IMDb's weighted rating, (v*R + m*C) / (v + m) (IMDb help, "How do you calculate the rank ...")."""
    weight = votes + prior_votes
    return (votes * average + prior_votes * prior_mean) / weight if weight > 0 else prior_mean


def wilson_lower(successes: int, trials: int, confidence: float = 0.95) -> float:
    """Return the lower end of Wilson's two-sided interval of a proportion (Wilson, JASA 22, 1927); 0 of nothing."""
    if trials <= 0:
        return 0.0
    z = NORMAL.inv_cdf(0.5 + confidence / 2)
    share = min(1.0, max(0.0, successes / trials))
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, (centre - spread) / (1 + z * z / trials))


def mean_interval(total: int, squares: int, count: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return the normal interval of a mean compound, in [-1, 1]; None under two reviews.

    `total` and `squares` are the sums of compound x 10^4 and of its square. The variance is the
    unbiased one, taken from integers so that no digits cancel.
    """
    if count < 2:
        return None
    variance = (count * squares - total * total) / (count * (count - 1))
    half = NORMAL.inv_cdf(0.5 + confidence / 2) * math.sqrt(max(0.0, variance) / count)
    centre = total / count
    return max(-1.0, (centre - half) / COMPOUND_SCALE), min(1.0, (centre + half) / COMPOUND_SCALE)


Moments = tuple[int, int, int]
"""A count of reviews, the sum of what is compared of them, in integers, and the sum of its square."""


def welch(one: Moments, other: Moments, least_spread: float = 0.0) -> float | None:
    """Return how far the mean of one side lies above the other's, in standard errors (Welch, Biometrika 34, 1947).

    None with fewer than two reviews on a side. A standard deviation under `least_spread` (in units of what
    is compared) is taken as that: a handful of like scores must not look certain. Reviews of one film are alike, so across films
    the true error is somewhat larger.
    """
    if one[0] < 2 or other[0] < 2:
        return None
    error = 0.0
    for count, total, squares in (one, other):
        variance = (count * squares - total * total) / (count * (count - 1))
        error += max(variance, least_spread**2) / count
    return (one[1] / one[0] - other[1] / other[0]) / math.sqrt(error) if error > 0 else None


def two_sided(score: float) -> float:
    """Return the probability that a standard normal lies as far from 0 as `score`, on either side."""
    return math.erfc(abs(score) / math.sqrt(2))


def trend_score(observed: int, before: int, exposure: float) -> float:
    """Return how far `observed` lies above what `before` lets expect, in standard deviations.

    W = 2 (sqrt(x + 3/8) - sqrt(rho (y + 3/8))) / sqrt(1 + rho): the variance-stabilised test of two Poisson
    rates with unequal exposures (Gu, Ng, Tang & Schucany, Biometrical Journal 50, 2008; Anscombe's 3/8).
    `exposure` (rho) is the length of the window over the length of the baseline; 0 where nobody has looked yet, of which
    nothing can be said: 0.
    """
    if exposure <= 0:
        return 0.0
    x, y = max(0, observed), max(0, before)
    return 2 * (math.sqrt(x + 0.375) - math.sqrt(exposure * (y + 0.375))) / math.sqrt(1 + exposure)


def upper_tail(score: float) -> float:
    """Return the probability that a standard normal exceeds `score`."""
    return 0.5 * math.erfc(score / math.sqrt(2))


def discoveries(p_values: Sequence[float], rate: float = FALSE_DISCOVERY_RATE) -> list[bool]:
    """Say which p-values are discoveries at a false-discovery rate (Benjamini & Hochberg, JRSS B 57, 1995)."""
    ordered = sorted(p_values)
    cut = -1.0
    for rank, p in enumerate(ordered, start=1):
        if p <= rate * rank / len(ordered):
            cut = p
    return [p <= cut for p in p_values]


def quantile(values: Sequence[int], share: float) -> int:
    """Return the discrete quantile: the smallest value with at least `share` of the values at or below it; 0 of none."""
    if not values:
        return 0
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


TIERS = (("blockbuster", 0.99), ("popular", 0.90), ("moderate", 0.60))
"""Tiers by quantile of popularity: top 1 %, next 9 %, next 30 %, the rest niche."""


@dataclass(frozen=True, slots=True)
class Pins:
    """What a run pins for its scores: the prior of the weighted rating and the tiers' popularity cuts.

    prior_mean x 10^3; cuts x 10^4, in the order of `TIERS`.
    """

    prior_mean: int
    prior_votes: int
    tier_cuts: tuple[int, ...]


NO_PINS = Pins(0, 0, ())


def pin(averages_votes: Sequence[tuple[int, int]], popularities: Sequence[int]) -> Pins:
    """Pin a run's priors from all films: C the mean of voted films' averages, m their 75th percentile of votes."""
    voted = [(average, votes) for average, votes in averages_votes if votes > 0]
    return Pins(
        prior_mean=sum(average for average, _ in voted) // len(voted) if voted else 0,
        prior_votes=quantile([votes for _, votes in voted], 0.75),
        tier_cuts=tuple(quantile([p for p in popularities if p >= 0], share) for _, share in TIERS),
    )


def tier(popularity: int | None, pins: Pins) -> str | None:
    """Name the tier of a popularity x 10^4 under a run's cuts; None when unknown."""
    if popularity is None or popularity < 0 or not pins.tier_cuts:
        return None
    for (name, _), cut in zip(TIERS, pins.tier_cuts, strict=True):
        if popularity > cut:
            return name
    return "niche"
