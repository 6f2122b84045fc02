"""The API over a small platform: answers, errors in words, caching, coverage; and input of every bad kind."""

import asyncio
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from tests.conftest import NOON
from tests.e2e.asgi import Caller, client_of
from tests.facts import TEXTS, film, review, votes

from marquee.app import Platform
from marquee.domain.events import Credit
from marquee.domain.limits import RateLimit
from marquee.domain.timeline import DAY, HOUR, MINUTE, ManualClock
from marquee.errors import SettingsError
from marquee.settings import load


@pytest.fixture(scope="module")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clock = ManualClock(NOON)
    platform = Platform(load(home=tmp_path_factory.mktemp("filled") / "home"), clock)
    door = platform.door()
    cast = (Credit(person_id=1, name="Ada Moreau", job="Self"),)
    films = [
        film(1, NOON, title="The Silent River", genres=("Drama", "Crime"), release_date="1999-05-01", cast=cast),
        film(2, NOON, title="Amélie's Garden", genres=("Comedy",), release_date="2001-02-03"),
        film(3, NOON, title="Río Profundo", genres=("Science Fiction",)),
        film(4, NOON, title="R.I.P.D. (2) [AND] OR NOT", genres=("Action",), release_date="2013-01-01"),
    ]
    door.accept([*films, votes(1, NOON, 500), votes(2, NOON, 90), votes(4, NOON, 7)])
    door.accept([review(1, NOON - n * HOUR, f"r{n}", TEXTS[n % 2]) for n in range(30)])
    clock.time += 2 * HOUR
    platform.batch().run()
    door.accept([review(2, clock.now() - n * MINUTE, f"now{n}", TEXTS[0]) for n in range(6)])
    platform.speed().drain()
    return platform.settings.home


@pytest.fixture
def filled(filled_home: Path, tmp_path: Path, clock: ManualClock) -> Platform:
    """A platform on a copy of the filled home."""
    clock.time += 2 * HOUR
    return Platform(load(home=shutil.copytree(filled_home, tmp_path / "home")), clock)


@pytest.fixture
def call(filled: Platform) -> Caller:
    return Caller(filled)


def test_a_film_merges_both_layers(call: Caller) -> None:
    (one, two) = [response.json() for response in call("/v1/movies/1", "/v1/movies/2")]
    assert (one["title"], one["votes"]["count"], one["sentiment"]["reviews"]) == ("The Silent River", 500, 30)
    assert two["last_24h"]["reviews"] == 6
    assert one["cast"][0]["name"] == "Ada Moreau"
    assert one["coverage"]["complete"]
    assert one["coverage"]["run_id"].startswith("2026-03-14T14:00:00Z")


def test_sentiment_counts_and_breakdown(call: Caller) -> None:
    answer = call("/v1/movies/1/sentiment?window=7d")[0].json()
    by_words = {"reviews": 30, "positive": 15, "neutral": 0, "negative": 15}
    assert answer["counts"] == by_words | {"favourable": 30, "mixed": 0, "unfavourable": 0, "with_stars": 30}
    assert (answer["label"], answer["opinion_model"]) == ("positive", "opinion-1"), "the authors gave 8 stars each"
    assert sum(line["reviews"] for line in answer["breakdown"]) == 30
    assert answer["velocity"] == 30
    assert answer["confidence"]["low"] < answer["overall"]["score"] < answer["confidence"]["high"]


