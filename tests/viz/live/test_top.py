"""The top bar: it shows its world however the page is opened, tells what is wrong, and stays on the screen."""

from __future__ import annotations

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
        page.get_by_role("button", name="Download ▾").click()
        menu = page.get_by_role("menu").bounding_box()
        assert menu is not None
        assert 0 <= menu["x"] <= width - menu["width"], width
        page.get_by_role("button", name="Download ▾").click()


def test_method_tells_what_was_moved_and_another_identity(strict_page, live):
    page = strict_page
    page.goto(live.url + "?month=2026-09&tab=method")
    rows = page.locator(".wl-method section", has_text="This world").first
    expect(rows).to_contain_text("Identity", timeout=LATER)
    plain = rows.locator("tr", has_text="Identity").inner_text()
    assert "Moved by hand" not in rows.inner_text()
    page.goto(live.url + MOVED + "&shock=fab_outage~TWN~2026-06~6~0.9&tab=method")
    expect(rows).to_contain_text("Moved by hand in 2026-03", timeout=LATER)
    expect(rows).to_contain_text("USA: Time in the interconnection queue (factor) → 0.25")
    expect(rows).to_contain_text("An outage of 90% of the fabs of TWN for 6 months")
    expect(rows.locator("tr", has_text="Title")).to_contain_text("moved by hand")
    assert rows.locator("tr", has_text="Identity").inner_text() != plain


def test_a_world_that_has_ended_takes_no_lever_and_offers_to_go_back(strict_page, live):
    page = strict_page
    page.goto(live.url + "?month=2032-01")
    expect(page.locator(".wl-state")).to_have_text("finished", timeout=60_000)
    ended = page.locator(".wl-ended")
    expect(ended).to_contain_text("This world ends at 2032-01")
    lever = page.locator('[data-lever="queue_time"]')
    expect(lever.get_by_role("button", name="maximal")).to_be_disabled()
    expect(lever.get_by_role("slider")).to_be_disabled()
    expect(page.get_by_role("button", name="Set a shock …")).to_be_disabled()
    ended.get_by_role("button", name="Go back to 2027-01").click()
    expect(page.locator(".wl-date")).to_have_text("2027-01", timeout=LATER)
    expect(ended).to_have_count(0)
    expect(lever.get_by_role("button", name="maximal")).to_be_enabled()


def test_words_and_units_are_explained_and_files_carry_their_origin(strict_page, live):
    page = strict_page
    page.goto(live.url + MOVED + "&chart=Compute%7CPowered%20H100e")
    expect(page.locator(".wl-coin")).to_contain_text("One coin is one firm watt", timeout=LATER)
    race = page.locator(".wl-race")
    unit = race.locator(".wt-unit")
    expect(unit).to_have_attribute("title", "H100e: chips counted as Nvidia H100 of the same performance", timeout=LATER)
    page.locator(".wl-race .wl-pick").get_by_role("button", name="AI · Capability").click()
    expect(unit).to_have_attribute("title", "OOM: orders of magnitude, each ten times the one before", timeout=LATER)
    expect(page.locator(".wl-map svg[data-chart]")).to_contain_text("AI that runs at the site, GW")
    with page.expect_download() as given:
        page.locator(".wl-binds").get_by_role("button", name="CSV").click()
    assert given.value.suggested_filename == "wattrace-baseline-seed1-moved-what-binds.csv"
    head = page.locator(".wl-binds .wt-head")
    expect(head).to_contain_text("plants and halls that wait, GW")
