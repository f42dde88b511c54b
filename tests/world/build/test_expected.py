"""What outsiders expect of plants under way."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.world.build import projects as pj
from wattrace.world.build.expected import expected_gw

ZONE_NATION = np.array([0, 1])
COMPLETION = np.array([[0.3, 0.5, 1.0], [0.6, 0.8, 1.0]])  # the last kind is the hall
SHAPE = (2, 2)


def under_way(stage, started=0, zone=0, kind=0):
    projects = pj.new_projects()
    pj.start(projects, [zone], [kind], [0], [10.0], started, 1.0, 1.0, 9.0)
    projects.stage[:] = stage
    return projects


@pytest.mark.parametrize(
    ("stage", "started", "chance"),
    [(pj.PERMIT, 0, 0.3), (pj.QUEUE, 0, 0.3), (pj.EQUIPMENT, 0, 1.0), (pj.BUILD, 0, 1.0), (pj.DONE, 0, 0.0), (pj.QUEUE, -1, 1.0)],
)
def test_a_plant_counts_with_the_chance_that_its_stage_leaves_it(stage, started, chance):
    assert expected_gw(under_way(stage, started), ZONE_NATION, COMPLETION, False, SHAPE)[0, 0] == pytest.approx(10.0 * chance)


def test_its_own_fate_is_known_to_nobody():
    doomed, safe = under_way(pj.QUEUE), under_way(pj.QUEUE)
    doomed.withdraw_left[:] = 0.5
    safe.withdraw_left[:] = np.inf
    seen = [expected_gw(p, ZONE_NATION, COMPLETION, False, SHAPE) for p in (doomed, safe)]
    np.testing.assert_array_equal(seen[0], seen[1])


def test_each_nation_has_its_own_chance_and_halls_are_not_plants():
    assert expected_gw(under_way(pj.QUEUE, zone=1, kind=1), ZONE_NATION, COMPLETION, False, SHAPE)[1, 1] == pytest.approx(8.0)
    assert expected_gw(under_way(pj.QUEUE, zone=1, kind=1), ZONE_NATION, COMPLETION, True, SHAPE)[1, 1] == pytest.approx(10.0)
    assert not expected_gw(under_way(pj.BUILD, kind=2), ZONE_NATION, COMPLETION, False, SHAPE).any()
