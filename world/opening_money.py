"""The books of month 0: coins for what is accredited, stakes for what runs, deposits for known cash, loans on plant."""

from __future__ import annotations

from typing import Any

import numpy as np

from .draws import name_keys
from .money import coin_market
from .money import value as worth
from .money.ledger import Ledger
from .money.matrices import TANGIBLE
from .power.stakes import base_stakes
from .tables import TableError, Tables

PLANTS, CHIPS, HALLS, LINES = range(len(TANGIBLE))


def open_money(tables: Tables, statics: Any, state: Any, calendar: Any) -> None:
    """Fill the ledger, the value of a watt, rents, tangible assets and what firms usually spend."""
    places, parties, param = statics.places, statics.parties, tables.param
    of, home = parties.of, parties.home
    nations = len(places.nations)
    money = statics.money
    state.ledger = Ledger(home, of["bank"], of["fund"], money.CAPACITY_IS_MONEY)
    ledger = state.ledger
    coins = state.accreditation.coins_kw.astype(np.int64)
    state.accredited_kw = coins.copy()
    state.value = opening_values(tables, statics, state)
    state.money_value = money.money_value(state)
    tight_stakes(statics, state, param)
    # plants minted the coins: obligations by capacity's share of its zone
    weight = np.maximum((state.fleet_gw * np.maximum(state.credit, 0.0)).sum(axis=1), 1e-12)
    for n in range(nations):
        zones = places.zones_of[n]
        _spread(ledger.obligations[:, n], of["utility"][zones], weight[zones], int(coins[n]))
    # households hold what base load stakes, companies what their halls stake, banks the rest
    held = np.zeros(nations, dtype=np.int64)
    base = np.minimum(np.floor(state.households.stake_gw * 1e6).astype(np.int64), coins)
    ledger.coins[of["households"], np.arange(nations)] = base
    held += base
    draw = ai_stakes(statics, state)
    for n in range(nations):
        wanted = np.floor(draw[:, n] * 1e6 * param("ai.opening_own_share")).astype(np.int64)
        room = max(int(coins[n] - held[n]), 0)
        if wanted.sum() > room:
            wanted = np.floor(wanted * (room / wanted.sum())).astype(np.int64)
        ledger.coins[of["ai"], n] = wanted
        held[n] += int(wanted.sum())
    ledger.coins[of["bank"], np.arange(nations)] = coins - held
    # tangible assets at depreciated cost
    state.tangible = np.zeros((len(home), len(TANGIBLE)))
    statics.built_asset = np.full(len(home), PLANTS)
    statics.built_asset[of["ai"]] = HALLS
    cost = (state.fleet_gw * state.capex_usd_per_kw[places.zone_nation]).sum(axis=1) * param("utility.opening_book_share")
    firm = ledger.obligations[of["utility"], places.zone_nation] * state.value[places.zone_nation] / 1000.0
    state.tangible[of["utility"], PLANTS] = np.maximum(cost - firm, param("utility.least_book_share") * cost)
    ai = state.ai
    silicon = param("ai.capex_silicon_usd_per_w") * 1000.0 / param("ai.pue_peak")
    state.tangible[of["ai"], CHIPS] = ai.chips_facility_gw * silicon * param("ai.opening_chip_book_share")
    statics.hall_cost_musd_per_gw = param("ai.capex_site_usd_per_w") * 1000.0
    statics.hall_cost_ratio = tables["hall_times"].grid("nation", places.nations, item="cost_ratio")
    state.tangible[of["ai"], HALLS] = state.halls_gw.sum(axis=1) * statics.hall_cost_musd_per_gw * param("ai.opening_hall_book_share")
    # usual monthly spending
    state.outflow_musd = np.zeros(len(home))
    first = statics.first_year
    state.outflow_musd[of["utility"]] = first["fuel_musd"] + first["upkeep_musd"] + first["network_musd"]
    state.outflow_musd[of["ai"]] = (ai.capex_musd + ai.revenue_musd * param("ai.operating_cost_share")) / 12.0
    ai.outflow_musd = state.outflow_musd[of["ai"]]
    sales = state.fab.made_h100e * state.fab.price_usd * 1e-6
    state.outflow_musd[of["chipmaker"]] = sales * param("fab.operating_cost_share") + param("fab.least_outflow")
    state.outflow_musd[of["supplier"]] = state.supplier.sold_gw * state.supplier.reserve_usd_per_kw
    state.outflow_musd[of["robot"]] = state.robot.made * state.robot.cost_usd * 1e-6
    state.outflow_musd[of["launcher"]] = state.launcher.flown_t * state.launcher.cost_usd_per_kg / 1000.0
    # loans, and the deposits they made
    price = state.money_value[home] / 1000.0
    loans = np.zeros(len(home))
    loans[of["utility"]] = state.tangible[of["utility"], PLANTS] * param("utility.gearing")
    names = [parties.names[p] for p in of["ai"]]
    loans[of["ai"]] = tables["ai_company_values"].grid("company", names, item="debt_musd", missing=0.0)
    loans[of["ai"]] = np.minimum(loans[of["ai"]], state.tangible[of["ai"]].sum(axis=1) * param("utility.gearing"))
    # what stands behind deposits: the vault's coins, or as much in money that the central bank has issued
    vault = ledger.coins[of["bank"], np.arange(nations)]
    if not money.CAPACITY_IS_MONEY:
        vault = ledger.reserves[:] = np.floor(vault * (state.value / state.money_value)).astype(np.int64)
        ledger.coins[:] = ledger.obligations
    limit = vault * param("bank.leverage_limit") * param("bank.opening_use")
    asked = np.bincount(home, loans / price, nations)
    loans *= np.minimum(1.0, limit / np.maximum(asked, 1.0))[home]
    ledger.loans[:] = np.floor(loans / price).astype(np.int64)
    deposits = state.outflow_musd * param("finance.cover_months") / price
    cash = tables["ai_company_values"].grid("company", names, item="cash_musd", missing=0.0)
    deposits[of["ai"]] = np.minimum(cash / price[of["ai"]], deposits[of["ai"]] * param("ai.opening_cash_cover"))
    deposits[of["households"]] = deposits[of["bank"]] = deposits[of["fund"]] = 0.0
    backed = vault + np.bincount(home, ledger.loans, nations)
    asked = np.bincount(home, deposits, nations)
    deposits *= np.minimum(1.0, param("finance.firms_deposit_share") * backed / np.maximum(asked, 1.0))[home]
    ledger.deposits[:] = np.floor(deposits).astype(np.int64)
    firms = np.zeros(nations, dtype=np.int64)
    np.add.at(firms, home, ledger.deposits)
    credit = np.zeros(nations, dtype=np.int64)
    np.add.at(credit, home, ledger.loans)
    equity = np.floor(param("bank.opening_equity_share") * (vault + credit)).astype(np.int64)
    ledger.deposits[of["bank"]] = equity
    ledger.deposits[of["households"]] = vault + credit - firms - equity
    _open_rates(tables, statics, state)
    statics.firms = np.concatenate([of[s] for s in ("utility", "ai", "chipmaker", "supplier", "robot", "launcher")])
    state.repayment_kw = np.zeros(len(home), dtype=np.int64)
    state.books = []
    state.subsidy_musd, state.build_subsidy_musd = np.zeros(nations), np.zeros(nations)
    state.seigniorage_musd = np.zeros(nations)
    state.fab_subsidy_musd, state.robot_subsidy_musd = np.zeros(nations), np.zeros(nations)
    state.ai_tax_musd = np.zeros(nations)
    state.ai_tax_by_company = np.zeros(len(of["ai"]))
    state.ai_power_cost_musd = np.zeros(len(of["ai"]))
    state.bank_rent_musd = np.zeros(nations)
    state.turnover_musd = state.outflow_musd * 1.0
    state.depreciation_musd = np.zeros((len(home), len(TANGIBLE)))
    state.bought_musd = np.zeros((len(home), len(TANGIBLE)))
    state.minted_before_kw = np.zeros(nations, dtype=np.int64)
    state.bought_back_before_kw = np.zeros(nations, dtype=np.int64)
    statics.firms_set = frozenset(int(p) for p in statics.firms)
    statics.party_keys = name_keys(parties.names)
    state.hall_spend_musd = np.zeros(len(of["ai"]))
    state.hall_pace_gw = np.zeros(len(of["ai"]))
    state.site_cost_musd = np.full((len(of["ai"]), len(places.zones)), np.inf)
    state.ai_budget_musd = ai.capex_musd / 12.0
    first_tariff = _tariffs(tables, statics, state)
    state.utility.tariff_usd_per_mwh = first_tariff
    statics.opening_tariff = first_tariff
    state.price_response = np.zeros(nations)
    state.claims_musd = np.zeros(nations)
    state.sheet, state.old_value = None, state.value
    worth_of_market(tables, statics, state)


