"""Investment in plants: net present value for merchants, need for planners (Dixit & Pindyck 1994 for the terms)."""

from __future__ import annotations

import numpy as np


def annuity_factor(rate, years):
    """Return the present value of 1 a year over `years` at `rate` (1/yr; 0 gives `years`)."""
    rate, years = np.broadcast_arrays(np.asarray(rate, dtype=float), np.asarray(years, dtype=float))
    counts = rate != 0.0
    safe = np.where(counts, rate, 1.0)
    return np.where(counts, -np.expm1(-years * np.log1p(safe)) / safe, years)


def capital_recovery_factor(rate, years):
    """Return the yearly payment per unit of capital that repays it over `years` (> 0) at `rate`."""
    return 1.0 / annuity_factor(rate, years)


def project_value(margin, credit, value, capex, fixed_om, subsidy, pv_factor, life_years, rate):
    """Return (worth, cost) of a kW, USD, of every technology in every zone [Z, K].

    `margin` energy margin USD/kW/yr; `credit` firm GW per GW; `value` P in USD/W; `capex` USD/kW; `fixed_om` USD/kW/yr;
    `subsidy` share of capex; `pv_factor` years; the coins minted must be bought back at the end of life: worth
    ΔA·P·(1 − (1 + r)^−life). q = worth / cost; fixed upkeep counts as cost. NPV = worth − cost.
    """
    firm = credit * value * 1000.0 * (1.0 - (1.0 + rate) ** (-life_years))
    return margin * pv_factor + firm, capex * (1.0 - subsidy) + fixed_om * pv_factor


def energy_worth(output_gwh, price_usd_per_mwh, running_usd_per_mwh, rate, life_years):
    """Return the present value in MUSD of yearly output [...]: sold at the price, or replacing fuel worth as much.

    Margin = output × (price − own running cost). For a planner `price_usd_per_mwh` is the running cost of the plant
    whose fuel is saved: building for energy pays without any need for firm capacity.
    """
    return output_gwh * (price_usd_per_mwh - running_usd_per_mwh) * 1e-3 * annuity_factor(rate, life_years)


def adjust_rate(rate_gw, q, speed, greatest_change):
    """Return next month's build rate: ln(rate) moves by `speed`·ln q a month, at most ± `greatest_change` (smoothly).

    q and 1/q move it alike. A rate of 0 stays 0: `enter` starts it.
    """
    pull = speed * np.log(np.maximum(q, np.finfo(float).tiny))
    return rate_gw * np.exp(greatest_change * np.tanh(pull / greatest_change))


def enter(rate_gw, q, first_gw, speed):
    """Return the build rate after newcomers: q − 1 > 0 draws it toward `first_gw` (GW/month) where less is built.

    Keeps a technology that once died out from being dead for ever; nothing enters at q <= 1.
    """
    return rate_gw + np.maximum(first_gw - rate_gw, 0.0) * speed * np.tanh(np.maximum(q - 1.0, 0.0))


def firm_need(peak_gw, growth, lead_months, reserve, accredited_gw, under_way_gw, retiring_gw_per_year, catch_up_months):
    """Return firm GW a month that planners want started [N]: the peak forecast at lead time with reserve, less what will be.

    `growth` 1/yr of the peak (expected), `reserve` share; accredited and under-way firm GW; retirements go on as seen.
    The gap closes over `catch_up_months`; a surplus starts nothing.
    """
    years = lead_months / 12.0
    wanted = peak_gw * np.exp(growth * years) * (1.0 + reserve)
    there = accredited_gw + under_way_gw - retiring_gw_per_year * years
    return np.maximum(wanted - there, 0.0) / catch_up_months


def net_cost_per_firm_watt(worth, cost, credit, value, least_credit):
    """Return USD per firm W that a technology costs net of its energy margin; infinite where it carries hardly any.

    `worth` and `cost` USD/kW as from `project_value`, `credit` firm W per W, `value` USD/W. Without its own coins' worth.
    """
    carries = credit > least_credit
    energy = worth - credit * value * 1000.0
    firm = np.where(carries, credit, 1.0)
    return np.where(carries, (cost - energy) / (firm * 1000.0), np.inf)


def allot_need(need_gw, cost_per_watt, credit, buildable, scale):
    """Split a need of firm GW [Z] over technologies by logit on net cost per firm watt (USD/W, `scale`); GW of plant [Z, K].

    Where nothing can be built (`buildable` 0 or infinite cost) the need stays unmet and the row is 0.
    """
    usable = np.isfinite(cost_per_watt) & (buildable > 0.0) & (credit > 0.0)
    best = np.min(np.where(usable, cost_per_watt, np.inf), axis=1, keepdims=True, initial=np.inf)
    gap = np.where(usable, cost_per_watt, 0.0) - np.where(np.isfinite(best), best, 0.0)
    weight = np.where(usable, np.exp(-np.where(usable, gap, 0.0) / scale), 0.0)
    total = weight.sum(axis=1, keepdims=True)
    share = weight / np.where(total > 0.0, total, 1.0)
    return np.where(usable, need_gw[:, None] * share / np.where(credit > 0.0, credit, 1.0), 0.0)
