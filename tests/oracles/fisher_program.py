"""The quasi-linear Fisher program handed to a general convex solver (cvxpy, Clarabel): what `exchange.clear` must agree with."""

import cvxpy as cp
import numpy as np


def solve_program(budgets, values, quantities, reserves, freight, allowed):
    """Return (prices, utilities): the multipliers of supply and Σ v x + m of each buyer."""
    money = budgets.sum()
    b = budgets / money
    v = values * quantities / money  # goods in units of their supply, money in units of all budgets
    k = freight * quantities / money
    r = reserves * quantities / money
    x = cp.Variable(values.shape, nonneg=True)
    m = cp.Variable(budgets.size, nonneg=True)
    y = cp.Variable(quantities.size, nonneg=True)
    utility = cp.sum(cp.multiply(np.where(allowed, v, 0.0), x), axis=1) + m
    supply = cp.sum(x, axis=0) + y <= 1.0
    objective = b @ cp.log(utility) - cp.sum(m) - cp.sum(cp.multiply(np.where(allowed, k, 0.0), x)) + r @ y
    limits = [supply, cp.multiply(np.where(allowed, 0.0, 1.0), x) == 0.0] if not allowed.all() else [supply]
    problem = cp.Problem(cp.Maximize(objective), limits)
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return supply.dual_value * money / quantities, utility.value * money
