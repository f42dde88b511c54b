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

from ..kernels import kernel


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
def cost_range(technology, cost_usd_per_mwh, lowest, highest):
    """Write the lowest and highest cost of each technology [K]; infinite and minus infinite where it has no plant."""
    lowest[:] = np.inf
    highest[:] = -np.inf
    for p in range(technology.shape[0]):
        k = technology[p]
        lowest[k] = min(lowest[k], cost_usd_per_mwh[p])
        highest[k] = max(highest[k], cost_usd_per_mwh[p])


@kernel
def bin_plants(zone, technology, capacity_gw, cost_usd_per_mwh, lowest, highest, bins, blocks, block):
    """Sort P plants into cost blocks: fill `blocks` [Z, ≥ K·bins] and the block index of each plant, `block` [P].

    `zone`, `technology` int [P]; `capacity_gw`, `cost_usd_per_mwh` [P]. A technology k has `bins` bins of equal width
    between `lowest[k]` and `highest[k]` USD/MWh (arrays [K]); what lies outside falls into the end bins. The cost of a
    block is the capacity-weighted mean of its plants. Bins without capacity make no block: their plants get −1.
    """
    zones = blocks.cost.shape[0]
    technologies = lowest.shape[0]
    cells = technologies * bins
    size = np.zeros((zones, cells))
    spend = np.zeros((zones, cells))
    per_usd = np.zeros(technologies)
    for k in range(technologies):
        if highest[k] > lowest[k]:
            per_usd[k] = bins / (highest[k] - lowest[k])

    for p in range(zone.shape[0]):
        k = technology[p]
        position = (cost_usd_per_mwh[p] - lowest[k]) * per_usd[k]
        # written so that a cost that is not a number lands in the first bin and not outside the array
        cell = k * bins + (int(min(position, bins - 1.0)) if position > 0.0 else 0)
        block[p] = cell
        size[zone[p], cell] += capacity_gw[p]
        spend[zone[p], cell] += capacity_gw[p] * cost_usd_per_mwh[p]

    place = np.full((zones, cells), -1, np.int64)
    for z in range(zones):
        blocks.count[z] = _merge_bins(size[z], spend[z], technologies, bins, z, blocks, place[z])
    for p in range(zone.shape[0]):
        block[p] = place[zone[p], block[p]]


@kernel
def _merge_bins(size, spend, technologies, bins, z, blocks, place):
    """Write the blocks of zone z in merit order and the place of each cell; return how many there are.

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
        place[cell] = n
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
