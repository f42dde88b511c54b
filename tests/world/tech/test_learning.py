"""Wright's law."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.world.tech import learning


@pytest.mark.parametrize(("rate", "w"), [(0.1, 0.152), (0.15, 0.234), (0.2, 0.322), (0.215, 0.349)])
def test_the_exponents_are_those_of_the_literature(rate, w):
    assert learning.exponent(rate) == pytest.approx(w, abs=5e-4)


@given(st.floats(0.1, 1e4), st.floats(0.1, 1e6), st.floats(0.0, 0.4))
def test_each_doubling_takes_the_learning_rate_off(cost, made, rate):
    assert learning.cost(cost, 2.0 * made, made, rate) == pytest.approx(cost * (1.0 - rate))


@given(st.floats(1.0, 1e6), st.floats(1.0, 1e6), st.floats(0.0, 0.4))
def test_two_steps_equal_one(a, b, rate):
    assert learning.cost(learning.cost(5.0, a, 1.0, rate), b, a, rate) == pytest.approx(learning.cost(5.0, b, 1.0, rate))


def test_without_experience_costs_stay():
    np.testing.assert_array_equal(learning.cost(np.array([3.0, 4.0]), np.array([5.0, 0.0]), np.zeros(2), 0.2), [3.0, 4.0])
