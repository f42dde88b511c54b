"""The month's rent of a firm watt: one clearing price per nation for every unstaked coin.

Supply is all coins. Against it stand what is staked, and at a rent R (USD per W-year)

- base load's stake  `base · ((energy + R)/(energy_ref + rent_ref))^(-elasticity)`,
- AI sites' steps    `gw / (1 + (R/willingness)^(1/spread))`: sites of one step differ a little, so a step is
  an S-curve,
- reserve            `loads · m · ln(VOLL · H0 / R)`, loads = base + staked.

The last is the rule `R = VOLL · H0 · exp(-s/m)` read backwards: a firm watt is worth to base load the hours
it saves from being short, which fall e-fold per m of margin `s = (coins - loads - rented)/loads` (Garver,
"Effective load carrying capability of generating units", IEEE Trans. PAS-85, 1966). All three fall strictly
in R, so the rent is unique and a continuous function of coins, with `d ln R / d coins > -1/(m · loads)`.
Where coins do not cover the loads, s is negative and the rent goes on rising up to VOLL × `most_hours`; there
it stops and what is still wanted is not served. `rationed_gw` is what loads and sites want beyond the coins,
on both stretches.
"""

from __future__ import annotations

import numpy as np

from ..kernels import kernel
from .roots import MOST_TRIES, next_try

_SMALLEST = -690.0  # ln of the smallest rent that is told from zero, USD per W-year


@kernel
def usd_per_w_year(usd_per_mwh, hours):
    """Return the yearly cost, in USD per W, of one W at a price in USD/MWh for that many hours a year."""
    return usd_per_mwh * hours * 1e-6


@kernel
def _accepted(log_rent, log_willing, spread):
    """Share of a step that rents at this rent."""
    z = (log_rent - log_willing) / spread
    if z > 700.0:
        return 0.0
    return 1.0 / (1.0 + np.exp(z))


@kernel
def _wanted(log_rent, terms, site_gw, log_willing):
    """Coins wanted by one nation, GW: (loads, sites, reserve, their slope per unit of log_rent)."""
    base, energy, all_in_ref, elasticity, staked, spread, log_short, margin = terms
    loads = staked
    loads_slope = 0.0
    if base > 0.0:
        rent = np.exp(log_rent)
        stake = base * ((energy + rent) / all_in_ref) ** (-elasticity)
        loads += stake
        loads_slope = -elasticity * stake * rent / (energy + rent) if rent > 0.0 else 0.0
    sites = 0.0
    slope = 0.0
    for s in range(site_gw.shape[0]):
        if site_gw[s] > 0.0:  # most steps of most nations are empty, and an exponential costs
            share = _accepted(log_rent, log_willing[s], spread)
            sites += site_gw[s] * share
            slope -= site_gw[s] * share * (1.0 - share) / spread
    spare = margin * (log_short - log_rent)
    return loads, sites, loads * spare, slope + loads_slope * (1.0 + spare) - loads * margin


