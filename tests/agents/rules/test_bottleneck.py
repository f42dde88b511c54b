"""The limiting factor: throttles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.agents.rules import bottleneck

months = st.one_of(st.just(0.0), st.floats(1e-6, 1e6))


@settings(deadline=None)  # the first call compiles
@given(months, months, st.floats(0.01, 1e3), st.floats(0.5, 50.0))
def test_more_cover_never_buys_more(a, b, target, sharpness):
    first, second = bottleneck.throttle(np.sort([a, b]), target, sharpness)
    assert 1.0 >= first >= second >= 0.0


def test_orders_are_full_without_cover_half_at_the_target_and_none_at_the_end():
    np.testing.assert_allclose(bottleneck.throttle(np.array([-1.0, 0.0, 6.0, np.inf]), 6.0, 2.0), [1.0, 1.0, 0.5, 0.0])
    np.testing.assert_allclose(bottleneck.throttle(np.array([0.0, 1.0]), 0.0, 2.0), [1.0, 0.0])


@settings(deadline=None)
@given(months, st.floats(0.01, 1e3), st.floats(0.5, 8.0))
def test_the_throttle_is_a_hill_curve(cover, target, sharpness):
    assert bottleneck.throttle(cover, target, sharpness) == pytest.approx(1.0 / (1.0 + (cover / target) ** sharpness), abs=1e-12)


def test_cover_is_stock_over_use():
    np.testing.assert_array_equal(bottleneck.cover_months(np.array([6.0, 0.0, 1.0]), np.array([2.0, 0.0, 0.0])), [3.0, 0.0, np.inf])
