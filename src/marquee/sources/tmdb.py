"""The TMDB v3 client: one request budget for all processes, retries where they can help, errors in words."""

import asyncio
import logging
import random
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from marquee.errors import BadAnswerError, SettingsError, SourceError, TransientError, UnreachableError
from marquee.ports.budget import LONGEST_WAIT, Slots
from marquee.sources.tmdb_answers import Answer, quoted
from marquee.sources.tmdb_key import is_v3
from marquee.sources.tmdb_lists import READINGS, Listing, Page, count, page_of, read_list
from marquee.spans import span

SOURCE = "tmdb"
GENRES = "/genre/movie/list"
APPENDED = "credits,keywords,recommendations,reviews"
LISTS = {"credits": ("cast", "crew"), "keywords": ("keywords", "results")}
"""Lists that parts of a film hold."""

TRIES = 7
PATIENCE = 45.0
"""Seconds after which a call is not tried again, but where the source asked for a longer pause."""

ANSWER_SECONDS = 40.0
"""Seconds that one answer may take, to its last byte."""

MOST_BYTES = 32 * 1024**2
"""Bytes of an answer, unpacked, that are read; the largest of TMDB's have one million."""

SHORTEST_KEY = 12
Params = dict[str, str | int]
log = logging.getLogger(__name__)


def is_warning(record: logging.LogRecord) -> bool:
    """Let warnings through alone: below them, the HTTP library shows addresses, and a v3 key is part of one."""
    return record.levelno >= logging.WARNING


