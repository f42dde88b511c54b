"""Dispatch: who generates, ships and stores how much in each hour of a day, at least cost.

The problem is a flow with losses through a network of (zone, hour) nodes: links join zones within an hour,
storage joins hours within a zone. From any feasible plan (last month's, or none) the clearing moves energy
along cheapest paths while that saves money:
 1. within an hour, from the zone where one more MWh costs least to the zone where one less saves most;
 2. between two hours of one storage unit, each end of the hop extended through the network.
What is left when no move saves more than the tolerance is the optimum of the linear program, but for moves
that would need several units at once. (Method: successive cheapest paths in a generalised network, e.g.
Ahuja, Magnanti and Orlin, "Network Flows", 1993, chapter 15. The tests hold it against the exact linear
program.)

Units: GW, GWh, USD/MWh. A zone is a row of `Blocks`; below its first block lies a virtual block of unwanted
surplus at minus the value of lost load (a stale plan may start there, none ends there), above its last one
unserved energy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel, kernel_inside
from .day_moves import MOST_STEPS, STEP
from .day_paths import shift_paths
from .day_prices import narrow_sell, price_between
from .day_search import LABEL, MOST_FOUND, group, join_hours, search_room
from .margins import NODE, fill, idle_below, merit_order, settle_rounding
from .storing import UNIT, make_feasible, shift_hours, store
from .trading import ARC, set_arcs, trade

HOURS = 24


class Links(NamedTuple):
    """Transmission lines, arrays [L]. Flow is positive from `tail` to `head` and measured where it enters."""

    tail: np.ndarray  # int64 zone
    head: np.ndarray  # int64 zone
    forward_gw: np.ndarray
    reverse_gw: np.ndarray
    loss: np.ndarray  # share of the flow, 0 ≤ loss < 1
    hurdle: np.ndarray  # USD per MWh sent


class Units(NamedTuple):
    """Storage and reservoirs, arrays [S]; several may stand in one zone.

    A battery or pumped store ends the day as full as it began. A unit with `inflow_gwh` above zero is a
    reservoir much larger than a day: it may release its inflow (and what it pumped) at any hour, spill the
    rest, and `energy_gwh` does not bind. Minimum flow through its turbines belongs into the blocks as
    must-run, and out of its inflow.
    """

    zone: np.ndarray  # int64
    charge_gw: np.ndarray
    discharge_gw: np.ndarray
    energy_gwh: np.ndarray
    charge_efficiency: np.ndarray  # stored per taken from the grid, 0 < e ≤ 1
    discharge_efficiency: np.ndarray  # given to the grid per taken from the store, 0 < e ≤ 1


class Plan(NamedTuple):
    """What moves: in, the plan to start from; out, the plan found. Arrays [D, L or S, H] in GW."""

    flow: np.ndarray
    charge: np.ndarray
    discharge: np.ndarray


class Clearing(NamedTuple):
    """What came out of the clearing, arrays [D, Z, H]."""

    price: np.ndarray  # USD/MWh, from −value to +value of lost load
    block: np.ndarray  # int64: blocks below it run in full; equal to count: some load is unserved
    used: np.ndarray  # GW of that block
    curtailment: np.ndarray  # GW that blocks at `free_below` or cheaper could have given
    unserved: np.ndarray  # GW


class Networks(NamedTuple):
    """Networks that never touch: network n is zones `zone[n]` to `zone[n + 1]`, likewise links and units
    (int64).
    """

    zone: np.ndarray
    link: np.ndarray
    unit: np.ndarray


class Tolerance(NamedTuple):
    """When to stop."""

    hour: float = 0.02  # USD/MWh that a move within an hour must save
    storage: float = 0.05  # USD/MWh that a hop between hours must save
    size: float = 1e-7  # GW not worth moving, relative to the network's mean load
    cycle: float = 1e-4  # USD per MWh of load that using a cycle through the whole day must save
    hop: float = 0.1  # USD/MWh that each hop of a path through the whole day must save
    passes: int = 60  # at most so many rounds of either
    day: float = 1e-4  # USD per MWh of load that a round of paths through the whole day must save,
    poor: int = 2  # or so many such rounds on end save less


def find_networks(zones: int, links: Links, units: Units) -> Networks:
    """Return the networks of `zones` zones: runs of neighbouring rows that no link leaves.

    Raises ValueError if links or units are not listed in the order of their networks, or name a zone that is
    not there.
    """
    for name, ends in (("link tail", links.tail), ("link head", links.head), ("unit", units.zone)):
        if len(ends) and not (0 <= min(ends) <= max(ends) < zones):
            raise ValueError(f"{name} zones must lie in 0..{zones - 1}, given {min(ends)}..{max(ends)}")
    starts_here = np.ones(zones + 1, bool)
    for tail, head in zip(links.tail, links.head, strict=True):
        low, high = sorted((int(tail), int(head)))
        starts_here[low + 1 : high + 1] = False
    zone_start = np.flatnonzero(starts_here)
    slices = [zone_start]
    for name, place in (("links", links.tail), ("units", units.zone)):
        network = np.searchsorted(zone_start, place, side="right") - 1
        if np.any(np.diff(network) < 0):
            raise ValueError(
                f"{name} must be listed network by network; sort them by zone (networks: {network.tolist()})"
            )
        slices.append(np.searchsorted(network, np.arange(len(zone_start))))
    return Networks(*(np.asarray(s, np.int64) for s in slices))


def empty_plan(days: int, links: int, units: int) -> Plan:
    """Return the plan without flows and storage, the cold start."""
    return Plan(
        np.zeros((days, links, HOURS)), np.zeros((days, units, HOURS)), np.zeros((days, units, HOURS))
    )


def empty_clearing(days: int, zones: int) -> Clearing:
    """Return arrays for the results of `clear_networks`."""
    shape = (days, zones, HOURS)
    return Clearing(
        np.zeros(shape), np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape), np.zeros(shape)
    )


@kernel
def clear_networks(
    networks,
    blocks,
    available,
    load,
    links,
    units,
    inflow_gwh,
    lost_load,
    free_below,
    tolerance,
    plan,
    clearing,
):
    """Clear D days of all networks in one call; `plan` is read and overwritten, `clearing` written. Returns
    the moves.

    `available` [D, Z, K, H] and `load` [D, Z, H] in GW per GW and GW; `inflow_gwh` [D, S]; `lost_load`
    [networks] is the value of lost load, above every block's cost. Blocks at `free_below` USD/MWh or cheaper
    count as curtailed if idle.
    """
    moves = 0
    for n in range(networks.zone.shape[0] - 1):
        z0, z1 = networks.zone[n], networks.zone[n + 1]
        l0, l1 = networks.link[n], networks.link[n + 1]
        s0, s1 = networks.unit[n], networks.unit[n + 1]
        for d in range(load.shape[0]):
            moves += clear_day(
                blocks.cost[z0:z1], blocks.capacity[z0:z1], blocks.technology[z0:z1], blocks.count[z0:z1],
                available[d, z0:z1], load[d, z0:z1],
                links.tail[l0:l1] - z0, links.head[l0:l1] - z0, links.forward_gw[l0:l1], links.reverse_gw[l0:l1],
                links.loss[l0:l1], links.hurdle[l0:l1],
                units.zone[s0:s1] - z0, units.charge_gw[s0:s1], units.discharge_gw[s0:s1], units.energy_gwh[s0:s1],
                units.charge_efficiency[s0:s1], units.discharge_efficiency[s0:s1], inflow_gwh[d, s0:s1],
                lost_load[n], free_below, tolerance,
                plan.flow[d, l0:l1], plan.charge[d, s0:s1], plan.discharge[d, s0:s1],
                clearing.price[d, z0:z1], clearing.block[d, z0:z1], clearing.used[d, z0:z1],
                clearing.curtailment[d, z0:z1], clearing.unserved[d, z0:z1],
            )  # fmt: skip
    return moves


@kernel
def clear_day(
    cost, capacity, technology, count, available, load,
    tail, head, forward_gw, reverse_gw, loss, hurdle,
    unit_zone, charge_gw, discharge_gw, energy_gwh, charge_efficiency, discharge_efficiency, inflow_gwh,
    lost_load, free_below, tolerance,
    flow, charge, discharge,
    price, block, used, curtailment, unserved,
):  # fmt: skip
    """Clear one day of one network: blocks [Z, B], `available` [Z, K, H], `load` [Z, H], links [L], units
    [S].

    Reads and overwrites the plan `flow` [L, H], `charge` and `discharge` [S, H]; writes the last five arrays
    [Z, H]. Returns the number of moves made. See `Links`, `Units`, `Plan`, `Clearing` and `clear_networks`
    for the meaning.
    """
    zones, hours = load.shape
    small = tolerance.size * _mean_load(load, capacity, count)
    supply = merit_order(cost, capacity, technology, count, available, lost_load, small)
    lines = (forward_gw, reverse_gw, loss, hurdle, small)

    # units that can do nothing would still be searched hour by hour
    row = np.empty(unit_zone.shape[0], np.int64)
    count_units = 0
    for s in range(unit_zone.shape[0]):
        filled = charge_gw[s] > small and energy_gwh[s] > small
        if discharge_gw[s] > small and (filled or inflow_gwh[s] > small):
            row[count_units] = s
            count_units += 1
        else:
            charge[s, :] = 0.0
            discharge[s, :] = 0.0
    row = row[:count_units]
    units = np.empty(count_units, UNIT)
    place = np.empty(count_units, np.int64)
    into = np.empty((count_units, hours))
    out = np.empty((count_units, hours))
    for s in range(count_units):
        unit = units[s]
        unit.zone = unit_zone[row[s]]
        unit.charge_gw = charge_gw[row[s]]
        unit.discharge_gw = discharge_gw[row[s]]
        unit.energy_gwh = energy_gwh[row[s]]
        unit.fill = charge_efficiency[row[s]]
        unit.drain = discharge_efficiency[row[s]]
        unit.inflow_gwh = inflow_gwh[row[s]]
        place[s] = unit.zone
        into[s] = charge[row[s]]
        out[s] = discharge[row[s]]
        make_feasible(into[s], out[s], unit)
    _clip_flows(flow, forward_gw, reverse_gw)
    nodes = np.empty((hours, zones), NODE)
    arcs = np.empty((hours, 2 * tail.shape[0]), ARC)
    need = _residual_load(load, tail, head, loss, flow, place, into, out)
    moves = 0
    for h in range(hours):
        for z in range(zones):
            fill(nodes[h, z], z, h, need[h, z], supply)
        for line in range(tail.shape[0]):
            arcs[h, 2 * line].tail = tail[line]
            arcs[h, 2 * line].head = head[line]
            arcs[h, 2 * line + 1].tail = head[line]
            arcs[h, 2 * line + 1].head = tail[line]
            arcs[h, 2 * line].gain = 0.0  # nothing there yet
            arcs[h, 2 * line + 1].gain = 0.0
            set_arcs(arcs[h], line, flow[line, h], lines)
        moves += trade(nodes[h], arcs[h], h, flow, supply, lines, tolerance.hour)

    state = np.empty((units.shape[0], hours))
    hop = np.empty((4, hours))
    worth = np.empty(hours)
    origin = np.empty(hours, np.int64)
    stale = np.zeros(hours, np.bool_)
    for s in range(units.shape[0]):
        store(units[s], into[s], out[s], state[s])
    plan = (flow, into, out, state)
    for _ in range(tolerance.passes):
        before = moves
        for s in range(units.shape[0]):
            moves += shift_hours(nodes, arcs, units, s, hop, worth, origin, plan, supply, lines, tolerance)
        if moves - before <= units.shape[0]:
            break
    if units.shape[0] > 0:
        enough = tolerance.day * small / tolerance.size * load.size
        steps = np.empty(MOST_STEPS, STEP)
        found = np.empty(MOST_FOUND, STEP)
        labels = np.empty((hours, zones), LABEL)
        ends = np.empty(2 * tail.shape[0], np.int64)
        for line in range(tail.shape[0]):
            ends[2 * line] = tail[line]
            ends[2 * line + 1] = head[line]
        around = (*group(ends, zones), *group(place, zones))
        room = search_room(hours, zones, units.shape[0])
        poor = 0
        alone = zones == 1 and count_units == 1  # all its moves are single hops
        for _ in range(tolerance.passes):
            cycles = join_hours(
                nodes, arcs, units, plan, small, tolerance, around, room, labels, steps, found
            )
            if alone:
                break
            saved = shift_paths(
                nodes, labels, arcs, units, plan, supply, lines, stale, tolerance, steps, found, cycles
            )
            if saved <= 0.0:
                break
            for h in range(hours):
                if stale[h]:
                    moves += 1 + trade(nodes[h], arcs[h], h, flow, supply, lines, tolerance.hour)
            for s in range(units.shape[0]):  # what the trade within hours opens to single hops is cheap to take
                moves += shift_hours(
                    nodes, arcs, units, s, hop, worth, origin, plan, supply, lines, tolerance
                )
            poor = poor + 1 if saved < enough else 0
            if poor == tolerance.poor:
                join_hours(nodes, arcs, units, plan, small, tolerance, around, room, labels, steps, found)
                break
        for h in range(hours):
            for z in range(zones):
                nodes[h, z].buy = labels[h, z].buy
        narrow_sell(nodes, arcs, units, hop, worth, plan, small)

    for s in range(count_units):
        charge[row[s]] = into[s]
        discharge[row[s]] = out[s]
    need = _residual_load(load, tail, head, loss, flow, place, into, out)
    for z in range(zones):
        for h in range(hours):
            node = nodes[h, z]
            settle_rounding(node, z, h, need[h, z], supply)
            price[z, h] = price_between(node, z, supply)
            block[z, h] = node.block - 1
            used[z, h] = node.used
            unserved[z, h] = node.used if node.block == count[z] + 1 else 0.0
            curtailment[z, h] = idle_below(node, z, h, free_below, supply)
    return moves


@kernel_inside
def _mean_load(load, capacity, count):
    """Return the mean load of a zone-hour in GW, the yardstick of what is too small to matter; capacity if no
    load.
    """
    total = 0.0
    for z in range(load.shape[0]):
        for h in range(load.shape[1]):
            total += abs(load[z, h])
    if total > 0.0:
        return total / load.size
    for z in range(capacity.shape[0]):
        for b in range(count[z]):
            total += capacity[z, b]
    return total / max(capacity.shape[0], 1) if total > 0.0 else 1.0


# --- the plan to start from


@kernel_inside
def _clip_flows(flow, forward_gw, reverse_gw):
    """Cut flows [L, H] to the limits of the links, which may have changed since the plan was made."""
    for line in range(flow.shape[0]):
        for h in range(flow.shape[1]):
            flow[line, h] = max(min(flow[line, h], forward_gw[line]), -reverse_gw[line])


@kernel
def _residual_load(load, tail, head, loss, flow, unit_zone, charge, discharge):
    """Return [H, Z] what the blocks must give in GW: load and charging, less discharging and net imports."""
    zones, hours = load.shape
    need = np.empty((hours, zones))
    for z in range(zones):
        for h in range(hours):
            need[h, z] = load[z, h]
    for s in range(unit_zone.shape[0]):
        for h in range(hours):
            need[h, unit_zone[s]] += charge[s, h] - discharge[s, h]
    for line in range(tail.shape[0]):
        kept = 1.0 - loss[line]
        for h in range(hours):
            sent = flow[line, h]
            if sent > 0.0:
                need[h, tail[line]] += sent
                need[h, head[line]] -= sent * kept
            else:
                need[h, head[line]] -= sent
                need[h, tail[line]] += sent * kept
    return need
