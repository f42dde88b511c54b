"""Utilities: one per zone. They own plants, batteries and lines, sell power, and build for profit and for need."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.orders import Payment, Start
from .actor import Actor
from .rules import invest


class Utility(Actor):
    """The power companies of one zone, taken as one."""

    kind = "utility"
    COLUMNS = {  # noqa: RUF012
        "tariff_usd_per_mwh": Column("USD/MWh"),  # what base load pays
        "required_musd": Column("MUSD"),  # smoothed monthly revenue requirement from base load
        "margin_smooth_musd": Column("MUSD"),
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
    payments = [
        Payment("energy", home, utility, base),
        Payment("wages", utility, home, power.upkeep_musd + power.network_musd),
        Payment("tax", utility, of["government"][zone_nation], carbon),
        Payment("compensation", utility, home, power.unserved_musd),
    ]
    # fuel: the nation's own share stays at home, the rest is bought abroad
    for nation in range(len(places.nations)):
        share = world.statics.fuel_origin[nation]  # [N] by exporting nation, sums to 1
        zones = places.zones_of[nation]
        for exporter in np.flatnonzero(share > 0.0):
            payments.append(Payment("fuel", utility[zones], households[exporter], power.fuel_musd[zones] * share[exporter]))
    # trade over lines: the importer pays the exporter the mean of both prices, so that congestion rent is shared
    a, b = utility[places.line_from], utility[places.line_to]
    payments += [
        Payment("energy", b, a, power.line_forward_musd),
        Payment("energy", a, b, power.line_reverse_musd),
        Payment("energy", utility, households[world.statics.abroad], power.import_musd),
        Payment("energy", households[world.statics.abroad], utility, power.export_musd),
    ]
    return payments


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
    value = state.value[nation][:, None]
    subsidy = world.levers["build_subsidy"][nation][:, None]
    worth, cost = invest.project_value(
        state.margin_usd_per_kw_year, state.credit, value, state.capex_usd_per_kw[nation] * state.site_cost[nation][:, None]
        + state.parts_premium_usd_per_kw[nation], statics.fixed_om_usd_per_kw[nation], subsidy,
        statics.pv_factor[nation], statics.life_years, statics.hurdle[nation][:, None],
    )  # fmt: skip
    state.project_q = worth / cost
    if state.month == 0:
        # what drew (or kept away) builders beyond prices at the start, as revealed by what they built
        built = state.build_rate_gw > 0.0
        state.q_opening = np.where(built, np.maximum(state.project_q, param("invest.least_q")), 1.0)
        state.pull = np.log(state.q_opening)
    state.pull *= np.exp(-param("invest.pull_fade") / 12.0)
    merchant = invest.adjust_rate(
        state.build_rate_gw, state.project_q * np.exp(-state.pull), param("invest.adjustment_speed"), param("invest.greatest_change")
    )
    state.build_rate_gw = merchant
    need = planners_need(world)
    firm_cost = invest.net_cost_per_firm_watt(worth, cost, state.credit, value, param("invest.least_credit"))
    planned = invest.allot_need(need, firm_cost, state.credit, statics.buildable, param("invest.logit_scale"))
    gw = (merchant + planned) * statics.buildable
    zone, kind = np.nonzero(gw > param("invest.smallest_start_gw"))
    return Start(zone, kind, world.parties.of["utility"][zone], gw[zone, kind], planned[zone, kind])


def planners_need(world: Any) -> np.ndarray:
    """Return firm GW a month that planners of each zone want started: forecast stakes plus reserve, less what is coming."""
    state, param = world.state, world.tables.param
    nation = world.places.zone_nation
    reserve = world.statics.reserve_margin + world.levers["reserve_target"]
    horizon = param("plan.horizon_years")
    base = state.zone_peak_gw * (1.0 + np.maximum(state.load_growth[nation], 0.0)) ** horizon
    ahead = base + state.halls_under_way_gw_zone * param("ai.annual_pue_share")
    weight = state.zone_peak_gw / np.bincount(nation, state.zone_peak_gw)[nation]
    wanted = np.bincount(nation, ahead) * (1.0 + reserve)
    coming = state.accredited_kw * 1e-6 + np.bincount(nation, (state.under_way_gw * state.credit).sum(axis=1))
    gap = np.maximum(wanted - coming - state.retiring_gw * horizon, 0.0) * world.statics.planned_share
    return gap[nation] * weight / (param("plan.catch_up_years") * 12.0)


def raise_equity(world: Any) -> list[Payment]:
    """Owners put in the part of the month's building that lenders do not carry."""
    of = world.parties.of
    party = of["utility"]
    spent = world.state.bought_musd[party, 0]
    home = of["households"][world.parties.home[party]]
    return [Payment("equity", home, party, spent * (1.0 - world.tables.param("utility.gearing")))]


def collect_subsidy(world: Any) -> list[Payment]:
    """Governments pay their share of the month's building."""
    state, of = world.state, world.parties.of
    party = of["utility"]
    home = world.parties.home[party]
    paid = state.bought_musd[party, 0] * world.levers["build_subsidy"][home]
    state.build_subsidy_musd = np.bincount(home, paid, len(world.places.nations))
    return [Payment("subsidy", of["government"][home], party, paid)]
