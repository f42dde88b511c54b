"""Phases 4 and 5: projects are built, plants retire, and capacity mints and retires coins."""

from __future__ import annotations

from typing import Any

import numpy as np

from .agents import utility
from .world.build import projects as building
from .world.build import sites
from .world.money.integers import split_by_group
from .world.opening_money import PLANTS
from .world.power import accredit, fleet


def construction(world: Any) -> None:
    """Projects move through permit, queue, parts and building; what is finished is commissioned."""
    state, statics, param = world.state, world.statics, world.tables.param
    places, of = world.places, world.parties.of
    zones = places.zone_nation
    state.workers_total = state.workers + state.site_robots
    # who is in arrears can pay for neither parts nor crews
    pays = state.ledger.arrears_months == 0
    state.projects.funded[...] = True if pays.all() else pays[state.projects.owner]
    # where nothing grows, sites are worked on and paid for but neither come nearer to completion nor use up parts
    projects, parts = state.projects, state.parts_stock_gw
    if not statics.growth:
        projects, parts = projects.copy(), parts.copy()
    done = building.advance(projects, zones, statics.building_rules, parts, state.workers_total)
    if not statics.growth:
        state.parts_stock_gw[:] = 0.0
        done = done._replace(zone=done.zone[:0], kind=done.kind[:0], owner=done.owner[:0], gw=done.gw[:0])
    state.waiting = done.waiting_gw
    kinds = len(places.technologies)
    plant = done.kind < kinds
    state.commissioned = (done.zone[plant], done.kind[plant], done.owner[plant], done.gw[plant])
    hall = ~plant
    row = done.owner[hall] - of["ai"][0]
    np.add.at(state.halls_gw, (row, done.zone[hall]), done.gw[hall])
    # what is on site, and what builders are paid this month
    cost = np.empty_like(statics.build_months)
    # USD/kW is MUSD per GW
    cost[:, :kinds] = sites.builders_usd_per_kw(state.capex_usd_per_kw, statics.usual_parts_usd_per_kw, statics.least_site_share)
    cost[:, kinds] = statics.hall_cost_musd_per_gw * statics.hall_cost_ratio
    cost *= (state.site_cost * done.labour_speed)[:, None] / statics.build_months
    on_site = sites.visit(
        state.projects, zones, cost, statics.jobs_per_gw, parties=len(world.parties), companies=of["ai"]
    )
    spent = on_site.bill_musd
    who = np.flatnonzero(spent > 0.0)
    home = of["households"][world.parties.home[who]]
    state.ledger.pay("capex", who, home, spent[who])
    state.bought_musd[who, statics.built_asset[who]] += spent[who]
    state.hall_spend_musd = spent[of["ai"]]
    state.labour_load = on_site.jobs / np.maximum(state.workers_total, 1e-9)
    state.labour_speed = done.labour_speed
    pull = np.log(np.maximum(state.labour_load, 1e-9) / param("build.normal_labour_load"))
    if statics.growth:
        state.site_cost = state.site_cost * np.exp(
            param("build.wage_speed") * np.tanh(pull) - param("build.wage_return") * np.log(state.site_cost)
        )
        state.workers = state.workers * np.exp(param("build.worker_entry") * np.tanh(np.maximum(pull, -1.0)) / 12.0)
    state.under_way_gw, state.halls_under_way_gw = on_site.plants_gw, on_site.halls_gw
    state.halls_under_way_gw_zone = on_site.halls_gw.sum(axis=0)
    if state.month % int(param("build.merge_every_months")) == 0:
        building.merge(state.projects)


def accreditation(world: Any) -> None:
    """Old plants retire, new ones mint; capacity that goes leaves a shortfall that its owner buys back within a year."""
    state, statics, param = world.state, world.statics, world.tables.param
    places, of = world.places, world.parties.of
    zones = places.zone_nation
    year = world.calendar.year(state.month)
    system = statics.system
    before = state.accredited_kw
    state.days = system.design_load(state.days, state.base_gw * state.base_response[zones], state.ai_draw_gw_zone, statics.coincidence)
    moved = accredit.accredit(state.fleet_gw, state.days, system.grid, state.accreditation.supply_gw)
    state.zone_peak_gw = accredit.design_peaks_gw(state.days).max(axis=1)
    _reaccredit(world, moved.coins_kw - before)
    z, k, owner, gw = state.commissioned
    closing = np.zeros_like(state.fleet_gw)
    if statics.growth:
        # what is worth more than it used to be is kept longer
        fleet.retire(
            state.plants.capacity_gw, state.plants.vintage, state.plants.zone, state.plants.technology, zones,
            utility.retirement_pace(world), world.calendar.year_fraction(state.month), 1.0, statics.retire_age, statics.retire_scale,
            closing,
        )  # fmt: skip
    state.retired_gw_zone = closing
    state.retired_rate_gw = state.retired_rate_gw + (12.0 * closing - state.retired_rate_gw) / param("plan.retirement_memory_months")
    opening = np.zeros_like(closing)
    np.add.at(opening, (z, k), gw)
    state.added_gw_zone = opening
    state.built_gw = state.built_gw + opening.sum(axis=0)
    up, state.accreditation = accredit.mint_zones(
        state.fleet_gw, (opening - closing)[None], state.days, system.grid, moved
    )
    state.fleet_gw = np.maximum(state.fleet_gw + opening - closing, 0.0)
    if len(z):
        fleet.commission(state.plants, z, k, owner, gw, statics.efficiency_new[z, k], year)
    _book(world, of["utility"], zones, up)
    state.accredited_kw = state.accreditation.coins_kw.astype(np.int64)
    state.minted_kw = np.maximum(up, 0)
    _buy_back(world)
    if state.month % int(param("power.credit_every_months")) == 0:
        state.credit = accredit.marginal_credit(
            state.fleet_gw, state.days, system.grid, state.accreditation, statics.credit_step_gw
        )


def _book(world: Any, party: np.ndarray, nation: np.ndarray, kw: np.ndarray) -> None:
    """Book changes of owners' firm capacity; minting finances: that much of a plant is carried as accredited capacity from now on."""
    state = world.state
    minted = state.ledger.book(party, nation, kw) * state.value[nation] / 1000.0
    state.tangible[party, PLANTS] -= minted
    state.depreciation_musd[party, PLANTS] += minted


def _reaccredit(world: Any, change_kw: np.ndarray) -> None:
    """Spread what a change of loads does to firm capacity over a nation's owners by their obligations."""
    ledger, utility, nation = world.state.ledger, world.parties.of["utility"], world.places.zone_nation
    weight = (ledger.obligations[utility, nation] - ledger.shortfall[utility, nation]).astype(float)
    _book(world, utility, nation, split_by_group(change_kw, nation, np.maximum(weight, 1.0), world.statics.party_keys[utility]))


def _buy_back(world: Any) -> None:
    """Owners buy a twelfth of last month's largest shortfall back, as far as the bank's vault has coins."""
    ledger = world.state.ledger
    utility, nation = world.parties.of["utility"], world.places.zone_nation
    kw = ledger.due_kw(utility, nation, int(world.tables.param("money.buy_back_months")))
    ledger.buy_back(utility, nation, kw)
    ledger.shortfall[utility, nation] -= kw