def _spread(column: np.ndarray, parties: np.ndarray, weight: np.ndarray, total: int) -> None:
    """Split an integer over parties by weight; the largest gets what rounding leaves."""
    part = np.floor(total * (weight / weight.sum())).astype(np.int64)
    part[int(weight.argmax())] += total - int(part.sum())
    column[parties] = part


def opening_values(tables: Tables, statics: Any, state: Any) -> np.ndarray:
    """Return P₀ [N], USD/W: the cheapest firm watt that can be had (annuity less its energy margin, over its credit), ÷ rate.

    Raises TableError where a nation can build no dispatchable plant or storage that is accredited.
    """
    places, param = statics.places, tables.param
    zones = places.zone_nation
    nations = len(places.nations)
    weight = state.zone_peak_gw / np.bincount(zones, state.zone_peak_gw)[zones]
    mean = lambda x: np.stack([np.bincount(zones, weight * column, nations) for column in x.T], axis=1)  # noqa: E731
    credit, margin = mean(state.credit), mean(state.margin_usd_per_kw_year)
    can = mean(statics.buildable) > 0.0
    # what can be had: dispatchable plant or storage that stands within planners' horizon
    dispatchable = np.zeros(credit.shape[1], dtype=bool)
    dispatchable[places.kind_is("thermal", "storage")] = True
    lead = (statics.permit_months + statics.queue_months + statics.build_months)[:, :-1]
    can &= dispatchable[None, :] & (credit > param("invest.least_credit"))
    within = lead <= 12.0 * param("plan.horizon_years") * param("money.patience")
    # where nothing stands so soon, a watt costs what the quickest does: it can be had, only later
    quickest = lead <= np.where(can, lead, np.inf).min(axis=1, keepdims=True)
    usable = np.where(can & (within | ~(can & within).any(axis=1, keepdims=True) & quickest), credit, 0.0)
    found, statics.opening_watt_costs = worth.opening_value(
        state.capex_usd_per_kw / 1000.0, statics.life_years[None, :], mean(statics.fixed_om_usd_per_kw) / 1000.0,
        margin / 1000.0, usable, statics.hurdle,
    )  # fmt: skip
    if not np.isfinite(found).all():
        without = ", ".join(name for name, value in zip(places.nations, found, strict=True) if not np.isfinite(value))
        raise TableError([f"no firm watt can be had in {without}: give dispatchable plant or storage that can be built and counts there"])
    return np.maximum(found, param("money.least_opening_value"))


