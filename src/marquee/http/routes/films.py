"""Routes about films: one film, lists of films, search, recommendations."""

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from marquee.domain import documents as kinds
from marquee.http import shapes
from marquee.http.routes.declared import Kept, Routes
from marquee.http.routes.parameters import (
    Counted,
    Films,
    Format,
    GenrePath,
    Limit,
    Mine,
    MovieId,
    Page,
    PageSize,
    Ranking,
    Service,
    Tier,
    answer,
    table,
)
from marquee.http.shapes import REFUSALS, tabled, told
from marquee.serving.answers import outlook, people, recommend, stats
from marquee.serving.answers.search import SearchRequest
from marquee.serving.world.cube import Filter

films = Routes(prefix="/v1", tags=["films"], responses=REFUSALS)
FILM_VIEWS = (kinds.FILM, kinds.CELL_ROWS, kinds.CARD)
"""What a film's own answers are made of."""

TREND_VIEWS = (kinds.CARD, kinds.ACTIVITY, kinds.DAILY)
"""What leaderboards are made of."""

Rating = Annotated[float | None, Query(ge=0, le=10, allow_inf_nan=False)]
Sort = Literal["relevance", "popularity", "rating", "votes", "reviews", "release_date", "title"]
Id = Annotated[int, Field(ge=1, le=2**53)]
MOST_NAMED = 1_000


@films.question(
    "/movies/{movie_id}",
    told(shapes.Film),
    "A film: description, votes, tier, reviews and sentiment, right now",
    kept=Kept.FILM,
    reads=FILM_VIEWS,
    cells=True,
)
async def movie(query: Service, movie_id: MovieId) -> Response:
    """Return a film with both layers merged; 404 for one unknown or deleted."""
    return answer(query.movie(movie_id))


@films.question(
    "/movies/{movie_id}/sentiment",
    told(shapes.Sentiment),
    "How people feel about a film",
    kept=Kept.FILM,
    reads=FILM_VIEWS,
    cells=True,
)
async def sentiment(query: Service, movie_id: MovieId, window: Literal["7d", "30d", "all"] = "30d") -> Response:
    """Return overall sentiment, label, counts, velocity, confidence and the breakdown by date."""
    return answer(query.sentiment(movie_id, window))


@films.question(
    "/movies/{movie_id}/stats",
    told(shapes.Stats),
    "A film in figures: windows, months, standing, money, readings",
    kept=Kept.FILM,
    reads=FILM_VIEWS,
    cells=True,
)
async def movie_stats(query: Service, movie_id: MovieId) -> Response:
    """Return a film's counts over time, the share of films it is ahead of, and its gauges as they were read."""
    return answer(stats.stats(query, movie_id))


@films.question(
    "/movies/{movie_id}/similar",
    tabled(shapes.Similar),
    "Films like this one, and why",
    kept=Kept.PUBLICATIONS,
    reads=(*FILM_VIEWS, kinds.SIMILAR, kinds.LIKED),
)
async def similar(
    query: Service, movie_id: MovieId, wanted: Films, limit: Limit = 12, kind: Format = "json"
) -> Response:
    """Return films that share series, people, subjects and genre with this one, the likest first.

    `liked_together` has the films that the same people like, by the ratings that were imported; as a table, or where none
    were, there is none.
    """
    return table(recommend.similar(query, movie_id, wanted, limit), kind)


@films.question(
    "/movies/{movie_id}/forecast",
    tabled(shapes.Forecast),
    "What comes next for a film",
    kept=Kept.FILM,
    reads=(*FILM_VIEWS, kinds.FORECASTER),
)
async def forecast(
    query: Service,
    movie_id: MovieId,
    metric: Literal["activity", "votes", "reviews", "popularity"] = "activity",
    days: Annotated[Literal["7", "28"], Query(description="Days to look ahead, today included")] = "7",
    kind: Format = "json",
) -> Response:
    """Return the median and the 80 % and 95 % intervals of each day, and the backtest of the model behind them.

    `available` is false, with the reason, where the model does not beat the seasonal naive forecast.
    """
    return table(outlook.forecast(query, movie_id, metric, int(days)), kind, "points")


@films.question(
    "/movies/{movie_id}/network",
    told(shapes.FilmNetwork),
    "A film's people and where else they meet",
    kept=Kept.PUBLICATIONS,
    reads=(kinds.FILM, kinds.CARD, kinds.PERSON, kinds.PEOPLE),
)
async def network(query: Service, movie_id: MovieId) -> Response:
    """Return the film's people with their place in the network, and who of them share other films."""
    return answer(people.network(query, movie_id))


@films.question(
    "/trending/movies", tabled(shapes.Trends), "What most people turn to now", kept=Kept.CHANGES, reads=TREND_VIEWS
)
async def trending(query: Service, wanted: Films, asked: Ranking, kind: Format = "json") -> Response:
    """Return the films with the most activity: votes gained and reviews.

    Windows of hours are ordered by heat, in which the last hours count more; windows of days by what was counted.
    Each line says what was expected, of the same hours or weekdays of the four weeks, or windows, before.
    """
    return table(query.trending(films=wanted, **asked._asdict()), kind)


@films.question(
    "/trending/genres/{genre}",
    tabled(shapes.Trends),
    "What most people turn to in a genre",
    kept=Kept.CHANGES,
    reads=TREND_VIEWS,
)
async def trending_genre(query: Service, genre: GenrePath, asked: Ranking, kind: Format = "json") -> Response:
    """Return the films of a genre as /v1/trending/movies does; 404 names the nearest genres."""
    return table(query.trending(films=Filter(genre), **asked._asdict()), kind)


