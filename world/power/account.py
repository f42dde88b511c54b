"""What a cleared month means in energy and money, per zone and technology."""

from __future__ import annotations

import numpy as np

from ..kernels import kernel


@kernel
def by_technology(blocks, clearing, available, hours, offer_cap, energy, cost, revenue):
    """Fill energy (GWh), cost and revenue (MUSD) [Z, K] of the blocks that ran.

    `hours` [D] is the number of such days in the month. Prices above `offer_cap` (USD/MWh) are not paid to generators:
    scarcity is paid by the coin.
    """
    energy[:] = 0.0
    cost[:] = 0.0
    revenue[:] = 0.0
    days, zones, steps = clearing.price.shape
    for d in range(days):
        for z in range(zones):
            for h in range(steps):
                price = min(max(clearing.price[d, z, h], 0.0), offer_cap)
                last = clearing.block[d, z, h]
                for b in range(min(last + 1, blocks.count[z])):
                    k = blocks.technology[z, b]
                    gw = clearing.used[d, z, h] if b == last else blocks.capacity[z, b] * available[d, z, k, h]
                    if gw <= 0.0:
                        continue
                    gwh = gw * hours[d]
                    energy[z, k] += gwh
                    cost[z, k] += gwh * blocks.cost[z, b] * 1e-3
                    revenue[z, k] += gwh * price * 1e-3


@kernel
def potential_margin(price, available, running_cost, hours, offer_cap, margin):
    """Fill margin [Z, K] in USD per kW and month that a plant would earn: Σ max(price − cost, 0) × availability."""
    days, zones, steps = price.shape
    margin[:] = 0.0
    for d in range(days):
        for z in range(zones):
            for h in range(steps):
                p = min(max(price[d, z, h], 0.0), offer_cap)
                for k in range(running_cost.shape[1]):
                    if p > running_cost[z, k]:
                        margin[z, k] += (p - running_cost[z, k]) * available[d, z, k, h] * hours[d] * 1e-3


@kernel
def storage_margin(price, store_hours, efficiency, hours, offer_cap, margin):
    """Fill margin [Z] in USD per kW and month of a store of `store_hours` [Z] cycling once a day: dearest hours sold, cheapest bought."""
    days, zones, steps = price.shape
    margin[:] = 0.0
    day = np.empty(steps)
    for d in range(days):
        for z in range(zones):
            for h in range(steps):
                day[h] = min(max(price[d, z, h], 0.0), offer_cap)
            day.sort()
            left = store_hours[z]
            for k in range(steps // 2):
                if left <= 0.0:
                    break
                gain = day[steps - 1 - k] - day[k] / efficiency
                if gain <= 0.0:
                    break
                margin[z] += gain * min(left, 1.0) * hours[d] * 1e-3
                left -= 1.0


@kernel
def trade(plan_flow, price, tail, head, loss, hours, offer_cap, forward, reverse, lost):
    """Fill forward and reverse payments (MUSD) and losses (GWh) [L]: the energy received times the mean of both prices."""
    forward[:] = 0.0
    reverse[:] = 0.0
    lost[:] = 0.0
    days, lines, steps = plan_flow.shape
    for d in range(days):
        for l in range(lines):  # noqa: E741
            for h in range(steps):
                x = plan_flow[d, l, h]
                a = min(max(price[d, tail[l], h], 0.0), offer_cap)
                b = min(max(price[d, head[l], h], 0.0), offer_cap)
                gwh = abs(x) * (1.0 - loss[l]) * hours[d]
                lost[l] += abs(x) * loss[l] * hours[d]
                if x > 0.0:
                    forward[l] += gwh * 0.5 * (a + b) * 1e-3
                else:
                    reverse[l] += gwh * 0.5 * (a + b) * 1e-3
