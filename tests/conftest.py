"""One world for all tests: built once a session, branched by whoever wants to change it."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def tables():
    """The packaged tables as known at 2026-01."""
    from wattrace.world.tables import Tables

    return Tables.load("2026-01")


@pytest.fixture(scope="session")
def small_world() -> Callable:
    """A function that builds a short world; arguments as of `World`."""
    from wattrace.model import World

    def build(until: str = "2027-01", **kw):
        kw.setdefault("scenario", "baseline")
        kw.setdefault("seed", 1)
        return World(until=until, **kw)

    return build


@pytest.fixture(scope="session")
def world24(small_world):
    """The baseline, seed 1, run for 24 months of 36. Read it; to change it take a `branch()`."""
    return small_world(until="2029-01").run_to("2028-01")
