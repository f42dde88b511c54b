"""How much a company spends on capital: returns pull, rivalry pushes, finance limits."""

from __future__ import annotations

import numpy as np

_TINY = np.finfo(float).tiny


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


def debt_share(debt_musd, book_musd, gearing, loan_to_value, sharpness):
    """Return the share [A] of new assets that lenders carry: `gearing` with no debt, → 0 as debt nears loan_to_value × book.

    Lenders pull back smoothly (Hill curve with `sharpness` around `gearing` of book value, cut off at the limit).
    """
    limit = np.maximum(loan_to_value * book_musd, 0.0)
    used = np.where(limit > 0.0, debt_musd / np.where(limit > 0.0, limit, 1.0), np.inf)
    left = np.minimum(np.maximum(1.0 - used, 0.0), 1.0)
    half = 1.0 - gearing / loan_to_value
    return gearing * left**sharpness / (left**sharpness + half**sharpness) * (1.0 + half**sharpness)
