"""Truths about plants that make heat too: they run before all else, burn what they burn, and can be turned down."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from wattrace.model import World
from wattrace.scenarios import bench
from wattrace.world.power import heat, system
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
    plants = tables["heat_plants"]
    tables.tables["heat_plants"] = Table(plants.name, plants.columns, plants.keys).take(np.empty(0, np.int64))
    return year(tables)


def bound_gwh(world, months, m):
    """Return GWh [Z, K] that heat holds on line in a month, if nothing is turned down."""
    grid, (_, fleet, days) = world.statics.system, months[m]
    return heat.held_gw(grid.heat, m, fleet) * grid.firm[:, : grid.k] * 24.0 * days


def test_the_season_lies_between_summer_and_winter():
    share, winter, summer = np.array([[0.5]]), np.array([[0.8]]), np.array([[0.2]])
    season = np.array([[1.0, 0.5, *[0.0] * 10]])
    assert heat.bound_share(share, winter, summer, season)[:3, 0, 0] == pytest.approx([0.4, 0.25, 0.1])


def test_heat_demand_shrinks_with_a_fleet_and_does_not_grow_with_it(run):
    plants, opening = run[0].statics.system.heat, run[0].statics.system.heat.opening_gw
    full = heat.held_gw(plants, 0, opening)
    np.testing.assert_array_equal(heat.held_gw(plants, 0, 2.0 * opening), full)
    np.testing.assert_allclose(heat.held_gw(plants, 0, 0.5 * opening), 0.5 * full)


@pytest.mark.parametrize("m", range(12))
def test_what_heat_holds_on_line_runs_where_power_never_falls_below_its_offer(run, m):
    world, months = run
    power, least = months[m][0], bound_gwh(world, months, m)
    never_down = power.price.min(axis=(0, 2)) > world.statics.system.heat.usd_per_mwh + 1e-9
    assert never_down.sum() > 10
    held = never_down[:, None] & (least > 0.0)
    assert held.any()
    assert np.all(power.energy[held] >= least[held] * (1.0 - 1e-9))


def test_without_heat_plants_summer_in_the_coldest_market_burns_less(run, without):
    """The zone with most heat-bound output in July makes more of it, and emits more, than where no plant must run."""
    world, months = run
    z = int(bound_gwh(world, months, JULY).sum(axis=1).argmax())
    assert months[JULY][0].emissions_mt[z] > 2.0 * without[1][JULY][0].emissions_mt[z] > 0.0
    assert np.all(without[0].statics.system.heat.bound == 0.0)


def test_heat_takes_its_part_of_every_plant_alike():
    zone, technology = np.array([0, 0, 1]), np.array([1, 1, 0])
    fleet = np.array([[0.0, 4.0], [2.0, 0.0]])
    free, mean = np.empty(3), np.empty((2, 2))
    heat.split(zone, technology, np.array([1.0, 3.0, 2.0]), np.array([10.0, 30.0, 7.0]), 0.5 * fleet, fleet, free, mean)
    assert free == pytest.approx([0.5, 1.5, 1.0])
    assert mean == pytest.approx(np.array([[0.0, 25.0], [7.0, 0.0]]))


def test_energy_fuel_and_emissions_of_heat_plants_are_those_of_their_technology():
    plants = heat.HeatPlants(np.zeros((12, 1, 3)), np.zeros((1, 3)), np.array([0, 2]), 5, -20.0)
    energy, cost, revenue = (np.array([[10.0, 20.0, 30.0, 1.0, 2.0, 4.0, 6.0]]) for _ in range(3))
    made = heat.fold(plants, np.array([[50.0, 7.0, 80.0]]), energy, cost, revenue)
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


def test_turned_down_heat_is_no_curtailment(run):
    for power, _, _ in run[1]:
        assert np.all(power.curtailed_gwh >= 0.0)
        idle = power.price.min(axis=(0, 2)) > 1e-9  # no hour in which anything free stood idle
        assert np.all(power.curtailed_gwh[idle] == pytest.approx(0.0, abs=1e-6))


@pytest.mark.parametrize("month", [0, 3, JULY])
def test_with_heat_plants_every_network_costs_what_the_exact_linear_program_says(monkeypatch, month):
    """The world's own months, heat plants at their offers below zero, against HiGHS."""
    calls = []
    clear = system.clear_networks

    def recorded(*arguments):
        clear(*arguments)
        calls.append(arguments)

    monkeypatch.setattr(system, "clear_networks", recorded)
    world = World("baseline", seed=1, until="2026-02")
    calls.clear()
    state, grid = world.state, world.statics.system
    grid.clear(state.plants, state.running, state.base_gw, state.ai_draw_gw_zone, month, 30.4, world.draws, month, state.plan)
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
