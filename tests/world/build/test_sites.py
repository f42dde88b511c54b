"""One walk over the rows gives the same sums as counting them kind by kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.world.build import projects as pj
from wattrace.world.build import sites

ZONE_NATION = np.array([0, 0, 1])
COMPANIES = np.array([4, 5, 6])
HALL = 2  # the last of three kinds


def mixed(seed, rows=300):
    rng = np.random.default_rng(seed)
    projects = pj.new_projects()
    kind = rng.integers(0, HALL + 1, rows)
    owner = np.where(kind == HALL, rng.choice(COMPANIES, rows), rng.integers(0, 4, rows))
    pj.start(projects, rng.integers(0, 3, rows), kind, owner, rng.uniform(0, 2, rows), 0, 1.0, 1.0, 9.0)
    projects.stage[:] = rng.integers(pj.PERMIT, pj.DONE + 1, rows)
    return projects, rng.uniform(1, 9, (2, HALL + 1)), rng.uniform(100, 900, HALL + 1)


def visit(projects, cost, jobs):
    return sites.visit(projects, ZONE_NATION, cost, jobs, parties=8, companies=COMPANIES)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_sums_are_those_of_the_rows(seed):
    projects, cost, jobs = mixed(seed)
    found = visit(projects, cost, jobs)
    p, building, live = projects, projects.stage == pj.BUILD, projects.stage != pj.DONE
    nation = ZONE_NATION[p.zone]
    bill = np.where(building, p.gw * cost[nation, p.kind], 0.0)
    assert found.bill_musd == pytest.approx(np.bincount(p.owner, bill, 8))
    assert found.jobs == pytest.approx(np.bincount(nation, np.where(building, p.gw * jobs[p.kind], 0.0), 2))
    assert found.plants_gw.shape == (3, HALL)
    for z in range(3):
        for k in range(HALL):
            assert found.plants_gw[z, k] == pytest.approx(p.gw[live & (p.zone == z) & (p.kind == k)].sum())
        for c, company in enumerate(COMPANIES):
            mine = live & (p.zone == z) & (p.kind == HALL) & (p.owner == company)
            assert found.halls_gw[c, z] == pytest.approx(p.gw[mine].sum())
    assert found.plants_gw.sum() + found.halls_gw.sum() == pytest.approx(pj.under_way_gw(projects))


def test_joining_rows_changes_no_sum():
    projects, cost, jobs = mixed(3)
    before = visit(projects, cost, jobs)
    assert pj.merge(projects) > 0
    for mine, theirs in zip(before, visit(projects, cost, jobs), strict=True):
        assert mine == pytest.approx(theirs)


def test_nothing_under_way_costs_nothing():
    found = visit(pj.new_projects(), np.ones((2, HALL + 1)), np.ones(HALL + 1))
    assert all(not part.any() for part in found)


@pytest.mark.parametrize(
    ("stage", "permit", "queue", "funded", "due"),
    [
        (pj.EQUIPMENT, 0.0, 0.0, True, True), (pj.EQUIPMENT, 0.0, 0.0, False, False), (pj.QUEUE, 0.0, 6.0, True, True),
        (pj.QUEUE, 0.0, 6.1, True, False), (pj.PERMIT, 3.0, 3.0, True, True), (pj.PERMIT, 3.0, 3.1, True, False),
        (pj.BUILD, 0.0, 0.0, True, False), (pj.DONE, 0.0, 0.0, True, False),
    ],
)  # fmt: skip
def test_parts_are_needed_by_who_waits_for_them_or_soon_will_and_can_pay(stage, permit, queue, funded, due):
    projects = pj.new_projects()
    pj.start(projects, [2], [1], [3], [5.0], 0, permit, queue, 9.0)
    projects.stage[:], projects.funded[:] = stage, funded
    need = sites.parts_needed(projects, ZONE_NATION, np.array([[0.0, 0.0], [1.0, 0.4], [0.0, 1.0]]), 6.0, 2, 8)
    assert need.sum() == pytest.approx(7.0 if due else 0.0)
    np.testing.assert_allclose(need[1, 3], [5.0, 2.0] if due else [0.0, 0.0])


def test_nobody_is_paid_on_a_site_without_money():
    projects, cost, jobs = mixed(5)
    projects.funded[:] = False
    found = visit(projects, cost, jobs)
    assert not found.bill_musd.any()
    assert not found.jobs.any()
    assert found.plants_gw.sum() > 0.0
