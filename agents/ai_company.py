"""AI companies: they buy chips, build halls, draw power, train, serve, and raise money."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.kernels import kernel
from ..world.orders import NO_STAKE, Bids, Payment, Stake, Start
from ..world.sums import row_sum
from ..world.tech import services
from .actor import Actor
from .rules import bottleneck, expectations, financing, serving, siting


class AICompany(Actor):
    """A company that owns chips and sells what they can do."""

    kind = "ai"
    COLUMNS = {  # noqa: RUF012
        "capex_musd": Column("MUSD/yr"),  # what it wants to spend on chips and halls
        "revenue_musd": Column("MUSD/yr"),  # smoothed yearly sales of AI services
        "outflow_musd": Column("MUSD"),  # smoothed monthly spending
        "other_income_musd": Column("MUSD/yr"),  # ordinary business it can put into AI
        "chips_h100e": Column("H100e"),
        "chips_facility_gw": Column("GW"),  # load of all its chips at the meter's peak
        "powered_gw": Column("GW"),
        "powered_h100e": Column("H100e"),
        "serving_share": Column("1", 0.6),
        "software": Column("1", 1.0),  # algorithmic efficiency, reference = 1 at the start
        "capability": Column("OOM"),
        "revenue_growth": Column("1/yr"),  # smoothed growth of sales, in natural logs
        "roi": Column("1/yr"),  # smoothed return on what was invested
        "arrivals_gw": Column("GW/month"),  # smoothed chips arriving, as facility load
        "chip_spending_musd": Column("MUSD"),
    }


def open_ai_companies(tables: Any, places: Any) -> Columns:
    return Columns(AICompany.COLUMNS, len(tables.labels("ai_companies")))


# -- power ------------------------------------------------------------------------------------------------------


def wanted_draw_gw(world: Any) -> np.ndarray:
    """Return [C, Z] the facility load that each company could run: chips spread over its halls."""
    ai, halls = world.state.ai, world.state.halls_gw
    standing = halls.sum(axis=1)
    run = np.minimum(ai.chips_facility_gw, standing)
    return halls * (run / np.where(standing > 0.0, standing, 1.0))[:, None]


@kernel
def _willing(used_gw, revenue_musd, halls_gw, mean_price, running_share, least, willing):
    """Write what a year's right to draw a watt is worth to each company, USD per W-year; see `willingness_usd_per_w_year`."""
    share, energy = np.empty((2, mean_price.shape[0]))
    for c in range(willing.shape[0]):
        per_watt = revenue_musd[c] / used_gw[c] / 1000.0  # MUSD/GW/yr -> USD/W/yr
        for z in range(share.shape[0]):
            share[z] = max(halls_gw[c, z], 0.0)
        halls = max(row_sum(share), 1e-12)
        for z in range(share.shape[0]):
            energy[z] = share[z] / halls * (mean_price[z] * 8.766e-3)
        willing[c] = max(per_watt * (1.0 - running_share) - row_sum(energy), least)


def willingness_usd_per_w_year(world: Any) -> np.ndarray:
    """Return [C] what a year's right to draw a watt is worth: sales per watt less energy and upkeep."""
    ai, state, param = world.state.ai, world.state, world.tables.param
    # sales are made on what a company uses, leased chips included
    used = np.maximum(ai.powered_gw * used_share(world), param("ai.smallest_gw"))
    willing = np.empty(len(used))
    _willing(
        used, ai.revenue_musd, state.halls_gw, state.power.mean_price, param("ai.operating_cost_share"),
        param("ai.least_willingness"), willing,
    )  # fmt: skip
    return willing


def used_share(world: Any) -> np.ndarray:
    """Return [C] compute used over compute owned: own less leased out plus leased in."""
    state, param = world.state, world.tables.param
    least = param("ai.smallest_h100e")
    owned = np.maximum(state.ai.powered_h100e + state.orbit_h100e, least)
    return np.maximum(services.in_use(owned, world.statics.lease_share), least) / owned


