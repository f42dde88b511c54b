"""Orbit: cost against land, limits, losses and the launch market."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.world.tech import orbit


def test_a_gigawatt_at_100_kw_per_t_and_2500_usd_per_kg_costs_25_billion_to_launch():
    assert orbit.orbital_cost_musd_per_gw(2500.0, 100.0, 0.0, 1.0) == pytest.approx(25_000.0)


@given(st.floats(1e3, 1e5), st.floats(10.0, 200.0), st.floats(0.0, 30.0), st.floats(0.5, 1.0))
def test_at_the_break_even_price_orbit_costs_what_land_costs(land, power, satellite, sunlit):
    price = orbit.break_even_launch_usd_per_kg(land, power, satellite, sunlit)
    assert orbit.orbital_cost_musd_per_gw(price, power, satellite, sunlit) == pytest.approx(land)


def test_where_the_satellite_alone_costs_more_than_land_no_launch_price_helps():
    assert orbit.break_even_launch_usd_per_kg(8000.0, 40.0, 10.0, 1.0) < 0.0


@pytest.mark.parametrize(
    ("mass", "cells", "chips", "gw", "binds"),
    [(1e4, 5.0, 5.0, 0.9, orbit.MASS), (1e6, 5.0, 50.0, 4.5, orbit.CELLS), (1e6, 50.0, 5.0, 5.0, orbit.CHIPS), (0.0, 1.0, 1.0, 0.0, 0)],
)
def test_the_scarcest_of_mass_cells_and_chips_sets_orbital_compute(mass, cells, chips, gw, binds):
    assert orbit.orbital_gw(mass, 100.0, cells, chips, 0.9) == (pytest.approx(gw), binds)


def test_a_million_tonnes_a_year_carry_a_hundred_gigawatts():
    assert orbit.orbital_gw(1e6, 100.0, np.inf, np.inf, 1.0)[0] == pytest.approx(100.0)


def test_losses_compound():
    assert orbit.survivors(100.0, 24.0, 0.05) == pytest.approx(100.0 * np.exp(-0.1))


@given(st.floats(0.0, 1e4), st.floats(0.0, 1e4), st.floats(0.0, 1e4), st.floats(0.0, 1.0))
def test_flown_mass_stays_within_licensed_capacity_and_is_what_customers_get(capacity, base, extra, licence):
    args = (np.array([capacity]), np.array([3000.0]), np.array([1000.0]), np.array([base]), np.array([3000.0]), 1.2)
    flown, constellation, others, price = orbit.clear_launches(*args, np.array([extra]), np.array([licence]), 0.02, 0.05)
    assert flown[0] <= capacity * licence * (1 + 1e-12) + 1e-250
    assert flown[0] == pytest.approx(constellation[0] + others[0], rel=1e-9, abs=1e-250)
    assert price[0] >= 1000.0
    assert abs(np.log(price[0] / 3000.0)) <= 0.05 + 1e-12
