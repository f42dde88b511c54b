"""The exchange: a quasi-linear Fisher market for one class of substitutes.

Buyers i have a budget B_i (USD) and a value v_ij (USD per unit) of each good; sellers j have a quantity c_j
and a reserve price r_j (USD per unit). A unit of j costs buyer i `p_j + k_ij` delivered; k_ij is freight plus
duty. Buyers may keep money (worth 1 USD per USD), sellers may keep goods (worth r_j). The equilibrium is the
optimum of

    maximise    Σ_i [B_i log U_i - m_i]  -  Σ_ij k_ij x_ij  +  Σ_j r_j y_j,     U_i = Σ_j v_ij x_ij + m_i
    subject to  Σ_i x_ij + y_j <= c_j ,   x, m, y >= 0 ,   x_ij = 0 where trade is prohibited,

with p_j the multiplier of supply. (Let λ_i = B_i/U_i. Optimal means λ_i v_ij <= p_j + k_ij, equal where x_ij
> 0, and λ_i <= 1, equal where m_i > 0. Sum over what i buys: Σ_j (p_j + k_ij) x_ij = λ_i (U_i - m_i) = B_i -
m_i, so the budget holds, freight included. Eisenberg & Gale 1959; with money kept: Cole et al. 2017, "Convex
program duality, Fisher markets, and Nash social welfare".)

**Freight is additive, and exact. A duty is levied on the customs value**, a price known before the market
opens (last month's): `k_ij = freight_ij + tariff_ij · customs_price_j`. A tariff on the market's own price
has an equilibrium too, but no convex program unless tariffs split into a buyer's factor times a seller's.
`clear(..., customs_price=None)` finds it by repeating the program, the customs value moving towards the
price, until the two agree.

The program is solved by a primal-dual interior point (`interior.py`; predictor-corrector, Mehrotra 1992): one linear system
of size sellers × sellers a step, about ten steps whatever the ties (should it take over thirty, it starts
again with smaller corrections). Complementarity is weighted by budgets, so that goods which are equally good
for several buyers are shared in proportion to budgets (the analytic centre): the answer depends neither on
the order of rows nor on how a buyer is split into smaller ones. Proportional response has the same fixed
point (`tests/oracles/proportional_response.py` checks it) but its regret
falls only as 1/sweeps: thousands for three digits. Three sweeps of it start the interior point.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel
from .interior import ENOUGH, interior_point


class Clearing(NamedTuple):
    """What a market ended in: Σ_i quantity + unsold = supply and Σ_j spending + kept = budget."""

    price: np.ndarray  # (J,) USD per unit, at the seller; of a good that is not there: the lowest nobody pays
    quantity: np.ndarray  # (I, J) units
    spending: np.ndarray  # (I, J) USD, freight and duty included; the seller gets price × quantity
    kept: np.ndarray  # (I,) USD not spent; (K, I) of several markets
    unsold: np.ndarray  # (J,) units not sold
    iterations: int  # interior-point steps, over all rounds and markets
    converged: bool  # every buyer within `tolerance` of the best it can do at these prices


_NAMES = ("budgets", "values", "quantities", "reserves", "freight")


@kernel
def _at_fault(budgets, values, supply, reserve, cost):
    """Return the number in `_NAMES` of the first array with an entry that is no number >= 0; -1: none."""
    found = -1
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            if not cost[i, j] >= 0.0:
                found = 4
            if not values[i, j] >= 0.0:
                return 1
    for j in range(supply.shape[0]):
        if not supply[j] >= 0.0:
            return 2
        if not reserve[j] >= 0.0:
            found = 3
    for k in range(budgets.shape[0]):
        for i in range(budgets.shape[1]):
            if not budgets[k, i] >= 0.0:
                return 0
    return found


@kernel
def _who_trades(k, market, budgets, values, supply, reserve, cost, allowed):
    """Return (buyers, goods) of market `k` with an edge that can trade: the good is there and beats money at its reserve."""
    buyers, goods = values.shape
    row = np.empty(buyers, np.int64)
    place = np.empty(goods, np.int64)
    there = np.zeros(goods, np.bool_)
    rows = 0
    columns = 0
    for i in range(buyers):
        if not budgets[i] > 0.0:
            continue
        live = False
        for j in range(goods):
            if market[j] == k and supply[j] > 0.0 and allowed[i, j] and values[i, j] > reserve[j] + cost[i, j]:
                live = True
                there[j] = True
        if live:
            row[rows] = i
            rows += 1
    for j in range(goods):
        if there[j]:
            place[columns] = j
            columns += 1
    return row[:rows], place[:columns]


@kernel
def _round(x, m, p, rate, b, k, v, r, e):
    """Of two shares whose product should be zero the smaller becomes zero, in place. Returns the share of each good sold."""
    rows, columns = x.shape
    share = np.zeros(columns)
    for n in range(rows):
        for q in range(columns):
            full = p[q] + k[n, q]
            if x[n, q] * full / b[n] < 1.0 - rate[n] * v[n, q] / full:
                x[n, q] = 0.0
    for q in range(columns):
        sold = 0.0
        near = np.inf
        for n in range(rows):
            sold += x[n, q]
            if e[n, q] > 0.0:
                near = min(near, k[n, q])
        if sold > 0.0 and (1.0 - sold < (p[q] - r[q]) / (p[q] + near) or sold > 1.0):
            for n in range(rows):
                x[n, q] /= sold
            share[q] = 1.0
        else:
            p[q] = r[q]
            share[q] = sold
    return share


@kernel
def _solve_scaled(row, place, money, budgets, values, supply, reserve, cost, allowed, bids, tolerance, limit):
    """Scale the edges that can trade to supplies and budgets of 1, solve, and round to exact balances.

    Returns (x, m, p, rate: of the scaled program), the share of each good sold, steps, error.
    """
    rows, columns = row.shape[0], place.shape[0]
    b, m, rate = np.empty(rows), np.empty(rows), np.empty(rows)
    r, p = np.empty(columns), np.empty(columns)
    v, k, e, z = np.zeros((rows, columns)), np.zeros((rows, columns)), np.zeros((rows, columns)), np.zeros((rows, columns))
    x = np.empty((rows, columns))
    for q in range(columns):
        r[q] = reserve[place[q]] * supply[place[q]] / money
    for n in range(rows):
        i = row[n]
        b[n] = budgets[i] / money
        for q in range(columns):
            j = place[q]
            if allowed[i, j] and values[i, j] > reserve[j] + cost[i, j]:
                e[n, q] = 1.0
                v[n, q] = values[i, j] * supply[j] / money
                k[n, q] = cost[i, j] * supply[j] / money
                z[n, q] = bids[i, j] / money
    steps, error = interior_point(b, v, r, k, e, z, False, limit, tolerance, x, m, p, rate)
    if not error <= ENOUGH:
        more, error = interior_point(b, v, r, k, e, z, True, 4 * limit, tolerance, x, m, p, rate)
        steps += more
    total = p.sum() + rate.sum() + x.sum() + m.sum()
    if not (error < np.inf and total < np.inf):  # numbers too far apart to compute with: nobody trades
        error = np.inf
        x[:] = 0.0
        p[:] = r
        rate[:] = 1.0
    share = _round(x, m, p, rate, b, k, v, r, e)
    for n in range(rows):
        m[n] /= b[n]
    return x, m, p, rate, share, steps, error


@kernel
def _clear_one(k, market, budgets, values, supply, reserve, cost, allowed, bids, tolerance, limit, price, quantity, spending, kept, unsold):
    """Clear market `k`: write what it ended in into its goods' columns and `kept`. Returns (steps, error)."""
    buyers, goods = values.shape
    row, place = _who_trades(k, market, budgets, values, supply, reserve, cost, allowed)
    rates = np.ones(buyers)
    steps = 0
    error = 0.0
    if row.shape[0] > 0:
        money = 0.0
        for i in row:
            money += budgets[i]
        x, m, p, rate, share, steps, error = _solve_scaled(
            row, place, money, budgets, values, supply, reserve, cost, allowed, bids, tolerance, limit
        )
        for q, j in enumerate(place):
            price[j] = max(reserve[j], p[q] * money / supply[j])
            unsold[j] = supply[j] * (1.0 - share[q])
        for n, i in enumerate(row):
            rates[i] = rate[n]
            spent = 0.0
            for q, j in enumerate(place):
                quantity[i, j] = x[n, q] * supply[j]
                spending[i, j] = quantity[i, j] * (price[j] + cost[i, j])
                spent += spending[i, j]
            if spent > budgets[i] or (spent > 0.0 and m[n] < 1.0 - rate[n]):
                for j in place:
                    spending[i, j] *= budgets[i] / spent
                kept[i] = 0.0
            else:
                kept[i] = budgets[i] - spent
    for j in range(goods):
        if market[j] == k and supply[j] <= 0.0:
            for i in range(buyers):
                if allowed[i, j] and budgets[i] > 0.0:
                    price[j] = max(price[j], rates[i] * values[i, j] - cost[i, j])
    return steps, error


