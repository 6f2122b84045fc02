"""The web pages in headless Chromium: they load, say what they have, work by keyboard, and axe finds no serious fault."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from axe_core_python import __file__ as axe_package
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.conftest import missing
from tests.processes import serving
from tests.world import BARE, BOMBED

from marquee.app import Platform
from marquee.domain.own import OwnFilm
from marquee.domain.timeline import ManualClock
from marquee.settings import load

AXE = (Path(axe_package).parent / "axe.min.js").read_text()
PAGES = (
    *("/", "/live", "/history", "/film", "/film?id=1", f"/film?id={BARE}", "/film?q=film+1", "/genres"),
    *("/genres?name=Drama", "/people", "/people?id=130", "/watch", "/system"),
)
SCREENS = {"desktop": (1_280, 900, "light"), "dark": (1_280, 900, "dark"), "phone": (360, 740, "light")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a screen."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        missing("chromium", "no Chromium on the path: apt-get install chromium")
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        with playwright.chromium.launch(executable_path=program, args=options) as found:
            yield found


@pytest.fixture(scope="module")
def address(present_home: Path) -> Iterator[str]:
    """The address of a server over the little world."""
    with serving("serve", "--home", str(present_home)) as port:
        yield f"http://127.0.0.1:{port}"


def opened(
    browser: Browser, url: str, screen: str = "desktop", asked: list[str] | None = None
) -> tuple[Page, list[str]]:
    """Open a page and wait until everything on it has loaded; return it with what its console complained of.

    asked: where the addresses go of all that it asks for.
    """
    width, height, scheme = SCREENS[screen]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: None if asked is None else asked.append(request.url))
    page.goto(url)
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=30_000)
    expect(page.locator("#fresh")).not_to_contain_text("Reading")
    page.wait_for_timeout(200)
    return page, errors


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("path", PAGES)
def test_pages_load_without_a_serious_fault(browser: Browser, address: str, path: str, screen: str) -> None:
    page, errors = opened(browser, address + path, screen)
    assert errors == []
    assert page.locator("h1").inner_text().strip()
    assert page.locator("footer").inner_text().startswith("This product uses the TMDB API")
    assert page.locator(".error").count() == 0
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")["violations"]
    serious = [
        (fault["id"], [node["html"] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert serious == []
    if screen == "phone":
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.close()


def test_a_film_says_what_its_label_means(browser: Browser, address: str) -> None:
    page, _ = opened(browser, f"{address}/film?id=1")
    told = page.locator("#mood .note").first.inner_text()
    assert "favourable from 7 of its author's own stars" in told
    assert "opinion-1" in told
    assert re.search(r"[+−-]\d\.\d\d (positive|neutral|negative)", page.locator("#tiles").inner_text())
    assert {"favourable", "mixed", "unfavourable"} <= set(page.locator("#mood thead th").all_text_contents())
    page.close()


def test_charts_are_drawn_and_their_data_can_be_read(browser: Browser, address: str) -> None:
    page, _ = opened(browser, f"{address}/")
    assert page.locator("#activity canvas").count() == 1
    drawn = page.evaluate("Object.values(Chart.instances).map((c) => c.data.datasets[0].data.length)")
    assert drawn == [89]
    page.locator("#activity summary").press("Enter")
    assert page.locator("#activity tbody tr").count() == 89
    page.close()


def test_a_film_is_found_by_keyboard_alone(browser: Browser, address: str) -> None:
    page, _ = opened(browser, f"{address}/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "find":
            break
    page.keyboard.type("film 17")
    page.keyboard.press("Enter")
    page.wait_for_url("**/film?q=film+17")
    first = page.locator("#results a").first
    expect(first).to_have_text("Film 17")
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/film?id=17")
    expect(page.locator("h1")).to_have_text("Film 17")
    expect(page.locator("#similar tbody tr").first).to_be_visible()
    expect(page.locator("#next")).to_contain_text("80 %")
    page.close()


def test_live_shows_what_rises_and_what_is_odd(browser: Browser, address: str) -> None:
    page, _ = opened(browser, f"{address}/live")
    page.get_by_label("7 days").check()
    expect(page.locator("#trending")).to_contain_text(f"Film {BOMBED}")
    expect(page.locator("#trending .rising").first).to_be_visible()
    expect(page.locator("#odd")).to_contain_text("review bombing")
    expect(page.locator("#feed-state")).to_have_text("Connected.")
    page.locator("select[name=genre]").select_option("Comedy")
    expect(page.locator("#trending tbody tr").first).to_contain_text("Comedy")
    page.close()


def test_history_answers_by_metric_and_dimension(browser: Browser, address: str) -> None:
    page, _ = opened(browser, f"{address}/history")
    expect(page.locator("#summary")).to_contain_text("reviews:")
    page.locator("select[name=metric]").select_option("sentiment")
    expect(page.locator("#summary")).to_contain_text("mean sentiment:")
    page.locator("#by").select_option("tier")
    expect(page.locator("#feelings")).to_contain_text("niche")
    page.locator("#money-by").select_option("month")
    expect(page.locator("#money tbody tr")).to_have_count(12)
    page.close()


def test_people_are_joined_by_films(browser: Browser, address: str) -> None:
    page, _ = opened(browser, f"{address}/people?id=130")
    expect(page.locator("#person-title")).to_have_text("Person 30")
    page.locator("#to").fill("101")
    page.locator("#to").press("Enter")
    expect(page.locator("#steps")).to_contain_text("apart")
    assert page.locator("#steps li").count() % 2 == 1
    page.close()


def test_what_to_watch_begins_with_a_persons_own_films(browser: Browser, present_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(present_home, tmp_path / "home")
    own = [OwnFilm("letterboxd", f"film{n}", f"Film {n}", None, stars=90, seen=True) for n in (2, 3)]
    own.append(OwnFilm("letterboxd", "nowhere", "Nowhere", 1990, seen=True))
    Platform(load(home=home)).own_films.put("letterboxd", own, ["stars", "seen"])
    with serving("serve", "--home", str(home)) as port:
        page, errors = opened(browser, f"http://127.0.0.1:{port}/watch")
        expect(page.locator("#own")).to_have_text("Your own list has 2 of these films; 1 more are not known here yet.")
        expect(page.locator("#chosen li")).to_have_count(2)
        expect(page.get_by_label("Leave out what I have seen")).to_be_checked()
        expect(page.locator("#list tbody tr").first).to_be_visible()
        assert errors == []
        page.close()


def test_what_to_watch_follows_what_was_liked(browser: Browser, address: str) -> None:
    page, _ = opened(browser, f"{address}/watch")
    expect(page.locator("#list")).to_have_text("Add a film to begin.")
    page.locator("#liked").fill("Film 2")
    page.locator("#liked").press("Enter")
    expect(page.locator("#chosen li")).to_have_count(1)
    expect(page.locator("#list tbody tr").first).to_be_visible()
    page.locator("#chosen button").press("Enter")
    expect(page.locator("#list")).to_have_text("Add a film to begin.")
    page.locator("#liked").fill("zzzzqqq")
    page.locator("#liked").press("Enter")
    expect(page.locator("#list")).to_contain_text("no film is called")
    page.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_every_operation_of_the_api_is_shown_and_one_is_tried(browser: Browser, address: str, screen: str) -> None:
    described = httpx.get(f"{address}/openapi.json").json()["paths"]
    asked: list[str] = []
    page, errors = opened(browser, f"{address}/docs", screen, asked)
    expect(page.locator(".opblock").first).to_be_visible()
    shown = {
        (
            block.locator(".opblock-summary-method").inner_text().lower(),
            block.locator("[data-path]").get_attribute("data-path"),
        )
        for block in page.locator(".opblock").all()
    }
    assert shown == {(method, path) for path, operations in described.items() for method in operations}
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")["violations"]
    serious = {fault["id"] for fault in found if fault["impact"] in ("serious", "critical")}
    assert serious <= {"nested-interactive"}, "Swagger UI has its copying button within the one that opens an operation"
    film = page.locator(".opblock", has=page.locator("[data-path='/v1/movies/{movie_id}']"))
    film.locator(".opblock-summary-control").click()
    film.locator(".try-out__btn").click()
    film.locator("tr[data-param-name=movie_id] input").fill("17")
    film.locator(".execute").click()
    expect(film.locator(".live-responses-table tbody .response-col_status")).to_contain_text("200")
    expect(film.locator(".live-responses-table tbody .response-col_description")).to_contain_text("Film 17")
    assert errors == []
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {urlsplit(address).netloc}
    if screen == "phone":
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.close()


def test_what_is_tried_is_asked_with_the_key_of_the_pages(browser: Browser, tmp_path: Path, present_home: Path) -> None:
    home = shutil.copytree(present_home, tmp_path / "home")
    key = Platform(load(home=home)).keys.create("reader", ("read", "operate"), 0)
    with serving("serve", "--home", str(home)) as port:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/docs")
        genres = page.locator(".opblock", has=page.locator("[data-path='/v1/analytics/genres']"))
        genres.locator(".opblock-summary-control").click()
        for answered in ("401", "200"):
            genres.locator(".try-out__btn").click()
            genres.locator(".execute").click()
            expect(genres.locator(".live-responses-table tbody .response-col_status")).to_contain_text(answered)
            if answered == "401":
                page.locator("#key-value").fill(key)
                page.locator("#key-value").press("Enter")
                expect(page.locator("#key")).to_be_hidden()
        page.close()


def test_unknown_films_and_failures_are_said_in_words(browser: Browser, address: str) -> None:
    page, _ = opened(browser, f"{address}/film?id=999")
    expect(page.locator("#results .error")).to_contain_text("no film has the id 999")
    page.close()
    page = browser.new_page()
    page.route("**/v1/**", lambda route: route.fulfill(status=503, json={"detail": "The disk is away."}))
    page.goto(f"{address}/")
    expect(page.locator("#tiles .error")).to_contain_text("The disk is away.")
    page.close()


def test_pages_of_an_empty_platform_say_so(browser: Browser, tmp_path: Path, clock: ManualClock) -> None:
    home = tmp_path / "home"
    _ = Platform(load(home=home), clock).home
    with serving("serve", "--home", str(home)) as port:
        page, _ = opened(browser, f"http://127.0.0.1:{port}/")
        expect(page.locator("#next")).to_contain_text("No forecast yet")
        expect(page.locator("#rising")).to_contain_text("No film yet")
        page.close()
        page, _ = opened(browser, f"http://127.0.0.1:{port}/genres")
        expect(page.locator("#genres")).to_contain_text("no batch run has been published yet")
        page.close()


def test_a_page_asks_for_the_key(browser: Browser, tmp_path: Path, present_home: Path) -> None:
    home = shutil.copytree(present_home, tmp_path / "home")
    key = Platform(load(home=home)).keys.create("reader", ("read", "operate"), 0)
    with serving("serve", "--home", str(home)) as port:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/genres")
        page.locator("#key-value").fill(key)
        page.locator("#key-value").press("Enter")
        expect(page.locator("#genres")).to_contain_text("Drama")
        expect(page.locator("#key")).to_be_hidden()
        page.close()
