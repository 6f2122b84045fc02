"""Pure ASGI middleware: who may ask, security headers, and how long each answer took."""

import hmac
import logging
import math
import re
import secrets
import time
from collections.abc import Sequence
from typing import Any

import orjson
from prometheus_client import Histogram

from marquee.asgi import App, Message, Receive, Scope, Send
from marquee.domain.keys import SCOPES
from marquee.domain.timeline import Clock
from marquee.http.routes.declared import Declared
from marquee.ports import Keys, Limits
from marquee.spans import span

SLOW_SECONDS = 0.5
"""Time to the beginning of an answer above which it is logged: the alert on slow answers fires there too."""

REQUEST_ID = re.compile(rb"[A-Za-z0-9-]{1,64}")
log = logging.getLogger(__name__)

SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data: https://image.tmdb.org; style-src 'self' 'unsafe-inline';"
        b" script-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
]


def problem(status: int, title: str, detail: str, **more: Any) -> bytes:
    """Return problem details (RFC 9457) as JSON bytes."""
    return orjson.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail, **more})


class KeyGuard:
    """Asks for an API key where there are any, checks its scope, and limits its rate.

    The page, the docs and the health check stay open. Without any key all is open: then only this
    machine can reach the port.
    """

    def __init__(
        self, app: App, declared: Declared, keys: Keys, static_key: str | None, limit: Limits, clock: Clock
    ) -> None:
        self.app = app
        self.declared = declared
        self.keys = keys
        self.static_key = static_key.encode() if static_key else None
        self.limit = limit
        self.clock = clock
        self.asked = static_key is not None or keys.any_standing()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer 401, 403 or 429."""
        if not self.asked or scope["type"] != "http" or (needed := self.declared.scope(scope["path"])) == "open":
            await self.app(scope, receive, send)
            return
        found = self.holder(key_of(scope))
        if found is None:
            await refuse(
                send, 401, "Unauthorized", "Send a valid API key in the X-API-Key header, or as a bearer token."
            )
            return
        name, scopes = found
        if needed not in scopes:
            await refuse(send, 403, "Forbidden", f"This key lacks the scope {needed!r}.")
            return
        allowance = self.limit.take(name)
        headers = allowance.headers()
        if not allowance.allowed:
            headers.append((b"retry-after", str(math.ceil(allowance.wait)).encode()))
            await refuse(send, 429, "Too many requests", f"Try again in {allowance.wait:.1f} s.", headers)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await self.app(scope, receive, with_headers)

    def holder(self, given: bytes) -> tuple[str, tuple[str, ...]] | None:
        """Return the name and the scopes of the key given, None for a wrong one."""
        if self.static_key is not None and hmac.compare_digest(given, self.static_key):
            return "MARQUEE_API_KEY", SCOPES
        key = self.keys.find(given.decode(errors="replace"), self.clock.now()) if given else None
        return None if key is None else (str(key.id), key.scopes)


def header(scope: Scope, wanted: bytes) -> bytes:
    """Return a request's header, empty without it."""
    return next((value for name, value in scope["headers"] if name == wanted), b"")


def key_of(scope: Scope) -> bytes:
    """Return the key that came with a request, in X-API-Key or (as Prometheus can) in Authorization; empty without."""
    kind, _, token = header(scope, b"authorization").partition(b" ")
    return header(scope, b"x-api-key") or (token.strip() if kind.lower() == b"bearer" else b"")


async def refuse(send: Send, status: int, title: str, detail: str, more: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Answer with problem details."""
    headers = [(b"content-type", b"application/problem+json"), *more]
    if status == 401:
        headers.append((b"www-authenticate", b"ApiKey"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": problem(status, title, detail)})


class Watch:
    """Times every request, gives it an id, and adds the security headers. What fails or is slow is logged by that id."""

    def __init__(self, app: App, declared: Declared, latency: Histogram) -> None:
        self.app = app
        self.declared = declared
        self.latency = latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; note its status and time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status, answered, request = 500, began, request_id(scope)
        stamped = (*SECURITY_HEADERS, (b"x-request-id", request))

        async def noting(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], time.perf_counter()
                message = {**message, "headers": [*message["headers"], *stamped]}
            await send(message)

        parent, route = header(scope, b"traceparent").decode("latin-1") or None, self.declared.label(scope["path"])
        try:
            with span("request", parent, route=route, request=request.decode()) as opened:
                await self.app(scope, receive, noting)
                opened.set_attribute("status", status)
        finally:
            self.latency.labels(route, str(status)).observe(time.perf_counter() - began)
            waited = answered - began
            if status >= 500 or waited > SLOW_SECONDS:
                level = logging.ERROR if status >= 500 else logging.WARNING
                said = "%s %s answered %d in %.0f ms", scope["method"], scope["path"], status, waited * 1_000
                log.log(level, *said, extra={"request": request.decode()})


def request_id(scope: Scope) -> bytes:
    """Return the id that the caller gave (X-Request-ID: letters, digits, dashes), or a new one."""
    given = header(scope, b"x-request-id")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8).encode()
