"""The month, phase by phase. `PHASES` is the order; each phase reads what earlier ones left in `world.state`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .agents import ai_company, bank, fab, households, launcher, nation, robot_factory, supplier, utility
from .markets import trade_accelerators, trade_parts, trade_robots
from .phase_build import accreditation, construction
from .phase_coins import open_circulation, settlement, stake_and_rent, value_and_fx
from .phase_compute import ai_services, compute, deliveries, technology
from .world.audit import AuditFailure, check
from .world.build import projects as building
from .world.limiting import CAUSE, find_binding
from .world.opening_power import current_costs
from .world.orders import Start, apply_payments
from .world.recording import month_values, tell_price_jumps
from .world.state import State

__all__ = ["PHASES", "AuditFailure", "open_circulation"]


# -- 1 policy ---------------------------------------------------------------------------------------------------


def policy(world: Any) -> None:
    """Shocks begin and end, scheduled levers begin, governments react, and permits and studies under way speed up or slow down."""
    state = world.state
    world.statics.shocks.advance(world)
    for name, n, target in world.levers.advance(state.month):
        if state.month > 0:
            label = world.places.nations[n]
            world.tell("policy", label, f"Government of {world.places.nation_names[n]}", f"{name} moves to {target:g}.")
    nation.react(world)
    permit, queue = world.levers["permit_time"] / state.nation.effort, world.levers["queue_time"] / state.nation.effort
    faster, sooner = permit / state.permit_factor, queue / state.queue_factor
    if (faster != 1.0).any() or (sooner != 1.0).any():
        building.rescale_waits(state.projects, world.places.zone_nation, faster, sooner)
    state.permit_factor, state.queue_factor = permit, queue


# -- 7 dispatch -------------------------------------------------------------------------------------------------


def dispatch(world: Any) -> None:
    """Clear the month's power and pay for it."""
    state, statics = world.state, world.statics
    month_of_year = world.calendar.month_of_year(state.month)
    state.running = current_costs(statics, state)
    base = state.base_gw * state.base_response[world.places.zone_nation]
    days = world.calendar.days(state.month) if statics.growth else statics.mean_days
    state.power = statics.system.clear(
        _running_plants(state), state.running, base, state.ai_draw_gw_zone, month_of_year, days, world.draws, state.month, state.plan,
        state.month / 12.0 if statics.growth else 0.0,
    )
    state.margin_ring[month_of_year] = state.power.margin_usd_per_kw
    state.margin_usd_per_kw_year = state.margin_ring.sum(axis=0)
    state.mean_price = state.mean_price + (state.power.mean_price - state.mean_price) / 12.0
    apply_payments(world, utility.bills(world))
    zone_total = np.maximum(state.powered_gw.sum(axis=0), 1e-12)
    share = state.powered_gw / zone_total
    bills = share * (state.power.ai_bill_musd + state.power.ai_gwh * statics.system.network_usd * statics.site_network_share * 1e-3)
    who, z = np.nonzero(bills > 0.0)
    state.ledger.pay("energy", world.parties.of["ai"][who], world.parties.of["utility"][z], bills[who, z])
    state.ai_power_cost_musd = bills.sum(axis=1)
    state.nation.power_tax_musd = np.bincount(world.places.zone_nation, state.power.carbon_musd, len(world.places.nations))
    unserved = np.bincount(world.places.zone_nation, state.power.unserved_gwh, len(world.places.nations))
    for n in np.flatnonzero(unserved > statics.told_unserved_gwh):
        world.tell("shortage", world.places.nations[n], "", "Some load was not served this month.")
    utility.set_tariffs(world)


def _running_plants(state: Any) -> Any:
    """Return the plants with the capacity that is usable: what a shock took out gives nothing, and stays accredited."""
    plants, usable = state.plants, state.usable
    if usable.plants_whole:
        return plants
    left = plants.capacity_gw * usable.plants[plants.zone, plants.technology]
    return State(zone=plants.zone, technology=plants.technology, capacity_gw=left)


# -- 10 exchange ------------------------------------------------------------------------------------------------


def exchange(world: Any) -> None:
    """Parts, accelerators and robots change hands."""
    apply_payments(world, ai_company.plan_capex(world))
    trade_parts(world)
    if world.statics.growth:
        supplier.grow(world)
    apply_payments(world, supplier.costs(world))
    fab.produce(world)
    trade_accelerators(world)
    apply_payments(world, fab.suppliers_bill(world))
    fab.expand(world)


# -- 11 robots and launches -------------------------------------------------------------------------------------


