"""Take the pictures of the live page that stand in the docs: `python tests/viz/live/pictures.py [NAME…]`."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from conftest import start, stop  # type: ignore[import-not-found]

LATER = 600_000
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
PULLED = "lever=USA.queue_time.2027-01.0.25"  # the question of the tutorial


def live(page: Page, url: str) -> None:
    for query in ("?month=2026-02", f"?month=2033-01&{PULLED}"):  # the baseline first, so that it is whole in the picture
        page.goto(url + query)
        page.wait_for_function("+(document.querySelector('.wl-sync[data-known]') || {dataset: {}}).dataset.known == 240", timeout=LATER)
    expect(page.locator(".wl-date")).to_have_text("2033-01", timeout=LATER)
    expect(page.locator(".wl-race").get_by_text("baseline", exact=True)).to_be_visible(timeout=LATER)


def compare(page: Page, url: str) -> None:
    page.goto(f"{url}?tab=compare&a=baseline&b=%40levers&compare=Coin%7CValue&{PULLED}")
    expect(page.get_by_text("run to the end")).to_have_count(2, timeout=LATER)


def ensemble(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 1060})
    page.goto(f"{url}?tab=ensemble&of=baseline&and=%40levers&worlds=16&vary=1&fan=Coin%7CValue&regions=USA,CHN&{PULLED}")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".wl-ensemble-state")).to_have_text(re.compile("^done"), timeout=LATER)


def main() -> None:
    folder, wanted = Path(__file__).parents[3] / "docs", sys.argv[1:]
    server = start()
    with sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for show in (live, compare, ensemble):
            if wanted and show.__name__ not in wanted:
                continue
            page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
            show(page, server.url)
            page.wait_for_timeout(1500)
            page.screenshot(path=folder / f"{show.__name__}.png")
            page.close()
        chromium.close()
    stop(server)


if __name__ == "__main__":
    main()
