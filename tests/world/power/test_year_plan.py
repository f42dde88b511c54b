"""Truths about the plan that dispatch starts from."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.scenarios import bench
from wattrace.world.power import dispatch, year_plan


@pytest.fixture
def planned():
    day = bench.made_up_day(3, zones=4, days=3)
    plan, _ = bench.clear(day)
    year = year_plan.empty_year(3, len(day.links.tail), len(day.units.zone))
    year_plan.remember(year, 5, day.units, day.inflow_gwh, plan)
    return day, plan, year


def recalled(day, year, month, units=None, inflow_gwh=None):
    plan = dispatch.empty_plan(3, len(day.links.tail), len(day.units.zone))
    year_plan.recall(year, month, units or day.units, day.inflow_gwh if inflow_gwh is None else inflow_gwh, plan)
    return plan


def test_the_same_month_gets_its_own_plan_back_and_others_start_cold(planned):
    day, plan, year = planned
    for was, now in zip(plan, recalled(day, year, 5), strict=True):
        np.testing.assert_allclose(now, was, rtol=1e-6, atol=1e-6)
    assert not any(part.any() for part in recalled(day, year, 4))


def test_stores_twice_as_large_are_planned_twice_as_much_and_rivers_by_their_water(planned):
    day, plan, year = planned
    units = day.units._replace(charge_gw=2 * day.units.charge_gw, discharge_gw=2 * day.units.discharge_gw)
    now = recalled(day, year, 5, units, 0.5 * day.inflow_gwh)
    dam = day.inflow_gwh[0] > 0
    np.testing.assert_allclose(now.discharge[:, dam], 0.5 * plan.discharge[:, dam], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(now.discharge[:, ~dam], 2.0 * plan.discharge[:, ~dam], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(now.charge, 2.0 * plan.charge, rtol=1e-6, atol=1e-6)


def test_a_store_that_was_not_there_starts_idle(planned):
    day, _, _ = planned
    none = day.units._replace(charge_gw=0 * day.units.charge_gw, discharge_gw=0 * day.units.discharge_gw)
    year = year_plan.empty_year(3, len(day.links.tail), len(day.units.zone))
    dry = 0 * day.inflow_gwh
    empty = dispatch.empty_plan(3, len(day.links.tail), len(day.units.zone))
    year_plan.remember(year, 0, none, dry, empty)
    now = recalled(day, year, 0, inflow_gwh=dry)
    assert not now.charge.any()
    assert not now.discharge.any()
