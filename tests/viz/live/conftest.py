"""A server in a process of its own, and a browser that tolerates no request to elsewhere, no error and no bad status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest


class Server(NamedTuple):
    """A running server: its address and its process."""

    url: str
    process: subprocess.Popen[str]

    def resources(self) -> dict[str, Any]:
        """Return what the server tells of its threads and sessions."""
        with urllib.request.urlopen(self.url + "resourcez", timeout=5) as answer:
            return json.load(answer)

    def sessions(self) -> int:
        return int(self.resources()["kernels"]["total"])

    def memory_mb(self) -> float:
        """Return the resident memory of the server's process."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def wait_for(self, true: Callable[[dict[str, Any]], bool], seconds: float) -> float:
        """Return after how many seconds the resources are so; fails where they are not in time."""
        began = time.monotonic()
        while not true(found := self.resources()):
            assert time.monotonic() - began < seconds, found
            time.sleep(0.1)
        return time.monotonic() - began


def start(*arguments: str, **environment: str) -> Server:
    """Start a server on a free port and wait until it can be asked."""
    command = [sys.executable, "-c", "from wattrace.cli import main; main()", "live", "--no-browser", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}, start_new_session=True
    )
    timer = time.monotonic()
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line.startswith("http://"):
        process.kill()
        raise AssertionError(f"no address after {time.monotonic() - timer:.0f} s: {line} {process.communicate()[1][-2000:]}")
    return Server(line, process)


def stop(server: Server) -> str:
    """Stop a server as Ctrl-C does; returns what it wrote to stderr."""
    server.process.send_signal(signal.SIGINT)
    try:
        return server.process.communicate(timeout=15)[1]
    except subprocess.TimeoutExpired:
        os.killpg(server.process.pid, signal.SIGKILL)
        raise


@pytest.fixture(scope="session")
def live() -> Iterator[Server]:
    """A server of all built-in scenarios; sessions of browsers that vanished are dropped after two seconds."""
    server = start("--until", "2032-01", SOLARA_KERNEL_CULL_TIMEOUT="2s")
    yield server
    told = stop(server)
    assert "Traceback" not in told, told[-3000:]


def watch(page: Any) -> list[str]:
    """Return a list that fills with what a page must not do."""
    bad: list[str] = []
    own = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "about:")
    page.on("request", lambda request: None if request.url.startswith(own) else bad.append(f"external {request.url}"))
    page.on("response", lambda response: bad.append(f"{response.status} {response.url}") if response.status >= 400 else None)
    page.on("pageerror", lambda error: bad.append(f"error {error}"))
    return bad


@pytest.fixture
def strict_page(new_page):
    """A page whose test fails on any external request, status of 400 or more, or script error."""
    page = new_page()
    bad = watch(page)
    yield page
    assert not bad, bad


@pytest.fixture(scope="session")
def box() -> Callable[[Any, str], dict[str, float]]:
    """A function that returns the bounding box of the first element, which must be visible."""

    def measure(page: Any, selector: str) -> dict[str, float]:
        found = page.locator(selector).first.bounding_box()
        assert found is not None, f"{selector} has no place on the page"
        return found

    return measure


@pytest.fixture
def launch() -> Iterator[Callable[..., Server]]:
    """A function that starts one more server; it is stopped after the test."""
    started: list[Server] = []

    def begin(*arguments: str, **environment: str) -> Server:
        started.append(start(*arguments, **environment))
        return started[-1]

    yield begin
    for server in started:
        stop(server)


@pytest.fixture(scope="session")
def watched() -> Callable[[Any], list[str]]:
    """A function that returns a list which fills with what a page must not do."""
    return watch
