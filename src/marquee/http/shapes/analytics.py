"""Shapes of answers about many films at once, and about people."""

from typing import Any

from pydantic import ConfigDict

from marquee.http.shapes.base import Covered, FiguredCounts, Figures, FilmLine, Paged, Shape, TrendLine


class PersonLine(Shape):
    """A person in a listing. degree: people worked with; rank: by PageRank; community: its most central person's id."""

    person_id: int
    name: str
    degree: int
    rank: int
    community: int
    films: int


class People(Paged):
    """A page of people."""

    spelled_otherwise: bool
    results: list[PersonLine]


class Person(Covered):
    """A person: films, place in the network, community, closest collaborators."""

    person_id: int
    name: str
    films: list[dict[str, Any]]
    degree: int
    strength: float
    rank: int
    of: int
    top_share: float
    community: dict[str, Any]
    collaborators: list[dict[str, Any]]


class Chain(Covered):
    """A shortest chain of shared films: person, film, person, ... degrees: films between the two."""

    model_config = ConfigDict(extra="allow")

    to: int
    connected: bool
    degrees: int | None
    path: list[dict[str, Any]]


class Point(Shape):
    """A step of a series."""

    date: str
    days: int
    value: float | None
    reviews: int


class Summary(Shape):
    """A series' total or mean, against the window before."""

    value: float | None
    previous: float | None
    change: float | None
    relative_change: float | None
    reviews: int
    peak: Point | None


class Series(Covered):
    """A metric over time."""

    metric: str
    window: str
    genre: str | None
    summary: Summary
    points: list[Point]


class Difference(Shape):
    """A difference of balances (favourable less unfavourable reviews, over all), its score (Welch) and two-sided p-value."""

    difference: float
    score: float
    p_value: float


class GroupLine(FiguredCounts):
    """A group's sentiment, named by its own dimension, against all other films."""

    model_config = ConfigDict(extra="allow")

    films: int
    against_rest: Difference | None
    significant: bool


class Comparison(Covered):
    """How feelings differ between groups."""

    by: str
    window: str
    genre: str | None
    overall: FiguredCounts
    blockbuster_against_niche: Difference | None
    results: list[GroupLine]


class MoneyLine(Shape):
    """A group's money, named by its own dimension."""

    model_config = ConfigDict(extra="allow")

    films: int
    films_with_both_known: int
    budget: int | None
    revenue: int | None
    profit: int | None
    roi: float | None
    median_roi: float | None
    share_recouped: float | None
    share_broke_even: float | None


class Revenue(Covered):
    """Budgets and revenues. break_even: the multiple of the budget at which a film is said to pay for itself."""

    by: str
    break_even: float
    total: MoneyLine | None
    results: list[MoneyLine]
    profitable: list[dict[str, Any]]
    losing: list[dict[str, Any]]


class Seasons(Covered):
    """Releases by month, weekday and year, and reviews by weekday."""

    months: list[dict[str, Any]]
    weekdays: list[dict[str, Any]]
    years: list[dict[str, Any]]
    review_weekdays: list[dict[str, Any]]


class GenreLine(Shape):
    """A genre's figures. direction: whether its share of new releases emerges or declines; score: how surely."""

    genre: str
    films: int
    share_of_films: float
    votes: int
    share_of_votes: float
    mean_rating: float | None
    revenue: int | None
    share_of_revenue: float
    direction: str
    score: float


class Genres(Covered):
    """All genres. recent_from: first release year that counts as recent."""

    films: int
    recent_from: int
    results: list[GenreLine]


class GenreReviews(FiguredCounts):
    """A genre's reviews in a window, their share of all, and those of the window before."""

    share_of_reviews: float | None
    previous: int


class Genre(Covered):
    """A genre."""

    genre: str
    window: str
    catalogue: dict[str, Any] | None
    reviews: GenreReviews
    points: list[dict[str, Any]]
    best: list[FilmLine]


class Overview(Covered):
    """The film world at a glance."""

    films: int
    people: int
    genres: int
    reviews: dict[str, Any]
    votes: dict[str, Any]
    sentiment: dict[str, Figures]
    genres_discussed: list[dict[str, Any]]
    rising: list[TrendLine]
    trending: list[TrendLine]
    best_rated: list[FilmLine]
    anomalies: int


class Anomaly(Shape):
    """A film whose last week is unlike it, and the evidence."""

    movie_id: int
    title: str | None
    genres: list[str]
    kind: str
    why: str
    evidence: dict[str, float]


class Anomalies(Covered):
    """Films whose last week is unlike them."""

    model_config = ConfigDict(extra="allow")

    to: str
    found: int
    results: list[Anomaly]
