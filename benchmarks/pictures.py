"""`python -m benchmarks.pictures`: docs/pictures of every page of the platform on port 8000, and when each first shows."""

import os
import shutil
import sys
from pathlib import Path

import httpx
from playwright.sync_api import expect, sync_playwright

from marquee.client import Client

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
URL = "http://127.0.0.1:8000"
WIDTH, HEIGHT = 1_200, 1_100


def paths() -> dict[str, str]:
    """Return the pages by the names of their pictures: of the film that rises most, and of the most central person."""
    with Client(URL) as marquee:
        film = marquee.trending("30d", 1).rows[0]["movie_id"]
        person = marquee.people(page_size=1).rows[0]["person_id"]
        genre = marquee.genres().rows[0]["genre"]
    pages = {name: f"/{name}" for name in ("live", "history", "watch", "system")}
    return {
        "overview": "/",
        **pages,
        "film": f"/film?id={film}",
        "genre": f"/genres?name={genre}",
        "person": f"/people?id={person}",
    }


def main() -> None:
    program = shutil.which("chromium") or sys.exit("no Chromium on the path: apt-get install chromium")
    try:
        found = paths()
    except (httpx.HTTPError, IndexError) as error:
        sys.exit(f"nothing to picture at {URL}: start it with `make run` ({error})")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        with playwright.chromium.launch(executable_path=program, args=options) as browser:
            for name, path in found.items():
                page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
                page.goto(URL + path)
                expect(page.locator("[aria-busy=true]")).to_have_count(0)
                page.wait_for_timeout(500)
                page.screenshot(path=FOLDER / f"{name}.png")
                painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1")
                print(f"{name}: first content after {painted:.0f} ms")
                page.close()


if __name__ == "__main__":
    main()
