"""Truths about dispatch: against the exact linear program, laws, corners."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.scenarios import bench
from wattrace.world.power import dispatch
from wattrace.world.power.blocks import Blocks

_spec = importlib.util.spec_from_file_location(
    "dispatch_lp", Path(__file__).resolve().parents[2] / "oracles" / "dispatch_lp.py"
)
assert _spec is not None
assert _spec.loader is not None
oracle = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(oracle)

HOURS = dispatch.HOURS
LOST_LOAD = 5000.0
seeds = st.integers(0, 10_000)


def exact(day):
    return oracle.solve_day(
        day.blocks, day.available[0], day.load[0], day.links, day.units, day.inflow_gwh[0], LOST_LOAD
    )


def random_day(seed, **system):
    rng = np.random.default_rng(seed)
    options = {"zones": int(rng.integers(1, 9)), "plants": int(rng.integers(60, 500)), "month": seed % 12}
    options["tightness"] = (1.0, 1.0, 1.15, 1.4)[seed % 4]
    return bench.made_up_day(seed, **options | system)


def imbalance_gw(day, plan, clearing):
    """Return generation and net supply less load [Z, H] of the first day, from the results alone."""
    total = clearing.unserved[0] - day.load[0]
    for z, n in enumerate(day.blocks.count):
        width = day.blocks.capacity[z, :n, None] * day.available[0, z, day.blocks.technology[z, :n]]
        index = np.arange(n)[:, None]
        total[z] += np.where(index < clearing.block[0, z], width, 0.0).sum(0)
        total[z] += np.where(clearing.block[0, z] < n, clearing.used[0, z], 0.0)
    np.add.at(total, day.units.zone, plan.discharge[0] - plan.charge[0])
    flow, kept = plan.flow[0], 1 - day.links.loss[:, None]
    np.add.at(total, day.links.tail, np.where(flow > 0, -flow, -flow * kept))
    np.add.at(total, day.links.head, np.where(flow > 0, flow * kept, flow))
    return total


def check_plan(day, plan, clearing):
    """Assert that the plan is possible: balances, link limits, power limits, store limits, cyclic days,
    budgets.
    """
    size = max(day.load[0].mean(), 1e-9)
    assert np.abs(imbalance_gw(day, plan, clearing)).max() <= 1e-9 * max(size, 1.0)
    slack = 1e-6 * size
    flow, charge, discharge = (x[0] for x in plan)
    assert np.all(flow <= day.links.forward_gw[:, None] + slack)
    assert np.all(flow >= -day.links.reverse_gw[:, None] - slack)
    assert np.all((charge >= 0) & (charge <= day.units.charge_gw[:, None] + slack))
    assert np.all((discharge >= 0) & (discharge <= day.units.discharge_gw[:, None] + slack))
    into = charge * day.units.charge_efficiency[:, None] - discharge / day.units.discharge_efficiency[:, None]
    level = np.cumsum(into, axis=1)
    dam = day.inflow_gwh[0] > 0
    assert np.all(level[dam, -1] + day.inflow_gwh[0][dam] >= -slack)
    assert np.all(np.abs(level[~dam, -1]) <= slack)
    assert np.all(np.ptp(level, axis=1)[~dam] <= day.units.energy_gwh[~dam] + slack)
    assert np.all(clearing.unserved[0] >= 0)
    assert np.all(clearing.curtailment[0] >= 0)
    assert np.all(clearing.block[0] >= 0)
    assert np.all(np.isfinite(clearing.price[0]))
    assert np.all(np.abs(clearing.price[0]) <= LOST_LOAD)


def test_200_random_days_cost_what_the_exact_linear_program_says(record_property):
    gaps, shed = [], []
    for seed in range(200):
        day = random_day(seed)
        plan, clearing = bench.clear(day)
        check_plan(day, plan, clearing)
        solution = exact(day)
        gaps.append(bench.plan_cost_kusd(day, plan, clearing) / solution.cost_kusd - 1)
        shed.append(solution.unserved_gwh > 1e-6)
    gap, short = 100 * np.array(gaps), np.array(shed)
    record_property("median_gap_percent", float(np.median(gap)))
    record_property("max_gap_percent", float(gap.max()))
    assert short.sum() >= 10
    assert gap.min() > -1e-6  # cheaper than the optimum would be a leak
    assert np.median(gap) <= MEDIAN_GAP, np.median(gap)
    assert gap[~short].max() <= 0.05, (np.flatnonzero(gap > 0.05), gap.max())
    assert gap[short].max() <= 0.2


MEDIAN_GAP = 0.001  # percent


@pytest.mark.parametrize("seed", range(12))
def test_prices_are_the_duals_of_the_linear_program(seed):
    day = random_day(seed)
    _, clearing = bench.clear(day, tolerance=TIGHT)
    price = exact(day).price
    # at the edge of a block any price between the two costs is a dual: most hours agree, the mean agrees
    # closely
    assert np.mean(np.abs(clearing.price[0] - price) < 0.05 * (1 + price)) > 0.9
    assert clearing.price[0].mean() == pytest.approx(price.mean(), rel=0.03)


TIGHT = dispatch.Tolerance(hour=1e-3, storage=1e-3)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_more_capacity_never_raises_the_cost(seed):
    day = random_day(seed)
    rng = np.random.default_rng(seed)
    blocks = day.blocks._replace(
        capacity=day.blocks.capacity * rng.uniform(1.0, 1.5, day.blocks.capacity.shape)
    )
    links = day.links._replace(forward_gw=day.links.forward_gw * 1.2)
    units = day.units._replace(energy_gwh=day.units.energy_gwh * 1.2)
    more = day._replace(blocks=blocks, links=links, units=units)
    before = bench.plan_cost_kusd(day, *bench.clear(day))
    assert bench.plan_cost_kusd(more, *bench.clear(more)) <= before * (1 + 1e-3)


def warm_cold_exact(seed, tightness, storage):
    """Return what a day costs from last month's plan, from none, and at best; and whether it sheds load."""
    options = {"tightness": tightness, "storage": storage}
    month = 1 + seed % 12
    before = random_day(seed, month=month - 1, **options)
    day = random_day(seed, month=month, **options)
    cold = bench.plan_cost_kusd(day, *bench.clear(day))
    warm = bench.plan_cost_kusd(day, *bench.clear(day, *bench.clear(before)))
    solution = exact(day)
    return warm, cold, solution.cost_kusd, solution.unserved_gwh > 1e-6


