"""Every view over the little film world: answers, their documented shapes, limits, tables, paging, and odd films."""

import asyncio
import io
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pyarrow.parquet as pq
import pytest
from scipy.stats import false_discovery_control, ttest_ind
from tests.e2e.asgi import Caller, client_of
from tests.facts import TEXTS, film, review
from tests.world import BARE, BOMBED, FILMS, LONER, NOBODY, NOON, facts

from marquee.app import Platform
from marquee.domain.facts import FilmFact, ReviewFact
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.http import shapes
from marquee.libraries.vader import scorer
from marquee.settings import load


@pytest.fixture
def world(world_home: Path, clock: ManualClock) -> Platform:
    """The little world, to be read."""
    clock.time = NOON + 2 * HOUR
    return Platform(load(home=world_home), clock)


@pytest.fixture
def call(world: Platform) -> Caller:
    return Caller(world)


SHAPES = {
    "/v1/movies/1": shapes.Film,
    f"/v1/movies/{BARE}": shapes.Film,
    "/v1/movies/1/sentiment": shapes.Sentiment,
    "/v1/movies/1/stats": shapes.Stats,
    f"/v1/movies/{BARE}/stats": shapes.Stats,
    "/v1/movies/1/similar": shapes.Similar,
    "/v1/movies/1/forecast": shapes.Forecast,
    "/v1/movies/1/forecast?metric=votes&days=28": shapes.Forecast,
    "/v1/movies/1/forecast?metric=popularity": shapes.Forecast,
    f"/v1/movies/{BARE}/forecast?metric=votes": shapes.Forecast,
    "/v1/movies/1/network": shapes.FilmNetwork,
    **{f"/v1/trending/movies?window={window}": shapes.Trends for window in ("1h", "6h", "24h", "7d", "30d", "90d")},
    "/v1/trending/genres/drama": shapes.Trends,
    "/v1/declining/movies?window=7d": shapes.Trends,
    "/v1/outlook/movies": shapes.Outlook,
    "/v1/search/movies?q=film": shapes.Search,
    "/v1/search/suggest?q=fil": shapes.Suggestions,
    "/v1/analytics/overview": shapes.Overview,
    **{
        f"/v1/analytics/trends?metric={metric}&window={window}": shapes.Series
        for metric in ("reviews", "sentiment", "favourable", "stars")
        for window in ("7d", "90d", "1y", "5y")
    },
    "/v1/analytics/genres": shapes.Genres,
    "/v1/analytics/genre/science%20fiction": shapes.Genre,
    **{
        f"/v1/analytics/sentiment/comparison?by={by}": shapes.Comparison for by in ("genre", "year", "tier", "language")
    },
    **{f"/v1/analytics/revenue?by={by}": shapes.Revenue for by in ("genre", "year", "tier", "month", "language")},
    "/v1/analytics/seasons": shapes.Seasons,
    "/v1/anomalies": shapes.Anomalies,
    "/v1/people": shapes.People,
    "/v1/people?q=person%2012": shapes.People,
    "/v1/people/130": shapes.Person,
    "/v1/people/path?from=101&to=102": shapes.Chain,
    "/v1/mine": shapes.OwnList,
}


def test_answers_have_the_documented_shapes(call: Caller) -> None:
    for (path, shape), response in zip(SHAPES.items(), call(*SHAPES), strict=True):
        assert response.status_code == 200, path
        shape.model_validate_json(response.content)


def test_trends_of_days_are_those_of_the_reviews(call: Caller) -> None:
    week, niche, french = (
        call(f"/v1/trending/movies?window=7d&limit=100{more}")[0].json()["results"]
        for more in ("", "&tier=niche", "&language=fr")
    )
    lines = {line["movie_id"]: line for line in week}
    assert lines[BOMBED]["state"] == "rising"
    assert lines[BOMBED]["velocity"] > 40
    assert lines[BOMBED]["why"].endswith("expected")
    assert {line["tier"] for line in niche} == {"niche"}
    assert {line["movie_id"] % 9 for line in french} == {0}
    assert len(niche) < len(week)


