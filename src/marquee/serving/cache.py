"""The answer cache: finished responses by path, for one version of the views, in front of all routing."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, MutableMapping
from hashlib import blake2b
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

BYTES_HELD = 64 * 1024 * 1024
ENTRY_LIMIT = 1024 * 1024


class AnswerCache:
    """ASGI middleware: serves repeated GETs under `prefixes` from stored bytes, with ETag and 304.

    A new run, a new speed version or a new 5-minute window is a new version, and empties it: nothing
    stale can be served, and nothing needs to be told to expire.
    """

    def __init__(self, app: App, version: Callable[[], Hashable], prefixes: tuple[str, ...]) -> None:
        self.app = app
        self.version = version
        self.prefixes = prefixes
        self.held: OrderedDict[tuple[str, bytes], tuple[Headers, bytes, bytes]] = OrderedDict()
        self.size = 0
        self.of: Hashable = None
        self.hits = 0
        self.misses = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the cache, or from the application and keep what it said."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(self.prefixes):
            await self.app(scope, receive, send)
            return
        version = self.version()
        if version != self.of:
            self.held.clear()
            self.size, self.of = 0, version
        key = (scope["path"], scope["query_string"])
        entry = self.held.get(key)
        if entry is not None:
            self.hits += 1
            self.held.move_to_end(key)
            await respond(scope, send, *entry)
            return
        self.misses += 1
        await self.fill(key, version, scope, receive, send)

    async def fill(self, key: tuple[str, bytes], version: Hashable, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer; a 200 is tagged, kept and sent, anything else passes through."""
        start: Message = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif start["status"] != 200:
                if not parts:
                    parts.append(b"")
                    await send(start)
                await send(message)
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    await finish()

        async def finish() -> None:
            body = b"".join(parts)
            etag = b'"' + blake2b(body, digest_size=12).hexdigest().encode() + b'"'
            headers = [*start["headers"], (b"etag", etag), (b"cache-control", b"no-cache")]
            if version == self.of and len(body) <= ENTRY_LIMIT:
                self.held[key] = (headers, body, etag)
                self.size += len(body)
                while self.size > BYTES_HELD:
                    self.size -= len(self.held.popitem(last=False)[1][1])
            await respond(scope, send, headers, body, etag)

        await self.app(scope, receive, collect)


async def respond(scope: Scope, send: Send, headers: Headers, body: bytes, etag: bytes) -> None:
    """Send stored bytes, or 304 where the reader has them."""
    for name, value in scope["headers"]:
        if name == b"if-none-match" and (etag in value or value.strip() == b"*"):
            kept = [header for header in headers if header[0] not in (b"content-length", b"content-type")]
            await send({"type": "http.response.start", "status": 304, "headers": kept})
            await send({"type": "http.response.body", "body": b""})
            return
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
