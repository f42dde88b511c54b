"""Truths about promised output, of heat and of contracts: it runs before all else, burns what it burns, and can be turned down."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.model import World
from wattrace.scenarios import bench
from wattrace.world.power import committed, system
from wattrace.world.power.blocks import Blocks
from wattrace.world.power.dispatch import Links, Units
from wattrace.world.tables import Table, Tables

_path = Path(__file__).resolve().parents[2] / "oracles" / "dispatch_lp.py"
_spec = importlib.util.spec_from_file_location("dispatch_lp", _path)
assert _spec is not None
assert _spec.loader is not None
oracle = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(oracle)

JULY = 6


def year(tables=None):
    """Return a world after a year, and what each month's clearing gave."""
    world = World("baseline", seed=1, until="2027-01", tables=tables)
    months = []
    while not world.finished:
        world.step()
        months.append((world.state.power, world.state.fleet_gw.copy(), world.calendar.days(world.month - 1)))
    return world, months


@pytest.fixture(scope="module")
def run():
    return year()


@pytest.fixture(scope="module")
def without():
    tables = Tables.load("2026-01")
    for name in ("heat_plants", "output_contracts"):
        promised = tables[name]
        tables.tables[name] = Table(promised.name, promised.columns, promised.keys).take(np.empty(0, np.int64))
    return year(tables)


def bound_gwh(world, months, m):
    """Return GWh [Z, K] that promises hold on line in a month of the first year, if nothing is turned down."""
    grid, (_, fleet, days) = world.statics.system, months[m]
    return committed.held_gw(grid.committed, m, m / 12.0, fleet) * grid.firm[:, : grid.k] * 24.0 * days


def test_the_season_lies_between_summer_and_winter():
    share, winter, summer = np.array([[0.5]]), np.array([[0.8]]), np.array([[0.2]])
    season = np.array([[1.0, 0.5, *[0.0] * 10]])
    assert committed.heat_share(share, winter, summer, season)[:3, 0, 0] == pytest.approx([0.4, 0.25, 0.1])


def test_promises_shrink_with_a_fleet_and_do_not_grow_with_it(run):
    plants, opening = run[0].statics.system.committed, run[0].statics.system.committed.opening_gw
    full = committed.held_gw(plants, 0, 0.0, opening)
    np.testing.assert_array_equal(committed.held_gw(plants, 0, 0.0, 2.0 * opening), full)
    np.testing.assert_allclose(committed.held_gw(plants, 0, 0.0, 0.5 * opening), 0.5 * full)


@given(st.floats(0.0, 40.0), st.floats(0.0, 40.0), st.integers(0, 11))
def test_contracts_run_out_and_heat_stays(run, one, other, m):
    plants = run[0].statics.system.committed
    sooner, later = (committed.held_gw(plants, m, years, plants.opening_gw) for years in sorted((one, other)))
    assert np.all(later <= sooner)
    heat = plants.heat[m] * plants.opening_gw
    assert np.all(later >= heat)
    # 40 years on, nothing is promised but heat
    np.testing.assert_array_equal(committed.held_gw(plants, m, plants.lapse_years.max(), plants.opening_gw), heat)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.just(0.0) | st.floats(1e-6, 1.0))
def test_what_is_promised_is_given_after_outages_where_plants_can(promised, output, firm):
    share = committed.contract_share(np.array(promised), np.array(output), np.array(firm))
    assert 0.0 <= share <= 1.0
    assert share * firm == pytest.approx(min(promised * output, firm), abs=1e-12)


def test_a_fleet_gives_no_more_than_it_used_to(run):
    grid, tables = run[0].statics.system, run[0].tables
    rows = tables["output_factor"].where(item="availability")
    assert len(rows)
    k = grid.tech["nuclear"]
    for nation, usual in {str(n): v for n, v in zip(rows["nation"], rows["value"], strict=True)}.items():
        mine = run[0].places.zone_nation == run[0].places.nation(nation)
        assert np.all(grid.firm[mine, k] <= usual + 1e-12)


@pytest.mark.parametrize("m", range(12))
def test_what_is_held_on_line_runs_where_power_never_falls_below_its_offer(run, m):
    world, months = run
    power, least = months[m][0], bound_gwh(world, months, m)
    never_down = power.price.min(axis=(0, 2)) > world.statics.system.committed.usd_per_mwh + 1e-9
    assert never_down.sum() > 10
    held = never_down[:, None] & (least > 0.0)
    assert held.any()
    assert np.all(power.energy[held] >= least[held] * (1.0 - 1e-9))


def test_without_promises_summer_in_the_coldest_market_burns_less(run, without):
    """The zone with most heat-bound output in July makes more of it, and emits more, than where no plant must run."""
    world, months = run
    plants = world.statics.system.committed
    z = int((plants.heat[JULY] * plants.opening_gw).sum(axis=1).argmax())
    assert months[JULY][0].emissions_mt[z] > 2.0 * without[1][JULY][0].emissions_mt[z] > 0.0
    assert without[0].statics.system.committed.heat.max() == without[0].statics.system.committed.contract.max() == 0.0


