"""The market for AI services: buyers' demand per nation, sellers' effective compute, clearing prices.

Sellers sell where the price is highest among the nations they may serve; so prices equalise over all that share
sellers, and differ only where access keeps them apart. This is a linear Fisher market in price^−elasticity; the nations
fall into blocks of one price each, found exactly (lexicographically fairest base of a polymatroid, Fujishige 1980).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..kernels import kernel
from .tasks import adopt as adopt
from .tasks import opened_share as opened_share

_TIE = 1.0 + 1e-12  # blocks whose prices agree within rounding are ties: the smaller is taken first
_CLOSE = 1e-11
_ROUNDS = 1000
_LEAP = 16  # every so many rounds of fitting, a leap to where the last rounds were heading
_MOST_NATIONS = 62  # sets of nations are the bits of an int64


def clear_services(spending_scale, supply, access, reference_price, elasticity, quality=1.0):
    """Return (price [N] in MUSD per unit of effective compute, sales [C, N] in MUSD) of a month.

    Buyers of nation n would spend `spending_scale` [N] MUSD at `reference_price` (> 0); demand is isoelastic with
    `elasticity` > 0. Sellers have `supply` [C] units × `quality` (number or [C]) and sell all they may; `access` [C, N] is
    the share of a seller's supply that may be sold in a nation (0 none, 1 all). Price 0 where nobody may sell or
    nobody buys. Raises ValueError above 62 nations.
    """
    wanted = np.asarray(spending_scale, dtype=float) / reference_price
    offered = np.asarray(supply, dtype=float) * quality
    access = np.ascontiguousarray(access, dtype=float)
    if access.shape[1] > _MOST_NATIONS:
        raise ValueError(f"AI services are sold in {access.shape[1]} nations; allowed: at most {_MOST_NATIONS}")
    seller, width, group, pattern = _slices(access.tobytes(), access.shape)
    price, sales = np.zeros(access.shape[1]), np.zeros(access.shape)
    _clear(wanted, offered, seller, width, group, pattern, reference_price, -1.0 / elasticity, price, sales)
    return price, sales


@lru_cache(maxsize=64)
def _slices(access_bytes, shape):
    """Return (seller [S], width [S], group [S], pattern [G, N]): supply cut into slices that may go to a plain set of nations.

    Access changes with policy only, so this is remembered.
    """
    access = np.frombuffer(access_bytes).reshape(shape)
    levels = np.unique(access[access > 0.0])
    may = access[None, :, :] >= levels[:, None, None]
    level, seller = np.nonzero(may.any(axis=2))
    pattern, group = np.unique(may[level, seller], axis=0, return_inverse=True)
    return seller, np.diff(levels, prepend=0.0)[level], group.ravel(), pattern


@kernel
def _clear(wanted, offered, seller, width, group, pattern, reference_price, power, price, sales):
    """Write price [N] and sales [C, N]; `power` is -1/elasticity, the rest as in `clear_services` and `_slices`."""
    groups, nations = pattern.shape
    amount = np.zeros(groups)
    for i in range(seller.shape[0]):
        amount[group[i]] += offered[seller[i]] * width[i]
    flow, per_wanted = _share_out(amount, pattern, wanted)
    for n in range(nations):
        if per_wanted[n] > 0.0:
            price[n] = reference_price * per_wanted[n] ** power
    for i in range(seller.shape[0]):
        g = group[i]
        if amount[g] > 0.0:
            share = offered[seller[i]] * width[i] / amount[g]
            for n in range(nations):
                sales[seller[i], n] += flow[g, n] * share * price[n]


@kernel
def _share_out(amount, pattern, wanted):
    """Return (flow [G, N], quantity over wanted [N]) of groups with `amount` [G] that may go where `pattern` [G, N] says.

    Block by block, the scarcest set of nations first.
    """
    groups, nations = pattern.shape
    flow, ratio = np.zeros((groups, nations)), np.zeros(nations)
    reach = np.zeros(groups, np.int64)  # the nations a group may still serve, as bits; 0: gone
    open_nations = 0
    for g in range(groups):
        if amount[g] > 0.0:
            for n in range(nations):
                if pattern[g, n] and wanted[n] > 0.0:
                    reach[g] |= 1 << n
            open_nations |= reach[g]
    while open_nations:
        block, per_wanted = _scarcest(amount, reach, wanted, open_nations)
        if block == 0:  # amounts that are no numbers
            break
        if per_wanted > 0.0:  # (else too little to divide)
            _proportional(amount, reach, wanted, block, per_wanted, flow)
        for n in range(nations):
            if block >> n & 1:
                ratio[n] = per_wanted
        for g in range(groups):
            if reach[g] & block:
                reach[g] = 0
        open_nations &= ~block
    return flow, ratio


@kernel
def _scarcest(amount, reach, wanted, open_nations):
    """Return (nations as bits, quantity per wanted) of the scarcest set; of ties the first of the smallest.

    Candidates are what some of the groups cannot reach, or, where there are fewer nations than groups, simply every set.
    The smallest, so that what is left over is decided alike.
    """
    groups = np.flatnonzero(reach)
    size = 0
    for n in range(wanted.shape[0]):
        size += open_nations >> n & 1
    by_group = groups.shape[0] < size
    count = 1 << min(groups.shape[0], size)
    block, fewest, least = 0, 0, np.inf
    sets = np.empty(count, np.int64)
    supplied = np.empty(count)
    chosen = 0
    for subset in range(count):
        if by_group:
            chosen = open_nations
            for i in range(groups.shape[0]):
                if subset >> i & 1:
                    chosen &= ~reach[groups[i]]
        sets[subset] = chosen
        supplied[subset] = np.inf
        if chosen:
            there, want = 0.0, 0.0
            for g in groups:
                if reach[g] & chosen:
                    there += amount[g]
            for n in range(wanted.shape[0]):
                if chosen >> n & 1:
                    want += wanted[n]
            supplied[subset] = there / want
            least = min(least, supplied[subset])
        if not by_group:
            chosen = (chosen - open_nations) & open_nations  # the next larger subset
    ratio = least
    for subset in range(count):
        if sets[subset] and supplied[subset] <= least * _TIE:
            size = 0
            for n in range(wanted.shape[0]):
                size += sets[subset] >> n & 1
            if block == 0 or size < fewest:
                block, fewest, ratio = sets[subset], size, supplied[subset]
    return block, ratio


@kernel
def _proportional(amount, reach, wanted, block, per_wanted, flow):
    """Write the flow [G, N] into a block of nations that is most in proportion to amounts and wants (iterative fitting)."""
    groups, nations = np.flatnonzero((reach & block) != 0), np.flatnonzero((block >> np.arange(wanted.shape[0])) & 1)
    for g in groups:
        for n in nations:
            flow[g, n] = per_wanted * wanted[n] if reach[g] >> n & 1 else 0.0
    total = np.empty(wanted.shape[0])
    gap = np.inf
    for lap in range(_ROUNDS + 1):
        total[:] = 0.0
        for g in groups:
            row = 0.0
            for n in nations:
                row += flow[g, n]
            scale = amount[g] / row
            for n in nations:
                flow[g, n] *= scale
                total[n] += flow[g, n]
        before, gap = gap, 0.0
        for n in nations:
            gap = max(gap, abs(total[n] / (per_wanted * wanted[n]) - 1.0))
        if gap <= _CLOSE or lap == _ROUNDS:
            break
        # where a block nearly falls in two, gaps shrink by the same small share round after round: sum up the rest
        leap = 1.0
        if lap % _LEAP == _LEAP - 1 and gap < before:
            leap = max(1.0, min(before / (before - gap), 1.0 / gap))
        for n in nations:
            scale = (per_wanted * wanted[n] / total[n]) ** leap
            for g in groups:
                flow[g, n] *= scale


class Takings(NamedTuple):
    """What a month's sales come to (MUSD), with bills and rents as parallel arrays."""

    price: np.ndarray  # [N] MUSD per unit of effective compute
    by_nation: np.ndarray  # [N] spent
    by_company: np.ndarray  # [C] sold
    income: np.ndarray  # [C] sold, less rents paid, with rents received
    buyer: np.ndarray  # nation
    seller: np.ndarray  # company
    bill: np.ndarray
    lessee: np.ndarray
    lessor: np.ndarray
    rent: np.ndarray


