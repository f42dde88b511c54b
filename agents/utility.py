"""Utilities: one per zone. They own plants, batteries and lines, sell power, and build for profit and for need."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.build import sites
from ..world.build.expected import expected_gw
from ..world.columns import Column, Columns
from ..world.orders import Payment, Start
from .actor import Actor
from .rules import bottleneck, financing, invest


class Utility(Actor):
    """The power companies of one zone, taken as one."""

    kind = "utility"
    COLUMNS = {  # noqa: RUF012
        "tariff_usd_per_mwh": Column("USD/MWh"),  # what base load pays
        "required_musd": Column("MUSD"),  # smoothed monthly revenue requirement from base load
    }


def open_utilities(tables: Any, places: Any) -> Columns:
    return Columns(Utility.COLUMNS, len(places.zones))


# -- power bills ------------------------------------------------------------------------------------------------


def bills(world: Any) -> list[Payment]:
    """Payments around the month's electricity: loads, fuel, upkeep, trade between zones and across borders, shortages."""
    state, of = world.state, world.parties.of
    places, power = world.places, state.power
    zone_nation = places.zone_nation
    utility, households = of["utility"], of["households"]
    home = households[zone_nation]
    base = power.base_gwh * state.utility.tariff_usd_per_mwh / 1000.0
    carbon = power.carbon_musd
    # fuel: the nation's own share stays at home, the rest is bought abroad
    share = world.statics.fuel_origin[zone_nation]  # [Z, N] by exporting nation, sums to 1
    buyer, exporter = np.nonzero(share > 0.0)
    # trade over lines: the importer pays the exporter the mean of both prices, so that congestion rent is shared
    a, b = utility[places.line_from], utility[places.line_to]
    abroad = households[world.statics.abroad]
    return [
        Payment("energy", home, utility, base),
        Payment("wages", utility, home, power.upkeep_musd + power.network_musd),
        Payment("tax", utility, of["government"][zone_nation], carbon),
        Payment("compensation", utility, home, power.unserved_musd),
        Payment("fuel", utility[buyer], households[exporter], power.fuel_musd[buyer] * share[buyer, exporter]),
        Payment("energy", b, a, power.line_forward_musd),
        Payment("energy", a, b, power.line_reverse_musd),
        Payment("energy", utility, abroad, power.import_musd),
        Payment("energy", abroad, utility, power.export_musd),
    ]


def set_tariffs(world: Any) -> None:
    """Move base tariffs so that base load pays what serving it costs: fuel, upkeep, trade, capital, less other sales."""
    state, param = world.state, world.tables.param
    power = state.power
    book = state.tangible[world.parties.of["utility"], 0]
    capital = book * (param("utility.allowed_return") + param("utility.depreciation")) / 12.0
    lines = world.places
    net_trade = power.import_musd - power.export_musd
    net_trade += np.bincount(lines.line_to, power.line_forward_musd - power.line_reverse_musd, len(net_trade))
    net_trade += np.bincount(lines.line_from, power.line_reverse_musd - power.line_forward_musd, len(net_trade))
    need = (
        power.fuel_musd + power.carbon_musd + power.upkeep_musd + power.network_musd + net_trade + capital
        - power.ai_bill_musd
    )  # fmt: skip
    utility = state.utility
    utility.required_musd += (need - utility.required_musd) / param("utility.tariff_lag_months")
    energy = np.maximum(state.base_gw * param("time.hours_per_month"), 1e-9)
    target = np.maximum(utility.required_musd / energy * 1000.0, param("utility.least_tariff"))
    utility.tariff_usd_per_mwh += (target - utility.tariff_usd_per_mwh) / param("utility.tariff_lag_months")


# -- building ---------------------------------------------------------------------------------------------------


