"""Economies miss their forecasts: by a cycle that fades and by an error that stays, the same in both worlds of a pair."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.model import World
from wattrace.scenarios.scenario import Scenario

UNTIL = "2029-01"


def growths(seed=1, world=None, **policy):
    """Return [months, N] growth a year as it came less as it was forecast."""
    run = World(Scenario(name="luck", world=world or {}, **policy), seed=seed, until=UNTIL)
    out, before = [], run.state.nation.gdp_musd.copy()
    for _ in range(12):
        run.step()
        now = run.state.nation.gdp_musd
        out.append(12.0 * np.log(now / before) - run.state.nation.gdp_growth)
        before = now.copy()
    return np.array(out)


def test_without_draws_economies_grow_as_forecast():
    np.testing.assert_allclose(growths(draws=False), 0.0, atol=1e-12)


def test_luck_is_the_seeds_and_the_nations_and_not_the_policys():
    one = growths()
    np.testing.assert_array_equal(one, growths(policy={"USA": {"permit_time": "50 %"}}))
    assert np.abs(one - growths(seed=2)).min(axis=0).max() > 0.0
    assert len(np.unique(one[0])) == one.shape[1]


def test_an_error_that_stays_is_the_same_in_every_month():
    only = growths(world={"economy.cycle_spread": 1e-12})
    assert np.abs(only[0]).max() > 0.0
    np.testing.assert_allclose(only, only[:1].repeat(12, axis=0), atol=1e-9)


def test_spreads_are_what_the_table_says(tables):
    """Over many nations and seeds: the error that stays has its spread, the cycle the one that its shocks add up to."""
    from wattrace.world.draws import Draws

    keys = np.arange(1, 2001, dtype=np.uint64)
    persistence, spread = tables.param("economy.cycle_persistence"), tables.param("economy.cycle_spread")
    cycle, months = np.zeros(len(keys)), 240
    for month in range(months):
        cycle = cycle * persistence + Draws(3).normal("cycle", keys, month) * spread
    assert cycle.std() == pytest.approx(spread / np.sqrt(1.0 - persistence**2), rel=0.05)
    assert spread / np.sqrt(1.0 - persistence**2) == pytest.approx(0.015, rel=0.05)
