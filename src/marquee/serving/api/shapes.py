"""The shapes of answers, for the documentation; a test holds the real answers to them."""

from typing import Any

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
    """What an answer covers: the batch run, its frontier, how far the speed layer is, and what is missing."""

    run_id: str | None
    frontier: str | None
    speed_through: str | None
    complete: bool
    gaps: list[dict[str, str]]


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
    """A film's standing: its reviews in the window, how many were expected, and how sure the difference is."""

    rank: int
    observed: int
    expected: float
    score: float
    state: str
    rising: bool
    velocity: float
    acceleration: float
    hot: float
    why: str


class Trends(Covered):
    """Films by what rises and what is hot, or by what declines."""

    window: str
    genre: str | None
    results: list[TrendLine]


class Figures(Shape):
    """Sentiment of reviews: means in [-1, 1], shares in [0, 1], stars of 10; null where nobody has written."""

    score: float | None
    sentence_score: float | None
    label: str | None
    share_positive: float | None
    share_positive_at_least: float | None
    share_favourable: float | None
    mean_stars: float | None


class Counts(Shape):
    """Reviews by VADER's label."""

    reviews: int
    positive: int
    neutral: int
    negative: int
    with_stars: int


class FiguredCounts(Figures, Counts):
    """Counts and sentiment."""


class Votes(Shape):
    """The latest reading of a film's gauges."""

    count: int | None
    average: float | None
    weighted: float | None
    popularity: float | None
    tier: str | None
    observed_at: str | None


class FilmSentiment(Figures):
    """A film's sentiment and how many reviews it is of."""

    reviews: int


class Day(Shape):
    """The last 24 hours against the 24 before."""

    reviews: int
    velocity: int
    sentiment: float | None


class Credit(Shape):
    """A person's part in a film; `job` is the character for cast."""

    person_id: int | None
    name: str
    job: str


class Film(Covered):
    """A film, right now. Money in dollars; unknown is null, never zero."""

    movie_id: int
    title: str | None
    original_title: str
    language: str
    release_date: str | None
    status: str
    runtime: int | None
    budget: int | None
    revenue: int | None
    overview: str
    tagline: str
    poster: str | None
    imdb_id: str | None
    genres: list[str]
    keywords: list[str]
    companies: list[str]
    countries: list[str]
    cast: list[Credit]
    crew: list[Credit]
    votes: Votes
    sentiment: FilmSentiment
    last_24h: Day


class Interval(Shape):
    """A 95 % interval of a mean."""

    level: float
    low: float
    high: float


class Period(Counts):
    """Reviews and sentiment of some days from a date on."""

    date: str
    days: int
    score: float | None


class Sentiment(Covered):
    """How people feel about a film."""

    model_config = ConfigDict(extra="allow")

    movie_id: int
    title: str | None
    window: str
    to: str
    overall: Figures
    label: str | None
    counts: Counts
    velocity: int | None
    acceleration: int | None
    confidence: Interval | None
    breakdown: list[Period]


class Window(Shape):
    """A window's reviews, those of the window before, and its sentiment."""

    reviews: int
    previous: int
    sentiment: float | None


class Standing(Shape):
    """Share of films that a film is ahead of or level with."""

    votes: float | None
    popularity: float | None
    reviews: float | None


class FilmMoney(Shape):
    """A film's money in dollars."""

    budget: int | None
    revenue: int | None
    profit: int | None
    roi: float | None


class Month(Counts):
    """A month's reviews and sentiment."""

    month: str
    sentiment: float | None


class Reading(Shape):
    """A day's last reading of the gauges."""

    date: str
    votes: int
    average: float | None
    popularity: float | None


class Stats(Covered):
    """A film in figures."""

    movie_id: int
    title: str | None
    votes: Votes
    reviews: FiguredCounts
    windows: dict[str, Window]
    ahead_of: Standing
    money: FilmMoney
    months: list[Month]
    readings: list[Reading]


class SimilarLine(FilmLine):
    """A film and why it is there. likeness in [0, 1] of one film, summed over up to three."""

    likeness: float
    score: float
    reasons: list[str]


class Similar(Covered):
    """Films like one."""

    movie_id: int
    title: str | None
    results: list[SimilarLine]


class Recommendations(Covered):
    """What to watch. unknown: ids given that no film has."""

    liked: list[int]
    unknown: list[int]
    genre: str | None
    results: list[SimilarLine]


class Quantiles(Shape):
    """A forecast: the median, and the ends of the 80 % and 95 % intervals."""

    low_95: float
    low_80: float
    median: float
    high_80: float
    high_95: float


class ForecastDay(Quantiles):
    """A day's forecast."""

    date: str


class Forecast(Covered):
    """What comes next for a film. backtest: how the model did on the last 28 days, by horizon."""

    movie_id: int
    title: str | None
    metric: str
    unit: str
    days: int
    available: bool
    reason: str | None
    points: list[ForecastDay]
    total: Quantiles | None
    past: list[float]
    backtest: dict[str, Any] | None


class OutlookLine(FilmLine):
    """A film, the reviews it is expected to get, and those of as many days before."""

    rank: int
    expected: Quantiles
    last: int


class Outlook(Covered):
    """The films that most reviews are forecast for."""

    model_config = ConfigDict(extra="allow")

    metric: str
    days: int
    available: bool
    reason: str | None
    backtest: dict[str, Any] | None
    results: list[OutlookLine]


class Networked(Shape):
    """A person of a film, with the place in the network."""

    person_id: int
    name: str
    part: str
    degree: int | None = None
    rank: int | None = None
    community: int | None = None


class FilmNetwork(Covered):
    """A film's people, and who of them share other films."""

    movie_id: int
    title: str | None
    people: list[Networked]
    also_together: list[dict[str, Any]]


class Paged(Covered):
    """A page of a list."""

    q: str | None
    page: int
    page_size: int
    total: int
    pages: int


class Search(Paged):
    """A page of films. listing: give it with later pages to stay on the same list."""

    genre: str | None
    listing: str
    results: list[FilmLine]


class Suggestion(Shape):
    """A title that half-typed words may mean."""

    movie_id: int
    title: str
    year: int | None


class Suggestions(Covered):
    """Titles that half-typed words may mean."""

    q: str
    results: list[Suggestion]


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
    """A difference of mean sentiment, its test score (Welch) and two-sided p-value."""

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
    sentiment: dict[str, Figures]
    genres_discussed: list[dict[str, Any]]
    rising: list[TrendLine]
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