@kernel
def _clear(market, budgets, values, supply, reserve, cost, allowed, bids, tolerance, limit):
    """Clear all markets, one after the other: see `clear_markets`. The last that is returned is `_at_fault`."""
    price = reserve.copy()
    quantity = np.zeros(values.shape)
    spending = np.zeros(values.shape)
    kept = budgets.copy()
    unsold = supply.copy()
    steps = 0
    error = 0.0
    fault = _at_fault(budgets, values, supply, reserve, cost)
    if fault < 0:
        for k in range(budgets.shape[0]):
            done, wrong = _clear_one(
                k, market, budgets[k], values, supply, reserve, cost, allowed, bids, tolerance, limit,
                price, quantity, spending, kept[k], unsold,
            )  # fmt: skip
            steps += done
            error = max(error, wrong)
    return price, quantity, spending, kept, unsold, steps, error <= ENOUGH, fault


def clear_markets(market, budgets, values, quantities, reserves, freight, allowed, bids=None, tolerance=1e-10, limit=30) -> Clearing:
    """Clear several markets that share nothing but their buyers: good j is sold in market `market[j]`.

    market (J,) int64; budgets (K, I) USD, one for each market; the rest as in `clear`, but float64 arrays in C order
    (`allowed` bool), and none may be left out. Raises ValueError for negative numbers and NaN.
    """
    if bids is None:
        bids = np.zeros(values.shape)
    *parts, fault = _clear(market, budgets, values, quantities, reserves, freight, allowed, bids, tolerance, limit)
    if fault >= 0:
        array = (budgets, values, quantities, reserves, freight)[fault]
        raise ValueError(f"exchange: `{_NAMES[fault]}` holds {array.min()}; every entry must be a number >= 0")
    return Clearing(*parts)


