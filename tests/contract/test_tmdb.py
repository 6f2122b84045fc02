"""The TMDB client and reader against recorded answers, and against everything that goes wrong on a network."""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import NOON

from marquee.adapters.sqlite.budget import Budget
from marquee.domain.events import Credit
from marquee.domain.facts import Fact, FilmFact, Malformed, ReviewFact, ReviewList, VoteFact
from marquee.domain.timeline import iso, parse_iso
from marquee.domain.validation import complaint
from marquee.errors import (
    MarqueeError,
    NotFoundError,
    TerminalError,
    TransientError,
    UnauthorizedError,
    UnreachableError,
)
from marquee.ingest.crawl import list_facts
from marquee.ingest.verdict import answer_facts
from marquee.sources.tmdb import FilmAnswer, Tmdb
from marquee.sources.tmdb_answers import retry_after
from marquee.sources.tmdb_facts import film_facts
from marquee.sources.tmdb_lists import PAGE_CAP, Listing, page_of

KEY = "secret-token-that-no-log-may-show"
Handler = Callable[[httpx.Request], httpx.Response]


def ask(handler: Handler, call: Callable[[Tmdb], Any], budget: Budget | None = None) -> tuple[Any, list[float]]:
    """Run a call against a handler; return its result and the waits it made."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def run() -> Any:
        tmdb = Tmdb("https://tmdb.test/3", KEY, budget, transport=httpx.MockTransport(handler), sleep=sleep)
        try:
            return await call(tmdb)
        finally:
            await tmdb.close()

    return asyncio.run(run()), waits


def body_facts(body: Any, now: int) -> list[Fact]:
    """The facts of a film whose reviews are on one page."""
    reviews = body.get("reviews")
    return answer_facts(FilmAnswer(body, Listing(reviews["results"]) if reviews else Listing([], "none")), now)


def answering(*answers: httpx.Response | Exception) -> Handler:
    queue = list(answers)

    def handler(request: httpx.Request) -> httpx.Response:
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler


def recorded(data: Path) -> list[tuple[str, Any]]:
    """Every recorded body that is JSON, by name."""
    found: list[tuple[str, Any]] = []
    for path in sorted((data / "tmdb_api_responses").rglob("*.json")):
        found.append((str(path.relative_to(data / "tmdb_api_responses")), json.loads(path.read_text())))
    for path in sorted((data / "tmdb_api_responses").rglob("*.yaml")):
        for number, line in enumerate(path.read_text().splitlines()):
            body = line.strip().removeprefix("body: ")
            if line.strip().startswith("body: '{"):
                found.append((f"{path.name}:{number}", json.loads(body[1:-1].replace("''", "'"))))
    for name, bodies in list(found):
        if "cinemada" in name:
            found += [(f"{name}/{key}", json.loads(body)) for key, body in bodies.items()]
    return found


def test_every_recorded_body_goes_through_the_client_and_the_reader(data: Path) -> None:
    bodies = recorded(data)
    assert len(bodies) > 80
    films = reviews = lists = 0
    for name, body in bodies:
        status = 401 if "invalid-api-key" in name or "401" in name else 404 if "resource-not-found" in name else 200
        handler = answering(httpx.Response(status, json=body))
        if status != 200:
            with pytest.raises(UnauthorizedError if status == 401 else NotFoundError):
                ask(handler, lambda tmdb: tmdb.get("/x"))
            continue
        if isinstance(body, dict) and "status_message" in body:
            with pytest.raises(MarqueeError):  # TMDB's word of a failure is one under any status
                ask(handler, lambda tmdb: tmdb.get("/x"))
            continue
        assert ask(handler, lambda tmdb: tmdb.get("/x"))[0] == body
        if isinstance(body, dict) and "budget" in body:
            facts = body_facts(body, NOON)
            assert any(isinstance(fact, FilmFact) for fact in facts), name
            assert [complaint(fact, NOON) for fact in facts if not isinstance(fact, Malformed)] == [None] * len(
                [fact for fact in facts if not isinstance(fact, Malformed)]
            )
            films += 1
            reviews += sum(isinstance(fact, ReviewFact) for fact in facts)
        elif isinstance(body, dict) and isinstance(body.get("results"), list):
            facts = list_facts(page_of(body, name).films, NOON)
            lists += any(isinstance(fact, VoteFact) for fact in facts)
    assert films >= 15
    assert lists >= 10


def test_fight_club_is_read_whole(data: Path) -> None:
    folder = data / "tmdb_api_responses" / "tmdb-api-crate"
    body = json.loads((folder / "movie-details.json").read_text())
    body["credits"] = json.loads((folder / "movie-credits.json").read_text())
    body["keywords"] = json.loads((folder / "movie-keywords.json").read_text())
    body["reviews"] = json.loads((folder / "movie-reviews.json").read_text())
    facts = body_facts(body, NOON)
    film = next(fact for fact in facts if isinstance(fact, FilmFact))
    assert (film.movie_id, film.values["title"], film.values["release_date"]) == (550, "Fight Club", "1999-10-15")
    assert film.values["genres"] == ("Drama",)
    assert film.values["cast"][0].name == "Edward Norton"
    assert "David Fincher" in {credit.name for credit in film.values["crew"] if credit.job == "Director"}
    assert isinstance(film.values["cast"][0], Credit)
    assert film.values["keywords"]
    reviews = [fact for fact in facts if isinstance(fact, ReviewFact)]
    assert len(reviews) == len(body["reviews"]["results"])
    assert iso(reviews[0].written_at) == "2018-06-09T17:51:53Z"
    assert {fact.stars for fact in reviews} >= {None, 90}
    listed = next(fact for fact in facts if isinstance(fact, ReviewList))
    assert listed.review_ids == {fact.review_id for fact in reviews}


def test_the_2022_trending_list_mixes_series_which_are_passed_over(data: Path) -> None:
    body = json.loads((data / "tmdb_api_responses" / "misc-raw" / "trending_movie_2022-09_raw.json").read_text())
    kinds = [item.get("media_type") for item in body["results"]]
    assert {"tv", "movie"} <= set(kinds)
    assert len(list_facts(page_of(body, "/trending").films, NOON)) == kinds.count("movie")


def test_the_page_cap_is_kept(data: Path) -> None:
    body = json.loads((data / "tmdb_api_responses" / "tmdb-api-crate" / "movie-popular.json").read_text())
    assert body["total_pages"] > PAGE_CAP
    page, _ = ask(answering(httpx.Response(200, json=body)), lambda tmdb: tmdb.page("/movie/popular", 1))
    assert page.last == PAGE_CAP


def test_reviews_are_read_page_by_page() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", 1))
        listing = {"results": [{"id": f"r{page}"}], "page": page, "total_pages": 3, "total_results": 3}
        return httpx.Response(200, json=listing if "reviews" in request.url.path else {"id": 1, "reviews": listing})

    answer, _ = ask(handler, lambda tmdb: tmdb.movie(1))
    assert [review["id"] for review in answer.reviews.items] == ["r1", "r2", "r3"]
    assert answer.reviews.complete


def test_the_key_travels_in_a_header_and_is_in_no_log_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(401, json={"status_code": 7, "status_message": "Invalid API key", "success": False})

    with caplog.at_level(logging.DEBUG), pytest.raises(UnauthorizedError, match="Set TMDB_API_KEY") as caught:
        ask(handler, lambda tmdb: tmdb.get("/movie/1"))
    assert seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in str(seen[0].url) + caplog.text + str(caught.value)


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(429, headers={"retry-after": "3"}),
        httpx.Response(503),
        httpx.Response(200, content=b'{"id": 1, "tit'),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("broken off"),
    ],
    ids=["429", "503", "truncated", "time-out", "broken off"],
)
def test_what_may_pass_is_tried_again(trouble: httpx.Response | Exception) -> None:
    good = httpx.Response(200, json={"id": 1})
    answer, waits = ask(answering(trouble, trouble, good), lambda tmdb: tmdb.get("/movie/1"))
    assert answer == {"id": 1}
    assert len(waits) == 2
    if isinstance(trouble, httpx.Response) and trouble.status_code == 429:
        assert all(3 <= wait <= 3.3 for wait in waits)


def test_what_does_not_pass_is_given_up_in_words() -> None:
    with pytest.raises(TransientError, match=r"answered 503 for /movie/1 \(tried 7 times") as caught:
        ask(answering(httpx.Response(503)), lambda tmdb: tmdb.get("/movie/1"))
    assert "status.themoviedb.org" in caught.value.hint
    with pytest.raises(NotFoundError):
        ask(answering(httpx.Response(404, json={"status_code": 34})), lambda tmdb: tmdb.get("/movie/1"))
    with pytest.raises(TerminalError, match="query must be provided"):
        ask(answering(httpx.Response(422, json={"errors": ["query must be provided"]})), lambda tmdb: tmdb.get("/s"))


def test_no_network_is_told_at_once_and_tried_again_only_where_there_was_one() -> None:
    with pytest.raises(UnreachableError, match="cannot be reached"):
        _, waits = ask(answering(httpx.ConnectError("x")), lambda tmdb: tmdb.get("/movie/1"))

    async def twice(tmdb: Tmdb) -> Any:
        await tmdb.get("/movie/1")
        return await tmdb.get("/movie/2")

    good = httpx.Response(200, json={"id": 1})
    answer, waits = ask(answering(good, httpx.ConnectError("x"), httpx.ConnectError("x"), good), twice)
    assert (answer, len(waits)) == ({"id": 1}, 2)


def test_retry_after_in_all_its_forms() -> None:
    assert retry_after("7") == 7.0
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert retry_after("soon") is None
    assert retry_after(None) is None


def test_the_budget_is_shared_by_all_that_open_it(tmp_path: Path) -> None:
    now = [1_000.0]
    one, two = (Budget(tmp_path / "budget.db", 4, lambda: now[0]) for _ in range(2))
    waits = [budget.reserve() for budget in (one, two, one, two, one)]
    assert waits == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])
    one.penalise(30)
    assert two.reserve() == pytest.approx(30)
    now[0] -= 10_000
    assert one.reserve() == pytest.approx(30.25), "a clock set back neither stops the crawl nor lets it run ahead"
    now[0] += 20_000
    assert two.reserve() == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], "film is not an object"),
        ({"id": -3, "title": "x"}, "film id is not a positive whole number"),
        ({"id": True, "title": "x"}, "film id is not a positive whole number"),
        ({"id": 1, "title": None}, "film has no title"),
        ({"id": 1, "title": "x", "release_date": "0000-00-00"}, "release date cannot be; the film is kept without it"),
        ({"id": 1, "title": "x", "release_date": "9999-12-31"}, "release date cannot be; the film is kept without it"),
        ({"id": 1, "title": "x", "vote_count": "many"}, "votes, average or popularity is not a number"),
        ({"id": 1, "title": "x", "popularity": 1e300}, "votes, average or popularity is absurd"),
        (
            {"id": 1, "title": "x", "vote_count": 1, "vote_average": float("nan")},
            "votes, average or popularity is absurd",
        ),
    ],
)
def test_wrong_bodies_are_named(body: Any, reason: str) -> None:
    assert [fact.reason for fact in film_facts(body, NOON, "t") if isinstance(fact, Malformed)] == [reason]


def test_wrong_types_inside_a_film_are_unknown_not_wrong() -> None:
    body = {"id": 1, "title": "x", "runtime": "90", "budget": -5, "revenue": 0, "genres": "Drama", "credits": [1]}
    film = next(fact for fact in film_facts(body, NOON, "t") if isinstance(fact, FilmFact))
    assert [film.values[name] for name in ("runtime", "budget", "revenue")] == [None, None, None]
    assert (film.values["genres"], film.values["cast"]) == ((), ())
    assert complaint(film, NOON) is None


PAGE: dict[str, Any] = {
    "page": 1,
    "results": [{"id": 3}, {"id": 2}, {"id": 3}, {"id": True}, {"id": -1}, {}, None, {"id": 7.0}],
}


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, (None, None, None)),
        ({"recommendations": PAGE}, (None, None, (3, 2, 7))),
        ({"recommendations": {"results": []}}, (None, None, ())),
        ({"recommendations": {"results": None}}, (None, None, None)),
        ({"recommendations": [1, 2]}, (None, None, None)),
        ({"recommendations": {"success": False, "status_code": 11}}, (None, None, None)),
        ({"belongs_to_collection": None}, (None, None, None)),
        ({"belongs_to_collection": {"id": 10, "name": " Harbour Collection "}}, (10, "Harbour Collection", None)),
        ({"belongs_to_collection": {"id": "10", "name": "Harbour Collection"}}, (None, "Harbour Collection", None)),
        ({"belongs_to_collection": {"id": 10, "name": ""}}, (None, None, None)),
        ({"belongs_to_collection": {"id": 10}}, (None, None, None)),
        ({"belongs_to_collection": "Harbour Collection"}, (None, None, None)),
    ],
)
def test_series_and_recommendations_are_read_or_unknown(more: Any, wanted: Any) -> None:
    film = next(fact for fact in film_facts({"id": 1, "title": "x", **more}, NOON, "t") if isinstance(fact, FilmFact))
    assert tuple(film.values[name] for name in ("collection_id", "collection", "recommended")) == wanted
    assert complaint(film, NOON) is None


@pytest.mark.parametrize(
    ("review", "reason"),
    [
        ({"content": "x"}, "review has no id"),
        ({"id": "a", "created_at": "yesterday"}, "review has no readable creation time"),
        ({"id": "a", "created_at": None}, "review has no readable creation time"),
        ({"id": "a", "created_at": "0000-01-01T00:00:00Z"}, "review has no readable creation time"),
        (
            {"id": "a", "created_at": "2026-01-01", "author_details": {"rating": "10"}},
            "review's rating is not a number",
        ),
    ],
)
def test_wrong_reviews_are_named(review: Any, reason: str) -> None:
    body = {"id": 1, "title": "x", "reviews": {"results": [review], "total_pages": 1}}
    assert reason in [fact.reason for fact in body_facts(body, NOON) if isinstance(fact, Malformed)]


def test_times_of_year_9999_are_refused_at_the_door() -> None:
    fact = ReviewFact(1, parse_iso("9999-01-01"), "t", "a", "b", None, "text")
    assert complaint(fact, NOON) == "event time is more than a day in the future"