@kernel
def _lasting(wanted_gw, party, home, coins, deposits, outflow_musd, value, cover_months, speed, buyer, nation, kw):
    """Write who buys or sells how many coins of which nation, kW, and return how many orders that are; see `stake`."""
    orders = 0
    gap, cost = np.empty((2, value.shape[0]))
    for c in range(party.shape[0]):
        p = party[c]
        spare_musd = max(deposits[p] * value[home[p]] / 1000.0 - cover_months * outflow_musd[c], 0.0) * speed
        for n in range(value.shape[0]):
            gap[n] = wanted_gw[c, n] * 1e6 - coins[p, n]
            cost[n] = max(gap[n], 0.0) * value[n] / 1000.0
        total = row_sum(cost)
        fraction = min(spare_musd / (total if total > 0.0 else 1.0), speed)
        for n in range(value.shape[0]):
            buy = gap[n] * (fraction if gap[n] > 0.0 else speed)
            if abs(buy) >= 1.0:
                buyer[orders], nation[orders], kw[orders] = p, n, np.int64(np.floor(buy))
                orders += 1
    return orders


def stake(world: Any, draw_gw: np.ndarray) -> Stake:
    """Buy coins for lasting draws with spare cash; what is not owned is rented for the month, and all of it where coins are no money."""
    state, param = world.state, world.tables.param
    if not world.statics.money.CAPACITY_IS_MONEY:
        return NO_STAKE
    ledger, party = state.ledger, world.parties.of["ai"]
    wanted = np.add.reduceat(draw_gw, world.places.first_zone, axis=1)
    buyer, nation, kw = np.empty((3, wanted.size), dtype=np.int64)
    orders = _lasting(
        wanted, party, ledger.home, ledger.coins, ledger.deposits, state.ai.outflow_musd, state.value, param("finance.cover_months"),
        param("ai.own_coin_speed"), buyer, nation, kw,
    )  # fmt: skip
    return Stake(buyer[:orders], nation[:orders], kw[:orders])


# -- services ---------------------------------------------------------------------------------------------------


def split_work(world: Any) -> np.ndarray:
    """Return [C] the share of powered compute that serves customers; the rest trains."""
    ai, param = world.state.ai, world.tables.param
    return serving.adjust_share(
        ai.serving_share, world.state.price_growth, param("serving.target_share"), param("serving.response"),
        param("serving.speed")
    )


def operating_payments(world: Any) -> list[Payment]:
    """Staff and other running costs as a share of sales; ordinary business that owners put into AI."""
    state, of, param = world.state, world.parties.of, world.tables.param
    party = of["ai"]
    home = of["households"][world.parties.home[party]]
    month_sales = state.ai_sales_musd
    staff = month_sales * param("ai.operating_cost_share")
    return [
        Payment("wages", party, home, staff),
        Payment("tax", party, of["government"][world.parties.home[party]], state.ai_tax_by_company),
    ]


# -- money and building -----------------------------------------------------------------------------------------


