"""Investment in plants: net present value for merchants, need for planners (Dixit & Pindyck 1994 for the terms)."""

from __future__ import annotations

import numpy as np


def capital_recovery_factor(rate, years):
    """Return the yearly payment per unit of capital that repays it over `years` at `rate` (> 0)."""
    return rate / (1.0 - (1.0 + rate) ** (-np.asarray(years, dtype=float)))


def annuity_factor(rate, years):
    """Return the present value of 1 a year over `years` at `rate`."""
    return 1.0 / capital_recovery_factor(rate, years)


def project_value(margin, credit, value, capex, fixed_om, subsidy, pv_factor, life_years, rate):
    """Return (worth, cost) of a kW, USD, of every technology in every zone [Z, K].

    `margin` energy margin USD/kW/yr; `credit` firm GW per GW; `value` P in USD/W; `capex` USD/kW; `fixed_om` USD/kW/yr;
    `subsidy` share of capex; `pv_factor` years; the coins minted must be bought back at the end of life: worth
    ΔA·P·(1 − (1 + r)^−life). q = worth / cost; fixed upkeep counts as cost.
    """
    firm = credit * value * 1000.0 * (1.0 - (1.0 + rate) ** (-life_years))
    return margin * pv_factor + firm, capex * (1.0 - subsidy) + fixed_om * pv_factor


def adjust_rate(rate_gw, q, speed, greatest_change):
    """Return next month's build rate: ln(rate) moves by `speed`·ln q a month, at most ± `greatest_change` (smoothly)."""
    pull = speed * np.log(np.maximum(q, 1e-9))
    return rate_gw * np.exp(greatest_change * np.tanh(pull / greatest_change))


def net_cost_per_firm_watt(worth, cost, credit, value, least_credit):
    """Return USD per firm W that a technology costs net of its energy margin; infinite where it carries hardly any."""
    energy = worth - credit * value * 1000.0
    firm = np.where(credit > least_credit, credit, 1.0)
    return np.where(credit > least_credit, (cost - energy) / (firm * 1000.0), np.inf)


def allot_need(need_gw, cost_per_watt, credit, buildable, scale):
    """Split a need of firm GW [Z] over technologies by logit on net cost per firm watt (USD/W, `scale`); GW of plant [Z, K]."""
    usable = np.isfinite(cost_per_watt) & (buildable > 0.0)
    best = np.min(np.where(usable, cost_per_watt, np.inf), axis=1, keepdims=True)
    gap = np.where(usable, cost_per_watt - np.where(np.isfinite(best), best, 0.0), np.inf)
    weight = np.where(usable, np.exp(-np.minimum(gap, 50.0 * scale) / scale), 0.0)
    total = weight.sum(axis=1, keepdims=True)
    share = weight / np.where(total > 0.0, total, 1.0)
    return np.where(usable, need_gw[:, None] * share / np.where(credit > 0.0, credit, 1.0), 0.0)
