"""P, what a coin is worth in goods (USD per W), per nation.

P* is the price at which all the coins there are, and those about to be minted, are wanted:

    base · ((energy + y·P)/all_in_ref)^(-e) + running + Σ_s waiting_s / (1 + (P/willing_s)^(1/spread))
        + (transactions + savings + foreign)/(1000 P)   =   coins + Σ near-mints × chance

(y: rent as a share of P; a waiting step is chips already owned and what they would pay for a watt; MUSD/(1000
· USD/W) = GW.) Every term on the left falls in P, so P* is unique; above VOLL × expected short hours ÷
discount rate nobody pays, and what is still wanted there is rationed. P then moves a share θ of the way, in
logarithms: no floors, no asymmetric clips.
"""

from __future__ import annotations

import numpy as np

from ..kernels import kernel
from .roots import MOST_TRIES, next_try

_DEPTH = 200.0  # P* is sought down to exp(-200) of the ceiling: a coin that nobody wants is worth that


@kernel
def ceiling_value(voll_usd_per_mwh, short_hours, rate):
    """Return USD per W: the worth of `short_hours` a year, for ever, not being short; at a yearly rate."""
    return voll_usd_per_mwh * short_hours * 1e-6 / rate


@kernel
def _accepted(log_value, willing, spread):
    """Share of a waiting step that takes coins at this value."""
    if not willing > 0.0:
        return 0.0
    z = (log_value - np.log(willing)) / spread
    return 1.0 / (1.0 + np.exp(z)) if z < 700.0 else 0.0


@kernel
def _wanted(log_value, terms, waiting_gw, waiting_willing):
    """Coins one nation wants at a value exp(log_value), GW, and their slope per unit of log_value; balances in MUSD."""
    base, energy, all_in_ref, elasticity, rent_yield, running, spread, balances = terms
    value = np.exp(log_value)
    held = balances / (1000.0 * value)
    wanted = running + held
    slope = -held
    if base > 0.0:
        rent = rent_yield * value
        stake = base * ((energy + rent) / all_in_ref) ** (-elasticity)
        wanted += stake
        slope -= elasticity * stake * rent / (energy + rent)
    for s in range(waiting_gw.shape[0]):
        if waiting_gw[s] > 0.0:  # most steps are of other nations' companies
            share = _accepted(log_value, waiting_willing[s], spread)
            wanted += waiting_gw[s] * share
            slope -= waiting_gw[s] * share * (1.0 - share) / spread
    return wanted, slope


@kernel
def _excess(wanted, slope, supply):
    """Return what is wanted beyond the supply and its slope: in logarithms, nearly straight in the logarithm of the value."""
    if wanted > 0.0 and supply > 0.0:
        return np.log(wanted / supply), slope / wanted
    return wanted - supply, slope


@kernel
def market_value(
    coins_gw,
    near_mints_gw,
    near_mint_chance,
    base_stake_gw,
    energy_usd_per_w_year,
    all_in_ref_usd_per_w_year,
    base_elasticity,
    rent_yield,
    running_gw,
    waiting_gw,
    waiting_willing_usd_per_w,
    waiting_spread,
    transactions_musd,
    savings_musd,
    foreign_musd,
    ceiling_usd_per_w,
):
    """Find P* of every nation.

    (N,): coins_gw, base_stake_gw (at the reference price), energy and all_in_ref (USD per W-year, > 0),
    rent_yield (a share of P a year), running_gw, transactions_musd, savings_musd, foreign_musd,
    ceiling_usd_per_w (> 0). (N, S): waiting_gw, waiting_willing_usd_per_w. (N, M): near_mints_gw,
    near_mint_chance. Numbers: base_elasticity >= 0, waiting_spread > 0. Balances must sum to >= 0 in each
    nation (else P* need not be unique).

    Returns value (N,) USD per W; bound (N,) bool: the ceiling binds; rationed_gw (N,): coins wanted at the
    ceiling and not there; accepted_gw (N, S): waiting chips that take coins. Where more coins exist than are
    wanted at any price, value is exp(-200) of the ceiling.
    """
    nations, steps = waiting_gw.shape
    value = np.zeros(nations)
    bound = np.zeros(nations, np.bool_)
    rationed = np.zeros(nations)
    accepted = np.zeros((nations, steps))
    for n in range(nations):
        supply = coins_gw[n]
        for k in range(near_mints_gw.shape[1]):
            supply += near_mints_gw[n, k] * near_mint_chance[n, k]
        terms = (
            base_stake_gw[n],
            energy_usd_per_w_year[n],
            all_in_ref_usd_per_w_year[n],
            base_elasticity,
            rent_yield[n],
            running_gw[n],
            waiting_spread,
            transactions_musd[n] + savings_musd[n] + foreign_musd[n],
        )
        high = np.log(ceiling_usd_per_w[n])
        low = high - _DEPTH
        point = high
        wanted, slope = _wanted(point, terms, waiting_gw[n], waiting_willing_usd_per_w[n])
        if wanted >= supply:
            bound[n] = wanted > supply
            rationed[n] = wanted - supply
            low = high
        excess, slope = _excess(wanted, slope, supply)
        slow = False
        for _ in range(MOST_TRIES):
            tried = next_try(low, high, point, excess, slope, slow)
            if tried == point:
                break
            point, before = tried, abs(excess)
            wanted, slope = _wanted(point, terms, waiting_gw[n], waiting_willing_usd_per_w[n])
            excess, slope = _excess(wanted, slope, supply)
            slow = abs(excess) > 0.5 * before
            if excess > 0.0:
                low = point
            else:
                high = point
        value[n] = np.exp(point)
        for s in range(steps):
            taken = _accepted(point, waiting_willing_usd_per_w[n, s], waiting_spread)
            accepted[n, s] = waiting_gw[n, s] * taken
    return value, bound, rationed, accepted


