"""Expectations: adaptive, without looking ahead."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.agents.rules import expectations


@given(st.floats(0.0, 0.99))
def test_twelve_monthly_gains_make_the_yearly_one(gain):
    left = (1.0 - expectations.monthly_gain(gain)) ** 12
    assert 1.0 - left == pytest.approx(gain, abs=1e-12)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0.0, 1.0))
def test_what_is_expected_moves_toward_what_is_seen(expected, seen, gain):
    after = expectations.smooth(expected, seen, gain)
    near = 1e-9 * (1.0 + abs(expected) + abs(seen))
    assert min(expected, seen) - near <= after <= max(expected, seen) + near


def test_steady_growth_is_learnt_and_forecast_exactly():
    growth, value = 0.0, 1.0
    for _ in range(400):
        before, value = value, value * np.exp(0.24 / 12.0)
        growth = expectations.trend(growth, before, value, 0.05, 1.0)
    assert growth == pytest.approx(0.24)
    assert expectations.forecast(value, growth, 24.0) / value == pytest.approx(np.exp(0.48))


def test_nothing_is_learnt_from_nothing():
    np.testing.assert_array_equal(expectations.trend(np.array([0.1, 0.2]), np.zeros(2), np.array([0.0, 5.0]), 0.5, 1.0), [0.1, 0.2])


def test_the_spread_of_a_known_drift_grows_with_the_root_of_time():
    np.testing.assert_allclose(expectations.forecast_spread(0.1, np.array([1.0, 4.0]), np.inf), [0.1, 0.2])
    assert expectations.forecast_spread(0.1, 4.0, 4.0) == pytest.approx(0.1 * np.sqrt(8.0))


@given(st.floats(-0.5, 1.5), st.floats(0.0, 5.0), st.floats(0.0, 4.0))
def test_grown_years_are_the_area_under_growth_that_ends(growth, years, horizon):
    t = np.linspace(0.0, years, 20_001)
    area = np.trapezoid(np.exp(growth * np.minimum(t, horizon)), t)
    assert expectations.grown_years(growth, years, horizon) == pytest.approx(area, rel=1e-6, abs=1e-9)
