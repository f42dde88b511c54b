"""The regime in which the coin is a firm watt: minted by plants, held as money, priced by all who want it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tables import Tables
from . import coin_market
from . import value as worth

CAPACITY_IS_MONEY = True
target_value = coin_market.target_value
forward_value = coin_market.forward_value


def money_value(state: Any) -> np.ndarray:
    """Return [N] what a kW of coin is worth, thousand USD: the value of a watt."""
    return state.value


def loan_rate(tables: Tables, state: Any) -> np.ndarray:
    """Return [N] the rate of loans: smoothed rent over the value of a watt, plus a spread."""
    spread = tables.param("bank.risk_spread") + tables.param("bank.base_rate")
    return state.rent_smooth / state.value + spread


def issue(world: Any) -> None:
    """Bring no money into being: plants do, when they mint."""


def collateral_musd(ledger: Any, value: np.ndarray) -> np.ndarray:
    """Return [A] nothing: coins are money, not security for it."""
    return np.zeros(len(ledger.home))


def open_value(tables: Tables, statics: Any, state: Any) -> None:
    """Set the savings with which the opening value of a watt clears the market for coins.

    Where trade and foreigners alone would want more coins than float at that value, they make do with fewer balances per
    payment (`state.balance_use` < 1, for good), so that a least share of the balances is savings: below zero it is no savings.
    """
    state.balance_use = np.ones(len(state.value))
    least = tables.param("money.least_savings_share")
    for _ in range(2):
        terms = coin_market.value_terms(tables, statics, state)
        balances = terms["transactions_musd"] + terms["foreign_musd"]
        savings = worth.solve_savings(state.value, *terms.values())
        fits = (savings + balances) / np.maximum(balances * (1.0 + least), tables.param("ai.smallest_musd"))
        state.balance_use = state.balance_use * np.clip(fits, least, 1.0)
    state.households.savings_musd = np.maximum(savings, 0.0)
    state.opening_savings_musd = state.households.savings_musd.copy()
