"""A client for Marquee's API, for scripts and notebooks.

    from marquee.client import Client
    with Client() as marquee:
        marquee.trending("7d", genre="Drama").to_pandas()

`AsyncClient` asks the same questions with `await`.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import httpx
import orjson

from marquee.errors import MarqueeError, TransientError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

URL = "http://127.0.0.1:8000"
TIMEOUT = 30.0
ROWS = ("results", "points", "breakdown", "months")
"""Where an answer keeps its table, in the order looked for."""

Parameters = Mapping[str, Any]


class ApiError(MarqueeError):
    """The API refused a question. `status`: HTTP's; `problem`: its problem details (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        detail = problem.get("detail") or problem.get("title") or "no reason given"
        super().__init__(f"{status}: {detail}", hint=str(problem.get("hint", "")))
        self.status = status
        self.problem = problem


class Answer(dict[str, Any]):
    """An answer as the API gave it, whose table can be had in the shape that is worked with."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The answer's table; an answer without one is a table of one row."""
        for name in ROWS:
            if isinstance(self.get(name), list):
                rows: list[dict[str, Any]] = self[name]
                return rows
        return [{name: value for name, value in self.items() if name != "coverage"}]

    def to_arrow(self) -> "pyarrow.Table":
        """Return the table as Arrow; nested values become columns such as "votes.count", lists text."""
        from marquee.libraries.spreadsheets import arrow_rows

        return arrow_rows(self.rows)

    def to_pandas(self) -> "pandas.DataFrame":
        """Return the table as a pandas DataFrame; pandas must be installed."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> "polars.DataFrame":
        """Return the table as a polars DataFrame; polars must be installed."""
        import polars

        table = self.to_arrow()
        return polars.DataFrame({name: polars.Series(name, table.column(name)) for name in table.column_names})


Given = TypeVar("Given")


class Questions(ABC, Generic[Given]):
    """Every question of the API. `filters`: genre, year_from, year_to, tier, language."""

    @abstractmethod
    def ask(self, path: str, parameters: Parameters | None = None, body: Any = None) -> Given:
        """Ask any path of the API: a GET, or a POST where there is a body."""
        ...

    def movie(self, movie_id: int) -> Given:
        """Return a film."""
        return self.ask(f"/v1/movies/{movie_id}")

    def sentiment(self, movie_id: int, window: str = "30d") -> Given:
        """Return how people feel about a film over 7d, 30d or all."""
        return self.ask(f"/v1/movies/{movie_id}/sentiment", {"window": window})

    def stats(self, movie_id: int) -> Given:
        """Return a film in figures."""
        return self.ask(f"/v1/movies/{movie_id}/stats")

    def similar(self, movie_id: int, limit: int = 12, **filters: Any) -> Given:
        """Return films like one."""
        return self.ask(f"/v1/movies/{movie_id}/similar", {"limit": limit, **filters})

    def forecast(self, movie_id: int, metric: str = "activity", days: int = 7) -> Given:
        """Return what comes next for a film: activity, votes, reviews or popularity, 7 or 28 days."""
        return self.ask(f"/v1/movies/{movie_id}/forecast", {"metric": metric, "days": days})

    def network(self, movie_id: int) -> Given:
        """Return a film's people and where else they meet."""
        return self.ask(f"/v1/movies/{movie_id}/network")

    def trending(self, window: str = "24h", limit: int = 20, by: str = "activity", **filters: Any) -> Given:
        """Return what most people turn to over 1h, 6h, 24h, 7d, 30d or 90d, by activity, votes or reviews."""
        return self.ask("/v1/trending/movies", {"window": window, "limit": limit, "by": by, **filters})

    def rising(self, window: str = "24h", limit: int = 20, by: str = "activity", **filters: Any) -> Given:
        """Return what gets more than its past lets expect."""
        return self.ask("/v1/rising/movies", {"window": window, "limit": limit, "by": by, **filters})

    def declining(self, window: str = "24h", limit: int = 20, by: str = "activity", **filters: Any) -> Given:
        """Return what falls behind."""
        return self.ask("/v1/declining/movies", {"window": window, "limit": limit, "by": by, **filters})

    def outlook(self, days: int = 7, limit: int = 20, by: str = "activity", **filters: Any) -> Given:
        """Return the films that most votes and reviews are forecast for."""
        return self.ask("/v1/outlook/movies", {"days": days, "limit": limit, "by": by, **filters})

    def search(self, q: str | None = None, **wanted: Any) -> Given:
        """Return a page of films; `listing` of the first page keeps later ones to the same list."""
        return self.ask("/v1/search/movies", {"q": q, **wanted})

    def suggest(self, q: str, limit: int = 8) -> Given:
        """Return films that half-typed words may mean."""
        return self.ask("/v1/search/suggest", {"q": q, "limit": limit})

    def recommend(self, liked: Sequence[int], disliked: Sequence[int] = (), **wish: Any) -> Given:
        """Return what to watch, from the ids of films liked and disliked."""
        return self.ask("/v1/recommendations", body={"liked": list(liked), "disliked": list(disliked), **wish})

    def mine(self) -> Given:
        """Return your own films: what was imported from Letterboxd or IMDb."""
        return self.ask("/v1/mine")

    def overview(self) -> Given:
        """Return the film world at a glance."""
        return self.ask("/v1/analytics/overview")

    def trends(self, metric: str = "activity", window: str = "90d", **filters: Any) -> Given:
        """Return activity, votes, reviews, sentiment, favourable or stars over 7d, 30d, 90d, 1y or 5y."""
        return self.ask("/v1/analytics/trends", {"metric": metric, "window": window, **filters})

    def genres(self) -> Given:
        """Return all genres."""
        return self.ask("/v1/analytics/genres")

    def genre(self, name: str, window: str = "90d") -> Given:
        """Return a genre."""
        return self.ask(f"/v1/analytics/genre/{name}", {"window": window})

    def comparison(self, by: str = "genre", window: str = "90d", **filters: Any) -> Given:
        """Return how feelings differ by genre, year, tier or language."""
        return self.ask("/v1/analytics/sentiment/comparison", {"by": by, "window": window, **filters})

    def revenue(self, by: str = "genre") -> Given:
        """Return money by genre, year, tier, month or language."""
        return self.ask("/v1/analytics/revenue", {"by": by})

    def seasons(self) -> Given:
        """Return releases by month, weekday and year, and reviews by weekday."""
        return self.ask("/v1/analytics/seasons")

    def anomalies(self, limit: int = 50) -> Given:
        """Return films whose last week is unlike them."""
        return self.ask("/v1/anomalies", {"limit": limit})

    def people(self, q: str | None = None, page: int = 1, page_size: int = 20) -> Given:
        """Return people by name, or all, the most central first."""
        return self.ask("/v1/people", {"q": q, "page": page, "page_size": page_size})

    def person(self, person_id: int) -> Given:
        """Return a person."""
        return self.ask(f"/v1/people/{person_id}")

    def path(self, start: int, end: int) -> Given:
        """Return a shortest chain of shared films between two people."""
        return self.ask("/v1/people/path", {"from": start, "to": end})


