"""Shocks take away what they say for as long as they say, destroy nothing, and leave all audits in order."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.model import World
from wattrace.scenarios.scenario import Scenario, ScenarioError
from wattrace.world.tables import Tables

UNTIL = "2026-09"


def struck(*shocks: dict, until: str = UNTIL) -> World:
    return World(Scenario(name="struck", until=until, shocks=shocks), seed=1)


@pytest.fixture(scope="module")
def plain():
    return World("baseline", seed=1, until=UNTIL).run_to()


def test_a_shock_leaves_the_months_before_it_as_they_were_and_ends(plain):
    world = struck({"what": "fab_outage", "where": "TWN", "on": "2026-04", "lasts": "2 months"}).run_to()
    for name, array in world.record.data.items():
        np.testing.assert_array_equal(array[:3], plain.record.data[name][:3], err_msg=name)
    told = [(event.date, event.text) for event in world.events if event.kind == "shock"]
    assert [date for date, _ in told] == ["2026-04", "2026-06"]
    assert world.state.usable.plants_whole
    assert (world.state.usable.fabs == 1.0).all()


def test_an_outage_of_fabs_takes_chips_and_not_lines(plain):
    world = struck({"what": "fab_outage", "where": "TWN", "share": 0.9, "on": "2026-04", "lasts": "2 months"}).run_to()
    made, before = (w.record.series("Chips|Made") for w in (world, plain))
    assert (made[3:5] < 0.5 * before[3:5]).all()
    # makers judge their lines by what stands, so nothing is lost for good
    assert world.state.fab.capacity.sum() > 0.9 * plain.state.fab.capacity.sum()


def test_an_outage_of_plants_takes_power_and_no_coins(plain):
    shock = {"what": "plant_outage", "where": "twn", "technology": "gas_cc", "on": "2026-04", "lasts": "1 month"}
    world = struck(shock).run_to("2026-05")
    n = world.places.nation("TWN")
    generation, accredited = (world.record.data[name][3, n] for name in ("Power|Generation", "Coin|Accredited"))
    assert generation < plain.record.data["Power|Generation"][3, n]
    assert accredited == plain.record.data["Coin|Accredited"][3, n]


def test_where_trade_stops_nothing_passes():
    world = struck({"what": "trade_stop", "where": "USA", "with": "CHN", "goods": "chips", "on": "2026-01", "lasts": "3 months"})
    n = [world.places.nation(name) for name in ("USA", "CHN")]
    world.step()
    assert not world.state.usable.chips[n[0], n[1]]
    assert not world.state.usable.chips[n[1], n[0]]
    assert world.state.usable.parts.all()
    world.run_to("2026-04")
    assert world.state.usable.chips[n[0], n[1]] == np.bool_(False)
    world.step()
    assert world.state.usable.chips.all()


def test_a_nation_cut_off_from_all_makers_of_chips_gets_none():
    shocks = [{"what": "trade_stop", "where": "IND", "goods": "chips", "on": "2026-02", "lasts": "6 months"}]
    world = struck(*shocks).run_to("2026-02")
    companies = world.parties.of["ai"]
    of_india = world.parties.home[companies] == world.places.nation("IND")
    before = world.state.ai.chip_spending_musd[of_india].sum()
    world.step()
    assert before > 0.0
    makers = world.parties.home[world.parties.of["chipmaker"][world.statics.designers]]
    assert not (makers == world.places.nation("IND")).any()
    assert world.state.ai.chip_spending_musd[of_india].sum() == 0.0


def test_without_launchers_nothing_flies():
    nations = dict.fromkeys(Tables.load("2026-01")["launch_providers"]["nation"])
    shocks = [{"what": "launch_outage", "where": one, "on": "2026-02", "lasts": "2 months"} for one in nations]
    world = struck(*shocks).run_to("2026-04")
    flown = world.record.series("Launch|Mass")
    assert flown[0] > 0.0
    assert not flown[1:3].any()


def test_two_shocks_on_one_place_multiply():
    one = {"what": "plant_outage", "where": "TWN", "share": 0.5, "on": "2026-01", "lasts": "3 months"}
    world = struck(one, one)
    world.step()
    zone = world.places.zones.index("twn")
    np.testing.assert_allclose(world.state.usable.plants[zone], 0.25)


def test_a_branch_keeps_the_shock():
    world = struck({"what": "fab_outage", "where": "TWN", "on": "2026-02", "lasts": "3 months"}).run_to("2026-04")
    twin = world.branch().run_to()
    world.run_to()
    for name, array in world.record.data.items():
        np.testing.assert_array_equal(array, twin.record.data[name], err_msg=name)


def test_wrong_shocks_are_refused_in_plain_words():
    with pytest.raises(ScenarioError) as caught:
        struck({"what": "fab_outge", "where": "TWN", "on": "2026-02", "lasts": "3 months"}, {"what": "fab_outage", "where": "TWM"})
    assert "did you mean fab_outage" in caught.value.faults[0]
    assert "pydantic" not in str(caught.value)
    assert len(caught.value.faults) == 3
