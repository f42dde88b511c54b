"""P, the worth of a coin."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.world.money.value import (
    adjust_value,
    ceiling_value,
    market_value,
    opening_value,
    solve_savings,
)

CEILING = 50.0  # USD per W


def nation(**change: Any) -> dict[str, Any]:
    """One nation with 1000 GW of coins and every kind of demand."""
    world: dict[str, Any] = {
        "coins_gw": 1000.0, "near_mints_gw": [20.0, 10.0], "near_mint_chance": [0.9, 0.5],
        "base_stake_gw": 800.0, "energy_usd_per_w_year": 0.5, "all_in_ref_usd_per_w_year": 0.6, "base_elasticity": 0.1,
        "rent_yield": 0.08, "running_gw": 30.0, "waiting_gw": [5.0, 10.0, 15.0], "waiting_willing_usd_per_w": [9.0, 3.0, 0.5],
        "waiting_spread": 0.2, "transactions_musd": 40_000.0, "savings_musd": 150_000.0, "foreign_musd": 20_000.0,
        "ceiling_usd_per_w": CEILING,
    }  # fmt: skip
    world |= change
    scalar = {"base_elasticity", "waiting_spread"}
    return {name: x if name in scalar else np.array([x], dtype=float) for name, x in world.items()}


def solve(world):
    return market_value(*world.values())


def wanted(world, value):
    """Coins wanted at a value, written out once more."""
    w = {name: x[0] if isinstance(x, np.ndarray) else x for name, x in world.items()}
    all_in = (w["energy_usd_per_w_year"] + w["rent_yield"] * value) / w["all_in_ref_usd_per_w_year"]
    waiting = w["waiting_gw"] / (1.0 + (value / w["waiting_willing_usd_per_w"]) ** (1.0 / w["waiting_spread"]))
    balances = (w["transactions_musd"] + w["savings_musd"] + w["foreign_musd"]) / value / 1000.0
    return w["base_stake_gw"] * all_in ** -w["base_elasticity"] + w["running_gw"] + waiting.sum() + balances


amounts = st.floats(0.0, 2000.0)
worlds = st.builds(
    lambda coins, base, running, waiting, savings, trade: nation(
        coins_gw=coins, base_stake_gw=base, running_gw=running, waiting_gw=waiting,
        savings_musd=savings * 1e3, transactions_musd=trade * 1e3,
    ),
    amounts, amounts, st.floats(0.0, 200.0), st.lists(st.floats(0, 100), min_size=3, max_size=3), amounts, st.floats(0.1, 500.0),
)  # fmt: skip
QUANTITIES = ("coins_gw", "near_mints_gw", "base_stake_gw", "running_gw", "waiting_gw", "transactions_musd", "savings_musd", "foreign_musd")


@settings(max_examples=200, deadline=None)
@given(worlds)
def test_at_the_market_value_all_coins_are_wanted_or_the_ceiling_binds(world):
    value, bound, rationed, accepted = solve(world)
    supply = world["coins_gw"][0] + 23.0
    np.testing.assert_allclose(wanted(world, value[0]) - rationed[0], supply, rtol=1e-9)
    assert 0.0 < value[0] <= CEILING * (1 + 1e-12)
    assert bound[0] == (rationed[0] > 0.0)
    assert np.all(accepted <= world["waiting_gw"])


@settings(max_examples=100, deadline=None)
@given(worlds, st.floats(0.01, 100.0))
def test_scaling_every_quantity_leaves_the_value(world, scale):
    scaled = world | {name: world[name] * scale for name in QUANTITIES}
    np.testing.assert_allclose(solve(scaled)[0], solve(world)[0], rtol=1e-9)


@settings(max_examples=100, deadline=None)
@given(worlds, st.sampled_from([0.5, 2.0, 4.0, 1000.0]))
def test_redenomination_scales_the_value_of_a_coin_and_nothing_else(world, watts):
    # 1 coin = `watts` W: amounts in coins fall, prices per coin rise by that factor (half a watt halves P), USD amounts stay
    coins = ("coins_gw", "near_mints_gw", "base_stake_gw", "running_gw", "waiting_gw")
    prices = ("energy_usd_per_w_year", "all_in_ref_usd_per_w_year", "waiting_willing_usd_per_w", "ceiling_usd_per_w")
    renamed = world | {n: world[n] / watts for n in coins} | {n: world[n] * watts for n in prices}
    before, after = solve(world), solve(renamed)
    np.testing.assert_allclose(after[0], before[0] * watts, rtol=1e-11)
    np.testing.assert_array_equal(after[1], before[1])
    np.testing.assert_allclose(after[3] * watts, before[3], rtol=1e-8, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(worlds, st.integers(0, 2), st.floats(0.0, 500.0))
def test_more_waiting_chips_never_lower_the_value(world, step, more):
    gw = world["waiting_gw"].copy()
    gw[0, step] += more
    assert solve(world | {"waiting_gw": gw})[0][0] >= solve(world)[0][0] * (1 - 1e-13)


@settings(max_examples=100, deadline=None)
@given(worlds, st.floats(0.0, 500.0))
def test_more_coins_or_near_mints_never_raise_the_value(world, more):
    value = solve(world)[0][0] * (1 + 1e-13)
    assert solve(world | {"coins_gw": world["coins_gw"] + more})[0][0] <= value
    assert solve(world | {"near_mints_gw": world["near_mints_gw"] + more})[0][0] <= value
    assert solve(world | {"savings_musd": world["savings_musd"] + more})[0][0] >= value * (1 - 3e-13)


@settings(max_examples=100, deadline=None)
@given(worlds, st.floats(0.05, 20.0))
def test_solved_savings_make_the_opening_value_the_market_value(world, opening):
    names = [n for n in world if n not in ("savings_musd", "ceiling_usd_per_w")]
    savings = solve_savings([opening], *[world[n] for n in names])
    balances = savings[0] + world["transactions_musd"][0] + world["foreign_musd"][0]
    if balances > 1.0:
        value = solve(world | {"savings_musd": savings})[0]
        np.testing.assert_allclose(value, opening, rtol=1e-7)


def test_with_balances_alone_the_value_is_money_over_coins():
    world = nation(base_stake_gw=0.0, running_gw=0.0, waiting_gw=[0, 0, 0], near_mints_gw=[0, 0])
    np.testing.assert_allclose(solve(world)[0], 210_000.0 / 1000.0 / 1000.0, rtol=1e-12)


def test_zero_float_no_ai_no_demand_and_huge_loads_end_in_a_state():
    full = nation(base_stake_gw=0.0, running_gw=1000.0, near_mints_gw=[0, 0], waiting_gw=[0, 0, 0])
    value, bound, rationed, _ = solve(full)
    np.testing.assert_allclose(value, CEILING)
    assert bound[0]
    np.testing.assert_allclose(rationed, 210.0 / CEILING)
    none = market_value(*(nation() | {"waiting_gw": np.zeros((1, 0)), "waiting_willing_usd_per_w": np.zeros((1, 0))}).values())
    assert 0.0 < none[0][0] < CEILING
    unwanted = nation(base_stake_gw=0.0, running_gw=0.0, waiting_gw=[0, 0, 0], transactions_musd=0.0, savings_musd=0.0, foreign_musd=0.0)
    assert 0.0 < solve(unwanted)[0][0] < 1e-80  # worthless, yet a number that can rise again
    huge = solve(nation(base_stake_gw=1e12))
    assert huge[1][0]
    assert np.isfinite(huge[2][0])
    assert solve(nation(coins_gw=0.0, near_mints_gw=[0, 0]))[1][0]


def test_a_lost_fifth_of_capacity_meets_the_ceiling_and_not_infinity():
    tight = nation(coins_gw=720.0, near_mints_gw=[0, 0], base_stake_gw=900.0)
    value, bound, rationed, _ = solve(tight)
    np.testing.assert_allclose(value, CEILING)
    assert bound[0]
    assert rationed[0] > 0.0


def test_the_value_moves_a_share_of_the_way_in_logarithms():
    np.testing.assert_allclose(adjust_value(np.array([1.0, 4.0]), np.array([16.0, 1.0]), 0.5), [4.0, 2.0])
    np.testing.assert_allclose(adjust_value(3.0, 7.0, 0.0), 3.0)
    np.testing.assert_allclose(adjust_value(3.0, 7.0, 1.0), 7.0)


def test_the_ceiling_is_lost_load_for_ever():
    np.testing.assert_allclose(ceiling_value(10_000.0, 50.0, 0.1), 5.0)  # 0.5 USD a year per W, at 10 %


def test_the_opening_value_is_the_annuity_of_the_cheapest_firm_watt_over_the_rate():
    # 1 USD/W for ever at 8 %, without O&M or margin, fully firm: 1 USD per W
    value, each = opening_value([1.0, 3.0], [1e9, 30.0], [0.0, 0.1], [0.0, 0.05], [1.0, 0.9], 0.08)
    np.testing.assert_allclose(value, 1.0)
    recovery = 0.08 / (1 - 1.08**-30)
    np.testing.assert_allclose(each[1], (3.0 * recovery + 0.05) / 0.9 / 0.08)


def test_an_opening_value_is_never_negative_and_shows_why():
    value, each = opening_value([1.0, 1.0], [20.0, 20.0], [0.0, 0.0], [5.0, 0.0], [0.5, 0.0], 0.08)
    assert value == 0.0
    assert each[0] < 0.0
    assert each[1] == np.inf
    assert opening_value([], [], [], [], [], 0.08)[0] == np.inf


def test_the_opening_value_of_many_nations_is_that_of_each():
    rng = np.random.default_rng(1)
    capex, credit, rate = rng.uniform(0.5, 5, (9, 4)), rng.uniform(0.1, 1, (9, 4)), rng.uniform(0.04, 0.12, 9)
    many = opening_value(capex, np.full(4, 25.0), 0.05, 0.02, credit, rate)[0]
    for n in range(9):
        np.testing.assert_allclose(many[n], opening_value(capex[n], np.full(4, 25.0), 0.05, 0.02, credit[n], rate[n])[0])


def test_nine_nations_are_solved_as_one_by_one():
    world = nation()
    nine = {name: np.repeat(x, 9, axis=0) if isinstance(x, np.ndarray) else x for name, x in world.items()}
    nine["coins_gw"] = np.linspace(900, 1200, 9)
    values = solve(nine)[0]
    assert np.all(np.diff(values) < 0.0)
    for n in (0, 4, 8):
        np.testing.assert_array_equal(solve(nation(coins_gw=nine["coins_gw"][n]))[0][0], values[n])
