"""Firm capacity on design days: how many coins a nation's plants carry.

**A zone's supply.** On a design day of a season the zone's load keeps its shape and grows to a peak of x GW.
S is the largest x that is carried in every hour of two days: the *peak day* (wind at its tenth percentile,
storage full at midnight) and the *lull day* (wind of a three-day lull, cyclic: storage must end the day as
full as it began it, losses included), so that storage cannot hide a lull. The order of dispatch is fixed:

1. thermal plant less correlated outage, firm imports, wind, solar;
2. hydro, limited in power and in the day's energy, shaves the highest remaining hours to a level
   (water-filling);
3. storage serves what is left. One pool per zone (powers and energies add; one efficiency, all losses at
   charging).

Each step lowers the remaining load wherever its input is lower, so S never falls when a capacity grows (with
hydro's power and energy in a fixed ratio). Hydro first is also the best order while storage has one block of
hours to serve; with two blocks a joint linear program can carry slightly more (0.3 % in the worst zone of our
tables; `tests/world/power/test_accredit.py`).

**A nation's capacity.** Surplus of a zone counts as far as internal lines can carry it to loads that may grow
to (1 + room) times their peak. Max-flow from supplies to loads equals its minimum cut, over the sets U of
zones that surplus is bottled up in:

    A_s = min_U  Σ_{z∉U} S_z  +  Σ_{z∈U} (1 + room_z) D_z  +  Σ links from U to outside U
    A   = D* · min_s A_s / D_s,      D_s = Σ_z D_zs,  D* = max_s D_s.

Axes: Z zones (those of a nation side by side), S seasons, A = 2 days (peak, lull), K technologies, H hours, N
nations.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..kernels import kernel

PEAK, LULL = 0, 1
FLAT, SOLAR, HYDRO, STORAGE = 0, 1, 2, 3  # role of a technology: what its credit multiplies
KW_PER_GW = 1_000_000
_WHOLE_KW_SLACK = 1e-3  # kW: rounding noise must not take a coin off a round number
_SUPPLY_DIGITS = 1e9  # supplies are whole watts


class DesignDays(NamedTuple):
    """Load and weather of the design days; constant during a year except for the loads."""

    load: np.ndarray  # [Z, S, A, H] GW, local hours
    role: np.ndarray  # [K] int64: FLAT, SOLAR, HYDRO or STORAGE
    # [Z, S, A, K] GW per GW: 1 - outage; wind factor; low-day factor of solar; peak share of hydro; 1
    credit: np.ndarray
    solar_cf: np.ndarray  # [Z, S, H] capacity factor on a clear design day
    hydro_hours: np.ndarray  # [Z, S] GWh a day per GW
    storage_hours: np.ndarray  # [Z, K] GWh per GW
    efficiency: np.ndarray  # [Z] round trip
    imports_gw: np.ndarray  # [Z, S] firm, contracted from abroad


class Grid(NamedTuple):
    """How zones hang together inside nations."""

    first: np.ndarray  # [N + 1] int64: zones of nation n are first[n] .. first[n + 1] - 1
    cuts_gw: np.ndarray  # [N, 2**n] link capacity from the zones in the bit set to the nation's other zones
    room: np.ndarray  # [Z] growth of load that surplus may be accredited for (0.3: up to 1.3 x peak)


class Accreditation(NamedTuple):
    supply_gw: np.ndarray  # [Z, S]
    national_gw: np.ndarray  # [N]
    coins_kw: np.ndarray  # [N] int64


def design_load_gw(peak_day, multiplier, mean_load_gw, coincidence, flat_gw) -> np.ndarray:
    """Return load [Z, S, H] of a design day, GW.

    `peak_day` [Z, S, H] is the shape of the highest days (any scale); `multiplier` [Z, S] the day's highest
    hour per annual mean; `mean_load_gw` [Z] the base load without AI; `coincidence` [Z] the share of a zone's
    peak that falls into the nation's peak hours; `flat_gw` [Z] the AI load.
    """
    top = peak_day.max(axis=2, keepdims=True)
    shape = np.divide(peak_day, top, out=np.zeros_like(peak_day), where=top > 0.0)
    return shape * (multiplier * (mean_load_gw * coincidence)[:, None])[:, :, None] + flat_gw[:, None, None]


def link_cuts_gw(
    first: np.ndarray, link_from: np.ndarray, link_to: np.ndarray, link_gw: np.ndarray
) -> np.ndarray:
    """Return `Grid.cuts_gw` [N, 2**n], n the largest number of zones of a nation.

    Links are one-way; those between nations do not count. Raises ValueError above 8 zones in a nation.
    """
    sizes = np.diff(first)
    if sizes.max(initial=0) > 8:
        raise ValueError(
            f"a nation has {sizes.max()} zones; accreditation lists all subsets of at most 8: join some zones"
        )
    cuts = np.zeros((len(sizes), 1 << int(sizes.max(initial=0))))
    for n, (start, end) in enumerate(pairwise(first)):
        inside = (link_from >= start) & (link_from < end) & (link_to >= start) & (link_to < end)
        subsets = np.arange(1 << int(end - start))
        for a, b, gw in zip(link_from[inside] - start, link_to[inside] - start, link_gw[inside], strict=True):
            cuts[n, : len(subsets)] += gw * ((subsets >> a & 1) & ~(subsets >> b) & 1)
    return cuts


@kernel
def _shave(net, slope, power, energy, order):
    """Lower `net` [H] by hydro of `power` GW and `energy` GWh, highest hours first; `slope` is d net / dx."""
    hours = net.shape[0]
    if energy >= hours * power * (1.0 - 1e-12):
        for h in range(hours):
            net[h] -= power
        return
    for i in range(1, hours):  # insertion sort; `order` is nearly right from the last call
        candidate = order[i]
        value = net[candidate]
        j = i
        while j > 0 and net[order[j - 1]] < value:
            order[j] = order[j - 1]
            j -= 1
        order[j] = candidate
    level = net[order[0]]
    above, capped, left = 1, 0, energy
    while True:
        from_top = net[order[above]] if above < hours else -np.inf
        from_cap = net[order[capped]] - power if capped < above else -np.inf
        following = max(from_top, from_cap)
        active = above - capped
        if active * (level - following) >= left:
            level -= left / active
            break
        if active > 0:
            left -= active * (level - following)
        level = following
        if from_top >= from_cap:
            above += 1
        else:
            capped += 1
    total = 0.0
    for i in range(capped, above):
        total += slope[order[i]]
    mean = total / (above - capped)
    for i in range(capped):
        net[order[i]] -= power
    for i in range(capped, above):
        net[order[i]] = level
        slope[order[i]] = mean


@kernel
def _margin(x, shape, firm, solar, hydro_gw, hydro_gwh, power, energy, efficiency, cyclic, net, slope, order):
    """Return (margin, d margin / dx): how much is to spare at a peak of x; the day is carried where margin >=
    0.

    The margin is the smallest of the power to spare (GW), the lowest filling of storage and, on a cyclic day,
    what the day adds to it (GWh). It is continuous, piecewise linear and falls in x.
    """
    hours = shape.shape[0]
    for h in range(hours):
        net[h] = x * shape[h] - firm - solar[h]
        slope[h] = shape[h]
    if hydro_gw > 0.0 and hydro_gwh > 0.0:
        _shave(net, slope, hydro_gw, hydro_gwh, order)
    worst = net[0]
    d_worst = slope[0]
    for h in range(1, hours):
        if net[h] > worst:
            worst = net[h]
            d_worst = slope[h]
    margin = power - worst
    d_margin = -d_worst
    if worst <= 0.0 or power <= 0.0:
        return margin, d_margin
    filling, d_filling = energy, 0.0
    total, d_total = 0.0, 0.0
    for lap in range(2 if cyclic else 1):
        watch = lap == 1 or not cyclic  # the first lap of a cyclic day only finds how full midnight can be
        for h in range(hours):
            if net[h] > 0.0:
                filling -= net[h]
                d_filling -= slope[h]
                if lap == 0:
                    total -= net[h]
                    d_total -= slope[h]
                if watch and filling < margin:
                    margin = filling
                    d_margin = d_filling
            else:
                room = -net[h]
                d_room = -slope[h]
                if room > power:
                    room = power
                    d_room = 0.0
                filling += efficiency * room
                d_filling += efficiency * d_room
                if lap == 0:
                    total += efficiency * room
                    d_total += efficiency * d_room
                if filling > energy:
                    filling = energy
                    d_filling = 0.0
    if cyclic and total < margin:
        margin = total
        d_margin = d_total
    return margin, d_margin


@kernel
def _largest(
    high, shape, firm, solar, hydro_gw, hydro_gwh, power, energy, efficiency, cyclic, net, slope, order
):
    """Return the largest x <= high that the day carries, GW: Newton from above, bisection where it errs."""
    low = 0.0
    x = high
    for _ in range(100):
        margin, d_margin = _margin(
            x, shape, firm, solar, hydro_gw, hydro_gwh, power, energy, efficiency, cyclic, net, slope, order
        )
        if margin >= 0.0:
            if x >= high:
                return x
            low = x
        else:
            high = x
        tolerance = 1e-14 * x
        if high - low <= tolerance or (x == low and margin == 0.0):
            return low
        step = -margin / d_margin if d_margin < 0.0 else np.inf
        if abs(step) <= tolerance:
            return x
        following = x + step
        if not low < following < high:
            # a root within rounding of the end of the bracket, or a wrong slope
            if following <= low and low > 0.0 and low - following <= 4.0 * tolerance:
                return low
            following = 0.5 * (low + high)
        x = following
    return low


@kernel
def _supply(z, s, capacity, days, solar, shape, net, slope, order):
    """Return the supply of zone z in season s, GW; `capacity` [K] is the zone's."""
    hours = days.load.shape[3]
    firm_peak = days.imports_gw[z, s]
    firm_lull = firm_peak
    sun_peak, sun_lull = 0.0, 0.0
    hydro_gw, hydro_gwh, power, energy = 0.0, 0.0, 0.0, 0.0
    for k in range(capacity.shape[0]):
        gw = capacity[k]
        if gw <= 0.0:
            continue
        peak_gw = gw * days.credit[z, s, 0, k]
        role = days.role[k]
        if role == 0:
            firm_peak += peak_gw
            firm_lull += gw * days.credit[z, s, 1, k]
        elif role == 1:
            sun_peak += peak_gw
            sun_lull += gw * days.credit[z, s, 1, k]
        elif role == 2:
            hydro_gw += peak_gw
            hydro_gwh += gw * days.hydro_hours[z, s]
        else:
            power += peak_gw
            energy += peak_gw * days.storage_hours[z, k]
    top = 0.0
    for h in range(hours):
        top = max(top, days.load[z, s, 0, h])
    efficiency = days.efficiency[z]
    x = np.inf
    for day in range(1, -1, -1):  # the lull binds more often
        firm = firm_lull if day == 1 else firm_peak
        sun = sun_lull if day == 1 else sun_peak
        bound = x
        sum_shape, sum_firm = 0.0, 0.0
        for h in range(hours):
            solar[h] = sun * days.solar_cf[z, s, h]
            shape[h] = days.load[z, s, day, h] / top if top > 0.0 else 1.0
            if shape[h] > 0.0:
                bound = min(bound, (firm + solar[h] + hydro_gw + power) / shape[h])
            sum_shape += shape[h]
            sum_firm += firm + solar[h]
        if day == 0:
            sum_firm += energy
        if sum_shape > 0.0:
            bound = min(bound, (sum_firm + hydro_gwh) / sum_shape)
        if bound == np.inf:
            continue
        x = _largest(
            bound,
            shape,
            firm,
            solar,
            hydro_gw,
            hydro_gwh,
            power,
            energy,
            efficiency,
            day == 1,
            net,
            slope,
            order,
        )
    return np.rint(x * _SUPPLY_DIGITS) / _SUPPLY_DIGITS