def robots_and_launches(world: Any) -> None:
    """Robots are made, sold and put to work; ships fly; orbital halls are lofted."""
    robot_factory.make(world)
    trade_robots(world)
    apply_payments(world, robot_factory.costs(world))
    launcher.fly(world)
    apply_payments(world, launcher.bills(world))


# -- 12 investment ----------------------------------------------------------------------------------------------


def investment(world: Any) -> None:
    """Plants and halls are started; firms pay out what they do not need; governments tax and spend."""
    state, statics = world.state, world.statics
    plants, halls = utility.invest_in_plants(world), ai_company.start_halls(world)
    state.started_gw_zone = np.zeros_like(state.fleet_gw)
    state.started_gw_zone[plants.zone, plants.kind] = plants.gw
    state.planned_gw_zone = np.bincount(plants.zone, plants.planned_gw, len(world.places.zones))
    if statics.growth:  # else what is under way goes on as it is: nothing is started, nothing is finished
        start_projects(world, Start(*(np.concatenate(pair) for pair in zip(plants, halls, strict=True))))
    apply_payments(world, utility.collect_subsidy(world))
    state.subsidy_musd = state.build_subsidy_musd + state.fab_subsidy_musd + state.robot_subsidy_musd
    apply_payments(world, nation.budget(world))
    bank.set_terms(world)
    apply_payments(world, bank.interest(world))
    apply_payments(world, utility.raise_equity(world))
    apply_payments(world, robot_factory.raise_equity(world))
    apply_payments(world, households.trade_goods(world))
    apply_payments(world, households.owners_income(world))


def start_projects(world: Any, order: Start) -> None:
    """Enter new projects; those that will be given up in the queue are drawn now, under their own name."""
    state, statics = world.state, world.statics
    if len(order.gw) == 0:
        return
    n = world.places.zone_nation[order.zone]
    at = n * statics.completion.shape[1] + order.kind  # in tables [N, J] laid flat
    permit = statics.permit_months.take(at) * state.permit_factor[n]
    queue = statics.queue_months.take(at) * state.queue_factor[n]
    completion = statics.completion.take(at)
    if world.draws.off:
        left, keep = np.full(len(n), np.inf), completion
    else:
        keys = statics.project_keys[order.zone, order.kind] ^ (order.owner.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
        left = building.withdraw_after(world.draws.uniform("withdrawal", keys, state.month), completion, queue)
        keep = 1.0
    building.start(
        state.projects, order.zone, order.kind, order.owner, order.gw * keep, state.month, permit, queue,
        statics.build_months.take(at), left,
    )  # fmt: skip


def own_agents(world: Any) -> None:
    """Users' own plain Mesa agents decide: `decide()` of every agent that is not one of the built-in kinds."""
    for agent in world.own_agents():
        try:
            agent.decide()
        except Exception as error:
            error.add_note(f"in decide() of {type(agent).__name__} {agent.unique_id}")
            raise


# -- 16 audit ---------------------------------------------------------------------------------------------------


def audit(world: Any) -> None:
    """Stop the run when a coin, a kilowatt-hour or a chip is missing."""
    check(world)


# -- 17 record --------------------------------------------------------------------------------------------------


def record(world: Any) -> None:
    """Write the month down and move on."""
    state = world.state
    # what binds: the largest wait of plants and halls, seen from stranded chips
    state.binding = binding_cause(world)
    world.record.put(state.month, month_values(world))
    tell_price_jumps(world)
    state.minted_before_kw = state.ledger.minted_total.copy()
    state.bought_back_before_kw = state.ledger.bought_back_total.copy()
    state.month += 1


def binding_cause(world: Any) -> np.ndarray:
    """Return the cause [N] that binds: where chips wait for watts, what those wait for; else what chips wait for."""
    state = world.state
    cause = np.empty(len(world.places.nations), dtype=np.int64)
    find_binding(
        world.parties.home[world.parties.of["ai"]], state.ai.chips_facility_gw - state.ai.powered_gw, state.powered_nation_gw,
        world.tables.param("limit.stranded_share"), state.waiting, CAUSE["memory" if state.memory_short[0] > 0.0 else "chips"],
        state.rationed_gw, CAUSE["none"], CAUSE["halls"], CAUSE["coins"], cause,
    )  # fmt: skip
    if state.month and (cause != state.binding).any():
        for n in np.flatnonzero(cause != state.binding):
            old, new = world.causes[state.binding[n]], world.causes[cause[n]]
            world.tell("bottleneck", world.places.nations[n], "", f"What binds changes from {old} to {new}.")
    return cause


PHASES = (
    policy, technology, deliveries, construction, accreditation, stake_and_rent, dispatch, compute, ai_services, exchange,
    robots_and_launches, investment, own_agents, value_and_fx, settlement, audit, record,
)  # fmt: skip
