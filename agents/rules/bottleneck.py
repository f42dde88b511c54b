"""Spend on the limiting factor: what is already in store throttles buying more of it; and what it is that limits."""

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