@kernel
def clear_rent(
    coins_gw,
    staked_gw,
    base_stake_gw,
    energy_usd_per_w_year,
    energy_ref_usd_per_w_year,
    rent_ref_usd_per_w_year,
    base_elasticity,
    site_gw,
    site_willing_usd_per_w_year,
    site_spread,
    voll_usd_per_mwh,
    short_hours,
    most_hours,
    margin,
):
    """Clear every nation's rent.

    coins_gw, staked_gw (other than base load's), base_stake_gw (at the reference price), energy, energy_ref,
    rent_ref (USD per W-year, energy_ref + rent_ref > 0): (N,). site_gw, site_willing (USD per W-year; 0 or
    less: never rents): (N, S). Numbers: base_elasticity >= 0; site_spread > 0 (relative width of a step, 0.05
    say); voll; short_hours = H0, expected short hours a year at margin 0; most_hours >= short_hours where the
    rent stops; margin = m > 0, a share of load (with m · ln(most_hours/short_hours) < 1).

    Returns rent (N,) USD per W-year; accepted_gw (N, S); base_gw (N,), base load's stake; reserve_gw (N,),
    idle coins (below zero: short of the loads); rationed_gw (N,). coins = staked + base + accepted + reserve
    unless the ceiling binds or the rent is zero (no load, and more coins than the sites want: all of them are
    reserve).
    """
    nations, steps = site_gw.shape
    rent = np.zeros(nations)
    accepted = np.zeros((nations, steps))
    base_gw = np.zeros(nations)
    reserve = np.zeros(nations)
    rationed = np.zeros(nations)
    log_willing = np.empty(steps)
    log_short = max(_SMALLEST, np.log(usd_per_w_year(voll_usd_per_mwh, short_hours)))
    log_most = max(log_short, np.log(usd_per_w_year(voll_usd_per_mwh, most_hours)))
    for n in range(nations):
        for s in range(steps):
            willing = site_willing_usd_per_w_year[n, s]
            log_willing[s] = np.log(willing) if willing > 0.0 else -1e6
        all_in_ref = energy_ref_usd_per_w_year[n] + rent_ref_usd_per_w_year[n]
        energy = energy_usd_per_w_year[n]
        staked = staked_gw[n]
        terms = (
            base_stake_gw[n],
            energy,
            all_in_ref,
            base_elasticity,
            staked,
            site_spread,
            log_short,
            margin,
        )
        low, high = _SMALLEST, log_most
        point = high
        loads, sites, spare, slope = _wanted(point, terms, site_gw[n], log_willing)
        if loads > 0.0:
            # at this rent the reserve alone takes every coin
            low = max(low, min(log_short - coins_gw[n] / (loads * margin), high - 1.0))
        excess = loads + sites + spare - coins_gw[n]
        if excess >= 0.0:
            low = high  # the ceiling binds
        slow = False
        for _ in range(MOST_TRIES):
            tried = next_try(low, high, point, excess, slope, slow)
            if tried == point:
                break
            point, before = tried, abs(excess)
            loads, sites, spare, slope = _wanted(point, terms, site_gw[n], log_willing)
            excess = loads + sites + spare - coins_gw[n]
            slow = abs(excess) > 0.5 * before
            if excess > 0.0:
                low = point
            else:
                high = point
        rent[n] = np.exp(point) if point > _SMALLEST + 1.0 else 0.0
        base_gw[n] = loads - staked
        for s in range(steps):
            accepted[n, s] = site_gw[n, s] * _accepted(point, log_willing[s], site_spread)
        reserve[n] = coins_gw[n] - loads - sites
        rationed[n] = max(0.0, -reserve[n])
    return rent, accepted, base_gw, reserve, rationed


@kernel
def share_rent(use_gw, reserve_gw, coins, shortfall, is_bank, households, rent, staked, rented, payer, payee, musd, bank_of):
    """Write who pays whom how much rent this month, and what of every party's use [A, N] GW is its own and what it rents, kW.

    Users pay the bank of the coin's nation for what they do not own, households [N] also for the reserve [N] GW; the bank hands
    the owners of idle coins their part and keeps its own. A shortfall pays as well, so that a missing watt is never free. `rent`
    [N] in USD per W-year. Returns (payments written, what the banks keep [N] MUSD).
    """
    parties, nations = use_gw.shape
    written = 0
    kept = np.zeros(nations)
    net = np.empty(parties)
    for n in range(nations):
        month = rent[n] * 1000.0 / 12.0  # MUSD per GW
        bank = bank_of[n]
        offered = total = 0.0
        for p in range(parties):
            own = coins[p, n]
            kw = np.int64(np.floor(use_gw[p, n] * 1e6))
            rented[p, n] = max(kw - own, 0)
            staked[p, n] = kw
            net[p] = use_gw[p, n] - own * 1e-6
            if p == households[n]:
                net[p] += max(reserve_gw[n], 0.0)
            offered += max(-net[p], 0.0)
            total += max(net[p], 0.0)
        for p in range(parties):
            if net[p] > 0.0:
                payer[written], payee[written], musd[written] = p, bank, net[p] * month
                written += 1
            elif net[p] < 0.0:
                part = total * month * (-net[p] / offered)
                if is_bank[p]:
                    kept[n] += part
                else:
                    payer[written], payee[written], musd[written] = bank, p, part
                    written += 1
            if shortfall[p, n] > 0:
                payer[written], payee[written], musd[written] = p, bank, shortfall[p, n] * 1e-6 * month
                written += 1
        if offered <= 0.0:
            kept[n] += total * month
    return written, kept
