"""What is under construction at the start is what the tables list, due month by month, and nothing twice."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.model import World
from wattrace.world.build import projects as building
from wattrace.world.tables import Tables

MONTHS = 12


@pytest.fixture(scope="module", params=["2018-01", "2026-01"])
def opened(request):
    """Return (world, GW due [N, K, months of the first year], GW listed {(n, k): GW}) of a start."""
    world = World("baseline", start=request.param, until="2027-01")
    places, projects = world.places, world.state.projects
    months = projects.permit_left + projects.queue_left + projects.build_left
    early = (projects.kind < len(places.technologies)) & (months < MONTHS)
    due = np.zeros((len(places.nations), len(places.technologies), MONTHS))
    where = (places.zone_nation[projects.zone[early]], projects.kind[early], months[early].astype(int))
    np.add.at(due, where, projects.gw[early])
    table = Tables.load(request.param)["pipeline"]
    first_year = int(request.param[:4])
    listed = {}
    for (nation, technology, year, *_), row in table.newest().items():
        if int(float(year)) == first_year:
            listed[places.nations.index(nation), places.technologies.index(technology)] = float(table["value"][row])
    return world, due, listed


def test_the_first_year_holds_what_is_listed_for_it(opened):
    world, due, listed = opened
    assert listed
    for (n, k), gw in listed.items():
        # a zone's share of a month below 100 kW gets no row
        unseen = MONTHS * len(world.places.zones_of[n]) * 1e-4
        found = due[n, k].sum()
        label = f"{world.places.nations[n]}, {world.places.technologies[k]}: {found} of {gw} GW"
        assert found == pytest.approx(gw, rel=1e-9, abs=unseen), label


def test_each_month_of_the_first_year_holds_as_much_as_the_others(opened):
    _, due, listed = opened
    for n, k in listed:
        np.testing.assert_allclose(due[n, k], due[n, k, 0], rtol=1e-9)


def test_what_still_waits_for_papers_is_not_being_built(opened):
    world, _, _ = opened
    projects = world.state.projects
    mine = projects.kind < len(world.places.technologies)
    stage, permit, queue = projects.stage[mine], projects.permit_left[mine], projects.queue_left[mine]
    np.testing.assert_array_equal(stage == building.PERMIT, permit > 0.0)
    np.testing.assert_array_equal(stage == building.QUEUE, (permit == 0.0) & (queue > 0.0))
