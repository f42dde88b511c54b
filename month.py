"""The month, phase by phase. `PHASES` is the order; each phase reads what earlier ones left in `world.state`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .agents import ai_company, bank, fab, households, launcher, nation, robot_factory, supplier, utility
from .markets import trade_accelerators, trade_parts, trade_robots
from .world.audit import AuditFailure, check
from .world.build import projects as building
from .world.limiting import CAUSE
from .world.money import coin_market
from .world.money import value as worth
from .world.money.integers import split_integer
from .world.money.matrices import MonthBooks, balance_sheet
from .world.opening_compute import effective_supply, training_power
from .world.opening_money import HALLS, PLANTS, tight_stakes
from .world.opening_power import current_costs
from .world.orders import Payment, Stake
from .world.power import accredit, fleet
from .world.recording import month_values
from .world.tech import progress, services

__all__ = ["PHASES", "AuditFailure"]


def apply_payments(world: Any, payments: list[Payment]) -> None:
    """Collect payments for the month's settlement."""
    for order in payments:
        world.state.ledger.pay(*order)


# -- 1 policy ---------------------------------------------------------------------------------------------------


def policy(world: Any) -> None:
    """Scheduled levers begin, governments react, and permits and studies under way speed up or slow down."""
    state = world.state
    for name, n, target in world.levers.advance(state.month):
        if state.month > 0:
            label = world.places.nations[n]
            world.tell("policy", label, f"Government of {world.places.nation_names[n]}", f"{name} moves to {target:g}.")
    nation.react(world)
    zones = world.places.zone_nation[state.projects.zone]
    for lever, left, factor in (("permit_time", "permit_left", "permit_factor"), ("queue_time", "queue_left", "queue_factor")):
        now = world.levers[lever] / state.nation.effort
        ratio = now / getattr(state, factor)
        if (ratio != 1.0).any():
            getattr(state.projects, left)[...] *= ratio[zones]
        setattr(state, factor, now)


# -- 2 technology -----------------------------------------------------------------------------------------------


