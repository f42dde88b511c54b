"""The exchange: a quasi-linear Fisher market for one class of substitutes.

Buyers i have a budget B_i (USD) and a value v_ij (USD per unit) of each good; sellers j have a quantity c_j and a
reserve price r_j (USD per unit). A unit of j costs buyer i `p_j + k_ij` delivered; k_ij is freight plus duty. Buyers
may keep money (worth 1 USD per USD), sellers may keep goods (worth r_j). The equilibrium is the optimum of

    maximise    Σ_i [B_i log U_i - m_i]  -  Σ_ij k_ij x_ij  +  Σ_j r_j y_j,     U_i = Σ_j v_ij x_ij + m_i
    subject to  Σ_i x_ij + y_j <= c_j ,   x, m, y >= 0 ,   x_ij = 0 where trade is prohibited,

with p_j the multiplier of supply. (Let λ_i = B_i/U_i. Optimal means λ_i v_ij <= p_j + k_ij, equal where x_ij > 0, and
λ_i <= 1, equal where m_i > 0. Sum over what i buys: Σ_j (p_j + k_ij) x_ij = λ_i (U_i - m_i) = B_i - m_i, so the budget
holds, freight included. Eisenberg & Gale 1959; with money kept: Cole et al. 2017, "Convex program duality, Fisher
markets, and Nash social welfare".)

**Freight is additive, and exact. A duty is levied on the customs value**, a price known before the market opens (last
month's): `k_ij = freight_ij + tariff_ij · customs_price_j`. A tariff on the market's own price has an equilibrium too, but
no convex program unless tariffs split into a buyer's factor times a seller's. `clear(..., customs_price=None)` finds it
by repeating the program, the customs value moving towards the price, until the two agree.

The program is solved by a primal-dual interior point (predictor-corrector, Mehrotra 1992): one linear system of size
sellers × sellers a step, about ten steps whatever the ties. Complementarity is weighted by budgets, so that goods which
are equally good for several buyers are shared in proportion to budgets (the analytic centre): the answer depends neither on
the order of rows nor on how a buyer is split into smaller ones. Proportional response has the same fixed point
(`tests/oracles/proportional_response.py` checks it) but needs 1e3 to 1e6 sweeps for six digits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel


class Clearing(NamedTuple):
    """What a market ended in. Goods balance: Σ_i quantity + unsold = supply. Money balances: Σ_j spending + kept = budget."""

    price: np.ndarray  # (J,) USD per unit, at the seller; where supply is zero: the lowest price at which nobody buys
    quantity: np.ndarray  # (I, J) units
    spending: np.ndarray  # (I, J) USD with freight and duty; the seller receives price × quantity
    kept: np.ndarray  # (I,) USD not spent
    unsold: np.ndarray  # (J,) units not sold
    iterations: int  # interior-point steps, over all rounds
    converged: bool  # every buyer within `tolerance` of the best it can do at these prices


KAP=1.0
KAP2=1.0


@kernel
def _factor(a):
    """Overwrite the lower triangle of a symmetric positive definite matrix by its factors L and D."""
    n = a.shape[0]
    for k in range(n):
        scale = a[k, k]
        pivot = scale
        for q in range(k):
            pivot -= a[k, q] * a[k, q] * a[q, q]
        a[k, k] = max(pivot, 1e-16 * scale)
        for row in range(k + 1, n):
            t = a[row, k]
            for q in range(k):
                t -= a[row, q] * a[k, q] * a[q, q]
            a[row, k] = t / a[k, k]


@kernel
def _solve(a, b):
    """Overwrite b by the solution of L D L' x = b."""
    n = a.shape[0]
    for k in range(n):
        for q in range(k):
            b[k] -= a[k, q] * b[q]
    for k in range(n):
        b[k] /= a[k, k]
    for k in range(n - 1, -1, -1):
        for q in range(k + 1, n):
            b[k] -= a[q, k] * b[q]


