"""The baseline to its end: nothing sits on a bound, prices that jump are named, everything stays a number."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.model import World
from wattrace.world.money import coin_market
from wattrace.world.money.rent import usd_per_w_year

SELDOM = 0.05  # share of months that a bound may hold


@pytest.fixture(scope="module")
def baseline():
    """Return the world at its end and the months that each nation's bounds held."""
    world = World("baseline", seed=1)
    months = {"value": 0, "rent": 0, "effort": 0, "tariff": 0}
    param = world.tables.param
    ceiling = coin_market.ceiling(world.tables, len(world.places.nations))
    highest = usd_per_w_year(param("money.lost_load_usd_per_mwh"), param("money.most_short_hours"))
    while not world.finished:
        world.step()
        state = world.state
        months["value"] += state.value_bound | (state.value >= ceiling * (1.0 - 1e-6))
        months["rent"] += state.rent >= highest * (1.0 - 1e-6)
        months["effort"] += state.nation.effort >= param("race.most_effort") * (1.0 - 1e-6)
        months["tariff"] += state.utility.tariff_usd_per_mwh <= param("utility.least_tariff") * (1.0 + 1e-6)
    return world, months


@pytest.mark.parametrize("bound", ["value", "rent", "effort", "tariff"])
def test_no_bound_holds_in_more_than_a_twentieth_of_the_months(baseline, bound):
    world, months = baseline
    share = months[bound] / world.month
    assert share.max() <= SELDOM, f"{bound}: {share.max():.0%} of the months at place {int(share.argmax())}"


def test_every_price_that_jumps_has_an_event_that_names_it(baseline):
    world, _ = baseline
    told = {(e.month, e.region, e.text.split(" rises ")[0].split(" falls ")[0]) for e in world.events if e.kind == "price"}
    jumps = 0
    for variable, unit in world.record.units.items():
        if not unit.startswith("USD") or world.record.scope[variable] != "nation":
            continue
        values = world.record.data[variable]
        for n, nation in enumerate(world.places.nations):
            for month in range(1, world.month):
                before, after = values[month - 1, n], values[month, n]
                if before > 0.0 and after > 0.0 and abs(np.log(after / before)) > 0.3:
                    jumps += 1
                    assert (month, nation, variable) in told, f"{variable} of {nation} in {world.calendar.date(month)}"
    assert jumps, "no price ever jumps: the check checks nothing"


def test_everything_recorded_is_a_number(baseline):
    world, _ = baseline
    for variable, values in world.record.data.items():
        assert np.isfinite(values).all(), variable