def tight_stakes(statics: Any, state: Any, param: Any) -> None:
    """Set what base load must stake: its draw in the tight hours of its nation."""
    days, solar = state.days, statics.system.tech["solar"]
    stake = np.empty(len(statics.places.nations))
    base_stakes(
        days.load, days.solar_cf, days.credit[:, :, 0, solar] * state.fleet_gw[:, solar][:, None], state.ai_draw_gw_zone,
        statics.places.zone_nation, param("money.stake_sharpness"), stake,
    )  # fmt: skip
    state.households.stake_gw = stake


def ai_stakes(statics: Any, state: Any) -> np.ndarray:
    """Return [C, N] GW that the companies' running halls must stake (a flat load draws the same in every hour)."""
    nation = statics.places.zone_nation
    out = np.zeros((len(state.powered_gw), len(statics.places.nations)))
    for z in range(len(nation)):
        out[:, nation[z]] += state.powered_gw[:, z] * statics.draw_factor
    return out


def _open_rates(tables: Tables, statics: Any, state: Any) -> None:
    nations = len(statics.places.nations)
    state.rent = np.zeros(nations)
    state.rent_smooth = np.zeros(nations)
    state.q = np.ones(nations)
    state.project_q = np.ones_like(state.fleet_gw)
    state.bank.loan_rate = tables.param("bank.risk_spread") + tables.param("bank.base_rate")


def _tariffs(tables: Tables, statics: Any, state: Any) -> np.ndarray:
    param, first, places = tables.param, statics.first_year, statics.places
    utility = statics.parties.of["utility"]
    capital = state.tangible[utility, PLANTS] * (param("utility.allowed_return") + param("utility.depreciation")) / 12.0
    net = first["import_musd"] - first["export_musd"]
    size = len(net)
    net = net + np.bincount(places.line_to, first["line_forward_musd"] - first["line_reverse_musd"], size)
    net = net + np.bincount(places.line_from, first["line_reverse_musd"] - first["line_forward_musd"], size)
    need = (
        first["fuel_musd"] + first["carbon_musd"] + first["upkeep_musd"] + first["network_musd"] + net + capital
        - first["ai_bill_musd"]
    )  # fmt: skip
    state.utility.required_musd = need
    return np.maximum(need / np.maximum(first["base_gwh"], 1e-9) * 1000.0, param("utility.least_tariff"))


def worth_of_market(tables: Tables, statics: Any, state: Any) -> None:
    """Solve rents, and the savings that make the opening value of a watt clear the market for coins (one number per nation)."""
    param = tables.param
    state.willing_usd_per_w_year = np.full(len(state.powered_gw), param("ai.contract_usd_per_w_year"))
    nations = len(state.value)
    statics.rent_reference = np.zeros(nations)
    statics.energy_reference = coin_market.energy_usd_per_w_year(statics, state)
    draw = ai_stakes(statics, state)
    state.ai_right_gw, state.wanted_draw_gw = draw.sum(axis=0), draw
    rent, *_, state.rationed_gw = coin_market.clear_rent(tables, statics, state, draw, state.willing_usd_per_w_year)
    statics.rent_reference = rent
    state.rent, state.rent_smooth = rent.copy(), rent.copy()
    state.bank.loan_rate = statics.money.loan_rate(tables, state)
    statics.opening_gdp_musd = state.nation.gdp_musd.copy()
    state.forward_value, state.value_expected = state.value.copy(), state.value.copy()
    statics.money.open_value(tables, statics, state)
