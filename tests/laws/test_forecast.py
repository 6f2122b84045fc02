"""Forecasts: they learn what there is to learn, their intervals hold, and they are not offered where they are no better."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marquee.batch import forecast
from marquee.batch.forecast import CONTEXT, HORIZON, QUANTILES, TOTALS, WEEK, Forecaster, Windows

WEEKEND = np.array([1, 1, 1, 1, 1, 3, 3])


def weekly(series: int, days: int, seed: int) -> np.ndarray:
    """Poisson counts with a weekly shape, at rates from 1 to 20 a day."""
    rng = np.random.default_rng(seed)
    rates = np.exp(rng.uniform(0, 3, series))[:, None] * WEEKEND[np.arange(days) % WEEK]
    return rng.poisson(rates).astype(float)


UNKNOWN = np.full(300, np.nan)


def test_a_weekly_shape_is_learned_and_intervals_hold() -> None:
    found = forecast.backtest(weekly(300, 140, 1), UNKNOWN)
    assert found is not None
    for span in ("7d", "28d"):
        assert found[span]["mase"] < 0.85 * found[span]["seasonal_naive_mase"]
        assert found[span]["coverage_80"] == pytest.approx(0.8, abs=0.05)
        assert found[span]["coverage_95"] == pytest.approx(0.95, abs=0.03)


def test_a_release_to_come_is_seen_coming() -> None:
    rng = np.random.default_rng(2)
    released = rng.integers(20, 160, 400).astype(float)
    days = np.arange(168)[None, :]
    rates = np.where(days < released[:, None], 1.0, 40 * np.exp(-(days - released[:, None]) / 20) + 1)
    series = rng.poisson(rates).astype(float)
    known = forecast.backtest(series, released)
    blind = forecast.backtest(series, np.full(400, np.nan))
    assert known is not None
    assert blind is not None
    assert known["28d"]["mase"] < 0.7 * blind["28d"]["mase"]


def test_nothing_is_offered_that_is_no_better_than_last_week() -> None:
    repeating = np.tile(np.random.default_rng(3).poisson(5, (300, WEEK)), (1, 20)).astype(float)
    repeating[:, -HORIZON:] += np.random.default_rng(4).poisson(1, (300, 1))
    found = forecast.build(repeating + 0.001 * np.random.default_rng(5).random(repeating.shape), UNKNOWN)
    assert not found["available"]
    assert "seasonal naive" in found["reason"]
    assert "model" not in found


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        (weekly(300, 60, 1), "days of history"),
        (weekly(3, 140, 1), "too few films"),
        (np.ones((300, 140)), "too few films"),
        (np.zeros((300, 140)), "too few films"),
    ],
)
def test_too_little_to_learn_from_is_said(series: np.ndarray, reason: str) -> None:
    found = forecast.build(series, np.full(len(series), np.nan))
    assert not found["available"]
    assert reason in found["reason"]


@pytest.fixture(scope="module")
def model() -> Forecaster:
    series = weekly(300, 140, 6)
    fitted = forecast.fit(*(forecast.windows(series[side::2], UNKNOWN[side::2], 3) for side in (0, 1)))
    assert fitted is not None
    return fitted


def test_a_model_survives_its_json(model: Forecaster) -> None:
    again, past = Forecaster.of(model.as_dict()), weekly(5, CONTEXT, 7)
    age = np.full(5, np.nan)
    assert np.allclose(forecast.predict(again, past, age), forecast.predict(model, past, age), rtol=1e-3)


def test_what_comes_lies_where_a_forecast_says(model: Forecaster) -> None:
    """Series that the model has not seen: the days that follow fall between its quantiles as often as they should."""
    series = weekly(600, CONTEXT + HORIZON, 9)
    found = forecast.predict(model, series[:, :CONTEXT], np.full(600, np.nan))[:, :HORIZON]
    come = series[:, CONTEXT:]
    for low, high, share in ((1, 3, 0.8), (0, 4, 0.95)):
        inside = (found[:, :, low] <= come) & (come <= found[:, :, high])
        assert inside.mean() == pytest.approx(share, abs=0.06)
    rates = series[:, :CONTEXT].mean(axis=1)
    off = (found[:, :, 2] - come).sum(axis=1) / (HORIZON * rates)
    assert np.median(off) == pytest.approx(0, abs=0.08)


counts = st.lists(st.integers(0, 10_000), min_size=WEEK, max_size=40)


@given(counts, st.none() | st.integers(-60, 10_000))
def test_forecasts_are_finite_ordered_and_never_below_zero(model: Forecaster, past: list[int], age: int | None) -> None:
    given_age = np.array([np.nan if age is None else float(age)])
    found = forecast.predict(model, np.array([past], dtype=float), given_age)
    assert found.shape == (1, HORIZON + len(TOTALS), len(QUANTILES))
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (np.diff(found, axis=2) >= 0).all()


def test_windows_leave_out_what_is_unknown_or_silent() -> None:
    series = weekly(3, 80, 8)
    series[0, 10] = np.nan
    series[1] = 0
    found = forecast.windows(series, np.array([5.0, np.nan, 70.0]), 10)
    assert isinstance(found, Windows)
    origins = range(80 - HORIZON, CONTEXT - 1, -10)
    assert len(found) == len(origins) + sum(end - CONTEXT > 10 for end in origins)
    assert set(found.age[~np.isnan(found.age)]) >= {end - 70.0 for end in origins}