@kernel
def _national(n, supply, peak, grid, sums):
    """Return the accredited capacity of nation n, GW."""
    start, end = grid.first[n], grid.first[n + 1]
    subsets = 1 << (end - start)
    annual, share = 0.0, np.inf
    for s in range(supply.shape[1]):
        season_peak, everything = 0.0, 0.0
        for z in range(start, end):
            season_peak += peak[z, s]
            everything += supply[z, s]
        if season_peak <= 0.0:
            continue
        annual = max(annual, season_peak)
        sums[0] = everything
        least = everything
        for subset in range(1, subsets):
            z, bit = start, subset
            while bit & 1 == 0:
                bit >>= 1
                z += 1
            sums[subset] = sums[subset & (subset - 1)] + (1.0 + grid.room[z]) * peak[z, s] - supply[z, s]
            least = min(least, sums[subset] + grid.cuts_gw[n, subset])
        share = min(share, least / season_peak)
    return annual * share if annual > 0.0 else 0.0


@kernel
def _peaks(load, peak):
    for z in range(load.shape[0]):
        for s in range(load.shape[1]):
            peak[z, s] = 0.0
            for h in range(load.shape[3]):
                peak[z, s] = max(peak[z, s], load[z, s, 0, h])


@kernel
def accredit_all(capacity, days, grid, supply, peak, national):
    """Write supply [Z, S], design peaks [Z, S] and national capacity [N] of the fleet [Z, K], all GW."""
    hours = days.load.shape[3]
    scratch = np.empty((4, hours))
    order = np.arange(hours)
    sums = np.empty(grid.cuts_gw.shape[1])
    _peaks(days.load, peak)
    for z in range(supply.shape[0]):
        for s in range(supply.shape[1]):
            supply[z, s] = _supply(
                z, s, capacity[z], days, scratch[0], scratch[1], scratch[2], scratch[3], order
            )
    for n in range(national.shape[0]):
        national[n] = _national(n, supply, peak, grid, sums)


