"""Chips: the unit chain, generations to come, and wear of cohorts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.world.tables import Tables
from wattrace.world.tech import chips

share = st.floats(0.0, 3.0)


@pytest.fixture(scope="module")
def gb300():
    """Return the chain of a GB300 as tabled: TDP, server factor, peak PUE, reserve, price with its server."""
    tables = Tables.load("2026-01")
    values = tables["chip_values"]
    line = {item: values.value(chip="Nvidia Blackwell", item=item) for item in ("tdp_w", "it_w_per_chip", "price_usd")}
    return {
        "tdp_w": line["tdp_w"],
        "accel_to_it": line["it_w_per_chip"] / line["tdp_w"],
        "pue": tables.param("ai.pue_peak"),
        "reserve_factor": tables.param("ai.self_power_reserve"),
        "server_usd": line["price_usd"] * tables.param("chips.server_price_factor"),
    }


def test_a_gigawatt_of_own_generation_runs_330_000_gb300_within_a_tenth(gb300):
    chain = [gb300[k] for k in ("tdp_w", "accel_to_it", "pue", "reserve_factor")]
    assert chips.chips_per_gw(*chain) == pytest.approx(330_000, rel=0.1)


def test_the_steps_of_the_chain_multiply_to_the_whole(gb300):
    count = 330_000
    accel = chips.accel_gw(count, gb300["tdp_w"])
    it = chips.it_gw(accel, gb300["accel_to_it"])
    facility = chips.facility_gw(it, gb300["pue"])
    generation = chips.generation_gw(facility, gb300["reserve_factor"])
    assert accel < it < facility < generation
    per_gw = chips.chips_per_gw(*[gb300[k] for k in ("tdp_w", "accel_to_it", "pue", "reserve_factor")])
    assert generation == pytest.approx(count / per_gw)


def test_silicon_costs_about_24_busd_per_gw_of_it_and_16_per_gw_of_generation(gb300):
    it_basis = chips.silicon_usd_per_w(gb300["server_usd"], gb300["tdp_w"], gb300["accel_to_it"], 1.0, 1.0)
    generation_basis = chips.silicon_usd_per_w(
        gb300["server_usd"], gb300["tdp_w"], gb300["accel_to_it"], gb300["pue"], gb300["reserve_factor"]
    )
    # racks of 3.4 MUSD with 72 chips at 140 kW
    assert it_basis == pytest.approx(3.4e6 / 140e3, rel=0.15)
    assert generation_basis == pytest.approx(it_basis / gb300["pue"] / gb300["reserve_factor"])


def test_35_busd_per_gw_of_generation_would_be_twice_the_price_of_a_rack(gb300):
    per_chip = 35e9 / chips.chips_per_gw(*[gb300[k] for k in ("tdp_w", "accel_to_it", "pue", "reserve_factor")])
    assert per_chip == pytest.approx(106e3, rel=0.1)
    assert 1.7 < per_chip / (3.4e6 / 72) < 2.7


@given(st.floats(1.0, 2.0), st.floats(0.0, 20.0))
def test_without_slowdown_progress_is_exponential(growth, years):
    assert chips.improvement(growth, 0.0, years) == pytest.approx(growth**years)


@given(st.floats(1.01, 2.0), st.floats(0.01, 1.0), st.floats(0.0, 50.0), st.floats(0.0, 50.0))
def test_progress_never_reverses_and_ends_at_its_bound(growth, slowdown, a, b):
    early, late = chips.improvement(growth, slowdown, np.sort([a, b]))
    assert 1.0 <= early <= late <= growth ** (1.0 / slowdown) * (1 + 1e-12)


def test_a_slight_slowdown_changes_little():
    assert chips.improvement(1.4, 1e-9, 10.0) == pytest.approx(chips.improvement(1.4, 0.0, 10.0), rel=1e-6)


def test_generations_come_in_steps():
    np.testing.assert_array_equal(chips.years_on_sale([0.0, 1.4, 1.5, 2.9, 3.0], 1.5), [0.0, 0.0, 1.5, 1.5, 3.0])


@given(st.floats(0.0, 1.0), st.floats(1.0, 12.0), st.floats(1.0, 5.0), st.lists(st.floats(0.0, 30.0), min_size=2))
def test_survival_starts_at_one_and_only_falls(loss, life, shape, ages):
    alive = chips.survival(np.sort([0.0, *ages]), loss, life, shape)
    assert alive[0] == 1.0
    assert (np.diff(alive) <= 0.0).all()
    assert (alive >= 0.0).all()


def test_with_losses_alone_a_year_takes_the_loss_rate():
    left = 100.0 - chips.wear(np.array([100.0]), np.array([3.0]), 12.0, 0.2, 1e12, 1.0)
    np.testing.assert_allclose(left, 100.0 * np.exp(-0.2))


def test_twelve_months_of_wear_equal_one_year():
    stock, age = np.array([5.0, 7.0]), np.array([0.0, 4.0])
    once = stock - chips.wear(stock, age, 12.0, 0.1, 5.0, 3.0)
    for month in range(12):
        stock = stock - chips.wear(stock, age + month / 12.0, 1.0, 0.1, 5.0, 3.0)
    np.testing.assert_allclose(stock, once)


def test_ageing_chips_wear_faster():
    lost = chips.wear(np.ones(3), np.array([0.0, 3.0, 7.0]), 1.0, 0.05, 5.0, 3.0)
    assert (np.diff(lost) > 0.0).all()


def test_totals_sum_over_cohorts_and_take_no_chips():
    h100e, gw = chips.stock_totals(np.array([[1e6, 2e6], [0.0, 0.0]]), np.array([1000.0, 500.0]))
    np.testing.assert_allclose(h100e, [3e6, 0.0])
    np.testing.assert_allclose(gw, [2.0, 0.0])
    assert chips.stock_totals(np.zeros((2, 0)), np.zeros(0))[1].tolist() == [0.0, 0.0]
