"""What base load must stake: its draw in the tight hours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.world.power.stakes import base_stakes

NATION = np.array([0, 0, 1])
HOURS = np.arange(24)


def stakes(load, solar=0.0, ai=0.0, sharpness=20.0):
    """Return [N] GW for loads [Z, S, H] of the peak day; the sun shines at noon in every season."""
    zones, seasons, hours = load.shape
    days = np.zeros((zones, seasons, 2, hours))
    days[:, :, 0] = load
    sun = np.broadcast_to(np.exp(-(((HOURS - 12) / 3.0) ** 2)), (zones, seasons, hours)).copy()
    out = np.empty(2)
    base_stakes(days, sun, np.full((zones, seasons), solar), np.full(zones, ai), NATION, sharpness, out)
    return out


def two_seasons(summer, winter):
    return np.stack([np.broadcast_to(summer, (3, 24)), np.broadcast_to(winter, (3, 24))], axis=1)


@given(st.integers(0, 10_000), st.floats(0.0, 50.0), st.floats(0.0, 200.0))
@settings(max_examples=60, deadline=None)
def test_a_nation_stakes_between_its_least_and_its_greatest_load(seed, solar, sharpness):
    load = np.random.default_rng(seed).uniform(10.0, 100.0, (3, 2, 24))
    national = np.stack([load[:2].sum(axis=0), load[2]])
    out = stakes(load, solar, sharpness=sharpness)
    assert (out >= national.min(axis=(1, 2)) - 1e-9).all()
    assert (out <= national.max(axis=(1, 2)) + 1e-9).all()


def test_without_sharpness_it_is_the_mean_of_the_tightest_season_and_with_much_of_it_the_peak():
    load = two_seasons(30.0 - abs(HOURS - 18.0), 50.0 - abs(HOURS - 18.0))
    assert stakes(load, sharpness=0.0)[1] == pytest.approx(load[2, 1].mean())
    assert stakes(load, sharpness=1e4)[1] == pytest.approx(load[2, 1].max())
    assert stakes(load, sharpness=1e4)[0] == pytest.approx(2.0 * load[2, 1].max())


def test_the_sun_moves_the_tight_hour_into_the_evening():
    load = two_seasons(60.0 - abs(HOURS - 12.0), 20.0)  # most at noon
    assert stakes(load, solar=40.0, sharpness=1e4)[1] < stakes(load, sharpness=1e4)[1] == pytest.approx(60.0)


def test_a_flat_load_of_halls_is_not_base_load():
    load = two_seasons(60.0 + np.sin(HOURS), 20.0)
    assert stakes(load + 5.0, ai=5.0)[1] == pytest.approx(stakes(load)[1], rel=1e-3)
