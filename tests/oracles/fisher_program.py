"""The quasi-linear Fisher program in a general convex solver (cvxpy, Clarabel): what `exchange.clear` must agree with."""

import cvxpy as cp
import numpy as np


def objective_value(market, quantity, kept, unsold):
    """Return the program's objective at a point, per USD of all budgets."""
    utility = (market["values"] * quantity).sum(axis=1) + kept
    value = (market["budgets"] * np.log(utility / market["budgets"])).sum() - kept.sum()
    value += (market["reserves"] * unsold).sum() - (market["freight"] * quantity).sum()
    return value / market["budgets"].sum()


def solve_program(budgets, values, quantities, reserves, freight, allowed):
    """Return (prices, utilities, objective per USD of all budgets).

    Prices are the multipliers of supply. Utilities are the best that budgets buy at those prices: the solver's own
    quantities are ten times less exact, the optimum being flat around them.
    """
    money = budgets.sum()
    b = budgets / money
    v = np.where(allowed, values * quantities / money, 0.0)  # goods in units of their supply, money of all budgets
    k = np.where(allowed, freight * quantities / money, 0.0)
    r = reserves * quantities / money
    x = cp.Variable(values.shape, nonneg=True)
    m = cp.Variable(budgets.size, nonneg=True)
    y = cp.Variable(quantities.size, nonneg=True)
    utility = cp.sum(cp.multiply(v, x), axis=1) + m
    supply = cp.sum(x, axis=0) + y <= 1.0
    limits = [supply]
    if not allowed.all():
        limits.append(x[~allowed] == 0.0)
    objective = b @ cp.log(utility) - cp.sum(m) - cp.sum(cp.multiply(k, x)) + r @ y
    problem = cp.Problem(cp.Maximize(objective), limits)
    value = problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    price = supply.dual_value * money / quantities
    per_usd = np.where(allowed, values, 0.0) / (price + freight)
    return price, budgets * np.maximum(1.0, per_usd.max(axis=1)), value - (b * np.log(b)).sum()
