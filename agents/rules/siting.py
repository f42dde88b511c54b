"""Where new load goes: a logit over what a place costs, waiting included (McFadden 1974)."""

from __future__ import annotations

import numpy as np


def shares(cost, allowed, scale):
    """Return shares [C, places] (rows sum to 1, or 0 where nothing is allowed) of a logit on `cost` with `scale` (same unit)."""
    open_ = (allowed > 0.0) & np.isfinite(cost)
    best = np.min(np.where(open_, cost, np.inf), axis=1, keepdims=True)
    gap = np.where(open_, cost - np.where(np.isfinite(best), best, 0.0), np.inf)
    weight = np.where(open_, np.exp(-np.minimum(gap, 50.0 * scale) / scale) * allowed, 0.0)
    total = weight.sum(axis=1, keepdims=True)
    return weight / np.where(total > 0.0, total, 1.0)