def technology(world: Any) -> None:
    """Economies and loads grow, fuel prices wander, costs follow experience, chips improve by generation."""
    state, statics, param = world.state, world.statics, world.tables.param
    if not statics.growth:
        return
    ahead = min(state.month // 12, len(statics.growth_forecast) - 1)
    growth = statics.growth_forecast[ahead]
    state.nation.gdp_growth = growth
    state.nation.gdp_musd *= np.exp(growth / 12.0)
    zones = world.places.zone_nation
    pull = statics.opening_tariff / state.utility.tariff_usd_per_mwh
    weight = state.base_gw / np.bincount(zones, state.base_gw)[zones]
    cheaper = np.bincount(zones, weight * np.log(pull))
    # consumers answer to prices over years
    target = statics.price_elasticity * cheaper
    step = (target - state.price_response) / param("household.price_answer_months")
    state.price_response += step
    monthly = (growth * statics.gdp_elasticity + statics.electrification) / 12.0 + step
    state.base_gw *= np.exp(monthly)[zones]
    state.load_growth += (12.0 * monthly - state.load_growth) / param("plan.growth_memory_months")
    shock = world.draws.normal("fuel", statics.fuel_keys, state.month)
    state.fuel_shock = state.fuel_shock * param("fuel.persistence") + shock * param("fuel.monthly_spread")
    state.fuel_usd_per_gj = statics.fuel_base * np.exp(state.fuel_shock)[None, :]
    ratio = progress.wright(1.0, statics.experience_gw, statics.experience_gw + state.built_gw, statics.learning_rate)
    state.capex_usd_per_kw = statics.opening_capex * ratio[None, :]
    better = param("chips.efficiency_growth") ** (-1.0 / 12.0)
    cheaper_chip = param("chips.price_performance_growth") ** (-1.0 / 12.0)
    state.chip_it_w = state.chip_it_w * better
    state.wafers_per_h100e = state.wafers_per_h100e * cheaper_chip
    state.chip_cost_usd = state.chip_cost_usd * cheaper_chip
    state.memory_gb_per_h100e = state.memory_gb_per_h100e * (1.0 - param("chips.hbm_gb_per_h100e_decline")) ** (1.0 / 12.0)


# -- 3 deliveries -----------------------------------------------------------------------------------------------


def deliveries(world: Any) -> None:
    """Chips arrive, old chips fail, books depreciate."""
    state, param = world.state, world.tables.param
    ai = state.ai
    wear = 1.0 - np.exp(-param("chips.loss_rate") / 12.0) if world.statics.growth else 0.0
    state.scrapped_h100e = (ai.chips_h100e + state.orbit_h100e) * wear
    state.chips_scrapped_total = state.chips_scrapped_total + state.scrapped_h100e.sum()
    ai.chips_h100e *= 1.0 - wear
    ai.chips_facility_gw *= 1.0 - wear
    state.orbit_h100e = state.orbit_h100e * (1.0 - wear)
    state.orbit_gw = state.orbit_gw * (1.0 - wear)
    arrived, it_gw = state.transit_h100e[0].copy(), state.transit_it_gw[0].copy()
    for name in ("transit_h100e", "transit_it_gw"):
        slots = np.roll(getattr(state, name), -1, axis=0)
        slots[-1] = 0.0
        setattr(state, name, slots)
    ai.chips_h100e += arrived
    facility = it_gw * param("ai.pue_peak")
    ai.chips_facility_gw += facility
    ai.arrivals_gw += (facility - ai.arrivals_gw) / param("ai.arrival_memory_months")
    state.in_transit_gw = state.transit_it_gw.sum(axis=0) * param("ai.pue_peak")
    rates = np.array([param("utility.depreciation"), param("chips.depreciation"), param("ai.hall_depreciation"), 0.0]) / 12.0
    loss = state.tangible * rates * (1.0 if world.statics.growth else 0.0)
    state.tangible -= loss
    state.depreciation_musd = loss
    state.bought_musd[:] = 0.0


# -- 4 construction ---------------------------------------------------------------------------------------------


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


# -- 5 accreditation and mint -----------------------------------------------------------------------------------


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


# -- 6 stake and rent -------------------------------------------------------------------------------------------


def stake_and_rent(world: Any) -> None:
    """Base load and halls find their coins: some own them, the rest rent; one price clears what is left unstaked."""
    state, statics, places = world.state, world.statics, world.places
    tight_stakes(statics, state, world.tables.param)
    apply_stake(world, households.restake(world))
    wanted = ai_company.wanted_draw_gw(world)
    draw = np.zeros((len(wanted), len(places.nations)))
    for n in range(len(places.nations)):
        draw[:, n] = wanted[:, places.zones_of[n]].sum(axis=1) * statics.draw_factor
    state.willing_usd_per_w_year = ai_company.willingness_usd_per_w_year(world)
    rent, accepted, base, reserve, rationed = coin_market.clear_rent(
        world.tables, statics, state, draw, state.willing_usd_per_w_year
    )
    # what the ceiling leaves without coins is cut in proportion, halls and base load alike
    used = accepted.sum(axis=1) + base
    cut = 1.0 - np.minimum(rationed / np.maximum(used, 1e-12), 1.0)
    accepted, base = accepted * cut[:, None], base * cut
    state.rationed_gw = rationed
    state.rent = rent
    state.rent_smooth = state.rent_smooth + (rent - state.rent_smooth) / world.tables.param("money.rent_memory_months")
    state.base_response = state.base_response + (
        base / np.maximum(state.households.stake_gw, 1e-12) - state.base_response
    ) / world.tables.param("household.rent_answer_months")
    ratio = np.where(draw > 0.0, accepted.T / np.where(draw > 0.0, draw, 1.0), 0.0)
    state.powered_gw = wanted * ratio[:, places.zone_nation]
    state.ai_draw_gw_zone = state.powered_gw.sum(axis=0) * statics.draw_factor
    state.ai_right_gw = accepted.sum(axis=1)
    _pay_rents(world, accepted, base, reserve)
    apply_stake(world, ai_company.stake(world, wanted * statics.draw_factor))


def _pay_rents(world: Any, accepted: np.ndarray, base: np.ndarray, reserve: np.ndarray) -> None:
    """Users pay rent for what they do not own; base load also pays for the reserve; owners of idle coins get it."""
    state, of = world.state, world.parties.of
    ledger = state.ledger
    nations = np.arange(len(base))
    use = np.zeros(ledger.coins.shape)
    use[of["ai"]] = accepted.T
    use[of["households"], nations] = base
    staked = np.floor(use * 1e6).astype(np.int64)
    ledger.staked = np.minimum(staked, ledger.coins + np.maximum(staked - ledger.coins, 0))
    ledger.rented = np.maximum(staked - ledger.coins, 0)
    use[of["households"], nations] += np.maximum(reserve, 0.0)
    net = use - ledger.coins * 1e-6
    month = state.rent * 1000.0 / 12.0  # MUSD per GW
    owed = np.maximum(net, 0.0) * month
    offered = np.maximum(-net, 0.0)
    total = owed.sum(axis=0)
    share = offered / np.maximum(offered.sum(axis=0), 1e-12)
    # payers pay the bank of the coin's nation, which hands the owners their part
    who, n = np.nonzero(owed > 0.0)
    ledger.pay("rent", who, of["bank"][n], owed[who, n])
    private = ~ledger.is_bank
    gets, m = np.nonzero((share > 0.0) & private[:, None])
    ledger.pay("rent", of["bank"][m], gets, total[m] * share[gets, m])
    state.bank_rent_musd = np.maximum(total - (share * private[:, None]).sum(axis=0) * total, 0.0)
    # a shortfall pays rent too, so that a missing watt is never free
    short = ledger.shortfall * 1e-6 * month
    who, n = np.nonzero(short > 0.0)
    ledger.pay("rent", who, of["bank"][n], short[who, n])


def apply_stake(world: Any, order: Stake) -> None:
    """Move coins between parties and bank vaults; purchases stop where a vault is empty."""
    state, ledger, of = world.state, world.state.ledger, world.parties.of
    for party, n, kw in zip(order.party, order.nation, order.kw, strict=True):
        bank_party = int(of["bank"][n])
        vault = int(ledger.coins[bank_party, n])
        amount = min(int(kw), max(vault, 0))
        amount = max(amount, -int(ledger.coins[party, n]))
        if amount == 0:
            continue
        if ledger.home[party] == n:
            if amount > 0:
                amount = min(amount, max(int(ledger.deposits[party]), 0))
            ledger.deposit_coins(int(party), int(n), -amount)
        elif amount > 0:
            ledger.buy_abroad(int(party), int(n), amount, state.value)
        else:
            ledger.sell_abroad(int(party), int(n), -amount, state.value)


# -- 7 dispatch -------------------------------------------------------------------------------------------------


def dispatch(world: Any) -> None:
    """Clear the month's power and pay for it."""
    state, statics = world.state, world.statics
    month_of_year = world.calendar.month_of_year(state.month)
    state.running = current_costs(statics, state)
    base = state.base_gw * state.base_response[world.places.zone_nation]
    days = world.calendar.days(state.month) if statics.growth else statics.mean_days
    state.power = statics.system.clear(
        state.plants, state.running, base, state.ai_draw_gw_zone, month_of_year, days, world.draws, state.month, state.plan
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
    for n in np.flatnonzero(np.bincount(world.places.zone_nation, state.power.unserved_gwh, len(world.places.nations)) > statics.told_unserved_gwh):
        world.tell("shortage", world.places.nations[n], "", "Some load was not served this month.")
    utility.set_tariffs(world)


# -- 8 compute --------------------------------------------------------------------------------------------------


def compute(world: Any) -> None:
    """Chips that have halls and watts run; algorithms improve; capability follows training."""
    state, statics, param = world.state, world.statics, world.tables.param
    ai = state.ai
    ai.powered_gw = state.powered_gw.sum(axis=1)
    ai.powered_h100e = ai.chips_h100e * np.minimum(ai.powered_gw / np.maximum(ai.chips_facility_gw, 1e-12), 1.0)
    home = world.parties.home[world.parties.of["ai"]]
    state.powered_nation_gw = np.bincount(home, ai.powered_gw + state.orbit_gw, len(world.places.nations))
    if not statics.growth:
        return
    ai.serving_share = ai_company.split_work(world)
    training = training_power(statics, state)
    state.research = training / statics.opening_training
    base = np.log(2.0) / param("tech.software_doubling_months") * 12.0
    growth = progress.software_growth(
        state.software, state.research, base, param("tech.research_elasticity"), param("tech.fishing_out")
    )
    before = np.log(state.software)
    after = progress.spill(before + growth / 12.0, param("tech.openness"), param("ai.spillover"))
    state.software = np.exp(after)
    target = statics.opening_capability + np.log10(np.maximum(state.research, 1e-12) * state.software)
    moved = state.capability + (target - state.capability) / param("tech.training_months")
    state.capability = progress.spill(np.maximum(moved, state.capability), param("tech.openness"), param("ai.spillover"))


# -- 9 AI services ----------------------------------------------------------------------------------------------


def ai_services(world: Any) -> None:
    """Customers adopt what AI can do and buy it; sellers share the market by what they can serve."""
    state, statics, param, of = world.state, world.statics, world.tables.param, world.parties.of
    if statics.growth:
        opened = services.opened_share(state.capability, statics.band_threshold, statics.band_spread)
        # customers may use the best model they have access to
        best = np.maximum(opened, services.opened_share(
            np.full_like(state.capability, state.capability.max() - param("ai.foreign_lag_decades")), statics.band_threshold, statics.band_spread))
        state.adopted = services.adopt(state.adopted, best, statics.band_years, param("ai.adoption_seed"))
    scale = (state.adopted * statics.band_demand).sum(axis=1) * state.nation.gdp_musd / 12.0
    supply = effective_supply(statics, state)
    price, sales = services.clear_services(
        scale, supply, statics.service_access, statics.service_price, abs(param("ai.price_elasticity"))
    )
    # no nation spends more on a band of work than that work is worth: sales bend over as they near it
    spent = sales.sum(axis=0)
    bend = statics.market_depth * scale / (statics.market_depth * scale + np.maximum(spent - scale, 0.0) + 1e-12)
    bend = np.where(spent > scale, bend, 1.0)
    price, sales = price * bend, sales * bend[None, :]
    who, n = np.nonzero(sales > 0.0)
    state.ledger.pay("AI services", of["households"][n], of["ai"][who], sales[who, n])
    before = state.compute_price
    state.compute_price = price
    change = np.log(np.maximum(price, 1e-12) / np.maximum(before, 1e-12))
    weight = np.maximum(scale, 1e-12)
    now = 12.0 * float((change * weight).sum() / weight.sum())
    state.price_growth += (now - state.price_growth) / param("ai.price_memory_months")
    state.ai_spending_musd = sales.sum(axis=0)
    month = sales.sum(axis=1)
    owned = state.ai.powered_h100e + state.orbit_h100e
    leased = statics.lease_share * owned[:, None]
    used = np.maximum(owned - leased.sum(axis=1) + leased.sum(axis=0), 1e-9)
    rent = leased * (month / used)[None, :] * param("ai.lease_price_share")
    lessor, lessee = np.nonzero(rent > 0.0)
    state.ledger.pay("lease", of["ai"][lessee], of["ai"][lessor], rent[lessor, lessee])
    state.ai_sales_musd = month
    income = month - rent.sum(axis=0) + rent.sum(axis=1)
    memory = param("ai.revenue_memory_months")
    before_income = np.maximum(state.ai.revenue_musd, 1e-9)
    state.ai.revenue_musd += (12.0 * income - state.ai.revenue_musd) / memory
    grown = 12.0 * np.log(np.maximum(state.ai.revenue_musd, 1e-9) / before_income)
    # one market, one trend: a company's own growth is mostly that of the market
    trend = float((grown * before_income).sum() / before_income.sum())
    state.ai.revenue_growth += (trend - state.ai.revenue_growth) / param("ai.growth_memory_months")
    tax = world.levers["ai_tax"][world.parties.home[of["ai"]]]
    state.ai_tax_by_company = np.maximum(income, 0.0) * tax
    state.ai_tax_musd = np.bincount(world.parties.home[of["ai"]], state.ai_tax_by_company, len(world.places.nations))
    apply_payments(world, ai_company.operating_payments(world))


# -- 10 exchange ------------------------------------------------------------------------------------------------


def exchange(world: Any) -> None:
    """Parts, accelerators and robots change hands."""
    apply_payments(world, ai_company.plan_capex(world))
    trade_parts(world)
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
    if statics.growth:
        start_projects(world, utility.invest_in_plants(world))
        start_projects(world, ai_company.start_halls(world), hall=True)
    else:
        state.started_gw_zone = np.zeros_like(state.fleet_gw)
        state.planned_gw_zone = np.zeros(len(world.places.zones))
    apply_payments(world, utility.collect_subsidy(world))
    state.subsidy_musd = state.build_subsidy_musd + state.fab_subsidy_musd + state.robot_subsidy_musd
    apply_payments(world, nation.budget(world))
    bank.set_terms(world)
    apply_payments(world, bank.interest(world))
    apply_payments(world, utility.raise_equity(world))
    apply_payments(world, robot_factory.raise_equity(world))
    apply_payments(world, households.trade_goods(world))
    apply_payments(world, households.owners_income(world))


def start_projects(world: Any, order: Any, hall: bool = False) -> None:
    """Enter new projects; those that will be given up in the queue are drawn now, under their own name."""
    state, statics = world.state, world.statics
    n = world.places.zone_nation[order.zone]
    if not hall:
        state.started_gw_zone = np.zeros_like(state.fleet_gw)
        np.add.at(state.started_gw_zone, (order.zone, order.kind), order.gw)
        state.planned_gw_zone = np.bincount(order.zone, order.planned_gw, len(world.places.zones))
    if len(order.gw) == 0:
        return
    permit = statics.permit_months[n, order.kind] * state.permit_factor[n]
    queue = statics.queue_months[n, order.kind] * state.queue_factor[n]
    completion = statics.completion[n, order.kind]
    if world.draws.off:
        left, keep = np.full(len(n), np.inf), completion
    else:
        keys = statics.project_keys[order.zone, order.kind] ^ (order.owner.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
        left = building.withdraw_after(world.draws.uniform("withdrawal", keys, state.month), completion, queue)
        keep = 1.0
    building.start(
        state.projects, order.zone, order.kind, order.owner, order.gw * keep, order.planned_gw * keep, state.month, permit, queue,
        statics.build_months[n, order.kind], left,
    )  # fmt: skip


def own_agents(world: Any) -> None:
    """Users' own plain Mesa agents decide: `decide()` of every agent that is not one of the built-in kinds."""
    for agent in world.own_agents():
        agent.decide()


# -- 13 value of a watt and exchange rates ----------------------------------------------------------------------


def value_and_fx(world: Any) -> None:
    """The value of a watt moves toward what clears the market for coins; cross rates follow it."""
    state, statics, param = world.state, world.statics, world.tables.param
    growth = state.nation.gdp_musd / statics.opening_gdp_musd
    state.households.savings_musd = statics.opening_savings_musd * growth
    target, bound, _ = coin_market.target_value(world.tables, statics, state)
    state.value_bound = bound
    state.old_value = state.value
    state.value = worth.adjust_value(state.value, target, param("money.value_speed"))
    for n in np.flatnonzero(np.abs(np.log(state.value / state.old_value)) > param("events.price_jump")):
        word = "rises" if state.value[n] > state.old_value[n] else "falls"
        world.tell("price", world.places.nations[n], "", f"The value of a watt {word} from {state.old_value[n]:.2f} to {state.value[n]:.2f} USD.")
    q = np.where(state.credit > param("invest.least_credit"), state.project_q, 0.0)
    state.q = np.array([q[zones].max() for zones in world.places.zones_of])


# -- 14 settlement ----------------------------------------------------------------------------------------------


def settlement(world: Any) -> None:
    """All payments of the month are settled; overdrafts become loans within limits, the rest arrears; the lost are restructured."""
    state, ledger, of, param = world.state, world.state.ledger, world.parties.of, world.tables.param
    home = world.parties.home
    price = state.value[home] / 1000.0
    opening = state.sheet if state.month else balance_sheet(ledger, state.old_value, state.tangible + state.depreciation_musd)
    before = balance_sheet(ledger, state.value, state.tangible)
    own = np.maximum(state.tangible.sum(axis=1), 0.0) * param("bank.loan_to_value")
    own[of["households"]] = state.nation.gdp_musd * param("bank.household_credit_share")
    own[of["government"]] = state.nation.gdp_musd * param("bank.household_credit_share")
    own[of["chipmaker"]] = np.maximum(own[of["chipmaker"]], state.outflow_musd[of["chipmaker"]] * param("bank.trade_credit_months"))
    for sector in ("supplier", "robot", "launcher", "ai", "utility"):
        own[of[sector]] = np.maximum(own[of[sector]], state.outflow_musd[of[sector]] * param("bank.trade_credit_months"))
    room = np.floor(own / price).astype(np.int64) - ledger.loans
    flows = ledger.settle(state.value, room)
    repay = np.minimum(np.minimum(state.repayment_kw, ledger.loans), np.maximum(ledger.deposits, 0))
    ledger.loans -= repay
    ledger.deposits -= repay
    state.repayment_kw[:] = 0
    state.tangible += state.bought_musd
    parties = len(home)
    flows = _restructure(world, flows)
    flow = np.bincount(flows.payee, flows.in_kw * state.value[home[flows.payee]] / 1000.0, parties)
    flow -= np.bincount(flows.payer, flows.out_kw * state.value[home[flows.payer]] / 1000.0, parties)
    # a cross-border payment leaves both banks with the claim and the deposit they made
    memory = param("finance.outflow_memory_months")
    out = np.bincount(flows.payer, flows.musd, parties)
    state.turnover_musd = state.turnover_musd + (out - state.turnover_musd) / memory
    state.outflow_musd = state.outflow_musd + (out - state.outflow_musd) / memory
    state.ai.outflow_musd = state.outflow_musd[of["ai"]]
    closing = balance_sheet(ledger, state.value, state.tangible)
    state.sheet = closing
    state.books.append(MonthBooks(opening, closing, before - opening, flow, state.bought_musd.sum(axis=1)))


def _restructure(world: Any, flows: Any) -> Any:
    """Firms six months in arrears lose their debts to the bank's equity and go on under new owners; returns the flows with that."""
    state, ledger = world.state, world.state.ledger
    months = world.tables.param("bank.bankrupt_after_months")
    busts = [p for p in np.flatnonzero(ledger.arrears_months >= months) if p in world.statics.firms_set]
    for party in busts:
        lost = int(ledger.loans[party] + ledger.arrears[party])
        n = int(ledger.home[party])
        ledger.loans[party] = ledger.arrears[party] = ledger.arrears_months[party] = 0
        flows = ledger.write_off(int(party), lost, state.value, flows)
        name = world.parties.names[party]
        world.tell("bust", world.places.nations[n], name, f"{name} is bankrupt; its bank writes off {lost * 1e-6:.2f} GW of coin.")
    return flows


# -- 15 audit ---------------------------------------------------------------------------------------------------


def audit(world: Any) -> None:
    """Stop the run when a coin, a kilowatt-hour or a chip is missing."""
    check(world)


# -- 16 record --------------------------------------------------------------------------------------------------


def record(world: Any) -> None:
    """Write the month down and move on."""
    state = world.state
    # what binds: the largest wait of plants and halls, seen from stranded chips
    state.binding = binding_cause(world)
    world.record.put(state.month, month_values(world))
    state.minted_before_kw = state.ledger.minted_total.copy()
    state.bought_back_before_kw = state.ledger.bought_back_total.copy()
    state.month += 1


def binding_cause(world: Any) -> np.ndarray:
    """Return the cause [N] that binds: where chips wait for watts, what those wait for; else what chips wait for."""
    state, param = world.state, world.tables.param
    home = world.parties.home[world.parties.of["ai"]]
    nations = len(world.places.nations)
    stranded = np.bincount(home, np.maximum(state.ai.chips_facility_gw - state.ai.powered_gw, 0.0), nations)
    waiting = state.waiting.copy()
    waiting[:, CAUSE["none"]] = 0.0
    worst = waiting.argmax(axis=1)
    lack = stranded > param("limit.stranded_share") * np.maximum(state.powered_nation_gw, 1e-9)
    chips = np.where(state.memory_short[0] > 0.0, CAUSE["memory"], CAUSE["chips"])
    coins = state.rationed_gw > 0.0
    cause = np.where(lack, np.where(waiting.max(axis=1) > 0.0, worst, CAUSE["halls"]), chips)
    cause = np.where(coins, CAUSE["coins"], cause)
    for n in np.flatnonzero(cause != state.binding):
        if state.month:
            old, new = world.causes[state.binding[n]], world.causes[cause[n]]
            world.tell("bottleneck", world.places.nations[n], "", f"What binds changes from {old} to {new}.")
    return cause


PHASES = (
    policy, technology, deliveries, construction, accreditation, stake_and_rent, dispatch, compute, ai_services, exchange,
    robots_and_launches, investment, own_agents, value_and_fx, settlement, audit, record,
)  # fmt: skip
