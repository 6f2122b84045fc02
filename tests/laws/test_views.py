"""The cores of the views: likeness, recommendation, networks, shares, anomalies, and the cube against plain loops."""

from collections import defaultdict
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marquee.batch import anomalies, genres, network, similar
from marquee.batch.anomalies import Weeks
from marquee.domain import scores
from marquee.domain.films import unknown_film
from marquee.domain.measures import SUMS
from marquee.domain.scores import Pins
from marquee.libraries.graph import CreditGraph
from marquee.libraries.spreadsheets import arrow_rows, as_table, flat
from marquee.serving.answers.reasons import reasons
from marquee.serving.answers.recommend import affinity, appeal, diverse, ranked
from marquee.serving.answers.stats import money, share_below
from marquee.serving.world.cube import ALL_FILMS, DIMENSIONS, Cube, Filter, groups_of


def film(movie_id: int, **values: Any) -> dict[str, Any]:
    return {**unknown_film(movie_id), "title": f"Film {movie_id}", **values}


def credit(person_id: int | None, job: str = "Self") -> dict[str, Any]:
    return {"person_id": person_id, "name": f"P{person_id}", "job": job}


def test_films_about_the_same_things_by_the_same_people_are_nearest() -> None:
    films = [
        film(1, genres=["Crime"], keywords=["heist", "jazz"], crew=[credit(9, "Director")], release_date="1999-01-01"),
        film(2, genres=["Crime"], keywords=["heist", "jazz"], crew=[credit(9, "Director")], release_date="1995-01-01"),
        film(3, genres=["Crime"], keywords=["train"], release_date="1961-01-01"),
        film(4, genres=["Drama"], keywords=["train"], release_date="1962-01-01"),
        film(5),
    ]
    found = {movie_id: (ids, likeness) for movie_id, ids, likeness in similar.neighbours(films)}
    assert found[1][0][0] == 2
    assert found[4][0] == [3]
    assert 5 not in found
    for ids, likeness in found.values():
        assert likeness == sorted(likeness, reverse=True)
        assert 0 < likeness[-1] <= likeness[0] <= 1_700
        assert len(ids) == len(set(ids))
    assert list(similar.neighbours([])) == []


near = st.dictionaries(st.integers(1, 30), st.floats(0.01, 1), max_size=10)


@given(st.lists(near, min_size=1, max_size=6), st.lists(near, max_size=4))
def test_disliked_films_never_help(liked: list[dict[int, float]], disliked: list[dict[int, float]]) -> None:
    without, against = affinity(liked, []), affinity(liked, disliked)
    assert without.keys() == against.keys()
    assert all(against[m] <= without[m] for m in without)
    assert all(value <= 3 for value in without.values())


@given(st.dictionaries(st.integers(1, 60), st.floats(0.01, 5), min_size=1), st.floats(0, 1), st.integers(1, 20))
def test_a_list_has_no_film_twice_and_begins_with_the_best(
    values: dict[int, float], diversity: float, limit: int
) -> None:
    likeness: dict[int, dict[int, float]] = {m: {} for m in values}
    chosen = diverse(values, likeness, diversity, limit)
    assert len(chosen) == len(set(chosen)) == min(limit, len(values))
    assert values[chosen[0]] == values[ranked(values)[0]] or diversity == 1


def test_diversity_puts_another_kind_first() -> None:
    values = {1: 1.0, 2: 0.99, 3: 0.7}
    likeness = {1: {2: 0.95}, 2: {1: 0.95}, 3: {}}
    assert diverse(values, likeness, 0.0, 3) == [1, 2, 3]
    assert diverse(values, likeness, 0.5, 3) == [1, 3, 2]


def test_rating_and_talk_raise_a_film() -> None:
    assert appeal(8, 0) > appeal(6, 0) > appeal(3, 0) > 0
    assert appeal(7, 50) > appeal(7, 0) == appeal(7, -3)


def test_reasons_name_people_subjects_and_genre() -> None:
    one = film(1, genres=["Crime"], keywords=["heist"], crew=[credit(9, "Director")], cast=[credit(3)])
    other = film(2, genres=["Crime"], keywords=["heist", "jazz"], crew=[credit(9, "Director")], cast=[credit(3)])
    assert reasons(other, [one]) == ["same director as Film 1: P9", "with P3, as Film 1", "heist, as Film 1"]
    assert reasons(film(3, genres=["Crime"]), [one]) == ["Crime"]
    assert reasons(film(4), [one]) == []


