"""The market for coins of all nations: gathers what `rent.py` and `value.py` need from the state."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tables import Tables
from . import rent, value


def energy_usd_per_w_year(statics: Any, state: Any) -> np.ndarray:
    """Return [N] what base load pays a year for the energy of each staked W."""
    zones = statics.places.zone_nation
    nations = len(statics.places.nations)
    bill = np.bincount(zones, state.base_gw * state.utility.tariff_usd_per_mwh, nations) * 8.766  # MUSD a year
    return bill / np.maximum(state.households.stake_gw, 1e-9) / 1000.0


def clear_rent(tables: Tables, statics: Any, state: Any, draw_gw: np.ndarray, willing: np.ndarray):
    """Clear the month's rent. `draw_gw` [C, N] is what each company could draw, `willing` [C] USD per W-year.

    Returns rent [N], accepted [N, C], base [N], reserve [N], rationed [N] (GW; see `rent.clear_rent`).
    """
    coins = state.ledger.total_coins() * 1e-6
    return clear_rent_of(tables, statics, state, coins, state.households.stake_gw, draw_gw, willing)


def clear_rent_of(
    tables: Tables, statics: Any, state: Any, coins_gw: np.ndarray, base_gw: np.ndarray, draw_gw: np.ndarray, willing: np.ndarray
):
    """Clear a rent as `clear_rent` does for `coins_gw` [N] and base load that stakes `base_gw` [N]."""
    param = tables.param
    nations = len(statics.places.nations)
    willing_in = np.empty((nations, len(willing)))
    willing_in[:] = willing
    return rent.clear_rent(
        coins_gw, np.zeros(nations), base_gw,
        energy_usd_per_w_year(statics, state), statics.energy_reference, statics.rent_reference,
        param("money.base_elasticity"), np.ascontiguousarray(draw_gw.T),
        willing_in, param("money.site_spread"),
        param("money.lost_load_usd_per_mwh"), param("money.short_hours"), param("money.most_short_hours"),
        param("money.garver_slope"),
    )  # fmt: skip


def value_terms(tables: Tables, statics: Any, state: Any) -> dict[str, Any]:
    """Return the arguments that `value.market_value` and `value.solve_savings` share."""
    param = tables.param
    places, parties = statics.places, statics.parties
    nations = len(places.nations)
    home = parties.home[parties.of["ai"]]
    companies = len(home)
    each = np.arange(companies)
    waiting, willing = np.zeros((2, nations, companies))
    waiting[home, each] = np.maximum(state.ai.chips_facility_gw - state.ai.powered_gw, 0.0) * statics.draw_factor
    willing[home, each] = state.willing_usd_per_w_year / np.maximum(
        state.bank.loan_rate[home] + param("finance.equity_premium"), param("money.least_rate")
    )
    turnover = np.bincount(parties.home, state.turnover_musd, nations)
    return {
        "coins_gw": state.ledger.total_coins() * 1e-6,
        "near_mints_gw": state.expected_firm_gw[:, None],
        "near_mint_chance": np.full((nations, 1), param("money.near_mint_chance")),
        "base_stake_gw": state.households.stake_gw,
        "energy_usd_per_w_year": energy_usd_per_w_year(statics, state),
        "all_in_ref_usd_per_w_year": statics.energy_reference + statics.rent_reference,
        "base_elasticity": param("money.base_elasticity"),
        "rent_yield": state.rent_smooth / state.value,
        "running_gw": state.ai_right_gw,
        "waiting_gw": waiting,
        "waiting_willing_usd_per_w": willing,
        "waiting_spread": param("money.waiting_spread"),
        "transactions_musd": turnover * param("money.transaction_months") * state.balance_use,
        "foreign_musd": state.claims_musd * param("money.foreign_holding_share") * state.balance_use,
    }


def forward_value(tables: Tables, statics: Any, state: Any, years: float) -> np.ndarray:
    """Return F [N], USD per W: the value that clears the market in `years` as everybody can foresee it.

    Coins: what stands, plus all that is expected of what is under way, less what retires. Wanted: base load grown by its
    trend, halls that run and halls under way, balances grown with the economy.
    """
    param = tables.param
    terms = value_terms(tables, statics, state)
    nation = statics.places.zone_nation
    halls = np.bincount(nation, state.halls_under_way_gw_zone, len(state.value)) * statics.draw_factor
    grown = np.exp(np.maximum(state.nation.gdp_growth, 0.0) * years)
    least = param("money.least_coins_share") * terms["coins_gw"]
    terms["coins_gw"] = np.maximum(terms["coins_gw"] + state.expected_firm_gw - state.retiring_gw * years, least)
    terms["near_mints_gw"] = np.zeros_like(terms["near_mints_gw"])
    terms["base_stake_gw"] = terms["base_stake_gw"] * np.exp(state.load_growth * years)
    terms["running_gw"] = terms["running_gw"] + halls
    terms["transactions_musd"] = terms["transactions_musd"] * grown
    foreign = terms.pop("foreign_musd") * grown
    found, *_ = value.market_value(*terms.values(), state.households.savings_musd * grown, foreign, ceiling(tables, len(state.value)))
    return found


def ceiling(tables: Tables, nations: int) -> np.ndarray:
    """Return [N] the value of a watt above which being short is cheaper, USD per W."""
    param = tables.param
    most = value.ceiling_value(param("money.lost_load_usd_per_mwh"), param("money.most_short_hours"), param("money.discount_rate"))
    return np.full(nations, most)


def target_value(tables: Tables, statics: Any, state: Any):
    """Return (P* [N], bound [N], rationed [N]) of the month."""
    terms = value_terms(tables, statics, state)
    foreign = terms.pop("foreign_musd")
    found, bound, rationed, _ = value.market_value(
        *terms.values(), state.households.savings_musd, foreign, ceiling(tables, len(state.value))
    )
    return found, bound, rationed
