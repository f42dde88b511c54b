"""Chips made in a month: the least of orders, packaged wafers and memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel


class Production(NamedTuple):
    made: np.ndarray  # [D] H100e
    wafers: np.ndarray  # [D, L] packaged wafers used
    memory: np.ndarray  # [D, M] GB used
    short_of: np.ndarray  # [D] 0 orders, 1 wafers, 2 memory
    wafers_wanted: np.ndarray  # [L] ordered of each maker
    memory_wanted: np.ndarray  # [M] GB


@kernel
def _ration(orders, per_unit, share, capacity):
    """Return (wanted [D, maker], ordered [maker], part of a maker's orders it fills, part [D] of its orders a designer gets)."""
    designers, makers = share.shape
    want, ordered, cut, part = np.empty((designers, makers)), np.zeros(makers), np.ones(makers), np.zeros(designers)
    for d in range(designers):
        for m in range(makers):
            want[d, m] = orders[d] * per_unit[d] * share[d, m]
            ordered[m] += want[d, m]
    for m in range(makers):
        if ordered[m] > 0.0:
            cut[m] = min(1.0, capacity[m] / ordered[m])
    for d in range(designers):
        for m in range(makers):
            part[d] += share[d, m] * cut[m]
    return want, ordered, cut, part


@kernel
def _use(want, cut, part, made_part):
    """Turn what designers want [D, maker] into what they use, in place: as much of each maker's part as they can make up."""
    for d in range(want.shape[0]):
        for m in range(want.shape[1]):
            want[d, m] *= made_part[d] / part[d] * cut[m] if part[d] > 0.0 else 0.0


@kernel
def _make_chips(orders, wafers_per_unit, memory_per_unit, wafer_share, memory_share, wafer_capacity, memory_capacity):
    """Return what `Production` holds, in its order."""
    wafers, wafers_wanted, wafer_cut, by_wafer = _ration(orders, wafers_per_unit, wafer_share, wafer_capacity)
    memory, memory_wanted, memory_cut, by_memory = _ration(orders, memory_per_unit, memory_share, memory_capacity)
    part = np.minimum(by_wafer, by_memory)
    short_of = np.zeros(orders.shape[0], np.int64)
    for d in range(orders.shape[0]):
        if not part[d] >= 1.0:
            short_of[d] = 1 if by_wafer[d] <= by_memory[d] else 2
    _use(wafers, wafer_cut, by_wafer, part)
    _use(memory, memory_cut, by_memory, part)
    return orders * part, wafers, memory, short_of, wafers_wanted, memory_wanted


def make_chips(orders, wafers_per_unit, memory_per_unit, wafer_share, memory_share, wafer_capacity, memory_capacity):
    """Share makers' capacity over designers in proportion to what they order, and make the least of what each gets.

    `orders` [D] H100e; `wafers_per_unit` [D] wafers and `memory_per_unit` [D] GB per H100e; `wafer_share` [D, L] and
    `memory_share` [D, M] which maker a designer buys from (rows sum to 1); capacities [L] wafers and [M] GB a month.
    """
    return Production(*_make_chips(
        orders, wafers_per_unit, memory_per_unit, wafer_share, memory_share, wafer_capacity, memory_capacity
    ))


def expansion(capacity, utilisation, target, speed, greatest):
    """Return capacity ordered in a month: growth tanh-bounded by `greatest` (1/yr), `speed` times utilisation above target."""
    growth = greatest * np.tanh(speed * (utilisation - target) / greatest)
    return capacity * np.maximum(growth, 0.0) / 12.0
