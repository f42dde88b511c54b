"""The market for AI services: buyers' demand per nation, sellers' effective compute, clearing prices.

Sellers sell where the price is highest among the nations they may serve; so prices equalise over all that share
sellers, and differ only where access keeps them apart. This is a linear Fisher market in price^−elasticity; the nations
fall into blocks of one price each, found exactly (lexicographically fairest base of a polymatroid, Fujishige 1980).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .tasks import adopt as adopt
from .tasks import opened_share as opened_share

_TIE = 1.0 + 1e-12  # blocks whose prices agree within rounding are ties: the smaller is taken first
_CLOSE = 1e-11
_ROUNDS = 1000


def clear_services(spending_scale, supply, access, reference_price, elasticity, quality=1.0):
    """Return (price [N] in MUSD per unit of effective compute, sales [C, N] in MUSD) of a month.

    Buyers of nation n would spend `spending_scale` [N] MUSD at `reference_price` (> 0); demand is isoelastic with
    `elasticity` > 0. Sellers have `supply` [C] units × `quality` (number or [C]) and sell all they may; `access` [C, N] is
    the share of a seller's supply that may be sold in a nation (0 none, 1 all). Price 0 where nobody may sell or
    nobody buys.
    """
    wanted = np.asarray(spending_scale, dtype=float) / reference_price
    offered = np.asarray(supply, dtype=float) * quality
    access = np.ascontiguousarray(access, dtype=float)
    price, sales = np.zeros(access.shape[1]), np.zeros(access.shape)
    seller, width, group, pattern = _slices(access.tobytes(), access.shape)
    part = offered[seller] * width
    amount = np.bincount(group, part, len(pattern))
    flow, per_wanted = _share_out(amount, pattern & (wanted > 0.0), wanted)
    served = per_wanted > 0.0
    price[served] = reference_price * per_wanted[served] ** (-1.0 / elasticity)
    some = np.where(amount > 0.0, amount, 1.0)
    np.add.at(sales, seller, flow[group] * (part / some[group])[:, None] * price[None, :])
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


def _share_out(amount, pattern, wanted):
    """Return (flow [G, N], quantity over wanted [N]) of groups with `amount` [G] that may go where `pattern` [G, N] says."""
    flow, ratio = np.zeros(pattern.shape), np.zeros(len(wanted))
    groups = (amount > 0.0) & pattern.any(axis=1)
    nations = pattern[groups].any(axis=0)
    while nations.any():
        rows, columns = np.flatnonzero(groups), np.flatnonzero(nations)
        mask = pattern[np.ix_(rows, columns)]
        sets = _candidates(mask)
        reach = (sets[:, None, :] & mask[None, :, :]).any(axis=2)
        supplied = (reach * amount[rows]).sum(axis=1) / (sets * wanted[columns]).sum(axis=1)
        # the scarcest set of nations; of ties the smallest, so that what is left over is decided alike
        near = np.flatnonzero(supplied <= supplied.min() * _TIE)
        pick = near[sets[near].sum(axis=1).argmin()]
        mine, there = rows[reach[pick]], columns[sets[pick]]
        flow[np.ix_(mine, there)] = _proportional(
            amount[mine], supplied[pick] * wanted[there], pattern[np.ix_(mine, there)]
        )
        ratio[there] = supplied[pick]
        groups[mine] = False
        nations[there] = False
    return flow, ratio


def _candidates(mask):
    """Return sets of nations [S, N] that can be the scarcest: what some of the groups cannot reach, or simply every set."""
    by_group = mask.shape[0] < mask.shape[1]
    size = mask.shape[0] if by_group else mask.shape[1]
    bits = (np.arange(2**size)[:, None] >> np.arange(size)[None, :]) & 1 == 1
    sets = ~(bits[:, :, None] & mask[None, :, :]).any(axis=1) if by_group else bits
    return sets[sets.any(axis=1)]


def _proportional(rows, columns, mask):
    """Return the flow [G, N] with the given sums that is most in proportion to them (iterative proportional fitting)."""
    flow = mask * columns[None, :]
    for _ in range(_ROUNDS):
        flow = flow * (rows / flow.sum(axis=1))[:, None]
        total = flow.sum(axis=0)
        if np.all(np.abs(total - columns) <= _CLOSE * columns):
            break
        flow = flow * (columns / total)[None, :]
    return flow * (rows / flow.sum(axis=1))[:, None]
