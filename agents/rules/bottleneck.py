"""Spend on the limiting factor: what is already in store throttles buying more of it; and what it is that limits."""

from __future__ import annotations

import numpy as np


def cover_months(stock, use_per_month):
    """Return how many months a stock lasts at a monthly use of the same unit; 0 with no stock, inf with no use."""
    stock, use = np.broadcast_arrays(np.asarray(stock, dtype=float), np.asarray(use_per_month, dtype=float))
    used = use > 0.0
    return np.where(stock > 0.0, np.where(used, stock / np.where(used, use, 1.0), np.inf), 0.0)


def throttle(cover, target, sharpness):
    """Return a factor in [0, 1]: 1 with no cover, 1/2 at the target, → 0 far above it (Hill curve, no clamp).

    `cover` and `target` >= 0 in one unit (months of unsited chips, or of unfilled sites); `sharpness` > 0.
    """
    cover = np.maximum(np.asarray(cover, dtype=float), 0.0)
    endless = np.isinf(cover)
    cover = np.where(endless, 1.0, cover)
    most = np.maximum(cover, target)
    scale = np.where(most > 0.0, most, 1.0)
    low, high = (target / scale) ** sharpness, (cover / scale) ** sharpness
    total = low + high
    return np.where(endless, 0.0, np.where(total > 0.0, low / np.where(total > 0.0, total, 1.0), 1.0))


def add_stranded(waiting_gw, stranded_gw, sites, otherwise):
    """Return GW waiting by cause [N, causes] with chips that stand unpowered [N] added to what keeps their sites waiting.

    They count in proportion to the waiting GW among the causes marked in `sites` [causes] (0 or 1); where none of these
    waits, to cause number `otherwise` (coins, say: the halls stand, the right to draw is missing).
    """
    weight = waiting_gw * sites
    total = weight.sum(axis=1)
    held = total > 0.0
    out = waiting_gw + weight / np.where(held, total, 1.0)[:, None] * stranded_gw[:, None]
    out[:, otherwise] += np.where(held, 0.0, stranded_gw)
    return out


def binding(waiting_gw):
    """Return the cause [N] with the most GW waiting of [N, causes]; cause 0 where nothing waits; ties go to the first."""
    worst = waiting_gw.argmax(axis=1)
    return np.where(waiting_gw.max(axis=1) > 0.0, worst, 0)