def test_trending_says_why(call: Caller) -> None:
    everything, comedy = (
        r.json() for r in call("/v1/rising/movies?window=1h&by=reviews", "/v1/trending/movies?window=6h&genre=comedy")
    )
    first = everything["results"][0]
    assert (first["movie_id"], first["observed"], first["rising"]) == (2, 6, True)
    assert (first["votes_gained"], first["reviews_written"], everything["by"]) == (0, 6, "reviews")
    assert first["why"] == "6 reviews in the last 1h, 0.0 expected"
    assert [line["movie_id"] for line in comedy["results"]] == [2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=silent+river", [1]),
        ("q=SILENT", [1]),
        ("q=rivr", [1]),
        ("q=silen", [1]),
        ("q=amelie", [2]),
        ("q=ada+moreau", [1]),
        ("q=rio", [3]),
        ("q=and+or+not", [4]),
        ("q=", [1, 2, 4, 3]),
        ("q=%22*+%3A(%5B", []),
        ("q=zzzzzz", []),
        ("genre=DRAMA", [1]),
        ("year_from=2000&year_to=2005", [2]),
        ("year_from=2005&year_to=2000", []),
        ("rating_min=7.3", [1]),
        ("rating_max=7.05", [4]),
        ("sort_by=title", [2, 4, 3, 1]),
        ("sort_by=release_date", [4, 2, 1, 3]),
        ("sort_by=reviews", [1, 2, 4, 3]),
        ("sort_by=votes&page_size=2&page=2", [4, 3]),
        ("page=99", []),
    ],
)
def test_search(call: Caller, query: str, found: list[int]) -> None:
    response = call(f"/v1/search/movies?{query}")[0]
    assert response.status_code == 200
    assert [line["movie_id"] for line in response.json()["results"]] == found


BAD = [
    *[
        ("/v1/movies/0", 422),
        ("/v1/movies/-1", 422),
        ("/v1/movies/9999999999999999999999", 422),
        ("/v1/movies/abc", 422),
    ],
    *[("/v1/movies/77", 404), ("/v1/movies/1/sentiment?window=1y", 422), ("/v1/movies/77/sentiment", 404)],
    *[
        ("/v1/trending/movies?limit=0", 422),
        ("/v1/trending/movies?limit=1000000000", 422),
        ("/v1/trending/movies?limit=x", 422),
    ],
    *[
        ("/v1/trending/movies?genre=Dramma", 404),
        ("/v1/trending/movies?genre=", 422),
        ("/v1/trending/movies?window=2h", 422),
    ],
    *[
        ("/v1/search/movies?page=0", 422),
        ("/v1/search/movies?page_size=1000000000", 422),
        ("/v1/search/movies?rating_min=11", 422),
    ],
    *[
        ("/v1/search/movies?year_from=0", 422),
        ("/v1/search/movies?year_to=99999", 422),
        ("/v1/search/movies?sort_by=x;--", 422),
    ],
    *[
        ("/v1/search/movies?rating_min=nan", 422),
        (f"/v1/search/movies?q={'x' * 201}", 422),
        ("/v1/nothing", 404),
        ("/nothing", 404),
    ],
    *[
        (f"/v1/search/movies?genre={quote(name)}", 404)
        for name in ("' OR '1'='1", ".*", "%00", "💥", "../..", "<script>")
    ],
]


@pytest.mark.parametrize(("path", "status"), BAD, ids=[path[:60] for path, _ in BAD])
def test_bad_input_gets_a_clear_answer(call: Caller, path: str, status: int) -> None:
    response = call(path)[0]
    assert response.status_code == status
    assert response.headers["content-type"].startswith("application/problem+json")
    body = response.json()
    assert body["status"] == status
    assert body["detail"]
    assert "Traceback" not in response.text


@pytest.mark.parametrize(
    "text",
    ['"', "a AND (", "title:*", "/.*/", "~5", "' OR 1=1 --", "\\", "%", "_", "^2", "😀", "שלום", "\u0000", "+-!"],
)
def test_no_character_of_a_search_has_a_meaning(call: Caller, text: str) -> None:
    response = call(f"/v1/search/movies?q={quote(text)}")[0]
    assert response.status_code == 200


def test_unknown_genres_name_the_nearest(call: Caller) -> None:
    assert call("/v1/trending/movies?genre=Dramma")[0].json()["hint"] == "Nearest: Drama."


