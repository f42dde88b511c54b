"""Merit order: thousands of plants become a few dozen cost blocks per zone, without sorting a plant.

Clearing single plants would make dispatch grow with the number of agents. Twelve cost bins per technology change the
cost of a month by about 0.05 %, and the settlement (`settle.py`) spreads every block back over its plants exactly.

Whatever can serve load is a row beside the plants, under a technology code of its own whose availability is 1:
 - an import over a border node: its offer price and its size;
 - flexible or export demand: add it to the load and give a row of the same size at its willingness to pay. Where that
   row "runs", the demand is not served;
 - a must-run or minimum output: a row at zero or negative cost, so that it is the last to be turned down.
Unserved energy is not a row: the clearing itself puts it above the last block at the value of lost load.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel, kernel_inside


class Blocks(NamedTuple):
    """Supply of Z zones in merit order: arrays [Z, B], of which the first `count[z]` columns count."""

    cost: np.ndarray  # USD/MWh, ascending along the row
    capacity: np.ndarray  # GW before availability
    technology: np.ndarray  # int64 code k of `available[Z, K, H]`
    count: np.ndarray  # type: ignore[assignment]  # int64 [Z]


def empty_blocks(zones: int, technologies: int, bins: int) -> Blocks:
    """Return blocks for `zones` zones with room for every (technology, bin); all counts are zero."""
    shape = (zones, max(technologies * bins, 1))
    return Blocks(np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int64), np.zeros(zones, np.int64))


@kernel
def bin_supply(zone, technology, capacity_gw, cost, more_zone, more_technology, more_gw, more_cost, technologies, bins, blocks):
    """Sort P plants and M more rows of supply into the cost blocks of their zones: fill `blocks` [Z, ≥ K·bins].

    `zone`, `technology` int [P]; `capacity_gw`, `cost` (USD/MWh) [P]; the same of the other rows [M]. A technology
    has `bins` bins of equal width between its lowest and its highest cost in all zones. The cost of a block is the
    capacity-weighted mean of what lies in it. Bins without capacity make no block.
    """
    lowest, highest = np.full(technologies, np.inf), np.full(technologies, -np.inf)
    _widen(technology, cost, lowest, highest)
    _widen(more_technology, more_cost, lowest, highest)
    per_usd = np.zeros(technologies)
    for k in range(technologies):
        if highest[k] > lowest[k]:
            per_usd[k] = bins / (highest[k] - lowest[k])
    size, spend = np.zeros((2, blocks.cost.shape[0], technologies * bins))
    _fill_cells(zone, technology, capacity_gw, cost, lowest, per_usd, bins, size, spend)
    _fill_cells(more_zone, more_technology, more_gw, more_cost, lowest, per_usd, bins, size, spend)
    for z in range(size.shape[0]):
        blocks.count[z] = _merge_bins(size[z], spend[z], technologies, bins, z, blocks)


@kernel_inside
def _widen(technology, cost, lowest, highest):
    """Widen the range of costs of each technology [K] to what these rows cost."""
    for p in range(technology.shape[0]):
        k = technology[p]
        lowest[k] = min(lowest[k], cost[p])
        highest[k] = max(highest[k], cost[p])


@kernel_inside
def _fill_cells(zone, technology, gw, cost, lowest, per_usd, bins, size, spend):
    """Add rows to their cells, [Z, K·bins] GW and GW × USD/MWh."""
    for p in range(zone.shape[0]):
        k = technology[p]
        position = (cost[p] - lowest[k]) * per_usd[k]
        # written so that a cost that is not a number lands in the first bin and not outside the array
        cell = k * bins + (int(min(position, bins - 1.0)) if position > 0.0 else 0)
        size[zone[p], cell] += gw[p]
        spend[zone[p], cell] += gw[p] * cost[p]


@kernel
def _merge_bins(size, spend, technologies, bins, z, blocks):
    """Write the blocks of zone z in merit order; return how many there are.

    The bins of one technology ascend in cost already, so the merit order is a merge of K sorted lists.
    """
    front_cost = np.empty(technologies)
    front = np.empty(technologies, np.int64)
    for k in range(technologies):
        front[k] = k * bins - 1
        _next_bin(size, spend, k, bins, front, front_cost)
    n = 0
    while True:
        cheapest = -1
        lowest = np.inf
        for k in range(technologies):
            if front_cost[k] < lowest:
                lowest = front_cost[k]
                cheapest = k
        if cheapest < 0:
            return n
        cell = front[cheapest]
        blocks.cost[z, n] = lowest
        blocks.capacity[z, n] = size[cell]
        blocks.technology[z, n] = cheapest
        n += 1
        _next_bin(size, spend, cheapest, bins, front, front_cost)


@kernel
def _next_bin(size, spend, k, bins, front, front_cost):
    """Advance technology k to its next bin with capacity; at the end its cost is infinite."""
    cell = front[k] + 1
    while cell < (k + 1) * bins and size[cell] <= 0.0:
        cell += 1
    front[k] = cell
    front_cost[k] = spend[cell] / size[cell] if cell < (k + 1) * bins else np.inf