for name in ("httpx", *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks"))):
    logging.getLogger(name).addFilter(is_warning)


@dataclass(frozen=True, slots=True)
class FilmAnswer:
    """What TMDB says of a film: its body, and its reviews, which may stand on several pages."""

    body: dict[str, Any]
    reviews: Listing

    @property
    def lacking(self) -> str:
        """What was asked for and is not there, in words: that is unknown, and not empty."""
        return " and ".join(part for part, lists in LISTS.items() if not self.has(part, lists))

    def has(self, part: str, lists: Sequence[str]) -> bool:
        """Say whether a part holds one of its lists."""
        held = self.body.get(part)
        return isinstance(held, dict) and any(isinstance(held.get(name), list) for name in lists)


def backoff(attempt: int) -> float:
    """Return a wait in seconds: full jitter over an exponentially growing range (Brooker, AWS, 2015)."""
    return random.uniform(0, min(30.0, 0.25 * 2**attempt))  # noqa: S311


def address_of(url: str) -> str:
    """Return a base address without the slash at its end; SettingsError where it cannot be one."""
    try:
        parts = urlsplit(url.strip())
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        httpx.URL(url.strip())
    except (ValueError, httpx.InvalidURL):
        sound = False
    if not sound:
        raise SettingsError(
            "MARQUEE_TMDB_URL is no address that can be asked",
            hint="TMDB's own is https://api.themoviedb.org/3, which holds where nothing is set.",
        )
    return url.strip().rstrip("/")


class Tmdb:
    """TMDB's API. Every call may raise a SourceError, RefusedError (NotFoundError) or TransientError (BadAnswerError).

    answered: whether TMDB has ever given here what was asked for. Until then what looks like no network, or like another
    network's page, is told at the first try; later it is worth some more.
    """

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
        self.url = address_of(url)
        self.key = key
        self.shown_key: Params = {"api_key": key} if is_v3(key) else {}
        self.budget = budget
        self.sleep = sleep
        self.answered = False
        self.client = httpx.AsyncClient(
            base_url=self.url,
            headers={"Accept": "application/json", **({} if self.shown_key else {"Authorization": f"Bearer {key}"})},
            timeout=httpx.Timeout(20.0, connect=10.0),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            transport=transport,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.client.aclose()

    async def get(self, path: str, **params: str | int) -> Any:
        """Return the JSON of an answer, retrying what may pass."""
        began, tries = time.monotonic(), 0
        while True:
            if self.budget is not None:
                with span("tmdb.wait"):
                    await self.sleep(await asyncio.to_thread(self.budget.reserve))
            try:
                return await self.attempt(path, params)
            except TransientError as error:
                tries += 1
                if isinstance(error, SourceError) and not (self.answered and isinstance(error, UnreachableError)):
                    raise
                if tries == TRIES or (error.wait is None and time.monotonic() - began > PATIENCE):
                    raise given_up(error, tries) from None
                log.info("%s; trying again", error.message)
                await self.pause(error, tries)

    async def pause(self, error: TransientError, tries: int) -> None:
        """Wait before another try: as long as the source asked for, or a random while."""
        if error.wait is None:
            await self.sleep(backoff(tries - 1))
            return
        wait = min(error.wait, LONGEST_WAIT)
        if self.budget is not None:
            await asyncio.to_thread(self.budget.penalise, wait)
        await self.sleep(wait + backoff(0))

    async def attempt(self, path: str, params: Params) -> Any:
        """Make one request and read the answer."""
        try:
            with span("tmdb.request"):
                async with asyncio.timeout(ANSWER_SECONDS):
                    answer = await self.receive(path, params)
        except (TimeoutError, httpx.TimeoutException) as error:
            if isinstance(error, httpx.ConnectTimeout):
                raise unreachable(self.url, error) from None
            raise TransientError(f"TMDB did not answer {path} in time") from None
        except httpx.DecodingError:
            raise BadAnswerError(f"TMDB's answer to {path} cannot be unpacked") from None
        except (httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
            raise unreachable(self.url, error) from None
        except httpx.HTTPError as error:
            raise BadAnswerError(f"TMDB's answer to {path} broke off: {type(error).__name__}") from None
        found = answer.body()
        self.answered = True
        return found

    async def receive(self, path: str, params: Params) -> Answer:
        """Make one request and receive the answer; whatever repeats the key in it is hidden at once."""
        request = self.client.build_request("GET", path, params=params | self.shown_key)
        response = await self.client.send(request, stream=True)
        try:
            content = bytearray()
            if "," in response.headers.get("content-encoding", ""):
                raise BadAnswerError(f"TMDB's answer to {path} is packed more than once")
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > MOST_BYTES:
                    raise BadAnswerError(f"TMDB's answer to {path} is longer than {MOST_BYTES // 1024**2} MB")
        finally:
            await response.aclose()
        return self.hiding(Answer(self.url, path, response.status_code, dict(response.headers), bytes(content)))

    def hiding(self, answer: Answer) -> Answer:
        """Return an answer without the key, should the source repeat it; one that is too short to be a key is a word."""
        if len(self.key) < SHORTEST_KEY:
            return answer
        headers = {name: value.replace(self.key, "***") for name, value in answer.headers.items()}
        return replace(answer, headers=headers, content=answer.content.replace(self.key.encode(), b"***"))

    async def movie(self, movie_id: int) -> FilmAnswer:
        """Return a film with credits, keywords and all its reviews; BadAnswerError where the answer is about another."""
        path = f"/movie/{movie_id}"
        body = await self.get(path, append_to_response=APPENDED)
        told = body.get("id") if isinstance(body, dict) else None
        if not isinstance(body, dict) or isinstance(told, bool) or told != movie_id:
            what = f"film {told}" if count(told) else f"no film: {quoted(body)}"
            raise BadAnswerError(f"TMDB's answer to {path} is about {what}")
        try:
            first = page_of(body.get("reviews"), path)
        except BadAnswerError:
            return FilmAnswer(body, Listing([], "the answer has none"))
        return FilmAnswer(body, await self.listing(f"{path}/reviews", first))

    async def page(self, path: str, page: int, **params: str | int) -> Page:
        """Return a list's page."""
        return page_of(await self.get(path, page=page, **params), path)

    async def listing(
        self, path: str, first: Page | None = None, readings: int = READINGS, **params: str | int
    ) -> Listing:
        """Return a whole list, or what could be read of it."""
        return await read_list(lambda number: self.page(path, number, **params), first, readings)


def given_up(error: TransientError, tries: int) -> TransientError:
    """Return the error of a call that was tried often enough."""
    message = f"{error.message} (tried {tries} times)"
    if isinstance(error, SourceError):
        return UnreachableError(message, hint=error.hint)
    hint = error.hint or "See https://status.themoviedb.org. What was fetched is kept, and it is tried again later."
    return type(error)(message, hint=hint)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it comes from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def unreachable(url: str, error: Exception) -> UnreachableError:
    """Return the error of a connection that could not be made, and why as far as the system says."""
    host = urlsplit(url).hostname
    what, hint = (
        "nobody answers there",
        "Is this machine on the network? Does a firewall, or HTTPS_PROXY, stand in between?",
    )
    for cause in causes(error):
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "verify_message", "") or cause.reason or "the connection cannot be secured"
            what = f"the connection cannot be trusted ({reason})"
            hint = "Is this machine's clock right? A proxy that opens TLS has an authority of its own: name it in SSL_CERT_FILE."
        elif isinstance(cause, socket.gaierror):
            what, hint = "the name has no address (DNS)", "Is this machine on the network? Is the name right?"
        elif isinstance(cause, ConnectionRefusedError):
            what = "the connection is refused"
        elif isinstance(cause, httpx.ProxyError):
            what, hint = "the proxy does not let it through", "Look at HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
        elif isinstance(cause, httpx.ConnectTimeout):
            what = "nobody answers there in time"
    hint = f"{hint} The address is set by MARQUEE_TMDB_URL. What was fetched is kept: the next start goes on."
    return UnreachableError(f"TMDB cannot be reached at {host}: {what}", hint=hint)
