"""How much a company spends on capital: returns pull, rivalry pushes, finance limits."""

from __future__ import annotations

import numpy as np


def growth_of_capex(roi, cost_of_capital, threat, speed, race_reaction, greatest_growth):
    """Return the growth of desired capex, 1/yr: speed·(ROI − WACC) + reaction·tanh(threat), bounded smoothly.

    `threat` is the perceived lead of the rival in logs. Adjustment as in a q-model with convex costs (Hayashi 1982).
    """
    pull = speed * (roi - cost_of_capital) + race_reaction * np.tanh(np.maximum(threat, 0.0))
    return greatest_growth * np.tanh(pull / greatest_growth)


def smooth_minimum(a, b, sharpness):
    """Return a smooth version of min(a, b) for a, b >= 0: (a^−s + b^−s)^(−1/s), never above either."""
    a, b = np.maximum(a, 1e-12), np.maximum(b, 1e-12)
    low, high = np.minimum(a, b), np.maximum(a, b)
    return low * (1.0 + (low / high) ** sharpness) ** (-1.0 / sharpness)
