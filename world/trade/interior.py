"""The interior point that solves the exchange's program (see `exchange`): a primal-dual predictor-corrector.

Scaled so that supplies are 1 and budgets sum to 1. No names, no units: arrays of buyers × goods that can trade.
"""

from __future__ import annotations

import numpy as np

from ..kernels import kernel

ENOUGH = 1e-7  # relative error with which a market counts as cleared, where rounding forbids the tolerance
_SWEEPS = 3  # of proportional response before the first step
_SPREAD = 0.05  # the share of a budget bid evenly, which keeps the start inside
_FLOOR = 0.3  # of the tolerance: aiming lower, rounding errors in the system outgrow the step


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
    """Set an interior point from bids (I, J), shares of all budgets; without bids a budget is spread evenly."""
    buyers, goods = value.shape
    for i in range(buyers):
        links = 0.0
        sum_bids = 0.0
        for j in range(goods):
            links += edge[i, j]
            sum_bids += bids[i, j] * edge[i, j]
        even = _SPREAD if sum_bids > 0.0 else 1.0
        scale = (1.0 - even) * min(1.0, budget[i] / sum_bids) if sum_bids > 0.0 else 0.0
        for j in range(goods):
            x[i, j] = edge[i, j] * (even * budget[i] / (links + 1.0) + scale * bids[i, j])
    for sweep in range(_SWEEPS + 1):
        # proportional response (freight left out of the price): budgets and prices find their order of size
        p[:] = 0.0
        for i in range(buyers):
            m[i] = budget[i]
            for j in range(goods):
                m[i] -= x[i, j]
                p[j] += x[i, j]
        for j in range(goods):
            p[j] = max(reserve[j], p[j])
            y[j] = 1.0
        for i in range(buyers):
            utility = m[i]
            links = 1.0
            for j in range(goods):
                if edge[i, j] > 0.0:
                    links += 1.0
                    x[i, j] *= 0.9 / (p[j] + cost[i, j])
                    y[j] -= x[i, j]
                    utility += value[i, j] * x[i, j]
            rate[i] = min(0.9, budget[i] / utility)
            if sweep < _SWEEPS:
                for j in range(goods):
                    if edge[i, j] > 0.0:
                        bid = budget[i] * value[i, j] * x[i, j] / utility
                        x[i, j] = (1.0 - _SPREAD) * bid + _SPREAD * budget[i] / links
    for j in range(goods):
        p[j] = reserve[j]
        for i in range(buyers):
            if edge[i, j] > 0.0:
                p[j] = max(p[j], rate[i] * value[i, j] - cost[i, j])
        p[j] = 1.1 * p[j] + 0.1 / goods


@kernel
def interior_point(budget, value, reserve, cost, edge, bids, careful, limit, tolerance, x, m, p, rate):
    """Solve the scaled program (supplies 1, budgets sum to 1). Fills x, m, p, rate (= λ). Returns (steps, error).

    The error is the largest of: a buyer's loss against its best reply, as a share of its budget; a seller's
    gain from unsold goods and its buyers' losses, as a share of their value; a budget's imbalance. `careful` damps the corrector:
    slower, never stuck.
    """
    buyers, goods = value.shape
    y = np.empty(goods)
    _start(budget, value, reserve, cost, edge, bids, x, m, y, p, rate)
    # the slacks are variables of their own, so that none loses its digits near zero
    s = np.ones((buyers, goods))  # p + cost - rate · value
    s_money = 1.0 - rate
    s_good = p - reserve
    money = np.zeros(goods)  # of all who may buy the good
    near = np.full(goods, np.inf)  # the lowest freight on the good: with it a price of zero still has a scale
    for i in range(buyers):
        for j in range(goods):
            if edge[i, j] > 0.0:
                s[i, j] = p[j] + cost[i, j] - rate[i] * value[i, j]
                money[j] += budget[i]
                near[j] = min(near[j], cost[i, j])
    weight = np.empty(goods)
    level = np.empty(goods)
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
    best = np.inf
    best_x = np.empty((buyers, goods))
    best_m = np.empty(buyers)
    best_p = np.empty(goods)
    best_rate = np.empty(buyers)
    step = 0
    for step in range(limit):
        gap = 0.0
        error = 0.0
        weights = 1.0
        for i in range(buyers):
            u = m[i]
            loss = m[i] * s_money[i]
            for j in range(goods):
                u += value[i, j] * x[i, j]
                loss += x[i, j] * s[i, j]
            utility[i] = u
            gap += loss
            error = max(error, loss / budget[i], abs(rate[i] * u / budget[i] - 1.0))
        for j in range(goods):
            loss = y[j] * s_good[j]
            gap += loss
            for i in range(buyers):
                loss += x[i, j] * s[i, j]
            level[j] = p[j] + near[j]
            error = max(error, loss / level[j])
            # an edge weighs the buyer's budget times the good's share of the money that could buy it
            weight[j] = min(1.0, level[j] / money[j])
            weights += level[j] + weight[j] * money[j]
        if not gap < np.inf:
            break  # overflow
        if error <= tolerance:
            return step, error
        if error < best:
            best = error
            best_x[:] = x
            best_m[:] = m
            best_p[:] = p
            best_rate[:] = rate
        elif best <= ENOUGH and error > 10.0 * ENOUGH:
            break  # rounding errors: no nearer than this
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
        second = 0.0
        for phase in range(2):  # 0: predictor; 1: corrector, with the predictor's second-order terms
            step_x = 1.0
            step_s = 1.0
            for j in range(goods):
                r_good[j] = target * level[j] - y[j] * s_good[j] - second * dy[j] * dp[j]
                dp[j] = r_good[j] / s_good[j] - (1.0 - y[j])
            for i in range(buyers):
                aim = target * budget[i]
                r_rate[i] = budget[i] - rate[i] * utility[i] - second * d_rate[i] * d_utility[i]
                r_money[i] = aim - m[i] * s_money[i] + second * dm[i] * d_rate[i]
                g = r_money[i] / s_money[i]
                for j in range(goods):
                    r[i, j] = edge[i, j] * (aim * weight[j] - x[i, j] * s[i, j] - second * dx[i, j] * ds[i, j]) / s[i, j]
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
                second = step_x * step_s if careful else 1.0
                after = 0.0
                for i in range(buyers):
                    after += (m[i] + step_x * dm[i]) * (s_money[i] - step_s * d_rate[i])
                    for j in range(goods):
                        after += (x[i, j] + step_x * dx[i, j]) * (s[i, j] + step_s * ds[i, j])
                for j in range(goods):
                    after += (y[j] + step_x * dy[j]) * (s_good[j] + step_s * dp[j])
                target = max(gap / weights * max(after / gap, 0.0) ** 3, _FLOOR * tolerance / (1.0 + goods))
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
    x[:] = best_x
    m[:] = best_m
    p[:] = best_p
    rate[:] = best_rate
    return step, best