def test_answers_are_tagged_and_not_sent_twice(call: Caller, filled: Platform) -> None:
    first, again = call("/v1/movies/1", "/v1/movies/1")
    assert first.content == again.content
    assert first.headers["etag"] == again.headers["etag"]
    unchanged = call("/v1/movies/1", headers={"if-none-match": first.headers["etag"]})[0]
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_new_events_are_not_hidden_by_the_cache(filled: Platform, clock: ManualClock) -> None:
    async def run() -> list[int]:
        async with client_of(filled) as client:
            seen = [(await client.get("/v1/movies/1")).json()["sentiment"]["reviews"]]
            filled.door().accept([review(1, clock.now(), "fresh")])
            filled.speed().drain()
            for _ in range(200):
                seen.append((await client.get("/v1/movies/1")).json()["sentiment"]["reviews"])
                if seen[-1] != seen[0]:
                    return seen[:1] + seen[-1:]
                await asyncio.sleep(0.02)
            return seen

    assert asyncio.run(run()) == [30, 31]


def test_health_names_what_is_wrong(call: Caller, filled: Platform, clock: ManualClock) -> None:
    health = call("/health")[0].json()
    assert (health["status"], health["reasons"], health["filling"], health["source"]) == ("ok", [], None, "import")
    assert health["coverage"]["complete"]
    clock.time += 60 * HOUR
    filled.door().accept([review(1, clock.now() - HOUR, "unseen")])
    clock.time += HOUR
    body = call("/health")[0].json()
    assert body["status"] == "degraded"
    assert any("frontier is 61 h behind" in reason for reason in body["reasons"])
    assert any("no layer holds all that was accepted from" in reason for reason in body["reasons"])
    assert any("is `marquee speed` running?" in reason for reason in body["reasons"])


def test_status_metrics_docs_and_page(call: Caller, clock: ManualClock) -> None:
    status, metrics, docs, schema, page, script = call(
        "/v1/status", "/metrics", "/docs", "/openapi.json", "/", "/static/js/base.js"
    )
    assert status.json()["batch"]["counts"]["reviews"] == 30
    assert {"marquee_frontier_lag_seconds 0.0", 'marquee_check_ok{check="coverage"} 1.0'} <= set(
        metrics.text.splitlines()
    )
    clock.time += 90 * MINUTE
    assert "marquee_frontier_lag_seconds 5400.0" in call("/metrics")[0].text.splitlines()
    assert "/static/swagger/swagger-ui-bundle.js" in docs.text
    assert {"/v1/movies/{movie_id}", "/v1/trending/movies", "/v1/search/movies"} <= set(schema.json()["paths"])
    assert "not endorsed or certified by TMDB" in page.text
    assert script.status_code == 200
    assert page.headers["x-content-type-options"] == "nosniff"


def test_a_key_is_asked_for_where_one_is_set(filled: Platform) -> None:
    filled.settings.api_key = SecretStr("a" * 24)
    refused, health = Caller(filled)("/v1/movies/1", "/health")
    assert (refused.status_code, health.status_code) == (401, 200)
    assert Caller(filled)("/v1/movies/1", headers={"x-api-key": "b" * 24})[0].status_code == 401
    assert Caller(filled)("/v1/movies/1", headers={"x-api-key": "a" * 24})[0].status_code == 200
    assert Caller(filled)("/v1/movies/1", headers={"authorization": f"Bearer {'a' * 24}"})[0].status_code == 200
    assert Caller(filled)("/v1/movies/1", headers={"authorization": f"Basic {'a' * 24}"})[0].status_code == 401


def test_other_origins_are_let_in_only_where_they_are_named(filled: Platform) -> None:
    headers = {"origin": "https://film.example", "access-control-request-method": "GET"}
    closed = Caller(filled)("/v1/movies/1", headers=headers)[0]
    assert "access-control-allow-origin" not in closed.headers
    filled.settings.cors_origins = "https://other.example, https://film.example"
    opened = Caller(filled)("/v1/movies/1", headers=headers)[0]
    assert opened.headers["access-control-allow-origin"] == "https://film.example"
    stranger = Caller(filled)("/v1/movies/1", headers={"origin": "https://evil.example"})[0]
    assert "access-control-allow-origin" not in stranger.headers


