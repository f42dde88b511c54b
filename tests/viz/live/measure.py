"""Measure the live page on this machine: `python tests/viz/live/measure.py` prints a line per figure.

First paint, step to screen at 10 months/s with two browsers, full speed against a run without a page, the future after a
lever's move, memory over a thousand months with resets, and what a page at rest costs the browser.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from conftest import Server, start, stop  # type: ignore[import-not-found]

LATER = 60_000
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
HEADLESS = (
    "import time, json, wattrace; w = wattrace.World('baseline', seed=1); w.branch().run_to('2027-01');"
    "b = time.perf_counter(); w.run_to(); print(json.dumps([w.month, time.perf_counter() - b]))"
)


def opened(page: Page, server: Server, query: str = "") -> float:
    """Open the page; return seconds until the chart is painted."""
    began = time.perf_counter()
    page.goto(server.url + query)
    page.locator(".wl-race svg[data-chart]").wait_for(timeout=LATER)
    return time.perf_counter() - began


def latencies(page: Page) -> list[float]:
    """Return seconds from a month's start to its painting, of all frames since the last call."""
    found = page.evaluate("(() => { const f = window.wattraceFrames || []; window.wattraceFrames = []; return f; })()")
    return [seconds for _, seconds in found]


def set_speed(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def two_at_ten(pages: list[Page], seconds: float = 12.0) -> dict[str, float]:
    for page in pages:
        set_speed(page, "10")
        page.get_by_role("button", name="Play").click()
    time.sleep(2.0)
    for page in pages:
        latencies(page)
    dates = [page.locator(".wl-date").inner_text() for page in pages]
    time.sleep(seconds)
    found = [x for page in pages for x in latencies(page)]
    months = sum(_months(page.locator(".wl-date").inner_text()) - _months(date) for page, date in zip(pages, dates, strict=True))
    for page in pages:
        page.get_by_role("button", name="Pause").click()
    cuts = statistics.quantiles(found, n=20)
    return {"p50_ms": 1e3 * cuts[9], "p95_ms": 1e3 * cuts[18], "frames": len(found), "months_per_s_each": months / seconds / len(pages)}


def _months(date: str) -> int:
    year, month = date.split("-")
    return int(year) * 12 + int(month)


def full_speed(page: Page) -> dict[str, float]:
    """Play the whole world once at full speed."""
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page.locator(".wl-date")).to_have_text("2026-01", timeout=LATER)
    set_speed(page, "max")
    latencies(page)
    began = time.perf_counter()
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".wl-state")).to_have_text("finished", timeout=LATER)
    seconds = time.perf_counter() - began
    return {"s": seconds, "frames_per_s": len(latencies(page)) / seconds}


def future(page: Page) -> dict[str, float]:
    """Pull a lever at 2028-01 and time how long until sixty months, then all, are drawn anew."""
    page.get_by_role("slider", name="Month", exact=True).evaluate("(e) => { e.value = 24; e.dispatchEvent(new Event('change')); }")
    expect(page.locator(".wl-date")).to_have_text("2028-01", timeout=LATER)
    known = "+document.querySelector('.wl-sync[data-known]').dataset.known"
    page.wait_for_function(f"{known} == 240", timeout=LATER)
    began = time.perf_counter()
    page.locator('[data-lever="permit_time"]').get_by_role("button", name="pushed").click()
    page.wait_for_function(f"{known} < 240", timeout=LATER)
    page.wait_for_function(f"{known} >= 84", timeout=LATER)
    sixty = time.perf_counter() - began
    page.wait_for_function(f"{known} >= 240", timeout=LATER)
    return {"sixty_months_s": sixty, "all_s": time.perf_counter() - began}


def at_rest(chromium: Browser, seconds: float = 6.0) -> float:
    """Return the cores that the whole browser uses while nothing moves."""
    session = chromium.new_browser_cdp_session()

    def used() -> float:
        return sum(float(one["cpuTime"]) for one in session.send("SystemInfo.getProcessInfo")["processInfo"])

    time.sleep(2.0)
    before = used()
    time.sleep(seconds)
    return (used() - before) / seconds


def main() -> None:
    told = {"load_before": os.getloadavg()[0]}
    months, seconds = json.loads(subprocess.run([sys.executable, "-c", HEADLESS], capture_output=True, text=True, check=True).stdout)
    told["headless_s"] = seconds
    began = time.perf_counter()
    server = start()
    told["server_ready_s"] = time.perf_counter() - began
    with sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        pages = [chromium.new_context(viewport={"width": 1440, "height": 900}).new_page() for _ in range(2)]
        told["first_paint_s"] = opened(pages[0], server)
        told["second_paint_s"] = opened(pages[1], server)
        time.sleep(6.0)  # the baseline is being computed
        told |= {f"ten.{name}": value for name, value in two_at_ten(pages).items()}
        pages[1].close()
        told["rest.cores"] = at_rest(chromium)
        told |= {f"lever.{name}": value for name, value in future(pages[0]).items()}
        pages[0].get_by_role("button", name="Reset levers").click()
        time.sleep(1.0)
        runs = [full_speed(pages[0]) for _ in range(2)]  # once to fill what is kept, once to have had two worlds at a time
        before = server.memory_mb()
        runs += [full_speed(pages[0]) for _ in range(5)]
        told["memory_growth_mb_per_1000_months"] = (server.memory_mb() - before) / (5 * months) * 1000
        told["memory_mb"] = server.memory_mb()
        best = min(runs, key=lambda run: run["s"])
        told |= {"full.s": best["s"], "full.frames_per_s": best["frames_per_s"], "full.share_of_headless": seconds / best["s"]}
        chromium.close()
    stop(server)
    told["load_after"] = os.getloadavg()[0]
    for name, value in told.items():
        print(f"{name:36} {value:.3g}")


if __name__ == "__main__":
    main()
