"""What routes take: parameters with their limits and examples, and what they answer with."""

from typing import Annotated, Any, Literal, NamedTuple

import orjson
from fastapi import Depends, Path, Query, Request, Response

from marquee.domain.trends import By
from marquee.libraries.spreadsheets import TABLE_TYPES, as_table
from marquee.serving.answers.own import Own
from marquee.serving.answers.query import Query as QueryService
from marquee.serving.world.cube import Filter

MovieId = Annotated[int, Path(ge=1, le=2**53, description="TMDB's id of a film", examples=[550])]
PersonId = Annotated[int, Path(ge=1, le=2**53, description="TMDB's id of a person", examples=[287])]
GenrePath = Annotated[str, Path(min_length=1, max_length=80, examples=["Drama"])]
Genre = Annotated[str | None, Query(min_length=1, max_length=80, description="A genre's name, in any case")]
Limit = Annotated[int, Query(ge=1, le=100, description="Most results")]
Year = Annotated[int | None, Query(ge=1874, le=2100, description="Year of release")]
Tier = Literal["blockbuster", "popular", "moderate", "niche"]
Language = Annotated[
    str | None, Query(pattern="^[a-z]{2}$", description="Original language, ISO 639-1", examples=["en"])
]
Page = Annotated[int, Query(ge=1, le=10_000)]
PageSize = Annotated[int, Query(ge=1, le=100)]
TrendWindow = Literal["1h", "6h", "24h", "7d", "30d", "90d"]
Counted = Annotated[
    By,
    Query(description="What is counted: votes gained and reviews together, or one of them"),
]
Span = Literal["7d", "30d", "90d", "1y", "5y"]
Dimension = Literal["genre", "year", "tier", "language"]
Format = Annotated[
    Literal["json", "csv", "parquet"],
    Query(alias="format", description="CSV and Parquet hold the table of the answer, its nested values flattened"),
]


def service(request: Request) -> QueryService:
    """Return the application's query service."""
    query: QueryService = request.app.state.query
    return query


Service = Annotated[QueryService, Depends(service)]


def own(request: Request) -> Own:
    """Return the application's own films of a person."""
    mine: Own = request.app.state.own
    return mine


Mine = Annotated[Own, Depends(own)]


def films(
    genre: Genre = None,
    year_from: Year = None,
    year_to: Year = None,
    tier: Tier | None = None,
    language: Language = None,
) -> Filter:
    """Return the filter of films that a request's parameters make."""
    return Filter(genre, year_from, year_to, tier, language)


Films = Annotated[Filter, Depends(films)]


class Board(NamedTuple):
    """Which leaderboard is asked for, and how much of it."""

    window: str
    by: By
    limit: int


def board(window: TrendWindow = "24h", by: Counted = "activity", limit: Limit = 20) -> Board:
    """Return the leaderboard that a request's parameters name."""
    return Board(window, by, limit)


Ranking = Annotated[Board, Depends(board)]


def answer(body: Any, status: int = 200) -> Response:
    """Return an answer as JSON."""
    return Response(orjson.dumps(body), status, media_type="application/json")


def table(body: dict[str, Any], wanted: str, rows: str = "results") -> Response:
    """Return an answer as JSON, or the rows of it as CSV or Parquet."""
    if wanted == "json":
        return answer(body)
    headers = {"content-disposition": f'attachment; filename="marquee.{wanted}"'}
    return Response(as_table(body[rows], wanted), media_type=TABLE_TYPES[wanted], headers=headers)
