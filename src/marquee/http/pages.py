"""The web pages: one layout, a fragment and a script a page, and the libraries they use, served from their packages."""

from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

WEB = Path(__file__).parent / "web"
PAGES = {
    "/": ("overview", "Overview"),
    "/live": ("live", "Live"),
    "/history": ("history", "History"),
    "/film": ("film", "Films"),
    "/genres": ("genres", "Genres"),
    "/people": ("people", "People"),
    "/watch": ("watch", "What to watch"),
    "/system": ("system", "System"),
    "/docs": ("docs", "API"),
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
        "{nav}": " ".join(links),
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


def mount(app: FastAPI) -> None:
    """Serve the pages and what they load: Chart.js of the package chartkick, Swagger UI of fastapi-swagger."""
    charts = files("chartkick") / "django" / "static" / "chartkick"
    swagger = files("fastapi_swagger") / "resources"
    app.include_router(pages)
    app.mount("/static/swagger", GZipMiddleware(StaticFiles(directory=str(swagger))))
    app.mount("/static/chart", GZipMiddleware(StaticFiles(directory=str(charts))))
    app.mount("/static", GZipMiddleware(StaticFiles(directory=WEB)))
