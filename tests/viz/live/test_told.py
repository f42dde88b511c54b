"""Events as the page tells them: in words, once for nations that share them, as a table, and with a place to go to."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from wattrace.viz.live.catalog import catalog
from wattrace.viz.live.told import told
from wattrace.world.events import Event

LATER = 20_000


def event(region: str, text: str, agent: str = "", kind: str = "price") -> Event:
    return Event(3, "2026-04", kind, region, agent, text)


def test_variables_have_their_titles_and_numbers_no_powers_of_ten():
    known = catalog()
    (line,) = told(known, [event(known.nations[2], "Robots|Price falls from 3e+04 to 1.99e+04 USD.")])
    assert line["text"] == "Robots · Price falls from 30,000 to 19,900 USD."
    (line,) = told(known, [event(known.nations[2], "Coin|Rent rises from 2.5e-05 to 4.1 USD/W/yr.")])
    assert line["text"] == "Coin · Rent rises from 0.000025 to 4.1 USD/W/yr."


def test_one_price_of_several_nations_is_one_line_and_agents_keep_their_own():
    known = catalog()
    a, b, c = known.nations[:3]
    lines = told(
        known,
        [
            event(a, "Parts|Turbine Price falls from 4957 to 1988 USD/kW."),
            event(b, "Parts|Turbine Price falls from 4183 to 1988 USD/kW."),
            event(c, "Parts|Turbine Price rises from 4183 to 5000 USD/kW."),
            event(a, "Its chips cost less.", agent="x"),
            event(b, "Its chips cost less.", agent="y"),
            event(a, "What binds changes from chips to memory.", kind="bottleneck"),
            event(b, "What binds changes from chips to memory.", kind="bottleneck"),
        ],
    )
    assert [(line["region"], line["text"]) for line in lines] == [
        (f"{a}, {b}", f"Parts · Turbine Price falls: {a} from 4957 to 1988, {b} from 4183 to 1988 USD/kW."),
        (c, "Parts · Turbine Price rises from 4183 to 5000 USD/kW."),
        (a, "Its chips cost less."),
        (b, "Its chips cost less."),
        (f"{a}, {b}", "What binds changes from chips to memory."),
    ]


def test_the_table_and_the_csv_of_events_hold_what_is_listed_and_an_event_of_a_nation_leads_to_a_place(strict_page, live):
    pytest.importorskip("playwright.sync_api")
    from playwright.sync_api import expect

    page = strict_page
    page.goto(live.url + "?month=2026-09")
    expect(page.locator(".wl-date")).to_have_text("2026-09", timeout=LATER)
    card = page.locator(".wl-events")
    expect(card.locator(".wt-unit")).to_have_text(re.compile(r"\d+"), timeout=LATER)
    count = int(card.locator(".wt-unit").inner_text())
    assert count > 3
    assert "|" not in card.inner_text()
    with page.expect_download() as given:
        card.get_by_role("button", name="CSV").click()
    lines = Path(given.value.path()).read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(line for line in lines if not line.startswith("# ")))
    assert rows[0] == ["date", "kind", "region", "agent", "what happened"]
    assert len(rows) == count + 1
    assert all(row[0].startswith("2026-") and row[4] for row in rows[1:])
    known = catalog()
    alone = next(row for row in rows[1:] if row[2] in known.nations)  # not told of several nations at once
    card.locator("li", has_text=alone[4]).filter(has_text=alone[2]).first.get_by_role("button").click()
    expect(page).to_have_url(re.compile(f"place={known.first_zone(alone[2])}"), timeout=LATER)
    expect(page.locator(".wl-panel")).to_contain_text(known.nation_names[alone[2]], timeout=LATER)
    card.get_by_role("button", name="Table").click()
    expect(card.locator("tbody tr").first).to_contain_text("2026-01", timeout=LATER)
