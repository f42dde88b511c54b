"""Where dispatch starts from: the plan of the same month a year ago, fitted to what stands now.

Its sun, load and water are nearer to this month's than last month's are: a fifth fewer moves were measured. Stores
that have grown since would start idle in their new part, and rivers differ from year to year, so stores are kept as
shares of their power and reservoirs as shares of their inflow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel
from .dispatch import HOURS

MONTHS = 12


class YearPlan(NamedTuple):
    """The latest plan of every month of the year, single precision: it is only a start. Zeros are the cold start."""

    flow: np.ndarray  # [12, D, L, H] GW
    net: np.ndarray  # [12, D, S, H] GWh given to the grid per inflow of the day or per GW of power, below zero when charging


def empty_year(days: int, links: int, units: int) -> YearPlan:
    """Return a year in which nothing was planned yet."""
    return YearPlan(
        np.zeros((MONTHS, days, links, HOURS), np.float32), np.zeros((MONTHS, days, units, HOURS), np.float32)
    )


@kernel
def recall(year, month, units, inflow_gwh, plan):
    """Fill `plan` with what was done in this month (0 to 11) of the last year, for the `units` and inflows [D, S] of now."""
    plan.flow[:] = year.flow[month]
    for d in range(inflow_gwh.shape[0]):
        for s in range(inflow_gwh.shape[1]):
            out = inflow_gwh[d, s] if inflow_gwh[d, s] > 0.0 else units.discharge_gw[s]
            for h in range(HOURS):
                net = year.net[month, d, s, h]
                plan.discharge[d, s, h] = max(net, 0.0) * out
                plan.charge[d, s, h] = max(-net, 0.0) * units.charge_gw[s]


@kernel
def remember(year, month, units, inflow_gwh, plan):
    """Keep `plan` as what was done in this month of the year."""
    year.flow[month] = plan.flow
    for d in range(inflow_gwh.shape[0]):
        for s in range(inflow_gwh.shape[1]):
            out = inflow_gwh[d, s] if inflow_gwh[d, s] > 0.0 else units.discharge_gw[s]
            per_out = 1.0 / out if out > 0.0 else 0.0
            per_in = 1.0 / units.charge_gw[s] if units.charge_gw[s] > 0.0 else 0.0
            for h in range(HOURS):
                year.net[month, d, s, h] = plan.discharge[d, s, h] * per_out - plan.charge[d, s, h] * per_in
