"""AI services: one price where sellers are shared, all supply sold, access respected."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog
from wattrace.world.tech import services

PLAIN = st.sampled_from([0.0, 1.0])
GRADED = st.sampled_from([0.0, 0.25, 0.5, 1.0])


@st.composite
def markets(draw, access=PLAIN):
    sellers, nations = draw(st.integers(0, 5)), draw(st.integers(0, 4))
    amount = st.one_of(st.just(0.0), st.floats(0.01, 1e4))
    return (
        draw(arrays(float, nations, elements=amount)), draw(arrays(float, sellers, elements=amount)),
        draw(arrays(float, (sellers, nations), elements=access)), draw(st.floats(0.1, 10.0)), draw(st.floats(0.3, 3.0)),
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(markets())
def test_sellers_sell_all_they_may_where_it_pays_best(market):
    scale, supply, access, reference, elasticity = market
    price, sales = services.clear_services(*market)
    may = (access > 0.0) & (scale > 0.0)
    assert (sales[~may] == 0.0).all()
    for c in np.flatnonzero((supply > 0.0) & may.any(axis=1)):
        best = price[may[c]].max()
        sold = sales[c, may[c]] / price[may[c]]
        assert sold.sum() == pytest.approx(supply[c], rel=1e-7)
        # nothing to speak of goes where the price is lower
        assert sold[price[may[c]] < best * (1 - 1e-7)].sum() <= 1e-7 * supply[c]
    served = price > 0.0
    assert (served == (may & (supply > 0.0)[:, None]).any(axis=0)).all()
    demand = scale[served] * (price[served] / reference) ** (1.0 - elasticity)
    np.testing.assert_allclose(sales.sum(axis=0)[served], demand, rtol=1e-6)


@settings(max_examples=100, deadline=None)
@given(markets(GRADED))
def test_graded_access_sells_at_most_that_share(market):
    scale, supply, access, _, _ = market
    price, sales = services.clear_services(*market)
    sold = sales / np.where(price > 0.0, price, 1.0)
    assert (sold <= access * supply[:, None] * (1 + 1e-6)).all()
    reach = np.where(scale > 0.0, access, 0.0).max(axis=1, initial=0.0)
    np.testing.assert_allclose(sold.sum(axis=1), reach * supply, rtol=1e-6)


def test_one_open_world_has_one_price_in_closed_form():
    scale, supply = np.array([10.0, 30.0]), np.array([1.0, 4.0])
    price, sales = services.clear_services(scale, supply, np.ones((2, 2)), 2.0, 1.6)
    np.testing.assert_allclose(price, 2.0 * (20.0 / 5.0) ** (1 / 1.6))
    np.testing.assert_allclose(sales, price[0] * supply[:, None] * scale[None, :] / 40.0)


def test_closed_nations_are_worlds_of_their_own():
    scale, supply = np.array([10.0, 30.0]), np.array([1.0, 4.0])
    price, _ = services.clear_services(scale, supply, np.eye(2), 2.0, 1.6)
    np.testing.assert_allclose(price, 2.0 * (scale / 2.0 / supply) ** (1 / 1.6))


def test_supply_at_what_is_wanted_sells_at_the_reference_price():
    price, sales = services.clear_services(np.array([6.0]), np.array([3.0]), np.ones((1, 1)), 2.0, 1.6)
    assert (price[0], sales[0, 0]) == (pytest.approx(2.0), pytest.approx(6.0))


def test_rivals_meet_in_third_markets():
    # both serve the third nation and only their own; the poorer home sends its seller abroad
    access = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    price, sales = services.clear_services(np.array([10.0, 1.0, 2.0]), np.array([1.0, 1.0]), access, 1.0, 1.6)
    assert price[0] > price[1] == pytest.approx(price[2])
    assert sales[0, 2] == 0.0


def test_quality_counts_as_supply():
    args = (np.array([10.0, 3.0]), np.array([1.0, 2.0]), np.array([[1.0, 1.0], [0.0, 1.0]]), 1.0, 1.6)
    better = services.clear_services(*args, quality=np.array([2.0, 3.0]))
    more = services.clear_services(args[0], args[1] * [2.0, 3.0], *args[2:])
    np.testing.assert_allclose(better[0], more[0])


@settings(max_examples=50, deadline=None)
@given(markets(), st.randoms(use_true_random=False))
def test_names_do_not_matter(market, random):
    scale, supply, access, reference, elasticity = market
    rows, columns = list(range(len(supply))), list(range(len(scale)))
    random.shuffle(rows)
    random.shuffle(columns)
    price, sales = services.clear_services(*market)
    swapped, moved = services.clear_services(
        scale[columns], supply[rows], access[rows][:, columns], reference, elasticity
    )
    np.testing.assert_allclose(swapped, price[columns], rtol=1e-9)
    np.testing.assert_allclose(moved, sales[rows][:, columns], rtol=1e-5, atol=1e-6 * (1.0 + sales.sum()))


@settings(max_examples=40, deadline=None)
@given(markets())
def test_the_lowest_quantity_per_want_is_as_high_as_a_linear_program_can_make_it(market):
    scale, supply, access, reference, elasticity = market
    may = (access > 0.0) & (scale > 0.0) & (supply > 0.0)[:, None]
    served = may.any(axis=0)
    if not served.any():
        return
    price, _ = services.clear_services(*market)
    pairs = np.argwhere(may)
    wanted = scale / reference
    # maximise t: what reaches a nation >= t · wanted, what a seller gives <= supply
    cost = np.append(np.zeros(len(pairs)), -1.0)
    upper = np.zeros((len(scale) + len(supply), len(pairs) + 1))
    for k, (c, n) in enumerate(pairs):
        upper[n, k], upper[len(scale) + c, k] = -1.0, 1.0
    upper[: len(scale), -1] = np.where(served, wanted, 0.0)
    best = linprog(cost, A_ub=upper, b_ub=np.append(np.zeros(len(scale)), supply)).x[-1]
    lowest = (price[served].max() / reference) ** (-elasticity)
    assert lowest == pytest.approx(best, rel=1e-6)


def test_a_block_that_nearly_falls_in_two_is_shared_out_to_the_end():
    wanted, supply = np.array([9752.40903645, 8783.48602543]), np.array([7377.0, 8259.0])
    _, sales = services.clear_services(wanted, supply, np.array([[0.0, 1.0], [1.0, 1.0]]), 1.0, 1.0)
    np.testing.assert_allclose(sales.sum(axis=0), wanted, rtol=1e-9)


def test_sets_of_nations_fit_into_bits():
    price, _ = services.clear_services(np.ones(62), np.ones(1), np.ones((1, 62)), 1.0, 1.6)
    np.testing.assert_allclose(price, 62.0 ** (1 / 1.6))
    with pytest.raises(ValueError, match="62"):
        services.clear_services(np.ones(63), np.ones(1), np.ones((1, 63)), 1.0, 1.6)
