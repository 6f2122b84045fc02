"""Routes about the platform itself: status, quality, health, metrics, and the live feed."""

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from marquee.http.routes.declared import Kept, Routes
from marquee.http.routes.parameters import answer
from marquee.http.shapes import REFUSALS
from marquee.watch import health

operations = Routes(tags=["operations"], responses=REFUSALS)


@operations.question("/v1/status", {}, "The state of every part", scope="operate", kept=Kept.NEVER)
async def status(request: Request) -> Response:
    """Return the state of log, batch, speed, quarantine and processes."""
    return answer(health.status(request.app.state.platform))


@operations.question(
    "/v1/quality", {}, "What the quality gates found in the last runs", scope="operate", kept=Kept.NEVER
)
async def quality(request: Request) -> Response:
    """Return score, verdict and reasons of the last ten runs, layer by layer."""
    return answer(health.quality(request.app.state.platform))


@operations.question(
    "/v1/live",
    {200: {"content": {"text/event-stream": {}}, "description": "Server-sent events"}},
    "What happens, as it happens",
    response_class=StreamingResponse,
    kept=Kept.NEVER,
)
async def live(request: Request) -> StreamingResponse:
    """Stream server-sent events: `hello`, then `update` with the films that changed, at each change of the views.

    A reader that falls behind loses the oldest updates and is told how many; a comment every 15 s keeps it open.
    """
    return StreamingResponse(
        request.app.state.feed.stream(),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


@operations.question("/health", {}, "Whether all is well", scope="open", kept=Kept.NEVER)
async def healthy(request: Request) -> Response:
    """Return ok, or degraded with the reasons; 200 in both cases, because answers are served in both."""
    return answer(health.report(request.app.state.platform))


@operations.question(
    "/metrics", {200: {"content": {"text/plain": {}}}}, "Prometheus metrics", scope="operate", kept=Kept.NEVER
)
async def metrics(request: Request) -> Response:
    """Return the metrics in Prometheus' text format."""
    return Response(request.app.state.telemetry.text(), media_type="text/plain; version=0.0.4")
