"""Shapes that several answers share, and how a route is documented with one."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """An object with these fields and no other."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """What was wrong, by RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    hint: str | None = None
    errors: list[dict[str, str]] | None = None


class Coverage(Shape):
    """What an answer covers: the batch run, its frontier, how far the speed layer is, and what is missing.

    source: where films come from; as_of: the time at which windows end, where the data ended long ago, else null;
    waiting: accepted events that no layer holds yet.
    """

    source: Literal["simulated", "tmdb", "import"] | None
    run_id: str | None
    frontier: str | None
    speed_through: str | None
    as_of: str | None
    complete: bool
    gaps: list[dict[str, str]]
    waiting: int


class Covered(Shape):
    """An answer with its coverage."""

    coverage: Coverage


class FilmLine(Shape):
    """A film in a listing. rating: vote average of 10; weighted_rating: IMDb's; sentiment: mean compound in [-1, 1]."""

    movie_id: int
    title: str | None
    release_date: str | None
    language: str | None
    genres: list[str]
    poster: str | None
    rating: float | None
    weighted_rating: float | None
    votes: int | None
    popularity: float | None
    tier: str | None
    reviews: int
    sentiment: float | None


class TrendLine(FilmLine):
    """A film's standing: what was counted in the window (votes gained, reviews, or both), how much was expected, and how
    sure the difference is."""

    rank: int
    observed: int
    votes_gained: int
    reviews_written: int
    expected: float
    score: float
    state: str
    rising: bool
    velocity: float
    acceleration: float
    hot: float
    why: str


class Figures(Shape):
    """Sentiment of reviews: means in [-1, 1], shares in [0, 1], stars of 10; null where nobody has written.

    score, sentence_score, score_label and share_positive are VADER's, of the text; opinion is the learned score of the
    text; label, balance (favourable less unfavourable reviews, over all) and share_favourable go by the author's stars
    and, where there are none, by the opinion.
    """

    score: float | None
    sentence_score: float | None
    opinion: float | None
    balance: float | None
    label: str | None
    score_label: str | None
    share_positive: float | None
    share_positive_at_least: float | None
    share_favourable: float | None
    mean_stars: float | None


class Counts(Shape):
    """Reviews by VADER's label (positive, neutral, negative), and by their authors' stars or else the learned opinion."""

    reviews: int
    positive: int
    neutral: int
    negative: int
    favourable: int
    mixed: int
    unfavourable: int
    with_stars: int


class FiguredCounts(Figures, Counts):
    """Counts and sentiment."""


class Paged(Covered):
    """A page of a list."""

    q: str | None
    page: int
    page_size: int
    total: int
    pages: int


PROBLEM = {"application/problem+json": {"schema": Problem.model_json_schema()}}
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request cannot be read", "content": PROBLEM},
    401: {"description": "A key is asked for", "content": PROBLEM},
    403: {"description": "The key lacks the scope", "content": PROBLEM},
    404: {"description": "There is no such thing; `hint` says what is near", "content": PROBLEM},
    422: {"description": "A parameter is wrong; `errors` names each", "content": PROBLEM},
    429: {"description": "Too many requests; see Retry-After", "content": PROBLEM},
    503: {"description": "Not available now", "content": PROBLEM},
}
TABLE_CONTENT: dict[str, Any] = {"text/csv": {}, "application/vnd.apache.parquet": {}}


def told(shape: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of a route that answers with a shape."""
    return {200: {"model": shape}}


def tabled(shape: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of a route that answers with a shape, or with its table."""
    return {200: {"model": shape, "content": TABLE_CONTENT}}
