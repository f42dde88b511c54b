"""Financing: growth of capex, credit, and the month's budget."""

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


@given(st.floats(0.0, 10.0), st.floats(0.0, 10.0))
def test_credit_tightens_with_leverage(a, b):
    spreads = financing.credit_spread(np.sort([a, b]), 0.015, 0.004)
    assert spreads[0] <= spreads[1]


def test_wanted_leverage_makes_the_last_loan_cost_what_it_earns():
    leverage = financing.leverage_wanted(0.12, 0.03, 0.015, 0.004)
    assert 0.03 + financing.credit_spread(leverage, 0.015, 0.004) == pytest.approx(0.12)
    assert financing.leverage_wanted(0.02, 0.03, 0.015, 0.004) == 0.0


def test_debt_room_is_what_is_left_of_leverage_on_cash_flow():
    assert financing.debt_room(1e9, 3.0, 100.0, 120.0, 3.0) == pytest.approx(180.0)
    assert financing.debt_room(1e9, 3.0, 100.0, 500.0, 3.0) == 0.0
    assert financing.debt_room(1e9, 3.0, -100.0, 0.0, 3.0) == 0.0


@given(money, money, money, money)
def test_the_budget_is_paid_in_full_from_its_sources(desired, cash, room, equity):
    out = financing.budget(desired, cash, room, equity, 3.0)
    near = 1e-9 * (1.0 + desired + cash + room + equity)
    assert out.capex_musd <= min(desired, cash + room + equity) + near
    assert out.cash_musd + out.borrowing_musd + out.equity_musd == pytest.approx(out.capex_musd, abs=near)
    assert -near <= out.cash_musd <= cash + near
    assert -near <= out.borrowing_musd <= room + near
    assert -near <= out.equity_musd <= equity + near
    # equity only when loans are exhausted, loans only when cash is
    assert out.equity_musd <= near or out.borrowing_musd >= room - near
    assert out.borrowing_musd <= near or out.cash_musd >= cash - near


def test_no_companies_no_budget():
    assert financing.budget(*(np.zeros(0),) * 4, 3.0).capex_musd.shape == (0,)


@given(st.floats(0.0, 2e6), st.floats(1.0, 1e6), st.floats(2.0, 12.0))
def test_lenders_carry_less_the_nearer_debt_is_to_its_limit_and_nothing_there(debt, book, sharpness):
    share = financing.debt_share(np.array([0.0, debt, debt * 1.5, 0.7 * book]), book, 0.5, 0.7, sharpness)
    assert share[0] == pytest.approx(0.5)
    assert (np.diff(share[:3]) <= 1e-12).all()
    assert (share >= 0.0).all()
    assert share[3] == pytest.approx(0.0, abs=1e-12)


def test_without_a_book_nothing_is_lent():
    assert financing.debt_share(0.0, 0.0, 0.5, 0.7, 3.0) == 0.0
