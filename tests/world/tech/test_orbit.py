"""Orbit: the cost of lofting, and the launch market."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.world.tech import orbit


def test_a_gigawatt_at_100_kw_per_t_and_2500_usd_per_kg_costs_25_billion_to_launch():
    assert orbit.orbital_cost_musd_per_gw(2500.0, 100.0, 0.0, 1.0) == pytest.approx(25_000.0)


@given(st.floats(0.0, 1e4), st.floats(0.0, 1e4), st.floats(0.0, 1e4), st.floats(0.0, 1.0))
def test_flown_mass_stays_within_licensed_capacity_and_is_what_customers_get(capacity, base, extra, licence):
    args = (np.array([capacity]), np.array([3000.0]), np.array([1000.0]), np.array([base]), np.array([3000.0]), 1.2)
    flown, constellation, others, price = orbit.clear_launches(*args, np.array([extra]), np.array([licence]), 0.02, 0.05)
    assert flown[0] <= capacity * licence * (1 + 1e-12) + 1e-250
    assert flown[0] == pytest.approx(constellation[0] + others[0], rel=1e-9, abs=1e-250)
    assert price[0] >= 1000.0
    assert abs(np.log(price[0] / 3000.0)) <= 0.05 + 1e-12
