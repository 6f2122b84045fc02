"""Routes about many films at once, and about people."""

from typing import Annotated, Literal

from fastapi import Query, Response

from marquee.domain import documents as kinds
from marquee.http import shapes
from marquee.http.routes.declared import Kept, Routes
from marquee.http.routes.parameters import (
    Dimension,
    Films,
    Format,
    GenrePath,
    Limit,
    Page,
    PageSize,
    PersonId,
    Service,
    Span,
    answer,
    table,
)
from marquee.http.shapes import REFUSALS, tabled, told
from marquee.serving.answers import analytics, people

views = Routes(prefix="/v1", tags=["analytics"], responses=REFUSALS)


@views.question(
    "/analytics/overview",
    told(shapes.Overview),
    "The film world at a glance",
    kept=Kept.WINDOWS,
    reads=(kinds.CARD, kinds.DAILY, kinds.ACTIVITY),
)
async def overview(query: Service) -> Response:
    """Return counts, the week against the one before, sentiment, what is rising, and the best rated."""
    return answer(analytics.overview(query))


@views.question(
    "/analytics/trends", tabled(shapes.Series), "A metric over time", kept=Kept.WINDOWS, reads=(kinds.CARD, kinds.DAILY)
)
async def trends(
    query: Service,
    wanted: Films,
    metric: Literal["activity", "votes", "reviews", "sentiment", "favourable", "stars"] = "activity",
    window: Span = "90d",
    kind: Format = "json",
) -> Response:
    """Return a metric by day, week or four weeks over up to five years, and its summary against the window before."""
    return table(analytics.trends(query, metric, window, wanted), kind, "points")


@views.question("/analytics/genres", tabled(shapes.Genres), "All genres", kept=Kept.PUBLICATIONS, reads=(kinds.GENRES,))
async def genres(query: Service, kind: Format = "json") -> Response:
    """Return each genre's films, ratings, shares, and whether it emerges or declines among new releases."""
    return table(analytics.genres(query), kind)


@views.question(
    "/analytics/genre/{genre}",
    told(shapes.Genre),
    "A genre",
    kept=Kept.WINDOWS,
    reads=(kinds.GENRES, kinds.CARD, kinds.DAILY),
)
async def genre(query: Service, genre: GenrePath, window: Span = "90d") -> Response:
    """Return a genre's figures, companions, share by year, sentiment over time and best films."""
    return answer(analytics.genre(query, genre, window))


@views.question(
    "/analytics/sentiment/comparison",
    tabled(shapes.Comparison),
    "How feelings differ",
    kept=Kept.WINDOWS,
    reads=(kinds.CARD, kinds.DAILY),
    cells=True,
)
async def comparison(
    query: Service, wanted: Films, by: Dimension = "genre", window: Span = "90d", kind: Format = "json"
) -> Response:
    """Return sentiment by genre, year, tier or language, each against the rest; and blockbuster against niche.

    `significant` holds at a false-discovery rate of 5 % over the groups (Welch's test of the means).
    """
    return table(analytics.comparison(query, by, window, wanted), kind)


@views.question(
    "/analytics/revenue", tabled(shapes.Revenue), "Budgets and revenues", kept=Kept.PUBLICATIONS, reads=(kinds.MONEY,)
)
async def revenue(
    query: Service, by: Literal["genre", "year", "tier", "month", "language"] = "genre", kind: Format = "json"
) -> Response:
    """Return budget, revenue, return and break-even by a dimension. Unknown amounts are left out, never zero."""
    return table(analytics.revenue(query, by), kind)


@views.question(
    "/analytics/seasons",
    told(shapes.Seasons),
    "Months, weekdays and years",
    kept=Kept.PUBLICATIONS,
    reads=(kinds.SEASONS,),
)
async def seasons(query: Service) -> Response:
    """Return releases by month, weekday and year, year over year, and reviews by weekday."""
    return answer(analytics.seasons(query))


@views.question(
    "/anomalies",
    tabled(shapes.Anomalies),
    "Films whose last week is unlike them",
    kept=Kept.PUBLICATIONS,
    reads=(kinds.ANOMALIES, kinds.CARD),
)
async def anomalies(query: Service, limit: Limit = 50, kind: Format = "json") -> Response:
    """Return review bombing, acclaim and odd votes, each with its evidence."""
    return table(analytics.anomalies(query, limit), kind)


@views.question(
    "/people",
    tabled(shapes.People),
    "Find people",
    kept=Kept.PUBLICATIONS,
    reads=(kinds.PERSON, kinds.PEOPLE),
    tags=["people"],
)
async def find_people(
    query: Service,
    q: Annotated[str | None, Query(max_length=200, description="Words of a name")] = None,
    page: Page = 1,
    page_size: PageSize = 20,
    kind: Format = "json",
) -> Response:
    """Return people by name, or all, the most central in the network of collaborations first."""
    return table(people.people(query, q, page, page_size), kind)


@views.question(
    "/people/path",
    told(shapes.Chain),
    "Six degrees",
    kept=Kept.PUBLICATIONS,
    reads=(kinds.PERSON, kinds.PEOPLE),
    tags=["people"],
)
async def path(
    query: Service,
    start: Annotated[int, Query(alias="from", ge=1, le=2**53, description="TMDB's id of a person", examples=[287])],
    end: Annotated[int, Query(alias="to", ge=1, le=2**53, description="TMDB's id of a person", examples=[819])],
) -> Response:
    """Return a shortest chain of shared films between two people."""
    return answer(people.path(query, start, end))


@views.question(
    "/people/{person_id}",
    told(shapes.Person),
    "A person",
    kept=Kept.PUBLICATIONS,
    reads=(kinds.PERSON, kinds.PEOPLE),
    tags=["people"],
)
async def person(query: Service, person_id: PersonId) -> Response:
    """Return a person's films, place in the network, community and closest collaborators."""
    return answer(people.person(query, person_id))
