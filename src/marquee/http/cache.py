"""The answer cache: finished responses by path and version, in front of all routing. One flight a question."""

import asyncio
import gzip
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import blake2b

import orjson

from marquee.asgi import App, Message, Receive, Scope, Send
from marquee.http.routes.declared import Declared, Kept
from marquee.ports.answers import SharedAnswers
from marquee.serving.answers.query import Query

Headers = list[tuple[bytes, bytes]]
Key = tuple[str, bytes]

BYTES_HELD = 64 * 1024 * 1024
ENTRY_LIMIT = 1024 * 1024
WORTH_PACKING = 1_024
MINUTES = 60.0
LONGEST_ID = 16
"""Digits of a film's id that are worth keeping an answer for."""


def rule(path: str, query: Query, declared: Declared) -> tuple[Hashable, float] | None:
    """Return (the version an answer depends on, seconds it may be kept), None of what is never kept."""
    found = declared.match(path)
    if found is None or found[0].kept is Kept.NEVER:
        return None
    route, values = found
    _, speed, window = query.version()
    run = query.world.edition
    if route.kept is Kept.CHANGES:
        return (run, speed, window), 5 * MINUTES
    if route.kept is Kept.FILM:
        movie_id = values["movie_id"]
        if not movie_id.isdecimal() or len(movie_id) > LONGEST_ID:
            return None
        return (run, query.world.changed.get(int(movie_id), 0), window), 5 * MINUTES
    if route.kept is Kept.PUBLICATIONS:
        return run, 15 * MINUTES
    return (run, window), 5 * MINUTES


@dataclass(slots=True)
class Entry:
    """A kept answer. `packed`: its gzip, made when first asked for."""

    version: Hashable
    until: float
    headers: Headers
    body: bytes
    etag: bytes
    packed: bytes | None = None

    def dump(self) -> bytes:
        """Return the headers and the body as bytes."""
        names = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in self.headers]
        return orjson.dumps([names, self.etag.decode()]) + b"\n" + self.body

    @staticmethod
    def load(version: Hashable, until: float, held: bytes) -> "Entry":
        """Read back what `dump` wrote."""
        head, _, body = held.partition(b"\n")
        names, etag = orjson.loads(head)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in names]
        return Entry(version, until, headers, body, etag.encode())


class AnswerCache:
    """ASGI middleware: serves repeated GETs from stored bytes, with ETag, 304 and gzip.

    An answer is kept with the version of what it depends on (`rule`): a publication changes every version, so
    nothing stale outlives it and nothing needs to be told to expire. Of equal questions at one time, one is
    worked out and the others wait for it. `shared`: a second cache behind this one, for all processes.
    """

    def __init__(
        self,
        app: App,
        rule: Callable[[str], tuple[Hashable, float] | None],
        clock: Callable[[], float] = time.monotonic,
        shared: SharedAnswers | None = None,
    ) -> None:
        self.app = app
        self.shared = shared
        self.rule = rule
        self.clock = clock
        self.held: OrderedDict[Key, Entry] = OrderedDict()
        self.flights: dict[tuple[Key, Hashable], asyncio.Future[None]] = {}
        self.size = 0
        self.hits = 0
        self.misses = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the cache, or from the application and keep what it said."""
        kept = self.rule(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if kept is None:
            await self.app(scope, receive, send)
            return
        version, seconds = kept
        key = (scope["path"], scope["query_string"])
        entry = self.find(key, version)
        if entry is None:
            flight = self.flights.get((key, version))
            if flight is not None:
                await flight
                entry = self.find(key, version)
        if entry is not None:
            self.hits += 1
            await respond(scope, send, entry)
            return
        flight = self.flights[key, version] = asyncio.get_running_loop().create_future()
        try:
            if self.shared is not None and await self.fetch(self.shared, key, version, seconds, scope, send):
                return
            self.misses += 1
            await self.fill(key, version, seconds, scope, receive, send)
        finally:
            del self.flights[key, version]
            flight.set_result(None)

    async def fetch(
        self, shared: SharedAnswers, key: Key, version: Hashable, seconds: float, scope: Scope, send: Send
    ) -> bool:
        """Answer with what another process has worked out; return whether there was any."""
        held = await shared.get(name_of(key, version))
        if held is None:
            return False
        self.hits += 1
        entry = Entry.load(version, self.clock() + seconds, held)
        self.keep(key, entry)
        await respond(scope, send, entry)
        return True

    def find(self, key: Key, version: Hashable) -> Entry | None:
        """Return a kept answer that is still good."""
        entry = self.held.get(key)
        if entry is None:
            return None
        if entry.version != version or entry.until < self.clock():
            self.drop(key)
            return None
        self.held.move_to_end(key)
        return entry

    def drop(self, key: Key) -> None:
        """Forget an answer."""
        entry = self.held.pop(key, None)
        if entry is not None:
            self.size -= len(entry.body)

    def keep(self, key: Key, entry: Entry) -> None:
        """Keep an answer; those not asked for longest make room."""
        self.drop(key)
        self.held[key] = entry
        self.size += len(entry.body)
        while self.size > BYTES_HELD:
            self.drop(next(iter(self.held)))

    async def fill(
        self, key: Key, version: Hashable, seconds: float, scope: Scope, receive: Receive, send: Send
    ) -> None:
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
            etag = blake2b(body, digest_size=12).hexdigest().encode()
            headers = [header for header in start["headers"] if header[0] != b"content-length"]
            headers += [(b"cache-control", b"no-cache"), (b"vary", b"accept-encoding")]
            entry = Entry(version, self.clock() + seconds, headers, body, etag)
            now = self.rule(scope["path"])
            if now is not None and now[0] == version and len(body) <= ENTRY_LIMIT:
                self.keep(key, entry)
                if self.shared is not None:
                    await self.shared.put(name_of(key, version), entry.dump(), seconds)
            await respond(scope, send, entry)

        await self.app(scope, receive, collect)


def name_of(key: Key, version: Hashable) -> str:
    """Return the name under which processes share an answer."""
    return f"answer:{version}:{key[0]}?{key[1].decode('latin-1')}"


async def respond(scope: Scope, send: Send, entry: Entry) -> None:
    """Send a kept answer, packed where the reader takes that, or 304 where it has it."""
    packs = False
    for name, value in scope["headers"]:
        if name == b"if-none-match" and (entry.etag in value or value.strip() == b"*"):
            kept = [header for header in entry.headers if header[0] != b"content-type"]
            headers = [*kept, (b"etag", b'W/"' + entry.etag + b'"')]
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        if name == b"accept-encoding":
            packs = b"gzip" in value and len(entry.body) >= WORTH_PACKING
    body = entry.body
    headers = [*entry.headers, (b"etag", b'W/"' + entry.etag + b'"')]
    if packs:
        if entry.packed is None:
            entry.packed = gzip.compress(entry.body, 5, mtime=0)
        body = entry.packed
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
