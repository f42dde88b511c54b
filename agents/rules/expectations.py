"""What agents expect: adaptive, from what they saw; no peeking at what comes."""

from __future__ import annotations

import numpy as np


def monthly_gain(yearly_gain):
    """Return the gain a month that gives `yearly_gain` (0 … 1) a year: 1 − (1 − g)^(1/12)."""
    return 1.0 - (1.0 - np.asarray(yearly_gain, dtype=float)) ** (1.0 / 12.0)


def smooth(expected, seen, gain):
    """Return the expectation after seeing `seen`: a share `gain` (per step) of the error is corrected (Cagan 1956)."""
    return expected + gain * (seen - expected)


def grown_years(growth, years, horizon):
    """Return ∫₀^years e^(growth·min(t, horizon)) dt: how many years of today's flow come, if it grows for `horizon` years and no longer.

    `growth` 1/yr in natural logs; `years` and `horizon` >= 0.
    """
    growing = np.minimum(years, horizon)
    steep = np.abs(growth) > 1e-9
    area = np.where(steep, np.expm1(growth * growing) / np.where(steep, growth, 1.0), growing)
    return area + (years - growing) * np.exp(growth * growing)