def test_promises_take_their_part_of_every_plant_alike():
    zone, technology = np.array([0, 0, 1]), np.array([1, 1, 0])
    fleet = np.array([[0.0, 4.0], [2.0, 0.0]])
    free, mean = np.empty(3), np.empty((2, 2))
    committed.split(zone, technology, np.array([1.0, 3.0, 2.0]), np.array([10.0, 30.0, 7.0]), 0.5 * fleet, fleet, free, mean)
    assert free == pytest.approx([0.5, 1.5, 1.0])
    assert mean == pytest.approx(np.array([[0.0, 25.0], [7.0, 0.0]]))


def test_energy_fuel_and_emissions_of_promised_output_are_those_of_their_technology():
    none = np.zeros((1, 3))
    plants = committed.Committed(np.zeros((12, 1, 3)), np.zeros((12, 1, 3)), none + 1.0, none, np.array([0, 2]), 5, -20.0)
    energy, cost, revenue = (np.array([[10.0, 20.0, 30.0, 1.0, 2.0, 4.0, 6.0]]) for _ in range(3))
    made = committed.fold(plants, np.array([[50.0, 7.0, 80.0]]), energy, cost, revenue)
    assert made == pytest.approx([10.0])
    assert energy[0, :3] == pytest.approx([14.0, 20.0, 36.0])
    assert revenue[0, :3] == pytest.approx([14.0, 20.0, 36.0])
    assert cost[0, :3] == pytest.approx([10.0 + 4.0 * 0.050, 20.0, 30.0 + 6.0 * 0.080])


def test_emissions_of_a_zone_are_the_heat_of_its_generation(run):
    """Between the best and the worst efficiency of the fleet lies what a zone emits per GWh."""
    world, months = run
    power, statics = months[JULY][0], world.statics
    k = world.places.technologies.index("coal")
    co2 = np.array(statics.co2_t_per_gj)
    best = (power.energy.clip(0) * 3.6e-3 * co2).sum(axis=1)  # Mt at an efficiency of 1
    burnt = power.energy[:, k] > 1.0
    ratio = power.emissions_mt[burnt] / best[burnt]
    assert np.all((ratio > 1.0 / 0.65) & (ratio < 1.0 / 0.25))


def test_turned_down_promises_are_no_curtailment(run):
    for power, _, _ in run[1]:
        assert np.all(power.curtailed_gwh >= 0.0)
        idle = power.price.min(axis=(0, 2)) > 1e-9  # no hour in which anything free stood idle
        assert np.all(power.curtailed_gwh[idle] == pytest.approx(0.0, abs=1e-6))


@pytest.mark.parametrize("month", [0, 3, JULY])
def test_with_promised_output_every_network_costs_what_the_exact_linear_program_says(monkeypatch, month):
    """The world's own months, promised output at its offer below zero, against HiGHS."""
    calls = []
    clear = system.clear_networks

    def recorded(*arguments):
        clear(*arguments)
        calls.append(arguments)

    monkeypatch.setattr(system, "clear_networks", recorded)
    world = World("baseline", seed=1, until="2026-02")
    calls.clear()
    state, grid = world.state, world.statics.system
    grid.clear(state.plants, state.running, state.base_gw, state.ai_draw_gw_zone, month, 30.4, world.draws, month, state.plan, 0.0)
    networks, blocks, available, load, links, units, inflow, lost, _, _, plan, clearing = calls[0]
    own = blocks.technology >= grid.k + 2
    assert (blocks.capacity * own)[:, : blocks.count.max()].sum() > 1.0
    for n in range(len(networks.zone) - 1):
        z, l, s = (slice(edge[n], edge[n + 1]) for edge in (networks.zone, networks.link, networks.unit))  # noqa: E741
        first = networks.zone[n]
        day = bench.Day(
            Blocks(*(part[z] for part in blocks)), available[:, z], load[:, z],
            Links(links.tail[l] - first, links.head[l] - first, *(part[l] for part in links[2:])),
            Units(units.zone[s] - first, *(part[s] for part in units[1:])), inflow[:, s], networks, lost[n : n + 1],
        )  # fmt: skip
        mine = bench.plan_cost_kusd(
            day, plan._replace(flow=plan.flow[:, l], charge=plan.charge[:, s], discharge=plan.discharge[:, s]),
            clearing._replace(**{name: getattr(clearing, name)[:, z] for name in ("block", "used", "unserved")}),
        )  # fmt: skip
        exact = oracle.solve_day(day.blocks, day.available[0], day.load[0], day.links, day.units, day.inflow_gwh[0], lost[n])
        scale = day.load[0].sum()  # thousand USD at 1 USD/MWh
        assert -1e-6 * scale <= mine - exact.cost_kusd <= 0.002 * abs(exact.cost_kusd) + 0.02 * scale
