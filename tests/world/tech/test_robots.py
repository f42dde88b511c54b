"""Robots: usefulness, the binding input, and replication in its limiting cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.world.tech import robots

factor = st.floats(0.0, 100.0)


@given(factor, factor, factor)
def test_usefulness_is_a_product_that_saturates(intelligence, chips, dexterity):
    useful = robots.usefulness(intelligence, chips, dexterity, 1.2)
    assert 0.0 <= useful <= 1.2
    assert useful == pytest.approx(robots.usefulness(intelligence * chips * dexterity, 1.0, 1.0, 1.2))
    assert robots.usefulness(0.0, chips, dexterity, 1.2) == 0.0


def test_half_of_the_most_is_reached_at_the_reference():
    assert robots.usefulness(1.0, 1.0, 1.0, 1.2) == pytest.approx(0.6)


def test_no_chips_no_robots():
    made, binds = robots.robots_made(100.0, 1.0, 1e6, 1e6, 1.0, 0.0, 0.2)
    assert (made, binds) == (0.0, robots.CHIPS)


@pytest.mark.parametrize(
    ("lines", "humans", "chips", "metal", "made", "binds"),
    [
        (5.0, 100.0, 100.0, 100.0, 5.0, robots.LINES),
        (50.0, 20.0, 100.0, 100.0, 10.0, robots.LABOUR),
        (50.0, 900.0, 2.0, 100.0, 4.0, robots.CHIPS),
        (50.0, 900.0, 100.0, 0.3, 3.0, robots.METALS),
    ],
)
def test_the_scarcest_input_sets_output(lines, humans, chips, metal, made, binds):
    assert robots.robots_made(lines, 2.0, humans, 0.0, 1.0, chips, 0.5, metal, 0.1) == (pytest.approx(made), binds)


def test_ties_go_to_the_first_cause_and_no_makers_make_nothing():
    assert robots.robots_made(1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0)[1] == robots.LINES
    made, binds = robots.robots_made(*(np.zeros(0),) * 7)
    assert made.shape == binds.shape == (0,)


def run(months, chips_a_month=np.inf, lines=np.inf):
    """Robots build robots with nearly all of their labour; returns the stock by month."""
    useful, per_unit, stock = 0.5, 20.0, 1000.0
    seen = [stock]
    for _ in range(months):
        made, _ = robots.robots_made(lines, per_unit, 0.0, 0.9 * stock, useful, chips_a_month, 1.0)
        stock = stock + made
        seen.append(stock)
    return np.array(seen)


def test_with_one_complement_fixed_robots_grow_on_a_straight_line():
    for kwargs in ({"chips_a_month": 7.0}, {"lines": 9.0}):
        steps = np.diff(run(240, **kwargs))
        np.testing.assert_allclose(steps, steps[0])


def test_with_labour_alone_robots_double_in_the_analytic_time():
    useful, per_unit = 0.1, 20.0
    stock, months = 1.0, 0
    rate = useful / per_unit  # robots made per robot and month
    while stock < 1024.0:
        made, binds = robots.robots_made(np.inf, per_unit, 0.0, stock, useful, np.inf, 1.0)
        assert binds == robots.LABOUR
        stock += made
        months += 1
    assert months / 10.0 == pytest.approx(np.log(2.0) / rate, rel=0.02)


@given(st.floats(0.0, 1e3), st.floats(0.01, 3.0))
def test_lines_never_grow_faster_than_the_bound(q, greatest):
    ratio = robots.grow_lines(1.0, q, 1.0, greatest)
    assert np.exp(-greatest / 12.0) * (1 - 1e-12) <= ratio <= np.exp(greatest / 12.0) * (1 + 1e-12)


@given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=5), st.floats(1.0, 1e5))
def test_the_best_paid_use_gets_most(returns, scale):
    shares = robots.split(np.array([returns]), scale)[0]
    assert shares.sum() == pytest.approx(1.0)
    assert shares[np.argmax(returns)] == shares.max()


def test_a_robot_is_worth_less_the_more_of_the_work_is_done():
    left = robots.work_left(np.array([0.0, 1e6, 1e7]), 1e6)
    assert left[0] == 1.0
    assert np.all(np.diff(left) < 0.0)
    assert left[-1] < 1e-4


def test_staff_moves_to_what_is_needed_and_no_faster_than_can_be_hired():
    assert robots.hire(10.0, 10.0, 0.3) == 10.0
    assert 10.0 < robots.hire(10.0, 1e9, 0.3) <= 10.0 * np.exp(0.3 / 12.0)
    assert robots.hire(10.0, 1.0, 0.3) < 10.0