@kernel
def _start(budget, value, reserve, cost, edge, bids, x, m, y, p, rate):
    """Set an interior point from bids (I, J; shares of nothing in particular, only their proportions count)."""
    buyers, goods = value.shape
    y[:] = 0.0
    for i in range(buyers):
        links = 0.0
        sum_bids = 0.0
        for j in range(goods):
            links += edge[i, j]
            sum_bids += bids[i, j] * edge[i, j]
        blend = min(1.0, sum_bids / budget[i])  # all money may be in the bids; a twentieth is spread evenly
        even = 0.05 if blend > 0.0 else 1.0
        m[i] = budget[i]
        for j in range(goods):
            bid = even * budget[i] / (links + 1.0)
            if blend > 0.0:
                bid += (1.0 - even) * bids[i, j] * blend * budget[i] / sum_bids
            x[i, j] = bid * edge[i, j]
            m[i] -= x[i, j]
            y[j] += x[i, j]
    for j in range(goods):
        p[j] = max(reserve[j], y[j])
        y[j] = 1.0
    for i in range(buyers):
        utility = m[i]
        for j in range(goods):
            if edge[i, j] > 0.0:
                x[i, j] *= 0.9 / (p[j] + cost[i, j])
                y[j] -= x[i, j]
                utility += value[i, j] * x[i, j]
        rate[i] = min(0.9, budget[i] / utility)
    for j in range(goods):
        p[j] = reserve[j]
        for i in range(buyers):
            if edge[i, j] > 0.0:
                p[j] = max(p[j], rate[i] * value[i, j] - cost[i, j])
        p[j] = 1.1 * p[j] + 0.1 / goods