def test_anomalies_name_the_bombing_and_its_evidence(call: Caller) -> None:
    found = call("/v1/anomalies")[0].json()
    assert [(line["movie_id"], line["kind"]) for line in found["results"]] == [(BOMBED, "review bombing")]
    evidence = found["results"][0]["evidence"]
    assert evidence["sentiment"] < evidence["sentiment_before"]
    assert evidence["activity"] > 2 * evidence["expected_activity"]


def test_a_series_adds_up_to_the_films(call: Caller) -> None:
    everything, by_tier, overview = (
        response.json()
        for response in call(
            "/v1/analytics/trends?window=1y",
            "/v1/analytics/sentiment/comparison?by=tier&window=1y",
            "/v1/analytics/overview",
        )
    )
    total = sum(point["reviews"] for point in everything["points"])
    assert total == everything["summary"]["reviews"] == overview["reviews"]["all"]
    assert by_tier["overall"]["reviews"] == total
    tiers = call(
        *[f"/v1/analytics/trends?window=1y&tier={tier}" for tier in ("blockbuster", "popular", "moderate", "niche")]
    )
    untiered = call(f"/v1/movies/{BARE}")[0].json()["sentiment"]["reviews"]
    assert sum(response.json()["summary"]["reviews"] for response in tiers) + untiered == total
    assert sum(line["reviews"] for line in by_tier["results"]) + untiered == total


def test_forecasts_say_what_they_are_worth(call: Caller) -> None:
    week, month, votes, none = (
        response.json()
        for response in call(
            "/v1/movies/1/forecast?days=7",
            "/v1/movies/1/forecast?days=28",
            "/v1/movies/1/forecast?metric=votes",
            "/v1/movies/1/forecast?metric=popularity",
        )
    )
    assert (len(week["points"]), len(month["points"])) == (7, 28)
    assert week["backtest"]["7d"]["mase"] < week["backtest"]["7d"]["seasonal_naive_mase"]
    for point in month["points"]:
        assert 0 <= point["low_95"] <= point["low_80"] <= point["median"] <= point["high_80"] <= point["high_95"]
    today = date(2026, 3, 14)
    assert [point["date"] for point in month["points"]] == [str(today + timedelta(days=n)) for n in range(28)]
    assert month["points"][:7] == week["points"]
    for day, point in enumerate(month["points"]):
        same_weekday = sum(month["past"][day % 7 :: 7]) / 4
        assert 0.6 * same_weekday < point["median"] < 1.6 * same_weekday, point
        # Poisson's own spread is the least there can be; what the model does not know comes on top.
        assert 1 < (point["high_80"] - point["low_80"]) / (2 * 1.28 * point["median"] ** 0.5) < 2.5, point
        assert 1 < (point["high_95"] - point["low_95"]) / (point["high_80"] - point["low_80"]) < 2.2, point
    for answer, length in ((week, 7), (month, 28)):
        assert 0.75 < answer["total"]["median"] / (sum(month["past"]) / 28 * length) < 1.3
        assert answer["total"]["median"] == pytest.approx(sum(p["median"] for p in answer["points"]), rel=0.1)
    assert votes["available"]
    assert (none["available"], none["points"]) == (False, [])
    assert "too few films change" in none["reason"]
    ranked = call("/v1/outlook/movies?limit=5")[0].json()["results"]
    medians = [line["expected"]["median"] for line in ranked]
    assert medians == sorted(medians, reverse=True)
    assert ranked[0]["movie_id"] in (1, 2, BOMBED)