@kernel
def _whole_kw(gw):
    return np.int64(np.floor(gw * KW_PER_GW + _WHOLE_KW_SLACK))


@kernel
def mint_in_order(capacity, zone, technology, gw, days, grid, zone_nation, supply, peak, national, minted_kw):
    """Add batches [B] one after another and write the coins each mints, whole kW: the rise of its nation's
    whole-kW capacity.

    Last in, in the order given; so the sum over batches is exactly the change of each nation's coins.
    `capacity` [Z, K], `supply` [Z, S] and `national` [N] are brought up to date in place (`supply`, `peak`,
    `national` from `accredit_all`).
    """
    hours = days.load.shape[3]
    scratch = np.empty((4, hours))
    order = np.arange(hours)
    sums = np.empty(grid.cuts_gw.shape[1])
    for b in range(zone.shape[0]):
        z = zone[b]
        n = zone_nation[z]
        before = _whole_kw(national[n])
        capacity[z, technology[b]] += gw[b]
        for s in range(supply.shape[1]):
            supply[z, s] = _supply(
                z, s, capacity[z], days, scratch[0], scratch[1], scratch[2], scratch[3], order
            )
        national[n] = _national(n, supply, peak, grid, sums)
        minted_kw[b] = _whole_kw(national[n]) - before


