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
    price = np.empty(steps)
    for d in range(days):
        for z in range(zones):
            last = -1
            for h in range(steps):
                price[h] = min(max(clearing.price[d, z, h], 0.0), offer_cap)
                last = max(last, clearing.block[d, z, h])
            for b in range(min(last + 1, blocks.count[z])):
                k = blocks.technology[z, b]
                gwh = paid = 0.0
                for h in range(steps):
                    at = clearing.block[d, z, h]
                    if b <= at:
                        gw = blocks.capacity[z, b] * available[d, z, k, h] if b < at else clearing.used[d, z, h]
                        gwh += gw
                        paid += gw * price[h]
                energy[z, k] += gwh * hours[d]
                cost[z, k] += gwh * hours[d] * blocks.cost[z, b] * 1e-3
                revenue[z, k] += paid * hours[d] * 1e-3


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
def storage_margins(price, technology, store_hours, efficiency, hours, offer_cap, margin):
    """Write into margin [Z, K] what stores cycling once a day earn, USD per kW: dearest hours sold, cheapest bought.

    Store i is of `technology[i]`, lasts `store_hours[z, i]` at full power and returns `efficiency[i]` of what it takes.
    """
    days, zones, steps = price.shape
    margin[:, technology] = 0.0
    day = np.empty(steps)
    for d in range(days):
        for z in range(zones):
            for h in range(steps):
                day[h] = min(max(price[d, z, h], 0.0), offer_cap)
            _sort(day)
            for i in range(technology.shape[0]):
                left = store_hours[z, i]
                for k in range(steps // 2):
                    gain = day[steps - 1 - k] - day[k] / efficiency[i]
                    if left <= 0.0 or gain <= 0.0:
                        break
                    margin[z, technology[i]] += gain * min(left, 1.0) * hours[d] * 1e-3
                    left -= 1.0


@kernel
def _sort(values):
    """Sort few values in place, by insertion."""
    for i in range(1, values.shape[0]):
        value = values[i]
        k = i
        while k > 0 and values[k - 1] > value:
            values[k] = values[k - 1]
            k -= 1
        values[k] = value


@kernel
def by_storage(plan, price, zone, technology, hours, offer_cap, energy, revenue):
    """Add to energy (GWh) and revenue (MUSD) [Z, K] what the units [S] of dispatch gave to the grid, less what they took."""
    days, units, steps = plan.charge.shape
    for d in range(days):
        for s in range(units):
            z, k = zone[s], technology[s]
            for h in range(steps):
                gwh = (plan.discharge[d, s, h] - plan.charge[d, s, h]) * hours[d]
                energy[z, k] += gwh
                revenue[z, k] += gwh * min(max(price[d, z, h], 0.0), offer_cap) * 1e-3


@kernel
def by_zone(clearing, load, base, hours, offer_cap):
    """Return the sums of a month [7, Z]: GWh of load, of base load, unserved and curtailed; what all load and what the load
    beyond the base would pay (thousand USD); price times hours (USD/MW). `load` and `base` [D, Z, H] in GW.
    """
    days, zones, steps = load.shape
    sums = np.zeros((7, zones))
    for d in range(days):
        for z in range(zones):
            for h in range(steps):
                price = min(max(clearing.price[d, z, h], 0.0), offer_cap)
                sums[0, z] += load[d, z, h] * hours[d]
                sums[1, z] += base[d, z, h] * hours[d]
                sums[2, z] += clearing.unserved[d, z, h] * hours[d]
                sums[3, z] += clearing.curtailment[d, z, h] * hours[d]
                sums[4, z] += load[d, z, h] * hours[d] * price
                sums[5, z] += (load[d, z, h] - base[d, z, h]) * hours[d] * price
                sums[6, z] += price * hours[d]
    return sums


@kernel
def by_fuel(energy, cost, running, burns, capacity):
    """Return fuel (MUSD), emissions (Mt), carbon (MUSD) and upkeep (MUSD) [4, Z] of energy (GWh) and cost (MUSD) [Z, ≥ K].

    Where a technology `burns` [K], the heat is what its running cost leaves after variable upkeep; see `RunningCosts`.
    """
    zones, technologies = capacity.shape
    sums = np.zeros((4, zones))
    for z in range(zones):
        for k in range(technologies):
            variable = energy[z, k] * running.variable_om[z, k] * 1e-3
            sums[3, z] += max(variable, 0.0) + capacity[z, k] * running.fixed_om[z, k] / 12.0
            if burns[k]:
                heat = (cost[z, k] - variable) / running.fuel_and_carbon[z, k]  # PJ
                sums[0, z] += heat * running.fuel_usd_per_gj[z, k]
                sums[1, z] += heat * running.co2_t_per_gj[k]
        sums[2, z] = max(sums[1, z] * running.carbon_usd_per_t[z], 0.0)
        sums[0, z] = max(sums[0, z], 0.0)
    return sums


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
