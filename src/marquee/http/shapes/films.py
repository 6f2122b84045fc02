"""Shapes of answers about films."""

from typing import Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, create_model

from marquee.domain import events
from marquee.domain.events import FILM_FIELDS
from marquee.domain.trends import By
from marquee.http.shapes.base import Counts, Covered, FiguredCounts, Figures, FilmLine, Paged, Shape, TrendLine


class Trends(Covered):
    """Films by activity, or those that rise or decline. by: what is counted."""

    window: str
    by: By
    genre: str | None
    results: list[TrendLine]


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


class FilmNow(Covered):
    """A film's figures, right now."""

    movie_id: int
    votes: Votes
    sentiment: FilmSentiment
    last_24h: Day


def described(hint: Any) -> Any:
    """Return how a field of a film's description stands in JSON."""
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        return list[Credit] if inner is events.Credit else list[inner]  # type: ignore[valid-type]
    return hint


FIELDS: dict[str, Any] = {name: (described(hint), ...) for name, hint in FILM_FIELDS.items() if name != "deleted"}
Film: type[BaseModel] = create_model(
    "Film",
    __base__=FilmNow,
    __doc__="A film, right now: its description with every field of `FilmEvent`, and its figures."
    " Money in dollars; unknown is null, never zero.",
    **{**FIELDS, "title": (str | None, ...)},
)


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
    """How people feel about a film. opinion_model: the name and version of what the learned score is made by."""

    model_config = ConfigDict(extra="allow")

    movie_id: int
    title: str | None
    window: str
    to: str
    opinion_model: str
    overall: Figures
    label: str | None
    counts: Counts
    velocity: int | None
    acceleration: int | None
    confidence: Interval | None
    breakdown: list[Period]


class Window(Shape):
    """A window's reviews, those of the window before, its sentiment, and the votes gained in both."""

    reviews: int
    votes: int
    votes_before: int
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
    """A month's reviews and sentiment, and the votes gained."""

    month: str
    votes: int
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
    """A film and why it is there. likeness: from 0 to 2.7, to which a common series gives 1; summed over up to three films."""

    likeness: float
    score: float
    reasons: list[str]


class Similar(Covered):
    """Films like one, and those that the same people like, where ratings were imported; `score` is then the model's."""

    movie_id: int
    title: str | None
    results: list[SimilarLine]
    liked_together: list[SimilarLine]


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
    """A film, the votes and reviews it is expected to get, and those of as many days before."""

    rank: int
    expected: Quantiles
    last: int


class Outlook(Covered):
    """The films that most votes and reviews, or either, are forecast for."""

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


class OwnFilm(Shape):
    """A film of a person's own list. stars: of 10."""

    movie_id: int
    title: str | None
    release_date: str | None
    stars: float | None
    seen: bool
    liked: bool
    wanted: bool
    sources: list[str]


class Unmatched(Shape):
    """A film of that list that is not known here, or that several films may be."""

    source: str
    title: str
    year: int | None
    imdb_id: str | None


class OwnList(Covered):
    """A person's own films, matched with those that are known: again at each publication, as films arrive.

    liked: ids of the best rated and liked, best first; unmatched: the first hundred; unmatched_total: all of them.
    """

    results: list[OwnFilm]
    liked: list[int]
    unmatched: list[Unmatched]
    unmatched_total: int
