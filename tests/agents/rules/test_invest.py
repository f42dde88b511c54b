"""Investment: worth of plants, build rates, what planners need and how they split it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from wattrace.agents.rules import invest

PV_FACTOR = sum(1.08**-year for year in range(1, 21))  # of 1 a year over 20 years at 8 %


def value(**changes):
    base = {
        "margin": 0.0, "credit": 0.9, "value": 1.5, "capex": 1000.0, "fixed_om": 10.0, "subsidy": 0.0,
        "pv_factor": PV_FACTOR, "life_years": 20.0, "rate": 0.08,
    }  # fmt: skip
    return invest.project_value(**(base | changes))


def test_a_plant_without_energy_or_firm_watts_is_worth_nothing():
    assert value(credit=0.0)[0] == 0.0


def test_a_coin_for_ever_is_worth_its_price():
    assert value(life_years=1e4, credit=1.0)[0] == pytest.approx(1500.0)


def test_a_full_subsidy_leaves_the_upkeep():
    assert value(subsidy=1.0)[1] == pytest.approx(10.0 * PV_FACTOR)


@given(st.floats(0.0, 500.0), st.floats(0.0, 500.0), st.floats(0.0, 5.0), st.floats(0.0, 5.0))
def test_dearer_watts_and_better_margins_never_make_a_plant_worth_less(m1, m2, p1, p2):
    low = value(margin=min(m1, m2), value=min(p1, p2))[0]
    assert low <= value(margin=max(m1, m2), value=max(p1, p2))[0]


@given(st.floats(0.001, 1e3), st.floats(0.05, 1.0))
def test_gain_and_loss_answer_alike_and_half_of_the_sites_pay_at_one(q, spread):
    up, down = invest.profitable_share(q, spread), invest.profitable_share(1.0 / q, spread)
    assert up + down == pytest.approx(1.0)
    assert (up >= 0.5) == (q >= 1.0)
    assert invest.profitable_share(1.0, spread) == 0.5


def test_nothing_pays_at_a_worth_of_zero_and_less():
    assert invest.profitable_share(np.array([0.0, -1.0]), 0.3) == pytest.approx([0.0, 0.0])


def test_developers_stay_while_half_their_sites_pay_and_never_all_leave():
    assert invest.candidates(4.0, 2.0, 0.01, 36.0) == pytest.approx(4.0)
    assert invest.candidates(4.0, 4.0, 0.01, 36.0) == pytest.approx(4.0 * (1.0 + 1.0 / 36.0))
    assert invest.candidates(0.0, 0.0, 0.01, 36.0) == 0.01


def test_builders_without_foresight_see_todays_value_and_with_full_foresight_tomorrows():
    assert invest.expected_value(2.0, 8.0, 0.0) == 2.0
    assert invest.expected_value(2.0, 8.0, 1.0) == 8.0
    assert invest.expected_value(2.0, 8.0, 0.5) == pytest.approx(4.0)
    assert invest.expected_value(2.0, 0.0, 0.5) == 0.0


@given(st.floats(0.0, 1e3), st.floats(0.0, 1e3), st.floats(0.0, 0.5))
def test_margins_hold_when_plants_grow_as_load_does_and_thin_out_when_they_outgrow_it(standing, coming, growth):
    margin = invest.expected_margin(100.0, standing, coming, growth, 0.6, 1e-6)
    as_load = invest.expected_margin(100.0, standing, standing * np.expm1(growth), growth, 0.6, 1e-6)
    if standing > 1e-6:
        assert as_load == pytest.approx(100.0)
        if coming > standing * np.expm1(growth):
            assert margin <= as_load * (1.0 + 1e-12)


def test_a_technology_too_small_to_be_noticed_moves_no_margin_but_what_load_moves():
    assert invest.expected_margin(100.0, 0.0, 0.5, 0.0, 0.6, 1.0) == pytest.approx(100.0)
    assert invest.expected_margin(100.0, 0.0, 2.0, 0.0, 0.6, 1.0) < 100.0


def test_unseen_gains_thin_out_and_unseen_costs_stay():
    assert invest.unseen_worth(np.array([0.4, -0.4]), 4.0, 0.5) == pytest.approx([0.2, -0.4])
    assert invest.unseen_worth(np.array([0.4, -0.4]), 0.5, 0.5) == pytest.approx([0.4, -0.4])


def test_plants_worth_more_than_usual_are_kept_longer():
    pace = invest.retirement_pace(np.array([1.0, 2.0, 4.0, 0.5]), 1.0, 1.5)
    assert pace[0] == 1.0
    assert pace[2] < pace[1] < 1.0
    assert pace[3] > 1.0
    assert invest.keeping_value(-5.0, 0.9, 2.0, 0.08) == pytest.approx(144.0)


def test_planners_cover_the_peak_they_expect_with_its_reserve():
    need = invest.firm_need(np.array([100.0, 100.0]), 0.02, 48.0, 0.15, np.array([100.0, 200.0]), 5.0, 1.0, 36.0)
    expected = (100.0 * np.exp(0.08) * 1.15 - (100.0 + 5.0 - 4.0)) / 36.0
    np.testing.assert_allclose(need, [expected, 0.0])


@given(
    arrays(float, (2, 4), elements=st.floats(-1.0, 10.0)), arrays(float, (2, 4), elements=st.floats(0.05, 1.0)),
    arrays(float, 2, elements=st.floats(0.0, 50.0)), st.floats(0.01, 2.0),
)  # fmt: skip
def test_plants_allotted_carry_the_need_in_firm_watts(cost, credit, need, scale):
    gw = invest.allot_need(need, cost, credit, np.ones((2, 4)), scale)
    assert (gw >= 0.0).all()
    np.testing.assert_allclose((gw * credit).sum(axis=1), need, atol=1e-250)
    cheapest = cost.argmin(axis=1)
    firm = gw * credit
    assert (firm[np.arange(2), cheapest] >= firm.max(axis=1) * (1 - 1e-12) - 1e-250).all()


def test_equal_costs_split_a_need_equally_and_nothing_buildable_builds_nothing():
    gw = invest.allot_need(np.array([6.0, 6.0]), np.ones((2, 3)), np.ones((2, 3)), np.array([[1, 1, 1], [0, 0, 0]]), 0.3)
    np.testing.assert_allclose(gw, [[2.0, 2.0, 2.0], [0.0, 0.0, 0.0]])
    assert invest.allot_need(np.ones(2), np.ones((2, 0)), np.ones((2, 0)), np.ones((2, 0)), 0.3).shape == (2, 0)


def test_a_small_scale_takes_the_cheapest_only():
    cost = np.array([[1.0, 1.1, np.inf]])
    np.testing.assert_allclose(invest.allot_need(np.array([3.0]), cost, np.full((1, 3), 0.5), np.ones((1, 3)), 1e-4), [[6.0, 0, 0]])


def test_what_carries_hardly_any_firm_watt_is_not_asked():
    worth, cost = value(margin=50.0)
    net = invest.net_cost_per_firm_watt(np.array([worth, worth]), cost, np.array([0.9, 0.01]), 1.5, 0.1)
    assert np.isinf(net[1])
    assert np.isfinite(net[0])
