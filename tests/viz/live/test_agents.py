"""The panel of an agent: its books are the ledger's, it says what `wattrace why` says, and a place leads to it."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from wattrace.model import World
from wattrace.scenarios.why import why
from wattrace.viz.live.agents import agent_panel, agents_at, market_of, worth_over_time
from wattrace.viz.live.catalog import catalog
from wattrace.viz.live.timeline import Timeline
from wattrace.viz.live.view import first_view
from wattrace.viz.live.whys import IDLE, Whys

MONTHS = 5


@pytest.fixture(scope="module")
def timeline():
    line = Timeline(World("baseline", until="2027-01").settings, 1)
    while line.month < MONTHS:
        line.step()
    return line


@pytest.fixture(scope="module")
def world(timeline):
    return timeline.world


def section(panel, title):
    return next(one for one in panel["sections"] if one["title"] == title)


def test_every_agent_has_a_panel_whose_books_add_up(world):
    known = catalog()
    worth = world.net_worth_musd()
    for party, agent in enumerate(known.agents):
        panel = agent_panel(known, world, agent, "")
        books = section(panel, "Balance sheet")["rows"]
        assert books[-1][0] == "net worth"
        assert books[-1][2] == pytest.approx(worth[party], rel=1e-3, abs=1e-2)
        scale = sum(abs(row[2]) for row in books) + 1.0
        assert sum(row[2] for row in books[:-1]) == pytest.approx(books[-1][2], abs=1e-3 * scale)
        for title in ("Receipts of the month", "Payments of the month"):
            rows = section(panel, title)["rows"]
            assert sum(row[1] for row in rows[:-1]) == pytest.approx(rows[-1][1], rel=1e-3, abs=1e-2)
        json.dumps(panel, allow_nan=False)


def test_receipts_payments_and_worth_over_time_are_those_of_the_ledger(world):
    party = int(world.parties.of["ai"][0])
    told = worth_over_time(world, party)
    last = world.state.ledger.history[-1]
    assert told["received"][-1] == last.musd[last.payee == party].sum()
    assert told["net worth"][-1] == world.net_worth_musd()[party]
    assert len(told["paid"]) == MONTHS


def test_a_zone_leads_to_its_utility_to_companies_with_halls_there_and_to_makers_at_home(world):
    known = catalog()
    for z, zone in enumerate(known.zones):
        found = {a["name"] for group in agents_at(known, world, zone) for a in group["agents"]}
        utilities = {known.agents[p] for p in world.parties.of["utility"]}
        assert found & utilities == {known.agents[world.parties.of["utility"][z]]}
        for i, p in enumerate(world.parties.of["ai"]):
            at_home = world.parties.home[p] == known.places_of_tables.zone_nation[z]
            assert (known.agents[p] in found) == bool(at_home or world.state.halls_gw[i, z] + world.state.halls_under_way_gw[i, z] > 0)
    orbit = {a["name"] for group in agents_at(known, world, "orbit") for a in group["agents"]}
    assert {known.agents[p] for p in world.parties.of["launcher"]} <= orbit


def test_the_price_of_an_agents_market_is_a_recorded_variable_of_its_region(world):
    known = catalog()
    named = 0
    for party in range(len(known.agents)):
        variable, region = market_of(known, world, party)
        if variable:
            named += 1
            assert np.isfinite(world.record.series(variable, region)).any() or not world.record.series("Launch|Mass", region).any()
    assert named > len(known.agents) * 0.8


def test_what_it_decided_is_what_why_says(timeline):
    whys, view = Whys(), first_view(catalog())._replace(agent="OpenAI")
    assert whys.due(timeline, view)
    before = {name: data.copy() for name, data in timeline.world.record.data.items()}
    whys.find(timeline, "OpenAI")
    assert not whys.due(timeline, view)
    told = json.loads(whys.text(timeline, "OpenAI", True))
    assert told["month"] == "2026-05"
    expected = why(timeline.world, "OpenAI", "2026-05").content["decisions"]
    assert len(told["decisions"]) == len(expected) > 3
    assert any(one["orders"] for one in told["decisions"])
    assert all(np.array_equal(data, before[name], equal_nan=True) for name, data in timeline.world.record.data.items())
    assert timeline.month == MONTHS


def test_who_decides_nothing_is_told_so(timeline):
    whys = Whys()
    fund = catalog().agents[int(timeline.world.parties.of["fund"][0])]
    whys.find(timeline, fund)
    assert json.loads(whys.text(timeline, fund, True))["wait"] == IDLE


def test_an_agent_that_a_world_does_not_have_is_told(world):
    party = world.parties.of["ai"][0]
    names = list(world.parties.names)
    world.parties.names[party] = "Renamed"
    try:
        assert "before there was" in agent_panel(catalog(), world, names[party], "")["about"]
    finally:
        world.parties.names[:] = names


# -- in a browser -----------------------------------------------------------------------------------------------

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect  # noqa: E402

LATER = 20_000


def test_a_place_leads_to_an_agent_with_its_books_and_back(strict_page, live, box):
    page = strict_page
    page.goto(live.url + "?month=2026-06&place=us-texas")
    expect(page.locator(".wl-date")).to_have_text("2026-06", timeout=LATER)
    panel = page.locator(".wl-panel")
    expect(panel).to_contain_text("The largest under way", timeout=LATER)
    panel.get_by_role("group", name="Agents here").get_by_role("button", name="OpenAI").click()
    expect(panel.get_by_role("heading", name="OpenAI")).to_be_visible(timeout=LATER)
    for title in ("Balance sheet", "Receipts of the month", "Payments of the month", "Halls for its chips"):
        expect(panel.get_by_role("table", name=title)).to_be_visible()
    expect(page.locator(".wl-why-agent")).to_contain_text("What it decided in 2026-05", timeout=LATER)
    expect(page.locator(".wl-why-agent li").first).to_be_visible(timeout=LATER)
    expect(page).to_have_url(re.compile("agent=OpenAI"), timeout=LATER)
    for width in (1024, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(250)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for n in range(2):
            place = page.locator(".wl-panel-charts svg[data-chart]").nth(n).bounding_box()
            assert place["width"] > 300
            assert place["height"] > 150
    chart = page.locator(".wl-panel-charts figure").nth(1)
    chart.get_by_role("button", name="Table", exact=True).click()
    expect(chart.locator("thead")).to_contain_text("net worth (MUSD)")
    panel.get_by_role("button", name="Back to ERCOT").click()
    expect(panel).to_contain_text("Plants that stand", timeout=LATER)
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)


def test_long_names_stay_inside_the_card_of_a_place(strict_page, live):
    page = strict_page
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(live.url + "?month=2031-06&place=us-west")
    expect(page.locator(".wl-date")).to_have_text("2031-06", timeout=60_000)
    expect(page.locator(".wl-panel")).to_contain_text("The largest under way", timeout=LATER)
    for width in (1024, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(250)
        card = page.locator(".wl-panel-card").bounding_box()
        for table in page.locator(".wl-panel table").all():
            place = table.bounding_box()
            assert place["x"] + place["width"] <= card["x"] + card["width"], (width, table.inner_text()[:60])


def test_an_agent_is_chosen_from_the_list_by_keyboard_and_follows_the_month(strict_page, live):
    page = strict_page
    page.goto(live.url)
    expect(page.locator(".wl-state")).to_have_text("paused", timeout=LATER)
    page.get_by_label("Agent", exact=True).select_option(label="Nvidia")
    expect(page.locator(".wl-panel")).to_contain_text("Nothing has been simulated yet", timeout=LATER)
    for date in ("2026-01", "2026-02"):
        page.get_by_role("button", name="Step", exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.locator(".wl-why-agent")).to_contain_text(f"What it decided in {date}", timeout=LATER)
        expect(page.locator(".wl-why-agent details").first).to_be_visible(timeout=LATER)
    page.locator(".wl-why-agent summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".wl-why-agent pre").first).to_contain_text("agents.", timeout=LATER)