def plan_capex(world: Any) -> list[Payment]:
    """Set yearly capex by return, rivalry and what can be financed; raise what cash and debt do not cover from owners."""
    state, of, param = world.state, world.parties.of, world.tables.param
    ai, party = state.ai, of["ai"]
    home = world.parties.home[party]
    invested = state.tangible[party].sum(axis=1)
    margin = ai.revenue_musd * (1.0 - param("ai.operating_cost_share")) - state.ai_power_cost_musd * 12.0
    roi = margin / np.maximum(invested, param("ai.smallest_musd"))
    ai.roi = expectations.smooth(ai.roi, roi, expectations.monthly_gain(param("finance.expectation_gain")))
    wacc = state.bank.loan_rate[home] + param("finance.equity_premium")
    # a random walk with drift: sales are expected to go on growing as they did, for a while
    expected = ai.roi * np.exp(ai.revenue_growth * param("ai.growth_horizon_years"))
    growth = financing.growth_of_capex(
        expected, wacc, state.nation.threat[home], param("finance.capex_speed"), param("finance.race_reaction"),
        param("finance.greatest_growth"),
    )  # fmt: skip
    desired = ai.capex_musd * np.exp(growth / 12.0 * world.statics.growth)
    price = state.money_value[home] / 1000.0
    cash = np.maximum(state.ledger.deposits[party] * price - param("finance.cover_months") * ai.outflow_musd, 0.0)
    debt_room = np.maximum(param("finance.greatest_leverage") * invested - state.ledger.loans[party] * price, 0.0)
    equity = np.maximum(ai.other_income_musd / 12.0 * param("finance.equity_share"), 0.0)
    affordable = cash * param("finance.cash_speed") + debt_room / param("finance.debt_months") + equity
    spend = financing.smooth_minimum(desired / 12.0, affordable, param("finance.sharpness"))
    # plans move toward what could be paid for
    if world.statics.growth:
        ai.capex_musd = desired * (np.maximum(spend * 12.0, 0.0) / np.maximum(desired, 1e-9)) ** param("finance.plan_speed")
    state.ai_budget_musd = spend
    raised = np.minimum(np.maximum(spend - cash * param("finance.cash_speed"), 0.0), equity)
    return [Payment("equity", of["households"][home], party, raised)]


def zone_lead_months(world: Any) -> np.ndarray:
    """Return [Z] months from a hall's start to its power, as permits and queues take them now."""
    state, statics = world.state, world.statics
    k = statics.hall_kind
    lead = statics.permit_months[:, k] * state.permit_factor + statics.queue_months[:, k] * state.queue_factor + statics.build_months[:, k]
    return lead[world.places.zone_nation]


def site_costs_musd_per_gw(world: Any, lead_months: np.ndarray) -> np.ndarray:
    """Return [C, Z] what a GW of hall costs a company in a zone: building, coins, energy, and waiting `lead_months` [Z] for both."""
    state, statics, param = world.state, world.statics, world.tables.param
    nation = world.places.zone_nation
    build = statics.hall_cost_musd_per_gw * statics.hall_cost_ratio[nation] * state.site_cost[nation]
    draw = statics.draw_factor
    # coins at what they are expected to be worth when the hall stands
    coins = state.value_expected[nation] * 1000.0 * draw
    energy = state.mean_price * 8.766 * draw * param("ai.energy_years")
    delay = lead_months / 12.0 * param("ai.time_value_share")
    waiting = state.willing_usd_per_w_year[:, None] * 1000.0 * draw * delay[None, :]
    return (build + coins + energy)[None, :] + waiting


def chip_worth_usd(world: Any) -> np.ndarray:
    """Return [C] what an H100 equivalent is worth: its yearly sales less running costs, over the years a buyer counts."""
    state, param = world.state, world.tables.param
    ai = state.ai
    margin = ai.revenue_musd * (1.0 - param("ai.operating_cost_share")) - state.ai_power_cost_musd * 12.0
    own = margin / np.maximum(ai.powered_h100e * used_share(world), param("ai.smallest_h100e"))
    world_mean = margin.sum() / max(ai.powered_h100e.sum(), 1.0)
    # a small company expects to earn what the market earns
    weight = param("ai.own_experience")
    own = np.minimum(np.maximum(own, 0.0), param("ai.greatest_advantage") * max(world_mean, 0.0))
    yearly = np.maximum(weight * own + (1.0 - weight) * world_mean, 0.0)
    return yearly * 1e6 * param("ai.worth_years") * np.exp(ai.revenue_growth * param("ai.growth_horizon_years"))