def test_a_made_key_has_scopes_and_a_rate(filled: Platform, clock: ManualClock) -> None:
    now = clock.now()
    reader, operator = (filled.keys.create(name, (name,), now) for name in ("read", "operate"))
    assert reader not in str(filled.keys.list())

    def statuses(key: str, *paths: str) -> list[int]:
        return [response.status_code for response in Caller(filled)(*paths, headers={"x-api-key": key})]

    assert statuses(reader, "/v1/movies/1", "/v1/status", "/metrics") == [200, 403, 403]
    assert statuses(operator, "/v1/movies/1", "/v1/status", "/v1/quality", "/metrics") == [403, 200, 200, 200]
    answers = Caller(filled)(*["/v1/movies/1"] * 22, headers={"x-api-key": reader})
    assert [response.status_code for response in answers] == [200] * 20 + [429] * 2
    assert [response.headers["ratelimit-remaining"] for response in answers[:3]] == ["19", "18", "17"]
    assert answers[-1].headers["retry-after"] == "1"
    assert answers[-1].headers["content-type"] == "application/problem+json"
    assert filled.keys.revoke(1, now)
    assert not filled.keys.revoke(1, now)
    assert statuses(reader, "/v1/movies/1") == [401]


def test_a_key_ends_when_it_was_said_to(filled: Platform, clock: ManualClock) -> None:
    key = filled.keys.create("guest", ("read", "operate"), clock.now(), clock.now() + DAY)
    headers = {"x-api-key": key}
    metrics = Caller(filled)("/metrics", headers=headers)[0].text
    assert 'marquee_expires_seconds{what="api_key"} 86400.0' in metrics.splitlines()
    clock.time += DAY - 1
    assert Caller(filled)("/v1/movies/1", headers=headers)[0].status_code == 200
    clock.time += 1
    assert Caller(filled)("/v1/movies/1", headers=headers)[0].status_code == 401
    assert Caller(filled)("/v1/movies/1")[0].status_code == 401


def test_a_rate_is_a_burst_and_then_one_at_a_time() -> None:
    time = [0.0]
    limit = RateLimit(lambda: time[0])
    assert [limit.take("a").allowed for _ in range(21)] == [True] * 20 + [False]
    assert limit.take("b").allowed
    allowed = 0
    for _ in range(600):
        time[0] += 0.1
        allowed += limit.take("a").allowed
    assert allowed == 100
    time[0] += 1_000
    assert limit.take("a").remaining == 19


def test_suggestions_declines_genres_and_quality(call: Caller) -> None:
    suggested, drama, unknown, declining, quality = call(
        "/v1/search/suggest?q=silnt+ri",
        "/v1/trending/genres/drama?window=24h",
        "/v1/trending/genres/dramma",
        "/v1/declining/movies",
        "/v1/quality",
    )
    assert suggested.json()["results"] == [{"movie_id": 1, "title": "The Silent River", "year": 1999}]
    assert [line["movie_id"] for line in drama.json()["results"]] == [1]
    assert (unknown.status_code, unknown.json()["hint"]) == (404, "Nearest: Drama.")
    assert declining.json()["results"] == []
    run = quality.json()["runs"][0]
    assert (run["state"], run["layers"]["silver"]["score"]) == ("published", 100.0)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_other_machines_are_not_let_in_without_a_key(platform: Platform, host: str) -> None:
    platform.settings.host = host
    with pytest.raises(SettingsError, match="refusing to listen"):
        platform.check_exposure()
    platform.settings.api_key = SecretStr("short")
    with pytest.raises(SettingsError):
        platform.check_exposure()
    platform.settings.api_key = SecretStr("x" * 16)
    platform.check_exposure()
    platform.settings.api_key = None
    platform.keys.create("k", ("read",), 0)
    platform.check_exposure()
    platform.keys.revoke(1, 1)
    with pytest.raises(SettingsError):
        platform.check_exposure()


def test_an_empty_platform_answers_too(platform: Platform) -> None:
    trending, found, missing, health = Caller(platform)(
        "/v1/trending/movies", "/v1/search/movies?q=x", "/v1/movies/5", "/health"
    )
    assert trending.json()["results"] == found.json()["results"] == []
    assert missing.status_code == 404
    assert health.json()["status"] == "degraded"
    assert trending.json()["coverage"]["run_id"] is None
