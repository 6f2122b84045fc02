"""The TMDB v3 client: one request budget for all processes, retries that wait as told, errors in words."""

import asyncio
import random
import re
import sqlite3
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol

import httpx

from marquee.adapters.sqlite import connect, transaction
from marquee.errors import BadAnswerError, NotFoundError, TerminalError, TransientError, UnauthorizedError
from marquee.work import span

SOURCE = "tmdb"
PAGE_CAP = 500
"""TMDB serves no page past this one, whatever `total_pages` says."""

CHANGES_DAYS = 14
"""Longest range of /movie/changes."""

APPENDED = "credits,keywords,reviews"
TRIES = 7
LONGEST_WAIT = 120.0
V3_KEY = re.compile(r"[0-9a-f]{32}")
Params = dict[str, str | int]

SCHEMA = "CREATE TABLE IF NOT EXISTS budget (one INTEGER PRIMARY KEY CHECK (one = 1), free_at REAL NOT NULL);"


class Slots(Protocol):
    """A budget of requests."""

    def reserve(self) -> float:
        """Take the next free slot; return how long to wait for it, in seconds."""
        ...

    def penalise(self, seconds: float) -> None:
        """Let nobody ask for some seconds: TMDB said so."""
        ...


class Budget:
    """Spaces requests evenly at a rate, over all processes that share the file."""

    def __init__(self, path: Path, rate: float, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self.rate = rate
        self.now = now
        self.connection: sqlite3.Connection = connect(path, SCHEMA)

    def reserve(self) -> float:
        """Take the next free slot; return how long to wait for it, in seconds.

        A slot further off than `LONGEST_WAIT` comes of a clock that was set back, and is forgotten.
        """
        with transaction(self.connection, self.path) as db:
            now = self.now()
            row = db.execute("SELECT free_at FROM budget").fetchone()
            free_at = row[0] if row and row[0] - now < LONGEST_WAIT else now
            slot = max(now, free_at)
            db.execute("INSERT OR REPLACE INTO budget VALUES (1, ?)", (slot + 1 / self.rate,))
        return slot - now

    def penalise(self, seconds: float) -> None:
        """Let nobody ask for some seconds: TMDB said so."""
        with transaction(self.connection, self.path) as db:
            until = self.now() + min(seconds, LONGEST_WAIT - 1)
            db.execute(
                "INSERT INTO budget VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET free_at = max(free_at, ?)",
                (until, until),
            )


def backoff(attempt: int) -> float:
    """Return a wait in seconds: full jitter over an exponentially growing range (Brooker, AWS, 2015)."""
    return random.uniform(0, min(30.0, 0.25 * 2**attempt))  # noqa: S311


def retry_after(header: str | None) -> float | None:
    """Read a Retry-After header, seconds or a date; None where there is none or it says nothing."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def check_key(key: str) -> str:
    """Return the key if it can travel in a header; UnauthorizedError for a v3 key, which cannot."""
    if V3_KEY.fullmatch(key.strip()):
        raise UnauthorizedError(
            "TMDB_API_KEY is a v3 API key, which TMDB takes only in the address, where logs would show it",
            hint="Use the API Read Access Token from https://www.themoviedb.org/settings/api.",
        )
    return key.strip()


class Tmdb:
    """TMDB's API. Every call may raise UnauthorizedError, NotFoundError, TerminalError or TransientError."""

    def __init__(
        self,
        url: str,
        key: str,
        budget: Slots | None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        connections: int = 8,
    ) -> None:
        self.budget = budget
        self.sleep = sleep
        self.client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}", "Accept": "application/json"},
            timeout=httpx.Timeout(20.0, connect=10.0),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            transport=transport,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.client.aclose()

    async def get(self, path: str, **params: str | int) -> Any:
        """Return the JSON of an answer, retrying what may pass."""
        problem: TransientError = TransientError(f"TMDB did not answer {path}")
        for attempt in range(TRIES):
            if self.budget is not None:
                with span("tmdb.wait"):
                    await self.sleep(await asyncio.to_thread(self.budget.reserve))
            try:
                return await self.attempt(path, params)
            except TransientError as error:
                problem = error
                if error.wait is not None and self.budget is not None:
                    self.budget.penalise(error.wait)
                await self.sleep(backoff(attempt) if error.wait is None else error.wait + backoff(0))
        raise TransientError(
            f"{problem.message} (tried {TRIES} times)",
            hint="Check the network and https://status.themoviedb.org. What was fetched is kept: the next start goes on.",
        )

    async def attempt(self, path: str, params: Params) -> Any:
        """Make one request and read the answer."""
        try:
            with span("tmdb.request"):
                response = await self.client.get(path, params=params)
        except httpx.HTTPError as error:
            raise TransientError(f"TMDB cannot be reached for {path}: {type(error).__name__}") from None
        if response.status_code == 429 or response.status_code >= 500:
            wait = retry_after(response.headers.get("retry-after"))
            raise TransientError(f"TMDB answered {response.status_code} for {path}", wait=wait)
        try:
            body = response.json()
        except ValueError:
            raise BadAnswerError(f"TMDB's answer to {path} is not JSON (truncated?)") from None
        if response.is_success:
            return body
        raise refusal(response.status_code, path, body)

    async def movie(self, movie_id: int) -> dict[str, Any]:
        """Return a film with credits, keywords and all its reviews."""
        body = await self.get(f"/movie/{movie_id}", append_to_response=APPENDED)
        if not isinstance(body, dict):
            raise BadAnswerError(f"TMDB's answer to /movie/{movie_id} is not an object")
        reviews = body.get("reviews")
        if isinstance(reviews, dict) and isinstance(reviews.get("results"), list):
            for page in range(2, last_page(reviews) + 1):
                more = await self.get(f"/movie/{movie_id}/reviews", page=page)
                reviews["results"] += more.get("results") or []
        return body

    async def page(self, path: str, page: int, **params: str | int) -> tuple[list[dict[str, Any]], int]:
        """Return a list's page and the last page that TMDB serves of it."""
        body = await self.get(path, page=page, **params)
        results = body.get("results") if isinstance(body, dict) else None
        if not isinstance(results, list):
            raise BadAnswerError(f"TMDB's answer to {path} has no results")
        return [item for item in results if isinstance(item, dict)], last_page(body)

    async def changes(self, start: str, end: str) -> set[int]:
        """Return the ids of films changed between two dates (at most 14 days apart)."""
        ids: set[int] = set()
        page, last = 1, 1
        while page <= last:
            results, last = await self.page("/movie/changes", page, start_date=start, end_date=end)
            ids |= {item["id"] for item in results if isinstance(item.get("id"), int) and not item.get("adult")}
            page += 1
        return ids

    async def genres(self) -> dict[int, str]:
        """Return the genres' names by id."""
        body = await self.get("/genre/movie/list")
        return {genre["id"]: genre["name"] for genre in body["genres"]}


def last_page(body: dict[str, Any]) -> int:
    """Return the last page that can be asked for."""
    pages = body.get("total_pages")
    return min(pages, PAGE_CAP) if isinstance(pages, int) else 1


def refusal(status: int, path: str, body: object) -> TerminalError:
    """Return the error of an answer that trying again will not change."""
    said = str(body.get("status_message") or body.get("errors") or "") if isinstance(body, dict) else ""
    if status == 401:
        return UnauthorizedError(
            f"TMDB refused the key: {said}",
            hint="Set TMDB_API_KEY to the API Read Access Token from https://www.themoviedb.org/settings/api, "
            "or unset it to use the simulator.",
        )
    if status == 404:
        return NotFoundError(f"TMDB has no {path}: {said}")
    return TerminalError(f"TMDB refused {path} with {status}: {said}")