def _shaped(name, array, shape):
    array = np.ascontiguousarray(array, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"exchange: `{name}` has shape {array.shape}, must be {shape} (buyers, goods)")
    return array


def _checked(name, array, shape):
    array = _shaped(name, array, shape)
    if array.size and not array.min() >= 0.0:
        raise ValueError(f"exchange: `{name}` holds {array.min()}; every entry must be a number >= 0")
    return array


def clear(
    budgets, values, quantities, reserves, *, freight=None, allowed=None, tariff=None, customs_price=None, bids=None,
    tolerance=1e-10, limit=30, rounds=100,
) -> Clearing:  # fmt: skip
    """Clear one class of substitutes.

    budgets (I,) USD; values (I, J) USD per unit; quantities (J,) units; reserves (J,) USD per unit; freight
    (I, J) USD per unit; allowed (I, J) bool; tariff (I, J) ad valorem on customs_price (J,) USD per unit, or,
    where that is None, on the market's own price (found within 1e-7 by repetition, at most `rounds` times).
    bids (I, J) USD: an earlier `spending`, only to start nearer. An infinite reserve is not for sale. No
    state of the market is an error; ValueError only for negative numbers, NaN or wrong shapes. Cost: about 60
    µs for 30 × 10, 1 ms for 100 × 30.
    """
    budgets = _shaped("budgets", budgets, np.shape(budgets)[:1])
    quantities = _shaped("quantities", quantities, np.shape(quantities)[:1])
    shape = (budgets.size, quantities.size)
    values = _shaped("values", values, shape)
    reserves = _shaped("reserves", reserves, shape[1:])
    cost = np.zeros(shape) if freight is None else _shaped("freight", freight, shape)
    allowed = np.ones(shape, np.bool_) if allowed is None else np.ascontiguousarray(allowed, dtype=np.bool_)
    if allowed.shape != shape:
        raise ValueError(f"exchange: `allowed` has shape {allowed.shape}, must be {shape} (buyers, goods)")
    bids = np.zeros(shape) if bids is None else _checked("bids", bids, shape)
    one_market = np.zeros(shape[1], np.int64)

    def solve(delivered, bids):
        result = clear_markets(
            one_market, budgets[np.newaxis], values, quantities, reserves, delivered, allowed, bids, tolerance, limit
        )
        return result._replace(kept=result.kept[0])

    if tariff is None:
        return solve(cost, bids)
    tariff = _checked("tariff", tariff, shape)
    if customs_price is not None:
        return solve(cost + tariff * _checked("customs_price", customs_price, shape[1:]), bids)
    heaviest = tariff.max(axis=0, initial=0.0)
    customs = np.where(np.isfinite(reserves), reserves, 0.0)
    steps = 0
    for _ in range(rounds):
        result = solve(cost + tariff * customs, bids)
        steps += result.iterations
        # a duty of t USD lowers the price by at most t: this step cannot overshoot
        move = np.where(np.isfinite(reserves), result.price - customs, 0.0)
        agreed = bool(np.all(np.abs(move) <= 1e-7 * result.price))
        if agreed or not result.converged:
            break
        customs = customs + move / (1.0 + heaviest)
        bids = result.spending
    return result._replace(iterations=steps, converged=result.converged and agreed)
