"""Capability: training runs, indices, and how models reach other nations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.world.tech import capability


def test_100_000_h100_for_four_months_train_a_few_1e26_flop():
    # dense 16-bit rate 989e12 FLOP/s at 38 % use: the size of the largest runs of 2025
    assert 3e26 < capability.training_flop(1e5, 4.0, 989e12, 0.38) < 7e26


def test_ten_times_the_compute_or_ten_times_the_software_is_one_order():
    base = capability.index(1e26, 0.0, 1e26)
    assert base == 0.0
    assert capability.index(1e27, 0.0, 1e26) == pytest.approx(1.0)
    assert capability.index(1e26, np.log(10.0), 1e26) == pytest.approx(1.0)


def test_who_trains_nothing_has_no_model():
    assert capability.index(np.zeros(2), 0.0, 1e26).tolist() == [-np.inf, -np.inf]


def test_a_nation_has_its_best_company_and_zero_without_one():
    best = capability.best_in_nation(np.array([1.0, 3.0, 2.0]), np.array([0, 0, 2]), 3)
    np.testing.assert_array_equal(best, [3.0, 0.0, 2.0])
    np.testing.assert_array_equal(capability.best_in_nation(np.zeros(0), np.zeros(0), 2), [0.0, 0.0])


def test_a_model_once_trained_stays():
    np.testing.assert_array_equal(capability.train(np.array([2.0, 1.0]), np.array([-np.inf, 3.0])), [2.0, 3.0])


def test_users_trail_a_rising_frontier_by_their_lag():
    lag, growth = 10.0, 0.05
    available, frontier = np.array([0.0]), 0.0
    for _ in range(400):
        frontier += growth
        available = capability.spread(available, -np.inf, frontier, lag, 1.0)
    # the exact lag of a monthly step: half a month less than in continuous time
    assert (frontier - available[0]) / growth == pytest.approx(lag, abs=0.6)


@given(st.floats(-2.0, 8.0), st.floats(-2.0, 8.0), st.floats(-2.0, 8.0), st.floats(0.0, 1.0))
def test_users_have_at_least_their_own_and_never_more_than_the_best(available, own, frontier, access):
    after = capability.spread(available, own, frontier, 6.0, access)
    assert max(available, own) <= after + 1e-12
    assert after <= max(available, own, frontier) + 1e-12


def test_without_access_only_own_models_count():
    assert capability.spread(0.0, 1.0, 5.0, 6.0, 0.0) == 1.0
