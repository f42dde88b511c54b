"""The page in a real browser, offline: it shows, plays, steps, goes back, takes levers, and keeps its state in the address."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

LATER = 20_000  # milliseconds; the machine may be busy


@pytest.fixture
def page_at(strict_page, live):
    """A function that opens the page at a query and waits until a world stands."""

    def open_at(query: str = ""):
        strict_page.goto(live.url + query)
        expect(strict_page.locator(".wl-state")).to_have_text(re.compile("paused|on its way|finished"), timeout=LATER)
        return strict_page

    return open_at


def date_of(page) -> str:
    return page.locator(".wl-date").inner_text()


def test_everything_has_its_place_at_three_widths(page_at, box):
    page = page_at("?month=2027-01")
    expect(page.locator(".wl-date")).to_have_text("2027-01", timeout=LATER)
    for width, height in ((1024, 768), (1440, 900), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(250)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for part in (".wl-map svg[data-chart]", ".wl-race svg[data-chart]", ".wl-binds svg[data-chart]", ".wl-money svg[data-chart]"):
            place = box(page, part)
            assert place["width"] > 300, (part, width)
            assert place["height"] > 150, (part, width)
            assert place["x"] >= 0, (part, width)
            assert place["x"] + place["width"] <= width, (part, width)
        first = box(page, ".wl-map svg[data-chart]")
        assert first["y"] + 100 < height, "the map is seen without scrolling"


def test_step_play_pause_and_reset_move_the_date(page_at):
    page = page_at()
    date = page.locator(".wl-date")
    expect(date).to_have_text("2026-01")
    page.get_by_role("button", name="Step", exact=True).click()
    expect(date).to_have_text("2026-02", timeout=LATER)
    page.get_by_role("button", name="20", exact=True).click()
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".wl-state")).to_have_text("playing")
    expect(date).to_have_text(re.compile(r"202[789]-\d\d"), timeout=LATER)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".wl-state")).to_have_text("paused")
    stood = date_of(page)
    page.wait_for_timeout(400)
    assert date_of(page) == stood
    page.get_by_role("button", name="Back", exact=True).click()
    expect(date).not_to_have_text(stood)
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(date).to_have_text("2026-01", timeout=LATER)


def test_what_changes_with_a_month_reaches_the_browser_in_one_message_per_frame(page_at, strict_page):
    told: list[str | bytes] = []
    strict_page.on("websocket", lambda socket: socket.on("framereceived", lambda text: told.append(text)))
    page = page_at("?month=2026-04")
    expect(page.locator(".wl-date")).to_have_text("2026-04", timeout=LATER)
    expect(page.locator(".wl-sync[data-known]")).to_have_attribute("data-known", "72", timeout=60_000)
    page.wait_for_timeout(500)
    told.clear()
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.locator(".wl-date")).to_have_text("2026-05", timeout=LATER)
    expect(page.locator(".wl-money")).to_contain_text("2026-04", timeout=LATER)
    page.wait_for_timeout(300)
    messages = [json.loads(text) for text in told if isinstance(text, str)]
    changes = [message["content"]["data"] for message in messages if message["header"]["msg_type"] == "comm_msg"]
    assert changes
    assert [change for change in changes if change.get("content", {}).get("method") != "bundle"] == []


def test_the_slider_goes_to_any_month_by_keyboard(page_at):
    page = page_at("?month=2026-06")
    expect(page.locator(".wl-date")).to_have_text("2026-06", timeout=LATER)
    slider = page.get_by_role("slider", name="Month", exact=True)
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".wl-date")).to_have_text("2026-07", timeout=LATER)
    page.keyboard.press("Home")
    expect(page.locator(".wl-date")).to_have_text("2026-01", timeout=LATER)


def test_a_lever_redraws_the_future_beside_the_baseline_and_can_be_taken_back(page_at):
    page = page_at("?month=2026-12")
    expect(page.locator(".wl-date")).to_have_text("2026-12", timeout=LATER)
    chart = page.locator(".wl-race")
    expect(chart.get_by_text("baseline", exact=True)).to_have_count(0)
    page.locator('[data-lever="permit_time"]').get_by_role("button", name="maximal").click()
    expect(chart.get_by_text("baseline", exact=True)).to_be_visible(timeout=LATER)
    expect(chart.get_by_text("projection", exact=True)).to_be_visible(timeout=LATER)
    expect(page.locator(".wl-moves li")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"lever=USA\.permit_time\.2026-12\.0\.25"), timeout=LATER)
    page.get_by_role("button", name="Reset levers").click()
    expect(page.locator(".wl-moves li")).to_have_count(0)
    expect(chart.get_by_text("baseline", exact=True)).to_have_count(0, timeout=LATER)


def test_a_click_on_a_place_opens_its_panel_and_another_closes_it(page_at):
    page = page_at("?month=2026-06")
    expect(page.locator(".wl-date")).to_have_text("2026-06", timeout=LATER)
    page.locator(".wl-map").get_by_role("button", name=re.compile("Texas|ERCOT|us-texas")).first.click()
    panel = page.locator(".wl-panel")
    expect(panel).to_contain_text("Plants that stand", timeout=LATER)
    expect(panel).to_contain_text("Solar")
    expect(page).to_have_url(re.compile("place=us-texas"), timeout=LATER)
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)


def test_the_address_carries_scenario_seed_month_levers_and_view(page_at):
    query = "?scenario=no-launches&seed=7&month=2026-09&tab=live&chart=AI%7CCapability&lever=CHN.queue_time.2026-04.0.5"
    page = page_at(query)
    expect(page.locator(".wl-date")).to_have_text("2026-09", timeout=LATER)
    assert page.get_by_label("Scenario").input_value() == "no-launches"
    assert page.get_by_label("Seed").input_value() == "7"
    expect(page.locator(".wl-moves li")).to_contain_text("CHN")
    expect(page.locator(".wl-race .wt-title")).to_contain_text("AI · Capability")
    for part in ("scenario=no-launches", "seed=7", "month=2026-09", "chart=AI%7CCapability", "lever=CHN.queue_time.2026-04.0.5"):
        expect(page).to_have_url(re.compile(re.escape(part)), timeout=LATER)


def test_a_strangers_address_gets_the_validators_error_as_text(page_at):
    page = page_at("?scenario=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&lever=USA.permit_time.2027-01.99&month=1999-01")
    fault = page.locator(".wl-faults")
    expect(fault).to_contain_text("<img src=x onerror=alert(1)>")
    expect(fault).to_contain_text("allowed: 0.1 to 4")
    expect(fault).to_contain_text("month is '1999-01'")
    assert page.locator(".wl-faults img").count() == 0
    expect(page.locator(".wl-date")).to_have_text("2026-01")


def test_another_seed_opens_another_world(page_at):
    page = page_at("?month=2026-04")
    expect(page.locator(".wl-date")).to_have_text("2026-04", timeout=LATER)
    page.get_by_label("Seed").fill("12")
    page.get_by_label("Seed").press("Enter")
    expect(page.locator(".wl-date")).to_have_text("2026-01", timeout=LATER)
    expect(page).to_have_url(re.compile("seed=12"), timeout=LATER)


def test_money_shows_the_months_payments_as_picture_and_matrix(page_at):
    page = page_at("?month=2026-04&money=flows")
    money = page.locator(".wl-money")
    expect(money).to_contain_text("Payments of 2026-03", timeout=LATER)
    expect(money).to_contain_text("households")
    expect(money).to_contain_text("energy")


def test_figures_events_and_scenario_can_be_taken_home(page_at, tmp_path):
    page = page_at("?month=2026-03&lever=USA.permit_time.2026-02.0.5")
    expect(page.locator(".wl-date")).to_have_text("2026-03", timeout=LATER)
    texts = {}
    for name in ("All figures", "Events", "Scenario with your moves"):
        page.get_by_role("button", name="Download ▾").click()
        with page.expect_download() as given:
            page.get_by_role("menuitem", name=name).click()
        texts[name] = Path(given.value.path()).read_text(encoding="utf-8")
    for name in ("All figures", "Events"):
        about = [line for line in texts[name].splitlines() if line.startswith("# ")]
        assert "scenario baseline, seed 1, money firm-watt, months 2026-01 to 2026-02" in about[0]
        assert "moved by hand: 2026-02 USA" in about[1]
        texts[name] = "".join(line for line in texts[name].splitlines(keepends=True) if not line.startswith("# "))
    assert texts["All figures"].startswith("variable,unit,region,month,value\n")
    assert "Compute|Powered,GW,USA,2026-02," in texts["All figures"]
    assert texts["Events"].startswith("month,date,kind,region,agent,text\n")
    from wattrace.scenarios.read import load_scenario

    path = tmp_path / "moved.toml"
    path.write_text(texts["Scenario with your moves"], encoding="utf-8")
    (step,) = load_scenario(path).policy["USA"]["permit_time"]
    assert (step.on, step.to) == ("2026-02", 0.5)


def test_table_and_method_have_the_same_figures_and_the_sources(page_at):
    page = page_at("?month=2026-04&tab=table")
    rows = page.locator(".wl-figures tbody tr")
    expect(rows).to_have_count(3, timeout=LATER)
    page.get_by_label("Variable of the table").select_option("Coin|Value")
    expect(page.locator(".wl-figures h2")).to_contain_text("Coin · Value")
    page.get_by_role("tab", name="Method").click()
    method = page.locator(".wl-method")
    expect(method).to_contain_text("a model, not a forecast")
    expect(method).to_contain_text("permitting acts")
    page.get_by_role("tab", name="Live").click()
    expect(page.locator(".wl-map svg[data-chart]")).to_be_visible(timeout=LATER)


def test_dark_colours_are_kept_and_reach_the_charts(page_at):
    page = page_at("?month=2026-03")
    page.get_by_role("button", name="Dark colours").click()
    expect(page.locator("html")).to_have_attribute("data-wl-theme", "dark")
    expect(page.get_by_role("button", name="Light colours")).to_be_visible(timeout=LATER)
    assert page.evaluate("getComputedStyle(document.querySelector('.wl-card')).backgroundColor") == "rgb(26, 34, 44)"
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-wl-theme", "dark", timeout=LATER)
