"""Pictures of the dashboards of a Superset that start.sh serves on this machine: `make superset-pictures`."""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from bundle import DASHBOARDS  # noqa: E402


def main(folder: Path, address: str, password: str) -> None:
    """Log in, open each dashboard, wait until every chart is drawn, and take its picture."""
    program = shutil.which("chromium") or sys.exit("no Chromium on the path: apt-get install chromium")
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=options)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(f"{address}/login/")
        page.get_by_label("Username").fill("admin")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/superset/welcome/**")
        for board in DASHBOARDS:
            page.goto(f"{address}/superset/dashboard/{board.slug}/?standalone=2")
            page.wait_for_selector(f".dashboard-component-chart-holder >> nth={len(board.charts) - 1}")
            grid = page.locator(".grid-container").bounding_box()
            page.set_viewport_size({"width": 1400, "height": int(grid["height"] if grid else 1000) + 120})
            page.wait_for_function("() => !document.querySelector('.loading, .ant-skeleton')", timeout=60_000)
            page.wait_for_timeout(1_500)  # the charts' own entrance
            failed = page.get_by_text("Error").all_inner_texts()
            if failed:
                sys.exit(f"{board.title}: {', '.join(failed)}")
            page.screenshot(path=folder / f"superset-{board.slug.removeprefix('marquee-')}.png")
        browser.close()


if __name__ == "__main__":
    state = Path(os.environ.get("MARQUEE_SUPERSET", ".marquee/superset"))
    secret = (state / "admin_password").read_text().strip()
    main(ROOT / "docs" / "pictures", f"http://127.0.0.1:{os.environ.get('SUPERSET_PORT', '8088')}", secret)
