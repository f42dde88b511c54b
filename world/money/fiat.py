"""The regime of fiat money: worth the same goods always, issued by rule; the right to a firm watt is an asset that earns its rent.

Plants' owners keep the rights that they are accredited and rent them to the loads (a capacity market). Nobody keeps rights as
money, so that the value of a right is what its rents are worth.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tables import Tables
from . import coin_market

CAPACITY_IS_MONEY = False
_UNIT = 1.0  # thousand USD of 2025: a definition
_SMALLEST = np.finfo(float).tiny  # numerical: a logarithm is taken of a value


def money_value(state: Any) -> np.ndarray:
    """Return [N] what a unit of money is worth, thousand USD: always one."""
    return np.full(len(state.value), _UNIT)


def policy_rate(growth, time_preference, response):
    """Return the real rate that a central bank keeps, a year: time preference + response × growth of GDP (Ramsey's rule)."""
    return time_preference + response * np.asarray(growth)


def right_value(rent_usd_per_w_year, rate, ceiling):
    """Return what a lasting right to a firm watt is worth, USD per W: its rent for ever at `rate` a year, `ceiling` at most."""
    return np.minimum(np.maximum(np.asarray(rent_usd_per_w_year) / rate, _SMALLEST), ceiling)


def _policy(tables: Tables, state: Any) -> np.ndarray:
    return policy_rate(
        np.maximum(state.nation.gdp_growth, 0.0), tables.param("money.time_preference"), tables.param("money.growth_response")
    )


def _discount(tables: Tables, statics: Any, state: Any) -> np.ndarray:
    """Return [N] what owners of plants ask for, moved by as much as the central bank's rate is off the usual short rate."""
    moved = statics.hurdle + _policy(tables, state) - tables.param("bank.base_rate")
    return np.maximum(moved, tables.param("money.least_rate"))


def loan_rate(tables: Tables, state: Any) -> np.ndarray:
    """Return [N] the rate of loans: the central bank's rate plus a spread."""
    return _policy(tables, state) + tables.param("bank.risk_spread")


def target_value(tables: Tables, statics: Any, state: Any):
    """Return (P* [N], bound [N], rationed [N]) of the month: the worth of the year's rents for ever."""
    most = coin_market.ceiling(tables, len(state.value))
    found = right_value(state.rent_smooth, _discount(tables, statics, state), most)
    return found, found >= most, state.rationed_gw


def forward_value(tables: Tables, statics: Any, state: Any, years: float) -> np.ndarray:
    """Return [N] USD per W: the worth of the rent that would clear in `years` as everybody can foresee it.

    Rights: what stands, plus what is expected of what is under way, less what retires. Wanted: base load grown by its trend,
    halls that want power now and halls under way.
    """
    nations = len(state.value)
    coins = state.ledger.total_coins() * 1e-6
    ahead = np.maximum(coins + state.expected_firm_gw - state.retiring_gw * years, tables.param("money.least_coins_share") * coins)
    halls = np.add.reduceat(state.halls_under_way_gw, statics.places.first_zone, axis=1) * statics.draw_factor
    grown = state.households.stake_gw * np.exp(state.load_growth * years)
    cleared, *_ = coin_market.clear_rent_of(
        tables, statics, state, ahead, grown, state.wanted_draw_gw + halls, state.willing_usd_per_w_year
    )
    return right_value(cleared, _discount(tables, statics, state), coin_market.ceiling(tables, nations))


def open_value(tables: Tables, statics: Any, state: Any) -> None:
    """Set the opening value of a watt to what its rents are worth; nobody saves in rights."""
    nations = len(state.value)
    found = right_value(state.rent_smooth, _discount(tables, statics, state), coin_market.ceiling(tables, nations))
    state.value = state.old_value = found
    state.forward_value, state.value_expected = found.copy(), found.copy()
    state.balance_use, state.opening_savings_musd = np.zeros(nations), np.zeros(nations)
    state.households.savings_musd = np.zeros(nations)


def issue(world: Any) -> None:
    """Let central banks issue as much money as the economy grows; governments spend it."""
    state, of = world.state, world.parties.of
    growth = np.expm1(np.maximum(state.nation.gdp_growth, 0.0) / 12.0)  # nothing grows: nothing is issued
    units = np.floor(state.ledger.reserves * growth).astype(np.int64)
    state.ledger.issue_reserves(units)
    state.seigniorage_musd = units * state.money_value / 1000.0
    state.ledger.pay("mint", of["fund"], of["government"], state.seigniorage_musd)


def collateral_musd(ledger: Any, value: np.ndarray) -> np.ndarray:
    """Return [A] what the rights of every party are worth, MUSD: banks lend on them as on plants."""
    return ledger.coins @ value / 1000.0