def adjust_value(value, target, speed):
    """Return `P · (P*/P)^θ`, USD per W: the share θ (0 to 1 a month) of the way to P*, in logarithms."""
    return value * (np.asarray(target) / value) ** speed


def solve_savings(
    value,
    coins_gw,
    near_mints_gw,
    near_mint_chance,
    base_stake_gw,
    energy_usd_per_w_year,
    all_in_ref_usd_per_w_year,
    base_elasticity,
    rent_yield,
    running_gw,
    waiting_gw,
    waiting_willing_usd_per_w,
    waiting_spread,
    transactions_musd,
    foreign_musd,
):
    """Return the savings (N,) in MUSD with which `market_value` is `value` (N,) in month 0; arguments as there.

    Negative where loads and trade already want more coins than there are at that value: the caller must say
    so (and lower the loads or raise the value); below zero it is no savings.
    """
    value = np.asarray(value, dtype=np.float64)
    savings = np.empty(value.size)
    for n in range(value.size):
        supply = coins_gw[n] + np.sum(near_mints_gw[n] * near_mint_chance[n])
        terms = (
            base_stake_gw[n],
            energy_usd_per_w_year[n],
            all_in_ref_usd_per_w_year[n],
            base_elasticity,
            rent_yield[n],
            running_gw[n],
            waiting_spread,
            transactions_musd[n] + foreign_musd[n],
        )
        wanted, _ = _wanted(np.log(value[n]), terms, waiting_gw[n], waiting_willing_usd_per_w[n])
        savings[n] = (supply - wanted) * 1000.0 * value[n]
    return savings


def opening_value(capex_usd_per_w, lifetime_years, fixed_om_usd_per_w_year, energy_margin_usd_per_w_year, credit, rate):
    """Return (P0, each): what the cheapest firm watt costs that can be had, USD per W.

    Each technology (..., K): `(capex · crf(rate, life) + fixed O&M - energy margin) / credit / rate`, per W
    of nameplate; credit is firm W per W of nameplate (ΔA); rate (...) a year. A credit of 0 or less, or capex
    that is not finite, means "cannot be had": inf. An entry below zero earns its cost on energy alone, and
    its watts come free. P0 is the lowest entry, but never below zero. `each` is returned as it is, so that
    the caller can print what the opening rests on. Without any technology P0 is inf.
    """
    rate = np.asarray(rate, dtype=np.float64)[..., np.newaxis]
    credit = np.asarray(credit, dtype=np.float64)
    recovery = rate / -np.expm1(-np.asarray(lifetime_years) * np.log1p(rate))
    yearly = np.asarray(capex_usd_per_w) * recovery + fixed_om_usd_per_w_year - energy_margin_usd_per_w_year
    had = (credit > 0.0) & np.isfinite(yearly)
    each = np.where(had, yearly, np.inf) / np.where(had, credit, 1.0) / rate
    return np.maximum(0.0, each.min(axis=-1, initial=np.inf)), each
