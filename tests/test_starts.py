"""Every January the tables serve starts a world, and what is recorded as a month's coins is a month's coins."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.model import World
from wattrace.scenarios.scenario import Scenario
from wattrace.world.tables import TableError


@pytest.mark.parametrize("year", range(2016, 2027))
def test_a_world_starts_every_january_and_passes_its_audits_for_three_years(year):
    world = World(start=f"{year}-01", until=f"{year + 3}-01").run_to()
    assert world.finished


def test_coins_change_by_what_was_minted_less_what_was_bought_back():
    data = World(until="2027-01").run_to().record.data
    change = np.diff(data["Coin|Outstanding"], axis=0)
    assert change == pytest.approx((data["Coin|Minted"] - data["Coin|Bought Back"])[1:], abs=1e-9)


def test_planners_who_see_the_least_far_still_find_a_price_for_a_watt():
    """Where no plant stands within their horizon the quickest one sets the opening value."""
    world = World(Scenario(name="near", world={"plan.horizon_years": 3.0}, until="2026-02"), seed=1)
    assert np.all(np.isfinite(world.state.value))
    assert np.all(world.state.value > 0.0)
    world.run_to()


def test_a_world_in_which_no_plant_counts_is_refused_by_name():
    with pytest.raises(TableError, match="no firm watt can be had in USA, CHN"):
        World(Scenario(name="none", world={"invest.least_credit": 2.0}, until="2026-02"), seed=1)