def people_of(*films: dict[str, Any]) -> dict[int, dict[str, Any]]:
    found = network.documents(films, 2026)
    return {key: orjson.loads(body) for kind, key, body in found if kind == "person"}


def test_a_network_of_two_circles_and_a_bridge() -> None:
    left = [film(n, cast=[credit(1), credit(2), credit(3)], release_date="2026-01-01") for n in (1, 2)]
    right = [film(n, cast=[credit(4), credit(5), credit(6)], release_date="2026-01-01") for n in (3, 4)]
    bridge = film(5, cast=[credit(3), credit(4)], release_date="1996-01-01")
    alone = film(6, cast=[credit(8), credit(None)], release_date="2026-01-01")
    found = people_of(*left, *right, bridge, alone)
    assert found[3]["degree"] == 3
    assert {found[m]["rank"] for m in (3, 4)} == {1, 2}
    assert found[1]["community"]["head"] == found[2]["community"]["head"] != found[5]["community"]["head"]
    assert (found[8]["degree"], found[8]["collaborators"]) == (0, [])
    recent, old = (next(line[2] for line in found[3]["collaborators"] if line[0] == other) for other in (1, 4))
    assert recent == pytest.approx(2 * 1 / 2)
    assert old == pytest.approx(0.5**3, abs=1e-4)
    assert people_of(film(1)) == {}


def test_a_path_goes_through_the_fewest_films() -> None:
    graph = CreditGraph([(1, [10, 11]), (2, [10, 12]), (3, [12]), (4, [13]), (5, [])])
    assert graph.path(1, 3) == [1, 10, 2, 12, 3]
    assert graph.path(1, 1) == [1]
    assert graph.path(5, 5) == [5]
    assert graph.path(1, 4) is None


def test_a_share_that_grows_is_emerging_and_one_alike_is_steady() -> None:
    grown, alike = genres.share_score(60, 100, 200, 1_000), genres.share_score(20, 100, 200, 1_000)
    assert genres.directions([grown, alike, -grown]) == ["emerging", "steady", "declining"]
    assert genres.share_score(0, 0, 5, 10) == genres.share_score(0, 10, 0, 10) == 0.0


def weeks(recent: int, mean: int, earlier: int, mean_before: int) -> Weeks:
    def moments(count: int, at: int) -> tuple[int, int, int]:
        values = [at + (500 if n % 2 else -500) for n in range(count)]
        return count, sum(values), sum(value * value for value in values)

    return Weeks(moments(recent, mean), moments(earlier, mean_before))


def test_bombing_needs_both_a_surge_and_another_feeling() -> None:
    films = {
        1: weeks(60, -8_000, 40, 5_000),
        2: weeks(60, 5_000, 40, 5_000),
        3: weeks(5, -8_000, 40, 5_000),
        4: weeks(60, 9_000, 40, 2_000),
        5: weeks(60, -8_000, 2, 5_000),
    }
    found = {anomaly["movie_id"]: anomaly["kind"] for _, anomaly in anomalies.shifts(films)}
    assert found == {1: "review bombing", 4: "acclaim"}
    assert list(anomalies.shifts({})) == []


def test_odd_votes_are_far_from_what_other_films_get() -> None:
    usual = {m: (1_000, 7_000, 1_100, 7_000 + 2 * (m % 5)) for m in range(30)}
    found = list(anomalies.ratings({**usual, 99: (1_000, 7_000, 1_300, 5_600)}))
    assert [anomaly["movie_id"] for _, anomaly in found] == [99]
    assert found[0][1]["evidence"]["mean_of_new"] == pytest.approx((1_300 * 5.6 - 7_000) / 300, abs=0.01)
    assert list(anomalies.ratings({1: (10, 7_000, 12, 1_000)})) == []


def test_welch_of_a_known_case() -> None:
    one, other = (3, 6, 14), (4, 40, 420)
    wanted = (2 - 10) / ((1 / 3) + (20 / 3 / 4)) ** 0.5
    assert scores.welch(one, other) == pytest.approx(wanted)
    assert scores.welch((1, 5, 25), other) is None
    assert scores.welch((5, 5, 5), (5, 5, 5)) is None
    assert scores.two_sided(1.959964) == pytest.approx(0.05, abs=1e-6)


