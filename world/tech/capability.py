"""Capability: what the best model can do, as orders of magnitude of effective training compute over a reference."""

from __future__ import annotations

import numpy as np


def training_flop(h100e, months, flop_per_s, utilisation):
    """Return FLOP of a training run on `h100e` chips for `months` at `utilisation` (MFU) of `flop_per_s` each.

    A month has 30.4375 days. `flop_per_s` is the dense rate of the format that H100e counts by.
    """
    return h100e * flop_per_s * utilisation * months * (30.4375 * 86400.0)


def index(flop, log_software, reference_flop):
    """Return orders of magnitude over the reference: log10(FLOP/reference) + ln S / ln 10; −inf where nothing trains."""
    flop = np.asarray(flop, dtype=float)
    trains = flop > 0.0
    size = np.where(trains, np.log10(np.where(trains, flop, 1.0) / reference_flop), -np.inf)
    return size + np.asarray(log_software, dtype=float) / np.log(10.0)


def best_in_nation(value, home, nations):
    """Return [N] the largest `value` [C] among companies of each nation (`home` [C] nation numbers); 0 where there are none."""
    best = np.full(nations, -np.inf)
    np.maximum.at(best, np.asarray(home, dtype=np.int64), value)
    return np.where(np.isneginf(best), 0.0, best)


def train(known, trained):
    """Return the index of the best model each has [N]: what was trained once stays."""
    return np.maximum(known, trained)


def spread(available, own, frontier, lag_months, access):
    """Return next month's index [N] of the models that users of a nation can get.

    They have at least their `own`; else they follow the `frontier` (a number or [N]) with an exponential lag: behind a
    frontier that grows g a month they trail by g·`lag_months`/`access`. `access` [N] 0 … 1 cuts it off at 0.
    """
    available = np.maximum(available, own)
    keep = np.exp(-np.asarray(access, dtype=float) / lag_months)
    return available + np.maximum(frontier - available, 0.0) * (1.0 - keep)
