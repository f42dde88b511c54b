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
from .carry import EXACT, PEAK, SPARE, STORAGE, lay_out, moved_supply, zone_supply
from .carry import FLAT as FLAT
from .carry import HYDRO as HYDRO
from .carry import LULL as LULL
from .carry import SOLAR as SOLAR

KW_PER_GW = 1_000_000
_WHOLE_KW_SLACK = 1e-3  # kW: rounding noise must not take a coin off a round number


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
def _national(n, supply, peak, grid, sums):
    """Return the accredited capacity of nation n, GW."""
    start, end = grid.first[n], grid.first[n + 1]
    cuts = grid.cuts_gw[n]
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
        size = 1
        for z in range(start, end):  # the subsets that hold z are those before it, with z
            more = (1.0 + grid.room[z]) * peak[z, s] - supply[z, s]
            for subset in range(size):
                sums[size + subset] = sums[subset] + more
            size *= 2
        for subset in range(1, size):
            cut = sums[subset] + cuts[subset]
            if cut < least:
                least = cut
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
def accredit_all(capacity, days, grid, guess, supply, peak, national):
    """Write supply [Z, S], design peaks [Z, S] and national capacity [N] of the fleet [Z, K], all GW.

    `guess` [Z, S] is where the supplies may be (0: nothing is known); it makes the search shorter, not other.
    """
    desk = lay_out(days, grid.cuts_gw.shape[1])
    _peaks(days.load, peak)
    for z in range(supply.shape[0]):
        for s in range(supply.shape[1]):
            supply[z, s] = zone_supply(z, s, capacity, days, desk, guess[z, s], np.inf)
    for n in range(national.shape[0]):
        national[n] = _national(n, supply, peak, grid, desk.sums)


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
    desk = lay_out(days, grid.cuts_gw.shape[1])
    desk.known[:, :, EXACT] = supply
    for b in range(zone.shape[0]):
        z = zone[b]
        n = zone_nation[z]
        before = _whole_kw(national[n])
        capacity[z, technology[b]] += gw[b]
        for s in range(supply.shape[1]):
            supply[z, s] = moved_supply(z, s, technology[b], gw[b], capacity, days, desk)
        national[n] = _national(n, supply, peak, grid, desk.sums)
        minted_kw[b] = _whole_kw(national[n]) - before


@kernel
def mint_by_zone(capacity, changes, days, grid, zone_nation, supply, peak, national, minted_kw):
    """Do as `mint_in_order` with changes [R, Z, K], round by round and zone by zone; `minted_kw` [Z] is a zone's sum.

    What the batches of one zone mint in a row adds up to the rise from the first to the last, so only that is found.
    """
    desk = lay_out(days, grid.cuts_gw.shape[1])
    desk.known[:, :, EXACT] = supply
    minted_kw[:] = 0
    for r in range(changes.shape[0]):
        for z in range(capacity.shape[0]):
            moved = False
            for k in range(capacity.shape[1]):
                if changes[r, z, k] != 0.0:
                    capacity[z, k] += changes[r, z, k]
                    moved = True
            if not moved:
                continue
            n = zone_nation[z]
            before = _whole_kw(national[n])
            for s in range(supply.shape[1]):
                supply[z, s] = zone_supply(z, s, capacity, days, desk, desk.known[z, s, EXACT], np.inf)
            national[n] = _national(n, supply, peak, grid, desk.sums)
            minted_kw[z] += _whole_kw(national[n]) - before


@kernel
def marginal_all(capacity, days, grid, zone_nation, supply, peak, national, step_gw, credit):
    """Write credit [Z, K]: the rise of the nation's capacity per GW added, from `step_gw` [K] more in one
    zone.

    Nothing given is left changed. Technologies that act alike in a zone (all thermal plant, as a rule) are
    computed once.
    """
    seasons = supply.shape[1]
    technologies = capacity.shape[1]
    desk = lay_out(days, grid.cuts_gw.shape[1])
    kept = np.empty(seasons)
    for z in range(capacity.shape[0]):
        n = zone_nation[z]
        kept[:] = supply[z]
        for k in range(technologies):
            twin = -1
            for other in range(k):
                if days.role[other] != days.role[k] or step_gw[other] != step_gw[k]:
                    continue
                alike = days.storage_hours[z, other] == days.storage_hours[z, k] or days.role[k] != STORAGE
                for s in range(seasons):
                    for day in range(2):
                        alike = alike and days.credit[z, s, day, other] == days.credit[z, s, day, k]
                if alike:
                    twin = other
                    break
            if twin >= 0:
                credit[z, k] = credit[z, twin]
                continue
            have = capacity[z, k]
            capacity[z, k] += step_gw[k]
            for s in range(seasons):
                desk.known[z, s, EXACT] = kept[s]
                desk.known[z, s, SPARE] = 0.0
                supply[z, s] = moved_supply(z, s, k, step_gw[k], capacity, days, desk)
            credit[z, k] = max(0.0, (_national(n, supply, peak, grid, desk.sums) - national[n]) / step_gw[k])
            capacity[z, k] = have
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


def accredit(capacity_gw: np.ndarray, days: DesignDays, grid: Grid, guess_gw: np.ndarray | None = None) -> Accreditation:
    """Return supplies, national capacities and coins of the fleet `capacity_gw` [Z, K].

    `guess_gw` [Z, S], last month's supplies say, shortens the search and changes nothing else.
    """
    supply = np.empty(days.load.shape[:2])
    guess = np.zeros_like(supply) if guess_gw is None else guess_gw
    peak = np.empty_like(supply)
    national = np.empty(len(grid.first) - 1)
    accredit_all(capacity_gw, days, grid, guess, supply, peak, national)
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


def mint_zones(capacity_gw, changes_gw, days: DesignDays, grid: Grid, now: Accreditation):
    """Return (coins minted [Z] in whole kW, the new Accreditation) of `changes_gw` [R, Z, K]: the batches of round 0 zone by
    zone and technology by technology, then those of round 1, and so on.

    The same as `mint` of these batches, added up by zone, at a fraction of the cost. `now` as in `mint`.
    """
    supply, national = now.supply_gw.copy(), now.national_gw.copy()
    minted = np.empty(len(supply), dtype=np.int64)
    mint_by_zone(
        capacity_gw.copy(), changes_gw, days, grid, zone_nations(grid.first), supply, design_peaks_gw(days), national,
        minted,
    )  # fmt: skip
    return minted, Accreditation(supply, national, whole_kw(national))


def marginal_credit(
    capacity_gw, days: DesignDays, grid: Grid, now: Accreditation, step_gw: np.ndarray
) -> np.ndarray:
    """Return ΔA per GW added [Z, K] by a finite step of `step_gw` [K] GW, all else as it is (for NPV)."""
    credit = np.empty_like(capacity_gw)
    marginal_all(
        capacity_gw.copy(), days, grid, zone_nations(grid.first), now.supply_gw.copy(), design_peaks_gw(days),
        now.national_gw, step_gw, credit,
    )  # fmt: skip
    return credit