@kernel
def marginal_all(capacity, days, grid, zone_nation, supply, peak, national, step_gw, credit):
    """Write credit [Z, K]: the rise of the nation's capacity per GW added, from `step_gw` [K] more in one
    zone.

    Nothing given is changed. Technologies that act alike in a zone (all thermal plant, as a rule) are
    computed once.
    """
    hours = days.load.shape[3]
    seasons = supply.shape[1]
    technologies = capacity.shape[1]
    scratch = np.empty((4, hours))
    order = np.arange(hours)
    sums = np.empty(grid.cuts_gw.shape[1])
    row = np.empty(technologies)
    kept = np.empty(seasons)
    for z in range(capacity.shape[0]):
        n = zone_nation[z]
        row[:] = capacity[z]
        kept[:] = supply[z]
        for k in range(technologies):
            twin = -1
            for other in range(k):
                if days.role[other] != days.role[k] or step_gw[other] != step_gw[k]:
                    continue
                alike = days.storage_hours[z, other] == days.storage_hours[z, k] or days.role[k] != 3
                for s in range(seasons):
                    for day in range(2):
                        alike = alike and days.credit[z, s, day, other] == days.credit[z, s, day, k]
                if alike:
                    twin = other
                    break
            if twin >= 0:
                credit[z, k] = credit[z, twin]
                continue
            row[k] += step_gw[k]
            for s in range(seasons):
                supply[z, s] = _supply(z, s, row, days, scratch[0], scratch[1], scratch[2], scratch[3], order)
            credit[z, k] = max(0.0, (_national(n, supply, peak, grid, sums) - national[n]) / step_gw[k])
            row[k] = capacity[z, k]
            supply[z, :] = kept


