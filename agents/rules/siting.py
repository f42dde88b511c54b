"""Where new load goes: a logit over what a place costs, waiting included (McFadden 1974)."""

from __future__ import annotations

import numpy as np


def shares(cost, allowed, scale):
    """Return shares [C, places] (rows sum to 1, or 0 where nothing is allowed) of a logit on `cost` with `scale` (same unit).

    `allowed` [C, places] >= 0: 0 no edge, else a weight (1 as a rule). Infinite cost is not chosen.
    """
    open_ = (allowed > 0.0) & np.isfinite(cost)
    cost = np.where(open_, cost, np.inf)  # what costs for ever gets no weight
    best = cost.min(axis=1, keepdims=True, initial=np.inf)
    weight = np.exp((np.where(np.isfinite(best), best, 0.0) - cost) / scale) * allowed
    total = weight.sum(axis=1, keepdims=True)
    return weight / np.where(total > 0.0, total, 1.0)


def weights(share, cost, scale):
    """Return weights [C, places] with which `shares` gives `share` at `cost`: the alternative-specific constants (McFadden 1974).

    The largest of a row is 1; 0 where the share is 0.
    """
    log = np.where(share > 0.0, np.log(np.where(share > 0.0, share, 1.0)) + cost / scale, -np.inf)
    top = log.max(axis=1, keepdims=True)
    return np.exp(log - np.where(np.isfinite(top), top, 0.0))
