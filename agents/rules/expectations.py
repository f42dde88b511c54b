"""What agents expect: adaptive, from what they saw; no peeking at what comes."""

from __future__ import annotations

import numpy as np


def monthly_gain(yearly_gain):
    """Return the gain a month that gives `yearly_gain` (0 … 1) a year: 1 − (1 − g)^(1/12)."""
    return 1.0 - (1.0 - np.asarray(yearly_gain, dtype=float)) ** (1.0 / 12.0)


def smooth(expected, seen, gain):
    """Return the expectation after seeing `seen`: a share `gain` (per step) of the error is corrected (Cagan 1956)."""
    return expected + gain * (seen - expected)


def trend(growth, before, now, gain, months):
    """Return the expected ln-growth 1/yr after a quantity went from `before` to `now` (> 0) in `months`.

    Where one of them is not positive there is nothing to learn and the expectation stays.
    """
    before, now = np.asarray(before, dtype=float), np.asarray(now, dtype=float)
    known = (before > 0.0) & (now > 0.0)
    seen = np.log(np.where(known, now, 1.0) / np.where(known, before, 1.0)) * 12.0 / months
    return np.where(known, smooth(growth, seen, gain), growth)


def forecast(now, growth, months):
    """Return the median forecast `months` ahead of a random walk with drift in logs: now · e^(growth·t)."""
    return now * np.exp(growth * np.asarray(months, dtype=float) / 12.0)


def forecast_spread(deviation, horizon_years, years_seen):
    """Return the standard deviation of ln of that forecast: σ·√(h + h²/m) (Farmer & Lafond 2016).

    `deviation` σ of yearly log changes, `horizon_years` h, `years_seen` m from which the drift was estimated.
    """
    h = np.asarray(horizon_years, dtype=float)
    return deviation * np.sqrt(h + h * h / years_seen)


def grown_years(growth, years, horizon):
    """Return ∫₀^years e^(growth·min(t, horizon)) dt: how many years of today's flow come, if it grows for `horizon` years and no longer.

    `growth` 1/yr in natural logs; `years` and `horizon` >= 0.
    """
    growing = np.minimum(years, horizon)
    steep = np.abs(growth) > 1e-9
    area = np.where(steep, np.expm1(growth * growing) / np.where(steep, growth, 1.0), growing)
    return area + (years - growing) * np.exp(growth * growing)
