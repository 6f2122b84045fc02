"""The model of tastes against brute force, and the same model whatever order the ratings come in."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marquee.app import Platform
from marquee.batch import taste
from marquee.domain.documents import LIKED, LIKED_SCALE
from marquee.domain.tables import TASTE
from marquee.libraries import ease
from marquee.libraries.arrow_ratings import RECORD, ordered, tastes
from marquee.serving.answers.recommend import combined, fused
from marquee.serving.answers.recommend import taste as weighed

Rating = tuple[int, int, int]
"""A user, a film and stars x 10."""

RATINGS = st.lists(st.tuples(st.integers(-3, 9), st.integers(0, 5), st.integers(1, 50)), max_size=60)


def blocks(ratings: list[Rating], count: int) -> Iterator[tuple[ease.Ints, ease.Ints, ease.Ints]]:
    for block in range(count):
        chosen = [rating for rating in ratings if abs(rating[0]) % count == block]
        user, item, preference = np.array(chosen, dtype=np.int64).reshape(-1, 3).T
        yield user, item, preference


@given(RATINGS, st.integers(1, 4), st.randoms(use_true_random=False), st.integers(1, 5))
def test_what_is_preferred_together_is_counted_exactly(
    ratings: list[Rating], count: int, random: Random, users: int
) -> None:
    """In any order, in any blocks, however many users stand side by side."""
    greatest = {(user, item): 0 for user, item, _ in ratings}
    for user, item, preference in ratings:
        greatest[user, item] = max(greatest[user, item], preference)
    wanted = np.zeros((6, 6))
    for (user, item), one in greatest.items():
        for (other_user, other), two in greatest.items():
            wanted[item, other] += one * two * (user == other_user)
    random.shuffle(ratings)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ease, "USERS", users)
        assert (ease.gram(blocks(ratings, count), 6) == wanted).all()


@given(st.integers(2, 5), st.integers(0, 2**32 - 1), st.floats(0.1, 50))
def test_the_closed_form_is_the_best_there_is(items: int, seed: int, penalty: float) -> None:
    """Each column by itself is a ridge regression on the other items."""
    preferences = np.random.default_rng(seed).integers(0, 4, (7, items)).astype(float)
    found = ease.weights(preferences.T @ preferences, penalty)
    for item in range(items):
        others = [other for other in range(items) if other != item]
        stacked = np.vstack([preferences[:, others], np.sqrt(penalty) * np.eye(len(others))])
        target = np.concatenate([preferences[:, item], np.zeros(len(others))])
        best = np.linalg.lstsq(stacked, target, rcond=None)[0]
        assert found[others, item] == pytest.approx(best, abs=1e-8)
        assert found[item, item] == 0


def test_a_row_keeps_the_strongest_weights_of_either_sign() -> None:
    row, ids = np.array([0.30, -0.5, 0.0, 0.00001, 0.30, 0.1]), np.array([11, 12, 13, 14, 10, 15])
    assert ease.strongest(row, ids, 1_000, 4) == ([10, 11, 15, 12], [300, 300, 100, -500])
    assert ease.strongest(row, ids, 1_000, 2) == ([10, 12], [300, -500])


@given(st.lists(st.tuples(*[st.integers(1, 3)] * 3, st.integers(1, 10)), max_size=40))
def test_of_a_users_ratings_of_a_film_the_last_is_kept(ratings: list[tuple[int, int, int, int]]) -> None:
    records = np.array([(film, user, time, stars * 1_000) for film, user, time, stars in ratings], dtype=RECORD)
    fingerprint, rows = tastes(ordered(records), 3)
    last = {}
    for film, user, time, stars in sorted(ratings, key=lambda rating: rating[2:]):
        last[user, film] = (time, stars * 10)
    found = {(row["user_id"], row["movie_id"]): (row["time"], row["stars"]) for row in rows.to_pylist()}
    assert (len(found), found) == (rows.num_rows, last)
    assert {row["part"] for row in rows.to_pylist()} <= {3}
    assert tastes(ordered(records[::-1]), 3)[0] == fingerprint


def people(random: Random) -> list[Rating]:
    """Two crowds: one likes the films 1 to 4, the other 5 to 8; all know 9, and few of them 10."""
    found = []
    for user in range(60):
        own = range(1, 5) if user % 2 else range(5, 9)
        found += [(user, film, 90 if film in own else 30) for film in random.sample(range(1, 9), 6)]
        found += [(user, 9, 60), *([(user, 10, 100)] if user < taste.LEAST - 1 else [])]
    return found


def written(platform: Platform, ratings: list[Rating]) -> list[tuple[str, int, bytes]]:
    columns = zip(*((0, user, film, stars, 7) for user, film, stars in ratings), strict=True)
    names = ("part", "user_id", "movie_id", "stars", "time")
    platform.lake.append(TASTE, pa.table(dict(zip(names, map(list, columns), strict=True))), {})
    return list(taste.documents(platform.lake, [10, 77]))


def test_the_same_ratings_make_the_same_documents(
    new_platform: Callable[[str], Platform], monkeypatch: pytest.MonkeyPatch
) -> None:
    ratings = people(Random(1))
    once = written(new_platform("one"), ratings)
    monkeypatch.setattr(taste, "BLOCK", 100)
    assert written(new_platform("two"), Random(2).sample(ratings, len(ratings))) == once
    rows = {key: orjson.loads(body) for kind, key, body in once if kind == LIKED}
    assert rows.keys() == {*range(1, 11), 77}
    assert set(rows[1][0][:3]) == {2, 3, 4}, "the same crowd likes them"
    weights = dict(zip(*rows[1], strict=True))
    assert all(weights[other] <= 0.01 * LIKED_SCALE for other in range(5, 9))
    assert rows[10] == rows[77] == [[], []], "too few have rated it; an earlier run knew it"


def test_films_beyond_the_cap_have_no_row(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taste, "FILMS", 4)
    ratings = [(user, film, 90) for film in range(1, 7) for user in range(3 + film)]
    assert [key for _, key, body in written(platform, ratings) if body != taste.NOTHING] == [3, 4, 5, 6]


def test_no_ratings_make_no_model(platform: Platform, tmp_path: Path) -> None:
    assert list(taste.documents(platform.lake, [])) == []
    assert taste.edition(platform.lake) == ""


weights = st.dictionaries(st.integers(1, 9), st.floats(-1, 1), max_size=6)


@given(st.lists(weights, max_size=4), st.lists(weights, max_size=3))
def test_the_parts_of_a_list_add_up(liked: list[dict[int, float]], disliked: list[dict[int, float]]) -> None:
    found = weighed(liked, disliked)
    for movie_id, score in found.items():
        wanted = sum(row.get(movie_id, 0) for row in liked) - 0.5 * sum(row.get(movie_id, 0) for row in disliked)
        assert score == pytest.approx(wanted)
    assert all(0 < score <= 1 for score in combined([(1.0, found)]).values())
    assert combined([(1.0, {}), (0.5, {3: 2.0, 4: 1.0, 5: -1.0})]) == {3: 0.5, 4: 0.25}
    lists = fused([[1, 2], [2, 3]])
    assert sorted(lists, key=lambda movie_id: -lists[movie_id]) == [2, 1, 3]
