"""Truths about what a store may do within a day."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.world.power.storing import UNIT, carry, has_open_day

HOURS = 24
SMALL = 1e-9


def full_store(seed):
    """Return a unit whose swing uses its whole store, and its levels [H]."""
    rng = np.random.default_rng(seed)
    state = np.round(np.cumsum(rng.normal(size=HOURS)), rng.integers(0, 3))  # rounded: several hours at the top
    unit = np.zeros(1, UNIT)[0]
    unit["low_gwh"], unit["high_gwh"] = state.min(), state.max()
    unit["energy_gwh"] = np.ptp(state)
    return unit, state


@pytest.mark.parametrize("seed", range(40))
def test_energy_is_carried_up_to_the_next_hour_at_the_top_and_borrowed_back_to_the_last_at_the_bottom(seed):
    unit, state = full_store(seed)
    assert not has_open_day(unit, SMALL)
    cost = np.random.default_rng(seed + 1000).uniform(0.0, 100.0, HOURS)
    expected = cost.copy()
    for i in range(HOURS):
        h = i
        for _ in range(HOURS - 1):  # later, unless the store is full
            if state[h] >= state.max() - SMALL:
                break
            h = (h + 1) % HOURS
            expected[h] = min(expected[h], cost[i])
        h = i
        for _ in range(HOURS - 1):  # earlier, unless it is empty
            h = (h - 1) % HOURS
            if state[h] <= state.min() + SMALL:
                break
            expected[h] = min(expected[h], cost[i])
    worth, origin = np.empty(HOURS), np.empty(HOURS, np.int64)
    carry(cost, unit, state, SMALL, worth, origin)
    np.testing.assert_array_equal(worth, expected)
    np.testing.assert_array_equal(cost[origin], expected)
