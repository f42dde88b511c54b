"""Sessions: every reader has a world of their own, and nothing of it is left when they are gone."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request

import pytest

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

LATER = 20_000


@pytest.fixture
def quiet(live):
    """The server once no session is left of other tests."""
    live.wait_for(lambda now: now["kernels"]["total"] == 0, 20)
    return live


def test_two_readers_never_share_a_world(quiet, new_page, watched):
    one, other = new_page(), new_page()
    bad = watched(one) + watched(other)
    for page in (one, other):
        page.goto(quiet.url)
        expect(page.locator(".wl-date")).to_have_text("2026-01", timeout=LATER)
    one.get_by_role("button", name="Step", exact=True).click()
    one.locator('[data-lever="permit_time"]').get_by_role("button", name="pushed").click()
    expect(one.locator(".wl-date")).to_have_text("2026-02", timeout=LATER)
    expect(one.locator(".wl-moves li")).to_have_count(1, timeout=LATER)
    expect(other.locator(".wl-date")).to_have_text("2026-01")
    expect(other.locator(".wl-moves li")).to_have_count(0)
    assert quiet.sessions() == 2
    assert not bad


def test_a_closed_tab_ends_its_thread_within_five_seconds(quiet, new_page):
    before = quiet.resources()["threads"]["active"]
    page = new_page()
    page.goto(quiet.url)
    expect(page.locator(".wl-date")).to_have_text("2026-01", timeout=LATER)
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".wl-date")).not_to_have_text("2026-01", timeout=LATER)
    assert quiet.sessions() == 1
    page.close(run_before_unload=True)
    quiet.wait_for(lambda now: now["kernels"]["total"] == 0 and now["threads"]["active"] <= before, 5)


def test_a_killed_browser_is_culled(quiet, chromium, tmp_path):
    command = [chromium, "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--remote-debugging-port=0"]
    command.append(f"--user-data-dir={tmp_path}")
    process = subprocess.Popen(
        [*command, quiet.url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        quiet.wait_for(lambda now: now["kernels"]["has_connected"] == 1, 30)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
    quiet.wait_for(lambda now: now["kernels"]["total"] == 0, 20)


def test_twenty_sessions_leave_no_thread_behind(quiet, new_page):
    page = new_page()
    page.goto(quiet.url)
    expect(page.locator(".wl-date")).to_have_text("2026-01", timeout=LATER)
    page.goto("about:blank")
    quiet.wait_for(lambda now: now["kernels"]["total"] == 0, 20)
    before = quiet.resources()["threads"]["active"]
    for _ in range(20):
        page.goto(quiet.url, wait_until="commit")
        expect(page.locator(".wl-state")).to_have_text("paused", timeout=LATER)
    page.goto("about:blank")
    quiet.wait_for(lambda now: now["kernels"]["total"] == 0 and now["threads"]["active"] <= before, 20)


def status_of(url: str, **headers: str) -> int:
    """Return the status of one request with other headers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def handshake(url: str, origin: str) -> str:
    """Return the status line of a WebSocket handshake from an origin."""
    host, port = re.fullmatch(r"http://([^:]+):(\d+)/", url).groups()  # type: ignore[union-attr]
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(
            f"GET /jupyter/api/kernels/abc/channels?session_id=x HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {origin}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        return line.recv(200).decode("latin-1").splitlines()[0]


def test_an_evil_host_or_origin_gets_403_and_no_socket(live):
    assert status_of(live.url) == 200
    assert status_of(live.url, Host="evil.example") == 403
    assert status_of(live.url, Origin="http://evil.example") == 403
    assert " 403" in handshake(live.url, "http://evil.example")
    assert " 101" in handshake(live.url, live.url.rstrip("/"))


def test_texts_of_a_scenario_are_shown_as_text_and_a_session_too_many_is_told_so(launch, new_page, watched, tmp_path):
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    (tmp_path / "evil.toml").write_text(
        f'schema_version = 1\nname = "evil"\ntitle = "{evil}"\nextends = ["baseline"]\nuntil = 2026-06-01\n', encoding="utf-8"
    )
    server = launch(str(tmp_path / "evil.toml"), "--most-sessions", "1")
    page, second = new_page(), new_page()
    bad = watched(page)
    page.on("dialog", lambda dialog: bad.append(dialog.message))
    page.goto(server.url + "?tab=method")
    expect(page.locator(".wl-method")).to_contain_text(evil, timeout=LATER)
    assert page.locator(".wl-method img, .wl-method script").count() == 0
    assert second.goto(server.url).status == 503
    expect(second.locator("body")).to_contain_text("Close one and load this page again")
    assert not bad