def invest_in_plants(world: Any) -> Start:
    """Start plants where they pay (net present value at the merchant's hurdle) and where planners see a need."""
    state, statics, param = world.state, world.statics, world.tables.param
    nation = world.places.zone_nation
    expect_plants(world)
    state.project_q, worth, cost = project_q(world, state.value_expected)
    entry = param("invest.entry_share") * state.zone_peak_gw[:, None] * statics.buildable
    if state.month == 0:
        # what was finished lately was started at prices that foresaw nothing; half of the sites were worth starting then
        before, *_ = project_q(world, state.value)
        state.unseen = np.where(state.build_rate_gw > 0.0, 1.0 - before, 0.0)
        state.candidates_gw = np.maximum(2.0 * state.build_rate_gw, entry)
        state.opening_plants_per_load = plants_per_load(world)
    growth = plants_per_load(world) / state.opening_plants_per_load
    total_q = state.project_q + invest.unseen_worth(state.unseen, growth, param("invest.own_glut"))
    wanted = state.candidates_gw * invest.profitable_share(total_q, param("invest.site_spread"))
    free = open_sites(world)
    merchant = wanted * free
    state.build_rate_gw = merchant
    if statics.growth:
        state.candidates_gw = invest.candidates(state.candidates_gw, wanted, entry, param("invest.developer_months"))
    need = planners_need(world)
    firm_cost = invest.net_cost_per_firm_watt(
        worth, cost, state.credit, state.value_expected[nation][:, None], param("invest.least_credit")
    )
    # planners start as much more as will be given up in the queue
    planned = invest.allot_need(need, firm_cost, state.credit, statics.buildable, param("invest.logit_scale"))
    planned = planned / statics.completion[nation, :-1] * free
    gw = (merchant + planned) * statics.buildable
    zone, kind = np.nonzero(gw > param("invest.smallest_start_gw"))
    return Start(zone, kind, world.parties.of["utility"][zone], gw[zone, kind], planned[zone, kind])


def open_sites(world: Any) -> np.ndarray:
    """Return the factor [Z, K] by which crews and parts that are booked up hold back new starts (spend on the limiting factor)."""
    state, statics, param = world.state, world.statics, world.tables.param
    sharpness = param("invest.throttle_sharpness")
    crews = bottleneck.throttle(state.labour_load, param("invest.crew_cover"), sharpness)[world.places.zone_nation]
    parts = bottleneck.throttle(state.part_backlog_months, param("invest.part_cover_months"), sharpness)
    # a plant waits for the part that is booked up longest
    worst = np.where(statics.part_need[:-1] > 0.0, parts[None, :], 1.0).min(axis=1)
    return crews[:, None] * worst[None, :]


def expect_plants(world: Any) -> None:
    """Form expectations: plants that will come of what is under way, and the value of a watt when they stand."""
    state, statics, param = world.state, world.statics, world.tables.param
    nation = world.places.zone_nation
    state.expected_gw = expected_gw(state.projects, nation, statics.completion, world.draws.off, state.fleet_gw.shape)
    credit = np.maximum(state.credit, 0.0)
    state.expected_firm_gw = np.bincount(nation, (state.expected_gw * credit).sum(axis=1), len(state.value))
    state.retiring_gw = np.bincount(nation, (state.retired_rate_gw * credit).sum(axis=1), len(state.value))
    state.forward_value = statics.money.forward_value(world.tables, statics, state, param("plan.horizon_years"))
    state.value_expected = invest.expected_value(state.value, state.forward_value, param("invest.foresight"))


def plants_per_load(world: Any) -> np.ndarray:
    """Return [Z, K] GW standing and expected over the zone's base load; at least a site's worth."""
    state = world.state
    there = np.maximum(state.fleet_gw + state.expected_gw, world.tables.param("power.smallest_plant_gw"))
    return there / state.base_gw[:, None]