def test_warm_and_cold_starts_end_at_the_optimum_on_fixed_random_days():
    """Every one of these draws. Beyond them days exceed the bounds now and then: 2 of 800 were seen (0.15 % with all load
    served; about 1 % with load shed, seed 1092 at tightness 0.976).
    """
    rng = np.random.default_rng(99)
    beyond = []
    for _ in range(120):
        draw = (int(rng.integers(0, 5001)), float(rng.uniform(0.9, 1.3)), bool(rng.integers(2)))
        warm, cold, best, sheds = warm_cold_exact(*draw)
        if max(warm, cold) > best * (1 + (SHED_GAP if sheds else SERVED_GAP)):
            beyond.append(draw)
    assert not beyond


SHED_GAP = 2e-3  # of the cost, in months with unserved energy
SERVED_GAP = 5e-4  # of the cost, in months that serve all load


@given(seeds, st.sampled_from([1e-3, 8.0, 1e4]))
@settings(max_examples=25, deadline=None)
def test_a_system_of_another_size_has_the_same_prices(seed, scale):
    day = random_day(seed)
    links = day.links._replace(
        forward_gw=day.links.forward_gw * scale, reverse_gw=day.links.reverse_gw * scale
    )
    units = day.units
    units = units._replace(
        charge_gw=units.charge_gw * scale,
        discharge_gw=units.discharge_gw * scale,
        energy_gwh=units.energy_gwh * scale,
    )
    blocks = day.blocks._replace(capacity=day.blocks.capacity * scale)
    big = day._replace(
        blocks=blocks, load=day.load * scale, links=links, units=units, inflow_gwh=day.inflow_gwh * scale
    )
    cost = bench.plan_cost_kusd(day, *bench.clear(day))
    assert bench.plan_cost_kusd(big, *bench.clear(big)) == pytest.approx(cost * scale, rel=1e-3)


def test_the_same_day_clears_to_the_same_bytes():
    day = random_day(7)
    first, second = bench.clear(day), bench.clear(day)
    for a, b in zip((*first[0], *first[1]), (*second[0], *second[1]), strict=True):
        assert a.tobytes() == b.tobytes()


