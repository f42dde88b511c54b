"""Serving: the share of compute that earns today."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.agents.rules import serving


@given(st.floats(0.0, 1.0), st.floats(-50.0, 50.0), st.floats(0.05, 0.95), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_the_share_stays_a_share(share, growth, target, response, speed):
    assert -1e-12 <= serving.adjust_share(share, growth, target, response, speed) <= 1.0 + 1e-12


def test_at_steady_prices_the_share_goes_to_its_target():
    share = 0.9
    for _ in range(300):
        share = serving.adjust_share(share, 0.0, 0.5, 0.3, 0.05)
    assert share == pytest.approx(0.5)


@given(st.floats(0.01, 0.99), st.floats(0.0, 1e6), st.floats(0.0, 1e6))
def test_shares_follow_the_better_return_by_at_most_their_bound(share, serve, train):
    after = serving.follow_returns(share, serve, train, 0.1, 0.05)
    assert 0.0 < after < 1.0
    moved = np.log(after / (1 - after)) - np.log(share / (1 - share))
    assert abs(moved) <= 0.05 + 1e-9
    assert moved * (serve - train) >= -1e-9 * abs(serve - train)


def test_equal_returns_leave_the_share():
    np.testing.assert_allclose(serving.follow_returns(np.array([0.3, 0.7]), 5.0, 5.0, 0.1, 0.05), [0.3, 0.7])


def test_with_returns_that_fall_in_use_the_share_settles_where_they_are_equal():
    share = 0.2
    for _ in range(2000):
        share = float(serving.follow_returns(share, 3.0 / share, 1.0 / (1.0 - share), 0.1, 0.05))
    assert share == pytest.approx(0.75, rel=1e-6)


def test_training_is_worth_what_it_adds_to_sales_while_it_lasts():
    # 100 MUSD a year, elasticity 0.3, lost at 1/yr and discounted at 0.2: 30 MUSD / 1.2 over 12,000 H100e-months
    assert serving.training_return(100.0, 0.3, 1.0, 0.2, 1000.0) == pytest.approx(25e6 / 12_000.0)
    np.testing.assert_array_equal(serving.training_return(100.0, 0.3, 1.0, 0.2, np.zeros(2)), 0.0)
