"""Routes about the platform itself: status, quality, health, metrics, and the live feed."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from marquee.http.routes.parameters import answer
from marquee.http.shapes import REFUSALS
from marquee.watch import health

operations = APIRouter(tags=["operations"], responses=REFUSALS)


@operations.get("/v1/status", summary="The state of every part")
async def status(request: Request) -> Response:
    """Return the state of log, batch, speed, quarantine and processes."""
    return answer(health.status(request.app.state.platform))


@operations.get("/v1/quality", summary="What the quality gates found in the last runs")
async def quality(request: Request) -> Response:
    """Return score, verdict and reasons of the last ten runs, layer by layer."""
    return answer(health.quality(request.app.state.platform))


@operations.get(
    "/v1/live",
    summary="What happens, as it happens",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Server-sent events"}},
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


@operations.get("/health", summary="Whether all is well")
async def healthy(request: Request) -> Response:
    """Return ok, or degraded with the reasons; 200 in both cases, because answers are served in both."""
    return answer(health.report(request.app.state.platform))


@operations.get("/metrics", summary="Prometheus metrics", responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Return the metrics in Prometheus' text format."""
    return Response(request.app.state.telemetry.text(), media_type="text/plain; version=0.0.4")