def test_networks_cleared_together_equal_networks_cleared_alone():
    day = bench.made_up_day(5, zones=(4, 1, 3), days=3)
    plan, clearing = bench.clear(day)
    whole = dispatch.Networks(*(np.array([x[0], x[-1]]) for x in day.networks))
    together = bench.clear(day._replace(networks=whole, lost_load=day.lost_load[:1]))
    for d in range(3):
        assert bench.plan_cost_kusd(day, plan, clearing, d) == pytest.approx(
            bench.plan_cost_kusd(day, together[0], together[1], d), rel=1e-3
        )


# --- corners


def small_day(load, capacity=(), cost=(), available=None, links=(), units=(), inflow=()):
    """Return a day of zones with one technology: `load` [Z] (flat) or [Z, H], `capacity` and `cost` [Z][B]."""
    load = np.array(load, float)
    load = load if load.ndim == 2 else np.repeat(load[:, None], HOURS, axis=1)
    zones = len(load)
    width = max((len(c) for c in capacity), default=0) or 1
    blocks = Blocks(np.zeros((zones, width)), np.zeros((zones, width)), np.zeros((zones, width), np.int64),
                    np.zeros(zones, np.int64))  # fmt: skip
    for z, (gw, usd) in enumerate(zip(capacity, cost, strict=True)):
        blocks.count[z] = len(gw)
        blocks.capacity[z, : len(gw)] = gw
        blocks.cost[z, : len(usd)] = usd
    ends = np.array(links, float).reshape(-1, 6)
    lines = dispatch.Links(
        ends[:, 0].astype(np.int64), ends[:, 1].astype(np.int64), *(ends[:, c].copy() for c in (2, 3, 4, 5))
    )
    rows = np.array(units, float).reshape(-1, 6)
    stores = dispatch.Units(rows[:, 0].astype(np.int64), *(rows[:, c].copy() for c in range(1, 6)))
    shape = np.ones((1, zones, 1, HOURS)) if available is None else available
    networks = dispatch.find_networks(zones, lines, stores)
    wet = np.array(inflow, float).reshape(1, -1) if len(inflow) else np.zeros((1, len(rows)))
    return bench.Day(
        blocks, shape, load[None], lines, stores, wet, networks, np.full(len(networks.zone) - 1, LOST_LOAD)
    )


def cleared(*arguments, **options):
    day = small_day(*arguments, **options)
    plan, clearing = bench.clear(day)
    check_plan(day, plan, clearing)
    return plan, clearing


def test_without_plants_all_load_is_unserved_at_the_value_of_lost_load():
    _, clearing = cleared(
        [3.0, 2.0], [[], []], [[], []], links=[(0, 1, 1, 1, 0.02, 0.5)], units=[(0, 1, 1, 4, 0.9, 0.9)]
    )
    assert clearing.unserved.sum() == pytest.approx(5 * HOURS)
    assert np.all(clearing.price == LOST_LOAD)


def test_without_load_nothing_runs():
    plan, clearing = cleared([0.0], [[5.0]], [[30.0]], units=[(0, 1, 1, 4, 0.9, 0.9)])
    assert clearing.used.sum() == plan.charge.sum() == clearing.unserved.sum() == 0.0
    assert np.all(clearing.price == 30.0)


def test_no_zones_no_links_no_units_is_no_error():
    assert find_sizes(0) == [0]
    cleared([0.0], [[]], [[]])


def find_sizes(zones):
    empty = np.zeros(0)
    none = np.zeros(0, np.int64)
    links = dispatch.Links(none, none, empty, empty, empty, empty)
    return dispatch.find_networks(zones, links, dispatch.Units(none, *(empty,) * 5)).zone.tolist()


def test_load_far_beyond_supply_is_shed_down_to_what_there_is():
    _, clearing = cleared([100.0, 1.0], [[5.0], [3.0]], [[30.0], [20.0]], links=[(0, 1, 1.0, 1.0, 0.1, 0.0)])
    assert clearing.unserved[0, 0] == pytest.approx(np.full(HOURS, 100 - 5 - 0.9))
    assert np.all(clearing.unserved[0, 1] == 0.0)
    assert clearing.price[0, 1] == pytest.approx(np.full(HOURS, 20.0))