def test_unknown_money_is_never_zero() -> None:
    assert money(0, 5) == {"budget": None, "revenue": 5, "profit": None, "roi": None}
    assert money(4, 5)["roi"] == 0.25


def test_a_standing_counts_those_at_or_below() -> None:
    assert share_below([1, 2, 2, 9], 2) == 0.75
    assert share_below([], 2) is None


PINS = Pins(6_000, 10, (900, 500, 100))
card_values = st.fixed_dictionaries(
    {
        "genres": st.lists(st.sampled_from(["Drama", "Crime", "War"]), unique=True),
        "release_date": st.sampled_from([None, "1999-05-01", "2020-01-01"]),
        "language": st.sampled_from(["", "en", "fr"]),
        "gauge": st.none() | st.integers(-1, 1_200).map(lambda p: [0, 0, 5, 7_000, p]),
        "deleted": st.sampled_from([False, False, False, True]),
    }
)
row = st.tuples(st.integers(1, 12), st.integers(0, 40), *[st.integers(-5, 5)] * len(SUMS))
filters = st.builds(
    Filter,
    st.none() | st.sampled_from(["Drama", "War"]),
    st.none() | st.just(2_000),
    st.none() | st.just(2_010),
    st.none() | st.sampled_from(["niche", "popular"]),
    st.none() | st.just("en"),
)


@given(
    st.dictionaries(st.integers(1, 10), card_values), st.lists(row, max_size=30), st.lists(row, max_size=10), filters
)
def test_the_cube_rolls_up_as_plain_loops_do(
    known: dict[int, dict[str, Any]], first: list[Any], later: list[Any], wanted: Filter
) -> None:
    cards = {m: {"movie_id": m, **values} for m, values in known.items()}
    extra = {"movie_id": 12, "genres": ["War"], "release_date": None, "language": "en", "gauge": None, "deleted": False}

    def matrix(rows: list[Any]) -> np.ndarray:
        return np.array(rows, dtype=np.int64).reshape(len(rows), 2 + len(SUMS))

    cube = Cube.of(cards.values(), PINS, matrix(first)).extended([extra], matrix(later))
    counted = [r for r in first if r[0] != 12] + later
    standing = {m: card for m, card in {**cards, 12: extra}.items() if not card["deleted"]}
    passing = {m: card for m, card in standing.items() if wanted.passes(card, PINS)}
    days = cube.by_day(wanted, 5, 30)
    for day in range(5, 30):
        of_day = [r[2:] for r in counted if r[1] == day and r[0] in passing]
        assert days[day - 5].tolist() == [sum(row[at] for row in of_day) for at in range(len(SUMS))]
    for dimension in DIMENSIONS:
        totals: dict[str, list[int]] = defaultdict(lambda: [0] * len(SUMS))
        films: dict[str, int] = defaultdict(int)
        for m, card in passing.items():
            for group in groups_of(card, dimension, PINS):
                films[group] += 1
                for r in counted:
                    if r[0] == m and 5 <= r[1] < 30:
                        totals[group] = [a + b for a, b in zip(totals[group], r[2:], strict=True)]
        found = cube.by_group(dimension, wanted, 5, 30)
        assert {name: count for name, (_, count) in found.items()} == dict(films)
        assert {name: list(cell.sums) for name, (cell, _) in found.items()} == {g: totals[g] for g in films}
    assert len(cube.films(ALL_FILMS)) == len(standing)


def test_tables_are_flat_and_harmless() -> None:
    rows = [{"a": {"b": 1}, "names": ["x", "y"], "title": "=HYPERLINK(1)", "n": 1}, {"n": 0.5, "list": [{"c": 1}]}]
    assert flat(rows[0]) == {"a.b": 1, "names": "x; y", "title": "=HYPERLINK(1)", "n": 1}
    table = arrow_rows(rows)
    assert table.column_names == ["a.b", "names", "title", "n", "list"]
    assert table.column("n").to_pylist() == [1.0, 0.5]
    assert b"'=HYPERLINK(1)" in as_table(rows, "csv")
    assert as_table(rows, "parquet")[:4] == b"PAR1"
    assert as_table([], "csv") == b""
