"""The prices that storage and network leave: what the next MWh costs and what one less saves, over the whole day."""

from __future__ import annotations

import numpy as np

from ..kernels import kernel_inside
from .margins import SURPLUS
from .storing import has_open_day, price_ends, put_in
from .trading import relax_sell


@kernel_inside
def narrow_sell(nodes, arcs, units, hop, worth, plan, small):
    """Raise the `sell` labels to what storage makes of a spare MWh, as `join_hours` did with `buy`.

    Without both a zone that lives on water in some hour would be priced by plants that stand still.
    """
    _, charge, discharge, state = plan
    hours = nodes.shape[0]
    for s in range(units.shape[0]):
        unit = units[s]
        z = unit.zone
        price_ends(nodes, unit, charge[s], discharge[s], hop, small)
        _carry_back(hop[1], unit, state[s], small, worth)
        for h in range(hours):
            bought, room = put_in(unit, charge[s, h], discharge[s, h], small)
            if room > 0.0:
                nodes[h, z].sell = max(nodes[h, z].sell, worth[h] / bought)
    for h in range(hours):
        relax_sell(nodes[h], arcs[h])


@kernel_inside
def _carry_back(out_value, unit, state, small, worth):
    """Write for each hour the most that a GWh in store then will earn; the mirror of `carry`."""
    hours = state.shape[0]
    free = unit.inflow_gwh > 0.0
    if has_open_day(unit, small):
        best = 0.0 if free else -np.inf  # spilling earns nothing
        for h in range(hours):
            best = max(best, out_value[h])
        worth[:] = best
        return
    for h in range(hours):
        worth[h] = out_value[h]
    top = unit.low_gwh + unit.energy_gwh - small
    bottom = unit.high_gwh - unit.energy_gwh + small
    for _ in range(2):
        after = 0
        for h in range(hours - 1, -1, -1):
            if state[h] < top:
                worth[h] = max(worth[h], worth[after])
            after = h
    for _ in range(2):
        before = hours - 1
        for h in range(hours):
            if state[before] > bottom:
                worth[h] = max(worth[h], worth[before])
            before = h


@kernel_inside
def price_between(node, z, supply):
    """Return the price: the middle between what the next MWh costs and the last one saves.

    It lies between the costs of the zone's own margins. That also holds labels that ran into a cycle too
    small to use.
    """
    cost, _, _ = supply
    surplus = cost[z, SURPLUS]
    idle = node.down_cost == surplus
    least = min(cost[z, SURPLUS + 1], 0.0) if idle else node.down_cost
    high = max(min(node.buy, node.up_cost), least)
    low = min(max(node.sell, least), node.up_cost)
    return high if idle and node.sell < least else 0.5 * (high + low)
