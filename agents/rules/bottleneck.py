"""Spend on the limiting factor: what is already in store throttles buying more of it."""

from __future__ import annotations

import numpy as np

_TINY = np.finfo(float).tiny
_LEAST = np.finfo(float).smallest_subnormal


def cover_months(stock, use_per_month):
    """Return how many months a stock lasts at a monthly use of the same unit; 0 with no stock, inf with no use."""
    stock, use = np.asarray(stock, dtype=float), np.asarray(use_per_month, dtype=float)
    used = use > 0.0
    months = np.where(used, stock / np.where(used, use, 1.0), np.inf)
    return np.where(stock > 0.0, months, 0.0)


def throttle(cover, target, sharpness):
    """Return a factor in [0, 1]: 1 with no cover, 1/2 at the target, → 0 far above it (Hill curve, no clamp).

    `cover` and `target` >= 0 in one unit (months of unsited chips, or of unfilled sites); `sharpness` > 0.
    """
    # 1 / (1 + (cover/target)^sharpness) in a form that cannot overflow; no cover counts as less than no target
    odds = np.log(np.maximum(cover, _LEAST)) - np.log(np.maximum(target, _TINY))
    return 0.5 * (1.0 - np.tanh(0.5 * sharpness * odds))
