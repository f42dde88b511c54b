"""Shocks set by hand: the world on show, the scenario that does the same, and the file that is taken home are one world."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from wattrace.model import World
from wattrace.scenarios.parts import Shock
from wattrace.scenarios.read import load_scenario
from wattrace.viz.live.exports import scenario_file
from wattrace.viz.live.moves import Move, Strike, moved
from wattrace.viz.live.strikes import read_strike, strike_text, written
from wattrace.viz.live.timeline import Timeline
from wattrace.world.calendar import Calendar

LAST = 12
HERE = Calendar("2026-01", "2027-07")
FABS = Strike(5, "TWN", "fab_outage", 0.9, 4)
PLANTS = Strike(3, "USA", "plant_outage", 0.3, 3, "gas_cc")
TRADE = Strike(7, "CHN", "trade_stop", 1.0, 24, partner="USA", goods="chips", direction="in")
FIRST = Strike(0, "USA", "plant_outage", 0.2, 2)


@pytest.fixture(scope="module")
def settings():
    return load_scenario("baseline").between(None, "2027-07")


def lived(line: Timeline) -> dict[str, np.ndarray]:
    while line.month < LAST:
        line.step()
    return {name: array[:LAST].copy() for name, array in line.world.record.data.items()}


def ran(settings) -> dict[str, np.ndarray]:
    world = World(settings, seed=1)
    while world.month < LAST:
        world.step()
    return {name: array[:LAST].copy() for name, array in world.record.data.items()}


def same(one, other) -> bool:
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


@pytest.fixture(scope="module")
def unmoved(settings):
    return ran(settings)


@pytest.mark.parametrize("plan", [(FABS,), (FIRST,), (PLANTS, TRADE, Move(4, "USA", "permit_time", 0.5))])
def test_a_shock_by_hand_is_the_shock_of_a_scenario(settings, unmoved, plan):
    found = lived(Timeline(settings, 1, plan))
    assert same(found, ran(moved(settings, plan)))
    assert not same(found, unmoved)


def test_a_shock_begins_late_is_taken_back_and_leaves_nothing_behind(settings, unmoved):
    line = Timeline(settings, 1)
    assert same(lived(line), unmoved)
    assert line.change((PLANTS, FABS)) == PLANTS.month
    assert same(lived(line), ran(moved(settings, (PLANTS, FABS))))
    other = line.fork((FABS,))
    assert same(lived(other), ran(moved(settings, (FABS,))))
    assert line.change(()) == PLANTS.month
    assert same(lived(line), unmoved)
    assert same(lived(other), ran(moved(settings, (FABS,))))


def test_a_world_says_when_a_shock_by_hand_begins_and_ends(settings):
    line = Timeline(settings, 1, (PLANTS,))
    lived(line)
    told = [(event.date, event.text) for event in line.world.events if event.kind == "shock"]
    assert [date for date, _ in told] == ["2026-04", "2026-07"]
    assert told[0][1].startswith("An outage of 30% of the gas_cc plants of USA begins")


def test_what_a_world_has_not_cannot_be_struck_and_the_plan_stays(settings):
    line = Timeline(settings, 1, (FABS,))
    with pytest.raises(ValueError, match="no such thing"):
        line.change((FABS, Strike(2, "EU27", "fab_outage", 0.5, 3)))
    assert line.moves == (FABS,)


def test_the_file_taken_home_has_the_scenarios_shocks_and_those_by_hand(settings, tmp_path):
    struck = Shock(what="launch_outage", where="USA", on="2026-03", lasts_months=2, share=0.5, source="press")
    own = settings.model_copy(update={"shocks": (struck,)})
    parent = tmp_path / "baseline-with.toml"
    parent.write_text(scenario_file(own, (TRADE,)).replace("-moved", "-with"), encoding="utf-8")
    assert load_scenario(parent).shocks == moved(own, (TRADE,)).shocks
    plan = (FIRST, FABS, TRADE, Move(4, "USA", "permit_time", 0.5))
    home = tmp_path / "home.toml"
    home.write_text(scenario_file(settings, plan), encoding="utf-8")
    found = load_scenario(home)
    assert found.shocks == moved(settings, plan).shocks
    assert same(lived(Timeline(settings, 1, plan)), ran(found))


@pytest.mark.parametrize("strike", [FABS, PLANTS, TRADE, FIRST])
def test_a_shock_is_read_back_as_it_was_written(strike):
    assert read_strike(written(strike, HERE), HERE) == (strike, [])
    assert f"{strike.lasts_months} months" in strike_text(strike, HERE)


@pytest.mark.parametrize("given", [None, [], "x", {}, {"what": "fab_outage"}, {"what": 3, "where": {}, "on": [], "lasts": None}])
def test_what_is_no_shock_is_told(given):
    strike, wrong = read_strike(given, HERE)
    assert strike is None
    assert wrong


# -- in a browser -----------------------------------------------------------------------------------------------

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect  # noqa: E402

LATER = 20_000


def test_a_shock_is_set_in_the_form_redraws_the_future_and_can_be_taken_back(strict_page, live):
    page = strict_page
    page.goto(live.url + "?month=2026-06&chart=Chips%7CMade&regions=USA,CHN")
    expect(page.locator(".wl-date")).to_have_text("2026-06", timeout=LATER)
    chart = page.locator(".wl-race")
    page.get_by_role("button", name="Set a shock …").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Where it strikes").select_option("TWN")
    page.get_by_label("Share lost in percent").fill("90")
    page.get_by_label("Months that it lasts").fill("6")
    page.get_by_role("button", name="Strike in 2026-06").click()
    moves = page.locator(".wl-moves li")
    expect(moves).to_have_count(1, timeout=LATER)
    expect(moves).to_contain_text("An outage of 90% of the fabs of TWN for 6 months")
    expect(chart.get_by_text("baseline", exact=True)).to_be_visible(timeout=LATER)
    expect(page).to_have_url(re.compile(re.escape("shock=fab_outage~TWN~2026-06~6~0.9")), timeout=LATER)
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.locator(".wl-events")).to_contain_text("An outage of 90% of the fabs of TWN begins.", timeout=LATER)
    page.reload()
    expect(page.locator(".wl-moves li")).to_have_count(1, timeout=LATER)
    page.get_by_role("button", name="Download ▾").click()
    with page.expect_download() as given:
        page.get_by_role("menuitem", name="Scenario with your moves").click()
    text = Path(given.value.path()).read_text(encoding="utf-8")
    assert "[[shocks]]" in text
    page.get_by_role("button", name=re.compile("^Take back: 2026-06 An outage")).click()
    expect(page.locator(".wl-moves li")).to_have_count(0, timeout=LATER)
    expect(chart.get_by_text("baseline", exact=True)).to_have_count(0, timeout=LATER)
    expect(page).not_to_have_url(re.compile("shock="), timeout=LATER)


def test_an_address_that_strikes_what_is_not_there_opens_without_it_and_says_so(strict_page, live):
    strict_page.goto(live.url + "?month=2026-03&shock=fab_outage~EU27~2026-02~3~0.5&lever=USA.permit_time.2026-02.0.5")
    expect(strict_page.locator(".wl-date")).to_have_text("2026-03", timeout=LATER)
    expect(strict_page.locator(".wl-note")).to_contain_text("The shocks of this address are left out")
    expect(strict_page.locator(".wl-moves li")).to_have_count(1)


def test_each_kind_of_shock_asks_for_what_it_has_and_what_is_wrong_is_told(strict_page, live):
    page = strict_page
    page.goto(live.url + "?month=2026-03")
    expect(page.locator(".wl-date")).to_have_text("2026-03", timeout=LATER)
    page.get_by_role("button", name="Set a shock …").click()
    form = page.locator(".wl-shocks form")
    page.get_by_label("Kind of shock").select_option("trade_stop")
    expect(form.get_by_label("Trade with")).to_be_visible()
    expect(form.get_by_label("Share lost in percent")).to_have_count(0)
    page.get_by_label("Kind of shock").select_option("plant_outage")
    expect(form.get_by_label("Technology struck")).to_be_visible()
    for width in (1024, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        side = page.locator(".wl-slot-side").bounding_box()
        for field in form.locator("select, input").all():
            place = field.bounding_box()
            assert place["x"] >= side["x"]
            assert place["x"] + place["width"] <= side["x"] + side["width"]
    page.get_by_label("Kind of shock").select_option("fab_outage")
    page.get_by_label("Where it strikes").select_option("EU27")
    page.get_by_role("button", name="Strike in 2026-03").click()
    expect(page.locator(".wl-note")).to_contain_text("there is no such thing", timeout=LATER)
    expect(page.locator(".wl-moves li")).to_have_count(0)
