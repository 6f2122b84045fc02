"""Forecasts: one linear model over all films' days, with intervals taken from its own past errors.

Series are rows of a matrix, days its columns. A series is put on a scale on which growth is a difference
(log1p), less its level (the mean of its last week); the next 28 days are ridge regressions on its last 28
(a global autoregression, Montero-Manso & Hyndman, International Journal of Forecasting 37, 2021), so that
films learn from each other how interest fades and what a Saturday brings. Intervals are conformal, by groups
of like series: quantiles of the errors on series that the regression has not seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CONTEXT = 28
HORIZON = 28
TOTALS = (7, 28)
"""Days whose totals are forecast too: the quantile of a sum is not the sum of quantiles."""

WEEK = 7
RIDGE = 1.0
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
"""What a forecast gives for each day: the ends of the 95 % and 80 % intervals, and the median between them."""

LEVELS, UNRESTS = 4, 3
"""Groups of like series that errors are taken from: by quantiles of level, and of unrest within all."""

LEVEL_COLUMN, UNREST_COLUMN = CONTEXT + 1, CONTEXT + 3
"""Where `features` puts a series' level and its mean change from week to week."""

FADES = (7, 30, 90)
"""Days over which interest in a released film fades to a third: what its age says is made of these."""

STEP = 3
"""Days between the origins that a model learns from."""

FEWEST = 200
"""Fewest windows in each part of a fit: with fewer, a quantile of errors means nothing."""


@dataclass(frozen=True, slots=True)
class Forecaster:
    """A fitted model, on the log scale, of what is forecast: the days, then the TOTALS.

    weights: (features, forecast); levels, unrests: between the groups; errors: (groups, forecast, QUANTILES).
    """

    weights: Floats
    levels: Floats
    unrests: Floats
    errors: Floats

    def group(self, x: Floats) -> npt.NDArray[np.int64]:
        """Return the group of each row of features."""
        level, unrest = x[:, LEVEL_COLUMN], x[:, UNREST_COLUMN]
        return np.searchsorted(self.levels, level) * UNRESTS + np.searchsorted(self.unrests, unrest)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {name: getattr(self, name).round(6).tolist() for name in self.__slots__}

    @staticmethod
    def of(values: Mapping[str, Any]) -> "Forecaster":
        """Read back what `as_dict` gave."""
        return Forecaster(*(np.array(values[name], dtype=np.float64) for name in Forecaster.__slots__))


@dataclass(frozen=True, slots=True)
class Windows:
    """Pieces of series: past (n, days) up to an origin, age (n,) in days since release at the origin (NaN where
    unknown, below zero before it), future (n, HORIZON)."""

    past: Floats
    age: Floats
    future: Floats

    def __len__(self) -> int:
        return len(self.past)


def features(past: Floats, age: Floats) -> tuple[Floats, Floats]:
    """Return (features, level) of series (n, at least WEEK days): only the last CONTEXT days count.

    A shorter series is continued backwards by repeating its first week. Each day before a release has a
    feature of its own: what it brings is learned for each day of the horizon.
    """
    short = CONTEXT - past.shape[1]
    if short > 0:
        weeks = -(-short // WEEK)
        past = np.concatenate([np.tile(past[:, :WEEK], (1, weeks))[:, -short:], past], axis=1)
    counts = np.maximum(past[:, -CONTEXT:], 0)
    scaled = np.log1p(counts)
    level = scaled[:, -WEEK:].mean(axis=1)
    centred = scaled - level[:, None]
    unrest = np.abs(scaled[:, WEEK:] - scaled[:, :-WEEK]).mean(axis=1)
    sums = [np.log1p(counts[:, -days:].sum(axis=1)) - level for days in TOTALS]
    size = np.stack([np.ones_like(level), level, np.minimum(level, 1.0), unrest, *sums], axis=1)
    days = np.nan_to_num(age, nan=1e6)
    before = days[:, None] == -np.arange(1, HORIZON + 1)
    since = np.stack([np.exp(-np.maximum(days, 0) / fade) * (days >= 0) for fade in FADES], axis=1)
    return np.concatenate([centred, size, before, since], axis=1), level


def windows(series: Floats, released: Floats, step: int) -> Windows:
    """Return rolling origins, the last first, `step` days apart. released: (n,) column of the release, NaN unknown."""
    ends = list(range(series.shape[1] - HORIZON, CONTEXT - 1, -step))
    if not ends:
        return Windows(np.empty((0, CONTEXT)), np.empty(0), np.empty((0, HORIZON)))
    past = np.concatenate([series[:, end - CONTEXT : end] for end in ends])
    future = np.concatenate([series[:, end : end + HORIZON] for end in ends])
    age = np.concatenate([end - released for end in ends])
    alive = ~np.isnan(past).any(axis=1) & ~np.isnan(future).any(axis=1) & (past > 0).any(axis=1)
    return Windows(past[alive], age[alive], future[alive])


def targets(future: Floats) -> Floats:
    """Return what is forecast, on the log scale: the days, then the totals of each of TOTALS."""
    sums = [future[:, :days].sum(axis=1, keepdims=True) for days in TOTALS]
    found: Floats = np.log1p(np.maximum(np.concatenate([future, *sums], axis=1), 0))
    return found


def regress(x: Floats, y: Floats) -> Floats:
    """Return the ridge weights of y on x."""
    weights: Floats = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y).astype(np.float64)
    return weights


