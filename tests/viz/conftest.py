"""One Chromium for all browser tests of a process; without one they are skipped, except where the project's own checks run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one its tests are skipped, except where the project's own checks run."""
    if CHROMIUM is None:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail("there is no Chromium; install the package chromium")
        pytest.skip("there is no Chromium on this machine")
    return CHROMIUM


@pytest.fixture(scope="session")
def browser(chromium):
    """One browser for all tests of a process."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()


@pytest.fixture
def new_page(browser) -> Iterator[Callable[[], Any]]:
    """A function that opens a page in a context of its own, as another reader would; all are closed after the test."""
    contexts: list[Any] = []

    def opened(**settings: Any) -> Any:
        contexts.append(browser.new_context(viewport={"width": 1440, "height": 900}, **settings))
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page):
    """A page in a context of its own."""
    return new_page()
