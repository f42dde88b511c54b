"""Tasks: what opens with capability, and how fast it is taken up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.world.tech import tasks


def test_half_of_a_band_is_open_at_its_threshold():
    opened = tasks.opened_share(np.array([26.5, -np.inf, 1e3]), np.array([26.5]), np.array([2.0]))
    np.testing.assert_allclose(opened[:, 0], [0.5, 0.0, 1.0])


@given(st.floats(20.0, 36.0), st.floats(20.0, 36.0))
def test_more_capability_never_closes_tasks(a, b):
    opened = tasks.opened_share(np.sort([a, b]), np.array([24.0, 30.0]), np.array([1.0, 3.0]))
    assert (np.diff(opened, axis=0) >= 0.0).all()


@pytest.mark.parametrize("years", [2.0, 9.0, 22.0])
def test_adoption_takes_its_years_from_ten_to_ninety_per_cent(years):
    share = np.array([[0.1]])
    for _ in range(int(years * 12)):
        share = tasks.adopt(share, np.ones((1, 1)), np.array([years]), 0.0)
    assert share[0, 0] == pytest.approx(0.9)


def test_adoption_ends_at_what_is_open():
    share = np.array([[0.01]])
    for _ in range(2000):
        share = tasks.adopt(share, np.array([[0.4]]), np.array([5.0]), 0.01)
    assert share[0, 0] == pytest.approx(0.4)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.1, 30.0), st.floats(0.0, 0.1))
def test_adoption_stays_between_where_it_was_and_what_is_open(adopted, opened, years, seed):
    after = tasks.adopt(np.array([[adopted]]), np.array([[opened]]), np.array([years]), seed)[0, 0]
    start = max(adopted, seed * opened)
    assert min(start, opened) - 1e-12 <= after <= max(start, opened) + 1e-12


def test_nothing_open_and_nothing_adopted_is_nothing():
    np.testing.assert_array_equal(tasks.adopt(np.zeros((2, 1)), np.zeros((2, 1)), np.array([9.0]), 0.01), 0.0)
