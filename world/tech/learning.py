"""Experience curves: cost falls by a fixed share with every doubling of what was ever made (Wright 1936)."""

from __future__ import annotations

import numpy as np


def exponent(learning_rate):
    """Return w = −log2(1 − learning rate); a rate of 20 % gives 0.322."""
    return -np.log2(1.0 - np.asarray(learning_rate, dtype=float))


def cost(first_cost, made, first_made, learning_rate):
    """Return c₀·(X/X₀)^−w at cumulative output `made` (X) where `first_cost` held at `first_made` (X₀); same shapes.

    Without experience (X₀ = 0) there is nothing to double: the cost stays. Negative learning rates raise costs.
    """
    made, first_made = np.asarray(made, dtype=float), np.asarray(first_made, dtype=float)
    known = (first_made > 0.0) & (made > 0.0)
    ratio = np.where(known, made / np.where(known, first_made, 1.0), 1.0)
    return first_cost * np.where(known, ratio, 1.0) ** (-exponent(learning_rate))
