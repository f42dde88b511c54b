"""Settlement: the cleared blocks become energy and money of every plant, and every MWh is paid for once.

A block that runs at 40 % runs each of its plants at 40 %. So the plants' energy is the blocks' energy
exactly; a settlement from prices alone would leak at the marginal block. Money: 1 GWh × 1 USD/MWh = 0.001
MUSD.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel

MUSD_PER_GWH_USD = 1e-3  # 1 GWh at 1 USD/MWh in million USD


class BlockUse(NamedTuple):
    """What one GW of a block gave and earned in a month, arrays [Z, B]."""

    hours: np.ndarray  # GWh per GW of capacity
    earned: np.ndarray  # MUSD per GW of capacity


class Accounts(NamedTuple):
    """Energy (GWh) and money (MUSD) of a month; arrays [Z], [S] and [L]."""

    load_gwh: np.ndarray  # asked for
    unserved_gwh: np.ndarray
    generated_gwh: np.ndarray
    curtailed_gwh: np.ndarray
    load_paid: np.ndarray  # by served load, MUSD
    generation_earned: np.ndarray
    storage_earned: np.ndarray  # [S] discharging less charging, MUSD
    stored_gwh: np.ndarray  # [S] taken from the grid
    released_gwh: np.ndarray  # [S] given to the grid
    congestion_rent: (
        np.ndarray
    )  # [L] worth at arrival less worth at departure, MUSD; losses are paid out of it
    sent_gwh: np.ndarray  # [L] forwards less backwards, at departure
    lost_gwh: np.ndarray  # [L]


def empty_block_use(zones: int, blocks: int) -> BlockUse:
    """Return arrays for `use_blocks`."""
    return BlockUse(np.zeros((zones, blocks)), np.zeros((zones, blocks)))


def empty_accounts(zones: int, units: int, links: int) -> Accounts:
    """Return arrays for `settle_networks`."""
    return Accounts(*(np.zeros(n) for n in (zones,) * 6 + (units,) * 3 + (links,) * 3))


@kernel
def use_blocks(blocks, available, clearing, days, use):
    """Fill `use` [Z, B] from D cleared day types that stand for `days` [D] days each of the month.

    The hours are strung up by their marginal block: walking down the merit order, an hour joins the sums of
    the availability of each technology below its marginal block. That is K additions per hour instead of one
    per block.
    """
    zones = blocks.cost.shape[0]
    technologies, hours = available.shape[2], available.shape[3]
    first = np.empty(blocks.cost.shape[1] + 1, np.int64)  # first hour strung up at each block
    follower = np.empty(hours, np.int64)
    running = np.empty(technologies)
    earning = np.empty(technologies)
    for z in range(zones):
        count = blocks.count[z]
        use.hours[z, :] = 0.0
        use.earned[z, :] = 0.0
        for d in range(days.shape[0]):
            first[: count + 1] = -1
            for h in range(hours):
                b = min(max(clearing.block[d, z, h], 0), count)
                follower[h] = first[b]
                first[b] = h
            running[:] = 0.0
            earning[:] = 0.0
            for b in range(count, -1, -1):
                if b < count:
                    k = blocks.technology[z, b]
                    use.hours[z, b] += days[d] * running[k]
                    use.earned[z, b] += days[d] * earning[k]
                h = first[b]
                while h >= 0:
                    if b < count and blocks.capacity[z, b] > 0.0:
                        share = days[d] * clearing.used[d, z, h] / blocks.capacity[z, b]
                        use.hours[z, b] += share
                        use.earned[z, b] += share * clearing.price[d, z, h] * MUSD_PER_GWH_USD
                    for k in range(technologies):
                        running[k] += available[d, z, k, h]
                        earning[k] += available[d, z, k, h] * clearing.price[d, z, h] * MUSD_PER_GWH_USD
                    h = follower[h]


@kernel
def settle_plants(zone, block, capacity_gw, use, energy_gwh, revenue_musd):
    """Write energy and revenue [P] of plants in blocks `block` [P] (−1: no capacity, no energy)."""
    for p in range(zone.shape[0]):
        b = block[p]
        if b < 0:
            energy_gwh[p] = 0.0
            revenue_musd[p] = 0.0
        else:
            energy_gwh[p] = capacity_gw[p] * use.hours[zone[p], b]
            revenue_musd[p] = capacity_gw[p] * use.earned[zone[p], b]


@kernel
def settle_networks(load, links, units, plan, clearing, days, accounts):
    """Fill `accounts` from D day types that stand for `days` [D] days; arrays as in `clear_networks`.

    For each network: load_paid = generation_earned + storage_earned + congestion_rent, summed, because energy
    balances in every zone and hour. Water of reservoirs earns as storage. A block that stands for flexible
    demand "earns" the price of what it does not draw: set that against `load_paid`, which is for all load but
    the unserved.
    """
    for array in accounts:
        array[:] = 0.0
    hours = load.shape[2]
    for d in range(load.shape[0]):
        for z in range(load.shape[1]):
            for h in range(hours):
                served = days[d] * (load[d, z, h] - clearing.unserved[d, z, h])
                accounts.load_gwh[z] += days[d] * load[d, z, h]
                accounts.unserved_gwh[z] += days[d] * clearing.unserved[d, z, h]
                accounts.curtailed_gwh[z] += days[d] * clearing.curtailment[d, z, h]
                accounts.load_paid[z] += served * clearing.price[d, z, h] * MUSD_PER_GWH_USD
                accounts.generated_gwh[z] += served
                accounts.generation_earned[z] += served * clearing.price[d, z, h] * MUSD_PER_GWH_USD
        # what storage and links bring to a zone was not generated there
        for s in range(units.zone.shape[0]):
            z = units.zone[s]
            for h in range(hours):
                stored = days[d] * plan.charge[d, s, h]
                released = days[d] * plan.discharge[d, s, h]
                money = (released - stored) * clearing.price[d, z, h] * MUSD_PER_GWH_USD
                accounts.stored_gwh[s] += stored
                accounts.released_gwh[s] += released
                accounts.storage_earned[s] += money
                accounts.generated_gwh[z] -= released - stored
                accounts.generation_earned[z] -= money
        for line in range(links.tail.shape[0]):
            for h in range(hours):
                sent = days[d] * plan.flow[d, line, h]
                source, sink = (
                    (links.tail[line], links.head[line])
                    if sent >= 0.0
                    else (links.head[line], links.tail[line])
                )
                left = abs(sent)
                arrived = left * (1.0 - links.loss[line])
                paid = left * clearing.price[d, source, h] * MUSD_PER_GWH_USD
                taken = arrived * clearing.price[d, sink, h] * MUSD_PER_GWH_USD
                accounts.sent_gwh[line] += sent
                accounts.lost_gwh[line] += left - arrived
                accounts.congestion_rent[line] += taken - paid
                accounts.generated_gwh[source] += left
                accounts.generated_gwh[sink] -= arrived
                accounts.generation_earned[source] += paid
                accounts.generation_earned[sink] -= taken


@kernel
def burn(energy_gwh, place, fuel, heat_rate, carbon, fuel_used, emissions):
    """Add up what plants burn: `fuel_used` [N, F] in TJ and `emissions` [N] in tonnes (both overwritten).

    `energy_gwh` [P] of plants at `place` [P] (row 0..N−1) that burn `fuel` [P] (0..F−1; −1: none) at
    `heat_rate` [P], TJ per GWh (3.6 over the efficiency), and emit `carbon` [F], tonnes of CO2 per TJ.
    """
    fuel_used[:] = 0.0
    emissions[:] = 0.0
    for p in range(energy_gwh.shape[0]):
        if fuel[p] >= 0:
            fuel_used[place[p], fuel[p]] += energy_gwh[p] * heat_rate[p]
    for n in range(fuel_used.shape[0]):
        for f in range(fuel_used.shape[1]):
            emissions[n] += fuel_used[n, f] * carbon[f]