@films.question(
    "/rising/movies",
    tabled(shapes.Trends),
    "What gets more than its past lets expect",
    kept=Kept.CHANGES,
    reads=TREND_VIEWS,
)
async def rising_films(query: Service, wanted: Films, asked: Ranking, kind: Format = "json") -> Response:
    """Return films that get significantly more activity than their baseline lets expect, the clearest first.

    The score is a test of two rates (Gu, Ng, Tang & Schucany 2008), at a false-discovery rate of 5 % over all films.
    """
    return table(query.rising(films=wanted, **asked._asdict()), kind)


@films.question("/declining/movies", tabled(shapes.Trends), "What falls behind", kept=Kept.CHANGES, reads=TREND_VIEWS)
async def declining(query: Service, wanted: Films, asked: Ranking, kind: Format = "json") -> Response:
    """Return films that get significantly less activity than their baseline lets expect."""
    return table(query.declining(films=wanted, **asked._asdict()), kind)


@films.question(
    "/outlook/movies",
    tabled(shapes.Outlook),
    "What will be talked about",
    kept=Kept.WINDOWS,
    reads=(kinds.CARD, kinds.DAILY, kinds.FORECASTER),
)
async def next_films(
    query: Service,
    wanted: Films,
    days: Annotated[Literal["7", "28"], Query(description="Days to look ahead, today included")] = "7",
    by: Counted = "activity",
    limit: Limit = 20,
    kind: Format = "json",
) -> Response:
    """Return the films that most votes and reviews are forecast for, with intervals and the model's backtest."""
    return table(outlook.next_films(query, wanted, int(days), limit, by), kind)


@films.question(
    "/search/suggest",
    told(shapes.Suggestions),
    "Films that half-typed words may mean",
    kept=Kept.WINDOWS,
    reads=(kinds.CARD,),
)
async def suggest(
    query: Service,
    q: Annotated[str, Query(min_length=1, max_length=200, examples=["silent ri"])],
    limit: Annotated[int, Query(ge=1, le=20)] = 8,
) -> Response:
    """Return a few titles, quickly: the last word is taken as a prefix, and words may have a typing error."""
    return answer(query.suggest(q, limit))


@films.question("/search/movies", tabled(shapes.Search), "Find films", kept=Kept.WINDOWS, reads=(kinds.CARD,))
async def search(
    query: Service,
    wanted: Films,
    q: Annotated[str | None, Query(max_length=200, description="Words of a title or a person's name")] = None,
    rating_min: Rating = None,
    rating_max: Rating = None,
    sort_by: Sort = "relevance",
    page: Page = 1,
    page_size: PageSize = 20,
    listing: Annotated[
        str | None,
        Query(pattern="^[0-9a-f]{16}$", description="From the first page's answer: later pages of the same list"),
    ] = None,
    kind: Format = "json",
) -> Response:
    """Return a page of films; typing errors and half-typed last words are understood.

    Give the first page's `listing` with later pages and they continue that very list, whatever is published
    meanwhile; 404 when the list is no longer kept.
    """
    request = SearchRequest(q, wanted, rating_min, rating_max, sort_by, page, page_size)
    return table(query.search(request, listing), kind)


class Wish(BaseModel):
    """What to recommend from."""

    model_config = ConfigDict(extra="forbid")

    liked: list[Id] = Field(
        min_length=1, max_length=MOST_NAMED, description="Ids of films liked", examples=[[550, 680]]
    )
    disliked: list[Id] = Field([], max_length=MOST_NAMED, description="Ids of films disliked")
    genre: str | None = Field(None, min_length=1, max_length=80)
    year_from: int | None = Field(None, ge=1874, le=2100)
    year_to: int | None = Field(None, ge=1874, le=2100)
    tier: Tier | None = None
    language: str | None = Field(None, pattern="^[a-z]{2}$")
    diversity: float = Field(0.2, ge=0, le=1, allow_inf_nan=False, description="0: the best; 1: as unlike as can be")
    limit: int = Field(20, ge=1, le=100)
    unseen: bool = Field(False, description="Leave out the films that your own list has as seen (`/v1/mine`)")


@films.question(
    "/recommendations",
    told(shapes.Recommendations),
    "What to watch, from what was liked",
    reads=(kinds.CARD, kinds.FILM, kinds.SIMILAR, kinds.LIKED),
    method="POST",
    kept=Kept.NEVER,
)
async def recommendations(query: Service, mine: Mine, wish: Wish) -> Response:
    """Return films like those liked and unlike those disliked, none of those named, with the reasons."""
    wanted = Filter(wish.genre, wish.year_from, wish.year_to, wish.tier, wish.language)
    without = mine.seen(query) if wish.unseen else frozenset[int]()
    request = recommend.Wish(wish.liked, wish.disliked, wanted, wish.diversity, wish.limit, without)
    return answer(recommend.recommend(query, request))


@films.question(
    "/mine",
    told(shapes.OwnList),
    "Your own films: imported from Letterboxd or IMDb",
    reads=(kinds.CARD, kinds.FILM),
    kept=Kept.NEVER,
)
async def own_films(query: Service, mine: Mine) -> Response:
    """Return the films of your own list that are known here, those that are not, and the best liked of them."""
    return answer(mine.answer(query))