def request_of(path: str, parameters: Parameters | None, body: Any) -> dict[str, Any]:
    """Return what httpx needs of a question; parameters that are None are left out."""
    given = {name: value for name, value in (parameters or {}).items() if value is not None}
    return {"method": "GET" if body is None else "POST", "url": path, "params": given or None, "json": body}


def read(response: httpx.Response) -> Answer:
    """Return an answer; TransientError where asking again may help, ApiError where it cannot."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = {"detail": "the answer is not JSON: is this the address of a Marquee API?"}
        raise ApiError(response.status_code, body) from None
    if response.status_code in (429, 503):
        wait = response.headers.get("retry-after")
        raise TransientError(str(body.get("detail")), wait=float(wait) if wait else None)
    if response.is_error:
        raise ApiError(response.status_code, body)
    return Answer(body)


def unreachable(url: str, error: httpx.HTTPError) -> TransientError:
    """Return the error for an API that does not answer."""
    return TransientError(
        f"{url} does not answer: {error or type(error).__name__}", hint="Start it with `marquee up`, or give its URL."
    )


def headers_of(key: str | None) -> dict[str, str]:
    """Return the headers of every request."""
    return {"x-api-key": key} if key else {}


class Client(Questions[Answer]):
    """Asks, and waits for the answer."""

    def __init__(self, url: str = URL, key: str | None = None, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, headers=headers_of(key), timeout=TIMEOUT, transport=transport)

    def ask(self, path: str, parameters: Parameters | None = None, body: Any = None) -> Answer:
        """Ask any path of the API."""
        try:
            return read(self.http.request(**request_of(path, parameters, body)))
        except httpx.HTTPError as error:
            raise unreachable(self.url, error) from error

    def live(self) -> Iterator[Answer]:
        """Yield the live feed's updates, for as long as it is read."""
        with self.http.stream("GET", "/v1/live", timeout=httpx.Timeout(TIMEOUT)) as response:
            if response.is_error:
                response.read()
                read(response)
            event = ""
            for line in response.iter_lines():
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event == "update":
                    yield Answer(orjson.loads(line[6:]))

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.http.close()


class AsyncClient(Questions[Awaitable[Answer]]):
    """Asks, and can be awaited."""

    def __init__(
        self, url: str = URL, key: str | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.url = url
        self.http = httpx.AsyncClient(base_url=url, headers=headers_of(key), timeout=TIMEOUT, transport=transport)

    async def ask(self, path: str, parameters: Parameters | None = None, body: Any = None) -> Answer:
        """Ask any path of the API."""
        try:
            return read(await self.http.request(**request_of(path, parameters, body)))
        except httpx.HTTPError as error:
            raise unreachable(self.url, error) from error

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.http.aclose()
