"""Pure ASGI middleware: who may ask, security headers, and how long each answer took."""

import hmac
import time
from typing import Any

import orjson
from prometheus_client import Histogram

from marquee.serving.cache import App, Message, Receive, Scope, Send

OPEN_PATHS = frozenset({"/health", "/", "/docs", "/openapi.json"})
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data: https://image.tmdb.org; style-src 'self' 'unsafe-inline';"
        b" script-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    ),
]
KNOWN = frozenset({"v1", "movies", "sentiment", "trending", "search", "status", "health", "metrics", "docs", "static"})


def problem(status: int, title: str, detail: str, **more: Any) -> bytes:
    """Return problem details (RFC 9457) as JSON bytes."""
    return orjson.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail, **more})


def route_of(path: str) -> str:
    """Return a path's route with bounded variety, for a metric's label."""
    parts = path.strip("/").split("/")
    return "/" + "/".join(p if p in KNOWN else "{id}" if p.isdigit() else "other" for p in parts[:4] if p)


class KeyGuard:
    """Asks for the API key where one is set; the page, the docs and the health check stay open."""

    def __init__(self, app: App, key: str | None) -> None:
        self.app = app
        self.key = key.encode() if key else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer 401."""
        if self.key is None or scope["type"] != "http" or self.is_open(scope["path"]):
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-api-key"), b"")
        if hmac.compare_digest(given, self.key):
            await self.app(scope, receive, send)
            return
        body = problem(401, "Unauthorized", "Send the API key in the X-API-Key header.")
        headers = [(b"content-type", b"application/problem+json"), (b"www-authenticate", b"ApiKey")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    @staticmethod
    def is_open(path: str) -> bool:
        """Say whether a path needs no key."""
        return path in OPEN_PATHS or path.startswith("/static/")


class Watch:
    """Times every request, and adds the security headers."""

    def __init__(self, app: App, latency: Histogram) -> None:
        self.app = app
        self.latency = latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; note its status and time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], *SECURITY_HEADERS]}
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            self.latency.labels(route_of(scope["path"]), str(status)).observe(time.perf_counter() - began)