def test_recommendations_leave_out_what_was_named_and_keep_to_the_filters(call: Caller) -> None:
    plain, filtered, stranger, nothing, unknown = call.post(
        "/v1/recommendations",
        {"liked": [1, 2, 999_999], "disliked": [3]},
        {"liked": [1, 2], "genre": "drama", "year_from": 2000, "language": "en", "diversity": 0, "limit": 3},
        {"liked": [999_999]},
        {"liked": [NOBODY], "genre": "Westernn"},
        {"liked": [1, 1, 1], "limit": 100},
    )
    found = plain.json()
    shapes.Recommendations.model_validate(found)
    assert found["unknown"] == [999_999]
    assert not {1, 2, 3} & {line["movie_id"] for line in found["results"]}
    assert found["results"]
    assert all(line["reasons"] for line in found["results"])
    assert len(filtered.json()["results"]) == 3
    for line in filtered.json()["results"]:
        assert "Drama" in line["genres"]
        assert line["release_date"] >= "2000"
        assert line["language"] == "en"
    assert (stranger.status_code, nothing.status_code) == (404, 404)
    assert unknown.status_code == 200
    ids = [line["movie_id"] for line in unknown.json()["results"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"liked": []},
        {"liked": ["x"]},
        {"liked": [0]},
        {"liked": [1] * 1_001},
        {"liked": list(range(1, 10_001))},
        {"liked": [1], "diversity": 1.01},
        {"liked": [1], "limit": 0},
        {"liked": [1], "limit": 101},
        {"liked": [1], "surprise": True},
        [1],
        "1",
    ],
    ids=lambda body: str(body)[:40],
)
def test_a_wish_that_cannot_be_is_refused_in_words(call: Caller, body: Any) -> None:
    response = call.post("/v1/recommendations", body)[0]
    assert response.status_code == 422
    assert response.json()["errors"]


def test_most_named_films_are_answered(call: Caller) -> None:
    response = call.post("/v1/recommendations", {"liked": list(range(1, 1_001)), "limit": 5})[0]
    assert response.status_code == 200
    assert response.json()["results"] == []
    assert len(response.json()["unknown"]) == 1_000 - FILMS


BAD = [
    ("/v1/movies/1/forecast?days=8", 422),
    ("/v1/movies/1/forecast?metric=money", 422),
    ("/v1/movies/999/forecast", 404),
    ("/v1/movies/999/similar", 404),
    ("/v1/movies/999/stats", 404),
    ("/v1/movies/999/network", 404),
    ("/v1/movies/1/similar?limit=0", 422),
    ("/v1/movies/1/similar?limit=101", 422),
    ("/v1/trending/movies?window=2d", 422),
    ("/v1/trending/movies?tier=giant", 422),
    ("/v1/trending/movies?language=eng", 422),
    ("/v1/trending/movies?year_from=1873", 422),
    ("/v1/trending/movies?year_to=2101", 422),
    ("/v1/trending/movies?format=xml", 422),
    ("/v1/analytics/trends?metric=x", 422),
    ("/v1/analytics/trends?window=2y", 422),
    ("/v1/analytics/trends?genre=Drama%20x", 404),
    ("/v1/analytics/genre/Dramma", 404),
    ("/v1/analytics/sentiment/comparison?by=director", 422),
    ("/v1/analytics/revenue?by=weekday", 422),
    ("/v1/people/1", 404),
    ("/v1/people/0", 422),
    ("/v1/people/path?from=101", 422),
    ("/v1/people/path?from=101&to=7", 404),
    ("/v1/people?page_size=101", 422),
    ("/v1/people?page=0", 422),
    ("/v1/anomalies?limit=0", 422),
    ("/v1/search/movies?page=2&listing=0123456789abcdef", 404),
    ("/v1/search/movies?listing=x", 422),
]


@pytest.mark.parametrize(("path", "status"), BAD, ids=[path for path, _ in BAD])
def test_limits_are_kept(call: Caller, path: str, status: int) -> None:
    response = call(path)[0]
    assert response.status_code == status
    assert response.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/v1/people?page_size=100", "/v1/movies/1/similar?limit=100", "/v1/anomalies?limit=1"]
)
def test_at_their_limits_parameters_pass(call: Caller, path: str) -> None:
    assert call(path)[0].status_code == 200


