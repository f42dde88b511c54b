"""The tabs Compare and Ensemble in a real browser, offline: drawn at three widths, growing, cancelled, carried by the address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

LATER = 30_000  # milliseconds; the machine may be busy
PAIR = "?tab=compare&a=baseline&b=us-fast-permits&who=USA"
WORLDS = "?tab=ensemble&of=baseline&and=us-fast-permits&worlds=3&regions=USA,CHN"


@pytest.fixture
def compare_at(strict_page, live):
    """A function that opens Compare at a query and waits until both worlds are known to their end."""

    def open_at(query: str = PAIR):
        strict_page.goto(live.url + query)
        expect(strict_page.get_by_text("run to the end")).to_have_count(2, timeout=LATER)
        return strict_page

    return open_at


@pytest.fixture
def ensemble_at(strict_page, live):
    """A function that opens Ensemble at a query and starts its worlds."""

    def open_at(query: str = WORLDS):
        strict_page.goto(live.url + query)
        strict_page.get_by_role("button", name="Start", exact=True).click(timeout=LATER)
        return strict_page

    return open_at


def assert_in_place(page, box, selectors: dict[str, int]) -> None:
    """Fail unless every chart that is named is wide and inside the page at three widths."""
    for width, height in ((1024, 768), (1440, 900), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(250)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for selector, number in selectors.items():
            assert page.locator(selector).count() == number
            for chart in page.locator(selector).all():
                place = chart.bounding_box()
                assert place is not None, (selector, width)
                assert min(place["width"] - 180, place["height"]) > 100, (selector, width, place)
                assert 0 <= place["x"] <= width - place["width"], (selector, width, place)
        assert box(page, next(iter(selectors)))["y"] + 150 < height, "the first chart is seen without scrolling"


def test_compare_has_everything_in_its_place_and_the_difference_under_its_chart(compare_at, box):
    page = compare_at()
    assert_in_place(page, box, {".wl-large svg[data-chart]": 2, ".wl-small-pair svg[data-chart]": 10})
    both, less = (one.bounding_box() for one in page.locator(".wl-large .wt-cursor").all())
    assert (both["x"], both["width"]) == (less["x"], less["width"]), "both charts have the same months under each other"
    expect(page.locator(".wl-inputs")).to_contain_text("0.5 from 2027-01")
    expect(page.locator(".wl-inputs")).to_contain_text("1 (status quo)")
    expect(page.locator(".wl-leads tbody tr")).to_have_count(6)
    expect(page.locator(".wl-marks tbody tr")).to_have_count(18)


def test_compare_takes_variable_nation_and_pair_and_the_address_carries_them(compare_at):
    page = compare_at()
    page.get_by_role("button", name="A ⇄ B").click()
    expect(page.locator(".wl-large .wt-title").first).to_contain_text("Compute · Powered, USA")
    page.get_by_label("Scenario A").select_option("chips-controls-tightened")
    page.get_by_role("group", name="Whose figures").get_by_role("button", name="CHN").click()
    page.locator(".wl-pick").get_by_role("button", name="AI · Capability").click()
    expect(page.locator(".wl-large .wt-title").first).to_contain_text("AI · Capability, CHN", timeout=LATER)
    page.get_by_label("Who overtakes").select_option("IND")
    expect(page.locator(".wl-leads .wt-title")).to_have_text("From when IND has more than USA", timeout=LATER)
    for part in ("tab=compare", "a=chips-controls-tightened", "b=baseline", "compare=AI%7CCapability", "who=CHN", "ahead=IND"):
        expect(page).to_have_url(re.compile(re.escape(part)), timeout=LATER)
    page.reload()
    expect(page.locator(".wl-large .wt-title").first).to_contain_text("AI · Capability, CHN", timeout=LATER)
    assert page.get_by_label("Scenario A").input_value() == "chips-controls-tightened"


def test_compare_shows_levers_moved_by_hand_beside_the_scenario(compare_at):
    page = compare_at("?tab=compare&lever=USA.permit_time.2026-09.0.25")
    assert page.get_by_label("Scenario B").input_value() == "@levers"
    expect(page.locator(".wl-inputs")).to_contain_text("0.25 from 2026-09")


def test_every_chart_of_compare_can_be_taken_home(compare_at):
    page = compare_at()
    less = page.locator(".wl-large figure").nth(1)
    for kind in ("CSV", "SVG", "PNG"):
        with page.expect_download() as given:
            less.get_by_role("button", name=kind).click()
        content = Path(given.value.path()).read_bytes()
        assert len(content) > 500
        assert given.value.suggested_filename.endswith(kind.lower())
        if kind == "CSV":
            lines = content.decode().splitlines()
            assert re.match(r"# Wattrace \S+, compare of worlds under seed 1", lines[0])
            assert next(line for line in lines if not line.startswith("# ")) == "date,B − A (GW)"
    less.get_by_role("button", name="Table").click()
    expect(less.locator("tbody tr")).to_have_count(72)


def test_colours_of_both_tabs_follow_the_page(compare_at):
    page = compare_at()
    line = page.locator(".wl-large svg[data-chart] path[fill=none]").first
    assert line.get_attribute("stroke") == "#0067b8"
    page.get_by_role("button", name="Dark colours").click()
    expect(line).to_have_attribute("stroke", "#56b1f7", timeout=LATER)
    assert page.evaluate("getComputedStyle(document.querySelector('.wl-side-a')).backgroundColor") == "rgb(86, 177, 247)"


def test_an_ensemble_grows_to_fans_and_gives_the_live_charts_a_band(ensemble_at, box):
    page = ensemble_at()
    state = page.locator(".wl-ensemble-state")
    expect(state).to_have_text("done: 6 of 6 runs, 3 worlds", timeout=120_000)
    assert_in_place(page, box, {".wl-fan svg[data-chart]": 2, ".wl-crossing svg[data-chart]": 1, ".wl-gap svg[data-chart]": 1})
    expect(page.locator(".wl-fan").first).to_contain_text("90 % of 3 worlds")
    expect(page.locator(".wl-says")).to_have_count(2)
    assert page.locator(".wl-crossing [data-bar]").count() >= 2
    page.locator(".wl-what").get_by_role("button", name="Coin · Accredited").click()
    expect(page.locator(".wl-gap .wt-title")).to_contain_text("Coin · Accredited", timeout=LATER)
    for part in ("tab=ensemble", "of=baseline", "and=us-fast-permits", "worlds=3", "fan=Coin%7CAccredited"):
        expect(page).to_have_url(re.compile(re.escape(part)), timeout=LATER)
    page.get_by_role("tab", name="Live").click()
    expect(page.locator(".wl-race")).to_contain_text("90 % of 3 worlds", timeout=LATER)


def test_an_ensemble_can_be_cancelled_and_started_again(ensemble_at):
    page = ensemble_at(WORLDS.replace("worlds=3", "worlds=96"))
    page.get_by_role("button", name="Cancel", exact=True).click(timeout=LATER)
    expect(page.locator(".wl-ensemble-state")).to_have_text(re.compile("^cancelled: "), timeout=LATER)
    page.get_by_label("Number of worlds").fill("2")
    page.get_by_label("Number of worlds").press("Enter")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".wl-ensemble-state")).to_have_text("done: 4 of 4 runs, 2 worlds", timeout=120_000)


def children(pid: int) -> int:
    """Return how many processes a process has started that still are."""
    count = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[:2]
        except OSError:  # it has just ended
            continue
        count += int(parent) == pid and state != "Z"
    return count


def test_a_closed_tab_ends_the_workers_and_removes_their_folder_within_five_seconds(launch, new_page, tmp_path):
    server = launch("--until", "2032-01", TMPDIR=str(tmp_path))
    page = new_page()
    page.goto(server.url)
    expect(page.locator(".wl-race")).to_contain_text("projection", timeout=LATER)
    idle = children(server.process.pid)
    page.goto(server.url + WORLDS.replace("worlds=3", "worlds=96"))
    page.get_by_role("button", name="Start", exact=True).click(timeout=LATER)
    expect(page.locator(".wl-ensemble-state")).to_have_text(re.compile("^[1-9][0-9]* of 192 runs"), timeout=120_000)
    assert children(server.process.pid) > idle
    assert list(tmp_path.glob("wattrace-ensemble-*"))
    page.close(run_before_unload=True)
    ended = lambda _: children(server.process.pid) == idle and not list(tmp_path.glob("wattrace-ensemble-*"))  # noqa: E731
    server.wait_for(ended, 5)


def test_a_strangers_address_of_a_tab_gets_the_validators_error(strict_page, live):
    query = "?tab=compare&a=../../etc/passwd&worlds=5000&ahead=USA&behind=USA&who=Mars&vary=maybe&compare=Limit%7CBinding"
    strict_page.goto(live.url + query)
    fault = strict_page.locator(".wl-faults")
    expect(fault).to_contain_text("a is '../../etc/passwd'", timeout=LATER)
    for text in ("a whole number from 2 to 96", "ahead and behind are both 'USA'", "who is 'Mars'", "vary is 'maybe'", "compare is"):
        expect(fault).to_contain_text(text)
    expect(strict_page.locator(".wl-map svg[data-chart]")).to_be_visible(timeout=LATER)
