"""Plant rows: capacity is conserved, old plant is worse, retirement composes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.world.columns import Columns
from wattrace.world.power import fleet

DECADES = np.array([1960, 1970, 1980, 1990, 2000, 2010, 2020])
ENDS = DECADES + 9


def opening(seed, last_year=2025, holdings=8):
    rng = np.random.default_rng(seed)
    capacity = rng.uniform(0, 50, holdings)
    share = rng.uniform(0, 1, (holdings, 7)) * (rng.random((holdings, 7)) < 0.7)
    zone, technology, owner = (
        rng.integers(0, 3, holdings),
        rng.integers(0, 4, holdings),
        rng.integers(0, 2, holdings),
    )
    return zone, technology, owner, capacity, share, fleet.opening_fleet(
        zone, technology, owner, capacity, share, DECADES, ENDS, last_year
    )  # fmt: skip


@given(st.integers(0, 2**32 - 1), st.integers(1955, 2029))
@settings(max_examples=60, deadline=None)
def test_the_opening_fleet_holds_exactly_what_stood(seed, last_year):
    zone, technology, _, capacity, _, plants = opening(seed, last_year)
    total = np.zeros((3, 4))
    np.add.at(total, (zone, technology), capacity)
    rows = np.empty((3, 4))
    fleet.add_up(plants.zone, plants.technology, plants.capacity_gw, rows)
    assert rows == pytest.approx(total, abs=1e-9)
    assert (np.diff(plants.vintage) >= 0).all()
    assert plants.vintage.max() <= last_year


def test_a_decade_is_spread_evenly_and_the_running_one_ends_today():
    share = np.array([[0, 0, 0, 0, 0, 0.5, 0.5]])
    plants = fleet.opening_fleet([0], [0], [0], [100.0], share, DECADES, ENDS, 2024)
    assert plants.vintage.tolist() == list(range(2010, 2025))
    assert plants.capacity_gw[:10] == pytest.approx(5.0)
    assert plants.capacity_gw[10:] == pytest.approx(10.0)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_older_plant_is_never_more_efficient(seed):
    *_, plants = opening(seed)
    quantiles = np.tile([0.3, 0.36, 0.44], (4, 1))
    efficiency = fleet.efficiency_by_vintage(plants.technology, plants.vintage, plants.capacity_gw, quantiles)
    for k in range(4):
        mine = plants.technology == k
        assert (np.diff(efficiency[mine]) >= -1e-12).all()
        assert (efficiency[mine] > 0.2).all()
        assert (efficiency[mine] < 0.5).all()


def test_the_median_plant_has_the_median_efficiency():
    vintage = np.arange(1975, 2016)
    efficiency = fleet.efficiency_by_vintage(
        np.zeros(41, int), vintage, np.ones(41), np.array([[0.3, 0.35, 0.45]])
    )
    assert efficiency[20] == pytest.approx(0.35)
    assert np.interp(0.1 * 41, np.arange(41) + 0.5, efficiency) == pytest.approx(0.3)
    assert np.interp(0.9 * 41, np.arange(41) + 0.5, efficiency) == pytest.approx(0.45)


def test_marginal_cost_is_fuel_plus_carbon_over_efficiency_plus_upkeep():
    assert fleet.marginal_cost_usd_per_mwh(3.0, 0.36, 4.0, 0.1, 50.0) == pytest.approx(30 + 4 + 50)


def retired(capacity, vintage, year, months, age, scale, pace=1.0):
    """Return what retires of rows [R] of one zone and technology, GW; `capacity` shrinks."""
    one = np.zeros(len(capacity), np.int64)
    closing = np.empty((1, 1))
    fleet.retire(
        capacity, np.array(vintage), one, one, np.array([0]), np.array([[pace]]), year, months, np.array([[age]]), np.array([[scale]]),
        closing,
    )  # fmt: skip
    return closing[0, 0]


@given(st.floats(0, 80), st.floats(1, 15), st.integers(1, 36))
@settings(max_examples=100, deadline=None)
def test_retiring_monthly_or_at_once_is_the_same(age, scale, months):
    monthly, at_once = np.array([10.0]), np.array([10.0])
    gone = 0.0
    for month in range(months):
        now = retired(monthly, [2000], 2000 + age + month / 12, 1.0, 40.0, scale)
        assert now >= 0.0
        gone += now
    retired(at_once, [2000], 2000 + age, float(months), 40.0, scale)
    assert monthly == pytest.approx(at_once, abs=1e-9)
    assert gone + monthly[0] == pytest.approx(10.0)


def test_half_a_vintage_is_gone_at_its_retirement_age_and_ancient_plant_does_not_overflow():
    capacity = np.array([10.0, 10.0])
    assert retired(capacity, [2000, 1000], 2000.5, 480.0, 40.0, 3.0) == pytest.approx(15.0, rel=1e-4)
    assert capacity == pytest.approx([5.0, 0.0], abs=1e-3)


@given(st.floats(0, 80), st.floats(0, 3))
@settings(max_examples=60, deadline=None)
def test_owners_may_close_less_or_more_than_age_does_but_never_more_than_stands(age, pace):
    usual, chosen = np.array([10.0]), np.array([10.0])
    by_age = retired(usual, [2000], 2000.5 + age, 120.0, 40.0, 5.0)
    assert retired(chosen, [2000], 2000.5 + age, 120.0, 40.0, 5.0, pace) == pytest.approx(min(by_age * pace, 10.0))
    assert chosen[0] >= 0.0


def test_commissioning_merges_into_the_row_of_its_year_and_no_other():
    *_, plants = opening(1)
    rows, before = len(plants), plants.capacity_gw.sum()
    one, two = np.array([0, 0, 1]), np.array([2, 2, 2])
    gw, efficiency = np.array([1.0, 3.0, 2.0]), np.array([0.5, 0.25, 1.0])
    at = fleet.commission(plants, one, two, np.zeros(3, int), gw, efficiency, 2026)
    assert at.tolist() == [rows, rows, rows + 1]
    assert plants.efficiency[rows] == pytest.approx(4 / (1 / 0.5 + 3 / 0.25))
    again = fleet.commission(plants, one[:1], two[:1], np.zeros(1, int), gw[:1], efficiency[:1], 2026)
    assert again.tolist() == [rows]
    assert (
        fleet.commission(plants, one[:1], two[:1], np.zeros(1, int), gw[:1], efficiency[:1], 2027)[0]
        == rows + 2
    )
    assert plants.capacity_gw.sum() == pytest.approx(before + 8.0)


def test_commissioning_nothing_or_into_an_empty_world_is_no_error():
    plants = Columns(fleet.PLANT_COLUMNS)
    none = np.array([], dtype=np.int64)
    assert len(fleet.commission(plants, none, none, none, np.array([]), np.array([]), 2026)) == 0
    one = np.array([0])
    fleet.commission(plants, one, one, one, np.array([1.0]), np.array([0.4]), 2026)
    assert len(plants) == 1
    assert plants.efficiency[0] == pytest.approx(0.4)


def test_time_does_not_run_backwards():
    *_, plants = opening(2)
    one = np.array([0])
    with pytest.raises(ValueError, match="order of time"):
        fleet.commission(plants, one, one, one, np.array([1.0]), np.array([0.4]), 1999)