def start_halls(world: Any) -> Start:
    """Start halls where time and cost are least, for the chips expected when they will stand."""
    state, statics, param = world.state, world.statics, world.tables.param
    ai = state.ai
    lead_in_zone = zone_lead_months(world)
    lead = (statics.opening_share * lead_in_zone).sum(axis=1)
    standing = state.halls_gw.sum(axis=1)
    coming = state.halls_under_way_gw.sum(axis=1)
    years = expectations.grown_years(ai.revenue_growth, lead / 12.0, param("ai.growth_horizon_years"))
    wanted = ai.chips_facility_gw + 12.0 * ai.arrivals_gw * years
    # halls for the chips that keep arriving, and for what is missing (or there already)
    pace = np.maximum(ai.arrivals_gw + (wanted - standing - coming) / param("ai.hall_catch_up_months"), 0.0)
    # what is not spent on chips goes into halls (spend on the limiting factor)
    # in the budgets that are expected when the halls are paid for
    ahead = np.exp(ai.revenue_growth * np.minimum(lead / 12.0, param("ai.growth_horizon_years")))
    money_gw = state.ai_budget_musd * ahead * (1.0 - chip_share(world)) / statics.hall_cost_musd_per_gw
    pace = np.minimum(pace, money_gw)
    state.hall_pace_gw = pace
    state.site_cost_musd = site_costs_musd_per_gw(world, lead_in_zone)
    scale = param("siting.logit_scale")
    if state.month == 0:
        # what drew companies to places beside cost is what makes the opening's costs give the opening's shares
        new = statics.may_site / np.maximum(statics.may_site.sum(axis=1, keepdims=True), 1.0)
        usual = statics.opening_share + param("ai.new_site_share") * (new - statics.opening_share)
        state.site_weight = siting.weights(usual, state.site_cost_musd, scale)
    share = siting.shares(state.site_cost_musd, state.site_weight, scale)
    gw = pace[:, None] * share
    who, zone = np.nonzero(gw > param("ai.smallest_start_gw"))
    kind = np.full(len(who), statics.hall_kind)
    return Start(zone, kind, world.parties.of["ai"][who], gw[who, zone], np.zeros(len(who)))


def chip_share(world: Any) -> np.ndarray:
    """Return [C] the share of the budget that goes into chips: less, the more months of cover of unpowered chips there are."""
    state, param = world.state, world.tables.param
    ai = state.ai
    unsited = np.maximum(ai.chips_facility_gw - ai.powered_gw, 0.0) + state.in_transit_gw
    cover = bottleneck.cover_months(unsited, np.maximum(ai.arrivals_gw, param("ai.smallest_gw")))
    return param("ai.chip_budget_share") * bottleneck.throttle(cover, param("ai.chip_cover_months"), param("ai.throttle_sharpness"))


def bid_for_chips(world: Any) -> Bids:
    """Bid the month's chip budget; months of cover of unpowered chips throttle it (spend on the limiting factor)."""
    state, statics = world.state, world.statics
    # halls on site have the first call on the budget
    left = np.maximum(state.ai_budget_musd - state.hall_spend_musd, 0.0)
    budget = np.minimum(state.ai_budget_musd * chip_share(world), left)
    worth = chip_worth_usd(world)
    if state.month == 0:
        # revealed preference: what a company paid for its own nation's cheapest chips before the start it held worth paying
        state.worth_premium = _premium(world, worth)
    worth = (worth * state.worth_premium * 1e-6)[:, None] * statics.chip_preference
    return Bids("accelerators", world.parties.of["ai"], budget, worth)



def _premium(world: Any, worth_usd: np.ndarray) -> np.ndarray:
    """Return [C] the factor (>= 1) on what sales say a chip is worth that the opening's prices reveal: rivalry, platforms, state aims."""
    state, statics, of = world.state, world.statics, world.parties.of
    makers = world.parties.home[of["chipmaker"][statics.designers]]
    home = world.parties.home[of["ai"]]
    asked = state.fab.price_usd[statics.designers][None, :] / np.maximum(statics.chip_preference, np.finfo(float).tiny)
    at_home = np.where(makers[None, :] == home[:, None], asked, np.inf).min(axis=1)
    paid = np.where(np.isfinite(at_home), at_home, asked.min(axis=1))
    return np.maximum(paid / np.maximum(worth_usd, np.finfo(float).tiny), 1.0)