def test_links_and_units_of_no_size_change_nothing():
    plan, clearing = cleared(
        [4.0, 4.0],
        [[5.0], [5.0]],
        [[30.0], [90.0]],
        links=[(0, 1, 0, 0, 0.0, 0.0)],
        units=[(0, 0, 0, 0, 0.9, 0.9)],
    )
    assert np.all(plan.flow == 0.0)
    assert clearing.price[0, :, 0].tolist() == [30.0, 90.0]


def test_more_sun_than_load_is_curtailed_at_a_price_of_zero():
    _, clearing = cleared([4.0], [[9.0, 5.0]], [[0.0, 40.0]])
    assert np.all(clearing.price == 0.0)
    assert clearing.curtailment == pytest.approx(np.full((1, 1, HOURS), 5.0))


def test_links_without_losses_carry_one_way_only_as_far_as_they_may():
    plan, clearing = cleared([4.0, 4.0], [[9.0], [9.0]], [[30.0], [90.0]], links=[(1, 0, 5.0, 1.5, 0.0, 0.0)])
    assert plan.flow == pytest.approx(np.full((1, 1, HOURS), -1.5))
    assert clearing.price[0, :, 0].tolist() == [30.0, 90.0]


def test_water_goes_to_the_dearest_hours_and_sets_the_price_where_it_is_at_the_margin():
    load = np.full((1, HOURS), 5.0)
    load[0, 18:20] = 9.0
    plan, clearing = cleared(
        load, [[6.0, 5.0]], [[30.0, 200.0]], units=[(0, 0, 4.0, np.inf, 1, 1)], inflow=[4.0]
    )
    assert plan.discharge[0, 0, 18:20].sum() == pytest.approx(4.0)
    assert plan.discharge.sum() == pytest.approx(4.0)
    assert clearing.price[0, 0, 18] == pytest.approx(200.0)


def test_a_flexible_load_is_left_unserved_at_its_own_price_before_others_are():
    # 2 GW of the 6 GW of load would rather not pay more than 300 USD/MWh
    _, clearing = cleared([6.0], [[5.0, 2.0]], [[30.0, 300.0]])
    assert np.all(clearing.price == 300.0)
    assert clearing.used == pytest.approx(np.ones((1, 1, HOURS)))
    assert np.all(clearing.unserved == 0.0)


def test_an_old_plan_that_no_longer_fits_is_repaired():
    day = small_day([1.0, 1.0], [[5.0], [5.0]], [[30.0], [90.0]], links=[(0, 1, 9, 9, 0.05, 0)],
                    units=[(0, 2, 2, 4, 0.9, 0.9), (1, 0, 9, np.inf, 1, 1)], inflow=[0.0, 6.0])  # fmt: skip
    rng = np.random.default_rng(0)
    plan = dispatch.Plan(
        rng.normal(0, 50, (1, 1, HOURS)), rng.uniform(0, 9, (1, 2, HOURS)), rng.uniform(0, 9, (1, 2, HOURS))
    )
    plan, clearing = bench.clear(day, plan)
    check_plan(day, plan, clearing)
    cold = bench.plan_cost_kusd(day, *bench.clear(day))
    assert bench.plan_cost_kusd(day, plan, clearing) == pytest.approx(cold, rel=1e-3)


def test_networks_are_runs_of_zones_that_no_link_leaves():
    day = bench.made_up_day(0, zones=(6, 1, 2))
    assert day.networks.zone.tolist() == [0, 6, 7, 9]
    assert day.networks.link[-1] == len(day.links.tail)
    assert find_sizes(3) == [0, 1, 2, 3]


def test_links_out_of_order_and_unknown_zones_are_refused():
    day = bench.made_up_day(0, zones=(3, 3))
    back = dispatch.Links(*(x[::-1].copy() for x in day.links))
    with pytest.raises(ValueError, match="links must be listed network by network"):
        dispatch.find_networks(6, back, day.units)
    with pytest.raises(ValueError, match=r"0\.\.1, given"):
        dispatch.find_networks(2, day.links, day.units)


def test_the_benchmark_reports_every_ratio():
    result = bench.dispatch_seconds(zones=3, repeats=3, plants=60)
    assert result["warm_s"] > 0
    assert result["exact_over_warm"] == pytest.approx(result["exact_s"] / result["warm_s"])
