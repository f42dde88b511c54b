"""Phases 4 and 5: projects are built, plants retire, and capacity mints and retires coins."""

from __future__ import annotations

from typing import Any

import numpy as np

from .world.build import projects as building
from .world.money.integers import split_integer
from .world.opening_money import HALLS, PLANTS
from .world.power import accredit, fleet


def construction(world: Any) -> None:
    """Projects move through permit, queue, parts and building; what is finished is commissioned."""
    state, statics, param = world.state, world.statics, world.tables.param
    places, of = world.places, world.parties.of
    zones = places.zone_nation
    state.workers_total = state.workers + state.site_robots
    done = building.advance(
        state.projects, zones, statics.building_rules, state.parts_stock_gw, state.workers_total
    )
    state.waiting = done.waiting_gw
    kinds = len(places.technologies)
    plant = done.kind < kinds
    state.commissioned = (done.zone[plant], done.kind[plant], done.owner[plant], done.gw[plant])
    hall = ~plant
    row = done.owner[hall] - of["ai"][0]
    np.add.at(state.halls_gw, (row, done.zone[hall]), done.gw[hall])
    # what is on site, and what builders are paid this month
    p = state.projects
    live = p.stage == building.BUILD
    z, k, gw = p.zone[live], p.kind[live], p.gw[live]
    n = zones[z]
    pace = done.labour_speed[n] / statics.build_months[n, k]
    cost = np.where(k < kinds, _plant_cost(state, statics, n, np.minimum(k, kinds - 1)), statics.hall_cost_musd_per_gw)
    cost = np.where(k < kinds, cost, cost * statics.hall_cost_ratio[n]) * state.site_cost[n]
    bill = gw * pace * cost
    owner = p.owner[live]
    spent = np.bincount(owner, bill, len(world.parties))
    who = np.flatnonzero(spent > 0.0)
    home = of["households"][world.parties.home[who]]
    state.ledger.pay("capex", who, home, spent[who])
    buys_hall = np.isin(who, of["ai"])
    state.bought_musd[who, np.where(buys_hall, HALLS, PLANTS)] += spent[who]
    state.hall_spend_musd = spent[of["ai"]]
    needed = np.bincount(n, gw * statics.jobs_per_gw[k], len(places.nations))
    state.labour_load = needed / np.maximum(state.workers_total, 1e-9)
    state.labour_speed = done.labour_speed
    pull = np.log(np.maximum(state.labour_load, 1e-9) / param("build.normal_labour_load"))
    state.site_cost = state.site_cost * np.exp(
        param("build.wage_speed") * np.tanh(pull) - param("build.wage_return") * np.log(state.site_cost)
    )
    if statics.growth:
        state.workers = state.workers * np.exp(param("build.worker_entry") * np.tanh(np.maximum(pull, -1.0)) / 12.0)
    rows = state.projects.stage != building.DONE
    mine = rows & (state.projects.kind < kinds)
    state.under_way_gw = np.zeros_like(state.fleet_gw)
    np.add.at(state.under_way_gw, (state.projects.zone[mine], state.projects.kind[mine]), state.projects.gw[mine])
    halls = rows & (state.projects.kind == kinds)
    state.halls_under_way_gw = np.zeros_like(state.halls_gw)
    np.add.at(
        state.halls_under_way_gw, (state.projects.owner[halls] - of["ai"][0], state.projects.zone[halls]), state.projects.gw[halls]
    )
    state.halls_under_way_gw_zone = state.halls_under_way_gw.sum(axis=0)
    if len(state.projects) > param("build.merge_above_rows"):
        building.merge(state.projects)


def _plant_cost(state: Any, statics: Any, n: np.ndarray, k: np.ndarray) -> np.ndarray:
    """MUSD per GW that builders get: capex without the parts bought apart (at their usual price)."""
    parts_cost = (statics.part_need[k] * statics.part_base_price[n]).sum(axis=1)
    return np.maximum(state.capex_usd_per_kw[n, k] - parts_cost, statics.least_site_share * state.capex_usd_per_kw[n, k])


