"""Spend on the limiting factor: what is already in store throttles buying more of it."""

from __future__ import annotations

import numpy as np

from ...world.kernels import kernel


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
    cover = np.asarray(cover, dtype=float)
    out = np.empty(cover.shape)
    _throttle(cover.ravel(), float(target), float(sharpness), out.ravel())
    return out[()]


@kernel
def _throttle(cover, target, sharpness, out):
    for i in range(cover.shape[0]):
        have = max(cover[i], 0.0)
        most = max(have, target)
        if have == np.inf or most == 0.0:
            out[i] = 0.0 if have == np.inf else 1.0
            continue
        # both over the larger one, so that neither power overflows
        low, high = (target / most) ** sharpness, (have / most) ** sharpness
        out[i] = low / (low + high)
