"""Serving: the share of compute that earns today."""

from __future__ import annotations

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