@kernel
def in_use(owned, lease_share):
    """Return [C] compute in use: what is `owned` [C], less leased out plus leased in; `lease_share` [C, C] lessor, lessee."""
    used = owned.copy()
    for c in range(owned.shape[0]):
        for other in range(owned.shape[0]):
            leased = lease_share[c, other] * owned[c]
            used[c] -= leased
            used[other] += leased
    return used


@kernel
def _take(price, sales, scale, depth, lease_share, owned, rent_share):
    """Return what `Takings` holds, in its order."""
    companies, nations = sales.shape
    price = price.copy()
    by_nation, by_company, used = np.zeros(nations), np.zeros(companies), in_use(owned, lease_share)
    buyer, seller, bill = np.empty(sales.size, np.int64), np.empty(sales.size, np.int64), np.empty(sales.size)
    bills = 0
    for n in range(nations):
        spent = sales[:, n].sum()
        bend = 1.0
        if spent > scale[n]:
            bend = depth * scale[n] / (depth * scale[n] + spent - scale[n] + 1e-12)
        price[n] *= bend
        for c in range(companies):
            if sales[c, n] * bend > 0.0:
                buyer[bills], seller[bills], bill[bills] = n, c, sales[c, n] * bend
                by_nation[n] += bill[bills]
                by_company[c] += bill[bills]
                bills += 1
    income = by_company.copy()
    size = companies * companies
    lessee, lessor, rent = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size)
    rents = 0
    for c in range(companies):
        for other in range(companies):
            due = lease_share[c, other] * owned[c] * by_company[other] / max(used[other], 1e-9) * rent_share
            if due > 0.0:
                lessee[rents], lessor[rents], rent[rents] = other, c, due
                income[other] -= due
                income[c] += due
                rents += 1
    return (
        price, by_nation, by_company, income, buyer[:bills], seller[:bills], bill[:bills], lessee[:rents], lessor[:rents], rent[:rents],
    )  # fmt: skip


def take(price, sales, scale, depth, lease_share, owned, rent_share) -> Takings:
    """Return the month's Takings: no nation spends more on a band of work than that work is worth, so sales bend over near it.

    `price` [N] and `sales` [C, N] as cleared, `scale` [N] MUSD that buyers would spend at the reference price; they spend up to
    1 + `depth` times as much. `lease_share` [C, C] of what the first company owns (`owned` [C] H100e) the second uses, for
    `rent_share` of what it sells with it.
    """
    return Takings(*_take(price, sales, scale, depth, lease_share, owned, rent_share))
