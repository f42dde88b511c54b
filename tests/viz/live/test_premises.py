"""Assumptions stand apart from levers: another one begins the world anew on the same seed, and levers moved by hand stay."""

from __future__ import annotations

import json
import re

import pytest
from wattrace.viz.live.catalog import catalog
from wattrace.viz.live.premises import LIST, offered, premises, told
from wattrace.viz.live.server import CULL_S
from wattrace.viz.live.settings import ENVIRONMENT

LATER = 20_000


def test_every_unsure_number_is_offered_in_words_with_its_range_and_source():
    from wattrace.scenarios.read import load_vary

    rows = json.loads(offered(catalog()))["premises"]
    assert [row["name"] for row in rows] == list(load_vary(LIST))
    for row in rows:
        assert row["low"] < row["high"]
        assert row["low"] <= row["value"] <= row["high"]
        assert row["source"]
        assert not re.search(r"[_.]", row["title"])


def test_what_is_assumed_is_told_beside_what_is_usual():
    one = next(iter(premises().values()))
    (line,) = told(((one.name, one.high),))
    assert f"{one.high:.4g}" in line
    assert f"usual {one.value:.4g}" in line


def test_a_killed_browser_of_this_machine_is_forgotten_sooner_than_one_from_elsewhere(monkeypatch):
    from wattrace.viz.live import server, settings

    class Stopped(Exception):
        pass

    def stop(serving):
        raise Stopped

    monkeypatch.setattr(server, "prepare", stop)
    for host, wanted in (("127.0.0.1", f"{CULL_S}s"), ("0.0.0.0", None)):
        monkeypatch.delenv("SOLARA_KERNEL_CULL_TIMEOUT", raising=False)
        with pytest.raises(Stopped):
            server.serve(settings.Serving({"baseline": "baseline"}), host, browser=False)
        import os

        assert os.environ.get("SOLARA_KERNEL_CULL_TIMEOUT") == wanted
    monkeypatch.delenv("SOLARA_KERNEL_CULL_TIMEOUT", raising=False)
    assert CULL_S == 60
    assert ENVIRONMENT["SOLARA_KERNEL_CULL_TIMEOUT"] == "10m"


def test_an_assumption_begins_the_world_anew_and_keeps_seed_and_levers(strict_page, live):
    pytest.importorskip("playwright.sync_api")
    from playwright.sync_api import expect

    page, one = strict_page, next(iter(premises().values()))
    page.goto(live.url + "?seed=3&month=2026-04&lever=USA.queue_time.2026-03.0.25")
    expect(page.locator(".wl-date")).to_have_text("2026-04", timeout=LATER)
    section = page.locator(".wl-premises")
    section.get_by_role("button", name="Assume otherwise …").click()
    section.get_by_label("What is assumed").select_option(one.name)
    section.locator("input[type=range]").press("End")
    section.get_by_role("button", name="Begin anew with it").click()
    expect(page.locator(".wl-date")).to_have_text("2026-01", timeout=LATER)
    expect(section.locator(".wl-assumed li")).to_have_count(1, timeout=LATER)
    expect(page).to_have_url(re.compile(rf"seed=3.*assume={re.escape(one.name)}(~|%7E)"), timeout=LATER)
    expect(page).to_have_url(re.compile(r"lever=USA\.queue_time\.2026-03"), timeout=LATER)
    # another seed keeps both
    seed = page.get_by_label("Seed", exact=True)
    seed.fill("4")
    seed.press("Enter")
    expect(page).to_have_url(re.compile(r"seed=4.*assume=.*lever=USA"), timeout=LATER)
    section.get_by_role("button", name=re.compile("Take back")).click()
    expect(section.locator(".wl-assumed li")).to_have_count(0, timeout=LATER)
    expect(page).not_to_have_url(re.compile("assume="), timeout=LATER)


def test_another_regime_of_money_is_another_world(strict_page, live):
    pytest.importorskip("playwright.sync_api")
    from playwright.sync_api import expect

    page = strict_page
    page.goto(live.url + "?month=2026-03&money=Coin%7CCross%20Rate")
    expect(page.locator(".wl-date")).to_have_text("2026-03", timeout=LATER)
    page.get_by_label("Regime of money").select_option("fiat")
    expect(page).to_have_url(re.compile("regime=fiat"), timeout=LATER)
    expect(page.locator(".wl-premises")).to_contain_text("Central banks issue money", timeout=LATER)
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.locator(".wl-date")).to_have_text("2026-02", timeout=LATER)
    page.get_by_role("tab", name="Method").click()
    expect(page.locator(".wl-method")).to_contain_text("Fiat: Central banks issue money", timeout=LATER)
