"""Replication: what robots earn in each use, and who gets them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from wattrace.agents.rules import replication as rule


def test_a_useless_robot_can_only_be_sold():
    payoff = rule.returns(40_000.0, 30_000.0, 0.0, 50_000.0, 3.0, 10.0, 30.0)
    np.testing.assert_allclose(payoff, [0.0, 4.0 / 3.0, 0.0])
    np.testing.assert_allclose(rule.assign(np.array([10.0]), payoff[None, :], 0.3), [[0.0, 10.0, 0.0]])


def test_hired_out_a_robot_earns_the_wages_of_its_life():
    assert rule.returns(40_000.0, 30_000.0, 0.5, 60_000.0, 3.0, 10.0, 30.0)[rule.WORK] == pytest.approx(3.0)


def test_without_a_margin_more_lines_are_worth_nothing():
    assert rule.returns(30_000.0, 30_000.0, 1.0, 60_000.0, 3.0, 10.0, 30.0)[rule.REPLICATE] == 0.0


@given(arrays(float, (2, 3), elements=st.floats(-5.0, 100.0)), st.floats(0.0, 1e6), st.floats(0.05, 5.0))
def test_every_robot_is_put_to_one_use_and_the_best_paid_gets_most(payoff, robots, scale):
    uses = rule.assign(np.full(2, robots), payoff, scale)
    assert (uses >= 0.0).all()
    np.testing.assert_allclose(uses.sum(axis=1), robots, atol=1e-250)
    for row in range(2):
        if (payoff[row] > 0.0).any():
            assert uses[row, payoff[row].argmax()] == uses[row].max()


def test_twice_the_payoff_gets_more_by_a_power_law():
    uses = rule.assign(np.array([1.0]), np.array([[1.0, 2.0, 0.0]]), 0.5)[0]
    assert uses[1] / uses[0] == pytest.approx(4.0)


def test_no_makers():
    assert rule.assign(np.zeros(0), np.zeros((0, 3)), 0.5).shape == (0, 3)
