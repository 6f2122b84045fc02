"""The routes: parameters checked, one query each, answers as JSON bytes."""

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from marquee.ops import health
from marquee.serving.query import Query as QueryService
from marquee.serving.query import SearchRequest

v1 = APIRouter(prefix="/v1", tags=["films"])
operations = APIRouter(tags=["operations"])

MovieId = Annotated[int, Path(ge=1, le=2**53, description="TMDB's id of a film", examples=[550])]
Genre = Annotated[str | None, Query(min_length=1, max_length=80, description="A genre's name, in any case")]
Limit = Annotated[int, Query(ge=1, le=100, description="Most results")]
Year = Annotated[int | None, Query(ge=1874, le=2100)]
Rating = Annotated[float | None, Query(ge=0, le=10)]
Sort = Literal["relevance", "popularity", "rating", "votes", "reviews", "release_date", "title"]


def service(request: Request) -> QueryService:
    """Return the application's query service."""
    query: QueryService = request.app.state.query
    return query


Service = Annotated[QueryService, Depends(service)]


def answer(body: Any, status: int = 200) -> Response:
    """Return an answer as JSON."""
    return Response(orjson.dumps(body), status, media_type="application/json")


@v1.get("/movies/{movie_id}", summary="A film: description, votes, tier, reviews and sentiment, right now")
async def movie(query: Service, movie_id: MovieId) -> Response:
    """Return a film with both layers merged; 404 for one unknown or deleted."""
    return answer(query.movie(movie_id))


@v1.get("/movies/{movie_id}/sentiment", summary="How people feel about a film")
async def sentiment(query: Service, movie_id: MovieId, window: Literal["7d", "30d", "all"] = "30d") -> Response:
    """Return overall sentiment, label, counts, velocity, confidence and the breakdown by date."""
    return answer(query.sentiment(movie_id, window))


@v1.get("/trending/movies", summary="What is rising and what is hot")
async def trending(
    query: Service, window: Literal["1h", "6h", "24h"] = "24h", genre: Genre = None, limit: Limit = 20
) -> Response:
    """Return films that get significantly more reviews than the same hours of the last four weeks let expect,
    then those that are hot."""
    return answer(query.trending(window, genre, limit))


@v1.get("/trending/genres/{genre}", summary="What is rising and hot in a genre")
async def trending_genre(
    query: Service,
    genre: Annotated[str, Path(min_length=1, max_length=80, examples=["Drama"])],
    window: Literal["1h", "6h", "24h"] = "24h",
    limit: Limit = 20,
) -> Response:
    """Return the films of a genre as /v1/trending/movies does; 404 names the nearest genres."""
    return answer(query.trending(window, genre, limit))


@v1.get("/declining/movies", summary="What falls behind")
async def declining(
    query: Service, window: Literal["1h", "6h", "24h"] = "24h", genre: Genre = None, limit: Limit = 20
) -> Response:
    """Return films that get significantly fewer reviews than the same hours of the last four weeks let expect."""
    return answer(query.declining(window, genre, limit))


@v1.get("/search/suggest", summary="Films that half-typed words may mean")
async def suggest(
    query: Service,
    q: Annotated[str, Query(min_length=1, max_length=200, examples=["silent ri"])],
    limit: Annotated[int, Query(ge=1, le=20)] = 8,
) -> Response:
    """Return a few titles, quickly: the last word is taken as a prefix, and words may have a typing error."""
    return answer(query.suggest(q, limit))


@v1.get("/search/movies", summary="Find films")
async def search(
    query: Service,
    q: Annotated[str | None, Query(max_length=200, description="Words of a title or a person's name")] = None,
    genre: Genre = None,
    year_from: Year = None,
    year_to: Year = None,
    rating_min: Rating = None,
    rating_max: Rating = None,
    sort_by: Sort = "relevance",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """Return a page of films; typing errors and half-typed last words are understood."""
    wanted = SearchRequest(q, genre, year_from, year_to, rating_min, rating_max, sort_by, page, page_size)
    return answer(query.search(wanted))


@operations.get("/v1/status", summary="The state of every part")
async def status(request: Request) -> Response:
    """Return the state of log, batch, speed, quarantine and processes."""
    return answer(health.status(request.app.state.platform))


@operations.get("/v1/quality", summary="What the quality gates found in the last runs")
async def quality(request: Request) -> Response:
    """Return score, verdict and reasons of the last ten runs, layer by layer."""
    return answer(health.quality(request.app.state.platform))


@operations.get("/health", summary="Whether all is well")
async def healthy(request: Request) -> Response:
    """Return ok, or degraded with the reasons; 200 in both cases, because answers are served in both."""
    return answer(health.report(request.app.state.platform))


@operations.get("/metrics", summary="Prometheus metrics")
async def metrics(request: Request) -> Response:
    """Return the metrics in Prometheus' text format."""
    return Response(request.app.state.telemetry.text(), media_type="text/plain; version=0.0.4")
