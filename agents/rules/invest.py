"""Investment in plants: net present value for merchants, need for planners (Dixit & Pindyck 1994 for the terms)."""

from __future__ import annotations

import numpy as np


def project_value(margin, credit, value, capex, fixed_om, subsidy, pv_factor, life_years, rate):
    """Return (worth, cost) of a kW, USD, of every technology in every zone [Z, K].

    `margin` energy margin USD/kW/yr; `credit` firm GW per GW; `value` P in USD/W; `capex` USD/kW; `fixed_om` USD/kW/yr;
    `subsidy` share of capex; `pv_factor` years; the coins minted must be bought back at the end of life: worth
    ΔA·P·(1 − (1 + r)^−life). q = worth / cost; fixed upkeep counts as cost. NPV = worth − cost.
    """
    firm = credit * value * 1000.0 * (1.0 - (1.0 + rate) ** (-life_years))
    return margin * pv_factor + firm, capex * (1.0 - subsidy) + fixed_om * pv_factor


def expected_value(value, forward, foresight):
    """Return the value of a coin that builders count on, USD/W: P^(1 − w)·F^w, w = `foresight`, F the value foreseen at completion.

    F of 0 with some foresight gives 0; w = 0 gives today's value.
    """
    return value ** (1.0 - foresight) * np.maximum(forward, 0.0) ** foresight


def expected_margin(margin, standing_gw, coming_gw, load_growth, elasticity, least_gw):
    """Return the energy margin expected at completion: it falls by `elasticity` with a technology's growth ahead of load.

    `standing_gw` now, `coming_gw` under way less what will retire, `load_growth` ln-growth of load until then. A technology's
    plants earn at the same hours, so their own growth lowers their prices (Hirth 2013). Below `least_gw` (> 0) a technology is
    too small in its zone to move them.
    """
    there = np.maximum(standing_gw, least_gw)
    ahead = np.maximum(standing_gw + coming_gw, least_gw)
    return margin * (ahead / there * np.exp(-load_growth)) ** (-elasticity)


def profitable_share(q, spread):
    """Return the share of candidate sites with NPV > 0: costs differ by site, log-logistic with `spread`; half of them at q = 1."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.log(np.maximum(q, np.finfo(float).tiny)) / spread))


def unseen_worth(opening, growth, elasticity):
    """Return what projects earn beside energy and firm capacity, as a share of cost: the opening's residual 1 − q₀.

    Above 0 (grid services, mandates, old contracts) it thins out as the technology outgrows load (`growth`, ratio to the
    opening, per unit of load) with the `elasticity` of energy margins; below 0 (scarce sites, opposition) it stays. It stands
    for the alternative-specific constant of a discrete choice (McFadden 1974).
    """
    return np.where(opening > 0.0, opening * np.maximum(growth, 1.0) ** (-elasticity), opening)


def candidates(sites_gw, started_gw, entry_gw, months):
    """Return next month's candidate sites, GW a month: developers follow what starts (half of the sites at the margin).

    `entry_gw` keeps a technology that is new or has died out from being dead for ever.
    """
    return np.maximum(sites_gw + (2.0 * started_gw - sites_gw) / months, entry_gw)


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
    cost = np.where(usable, cost_per_watt, np.inf)  # what costs for ever gets no weight
    best = cost.min(axis=1, keepdims=True, initial=np.inf)
    weight = np.exp((np.where(np.isfinite(best), best, 0.0) - cost) / scale)
    total = weight.sum(axis=1, keepdims=True)
    share = weight / np.where(total > 0.0, total, 1.0)
    return need_gw[:, None] * share / np.where(usable, credit, 1.0)


def keeping_value(margin, credit, value, rate):
    """Return what a year of keeping a plant is worth, USD/kW: its energy margin and the interest on its coins (value USD/W)."""
    return np.maximum(margin, 0.0) + np.maximum(credit, 0.0) * value * 1000.0 * rate


def retirement_pace(worth, usual_worth, response):
    """Return the factor on retirements by age: e^(−response·tanh ln(worth/usual)); 1 at the usual worth, owners hold on above it."""
    tiny = np.finfo(float).tiny
    gap = np.log(np.maximum(worth, tiny)) - np.log(np.maximum(usual_worth, tiny))
    return np.exp(-response * np.tanh(gap))
