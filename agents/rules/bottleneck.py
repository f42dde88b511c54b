"""Spend on the limiting factor: what is already in store throttles buying more of it."""

from __future__ import annotations

import numpy as np


def throttle(cover, target, sharpness):
    """Return a factor in (0, 1]: 1 with no cover, 1/2 at the target, → 0 far above it (Hill curve)."""
    ratio = np.maximum(np.asarray(cover, dtype=float), 0.0) / target
    return 1.0 / (1.0 + ratio**sharpness)


def binding(waiting_gw: np.ndarray) -> np.ndarray:
    """Return the cause [N] with the most GW waiting of [N, causes]; cause 0 where nothing waits; ties go to the first."""
    worst = waiting_gw.argmax(axis=1)
    return np.where(waiting_gw.max(axis=1) > 0.0, worst, 0)
