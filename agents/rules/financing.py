"""How much a company spends on capital: returns pull, rivalry pushes, finance limits.

Own cash goes first, then loans, then new equity (pecking order, Myers & Majluf 1984).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_TINY = np.finfo(float).tiny


class Budget(NamedTuple):
    capex_musd: np.ndarray  # [C] a month
    cash_musd: np.ndarray  # from own cash
    borrowing_musd: np.ndarray
    equity_musd: np.ndarray


def growth_of_capex(roi, cost_of_capital, threat, speed, race_reaction, greatest_growth):
    """Return the growth of desired capex, 1/yr: speed·(ROI − WACC) + reaction·tanh(threat), bounded smoothly.

    `threat` is the perceived lead of the rival in logs. Adjustment as in a q-model with convex costs (Hayashi 1982).
    """
    pull = speed * (roi - cost_of_capital) + race_reaction * np.tanh(np.maximum(threat, 0.0))
    return greatest_growth * np.tanh(pull / greatest_growth)


def smooth_minimum(a, b, sharpness):
    """Return a smooth version of min(a, b) for a, b >= 0: (a^−s + b^−s)^(−1/s), never above either; 0 where one is 0."""
    low, high = np.maximum(np.minimum(a, b), 0.0), np.maximum(np.maximum(a, b), _TINY)
    return low * (1.0 + (low / high) ** sharpness) ** (-1.0 / sharpness)


def credit_spread(leverage, base, slope):
    """Return the spread over the bank's rate, 1/yr: s₀ + s₁·l², l debt over yearly operating cash flow (mechanisms 6.4)."""
    return base + slope * np.maximum(leverage, 0.0) ** 2


def leverage_wanted(roi, rate, base, slope):
    """Return the leverage at which one more loan costs what it earns: rate + s₀ + s₁·l² = ROI; 0 where none pays."""
    return np.sqrt(np.maximum(roi - rate - base, 0.0) / slope)


def debt_room(leverage_wanted, leverage_limit, cash_flow_musd, debt_musd, sharpness):
    """Return what can still be borrowed, MUSD: the lower (smoothly) of wanted and granted leverage on the year's cash flow."""
    leverage = smooth_minimum(leverage_wanted, leverage_limit, sharpness)
    return np.maximum(leverage * np.maximum(cash_flow_musd, 0.0) - debt_musd, 0.0)


def budget(desired_musd, cash_musd, debt_room_musd, equity_musd, sharpness):
    """Return the month's Budget [C]: what is desired as far as cash, loans and equity reach (all MUSD a month).

    Capex comes near the smaller of desired and affordable where they differ, and below both where they are close.
    """
    cash, room, equity = (np.maximum(x, 0.0) for x in (cash_musd, debt_room_musd, equity_musd))
    capex = smooth_minimum(desired_musd, cash + room + equity, sharpness)
    from_cash = np.minimum(capex, cash)
    borrowed = np.minimum(capex - from_cash, room)
    return Budget(capex, from_cash, borrowed, capex - from_cash - borrowed)


def debt_share(debt_musd, book_musd, gearing, loan_to_value, sharpness):
    """Return the share [A] of new assets that lenders carry: `gearing` with no debt, → 0 as debt nears loan_to_value × book.

    Lenders pull back smoothly (Hill curve with `sharpness` around `gearing` of book value, cut off at the limit).
    """
    limit = np.maximum(loan_to_value * book_musd, 0.0)
    used = np.where(limit > 0.0, debt_musd / np.where(limit > 0.0, limit, 1.0), np.inf)
    left = np.clip(1.0 - used, 0.0, 1.0)
    half = 1.0 - gearing / loan_to_value
    return gearing * left**sharpness / (left**sharpness + half**sharpness) * (1.0 + half**sharpness)
