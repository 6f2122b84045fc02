"""The web pages: one layout, a fragment and a script a page, and the libraries they use, served from their packages."""

from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from swagger_ui_bundle import swagger_ui_path

WEB = Path(__file__).parent.parent / "web"
PAGES = {
    "/": ("overview", "Overview"),
    "/live": ("live", "Live"),
    "/history": ("history", "History"),
    "/film": ("film", "Films"),
    "/genres": ("genres", "Genres"),
    "/people": ("people", "People"),
    "/watch": ("watch", "What to watch"),
    "/system": ("system", "System"),
}
"""Paths of the pages, with their files' name and their title."""

pages = APIRouter(include_in_schema=False)


@cache
def page(path: str) -> str:
    """Return a page's HTML."""
    name, title = PAGES[path]
    links = []
    for other, (_, label) in PAGES.items():
        current = ' aria-current="page"' if other == path else ""
        links.append(f'<a href="{other}"{current}>{escape(label)}</a>')
    parts = {
        "{title}": escape(title),
        "{name}": name,
        "{nav}": " ".join([*links, '<a href="/docs">API</a>']),
        "{content}": (WEB / "pages" / f"{name}.html").read_text(encoding="utf-8").rstrip("\n"),
    }
    html = (WEB / "layout.html").read_text(encoding="utf-8")
    for mark, part in parts.items():
        html = html.replace(mark, part)
    return html


async def show(request: Request) -> HTMLResponse:
    """Answer with a page."""
    return HTMLResponse(page(request.url.path), headers={"cache-control": "no-cache"})


for _path in PAGES:
    pages.add_api_route(_path, show, methods=["GET", "HEAD"])


@pages.get("/docs")
async def docs() -> Response:
    """Answer with the API's interactive documentation."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Marquee API",
        swagger_js_url="/static/swagger/swagger-ui-bundle.js",
        swagger_css_url="/static/swagger/swagger-ui.css",
        swagger_favicon_url="/static/icon.svg",
    )


def mount(app: FastAPI) -> None:
    """Serve the pages and what they load; Chart.js comes with the package chartkick."""
    charts = files("chartkick") / "django" / "static" / "chartkick"
    app.include_router(pages)
    app.mount("/static/swagger", GZipMiddleware(StaticFiles(directory=swagger_ui_path)))
    app.mount("/static/chart", GZipMiddleware(StaticFiles(directory=str(charts))))
    app.mount("/static", GZipMiddleware(StaticFiles(directory=WEB)))
