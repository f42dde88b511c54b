"""Financing: growth of capex, and what lenders carry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.agents.rules import financing

money = st.one_of(st.just(0.0), st.floats(1e-3, 1e6))


def test_returns_at_the_cost_of_capital_and_no_rival_leave_capex_as_it_is():
    assert financing.growth_of_capex(0.1, 0.1, 0.0, 0.35, 0.1, 0.5) == 0.0


@given(st.floats(-2.0, 2.0), st.floats(-5.0, 5.0))
def test_growth_is_bounded_and_a_rivals_lead_only_adds(gap, threat):
    calm = financing.growth_of_capex(0.1 + gap, 0.1, 0.0, 0.35, 0.1, 0.5)
    raced = financing.growth_of_capex(0.1 + gap, 0.1, threat, 0.35, 0.1, 0.5)
    assert abs(raced) <= 0.5
    assert raced >= calm - 1e-12
    if threat <= 0.0:
        assert raced == calm


@given(money, money, st.floats(0.5, 20.0))
def test_the_smooth_minimum_is_below_both_and_symmetric(a, b, sharpness):
    low = financing.smooth_minimum(a, b, sharpness)
    assert 0.0 <= low <= min(a, b)
    assert low == financing.smooth_minimum(b, a, sharpness)
    assert low == 0.0 if min(a, b) == 0.0 else low >= min(a, b) * 2.0 ** (-1.0 / sharpness) * (1 - 1e-12)


def test_far_apart_the_smooth_minimum_is_the_minimum():
    assert financing.smooth_minimum(1.0, 1e9, 3.0) == pytest.approx(1.0)


@given(st.floats(0.0, 2e6), st.floats(1.0, 1e6), st.floats(2.0, 12.0))
def test_lenders_carry_less_the_nearer_debt_is_to_its_limit_and_nothing_there(debt, book, sharpness):
    share = financing.debt_share(np.array([0.0, debt, debt * 1.5, 0.7 * book]), book, 0.5, 0.7, sharpness)
    assert share[0] == pytest.approx(0.5)
    assert (np.diff(share[:3]) <= 1e-12).all()
    assert (share >= 0.0).all()
    assert share[3] == pytest.approx(0.0, abs=1e-12)


def test_without_a_book_nothing_is_lent():
    assert financing.debt_share(0.0, 0.0, 0.5, 0.7, 3.0) == 0.0