def accreditation(world: Any) -> None:
    """Old plants retire, new ones mint; capacity that goes leaves a shortfall that its owner buys back within a year."""
    state, statics, param = world.state, world.statics, world.tables.param
    places, of = world.places, world.parties.of
    zones = places.zone_nation
    year = world.calendar.year(state.month)
    system = statics.system
    before = state.accredited_kw
    state.days = system.design_load(state.days, state.base_gw * state.base_response[zones], state.ai_draw_gw_zone, statics.coincidence)
    moved = accredit.accredit(state.fleet_gw, state.days, system.grid)
    _reaccredit(world, moved.coins_kw - before)
    z, k, owner, gw = state.commissioned
    nation_tech = zones[state.plants.zone] * len(places.technologies) + state.plants.technology
    gone = np.zeros(len(state.plants))
    if statics.growth:
        fleet.retire(
            state.plants.capacity_gw, state.plants.vintage, nation_tech, world.calendar.year_fraction(state.month), 1.0,
            statics.retire_age.ravel(), statics.retire_scale, gone,
        )  # fmt: skip
    closing = np.zeros_like(state.fleet_gw)
    np.add.at(closing, (state.plants.zone, state.plants.technology), gone)
    state.retired_gw_zone = closing
    opening = np.zeros_like(closing)
    np.add.at(opening, (z, k), gw)
    state.added_gw_zone = opening
    state.built_gw = state.built_gw + opening.sum(axis=0)
    batches = [(i, j, -closing[i, j]) for i, j in np.argwhere(closing > 0.0)]
    batches += [(i, j, opening[i, j]) for i, j in np.argwhere(opening > 0.0)]
    zone = np.array([b[0] for b in batches], dtype=np.int64)
    tech = np.array([b[1] for b in batches], dtype=np.int64)
    minted, state.accreditation = accredit.mint(
        state.fleet_gw, zone, tech, np.array([b[2] for b in batches]), state.days, system.grid, moved
    )
    state.fleet_gw = np.maximum(state.fleet_gw + opening - closing, 0.0)
    if len(z):
        fleet.commission(state.plants, z, k, owner, gw, statics.efficiency_new[z, k], year)
    up = np.zeros(len(places.zones), dtype=np.int64)
    np.add.at(up, zone, minted)
    for i in np.flatnonzero(up):
        _book(world, int(of["utility"][i]), int(zones[i]), int(up[i]))
    state.accredited_kw = state.accreditation.coins_kw.astype(np.int64)
    state.minted_kw = np.maximum(up, 0)
    _buy_back(world)
    if state.month % int(param("power.credit_every_months")) == 0:
        state.credit = accredit.marginal_credit(
            state.fleet_gw, state.days, system.grid, state.accreditation, statics.credit_step_gw
        )
    closed = np.bincount(zones, (closing * np.maximum(state.credit, 0.0)).sum(axis=1), len(places.nations)) * 12.0
    state.retiring_gw = state.retiring_gw + (closed - state.retiring_gw) / 12.0


def _book(world: Any, party: int, n: int, kw: int) -> None:
    """Mint for a rise of an owner's firm capacity (its own shortfall is made good first); a fall becomes its shortfall."""
    state = world.state
    ledger = state.ledger
    if kw < 0:
        ledger.shortfall[party, n] -= kw
        return
    healed = min(kw, int(ledger.shortfall[party, n]))
    ledger.shortfall[party, n] -= healed
    new = kw - healed
    if new:
        ledger.mint(party, n, new)
        # minting finances: that much of the plant is now carried as accredited capacity
        state.tangible[party, PLANTS] -= new * state.value[n] / 1000.0
        state.depreciation_musd[party, PLANTS] += new * state.value[n] / 1000.0


def _reaccredit(world: Any, change_kw: np.ndarray) -> None:
    """Spread what a change of loads does to firm capacity over a nation's owners by their obligations."""
    state, statics = world.state, world.statics
    utility = world.parties.of["utility"]
    for n in np.flatnonzero(change_kw):
        owners = utility[world.places.zones_of[n]]
        weight = np.maximum(state.ledger.obligations[owners, n] - state.ledger.shortfall[owners, n], 1).astype(float)
        parts_kw = split_integer(int(change_kw[n]), weight, statics.party_keys[owners])
        for party, kw in zip(owners, parts_kw, strict=True):
            if kw:
                _book(world, int(party), int(n), int(kw))


def _buy_back(world: Any) -> None:
    """Owners buy a twelfth of last month's largest shortfall back, as far as the bank's vault has coins."""
    state, ledger = world.state, world.state.ledger
    months = int(world.tables.param("money.buy_back_months"))
    utility = world.parties.of["utility"]
    total = np.zeros(len(world.places.nations), dtype=np.int64)
    for i, n in enumerate(world.places.zone_nation):
        party = int(utility[i])
        short = int(ledger.shortfall[party, n])
        if short <= 0:
            continue
        vault = int(ledger.coins[ledger.bank_of[n], n])
        kw = min(-(-short // months), max(vault, 0))
        if kw:
            ledger.buy_back(party, int(n), kw)
            ledger.shortfall[party, n] -= kw
            total[n] += kw
    state.bought_back_kw = total
