"""A server with the components' test page, and a browser page that fails on any outside request or error."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

QUIET = {
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "false",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_THEME_SHOW_BANNER": "false",
}
LOCAL = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "about:")


@pytest.fixture(scope="session")
def components_url(tmp_path_factory):
    pytest.importorskip("solara")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("components") / "server.log"
    page = Path(__file__).parent / "page.py"
    command = [sys.executable, "-m", "solara", "run", str(page), "--host", "127.0.0.1", "--port", str(port), "--no-open", "--production"]
    with log.open("w") as out:
        server = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **QUIET})
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            if server.poll() is not None:
                raise AssertionError(log.read_text())
            try:
                urllib.request.urlopen(f"{url}/readyz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        else:
            raise AssertionError("the server did not start:\n" + log.read_text())
        yield url
    finally:
        server.terminate()
        server.wait(15)


@pytest.fixture
def strict_page(page):
    faults = []
    page.on("request", lambda r: None if r.url.startswith(LOCAL) else faults.append(f"outside request {r.url}"))
    page.on("response", lambda r: faults.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    page.on("pageerror", lambda e: faults.append(f"page error {e}"))
    page.on("console", lambda m: faults.append(f"console {m.text}") if m.type == "error" else None)
    page.set_default_timeout(20_000)
    yield page
    assert not faults, "\n".join(faults)


@pytest.fixture
def show(strict_page, components_url):
    """Open the test page with the named components and wait until each is drawn."""

    def open_page(names: str, theme: str = "light", width: int = 640, window: tuple[int, int] = (1024, 900)):
        strict_page.set_viewport_size({"width": window[0], "height": window[1]})
        strict_page.goto(f"{components_url}/?show={names}&theme={theme}&width={width}")
        for name in names.split(","):
            strict_page.locator(f".show-{name} figure").wait_for()
        return strict_page

    return open_page
