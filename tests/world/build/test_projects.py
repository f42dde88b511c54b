"""Projects: nothing is lost, every month of waiting has a cause, and help never hurts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.world.build import projects as pj
from wattrace.world.limiting import CAUSE

ZONE_NATION = np.array([0, 0, 1])
NEEDS = np.array(
    [[1.0, 1.0, 0, 0], [0, 1.0, 1.0, 0], [0, 1.0, 0, 1.0], [0, 0, 0, 0]]
)  # turbine, solar, battery, hall
RULES = pj.Rules(NEEDS, np.array([1000.0, 500.0, 200.0, 800.0]))
PLENTY = np.full((2, 4), 1e9)
CREW = np.full(2, 1e12)
SEEDS = st.integers(0, 2**32 - 1)


def started(seed=0, rows=40, **fixed):
    rng = np.random.default_rng(seed)
    projects = pj.new_projects()
    for month in range(0, 4):
        count = rows // 4
        gw = rng.uniform(0.01, 5, count)
        pj.start(
            projects, rng.integers(0, 3, count), rng.integers(0, 4, count), rng.integers(0, 5, count), gw, month,
            fixed.get("permit", rng.uniform(0, 9, count)), fixed.get("queue", rng.uniform(0, 9, count)),
            fixed.get("build", rng.uniform(0, 30, count)),
            pj.withdraw_after(rng.random(count), fixed.get("completion", 0.6), 6.0),
        )  # fmt: skip
    return projects, rng


def months_until_done(permit, queue=6.0, build=12.0, *, rules=RULES, parts=PLENTY, crew=CREW, beside=None):
    projects = beside.copy() if beside is not None else pj.new_projects()
    pj.start(projects, [0], [0], [99], [1.0], 5, permit, queue, build)
    for month in range(1, 2000):
        outcome = pj.advance(projects, ZONE_NATION, rules, parts.copy(), crew)
        if (outcome.owner == 99).any() and not (projects.owner[projects.stage != pj.DONE] == 99).any():
            return month
    raise AssertionError("never done")


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.sampled_from([0.0, 0.5]))
def test_gigawatts_are_conserved_whatever_is_scarce(seed, smallest):
    projects, rng = started(seed)
    rules = RULES._replace(smallest_gw=smallest)
    total, out = projects.gw.sum(), 0.0
    for month in range(60):
        projects.funded[:] = rng.random(len(projects)) < 0.9
        parts = rng.uniform(0, 4, (2, 4)) * (rng.random((2, 4)) < 0.8)
        outcome = pj.advance(projects, ZONE_NATION, rules, parts, rng.uniform(0, 20000, 2))
        if month % 17 == 16:
            pj.merge(projects)
        out += outcome.gw.sum() + outcome.withdrawn_gw.sum()
        assert (parts >= 0.0).all()
        assert (outcome.gw >= 0.0).all()
        assert out + pj.under_way_gw(projects) == pytest.approx(total, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_every_month_of_every_gigawatt_has_a_cause(seed):
    projects, rng = started(seed, completion=1.0)
    for _ in range(50):
        before = pj.under_way_gw(projects)
        outcome = pj.advance(
            projects, ZONE_NATION, RULES, rng.uniform(0, 4, (2, 4)), rng.uniform(0, 20000, 2)
        )
        assert (outcome.waiting_gw >= -1e-12).all()
        # what is commissioned inside the month waits for part of it
        assert before - outcome.gw.sum() - 1e-9 <= outcome.waiting_gw.sum() <= before + 1e-9


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 40), st.floats(0, 40), st.floats(0, 30), st.floats(100, 5000))
def test_a_faster_permit_never_delays_a_plant(fast, more, queue, crew):
    beside, _ = started(1)
    scarce = dict(rules=RULES._replace(needs=NEEDS * [0, 1, 0, 0]), parts=np.full((2, 4), 0.7), beside=beside)
    for world in (dict(crew=np.full(2, crew)), dict(beside=beside), scarce):
        quick, slow = (months_until_done(permit, queue, **world) for permit in (fast, fast + more))
        assert quick <= slow


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(0, 1), st.integers(0, 3), st.floats(0.01, 3))
def test_more_parts_never_equip_less_and_so_never_commission_less(seed, nation, part, more):
    """With labour to spare and one transformer per GW; else one kind can crowd out two of another.

    More parts may go to a plant whose papers came late in the month in place of one that waited all month, so
    commissioning is compared a month later, equipment (in building or commissioned) at once.
    """
    lean, rng = started(seed, completion=1.0, build=3.0)
    rich = lean.copy()
    stock = np.zeros((2, 2, 4))
    done, before = np.zeros(2), 0.0
    for _ in range(40):
        delivered = rng.uniform(0, 1.5, (2, 4))
        stock += delivered
        stock[1, nation, part] += more
        before = done[0]
        equipped = done.copy()
        for i, projects in enumerate((lean, rich)):
            done[i] += pj.advance(projects, ZONE_NATION, RULES, stock[i], CREW).gw.sum()
            equipped[i] = done[i] + projects.gw[projects.stage == pj.BUILD].sum()
        assert equipped[1] >= equipped[0] - 1e-9
        assert done[1] >= before - 1e-9


def test_a_plant_takes_permit_plus_queue_plus_building():
    assert months_until_done(3.0, 6.0, 12.0) == 21
    assert months_until_done(0.25, 0.25, 0.5) == 1
    assert months_until_done(0.0, 0.0, 0.0) == 1


def test_parts_go_to_who_came_first_and_a_project_may_be_split():
    projects = pj.new_projects()
    for month, owner in ((0, 7), (1, 8)):
        pj.start(projects, [0], [0], [owner], [2.0], month, 0.0, 0.0, 1.0)
    parts = PLENTY.copy()
    parts[0, 0] = 3.0
    outcome = pj.advance(projects, ZONE_NATION, RULES, parts, CREW)
    assert dict(zip(outcome.owner.tolist(), outcome.gw.tolist(), strict=True)) == {7: 2.0, 8: 1.0}
    assert outcome.waiting_gw[0, CAUSE["turbines"]] == pytest.approx(1.0)
    assert pj.under_way_gw(projects) == pytest.approx(1.0)
    assert parts[0, 0] == 0.0


def test_tiny_parts_are_kept_for_next_month_if_asked():
    projects = pj.new_projects()
    pj.start(projects, [0], [0], [7], [2.0], 0, 0.0, 0.0, 1.0)
    parts = np.full((2, 4), 0.4)
    pj.advance(projects, ZONE_NATION, RULES._replace(smallest_gw=0.5), parts, CREW)
    assert len(projects) == 1
    assert parts[0, 0] == 0.4


def test_half_the_labour_builds_at_half_the_speed_and_says_so():
    projects = pj.new_projects()
    pj.start(projects, [0], [3], [7], [2.0], 0, 0.0, 0.0, 3.0)
    months, booked = 0, np.zeros(len(pj.WAITS))
    while pj.under_way_gw(projects) > 0:
        outcome = pj.advance(projects, ZONE_NATION, RULES, PLENTY.copy(), np.array([800.0, 0.0]))
        months += 1
        booked += outcome.waiting_gw[0]
        assert outcome.labour_speed[0] == pytest.approx(0.5)
    assert months == 6
    assert booked[CAUSE["labour"]] == pytest.approx(3.0 * 2.0)  # months × GW
    assert booked[CAUSE["none"]] == pytest.approx(3.0 * 2.0)


def test_without_labour_money_or_parts_everything_stands_still_and_is_booked():
    for crew, parts, funded, cause in (
        (0.0, 1e9, True, "labour"), (1e9, 0.0, True, "turbines"), (1e9, 1e9, False, "capital"),
    ):  # fmt: skip
        projects = pj.new_projects()
        pj.start(projects, [0], [0], [7], [2.0], 0, 0.0, 0.0, 3.0)
        projects.funded[:] = funded
        outcome = pj.advance(projects, ZONE_NATION, RULES, np.full((2, 4), parts), np.full(2, crew))
        assert outcome.waiting_gw[0, CAUSE[cause]] == pytest.approx(2.0)
        assert outcome.waiting_gw.sum() == pytest.approx(2.0)


def test_nobody_building_is_no_error():
    outcome = pj.advance(pj.new_projects(), ZONE_NATION, RULES, PLENTY.copy(), CREW)
    assert len(outcome.gw) == 0
    assert outcome.waiting_gw.sum() == 0.0


def test_withdrawals_leave_the_completion_share():
    rng = np.random.default_rng(4)
    rows = 20000
    projects = pj.new_projects()
    pj.start(projects, np.zeros(rows, int), 3, 0, np.ones(rows), 0, 2.0, 10.0, 1.0,
             pj.withdraw_after(rng.random(rows), 0.3, 10.0))  # fmt: skip
    gone = sum(
        pj.advance(projects, ZONE_NATION, RULES, PLENTY.copy(), CREW).withdrawn_gw.sum() for _ in range(12)
    )
    assert gone / rows == pytest.approx(0.7, abs=0.02)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_merging_keeps_gigawatts_and_shifts_completion_by_less_than_a_month(seed):
    rng = np.random.default_rng(seed)
    projects = pj.new_projects()
    rows = 200
    pj.start(projects, rng.integers(0, 3, rows), rng.integers(0, 4, rows), 0, rng.uniform(0, 2, rows), 0,
             rng.integers(0, 2, rows) * 2.0, 0.0, rng.uniform(0.1, 5, rows))  # fmt: skip
    pj.advance(projects, ZONE_NATION, RULES, PLENTY.copy(), CREW)
    live = projects.stage != pj.DONE
    total = projects.gw[live].sum()
    plain = projects.copy()
    assert pj.merge(projects) > 0
    assert projects.gw.sum() == pytest.approx(total)
    series = [
        np.cumsum([pj.advance(p, ZONE_NATION, RULES, PLENTY.copy(), CREW).gw.sum() for _ in range(12)])
        for p in (plain, projects)
    ]
    assert (series[1][1:] >= series[0][:-1] - 1e-9).all()
    assert (series[1][:-1] <= series[0][1:] + 1e-9).all()


def test_old_rows_are_dropped_so_that_memory_stays_bounded():
    projects = pj.new_projects()
    for month in range(60):
        pj.start(projects, np.zeros(50, int), 3, np.arange(50), np.ones(50), month, 0.0, 0.0, 2.0)
        pj.advance(projects, ZONE_NATION, RULES, PLENTY.copy(), CREW)
    assert len(projects) < 1000


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_rows_that_differ_are_left_as_they_are_and_in_their_order(seed):
    projects, rng = started(seed, rows=80)
    for _ in range(6):
        pj.advance(projects, ZONE_NATION, RULES, rng.uniform(0, 9, (2, 4)), rng.uniform(0, 20000, 2))
    pj.merge(projects)
    again = projects.copy()
    assert (projects.stage != pj.DONE).all()
    assert pj.merge(again) == 0
    for name in projects.spec:
        assert np.array_equal(getattr(again, name), getattr(projects, name)), name


def test_what_is_joined_and_what_is_not():
    projects = pj.new_projects()
    left = [2.5, 2.25, 2.0, 2.5, 2.5, 2.5, 2.5, 2.5]  # the first two end in the same whole month
    pj.start(projects, [0, 0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0, 0], [7, 7, 7, 7, 7, 8, 7, 7],
             [1.0, 3.0, 1, 1, 1, 1, 1, 1], 0, 1.0, 1.0, left)  # fmt: skip
    projects.stage[:-1] = pj.BUILD
    projects.started[1] = 9  # what is past does not matter
    projects.withdraw_left[1] = 4.0
    projects.funded[6] = False
    assert pj.merge(projects) == 1
    assert projects.gw.tolist() == [4.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert projects.build_left[0] == pytest.approx((2.5 + 3 * 2.25) / 4)
    assert projects.stage.tolist() == [pj.BUILD] * 6 + [pj.PERMIT]


def test_before_building_only_twins_are_joined():
    projects = pj.new_projects()
    for month, permit, withdraw in ((3, 2.0, np.inf), (3, 2.0, np.inf), (4, 2.0, np.inf), (3, 2.5, np.inf), (3, 2.0, 5.0)):
        pj.start(projects, [0], [0], [7], [1.0], month, permit, 6.0, 12.0, withdraw)
    assert pj.merge(projects) == 1
    assert projects.gw.tolist() == [2.0, 1.0, 1.0, 1.0]
    assert pj.merge(pj.new_projects()) == 0


def test_permits_and_studies_under_way_take_their_nations_new_pace():
    projects, _ = started(3)
    before = projects.copy()
    pj.rescale_waits(projects, ZONE_NATION, np.array([0.5, 1.0]), np.array([1.0, 2.0]))
    first = ZONE_NATION[before.zone] == 0
    assert first.any()
    assert not first.all()
    np.testing.assert_array_equal(projects.permit_left, np.where(first, 0.5, 1.0) * before.permit_left)
    np.testing.assert_array_equal(projects.queue_left, np.where(first, 1.0, 2.0) * before.queue_left)
    np.testing.assert_array_equal(projects.build_left, before.build_left)


def test_dropping_rows_keeps_the_others_in_order_and_the_fills_of_new_ones():
    projects, _ = started(4)
    before = projects.copy()
    mask = np.arange(len(projects)) % 3 != 0
    projects.keep(mask)
    for name in projects.spec:
        np.testing.assert_array_equal(getattr(projects, name), getattr(before, name)[mask])
    pj.start(projects, [1], [2], [3], [4.0], 5, 6.0, 7.0, 8.0)
    assert (projects.stage[-1], projects.funded[-1], projects.withdraw_left[-1]) == (pj.PERMIT, True, np.inf)