@kernel
def _interior_point(budget, value, reserve, cost, edge, bids, limit, tolerance, x, m, p, rate):
    """Solve the scaled program (supplies are 1, budgets sum to 1). Fills x, m, p, rate (= λ). Returns (steps, error)."""
    buyers, goods = value.shape
    y = np.empty(goods)
    _start(budget, value, reserve, cost, edge, bids, x, m, y, p, rate)
    # slacks of the three kinds of inequality; kept as variables of their own, so that none loses digits near zero
    s = np.ones((buyers, goods))  # p + cost - rate · value
    s_money = 1.0 - rate
    s_good = p - reserve
    weight_good = p.copy()
    weights = 0.0
    for j in range(goods):
        weights += weight_good[j]
    for i in range(buyers):
        weights += budget[i]
        for j in range(goods):
            if edge[i, j] > 0.0:
                s[i, j] = p[j] + cost[i, j] - rate[i] * value[i, j]
                weights += budget[i]
    a = np.empty((buyers, goods))
    w = np.empty((buyers, goods))
    r = np.empty((buyers, goods))
    dx = np.zeros((buyers, goods))
    ds = np.zeros((buyers, goods))
    utility = np.empty(buyers)
    curve = np.empty(buyers)
    r_rate = np.empty(buyers)
    r_money = np.empty(buyers)
    gain = np.empty(buyers)
    d_utility = np.zeros(buyers)
    dm = np.zeros(buyers)
    d_rate = np.zeros(buyers)
    r_good = np.empty(goods)
    dy = np.zeros(goods)
    dp = np.zeros(goods)
    matrix = np.empty((goods, goods))
    error = np.inf
    for step in range(limit):
        gap = 0.0
        error = 0.0
        lag = 0.0
        for i in range(buyers):
            u = m[i]
            loss = m[i] * s_money[i]
            for j in range(goods):
                u += value[i, j] * x[i, j]
                loss += x[i, j] * s[i, j]
            utility[i] = u
            gap += loss
            lag += abs(rate[i] * u - budget[i])
            error = max(error, loss / budget[i], abs(rate[i] * u / budget[i] - 1.0))
        for j in range(goods):
            gap += y[j] * s_good[j]
            error = max(error, y[j] * s_good[j] / p[j])
        if error <= tolerance or not error < np.inf:
            return step, error
        # the Newton matrix in prices: x' = -a (s' + …), one rank-one term a buyer
        for j in range(goods):
            for q in range(j):
                matrix[j, q] = 0.0
            matrix[j, j] = y[j] / s_good[j]
        for i in range(buyers):
            bend = m[i] / s_money[i]
            for j in range(goods):
                a[i, j] = x[i, j] / s[i, j]
                w[i, j] = value[i, j] * a[i, j]
            for j in range(goods):
                bend += w[i, j] * value[i, j]
            curve[i] = utility[i] + rate[i] * bend
            f = rate[i] / curve[i]
            for j in range(goods):
                fw = f * w[i, j]
                if fw != 0.0:
                    for q in range(j):
                        matrix[j, q] -= fw * w[i, q]
                    matrix[j, j] += a[i, j] * (1.0 - fw * value[i, j])
        _factor(matrix)
        target = 0.0
        for phase in range(2):  # 0: predictor; 1: corrector, with the predictor's second-order terms
            step_x = 1.0
            step_s = 1.0
            for j in range(goods):
                r_good[j] = target * weight_good[j] - y[j] * s_good[j] - phase * dy[j] * dp[j]
                dp[j] = r_good[j] / s_good[j] - (1.0 - y[j])
            for i in range(buyers):
                aim = target * budget[i]
                r_rate[i] = budget[i] - rate[i] * utility[i] - phase * d_rate[i] * d_utility[i]
                r_money[i] = aim - m[i] * s_money[i] + phase * dm[i] * d_rate[i]
                g = r_money[i] / s_money[i]
                for j in range(goods):
                    r[i, j] = edge[i, j] * (aim - x[i, j] * s[i, j] - phase * dx[i, j] * ds[i, j]) / s[i, j]
                    dp[j] += r[i, j] + x[i, j]
                for j in range(goods):
                    g += value[i, j] * r[i, j]
                gain[i] = g
                h = (r_rate[i] - rate[i] * g) / curve[i]
                for j in range(goods):
                    dp[j] += w[i, j] * h
            _solve(matrix, dp)
            for j in range(goods):
                dy[j] = (r_good[j] - y[j] * dp[j]) / s_good[j]
                if dp[j] * step_s < -s_good[j]:
                    step_s = -s_good[j] / dp[j]
                if dy[j] * step_x < -y[j]:
                    step_x = -y[j] / dy[j]
            for i in range(buyers):
                z = 0.0
                for j in range(goods):
                    z += w[i, j] * dp[j]
                d = (r_rate[i] - rate[i] * gain[i] + rate[i] * z) / curve[i]
                d_rate[i] = d
                dm[i] = (r_money[i] + m[i] * d) / s_money[i]
                du = dm[i]
                for j in range(goods):
                    ds[i, j] = edge[i, j] * (dp[j] - value[i, j] * d)
                    dx[i, j] = r[i, j] - a[i, j] * ds[i, j]
                for j in range(goods):
                    du += value[i, j] * dx[i, j]
                    if ds[i, j] * step_s < -s[i, j]:
                        step_s = -s[i, j] / ds[i, j]
                    if dx[i, j] * step_x < -x[i, j]:
                        step_x = -x[i, j] / dx[i, j]
                d_utility[i] = du
                if d * step_s < -rate[i]:
                    step_s = -rate[i] / d
                if -d * step_s < -s_money[i]:
                    step_s = s_money[i] / d
                if dm[i] * step_x < -m[i]:
                    step_x = -m[i] / dm[i]
            if phase == 0:
                after = 0.0
                for i in range(buyers):
                    after += (m[i] + step_x * dm[i]) * (s_money[i] - step_s * d_rate[i])
                    for j in range(goods):
                        after += (x[i, j] + step_x * dx[i, j]) * (s[i, j] + step_s * ds[i, j])
                for j in range(goods):
                    after += (y[j] + step_x * dy[j]) * (s_good[j] + step_s * dp[j])
                # a floor: below it rounding errors in the system outgrow the step
                target = max(gap / weights * max(after / gap, 0.0) ** 3, 0.01 * tolerance / (1.0 + goods))
                if lag > KAP * gap:
                    target = max(target, KAP2 * lag / weights)
        keep = min(max(0.9, 1.0 - gap), 1.0 - 1e-9)
        step_x = min(1.0, keep * step_x)
        step_s = min(1.0, keep * step_s)
        for j in range(goods):
            p[j] += step_s * dp[j]
            s_good[j] += step_s * dp[j]
            y[j] += step_x * dy[j]
        for i in range(buyers):
            rate[i] += step_s * d_rate[i]
            s_money[i] -= step_s * d_rate[i]
            m[i] += step_x * dm[i]
            for j in range(goods):
                x[i, j] += step_x * dx[i, j]
                s[i, j] += step_s * ds[i, j]
    return limit, error
