"""The HTTP application: routes, errors in words, and the middleware in front of them."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

import marquee
from marquee.app import Platform
from marquee.asgi import App
from marquee.errors import MarqueeError, NotFoundError
from marquee.http.cache import AnswerCache, rule
from marquee.http.feed import Feed
from marquee.http.guard import KeyGuard, Watch, problem
from marquee.http.pages import PAGES, mount
from marquee.http.routes.analytics import views
from marquee.http.routes.declared import Declared, Route
from marquee.http.routes.films import films
from marquee.http.routes.operations import operations
from marquee.serving.answers.own import Own
from marquee.serving.answers.query import Query
from marquee.watch.telemetry import Telemetry

REFRESH_SECONDS = 0.25
NOTICE = "This product uses the TMDB API but is not endorsed or certified by TMDB."
log = logging.getLogger(__name__)


def problem_response(status: int, title: str, detail: str, **more: object) -> Response:
    """Return problem details as a response."""
    return Response(problem(status, title, detail, **more), status, media_type="application/problem+json")


async def on_marquee_error(request: Request, error: Exception) -> Response:
    """Answer 404 for what does not exist, and 503 for what cannot be answered now."""
    if isinstance(error, NotFoundError):
        return problem_response(404, "Not found", error.message, hint=error.hint)
    message = error.message if isinstance(error, MarqueeError) else "The answer could not be made."
    log.error("request failed: %s", error)
    return problem_response(503, "Not available", message)


async def on_invalid(request: Request, error: Exception) -> Response:
    """Answer 422 with each parameter that is wrong, and what it must be."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    wrong = [{"parameter": str(e["loc"][-1]), "where": str(e["loc"][0]), "message": e["msg"]} for e in found]
    detail = "; ".join(f"{item['parameter']}: {item['message']}" for item in wrong)
    return problem_response(422, "Invalid request", detail, errors=wrong)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer routing errors as problem details too."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else "Internal error"
    found = problem_response(status, detail, f"{request.method} {request.url.path}: {detail}. See /docs.")
    if isinstance(error, HTTPException) and error.headers:
        found.headers.update(error.headers)
    return found


async def on_crash(request: Request, error: Exception) -> Response:
    """Answer 500 for what nobody foresaw; the log has the rest."""
    log.error("%s %s crashed", request.method, request.url.path, exc_info=error)
    return problem_response(500, "Internal error", "The answer could not be made; the log of the API says why.")


def moved(query: Query) -> None:
    """Move the query service on; what a new run holds is left out of garbage collections, which it would make slow."""
    run = query.world.run
    query.refresh()
    if query.world.run != run:
        gc.unfreeze()
        gc.collect()
        gc.freeze()


async def keep_fresh(query: Query, feed: Feed) -> None:
    """Move the query service on, off the event loop, and tell the feed, as long as the application lives."""
    while True:
        before = query.world
        try:
            await asyncio.to_thread(moved, query)
            feed.publish(before, query.world, query.clock.now())
        except MarqueeError as error:
            log.warning("views could not be read: %s", error)
        await asyncio.sleep(REFRESH_SECONDS)


def routes(platform: Platform, query: Query, telemetry: Telemetry, feed: Feed) -> FastAPI:
    """Return the FastAPI application without its middleware."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(moved, query)
        task = asyncio.create_task(keep_fresh(query, feed))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    app = FastAPI(
        title="Marquee",
        version=marquee.__version__,
        description=f"Film analytics over TMDB's data: what is rising and how audiences feel. {NOTICE}",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.platform, app.state.query = platform, query
    app.state.telemetry, app.state.feed = telemetry, feed
    app.state.own = Own(platform.own_films)
    app.include_router(films)
    app.include_router(views)
    app.include_router(operations)
    app.add_exception_handler(MarqueeError, on_marquee_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, on_crash)

    mount(app)
    return app


OPEN = ("/openapi.json", *PAGES)
"""What asks for no key, beside the routes that say so."""

DECLARED = Declared(
    (*films.declared, *views.declared, *operations.declared, *(Route(path, scope="open") for path in OPEN))
)


def create(platform: Platform, feed: Feed | None = None) -> App:
    """Return the whole application over a platform: watch, guard, cache, routes. feed: the one whose owner ends it."""
    telemetry = Telemetry()
    query = platform.query()
    shared = platform.shared_answers()
    cache = AnswerCache(
        routes(platform, query, telemetry, feed or Feed()), lambda path: rule(path, query, DECLARED), shared=shared
    )
    telemetry.watch(platform, lambda: {"hit": cache.hits, "miss": cache.misses})
    key = platform.settings.api_key
    guard = KeyGuard(
        cache, DECLARED, platform.keys, key.get_secret_value() if key else None, platform.rate_limit(), platform.clock
    )
    origins = [origin.strip() for origin in platform.settings.cors_origins.split(",") if origin.strip()]
    if not origins:
        return Watch(guard, DECLARED, telemetry.latency)
    open_to: Any = CORSMiddleware(
        guard,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=["x-api-key", "content-type"],
        expose_headers=["etag", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"],
    )
    return Watch(open_to, DECLARED, telemetry.latency)
