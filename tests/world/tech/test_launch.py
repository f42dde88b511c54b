"""Launches: what binds flights, what mass costs, how fleets grow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.world.tech import launch


@pytest.mark.parametrize(
    ("ships", "pads", "licensed", "flown", "binds"), [(2.0, 9.0, np.inf, 6.0, 0), (9.0, 2.0, np.inf, 8.0, 1), (9.0, 9.0, 5.0, 5.0, 2)]
)
def test_the_scarcest_sets_flights(ships, pads, licensed, flown, binds):
    assert launch.flights(ships, 3.0, pads, 4.0, licensed) == (flown, binds)


def test_ten_thousand_flights_of_100_t_lift_a_million_tonnes():
    assert launch.lift_t(10_000.0, 100.0, 0.0) == 1e6


def test_a_69_75_musd_flight_with_17_5_t_costs_about_4000_usd_per_kg():
    assert launch.cost_usd_per_kg(69.75e6, 17.5) == pytest.approx(3986, abs=1)


def test_earnings_in_proportion_to_ships_grow_the_fleet_exponentially():
    ships = np.array([10.0])
    for _ in range(24):
        ships = launch.reinvest(ships, ships * 0.5, 0.4, 10.0, 0.0, 100.0)
    assert ships[0] == pytest.approx(10.0 * 1.02**24)


@given(st.floats(0.0, 100.0), st.floats(-1e3, 1e3), st.floats(0.0, 1e3))
def test_a_fleet_is_never_negative_and_losses_buy_nothing(ships, earnings, flown):
    after = launch.reinvest(ships, earnings, 0.5, 50.0, flown, 30.0)
    assert after >= 0.0
    if earnings <= 0.0:
        assert after <= ships


def test_constellations_want_the_baseline_at_the_usual_price_and_more_when_cheap():
    assert launch.constellation_t(100.0, 1.2, 2.0, 3000.0, 3000.0, 1.2) == pytest.approx(144.0)
    assert launch.constellation_t(100.0, 1.0, 0.0, 1500.0, 3000.0, 1.2) == pytest.approx(100.0 * 2.0**1.2)


def test_no_providers_no_flights():
    assert launch.flights(*(np.zeros(0),) * 5)[0].shape == (0,)
