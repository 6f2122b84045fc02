"""The application as a client sees it, without a socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from marquee.app import Platform
from marquee.http.application import create


@asynccontextmanager
async def lifetime(platform: Platform) -> AsyncIterator[Any]:
    """Start the application over a platform, and end it."""
    app = create(platform)
    started, ended = asyncio.Event(), asyncio.Event()
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(message: Any) -> None:
        (started if "startup" in message["type"] else ended).set()

    lifespan = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, inbox.get, send))
    await inbox.put({"type": "lifespan.startup"})
    await started.wait()
    yield app
    await inbox.put({"type": "lifespan.shutdown"})
    await ended.wait()
    await lifespan


@asynccontextmanager
async def client_of(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        lifetime(platform) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client,
    ):
        yield client


class Caller:
    """Makes requests, each in an application of its own lifetime."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    def __call__(self, *paths: str, headers: dict[str, str] | None = None) -> list[httpx.Response]:
        async def run() -> list[httpx.Response]:
            async with client_of(self.platform) as client:
                return [await client.get(path, headers=headers) for path in paths]

        return asyncio.run(run())

    def post(self, path: str, *bodies: Any) -> list[httpx.Response]:
        async def run() -> list[httpx.Response]:
            async with client_of(self.platform) as client:
                return [await client.post(path, json=body) for body in bodies]

        return asyncio.run(run())
