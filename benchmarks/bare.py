"""A bare ASGI application on the same server, that says the same bytes every time: what the API is measured against."""

import asyncio
import sys
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

BODY = b'{"answer": "' + b"x" * 1_500 + b'"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})


if __name__ == "__main__":
    server = Server(app, port=int(sys.argv[1]), interface=Interfaces.ASGI, log_enabled=False)
    asyncio.run(server.serve())