def test_odd_films_and_people_have_answers(call: Caller) -> None:
    loner, nobody, bare, person, no_path = (
        response.json()
        for response in call(
            f"/v1/movies/{LONER}/network",
            f"/v1/movies/{NOBODY}/network",
            f"/v1/movies/{BARE}/stats",
            "/v1/people/190",
            "/v1/people/path?from=190&to=101",
        )
    )
    assert [one["name"] for one in loner["people"]] == ["Person 90"]
    assert nobody["people"] == []
    assert bare["money"] == {"budget": None, "revenue": None, "profit": None, "roi": None}
    assert (bare["votes"]["count"], bare["readings"], bare["reviews"]["score"]) == (None, [], None)
    assert (person["degree"], person["collaborators"], len(person["films"])) == (0, [], 1)
    assert (no_path["connected"], no_path["degrees"], no_path["path"]) == (False, None, [])
    empty = call(f"/v1/movies/{BARE}/similar")[0].json()
    assert empty["results"] == []


def test_a_misspelled_name_finds_its_neighbours(call: Caller) -> None:
    found = call("/v1/people?q=Persn%2012")[0].json()
    assert found["spelled_otherwise"]
    assert "Person 12" in [line["name"] for line in found["results"]]


def test_money_leaves_out_the_unknown(call: Caller) -> None:
    found = call("/v1/analytics/revenue?by=tier")[0].json()
    known = [n for n in range(1, FILMS) if n % 3 and n % 7]
    assert found["total"]["films_with_both_known"] == len(known)
    assert found["total"]["budget"] == sum(1_000_000 * n for n in known)
    assert found["total"]["revenue"] == sum(4_000_000 * (n % 7) for n in known)
    assert sum(line["films"] for line in found["results"]) == FILMS - 1


def test_seasons_know_the_weekend(call: Caller) -> None:
    found = call("/v1/analytics/seasons")[0].json()
    days = {line["weekday"]: line["share"] for line in found["review_weekdays"]}
    assert days["Saturday"] > 1.5 * days["Tuesday"]
    assert sum(line["films"] for line in found["months"]) == FILMS - 1
    year = next(line for line in found["years"] if line["year"] == 2000)
    before = next(line for line in found["years"] if line["year"] == 1999)
    assert year["films_change"] == pytest.approx(year["films"] / before["films"] - 1, abs=1e-4)


def test_tables_come_as_csv_and_parquet(call: Caller) -> None:
    path = "/v1/trending/movies?window=30d&limit=50"
    json, csv, parquet = call(path, f"{path}&format=csv", f"{path}&format=parquet")
    ids = [line["movie_id"] for line in json.json()["results"]]
    assert polars.read_csv(io.BytesIO(csv.content))["movie_id"].to_list() == ids
    assert pq.read_table(io.BytesIO(parquet.content)).column("movie_id").to_pylist() == ids
    assert csv.headers["content-type"].startswith("text/csv")
    assert "attachment" in parquet.headers["content-disposition"]


