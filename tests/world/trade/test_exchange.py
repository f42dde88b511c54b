"""The exchange against two oracles, its laws, and its corners."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.world.trade.exchange import clear


def _oracle(name):
    path = Path(__file__).parents[2] / "oracles" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"oracle_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def random_market(seed, buyers=None, goods=None, freight=True, spread=0.5):
    """Budgets over three decades, similar values, reserves that bind for about half of the goods, a fifth prohibited."""
    rng = np.random.default_rng(seed)
    buyers = buyers or int(rng.integers(1, 13))
    goods = goods or int(rng.integers(1, 7))
    quality = rng.lognormal(0.0, 1.0, goods)
    values = quality * rng.lognormal(0.0, spread, (buyers, goods))
    reserves = quality * rng.lognormal(-0.7, 0.5, goods)
    return {
        "budgets": rng.lognormal(0.0, 1.5, buyers),
        "values": values,
        "quantities": rng.lognormal(0.0, 1.0, goods),
        "reserves": reserves,
        "freight": rng.uniform(0.0, 0.3, (buyers, goods)) * reserves if freight else np.zeros((buyers, goods)),
        "allowed": rng.random((buyers, goods)) < 0.8,
    }


def solve(market, **more):
    m = market | more
    return clear(m.pop("budgets"), m.pop("values"), m.pop("quantities"), m.pop("reserves"), **m)


def utility(market, result):
    return (market["values"] * result.quantity).sum(axis=1) + result.kept


def ideal(market, price, cost=None):
    """What every buyer could have at these prices: the indirect utility B · max(1, best value per USD)."""
    full = price + (market["freight"] if cost is None else cost)
    per_usd = np.where(market["allowed"], market["values"], 0.0) / np.where(full > 0.0, full, 1.0)
    return market["budgets"] * np.maximum(1.0, per_usd.max(axis=1, initial=0.0))


markets = st.builds(random_market, st.integers(0, 2**32 - 1), freight=st.booleans(), spread=st.sampled_from([0.0, 0.5, 2.0]))


# ---- oracles


def test_prices_and_utilities_are_those_of_the_convex_program_on_120_markets():
    program = _oracle("fisher_program")
    worst_price = worst_utility = 0.0
    for seed in range(120):
        market = random_market(seed, freight=seed % 2 == 0)
        result = solve(market)
        price, wealth, value = program.solve_program(**market)
        assert result.converged
        reached = program.objective_value(market, result.quantity, result.kept, result.unsold)
        assert reached >= value - 1e-8  # a possible point as good as the solver's optimum
        worst_price = max(worst_price, np.max(np.abs(result.price / price - 1.0)))
        worst_utility = max(worst_utility, np.max(np.abs(utility(market, result) / wealth - 1.0)))
    print(f"worst relative difference: prices {worst_price:.1e}, utilities {worst_utility:.1e}")
    assert worst_price < 1e-4
    assert worst_utility < 1e-4


def test_proportional_response_has_the_same_fixed_point():
    oracle = _oracle("proportional_response")
    for seed in range(6):
        market = random_market(seed, buyers=6, goods=3, freight=seed % 2 == 0, spread=1.0)
        result = solve(market)
        price, wealth = oracle.respond(**market, sweeps=2000)
        np.testing.assert_allclose(price, result.price, rtol=3e-3)
        np.testing.assert_allclose(wealth, utility(market, result), rtol=3e-3)


# ---- laws


@settings(max_examples=150, deadline=None)
@given(markets)
def test_every_market_ends_in_an_equilibrium(market):
    result = solve(market)
    assert result.converged
    full = result.price + market["freight"]
    # budgets and goods balance, nothing prohibited moves, nothing is negative
    np.testing.assert_allclose(result.spending.sum(axis=1) + result.kept, market["budgets"], rtol=1e-12)
    np.testing.assert_allclose(result.quantity.sum(axis=0) + result.unsold, market["quantities"], rtol=1e-12)
    assert not result.quantity[~market["allowed"]].any()
    assert not result.spending[~market["allowed"]].any()
    assert min(result.quantity.min(), result.spending.min(), result.kept.min(), result.unsold.min()) >= 0.0
    # what is bought is paid at the price delivered
    np.testing.assert_allclose(result.spending, full * result.quantity, rtol=1e-5, atol=1e-9 * market["budgets"].max())
    # no price is below the reserve, and what is not sold stands at it
    assert np.all(result.price >= market["reserves"])
    left = result.unsold > 0.0
    np.testing.assert_allclose(result.price[left], market["reserves"][left], rtol=1e-12)
    # no buyer could do better at these prices; who keeps money finds no good worth more than it
    np.testing.assert_allclose(utility(market, result), ideal(market, result.price), rtol=5e-6)
    keeps = result.kept > 0.0
    np.testing.assert_allclose(ideal(market, result.price)[keeps], market["budgets"][keeps], rtol=1e-5)


@settings(max_examples=60, deadline=None)
@given(markets, st.integers(0, 10**6), st.floats(1.05, 5.0))
def test_a_larger_budget_never_lowers_a_price(market, pick, factor):
    # goods are gross substitutes, freight or not: a theorem
    richer = market["budgets"].copy()
    richer[pick % richer.size] *= factor
    assert np.all(solve(market, budgets=richer).price >= solve(market).price * (1.0 - 1e-5))


@settings(max_examples=60, deadline=None)
@given(markets, st.integers(0, 10**6), st.floats(1.05, 5.0))
def test_more_goods_never_raise_a_price_nor_lower_a_buyers_utility(market, pick, factor):
    more = market["quantities"].copy()
    more[pick % more.size] *= factor
    before, after = solve(market), solve(market, quantities=more)
    assert np.all(after.price <= before.price * (1.0 + 1e-5))
    assert np.all(utility(market, after) >= utility(market, before) * (1.0 - 1e-5))


def _opened(market, pick):
    allowed = market["allowed"].copy()
    allowed.flat[pick % allowed.size] = False
    shut = market | {"allowed": allowed}
    allowed = allowed.copy()
    allowed.flat[pick % allowed.size] = True
    return shut, market | {"allowed": allowed}


@settings(max_examples=60, deadline=None)
@given(markets, st.integers(0, 10**6))
def test_lifting_a_prohibition_never_lowers_the_optimum_of_the_program(market, pick):
    def optimum(m):
        result = solve(m)
        wealth = (m["budgets"] * np.log(utility(m, result))).sum() - result.kept.sum()
        return wealth - (m["freight"] * result.quantity).sum() + (m["reserves"] * result.unsold).sum()

    shut, opened = _opened(market, pick)
    assert optimum(opened) >= optimum(shut) - 1e-7 * market["budgets"].sum()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 10**6))
def test_without_freight_lifting_a_prohibition_never_hurts_the_buyer_it_frees(seed, pick):
    # Proof. Let the buyer be better off shut out, and T the goods that are cheaper then. All it buys then lies in T, so its
    # whole budget goes to T, and so does that of all who bought in T before: spending on T does not fall. But T was
    # sold out (prices above then, hence above the reserve), so spending on T at lower prices must fall.
    market = random_market(seed, freight=False)
    shut, opened = _opened(market, pick)
    buyer = pick % market["allowed"].size // market["quantities"].size
    before, after = utility(shut, solve(shut))[buyer], utility(opened, solve(opened))[buyer]
    assert after >= before * (1.0 - 1e-6)


def test_with_freight_lifting_a_prohibition_can_hurt_the_buyer_it_frees():
    # shut out of good 0, the first buyer lets its price fall; its rival goes there, burns money on freight, and frees good 1
    market = {
        "budgets": np.array([3.0, 9.0]),
        "values": np.array([[60.0, 140.0], [60.0, 50.0]]),
        "quantities": np.ones(2),
        "reserves": np.ones(2),
        "freight": np.array([[0.0, 0.0], [6.0, 0.0]]),
        "allowed": np.array([[True, True], [True, True]]),
    }
    shut = market | {"allowed": np.array([[False, True], [True, True]])}
    np.testing.assert_allclose(utility(market, solve(market))[0], 54.0, rtol=1e-7)
    np.testing.assert_allclose(utility(shut, solve(shut))[0], 72.0, rtol=1e-7)


@settings(max_examples=40, deadline=None)
@given(markets, st.integers(0, 2**32 - 1))
def test_the_order_of_buyers_and_sellers_does_not_matter(market, seed):
    rng = np.random.default_rng(seed)
    rows = rng.permutation(market["budgets"].size)
    columns = rng.permutation(market["quantities"].size)
    table = np.ix_(rows, columns)
    turned = {
        "budgets": market["budgets"][rows],
        "quantities": market["quantities"][columns],
        "reserves": market["reserves"][columns],
    } | {name: market[name][table] for name in ("values", "freight", "allowed")}
    straight, other = solve(market), solve(turned)
    np.testing.assert_allclose(other.price, straight.price[columns], rtol=1e-5)
    np.testing.assert_allclose(utility(turned, other), utility(market, straight)[rows], rtol=1e-6)


def test_a_buyer_split_in_two_buys_the_same():
    for seed in range(20):
        market = random_market(seed, buyers=5, goods=4, spread=0.0)  # ties everywhere
        whole = solve(market)
        rows = [0, 0, 1, 2, 3, 4]
        split = {name: market[name][rows] for name in ("budgets", "values", "freight", "allowed")}
        split["budgets"] *= np.array([0.25, 0.75, 1, 1, 1, 1])
        parts = solve(market, **split)
        np.testing.assert_allclose(parts.price, whole.price, rtol=1e-6)
        np.testing.assert_allclose(parts.quantity[0] + parts.quantity[1], whole.quantity[0], atol=1e-3 * market["quantities"].max())
        np.testing.assert_allclose(parts.quantity[0] * 3, parts.quantity[1], atol=1e-4 * market["quantities"].max())


@settings(max_examples=40, deadline=None)
@given(markets, st.floats(-9, 9), st.floats(-9, 9))
def test_units_of_money_and_of_goods_do_not_matter(market, usd, unit):
    usd, unit = 10.0**usd, 10.0**unit
    scaled = solve(
        market,
        budgets=market["budgets"] * usd,
        values=market["values"] * usd / unit,
        quantities=market["quantities"] * unit,
        reserves=market["reserves"] * usd / unit,
        freight=market["freight"] * usd / unit,
    )
    np.testing.assert_allclose(scaled.price * unit / usd, solve(market).price, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(markets, st.integers(0, 2**32 - 1))
def test_where_it_starts_does_not_matter(market, seed):
    rng = np.random.default_rng(seed)
    bids = rng.random(market["values"].shape) * market["budgets"][:, np.newaxis] * rng.choice([0.0, 1e-9, 1.0, 1e9])
    warm = solve(market, bids=bids)
    assert warm.converged
    np.testing.assert_allclose(warm.price, solve(market).price, rtol=1e-5)


# ---- duties


def test_a_duty_on_the_customs_value_is_a_freight():
    market = random_market(3)
    tariff = np.random.default_rng(3).uniform(0, 1, market["values"].shape)
    customs = market["reserves"] * 1.7
    with_duty = solve(market, tariff=tariff, customs_price=customs)
    as_freight = solve(market, freight=market["freight"] + tariff * customs)
    np.testing.assert_array_equal(with_duty.price, as_freight.price)


def test_a_tariff_on_the_markets_own_price_is_paid_on_that_price():
    for seed in range(40):
        market = random_market(seed)
        tariff = np.random.default_rng(seed).choice([0.0, 0.1, 0.25, 1.45], market["values"].shape)
        result = solve(market, tariff=tariff)
        assert result.converged
        cost = market["freight"] + tariff * result.price
        np.testing.assert_allclose(utility(market, result), ideal(market, result.price, cost), rtol=1e-5)


def test_a_uniform_tariff_of_one_buyer_alone_is_borne_by_the_seller():
    # one buyer spends 10 on one unit; half of a tariff-inclusive 10 USD at 100 % goes to customs
    result = clear([10.0], [[100.0]], [1.0], [1.0], tariff=[[1.0]])
    np.testing.assert_allclose(result.price, [5.0], rtol=1e-6)
    np.testing.assert_allclose(result.spending, [[10.0]], rtol=1e-9)


# ---- known answers


def test_one_scarce_good_costs_what_its_buyers_have():
    result = clear([3.0, 1.0], [[100.0], [100.0]], [2.0], [0.5])
    np.testing.assert_allclose(result.price, [2.0], rtol=1e-8)
    np.testing.assert_allclose(result.quantity, [[1.5], [0.5]], rtol=1e-8)


def test_a_plentiful_good_stands_at_its_reserve():
    result = clear([3.0], [[100.0]], [20.0], [0.5])
    np.testing.assert_allclose(result.price, [0.5], rtol=1e-12)
    np.testing.assert_allclose(result.unsold, [14.0], rtol=1e-8)


def test_a_rich_buyer_pays_no_more_than_the_value():
    result = clear([1000.0], [[2.0]], [10.0], [0.5])
    np.testing.assert_allclose(result.price, [2.0], rtol=1e-8)
    np.testing.assert_allclose(result.kept, [980.0], rtol=1e-8)


# ---- corners end in a state


def _is_possible(market, result):
    for part in result[:5]:
        assert np.isfinite(part).all()
        assert (part >= 0.0).all()
    np.testing.assert_allclose(result.spending.sum(axis=1) + result.kept, market["budgets"], rtol=1e-9)
    np.testing.assert_allclose(result.quantity.sum(axis=0) + result.unsold, market["quantities"], rtol=1e-9)
    assert np.all(result.price >= market["reserves"])


def test_no_buyers_no_sellers_and_neither_end_in_a_state():
    nobody = clear(np.zeros(0), np.zeros((0, 2)), [1.0, 2.0], [3.0, 4.0])
    np.testing.assert_array_equal(nobody.price, [3.0, 4.0])
    np.testing.assert_array_equal(nobody.unsold, [1.0, 2.0])
    nothing = clear([5.0], np.zeros((1, 0)), [], [])
    np.testing.assert_array_equal(nothing.kept, [5.0])
    assert clear([], np.zeros((0, 0)), [], []).converged
    assert clear([], np.zeros((0, 0)), [], [], tariff=np.zeros((0, 0))).converged


@pytest.mark.parametrize(
    "change",
    [
        {"budgets": np.zeros(4)},
        {"allowed": np.zeros((4, 3), bool)},
        {"values": np.zeros((4, 3))},
        {"reserves": np.full(3, 1e12)},
        {"reserves": np.full(3, np.inf)},
        {"quantities": np.zeros(3)},
        {"freight": np.full((4, 3), 1e12)},
    ],
    ids=["no money", "all prohibited", "worthless", "dear", "not for sale", "no goods", "far away"],
)
def test_where_nothing_can_trade_everyone_keeps_what_they_have(change):
    market = random_market(1, buyers=4, goods=3) | change
    result = solve(market)
    assert result.converged
    assert not result.quantity.any()
    np.testing.assert_array_equal(result.kept, market["budgets"])
    np.testing.assert_array_equal(result.unsold, market["quantities"])


def test_a_good_of_which_there_is_none_shows_the_price_at_which_nobody_buys():
    result = clear([10.0], [[4.0, 6.0]], [1.0, 0.0], [1.0, 1.0])
    np.testing.assert_allclose(result.price, [4.0, 6.0], rtol=1e-7)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1.0, 3.0), st.booleans())
def test_huge_ratios_of_values_budgets_and_supplies_end_in_an_equilibrium(seed, decades, reserve):
    rng = np.random.default_rng(seed)
    n, g = 6, 4
    market = {
        "budgets": 10.0 ** rng.uniform(-decades, decades, n) * (rng.random(n) < 0.8),
        "values": 10.0 ** rng.uniform(-decades, decades, (n, g)) * (rng.random((n, g)) < 0.9),
        "quantities": 10.0 ** rng.uniform(-decades, decades, g) * (rng.random(g) < 0.9),
        "reserves": 10.0 ** rng.uniform(-decades, decades, g) * reserve,
        "freight": np.zeros((n, g)),
        "allowed": rng.random((n, g)) < 0.8,
    }
    result = solve(market)
    assert result.converged
    np.testing.assert_allclose(utility(market, result), ideal(market, result.price), rtol=1e-5)
    _is_possible(market, result)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(3.0, 30.0))
def test_absurd_ratios_end_in_a_possible_state(seed, decades):
    rng = np.random.default_rng(seed)
    n, g = 6, 4
    market = {
        "budgets": 10.0 ** rng.uniform(-decades, decades, n),
        "values": 10.0 ** rng.uniform(-decades, decades, (n, g)),
        "quantities": 10.0 ** rng.uniform(-decades, decades, g),
        "reserves": 10.0 ** rng.uniform(-decades, decades, g),
        "freight": np.zeros((n, g)),
        "allowed": np.ones((n, g), bool),
    }
    _is_possible(market, solve(market))


@pytest.mark.parametrize("change", [{"budgets": [-1.0]}, {"values": [[np.nan]]}, {"reserves": [1.0, 2.0]}, {"allowed": [[True, True]]}])
def test_nonsense_is_named(change):
    market = {"budgets": [1.0], "values": [[1.0]], "quantities": [1.0], "reserves": [1.0]} | change
    with pytest.raises(ValueError, match=next(iter(change))):
        solve(market)