def zone_nations(first: np.ndarray) -> np.ndarray:
    """Return the nation [Z] of every zone."""
    return np.repeat(np.arange(len(first) - 1), np.diff(first))


def design_peaks_gw(days: DesignDays) -> np.ndarray:
    """Return the design peak [Z, S] of every zone, GW."""
    return days.load[:, :, PEAK].max(axis=2)


def whole_kw(national_gw: np.ndarray) -> np.ndarray:
    """Return coins [N], int64 kW: the floor, but a value within a watt of the next kW counts as that kW."""
    return np.floor(national_gw * KW_PER_GW + _WHOLE_KW_SLACK).astype(np.int64)


def accredit(capacity_gw: np.ndarray, days: DesignDays, grid: Grid) -> Accreditation:
    """Return supplies, national capacities and coins of the fleet `capacity_gw` [Z, K]."""
    supply = np.empty(days.load.shape[:2])
    peak = np.empty_like(supply)
    national = np.empty(len(grid.first) - 1)
    accredit_all(capacity_gw, days, grid, supply, peak, national)
    return Accreditation(supply, national, whole_kw(national))


def mint(capacity_gw, zone, technology, gw, days: DesignDays, grid: Grid, now: Accreditation):
    """Return (coins minted [B] in whole kW, the new Accreditation) of batches commissioned in the order
    given.

    `now` is the accreditation of `capacity_gw` [Z, K] before the batches; neither is changed.
    """
    supply, national = now.supply_gw.copy(), now.national_gw.copy()
    minted = np.empty(len(zone), dtype=np.int64)
    mint_in_order(
        capacity_gw.copy(), zone, technology, gw, days, grid, zone_nations(grid.first), supply,
        design_peaks_gw(days), national, minted,
    )  # fmt: skip
    return minted, Accreditation(supply, national, whole_kw(national))


def marginal_credit(
    capacity_gw, days: DesignDays, grid: Grid, now: Accreditation, step_gw: np.ndarray
) -> np.ndarray:
    """Return ΔA per GW added [Z, K] by a finite step of `step_gw` [K] GW, all else as it is (for NPV)."""
    credit = np.empty_like(capacity_gw)
    marginal_all(
        capacity_gw, days, grid, zone_nations(grid.first), now.supply_gw.copy(), design_peaks_gw(days),
        now.national_gw, step_gw, credit,
    )  # fmt: skip
    return credit
