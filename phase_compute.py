"""Phases 2, 3, 8 and 9: technology moves, chips arrive and run, AI services are sold."""

from __future__ import annotations

from typing import Any

import numpy as np

from .agents import ai_company, fab
from .world.opening_compute import effective_supply, training_power
from .world.orders import apply_payments
from .world.tech import progress, services


def _luck_of_economies(world: Any) -> np.ndarray:
    """Return [N] a year by which growth is off its forecast: what forecasters got wrong for good, and the business cycle."""
    state, statics, param = world.state, world.statics, world.tables.param
    wrong = world.draws.normal("trend", statics.nation_keys, 0) * param("economy.trend_spread")
    shock = world.draws.normal("cycle", statics.nation_keys, state.month)
    state.cycle = state.cycle * param("economy.cycle_persistence") + shock * param("economy.cycle_spread")
    return wrong + state.cycle


def technology(world: Any) -> None:
    """Economies and loads grow, fuel prices wander, costs follow experience, chips improve by generation."""
    state, statics, param = world.state, world.statics, world.tables.param
    if not statics.growth:
        return
    ahead = min(state.month // 12, len(statics.growth_forecast) - 1)
    state.nation.gdp_growth = statics.growth_forecast[ahead]
    growth = state.nation.gdp_growth + _luck_of_economies(world)
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
    _better_chips(world)


def _better_chips(world: Any) -> None:
    """Chips improve with what has been made: watts, wafers, cost and memory per H100 equivalent fall along experience curves."""
    state, param = world.state, world.tables.param
    made = state.chips_opening + state.chips_made_total.sum()
    step = np.log1p(state.fab.made_h100e.sum() / made)
    usual = param("chips.stock_growth")
    fall = lambda gain: np.exp(-step * progress.experience_exponent(gain, usual))  # noqa: E731
    cheaper = fall(param("chips.price_performance_growth"))
    state.chip_it_w = state.chip_it_w * fall(param("chips.efficiency_growth"))
    state.wafers_per_h100e = state.wafers_per_h100e * cheaper
    state.board_usd = state.board_usd * cheaper
    state.memory_gb_per_h100e = state.memory_gb_per_h100e * fall(1.0 / (1.0 - param("chips.hbm_gb_per_h100e_decline")))
    state.memory_usd_per_gb *= fall(1.0 / (1.0 - param("fab.hbm_price_decline")))
    state.chip_cost_usd = fab.making_cost_usd(world.tables, state) * param("chips.reserve_markup")


def deliveries(world: Any) -> None:
    """Chips arrive, old chips fail, books depreciate."""
    state, param = world.state, world.tables.param
    ai = state.ai
    arrived, it_gw = state.transit_h100e[0].copy(), state.transit_it_gw[0].copy()
    for slots in (state.transit_h100e, state.transit_it_gw):
        slots[:-1] = slots[1:]
        slots[-1] = 0.0
    wear = 1.0 - np.exp(-param("chips.loss_rate") / 12.0)
    state.scrapped_h100e = (ai.chips_h100e + state.orbit_h100e) * wear
    if world.statics.growth:
        ai.chips_h100e += arrived - ai.chips_h100e * wear
        ai.chips_facility_gw *= 1.0 - wear
        state.orbit_h100e = state.orbit_h100e * (1.0 - wear)
        state.orbit_gw = state.orbit_gw * (1.0 - wear)
    else:
        # nothing grows: what arrives replaces as much that is old
        state.scrapped_h100e = arrived
    state.chips_scrapped_total = state.chips_scrapped_total + state.scrapped_h100e.sum()
    facility = it_gw * param("ai.pue_peak")
    if world.statics.growth:
        ai.chips_facility_gw += facility
    ai.arrivals_gw += (facility - ai.arrivals_gw) / param("ai.arrival_memory_months")
    state.in_transit_gw = state.transit_it_gw.sum(axis=0) * param("ai.pue_peak")
    rates = np.array([param("utility.depreciation"), param("chips.depreciation"), param("ai.hall_depreciation"), 0.0]) / 12.0
    # where nothing grows, assets wear as fast as they are bought
    loss = state.tangible * rates if world.statics.growth else state.bought_musd.copy()
    state.tangible -= loss
    state.depreciation_musd = loss
    state.bought_musd[:] = 0.0


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


def ai_services(world: Any) -> None:
    """Customers adopt what AI can do and buy it; sellers share the market by what they can serve."""
    state, statics, param, of = world.state, world.statics, world.tables.param, world.parties.of
    if statics.growth:
        # customers may use the best model they have access to
        known = np.maximum(state.capability, state.capability.max() - param("ai.foreign_lag_decades"))
        best = services.opened_share(known, statics.band_threshold, statics.band_spread)
        state.adopted = services.adopt(state.adopted, best, statics.band_years, param("ai.adoption_seed"))
    scale = (state.adopted * statics.band_demand).sum(axis=1) * state.nation.gdp_musd / 12.0
    supply = effective_supply(statics, state)
    price, sales = services.clear_services(
        scale, supply, statics.service_access, statics.service_price, abs(param("ai.price_elasticity"))
    )
    owned = state.ai.powered_h100e + state.orbit_h100e
    taken = services.take(price, sales, scale, statics.market_depth, statics.lease_share, owned, param("ai.lease_price_share"))
    state.ledger.pay("AI services", of["households"][taken.buyer], of["ai"][taken.seller], taken.bill)
    state.ledger.pay("lease", of["ai"][taken.lessee], of["ai"][taken.lessor], taken.rent)
    before, state.compute_price = state.compute_price, taken.price
    change = np.log(np.maximum(taken.price, 1e-12) / np.maximum(before, 1e-12))
    weight = np.maximum(scale, 1e-12)
    now = 12.0 * float((change * weight).sum() / weight.sum())
    state.price_growth += (now - state.price_growth) / param("ai.price_memory_months")
    state.ai_spending_musd, state.ai_sales_musd = taken.by_nation, taken.by_company
    income = taken.income
    memory = param("ai.revenue_memory_months")
    before_income = np.maximum(state.ai.revenue_musd, 1e-9)
    state.ai.revenue_musd += (12.0 * income - state.ai.revenue_musd) / memory
    grown = 12.0 * np.log(np.maximum(state.ai.revenue_musd, 1e-9) / before_income)
    # one market, one trend: a company's own growth is mostly that of the market
    trend = float((grown * before_income).sum() / before_income.sum())
    if statics.growth:
        state.ai.revenue_growth += (trend - state.ai.revenue_growth) / param("ai.growth_memory_months")
    tax = world.levers["ai_tax"][world.parties.home[of["ai"]]]
    state.ai_tax_by_company = np.maximum(income, 0.0) * tax
    state.ai_tax_musd = np.bincount(world.parties.home[of["ai"]], state.ai_tax_by_company, len(world.places.nations))
    apply_payments(world, ai_company.operating_payments(world))
