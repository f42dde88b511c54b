"""Chips made in a month: the least of orders, packaged wafers and memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Production(NamedTuple):
    made: np.ndarray  # [D] H100e
    wafers: np.ndarray  # [D, L] packaged wafers used
    memory: np.ndarray  # [D, M] GB used
    short_of: np.ndarray  # [D] 0 orders, 1 wafers, 2 memory


def make_chips(orders, wafers_per_unit, memory_per_unit, wafer_share, memory_share, wafer_capacity, memory_capacity):
    """Share makers' capacity over designers in proportion to what they order, and make the least of what each gets.

    `orders` [D] H100e; `wafers_per_unit` [D] wafers and `memory_per_unit` [D] GB per H100e; `wafer_share` [D, L] and
    `memory_share` [D, M] which maker a designer buys from (rows sum to 1); capacities [L] wafers and [M] GB a month.
    """
    wafer_want = (orders * wafers_per_unit)[:, None] * wafer_share
    memory_want = (orders * memory_per_unit)[:, None] * memory_share
    wafer_load, memory_load = wafer_want.sum(axis=0), memory_want.sum(axis=0)
    wafer_cut = np.minimum(1.0, wafer_capacity / np.where(wafer_load > 0.0, wafer_load, 1.0))
    memory_cut = np.minimum(1.0, memory_capacity / np.where(memory_load > 0.0, memory_load, 1.0))
    by_wafer = (wafer_share * wafer_cut).sum(axis=1)
    by_memory = (memory_share * memory_cut).sum(axis=1)
    part = np.minimum(by_wafer, by_memory)
    made = orders * part
    short = np.where(part >= 1.0, 0, np.where(by_wafer <= by_memory, 1, 2))
    used_w = wafer_want * np.where(by_wafer > 0.0, part / np.where(by_wafer > 0.0, by_wafer, 1.0), 0.0)[:, None] * wafer_cut
    used_m = memory_want * np.where(by_memory > 0.0, part / np.where(by_memory > 0.0, by_memory, 1.0), 0.0)[:, None] * memory_cut
    return Production(made, used_w, used_m, short)


def expansion(capacity, utilisation, target, speed, greatest):
    """Return capacity ordered in a month: growth tanh-bounded by `greatest` (1/yr), `speed` times utilisation above target."""
    growth = greatest * np.tanh(speed * (utilisation - target) / greatest)
    return capacity * np.maximum(growth, 0.0) / 12.0