def fit(one: Windows, other: Windows) -> Forecaster | None:
    """Fit on two sets of series: each one's errors are those of the weights learned from the other.

    The weights kept are those of both together (cross-conformal, Vovk, Annals of Mathematics and AI 74, 2015).
    None of fewer than FEWEST windows in either.
    """
    if min(len(one), len(other)) < FEWEST:
        return None
    sides = []
    for side in (one, other):
        x, level = features(side.past, side.age)
        sides.append((x, targets(side.future) - level[:, None]))
    (x1, y1), (x2, y2) = sides
    off = np.concatenate([y1 - x1 @ regress(x2, y2), y2 - x2 @ regress(x1, y1)])
    x = np.concatenate([x1, x2])
    levels, unrests = (
        np.quantile(x[:, column], np.linspace(0, 1, parts + 1)[1:-1]).astype(np.float64)
        for column, parts in ((LEVEL_COLUMN, LEVELS), (UNREST_COLUMN, UNRESTS))
    )
    model = Forecaster(regress(x, np.concatenate([y1, y2])), levels, unrests, np.empty(0))
    group = model.group(x)
    alike = [off[group == g] for g in range(LEVELS * UNRESTS)]
    quantiles = [np.quantile(errors if len(errors) >= FEWEST // 4 else off, QUANTILES, axis=0).T for errors in alike]
    return replace(model, errors=np.stack(quantiles))


def predict(model: Forecaster, past: Floats, age: Floats) -> Floats:
    """Return the quantiles (n, HORIZON + TOTALS, QUANTILES) of what follows `past` (n, days), none below zero."""
    x, level = features(past, age)
    centre = level[:, None] + x @ model.weights
    found: Floats = np.maximum(np.expm1(centre[:, :, None] + model.errors[model.group(x)]), 0)
    return found


def naive(past: Floats) -> Floats:
    """Return the seasonal naive forecast (n, HORIZON): each day as a week before it."""
    return np.tile(past[:, -WEEK:], (1, HORIZON // WEEK))


def mase(forecast: Floats, future: Floats, scale: Floats) -> float:
    """Return the mean absolute scaled error (Hyndman & Koehler, IJF 22, 2006) over the series with a scale above 0.

    scale: (n,) each series' mean absolute change from a week before in its past.
    """
    errors = np.abs(forecast - future).mean(axis=1)
    return float((errors[scale > 0] / scale[scale > 0]).mean())


def backtest(series: Floats, released: Floats) -> dict[str, Any] | None:
    """Forecast the last HORIZON days from those before them; None where there is too little to learn from.

    The model learns from the days before alone; all series are tested.
    """
    before = series[:, :-HORIZON]
    model = fit(windows(before[::2], released[::2], STEP), windows(before[1::2], released[1::2], STEP))
    tested = windows(series, released, series.shape[1])
    scale = np.abs(tested.past[:, WEEK:] - tested.past[:, :-WEEK]).mean(axis=1)
    if model is None or not (scale > 0).any():
        return None
    quantiles = predict(model, tested.past, tested.age)[:, :HORIZON]
    found: dict[str, Any] = {"series": len(tested)}
    for days in TOTALS:
        future = tested.future[:, :days]
        ours, theirs = quantiles[:, :days, 2], naive(tested.past)[:, :days]
        inside = [(future >= quantiles[:, :days, low]) & (future <= quantiles[:, :days, -1 - low]) for low in (1, 0)]
        found[f"{days}d"] = {
            "mase": round(mase(ours, future, scale), 4),
            "seasonal_naive_mase": round(mase(theirs, future, scale), 4),
            "coverage_80": round(float(inside[0].mean()), 4),
            "coverage_95": round(float(inside[1].mean()), 4),
        }
    return found


def build(series: Floats, released: Floats) -> dict[str, Any]:
    """Return what is published of a metric: the backtest, and the model if it beats the seasonal naive forecast."""
    if series.shape[1] < CONTEXT + 2 * HORIZON:
        return {"available": False, "reason": f"fewer than {CONTEXT + 2 * HORIZON} days of history", "backtest": None}
    found = backtest(series, released)
    if found is None:
        return {"available": False, "reason": "too few films change from week to week to learn from", "backtest": None}
    worse = [span for span in found if span != "series" and found[span]["mase"] >= found[span]["seasonal_naive_mase"]]
    model = fit(windows(series[::2], released[::2], STEP), windows(series[1::2], released[1::2], STEP))
    if worse or model is None:
        reason = f"no better than the seasonal naive forecast at {', '.join(worse)}"
        return {"available": False, "reason": reason, "backtest": found}
    return {"available": True, "reason": None, "backtest": found, "model": model.as_dict()}