def test_pages_of_a_list_stay_the_list_when_a_run_is_published_between(
    world_home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    clock.time = NOON + 2 * HOUR
    platform = Platform(load(home=shutil.copytree(world_home, tmp_path / "home")), clock)

    async def run() -> tuple[list[int], list[int], list[int]]:
        async with client_of(platform) as client:
            path = "/v1/search/movies?sort_by=title&page_size=10"
            whole = [line["movie_id"] for line in (await client.get(path.replace("=10", "=100"))).json()["results"]]
            first = (await client.get(path)).json()
            ids = [line["movie_id"] for line in first["results"]]
            platform.door().accept([film(1_000 + n, clock.now(), title=f"Aaa {n}") for n in range(25)])
            clock.time += HOUR
            platform.batch().run()
            for page in range(2, first["pages"] + 1):
                later = (await client.get(f"{path}&page={page}&listing={first['listing']}")).json()
                ids += [line["movie_id"] for line in later["results"]]
            for _ in range(200):
                fresh = (await client.get(path)).json()
                if fresh["total"] > first["total"]:
                    break
                await asyncio.sleep(0.02)
            return whole, ids, [line["movie_id"] for line in fresh["results"]]

    whole, ids, fresh = asyncio.run(run())
    assert ids == whole
    assert fresh[0] == 1_000


NEEDS_A_FILM = "Find ids with /v1/search/movies?q=..."
NEEDS_A_RUN = "Run `marquee batch`, or wait for the first run."
EMPTY = {
    "/v1/movies/": NEEDS_A_FILM,
    "/v1/people/": "Find ids with /v1/people?q=...",
    "/v1/trending/genres/": "Known: none yet.",
    "/v1/analytics/genre/": "Known: none yet.",
    "/v1/analytics/genres": NEEDS_A_RUN,
    "/v1/analytics/revenue": NEEDS_A_RUN,
    "/v1/analytics/seasons": NEEDS_A_RUN,
    "/v1/anomalies": NEEDS_A_RUN,
}
"""What an empty platform cannot answer, by the beginning of its path, and the hint that is given; all else it can."""


def test_an_empty_platform_has_every_view(platform: Platform) -> None:
    hints = {}
    for path, response in zip(SHAPES, Caller(platform)(*SHAPES), strict=True):
        wanted = next((hint for beginning, hint in EMPTY.items() if path.startswith(beginning)), None)
        hints[path] = wanted
        assert (response.status_code, response.json().get("hint")) == (404 if wanted else 200, wanted), path
    assert 15 < sum(hint is None for hint in hints.values()) < len(hints)


def test_feelings_are_compared_as_a_textbook_does(call: Caller) -> None:
    """Each genre against the rest of the films by Welch's test, over the very reviews: by stars, or else by opinion."""
    words, genres = scorer(), {}
    signs = {text: np.sign(words.score(text).opinion) for text in TEXTS}
    assert {signs[text] for text in TEXTS[:2]} == {1, -1}
    rated: list[tuple[int, float]] = [(1, signs[TEXTS[0]])] * 5  # of after the run, see world.make
    for fact in facts(NOON):
        if isinstance(fact, FilmFact):
            genres[fact.movie_id] = fact.values.get("genres", ())
        elif isinstance(fact, ReviewFact) and fact.written_at // DAY > NOON // DAY - 90:
            told = {None: signs[fact.text], 90: 1, 60: 0, 20: -1}
            rated.append((fact.movie_id, told[fact.stars]))
    found = call("/v1/analytics/sentiment/comparison?by=genre&window=90d")[0].json()
    assert [line["genre"] for line in found["results"]] == ["Drama", "Comedy", "Science Fiction", "Crime"]
    for line in found["results"]:
        sides = ([value for film, value in rated if (line["genre"] in genres[film]) is own] for own in (True, False))
        own, rest = map(np.array, sides)
        test = ttest_ind(own, rest, equal_var=False)
        against = line["against_rest"]
        assert line["reviews"] == len(own)
        assert against["difference"] == pytest.approx(own.mean() - rest.mean(), abs=1e-4)
        assert against["score"] == pytest.approx(test.statistic, rel=0.01)
        assert against["p_value"] == pytest.approx(test.pvalue, rel=0.02, abs=1e-5)
    discovered = false_discovery_control([line["against_rest"]["p_value"] for line in found["results"]]) <= 0.05
    assert [line["significant"] for line in found["results"]] == discovered.tolist()


def test_a_film_that_falls_silent_declines(platform: Platform, clock: ManualClock) -> None:
    """Ten films are reviewed twice a day all along; one of ten reviews a day has had none for a week."""
    today = NOON // DAY * DAY
    platform.door().accept([film(n, NOON) for n in range(1, 12)])
    platform.door().accept(
        [review(n, today - d * DAY, f"{d}-{k}") for n in range(1, 11) for d in range(35) for k in (1, 2)]
    )
    platform.door().accept([review(11, today - d * DAY, f"{d}-{k}") for d in range(7, 35) for k in range(10)])
    clock.time += 2 * HOUR
    platform.batch().run()
    response = Caller(platform)("/v1/declining/movies?window=7d")[0]
    shapes.Trends.model_validate_json(response.content)
    (line,) = response.json()["results"]
    assert (line["movie_id"], line["observed"], line["state"]) == (11, 0, "declining")
    assert line["expected"] == pytest.approx(70, rel=0.1)