def project_q(world: Any, value: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (q, worth, cost) [Z, K] of a kW of every technology in every zone at a `value` [N] of a watt; margins as expected."""
    state, statics, param = world.state, world.statics, world.tables.param
    nation = world.places.zone_nation
    years = param("plan.horizon_years")
    retiring = state.retired_rate_gw * years
    margin = invest.expected_margin(
        state.margin_usd_per_kw_year, state.fleet_gw, state.expected_gw - retiring, state.load_growth[nation][:, None] * years,
        param("invest.own_glut"), param("invest.noticed_share") * state.zone_peak_gw[:, None],
    )  # fmt: skip
    # what building pays: builders at the going cost of sites, and parts at their going price
    builders = sites.builders_usd_per_kw(state.capex_usd_per_kw, statics.usual_parts_usd_per_kw, statics.least_site_share)
    capex = (builders * state.site_cost[:, None] + statics.usual_parts_usd_per_kw + state.parts_premium_usd_per_kw)[nation]
    worth, cost = invest.project_value(
        margin, state.credit, value[nation][:, None], capex, statics.fixed_om_usd_per_kw,
        world.levers["build_subsidy"][nation][:, None], statics.pv_factor[nation], statics.life_years, statics.hurdle[nation][:, None],
    )  # fmt: skip
    return worth / cost, worth, cost


def retirement_pace(world: Any) -> np.ndarray:
    """Return the factor [Z, K] on retirements by age: owners keep what has become worth keeping."""
    state, statics, param = world.state, world.statics, world.tables.param
    nation = world.places.zone_nation
    worth = invest.keeping_value(
        state.margin_usd_per_kw_year, state.credit, state.value[nation][:, None], statics.hurdle[nation][:, None]
    )
    if state.month == 0:
        state.usual_worth = worth + param("invest.least_keeping_usd_per_kw")
    return invest.retirement_pace(worth + param("invest.least_keeping_usd_per_kw"), state.usual_worth, param("invest.retirement_response"))


def planners_need(world: Any) -> np.ndarray:
    """Return firm GW a month that planners of each zone want started: forecast stakes plus reserve, less what is coming."""
    state, statics, param = world.state, world.statics, world.tables.param
    nation = world.places.zone_nation
    reserve = statics.reserve_margin + world.levers["reserve_target"]
    horizon = param("plan.horizon_years")
    halls = np.bincount(nation, state.halls_under_way_gw_zone, len(reserve)) * param("ai.annual_pue_share")
    peak = np.bincount(nation, state.zone_peak_gw, len(reserve))
    # growth of base load and of the halls that stand; halls under way come on top
    ahead = peak * np.exp(np.maximum(state.load_growth, 0.0) * horizon) + halls
    need = invest.firm_need(
        ahead, 0.0, 12.0 * horizon, reserve, state.accredited_kw * 1e-6, state.expected_firm_gw, state.retiring_gw,
        12.0 * param("plan.catch_up_years"),
    )  # fmt: skip
    weight = state.zone_peak_gw / peak[nation]
    return (need * statics.planned_share)[nation] * weight


def raise_equity(world: Any) -> list[Payment]:
    """Owners put in the part of the month's building that lenders do not carry: more, the nearer debt is to its limit."""
    state, of, param = world.state, world.parties.of, world.tables.param
    party = of["utility"]
    home = world.parties.home[party]
    spent = state.bought_musd[party, 0]
    debt = state.ledger.loans[party] * state.money_value[home] / 1000.0
    book = np.maximum(state.tangible[party].sum(axis=1), 0.0)
    share = financing.debt_share(debt, book, param("utility.gearing"), param("bank.loan_to_value"), param("finance.sharpness"))
    return [Payment("equity", of["households"][home], party, spent * (1.0 - share))]


def collect_subsidy(world: Any) -> list[Payment]:
    """Governments pay their share of the month's building."""
    state, of = world.state, world.parties.of
    party = of["utility"]
    home = world.parties.home[party]
    paid = state.bought_musd[party, 0] * world.levers["build_subsidy"][home]
    state.build_subsidy_musd = np.bincount(home, paid, len(world.places.nations))
    return [Payment("subsidy", of["government"][home], party, paid)]
