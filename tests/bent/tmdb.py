"""A small TMDB of films that a test makes up, on a real socket, any answer of which a test can bend."""

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

NONE_SUCH = {"success": False, "status_code": 34, "status_message": "The resource you requested could not be found."}
BROKEN = {"success": False, "status_code": 11, "status_message": "Internal error: Something went wrong."}
BAD_KEY = {"success": False, "status_code": 7, "status_message": "Invalid API key: You must be granted a valid key."}
PAGE = 20
TOKEN = "eyJhbGciOi.bent-tmdb-token.0123456789"
Query = dict[str, str]


def film(movie_id: int, **more: Any) -> dict[str, Any]:
    """A film's body, without reviews."""
    return {
        "adult": False,
        "id": movie_id,
        "title": f"Harbour {movie_id}",
        "original_title": f"Harbour {movie_id}",
        "original_language": "en",
        "overview": "A ship does not come in.",
        "genres": [{"id": 18, "name": "Drama"}],
        "release_date": "2020-05-01",
        "status": "Released",
        "runtime": 100,
        "budget": 1_000_000,
        "revenue": 5_000_000,
        "vote_count": 100 + movie_id,
        "vote_average": 7.1,
        "popularity": 3.5,
        "credits": {"cast": [{"id": 1, "name": "Ada Player"}], "crew": []},
        "keywords": {"keywords": [{"id": 1, "name": "harbour"}]},
        **more,
    }


def review(name: str, **more: Any) -> dict[str, Any]:
    """A review's body."""
    written = "2026-02-01T10:00:00.000Z"
    return {
        "id": name,
        "author": "a",
        "author_details": {"rating": 8},
        "content": "Fine.",
        "created_at": written,
        **more,
    }


def paged(items: list[Any], page: int, size: int = PAGE) -> dict[str, Any]:
    """A page of a list, with TMDB's counts."""
    shown = items[(page - 1) * size : page * size]
    return {"page": page, "results": shown, "total_pages": max(1, -(-len(items) // size)), "total_results": len(items)}


@dataclass
class World:
    """What this TMDB holds now."""

    films: dict[int, dict[str, Any]] = field(default_factory=dict)
    reviews: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    changed: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, path: str, query: Query) -> tuple[int, Any]:
        """The status and body of a path, as TMDB would have it."""
        page = int(query.get("page", "1"))
        lines = [
            body
            for body in sorted(self.films.values(), key=lambda body: -body["vote_count"])
            if body["release_date"].startswith(query.get("primary_release_year", ""))
            and body["original_language"] == query.get("with_original_language", body["original_language"])
        ]
        match path.strip("/").split("/"):
            case ["genre", "movie", "list"]:
                return 200, {"genres": [{"id": 18, "name": "Drama"}]}
            case ["movie", "changes"]:
                return 200, paged(self.changed, page, 100)
            case ["discover", "movie"] | ["movie", "popular" | "top_rated"] | ["trending", "movie", "day"]:
                return 200, paged(lines, page)
            case ["movie", number, *rest] if int(number) in self.films:
                reviews = self.reviews.get(int(number), [])
                if rest:
                    return 200, {"id": int(number), **paged(reviews, page)}
                return 200, {**self.films[int(number)], "reviews": paged(reviews, 1)}
        return 404, NONE_SUCH


@dataclass(frozen=True)
class Bend:
    """An answer as it comes instead. body: bytes as they are, else JSON; cut: bytes after which the connection breaks."""

    status: int = 200
    body: Any = b""
    headers: tuple[tuple[str, str], ...] = ()
    cut: int | None = None

    @property
    def content(self) -> bytes:
        """The bytes of the body."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Asked:
    """A request that came."""

    path: str
    query: Query
    headers: dict[str, str]


Bending = Callable[[Asked, int], "Bend | None"]


def straight(asked: Asked, number: int) -> Bend | None:
    """Bend nothing."""
    return None


@dataclass
class BentTmdb:
    """The server. bend: says how the n-th request is answered, None as it should be."""

    world: World = field(default_factory=World)
    bend: Bending = straight
    key: str | None = None
    log: list[Asked] = field(default_factory=list)
    url: str = ""
    tls: ssl.SSLContext | None = None

    def paths(self) -> list[str]:
        """The paths that were asked for."""
        return [asked.path for asked in self.log]

    def respond(self, asked: Asked) -> Bend:
        """Answer a request."""
        self.log.append(asked)
        bent = self.bend(asked, len(self.log))
        if bent is not None:
            return bent
        given = (asked.headers.get("authorization", "").removeprefix("Bearer "), asked.query.get("api_key"))
        if self.key is not None and self.key not in given:
            return Bend(401, BAD_KEY)
        return Bend(*self.world.answer(asked.path, asked.query))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while line := (await reader.readline()).decode("latin-1").split():
                headers: dict[str, str] = {}
                while header := (await reader.readline()).decode("latin-1").strip():
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                target = urlsplit(line[1])
                path = target.path.removeprefix("/3")
                answer = self.respond(Asked(path, dict(parse_qsl(target.query)), headers))
                writer.write(self.head(answer) + answer.content[: answer.cut])
                await writer.drain()
                if answer.cut is not None:
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    @staticmethod
    def head(answer: Bend) -> bytes:
        """The status line and headers of an answer."""
        given = {name.lower() for name, _ in answer.headers}
        lines = [f"HTTP/1.1 {answer.status} Bent", *(f"{name}: {value}" for name, value in answer.headers)]
        if "content-type" not in given:
            lines.append("content-type: application/json;charset=utf-8")
        return ("\r\n".join([*lines, f"content-length: {len(answer.content)}"]) + "\r\n\r\n").encode("latin-1")


@contextmanager
def served(tmdb: BentTmdb) -> Iterator[BentTmdb]:
    """Serve on a port of 127.0.0.1, in a thread."""
    loop, started = asyncio.new_event_loop(), threading.Event()

    async def run() -> None:
        server = await asyncio.start_server(tmdb.serve, "127.0.0.1", 0, ssl=tmdb.tls)
        scheme = "http" if tmdb.tls is None else "https"
        tmdb.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/3"
        started.set()
        await stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    try:
        assert started.wait(10)
        yield tmdb
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
