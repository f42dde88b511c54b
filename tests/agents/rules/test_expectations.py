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


@given(st.floats(-0.5, 1.5), st.floats(0.0, 5.0), st.floats(0.0, 4.0))
def test_grown_years_are_the_area_under_growth_that_ends(growth, years, horizon):
    t = np.linspace(0.0, years, 20_001)
    area = np.trapezoid(np.exp(growth * np.minimum(t, horizon)), t)
    assert expectations.grown_years(growth, years, horizon) == pytest.approx(area, rel=1e-6, abs=1e-9)
