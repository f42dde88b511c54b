"""The top bar: it shows its world however the page is opened, tells what is wrong, and stays on the screen."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

LATER = 20_000
MOVED = "?scenario=baseline&seed=1&month=2026-09&lever=USA.queue_time.2026-03.0.25"


@pytest.mark.parametrize("tab", ["live", "compare", "ensemble", "table", "method"])
def test_a_link_to_any_tab_shows_its_scenario_seed_and_month(strict_page, live, tab):
    page = strict_page
    # the world is open before a slow browser has its page
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
    page.goto(f"{live.url}{MOVED}&tab={tab}")
    expect(page.get_by_label("Scenario", exact=True)).to_have_value("baseline", timeout=LATER)
    expect(page.get_by_label("Seed", exact=True)).to_have_value("1")
    if tab not in ("compare", "ensemble"):
        expect(page.locator(".wl-date")).to_have_text("2026-09", timeout=LATER)
        expect(page.get_by_role("slider", name="Month", exact=True)).to_have_value("8")


@pytest.mark.parametrize("given", ["9999999999999999999", "-3", "1.5"])
def test_a_seed_that_cannot_be_is_told_and_the_box_set_back(strict_page, live, given):
    page = strict_page
    page.goto(live.url + "?month=2026-03")
    expect(page.locator(".wl-date")).to_have_text("2026-03", timeout=LATER)
    seed = page.get_by_label("Seed", exact=True)
    seed.fill(given)
    seed.press("Enter")
    fault = page.get_by_role("alert")
    expect(fault).to_contain_text(f"seed is '{given}'; allowed: a whole number from 0 to", timeout=LATER)
    expect(seed).to_have_value("1")
    expect(page.locator(".wl-date")).to_have_text("2026-03")
    seed.fill("4")
    seed.press("Enter")
    expect(fault).to_have_count(0, timeout=LATER)
    expect(seed).to_have_value("4", timeout=LATER)


def test_at_two_hundred_percent_everything_of_the_top_bar_is_on_the_screen(strict_page, live):
    page = strict_page
    page.set_viewport_size({"width": 720, "height": 450})
    page.goto(live.url + "?month=2026-03")
    expect(page.locator(".wl-date")).to_have_text("2026-03", timeout=LATER)
    for width in (720, 800, 960):
        page.set_viewport_size({"width": width, "height": 450})
        page.wait_for_timeout(250)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for name in ("Share link", "Download ▾"):
            place = page.get_by_role("button", name=name).bounding_box()
            assert place is not None
            assert 0 <= place["x"] <= width - place["width"], (name, width)
