"""The simulated TMDB over HTTP, as a bare ASGI application: keys, errors, 429s and faults like TMDB's."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qs

import orjson

from marquee.asgi import Receive, Scope, Send
from marquee.domain.timeline import DAY, Clock, ManualClock
from marquee.sources.simulator.catalogue import GENRES, day_name
from marquee.sources.simulator.service import NOT_FOUND, Body, ServiceError, SimulatedTmdb

BAD_KEY = (401, 7, "Invalid API key: You must be granted a valid key.")
TOO_MANY = (429, 25, "Your request count is over the allowed limit.")


@dataclass(slots=True)
class Faults:
    """What goes wrong on purpose: every n-th request is refused, broken off, or failed; 0 means never."""

    refuse_every: int = 0
    truncate_every: int = 0
    fail_every: int = 0
    retry_after: int = 0


class SimulatorApp:
    """The ASGI application. `rate` bounds requests per second as TMDB does (0: unbounded).

    PUT /simulator/clock with {"now": ms} sets a manual clock; there is no such call in TMDB's API.
    """

    def __init__(
        self, service: SimulatedTmdb, clock: Clock, key: str, rate: float = 0, faults: Faults | None = None
    ) -> None:
        self.service = service
        self.clock = clock
        self.key = key
        self.rate = rate
        self.faults = faults or Faults()
        self.times: deque[float] = deque()
        self.count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        self.count += 1
        status, body, headers = await self.respond(scope, receive)
        content = orjson.dumps(body)
        if self.hits(self.faults.truncate_every) and status == 200:
            content = content[: len(content) // 2]
        headers = [(b"content-type", b"application/json;charset=utf-8"), *headers]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def hits(self, every: int) -> bool:
        """Say whether a fault strikes this request."""
        return bool(every) and self.count % every == 0

    async def respond(self, scope: Scope, receive: Receive) -> tuple[int, Any, list[tuple[bytes, bytes]]]:
        """Return (status, body, headers)."""
        query = parse_qs(scope["query_string"].decode(errors="replace"))
        if self.key not in self.given(scope, query):
            return failure(*BAD_KEY)
        if scope["path"] == "/simulator/clock" and scope["method"] == "PUT":
            return await self.set_clock(receive)
        if self.hits(self.faults.fail_every):
            return failure(503, 46, "The API is undergoing maintenance. Try again later.")
        if self.over_rate() or self.hits(self.faults.refuse_every):
            status, body, _ = failure(*TOO_MANY)
            return status, body, [(b"retry-after", str(self.faults.retry_after).encode())]
        try:
            return 200, self.route(scope["path"], query), []
        except ServiceError as error:
            return failure(error.status, error.code, str(error))

    @staticmethod
    def given(scope: Scope, query: dict[str, list[str]]) -> list[str]:
        """Return the keys that a request gives, in its header or, as TMDB's older kind, in its address."""
        headers = [value.decode(errors="replace") for name, value in scope["headers"] if name == b"authorization"]
        return [header.removeprefix("Bearer ") for header in headers] + query.get("api_key", [])

    async def set_clock(self, receive: Receive) -> tuple[int, Any, list[tuple[bytes, bytes]]]:
        """Move the manual clock."""
        message = await receive()
        if not isinstance(self.clock, ManualClock):
            return failure(422, 5, "The clock of this simulator runs by itself.")
        self.clock.time = int(orjson.loads(message["body"])["now"])
        return 200, {"now": self.clock.time}, []

    def over_rate(self) -> bool:
        """Count the request against the rate of the last second."""
        if not self.rate:
            return False
        now = asyncio.get_running_loop().time()
        while self.times and self.times[0] < now - 1:
            self.times.popleft()
        if len(self.times) >= self.rate:
            return True
        self.times.append(now)
        return False

    def route(self, path: str, query: dict[str, list[str]]) -> Body:
        """Return the body of a path."""

        def number(name: str, usual: int) -> int:
            text = query.get(name, [str(usual)])[0]
            if not text.lstrip("-").isdigit():
                raise ServiceError(400, 22, f"Invalid {name}: it is expected to be an integer.")
            return int(text)

        page = number("page", 1)
        match path.strip("/").removeprefix("3/").split("/"):
            case ["genre", "movie", "list"]:
                return {"genres": [{"id": key, "name": name} for key, name in GENRES.items()]}
            case ["movie", "changes"]:
                today = day_name(self.service.clock.now() // DAY)
                start, end = (query.get(name, [today])[0] for name in ("start_date", "end_date"))
                try:
                    return self.service.changes(date.fromisoformat(start), date.fromisoformat(end), page)
                except ValueError:
                    raise ServiceError(422, 5, "Invalid parameters: dates are YYYY-MM-DD.") from None
            case ["movie", ("popular" | "top_rated") as kind]:
                return self.service.listing(kind, page)
            case ["trending", "movie", _]:
                return self.service.listing("trending", page)
            case ["discover", "movie"]:
                year = number("primary_release_year", 0) or None
                if year is None and query.get("sort_by") == ["popularity.desc"]:
                    return self.service.listing("discover_popular", page)
                return self.service.listing("discover", page, year, query.get("with_original_language", [None])[0])
            case ["movie", movie_id] if movie_id.isdigit():
                append = frozenset(query.get("append_to_response", [""])[0].split(","))
                return self.service.movie(int(movie_id), append)
            case ["movie", movie_id, "reviews"] if movie_id.isdigit():
                return self.service.reviews(int(movie_id), page)
        raise ServiceError(*NOT_FOUND)


def failure(status: int, code: int, message: str) -> tuple[int, Body, list[tuple[bytes, bytes]]]:
    """Return an error in TMDB's shape."""
    return status, {"success": False, "status_code": code, "status_message": message}, []


@dataclass(slots=True)
class CatchUpClock:
    """Starts in the past and runs `factor` times as fast as the system until it has caught up; then it is the system's."""

    system: Clock
    started: int
    start: int
    factor: float

    def now(self) -> int:
        """Return the simulated time."""
        present = self.system.now()
        return min(present, round(self.start + (present - self.started) * self.factor))


@dataclass(slots=True)
class SwitchClock(ManualClock):
    """A manual clock that is the system's once it has been set to 0."""

    system: Clock

    def now(self) -> int:
        """Return the time it was set to, or the system's."""
        return self.time or self.system.now()
