"""Real history before the start in the charts of the page: dots with their source, in the table twin, and gone where not wanted."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from wattrace.viz.history import history
from wattrace.viz.live.catalog import catalog
from wattrace.viz.live.frames import MOST_YEARS_BEFORE, Painter
from wattrace.viz.live.path import Path as Course
from wattrace.viz.live.timeline import Timeline
from wattrace.viz.live.view import first_view

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

LATER = 20_000


def test_a_chart_begins_with_the_history_and_its_lines_keep_their_months():
    from wattrace.scenarios.read import load_scenario

    line = Timeline(load_scenario("baseline").between(None, "2027-01"), 1)
    painter, path = Painter(line.world), Course(line.world.record)
    assert json.loads(painter._lines("Compute|Powered", first_view(catalog()), path, path, 0, False, None))["now"] == 12 * MOST_YEARS_BEFORE
    while line.month < 3:
        line.step()
        path.lived(line.world.record, line.month - 1)
    view = first_view(catalog())
    for variable in ("Compute|Powered", "Coin|Value"):
        chart = json.loads(painter._lines(variable, view, path, path, 3, False, None))
        months = chart["before"]
        assert months == (12 * MOST_YEARS_BEFORE if variable == "Compute|Powered" else 0)
        assert chart["x"][months] == "2026-01"
        assert chart["now"] == months + 2
        assert chart["x"] == sorted(set(chart["x"]))
        lived = {one["name"]: one["values"] for one in chart["lines"] if one["style"] == "live"}
        assert lived["USA"][months:] == pytest.approx(path.series(variable, "USA"), rel=1e-4)
        past = {one["name"]: one for one in chart["lines"] if one["style"] == "history"}
        assert set(past) == (set(view.regions) if months else set())
        for name, one in past.items():
            real = history(catalog().tables, variable, "2026-01")[name]
            for at, source in one["sources"].items():
                date = chart["x"][int(at)]
                assert one["values"][int(at)] == pytest.approx(real.values[real.dates.index(date)], rel=1e-4)
                assert source == real.sources[real.dates.index(date)]
            assert sum(x is not None for x in one["values"]) == len(one["sources"]) == MOST_YEARS_BEFORE
    plain = json.loads(painter._lines("Compute|Powered", view._replace(history=False), path, path, 3, False, None))
    assert plain["before"] == 0
    assert np.isfinite(plain["lines"][-1]["values"][:3]).all()


def test_history_stands_before_the_start_with_its_source_and_can_be_left_out(strict_page, live):
    page = strict_page
    page.goto(live.url + "?month=2026-04&regions=USA,CHN")
    expect(page.locator(".wl-date")).to_have_text("2026-04", timeout=LATER)
    chart = page.locator(".wl-race")
    expect(chart.get_by_text("history", exact=True)).to_be_visible(timeout=LATER)
    cursor = chart.get_by_role("slider")
    cursor.focus()
    page.keyboard.press("Home")
    tip = chart.locator(".wt-tip")
    expect(tip).to_contain_text("2020-12")
    expect(tip).to_contain_text("USA · history")
    expect(tip).to_contain_text("all chips owned counted as running")
    page.keyboard.press("ArrowRight")
    expect(tip).to_contain_text("2021-12")
    with page.expect_download() as given:
        chart.get_by_role("button", name="CSV").click()
    lines = Path(given.value.path()).read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(line for line in lines if not line.startswith("# ")))
    assert rows[0][0] == "date"
    assert "USA history (GW, by owner)" in rows[0]
    assert rows[0][-1] == "source of history"
    before = [row for row in rows[1:] if row[0] < "2026-01"]
    assert [row[0] for row in before] == [f"{year}-12" for year in range(2020, 2026)]
    assert all("counted as running" in row[-1] for row in before)
    chart.get_by_role("button", name="History").click()
    expect(chart.get_by_text("history", exact=True)).to_have_count(0, timeout=LATER)
    expect(page).to_have_url(re.compile("history=0"), timeout=LATER)
    page.locator(".wl-race .wl-pick").get_by_role("button", name="Coin · Accredited").click()
    expect(chart.get_by_role("button", name="History")).to_have_count(0, timeout=LATER)


def test_a_click_on_a_month_goes_there_past_the_history(strict_page, live):
    page = strict_page
    page.goto(live.url + "?month=2026-09")
    expect(page.locator(".wl-date")).to_have_text("2026-09", timeout=LATER)
    expect(page.locator(".wl-race").get_by_text("history", exact=True)).to_be_visible(timeout=LATER)
    cursor = page.locator(".wl-race").get_by_role("slider")
    cursor.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator(".wl-date")).to_have_text("2026-07", timeout=LATER)
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    expect(page.locator(".wl-date")).to_have_text("2026-07")
