"""Proportional response in its plainest form, an independent way to the same equilibrium (Birnbaum, Devanur & Xiao 2011).

Buyers bid each good what it gave them last time. The price is where bids buy the supply, or the reserve if that is
higher, *inside* the loop: without freight p = max(ΣX/c, r). With freight p solves Σ_i X_ij/(p + k_ij) = c_j, by bisection.
"""

import numpy as np


def respond(budgets, values, quantities, reserves, freight, allowed, sweeps):
    """Return (prices, utilities) after so many sweeps from even bids."""
    values = np.where(allowed, values, 0.0)
    bids = np.where(allowed, 1.0, 0.0)
    bids *= (budgets / (bids.sum(axis=1) + 1.0))[:, np.newaxis]
    for _ in range(sweeps):
        if freight.any():
            low = reserves.copy()
            high = np.maximum(reserves, bids.sum(axis=0) / quantities)
            for _ in range(60):
                middle = 0.5 * (low + high)
                scarce = (bids / (middle + freight)).sum(axis=0) > quantities
                low = np.where(scarce, middle, low)
                high = np.where(scarce, high, middle)
            price = high
        else:
            price = np.maximum(bids.sum(axis=0) / quantities, reserves)
        got = values * bids / (price + freight)
        utility = got.sum(axis=1) + budgets - bids.sum(axis=1)
        bids = got * (budgets / utility)[:, np.newaxis]
    return price, utility
