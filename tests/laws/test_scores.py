"""Scores at their edges, against figures worked out elsewhere."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOON

from marquee.domain import scores
from marquee.domain.coverage import Backlog, Frontier, SpeedState, coverage
from marquee.domain.quality import RULES, Measurement, Rule, drift, judge
from marquee.domain.timeline import DAY, HOUR, ceil, data_end, floor, iso, ladder_top, parse_iso
from marquee.domain.trends import Counts, declining, frame, rank


def test_weighted_rating_pulls_to_the_prior() -> None:
    assert scores.weighted_rating(9.0, 100, 7.0, 100) == 8.0
    assert scores.weighted_rating(9.0, 0, 7.0, 0) == 7.0


def test_wilson_of_a_known_case() -> None:
    assert scores.wilson_lower(8, 10) == pytest.approx(0.4901625, abs=1e-6)
    assert scores.wilson_lower(0, 0) == 0.0


def test_trend_score_of_a_known_case() -> None:
    rho = 1 / 28
    wanted = 2 * (math.sqrt(12.375) - math.sqrt(rho * 87.375)) / math.sqrt(1 + rho)
    assert scores.trend_score(12, 87, rho) == pytest.approx(wanted)
    assert scores.trend_score(-1, -1, rho) == scores.trend_score(0, 0, rho)


def test_benjamini_hochberg_of_a_known_case() -> None:
    p = [0.01, 0.04, 0.03, 0.005, 0.5]
    assert scores.discoveries(p) == [True, True, True, True, False]
    assert scores.discoveries([]) == []


@given(st.lists(st.integers(0, 10**9), min_size=1), st.floats(0.01, 0.99))
def test_a_quantile_has_its_share_below(values: list[int], share: float) -> None:
    cut = scores.quantile(values, share)
    assert sum(value <= cut for value in values) >= share * len(values)


def test_tiers_and_unknown_popularity() -> None:
    pins = scores.pin([(7_000, 10)], list(range(1, 101)))
    assert [scores.tier(value, pins) for value in (100, 95, 70, 5)] == ["blockbuster", "popular", "moderate", "niche"]
    assert scores.tier(-1, pins) is None
    assert scores.tier(None, pins) is None


def test_mean_interval_needs_two() -> None:
    assert scores.mean_interval(100, 10_000, 1) is None
    low, high = scores.mean_interval(2_000, 2_000_000, 2) or (9.0, 9.0)
    assert low == high == pytest.approx(0.1)


@given(st.integers(0, 2**42), st.sampled_from([HOUR, DAY]))
def test_floor_and_ceil_bracket(time: int, span: int) -> None:
    assert floor(time, span) <= time <= ceil(time, span)
    assert ceil(time, span) - floor(time, span) in (0, span)


def test_iso_times_are_read_back() -> None:
    assert parse_iso(iso(NOON)) == NOON
    assert parse_iso("2026-03-14T13:00:00+01:00") == NOON
    assert parse_iso("2026-03-14 12:00:00 UTC") == NOON


def test_the_baseline_is_the_same_hours_of_four_weeks() -> None:
    sight = frame("1h", NOON + 7 * 60_000)
    windows = range(sight.base_start, sight.base_end, 5 * 60_000)
    counted = sum(sight.in_baseline(window) for window in windows)
    assert sight.hours == {11, 12}
    assert counted * 5 * 60_000 == 28 * 2 * HOUR
    assert sight.exposure() == HOUR / (28 * 2 * HOUR)
    assert not any(sight.in_baseline(window) for window in range(sight.start, sight.end, 5 * 60_000))


def test_few_events_are_no_trend_and_many_are() -> None:
    sight = frame("24h", NOON)
    quiet = dict.fromkeys(range(100), Counts(0, 28))
    ranked = rank({**quiet, 900: Counts(2, 0, hot=5), 901: Counts(30, 28, 4, 3, hot=9)}, sight)
    assert [trend.movie_id for trend in ranked[:2]] == [901, 900]
    assert [trend.state for trend in ranked[:2]] == ["rising", "steady"]
    assert (ranked[0].velocity, ranked[0].acceleration) == (26, 25)


def test_windows_of_days_hold_today_so_far_and_expect_the_four_before() -> None:
    sight = frame("7d", NOON)
    assert (sight.start, sight.end) == (floor(NOON, DAY) - 6 * DAY, NOON + 5 * 60_000)
    assert sight.base_end - sight.base_start == 28 * DAY
    assert sight.exposure() == pytest.approx((6.5 * DAY + 5 * 60_000) / (28 * DAY))
    assert sight.in_previous(sight.start - DAY, 1)
    assert sight.in_previous(sight.start - 8 * DAY, 2)
    trend = rank({1: Counts(13, 52, 14, 7)}, sight)[0]
    assert trend.velocity == pytest.approx(13 - 14 * sight.elapsed)


def test_a_saturday_is_no_trend() -> None:
    sight = frame("24h", NOON)
    assert sight.exposure([10_000] * 5 + [20_000] * 2) == pytest.approx(sight.exposure() * 1.5 / (9 / 7), rel=0.02)
    assert sight.exposure([1] * 5 + [2] * 2) == pytest.approx(sight.exposure(), rel=0.02)
    assert sight.exposure([-5] * 7) == pytest.approx(sight.exposure())


def test_a_decline_needs_expectations_and_a_clear_fall() -> None:
    before = dict.fromkeys(range(50), Counts(4, 112))
    trends = rank({**before, 900: Counts(0, 1_400), 901: Counts(0, 28)}, frame("24h", NOON))
    assert [trend.movie_id for trend in declining(trends)] == [900]
    assert declining([]) == []


def test_votes_that_nobody_has_read_yet_are_not_expected() -> None:
    sight = frame("24h", NOON)
    quiet = dict.fromkeys(range(50), Counts(7, 392, votes=7, votes_before=392))
    half = NOON - 12 * HOUR
    films = {**quiet, 900: Counts(700, 39_200, 1_400, votes_before=39_200), 901: Counts(0, 39_200, 1_400)}
    blind = {trend.movie_id: trend for trend in rank(films, sight)}
    assert {trend.state for trend in blind.values()} == {"declining"}
    seen = {trend.movie_id: trend for trend in rank(films, sight, read=dict.fromkeys(films, half))}
    assert seen[900].expected == pytest.approx(700, rel=0.01)
    assert seen[900].velocity == pytest.approx(0, abs=5)
    assert seen[900].state == "steady"
    assert seen[901].state == "declining", "its baseline are reviews, which are known to the end"
    assert seen[901].expected == blind[901].expected
    mixed = rank({1: Counts(3, 56, votes_before=28)}, sight, read={1: half})[0]
    assert mixed.expected == pytest.approx(1.5, rel=0.01)
    unread = rank({1: Counts(0, 39_200, votes_before=39_200)}, sight, read={1: sight.start - DAY})[0]
    assert (unread.expected, unread.score, unread.state) == (0, 0, "steady")


def test_coverage_names_the_gap_and_nothing_else() -> None:
    hour = floor(NOON, HOUR)
    fresh = Frontier(3, "r", hour - 4 * HOUR)
    assert coverage(fresh, SpeedState(hour - 40 * HOUR, NOON, 1, "9"), NOON).complete
    stale = Frontier(3, "r", hour - 50 * HOUR)
    gap = coverage(stale, SpeedState(hour - 60 * HOUR, NOON, 1, "9"), NOON)
    assert gap.gaps == ((hour - 50 * HOUR, hour - 47 * HOUR),)
    late = coverage(fresh, SpeedState(hour - 2 * HOUR, NOON, 1, "9"), NOON)
    assert late.gaps == ((hour - 4 * HOUR, hour - 2 * HOUR),)
    assert coverage(None, SpeedState(None, None, 0, ""), NOON).complete


def test_coverage_knows_what_the_log_accepted() -> None:
    hour = floor(NOON, HOUR)
    quiet, speed = Frontier(3, "r", hour - 90 * HOUR), SpeedState(hour - 60 * HOUR, NOON, 1, "9")
    assert coverage(quiet, speed, NOON, Backlog(hole=False)).complete, "nothing was accepted, so nothing is missing"
    assert coverage(quiet, speed, NOON, Backlog(hole=True)).gaps == ((hour - 90 * HOUR, hour - 47 * HOUR),)
    none = SpeedState(None, None, 0, "")
    alone = coverage(None, none, NOON + 600_000, Backlog(9, NOON + 1, NOON + 1, hole=False))
    assert (alone.gaps, alone.waiting, alone.complete) == (((NOON, NOON + 600_000),), 9, False)
    fresh = Frontier(3, "r", NOON)
    assert coverage(fresh, none, NOON + 60_000, Backlog(1, NOON + 1, hole=False)).gaps == ((NOON, NOON + 60_000),)
    running = SpeedState(NOON, NOON, 1, "9")
    assert coverage(fresh, running, NOON + 299_000, Backlog(1, NOON, hole=False)).complete, "it may take a moment"
    assert not coverage(fresh, running, NOON + 301_000, Backlog(1, NOON, hole=False)).complete
    both = coverage(quiet, speed, NOON + 1, Backlog(1, hour - 47 * HOUR, hole=True))
    assert both.gaps == ((hour - 90 * HOUR, NOON + 1),), "gaps that touch are one"


def test_the_ladder_stops_with_data_that_has_ended() -> None:
    newest = 1_506_600_000_000
    day = 1_506_643_200_000
    assert data_end(newest, NOON) == day
    assert data_end(newest, newest + 29 * DAY) is None
    assert data_end(-1, NOON) is None
    assert ladder_top(newest, NOON) == day + 30 * DAY
    assert ladder_top(newest, newest + HOUR) == newest + HOUR
    assert ladder_top(-1, NOON) == NOON
    tops = [ladder_top(newest, frontier) for frontier in range(newest, newest + 90 * DAY, 7 * HOUR)]
    assert tops == sorted(tops), "a cell that has climbed never climbs down"


def rule(name: str) -> Rule:
    return next(found for found in RULES if found.name == name)


def test_quality_warns_stops_and_compares() -> None:
    weak, critical = rule("review has a text"), rule("a review event is held once")
    assert judge([Measurement(weak, 0, 100)]).state == "passed"
    assert judge([Measurement(weak, 7, 100)]).state == "warned"
    assert judge([Measurement(weak, 11, 100)]).state == "stopped"
    assert judge([Measurement(critical, 1, 10**6)]).state == "stopped"
    assert judge([]).score == 100.0
    heavy, light = rule("review has an id"), rule("stars are in [0, 10]")
    assert (heavy.weight, light.weight) == (3, 1)
    assert judge([Measurement(heavy, 4, 100), Measurement(light, 0, 100)]).score == pytest.approx(97)
    assert judge([Measurement(heavy, 0, 100), Measurement(light, 4, 100)]).score == pytest.approx(99)


def test_drift_needs_history_and_a_real_change() -> None:
    rows, nulls = rule("films do not vanish"), rule("languages stay known")
    assert drift(rows, {"rows": 1}, []).passed
    assert drift(rows, {"rows": 71}, [{"rows": 100}]).passed
    assert not drift(rows, {"rows": 69}, [{"rows": 100}]).passed
    assert drift(nulls, {"nulls.language": 0.2}, [{"nulls.language": 0.1}]).passed
    assert not drift(nulls, {"nulls.language": 0.4}, [{"nulls.language": 0.1}]).passed
