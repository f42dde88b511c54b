"""The rent of a firm watt."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.world.money.rent import clear_rent, usd_per_w_year

VOLL, SHORT, MOST, MARGIN, SPREAD = 10_000.0, 30.0, 300.0, 0.05, 0.05
CEILING = VOLL * MOST * 1e-6  # USD per W-year


def rent(coins, base, staked=0.0, energy=0.5, gw=(), willing=(), elasticity=0.1, spread=SPREAD, most=MOST):
    """One nation (or N of them, where coins is an array); energy 0.5 USD per W-year is 57 USD/MWh."""
    coins = np.atleast_1d(np.asarray(coins, float))
    n = coins.size
    row = lambda x: np.broadcast_to(np.asarray(x, float), (n,)).copy()  # noqa: E731
    steps = lambda x: np.broadcast_to(np.asarray(x, float), (n, len(gw))).copy()  # noqa: E731
    return clear_rent(
        coins, row(staked), row(base), row(energy), row(0.5), row(0.1), elasticity,
        steps(gw), steps(willing), spread, VOLL, SHORT, most, MARGIN,
    )  # fmt: skip


loads = st.floats(0.0, 1000.0)
sites = st.lists(st.tuples(st.floats(0.0, 300.0), st.floats(0.001, 20.0)), max_size=6)


def columns(pairs):
    return [p[0] for p in pairs], [p[1] for p in pairs]


@settings(max_examples=200, deadline=None)
@given(loads, loads, loads, sites)
def test_the_market_clears_or_says_what_it_rations(coins, base, staked, pairs):
    gw, willing = columns(pairs)
    price, accepted, base_gw, reserve, rationed = rent(coins, base, staked, gw=gw, willing=willing)
    assert 0.0 <= price[0] <= CEILING * (1 + 1e-12)
    np.testing.assert_allclose(staked + base_gw + accepted.sum(axis=1) + reserve, coins, rtol=1e-12, atol=1e-9)
    assert np.all(accepted <= np.array(gw) + 1e-12)
    np.testing.assert_allclose(rationed, np.maximum(0.0, -reserve))
    if 1e-200 < price[0] < CEILING * (1 - 1e-9) and base + staked > 1e-6:
        # the reserve left over is worth the rent: Garver's rule
        margin = reserve[0] / (base_gw[0] + staked)
        np.testing.assert_allclose(VOLL * SHORT * 1e-6 * np.exp(-margin / MARGIN), price[0], rtol=1e-6)


@settings(max_examples=150, deadline=None)
@given(loads, st.floats(1.0, 1000.0), loads, sites, st.floats(0.1, 100.0))
def test_more_coins_never_raise_the_rent(coins, base, staked, pairs, more):
    gw, willing = columns(pairs)
    price = rent([coins, coins + more], base, staked, gw=gw, willing=willing)[0]
    assert price[1] <= price[0]
    assert price[1] < price[0] or price[0] == price[1] == 0.0 or price[1] > CEILING * (1 - 1e-9)


@settings(max_examples=150, deadline=None)
@given(loads, st.floats(1.0, 1000.0), loads, sites, st.floats(1.001, 2.0))
def test_more_load_never_lowers_the_rent(coins, base, staked, pairs, factor):
    gw, willing = columns(pairs)
    before = rent(coins, base, staked, gw=gw, willing=willing)[0][0]
    assert rent(coins, base * factor, staked, gw=gw, willing=willing)[0][0] >= before * (1 - 1e-12)
    assert rent(coins, base, staked * factor, gw=gw, willing=willing)[0][0] >= before * (1 - 1e-12)
    assert rent(coins, base, staked, gw=np.array(gw) * factor, willing=willing)[0][0] >= before * (1 - 1e-12)


@settings(max_examples=150, deadline=None)
@given(st.floats(1.0, 1000.0), st.floats(1.0, 1000.0), sites, st.floats(1e-6, 0.02))
def test_a_small_change_in_coins_gives_a_small_change_in_rent(coins, base, pairs, change):
    # d ln rent / d coins > -1/(m · loads), whatever the sites
    gw, willing = columns(pairs)
    price, _, base_gw, _, _ = rent([coins, coins * (1 + change)], base, gw=gw, willing=willing)
    if price.min() > 1e-200:
        assert np.log(price[0] / price[1]) <= coins * change / (MARGIN * base_gw.min()) * (1 + 1e-6) + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.floats(1.0, 1000.0), st.floats(1.0, 1000.0), sites, st.floats(0.01, 100.0))
def test_scaling_every_quantity_leaves_the_rent(coins, base, pairs, scale):
    gw, willing = columns(pairs)
    one = rent(coins, base, gw=gw, willing=willing)[0]
    np.testing.assert_allclose(rent(coins * scale, base * scale, gw=np.array(gw) * scale, willing=willing)[0], one, rtol=1e-9)


def test_a_nation_with_an_exact_margin_pays_what_garver_says():
    # rent at which base load's response is exactly 1: the reference rent
    margin = MARGIN * np.log(VOLL * SHORT * 1e-6 / 0.1)
    price, _, base_gw, reserve, _ = rent(100.0 * (1 + margin), 100.0)
    np.testing.assert_allclose([price[0], base_gw[0], reserve[0]], [0.1, 100.0, 100.0 * margin], rtol=1e-9)


def test_of_two_steps_the_one_that_pays_more_is_served_first():
    price, accepted, *_ = rent(120.0, 90.0, gw=[20.0, 20.0], willing=[2.0, 0.02])
    assert 0.02 < price[0] < 2.0
    assert accepted[0, 0] > 19.0
    assert accepted[0, 1] < 1.0


def test_as_steps_sharpen_the_rent_of_a_marginal_step_goes_to_what_it_would_pay():
    for spread in (0.05, 0.005, 0.0005):
        price, accepted, *_ = rent(130.0, 90.0, gw=[60.0], willing=[0.4], spread=spread)
        assert 0.0 < accepted[0, 0] < 60.0
        assert abs(np.log(price[0] / 0.4)) < 5 * spread


def test_a_nation_short_of_coins_pays_the_ceiling_and_rations_the_rest():
    price, _, base_gw, _, rationed = rent(50.0, 100.0)
    np.testing.assert_allclose(price, CEILING)
    np.testing.assert_allclose(rationed, base_gw - 50.0)


def test_zero_coins_no_load_no_sites_and_nobody_end_in_a_state():
    assert rent(0.0, 100.0)[0][0] == np.float64(np.exp(np.log(CEILING)))
    assert rent(100.0, 0.0)[0][0] == 0.0  # nobody wants them
    assert rent(0.0, 0.0)[0].size == 1
    price, accepted, _, reserve, _ = rent(100.0, 0.0, gw=[10.0, 5.0], willing=[1.0, 0.0])
    assert price[0] == 0.0
    np.testing.assert_allclose([accepted.sum(), reserve[0]], [10.0, 90.0])
    assert clear_rent(*[np.zeros(0)] * 6, 0.1, np.zeros((0, 3)), np.zeros((0, 3)), 0.1, VOLL, SHORT, MOST, MARGIN)[0].size == 0
    for coins, base in ((1e9, 1e-9), (1e-9, 1e9), (1e300, 1.0), (1.0, 1e300)):
        for part in rent(coins, base, gw=[1e9], willing=[1e9]):
            assert np.isfinite(part).all()


def test_a_price_per_mwh_becomes_a_cost_per_watt_and_year():
    np.testing.assert_allclose(usd_per_w_year(57.0, 8766.0), 0.499662)
