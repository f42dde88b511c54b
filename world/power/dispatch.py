"""Dispatch: who generates, ships and stores how much in each hour of a day, at least cost.

The problem is a flow with losses through a network of (zone, hour) nodes: links join zones within an hour, storage
joins hours within a zone. From any feasible plan (last month's, or none) the clearing moves energy along cheapest
paths while that saves money:
 1. within an hour, from the zone where one more MWh costs least to the zone where one less saves most;
 2. between two hours of one storage unit, each end of the hop extended through the network.
What is left when no move saves more than the tolerance is the optimum of the linear program, but for moves that
would need several units at once. (Method: successive cheapest paths in a generalised network, e.g. Ahuja, Magnanti
and Orlin, "Network Flows", 1993, chapter 15. The tests hold it against the exact linear program.)

Units: GW, GWh, USD/MWh. A zone is a row of `Blocks`; below its first block lies a virtual block of unwanted surplus
at minus the value of lost load (a stale plan may start there, none ends there), above its last one unserved energy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel

HOURS = 24
SURPLUS = -1  # the virtual block below the first

# one zone in one hour: its place in the merit order, what the next and the last MWh cost there, and with the network
NODE = np.dtype(
    [
        ("block", np.int64),  # marginal block
        ("used", np.float64),  # GW of it
        ("output", np.float64),  # GW of all blocks, kept so that rounding can be put right at the end
        ("up_cost", np.float64),
        ("up_room", np.float64),
        ("down_cost", np.float64),
        ("down_room", np.float64),
        ("buy", np.float64),  # cost of one more MWh, wherever it is generated
        ("sell", np.float64),  # saving from one MWh less, wherever it is not generated
        ("buy_arc", np.int64),  # the arc it comes in by, −1 if from the zone itself
        ("sell_arc", np.int64),
    ]
)
# one direction of one link in one hour, as it can still be used: more flow this way, or less flow the other way
ARC = np.dtype(
    [
        ("tail", np.int64),
        ("head", np.int64),
        ("gain", np.float64),  # MWh at the head per MWh at the tail; above 1 if an opposite flow shrinks
        ("need", np.float64),  # MWh at the tail per MWh at the head
        ("cost", np.float64),  # USD per MWh at the tail
        ("room", np.float64),  # GW at the tail
    ]
)
# one storage unit, in the terms of `Units`
UNIT = np.dtype(
    [
        ("zone", np.int64),
        ("charge_gw", np.float64),
        ("discharge_gw", np.float64),
        ("energy_gwh", np.float64),
        ("fill", np.float64),  # charge efficiency
        ("drain", np.float64),  # discharge efficiency
        ("inflow_gwh", np.float64),
        ("spare_gwh", np.float64),  # inflow that is not used
        ("low_gwh", np.float64),  # lowest and highest level of the day, relative to midnight
        ("high_gwh", np.float64),
    ]
)


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

    A battery or pumped store ends the day as full as it began. A unit with `inflow_gwh` above zero is a reservoir much
    larger than a day: it may release its inflow (and what it pumped) at any hour, spill the rest, and `energy_gwh` does
    not bind. Minimum flow through its turbines belongs into the blocks as must-run, and out of its inflow.
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
    """Networks that never touch: network n is zones `zone[n]` to `zone[n + 1]`, likewise links and units (int64)."""

    zone: np.ndarray
    link: np.ndarray
    unit: np.ndarray


class Tolerance(NamedTuple):
    """When to stop."""

    hour: float = 0.02  # USD/MWh that a move within an hour must save
    storage: float = 0.05  # USD/MWh that a hop between hours must save
    size: float = 1e-7  # GW not worth moving, relative to the network's mean load
    passes: int = 60  # rounds over all storage units
    joins: int = 30  # rounds of paths through the whole day


def find_networks(zones: int, links: Links, units: Units) -> Networks:
    """Return the networks of `zones` zones: runs of neighbouring rows that no link leaves.

    Raises ValueError if links or units are not listed in the order of their networks, or name a zone that is not there.
    """
    for name, ends in (("link tail", links.tail), ("link head", links.head), ("unit", units.zone)):
        if len(ends) and not (0 <= min(ends) and max(ends) < zones):
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
    """Clear D days of all networks in one call; `plan` is read and overwritten, `clearing` written. Returns the moves.

    `available` [D, Z, K, H] and `load` [D, Z, H] in GW per GW and GW; `inflow_gwh` [D, S]; `lost_load` [networks] is the
    value of lost load, above every block's cost. Blocks at `free_below` USD/MWh or cheaper count as curtailed if idle.
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
    """Clear one day of one network: blocks [Z, B], `available` [Z, K, H], `load` [Z, H], links [L], units [S].

    Reads and overwrites the plan `flow` [L, H], `charge` and `discharge` [S, H]; writes the last five arrays [Z, H].
    Returns the number of moves made. See `Links`, `Units`, `Plan`, `Clearing` and `clear_networks` for the meaning.
    """
    zones, hours = load.shape
    small = tolerance.size * _mean_load(load, capacity, count)
    supply = (cost, capacity, technology, count, available, lost_load, small)
    lines = (forward_gw, reverse_gw, loss, hurdle, small)

    units = np.empty(unit_zone.shape[0], UNIT)
    for s in range(units.shape[0]):
        unit = units[s]
        unit.zone = unit_zone[s]
        unit.charge_gw = charge_gw[s]
        unit.discharge_gw = discharge_gw[s]
        unit.energy_gwh = energy_gwh[s]
        unit.fill = charge_efficiency[s]
        unit.drain = discharge_efficiency[s]
        unit.inflow_gwh = inflow_gwh[s]
        _make_feasible(charge[s], discharge[s], unit)
    _clip_flows(flow, forward_gw, reverse_gw)
    nodes = np.empty((hours, zones), NODE)
    arcs = np.empty((hours, 2 * tail.shape[0]), ARC)
    need = _residual_load(load, tail, head, loss, flow, unit_zone, charge, discharge)
    moves = 0
    for h in range(hours):
        for z in range(zones):
            _fill(nodes[h, z], z, h, need[h, z], supply)
        for l in range(tail.shape[0]):
            arcs[h, 2 * l].tail = tail[l]
            arcs[h, 2 * l].head = head[l]
            arcs[h, 2 * l + 1].tail = head[l]
            arcs[h, 2 * l + 1].head = tail[l]
            _set_arcs(arcs[h], l, flow[l, h], lines)
        moves += _trade(nodes[h], arcs[h], h, flow, supply, lines, tolerance.hour)

    state = np.empty((units.shape[0], hours))
    hop = np.empty((4, hours))
    worth = np.empty(hours)
    origin = np.empty(hours, np.int64)
    stale = np.zeros(hours, np.bool_)
    for s in range(units.shape[0]):
        _store(units[s], charge[s], discharge[s], state[s])
    plan = (flow, charge, discharge, state)
    for _ in range(tolerance.passes):
        before = moves
        for s in range(units.shape[0]):
            moves += _shift_hours(nodes, arcs, units, s, hop, worth, origin, plan, supply, lines, tolerance)
        if moves - before <= units.shape[0]:
            break
    if units.shape[0] > 0:
        for _ in range(tolerance.joins):
            _join_hours(nodes, arcs, units, hop, worth, origin, plan, small, stale)
            found = _shift_paths(nodes, arcs, units, plan, supply, lines, stale, tolerance)
            if found == 0:
                break
            moves += found
            for h in range(hours):  # all of them: labels may come from an hour that has changed
                moves += _trade(nodes[h], arcs[h], h, flow, supply, lines, tolerance.hour)
        _narrow_sell(nodes, arcs, units, hop, worth, plan, small)

    need = _residual_load(load, tail, head, loss, flow, unit_zone, charge, discharge)
    for z in range(zones):
        for h in range(hours):
            node = nodes[h, z]
            _settle_rounding(node, z, h, need[h, z], supply)
            price[z, h] = _price(node, lost_load)
            block[z, h] = node.block
            used[z, h] = node.used
            unserved[z, h] = node.used if node.block == count[z] else 0.0
            curtailment[z, h] = _idle_below(node, z, h, free_below, supply)
    return moves


@kernel
def _mean_load(load, capacity, count):
    """Return the mean load of a zone-hour in GW, the yardstick of what is too small to matter; capacity if no load."""
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


@kernel
def _clip_flows(flow, forward_gw, reverse_gw):
    """Cut flows [L, H] to the limits of the links, which may have changed since the plan was made."""
    for l in range(flow.shape[0]):
        for h in range(flow.shape[1]):
            flow[l, h] = max(min(flow[l, h], forward_gw[l]), -reverse_gw[l])


@kernel
def _make_feasible(charge, discharge, unit):
    """Cut the day of one unit [H] to its limits: power, then the day's balance, then the size of the store.

    The last two scale, because balance and swing are proportional to the schedule.
    """
    stored = taken = 0.0
    for h in range(charge.shape[0]):
        charge[h] = max(min(charge[h], unit.charge_gw), 0.0)
        discharge[h] = max(min(discharge[h], unit.discharge_gw), 0.0)
        stored += charge[h] * unit.fill
        taken += discharge[h] / unit.drain
    if taken > stored + unit.inflow_gwh:
        _scale(discharge, (stored + unit.inflow_gwh) / taken)
    elif unit.inflow_gwh <= 0.0 and stored > taken:
        _scale(charge, taken / stored)
    if unit.inflow_gwh > 0.0:
        return
    level = lowest = highest = 0.0
    for h in range(charge.shape[0]):
        level += charge[h] * unit.fill - discharge[h] / unit.drain
        lowest = min(lowest, level)
        highest = max(highest, level)
    if highest - lowest > unit.energy_gwh:
        _scale(charge, unit.energy_gwh / (highest - lowest))
        _scale(discharge, unit.energy_gwh / (highest - lowest))


@kernel
def _scale(values, factor):
    for i in range(values.shape[0]):
        values[i] *= factor


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
    for l in range(tail.shape[0]):
        kept = 1.0 - loss[l]
        for h in range(hours):
            sent = flow[l, h]
            if sent > 0.0:
                need[h, tail[l]] += sent
                need[h, head[l]] -= sent * kept
            else:
                need[h, head[l]] -= sent
                need[h, tail[l]] += sent * kept
    return need


# --- one zone in one hour: its place in the merit order


@kernel
def _width(z, b, h, supply):
    """Return GW of block b: none for the surplus below, no end for the unserved energy above."""
    _, capacity, technology, count, available, _, _ = supply
    if b == SURPLUS:
        return 0.0
    if b >= count[z]:
        return np.inf
    return capacity[z, b] * available[z, technology[z, b], h]


@kernel
def _block_cost(z, b, supply):
    cost, _, _, count, _, lost_load, _ = supply
    if b == SURPLUS:
        return -lost_load
    return cost[z, b] if b < count[z] else lost_load


@kernel
def _block_above(z, b, h, supply):
    """Return the next block above b that is worth using."""
    small = supply[6]
    b += 1
    while _width(z, b, h, supply) <= small:
        b += 1
    return b


@kernel
def _block_below(z, b, h, supply):
    small = supply[6]
    b -= 1
    while b > SURPLUS and _width(z, b, h, supply) <= small:
        b -= 1
    return b


@kernel
def _fill(node, z, h, need, supply):
    """Serve `need` GW from the cheapest blocks; less than nothing is surplus."""
    b = 0 if need >= 0.0 else SURPLUS
    left = need
    if b == 0:
        width = _width(z, b, h, supply)
        while left > width:
            left -= width
            b += 1
            width = _width(z, b, h, supply)
    node.block = b
    node.used = left
    node.output = need
    _set_margins(node, z, h, supply)


@kernel
def _set_margins(node, z, h, supply):
    """Write what the next and the last MWh of the zone cost and how many GW that holds for."""
    small = supply[6]
    b = node.block
    room = _width(z, b, h, supply) - node.used
    if room > small:
        node.up_cost = _block_cost(z, b, supply)
        node.up_room = room
    else:
        above = _block_above(z, b, h, supply)
        node.up_cost = _block_cost(z, above, supply)
        node.up_room = _width(z, above, h, supply)
    if b == SURPLUS or node.used > small:
        node.down_cost = _block_cost(z, b, supply)
        node.down_room = np.inf if b == SURPLUS else node.used
    else:
        below = _block_below(z, b, h, supply)
        node.down_cost = _block_cost(z, below, supply)
        node.down_room = np.inf if below == SURPLUS else _width(z, below, h, supply)


@kernel
def _generate(node, z, h, amount, supply):
    """Generate `amount` GW more (or less, if negative), at most the room of the margin it goes into.

    Blocks passed over because they are too small are counted in full, so no energy is lost on the way.
    """
    small = supply[6]
    if amount > 0.0:
        if _width(z, node.block, h, supply) - node.used <= small:
            above = _block_above(z, node.block, h, supply)
            while node.block < above:
                node.used -= _width(z, node.block, h, supply)
                node.block += 1
    elif node.block > SURPLUS and node.used <= small:
        below = _block_below(z, node.block, h, supply)
        while node.block > below:
            node.block -= 1
            node.used += _width(z, node.block, h, supply)
    node.used += amount
    node.output += amount
    _set_margins(node, z, h, supply)


@kernel
def _settle_rounding(node, z, h, need, supply):
    """Correct a node by the rounding of many moves, so that generation meets `need` to the last bit or two."""
    count = supply[3]
    node.used += need - node.output
    while node.used < 0.0 and node.block > 0:
        node.block -= 1
        node.used += _width(z, node.block, h, supply)
    while node.used > _width(z, node.block, h, supply) and node.block < count[z]:
        node.used -= _width(z, node.block, h, supply)
        node.block += 1
    if node.block <= 0 and abs(node.used) <= supply[6]:
        node.block = 0
        node.used = max(node.used, 0.0)


@kernel
def _idle_below(node, z, h, free_below, supply):
    """Return GW available from blocks that cost no more than `free_below` and are not used."""
    cost, _, _, count, _, _, _ = supply
    b = node.block
    idle = -node.used if node.block >= 0 else 0.0
    b = max(b, 0)
    if b >= count[z] or cost[z, b] > free_below:
        return 0.0
    while b < count[z] and cost[z, b] <= free_below:
        idle += _width(z, b, h, supply)
        b += 1
    return max(idle, 0.0)


# --- one hour: paths through the network


@kernel
def _set_arcs(arcs, l, sent, lines):
    """Write the two directions in which link l can still be used when `sent` GW flow."""
    forward_gw, reverse_gw, loss, hurdle, small = lines
    kept = 1.0 - loss[l]
    for side in range(2):
        arc = arcs[2 * l + side]
        ahead = sent if side == 0 else -sent
        if ahead >= -small:
            arc.gain = kept
            arc.need = 1.0 / kept
            arc.cost = hurdle[l]
            arc.room = (forward_gw[l] if side == 0 else reverse_gw[l]) - ahead
        else:
            arc.gain = 1.0 / kept
            arc.need = kept
            arc.cost = -hurdle[l] / kept
            arc.room = -ahead * kept
        if arc.room <= small:
            arc.room = 0.0


@kernel
def _use_arc(arcs, a, amount, h, flow, lines):
    """Send `amount` GW (at the tail) through arc a."""
    arc = arcs[a]
    change = amount if arc.gain <= 1.0 else amount * arc.gain
    l = a >> 1
    flow[l, h] += change if a & 1 == 0 else -change
    _set_arcs(arcs, l, flow[l, h], lines)


NOISE = 1e-7  # USD/MWh: smaller improvements of a label are rounding


@kernel
def _relax_buy(nodes, arcs):
    """Lower `buy` along the arcs until nothing changes; False if it never ends (some cycle gives energy away)."""
    for _ in range(nodes.shape[0] + 1):
        changed = False
        for a in range(arcs.shape[0]):
            arc = arcs[a]
            if arc.room > 0.0:
                offer = (nodes[arc.tail].buy + arc.cost) * arc.need
                if offer < nodes[arc.head].buy - NOISE:
                    nodes[arc.head].buy = offer
                    nodes[arc.head].buy_arc = a
                    changed = True
        if not changed:
            return True
    return False


@kernel
def _relax_sell(nodes, arcs):
    """Raise `sell` along the arcs until nothing changes; False if it never ends."""
    for _ in range(nodes.shape[0] + 1):
        changed = False
        for a in range(arcs.shape[0]):
            arc = arcs[a]
            if arc.room > 0.0:
                offer = nodes[arc.head].sell * arc.gain - arc.cost
                if offer > nodes[arc.tail].sell + NOISE:
                    nodes[arc.tail].sell = offer
                    nodes[arc.tail].sell_arc = a
                    changed = True
        if not changed:
            return True
    return False


@kernel
def _find_buy(nodes, arcs):
    """Label every zone with the cheapest next MWh; False if a cycle was met."""
    for z in range(nodes.shape[0]):
        nodes[z].buy = nodes[z].up_cost
        nodes[z].buy_arc = -1
    return _relax_buy(nodes, arcs)


@kernel
def _find_sell(nodes, arcs):
    """Label every zone with the best use of a spare MWh; zones in a cycle fall back on themselves."""
    for z in range(nodes.shape[0]):
        nodes[z].sell = nodes[z].down_cost
        nodes[z].sell_arc = -1
    if not _relax_sell(nodes, arcs):
        for z in range(nodes.shape[0]):
            if _trace_sell(nodes, arcs, z)[3] < 0.0:
                nodes[z].sell = nodes[z].down_cost
                nodes[z].sell_arc = -1


@kernel
def _trace_buy(nodes, arcs, z):
    """Follow the cheapest supply of z: (source, GW there per GW at z, USD of the way, room in GW at z; −1: a cycle)."""
    factor = 1.0
    toll = 0.0
    room = np.inf
    steps = 0
    while nodes[z].buy_arc >= 0:
        arc = arcs[nodes[z].buy_arc]
        factor *= arc.need
        toll += arc.cost * factor
        room = min(room, arc.room / factor)
        z = arc.tail
        steps += 1
        if steps > nodes.shape[0]:
            return z, factor, toll, -1.0
    return z, factor, toll, room


@kernel
def _trace_sell(nodes, arcs, z):
    """Follow the best use of spare energy at z: (sink, GW there per GW at z, USD of the way, room at z; −1: a cycle)."""
    factor = 1.0
    toll = 0.0
    room = np.inf
    steps = 0
    while nodes[z].sell_arc >= 0:
        arc = arcs[nodes[z].sell_arc]
        toll += arc.cost * factor
        room = min(room, arc.room / factor)
        factor *= arc.gain
        z = arc.head
        steps += 1
        if steps > nodes.shape[0]:
            return z, factor, toll, -1.0
    return z, factor, toll, room


@kernel
def _send_buy(nodes, arcs, z, amount, h, flow, lines):
    """Bring `amount` GW to z along its cheapest supply."""
    while nodes[z].buy_arc >= 0:
        a = nodes[z].buy_arc
        amount *= arcs[a].need
        _use_arc(arcs, a, amount, h, flow, lines)
        z = arcs[a].tail


@kernel
def _send_sell(nodes, arcs, z, amount, h, flow, lines):
    """Take `amount` GW from z to its best use."""
    while nodes[z].sell_arc >= 0:
        a = nodes[z].sell_arc
        gain = arcs[a].gain
        _use_arc(arcs, a, amount, h, flow, lines)
        amount *= gain
        z = arcs[a].head


@kernel
def _import(nodes, arcs, z, h, flow, supply, lines, least):
    """Replace generation in z by its cheapest supply while a MWh saves more than `least`; return the GW replaced.

    The path is kept while the merit orders at both ends move: looking for a better one at every block costs more than
    it gains.
    """
    source, factor, toll, room = _trace_buy(nodes, arcs, z)
    small = supply[6]
    total = 0.0
    while room > small:
        saved = nodes[z].down_cost - nodes[source].up_cost * factor - toll
        amount = min(min(nodes[z].down_room, nodes[source].up_room / factor), room)
        if saved <= least or amount <= 0.0:
            break
        _generate(nodes[source], source, h, amount * factor, supply)
        _generate(nodes[z], z, h, -amount, supply)
        room -= amount
        total += amount
    if total > 0.0:
        _send_buy(nodes, arcs, z, total, h, flow, lines)
    return total


@kernel
def _trade(nodes, arcs, h, flow, supply, lines, least):
    """Balance one hour between the zones and label them; return the number of moves."""
    moves = 0
    if arcs.shape[0] == 0:
        for z in range(nodes.shape[0]):
            nodes[z].buy = nodes[z].up_cost
            nodes[z].buy_arc = -1
            nodes[z].sell = nodes[z].down_cost
            nodes[z].sell_arc = -1
        return moves
    for _ in range(MOST_ROUNDS):
        broken = False
        if not _find_buy(nodes, arcs):
            if _break_cycle(nodes, arcs, h, flow, supply, lines, least):
                moves += 1
                continue
            broken = True
        before = moves
        for z in range(nodes.shape[0]):
            if nodes[z].buy_arc >= 0 and nodes[z].down_cost - nodes[z].buy > least:
                if _import(nodes, arcs, z, h, flow, supply, lines, least) > 0.0:
                    moves += 1
        if moves == before:
            if broken:  # the labels left by `_break_cycle` are sound in both directions
                return moves
            break
    _find_sell(nodes, arcs)
    return moves


MOST_ROUNDS = 2000  # a guard: an hour of 64 zones needs some dozens


@kernel
def _break_cycle(nodes, arcs, h, flow, supply, lines, least):
    """Send energy round a cycle of the `buy` labels if that saves money; return whether it did.

    Round the cycle either more comes back than was sent (flows that ran in a circle, or by a lossy detour) and the
    surplus goes to its best use, or tolls are saved and the energy lost comes from its cheapest source. If it does not
    pay, the labels are left as they are without the cycle.
    """
    zones = nodes.shape[0]
    rings = np.empty((MOST_CYCLES, zones), np.int64)
    lengths = np.zeros(MOST_CYCLES, np.int64)
    blocked = np.zeros(MOST_CYCLES)
    count = 0
    while count < MOST_CYCLES:  # break each cycle at one arc, until the labels are sound
        length = _find_cycle(nodes, arcs, rings[count])
        if length == 0:
            break
        lengths[count] = length
        blocked[count] = arcs[rings[count, 0]].room
        arcs[rings[count, 0]].room = 0.0
        count += 1
        if _find_buy(nodes, arcs):
            break
    _find_sell(nodes, arcs)
    for c in range(count - 1, -1, -1):
        arcs[rings[c, 0]].room = blocked[c]
    if count == MOST_CYCLES:
        _cut_cycles(nodes, arcs)
    small = supply[6]
    best = 0.0
    where = -1
    amount = 0.0
    ring = rings[0]
    length = 0
    for c in range(count):
        for k in range(lengths[c]):
            z = arcs[rings[c, k]].head
            factor, toll, room = _trace_ring(arcs, rings[c], k, lengths[c])
            saved, most = _worth_of_cycle(nodes, arcs, rings[c, : lengths[c]], z, 1.0 - factor, toll, room)
            if saved > CYCLE_LEAST * least and most > small and saved * most > best:
                best = saved * most
                where = k
                amount = most
                ring = rings[c]
                length = lengths[c]
    if where < 0:
        return False
    z = arcs[ring[where]].head
    spare = 1.0 - _trace_ring(arcs, ring, where, length)[0]
    sent = amount
    for k in range(length):
        a = ring[(where + k) % length]
        sent *= arcs[a].need
        _use_arc(arcs, a, sent, h, flow, lines)
    if spare > 0.0:
        sink, factor, _, _ = _trace_sell(nodes, arcs, z)
        _send_sell(nodes, arcs, z, amount * spare, h, flow, lines)
        _generate(nodes[sink], sink, h, -amount * spare * factor, supply)
    elif spare < 0.0:
        source, factor, _, _ = _trace_buy(nodes, arcs, z)
        _send_buy(nodes, arcs, z, -amount * spare, h, flow, lines)
        _generate(nodes[source], source, h, -amount * spare * factor, supply)
    return True


MOST_CYCLES = 12  # of one hour at a time
CYCLE_LEAST = 0.01  # a GW round a cycle saves little, but is cheap to send


@kernel
def _find_cycle(nodes, arcs, ring):
    """Write the arcs of a cycle of the `buy` labels, each after the one it feeds; return how many (0: no cycle)."""
    zones = nodes.shape[0]
    for start in range(zones):
        z = start
        steps = 0
        while nodes[z].buy_arc >= 0 and steps < zones:
            z = arcs[nodes[z].buy_arc].tail
            steps += 1
        if nodes[z].buy_arc < 0:
            continue
        first = z
        length = 0
        while True:
            ring[length] = nodes[z].buy_arc
            z = arcs[ring[length]].tail
            length += 1
            if z == first:
                return length
    return 0


@kernel
def _trace_ring(arcs, ring, k, length):
    """Return (GW to send off per GW that comes back, USD of the way, room in GW coming back) at the head of arc k."""
    factor = 1.0
    toll = 0.0
    room = np.inf
    for step in range(length):
        arc = arcs[ring[(k + step) % length]]
        factor *= arc.need
        toll += arc.cost * factor
        room = min(room, arc.room / factor)
    return factor, toll, room


@kernel
def _worth_of_cycle(nodes, arcs, ring, z, spare, toll, room):
    """Return (USD saved per GW round the cycle, GW possible) if its surplus or deficit is settled through zone z."""
    if spare == 0.0:
        return -toll, room
    if spare > 0.0:
        end, factor, way, most = _trace_sell(nodes, arcs, z)
        saved = (nodes[end].down_cost * factor - way) * spare - toll
        most = min(most, nodes[end].down_room / factor)
    else:
        end, factor, way, most = _trace_buy(nodes, arcs, z)
        saved = (nodes[end].up_cost * factor + way) * spare - toll
        most = min(most, nodes[end].up_room / factor)
    # if the way uses a link of the cycle, half the room for each
    at = z
    while True:
        a = nodes[at].sell_arc if spare > 0.0 else nodes[at].buy_arc
        if a < 0:
            break
        for k in range(ring.shape[0]):
            if ring[k] >> 1 == a >> 1:
                return saved, 0.5 * min(room, most / abs(spare))
        at = arcs[a].head if spare > 0.0 else arcs[a].tail
    return saved, min(room, most / abs(spare))


@kernel
def _cut_cycles(nodes, arcs):
    """Let zones whose `buy` label runs into a cycle fall back on themselves."""
    for z in range(nodes.shape[0]):
        if _trace_buy(nodes, arcs, z)[3] < 0.0:
            nodes[z].buy = nodes[z].up_cost
            nodes[z].buy_arc = -1


# --- between hours: storage


@kernel
def _store(unit, charge, discharge, state):
    """Write the energy in store at the end of each hour [H], relative to midnight, its range and the spare inflow."""
    level = 0.0
    unit.low_gwh = np.inf
    unit.high_gwh = -np.inf
    for h in range(charge.shape[0]):
        level += charge[h] * unit.fill - discharge[h] / unit.drain
        state[h] = level
        unit.low_gwh = min(unit.low_gwh, level)
        unit.high_gwh = max(unit.high_gwh, level)
    unit.spare_gwh = max(unit.inflow_gwh + level, 0.0) if unit.inflow_gwh > 0.0 else 0.0


@kernel
def _put_in(unit, charge, discharge, small):
    """Return how one more GWh gets into store in an hour: (GWh bought for it, GWh of room).

    By discharging less, else by charging more.
    """
    if discharge > small:
        return unit.drain, discharge / unit.drain
    room = unit.charge_gw - charge
    return 1.0 / unit.fill, room * unit.fill if room > small else 0.0


@kernel
def _take_out(unit, charge, discharge, small):
    """Return how one GWh gets out of store in an hour: (GWh given for it, GWh of room).

    By charging less, else by discharging more.
    """
    if charge > small:
        return 1.0 / unit.fill, charge * unit.fill
    room = unit.discharge_gw - discharge
    return unit.drain, room / unit.drain if room > small else 0.0


@kernel
def _price_ends(nodes, unit, charge, discharge, hop, small):
    """Write into `hop` for each hour what a GWh put into store costs (0), what one taken out earns (1) and given (2)."""
    z = unit.zone
    for h in range(charge.shape[0]):
        bought, room = _put_in(unit, charge[h], discharge[h], small)
        hop[0, h] = nodes[h, z].buy * bought if room > 0.0 else np.inf
        given, room = _take_out(unit, charge[h], discharge[h], small)
        hop[1, h] = nodes[h, z].sell * given if room > 0.0 else -np.inf
        hop[2, h] = given if room > 0.0 else 0.0


@kernel
def _carry(in_cost, unit, state, small, worth, origin):
    """Write for each hour the least cost of a GWh in store then, and the hour it is put in (−1: spare inflow).

    How full a store is at midnight is free, only its swing is limited. If there is swing to spare, any hour reaches any
    other; else energy is not carried past the hours at the top, nor borrowed back past those at the bottom.
    """
    hours = state.shape[0]
    free = unit.inflow_gwh > 0.0
    if free or unit.high_gwh - unit.low_gwh < unit.energy_gwh - small:
        best = 0.0 if free and unit.spare_gwh > small else np.inf
        where = -1
        for h in range(hours):
            if in_cost[h] < best:
                best = in_cost[h]
                where = h
        worth[:] = best
        origin[:] = where
        return
    for h in range(hours):
        worth[h] = in_cost[h]
        origin[h] = h
    top = unit.low_gwh + unit.energy_gwh - small
    bottom = unit.high_gwh - unit.energy_gwh + small
    for _ in range(2):  # twice round the day
        before = hours - 1
        for h in range(hours):
            if state[before] < top and worth[before] < worth[h]:
                worth[h] = worth[before]
                origin[h] = origin[before]
            before = h
    for _ in range(2):
        after = 0
        for h in range(hours - 1, -1, -1):
            if state[h] > bottom and worth[after] < worth[h]:
                worth[h] = worth[after]
                origin[h] = origin[after]
            after = h


@kernel
def _store_room(unit, state, i, j):
    """Return the GWh that may be put in at hour i and taken out at hour j (i = −1: spare inflow).

    Storing from i to j raises the level in between: by at most the energy + lowest level outside − highest inside.
    """
    if i < 0:
        return unit.spare_gwh
    if unit.inflow_gwh > 0.0:
        return np.inf
    highest = -np.inf
    lowest = np.inf
    for h in range(state.shape[0]):
        inside = (h >= i and h < j) if i < j else (h >= i or h < j)
        if inside:
            highest = max(highest, state[h])
        else:
            lowest = min(lowest, state[h])
    return unit.energy_gwh + lowest - highest


@kernel
def _put(unit, charge, discharge, stored, h, small):
    """Put `stored` GWh more into store in hour h; return the GWh bought."""
    bought, _ = _put_in(unit, charge[h], discharge[h], small)
    if discharge[h] > small:
        discharge[h] = max(discharge[h] - stored * bought, 0.0)
    else:
        charge[h] += stored * bought
    return stored * bought


@kernel
def _take(unit, charge, discharge, stored, h, small):
    """Take `stored` GWh out of store in hour h; return the GWh given."""
    given, _ = _take_out(unit, charge[h], discharge[h], small)
    if charge[h] > small:
        charge[h] = max(charge[h] - stored * given, 0.0)
    else:
        discharge[h] += stored * given
    return stored * given


@kernel
def _shift_hours(nodes, arcs, units, s, hop, worth, origin, plan, supply, lines, tolerance):
    """Make the hops of unit s that save money, the best one first; return the number of moves."""
    flow, charges, discharges, state = plan
    charge, discharge = charges[s], discharges[s]
    unit = units[s]
    small = supply[6]
    moves = 0
    for _ in range(MOST_HOPS):
        _price_ends(nodes, unit, charge, discharge, hop, small)
        _carry(hop[0], unit, state[s], small, worth, origin)
        best = tolerance.storage
        j = -1
        for h in range(worth.shape[0]):
            if hop[1, h] - worth[h] > best and origin[h] != h:
                best = hop[1, h] - worth[h]
                j = h
        if j < 0:
            break
        i = origin[j]
        if (
            _hop(nodes, arcs, unit, i, j, charge, discharge, state[s], flow, supply, lines, tolerance.storage)
            <= 0.0
        ):
            break
        _store(unit, charge, discharge, state[s])
        moves += 1
        if i >= 0:
            moves += _trade(nodes[i], arcs[i], i, flow, supply, lines, tolerance.hour)
        moves += _trade(nodes[j], arcs[j], j, flow, supply, lines, tolerance.hour)
    return moves


MOST_HOPS = 500  # a guard


@kernel
def _hop(nodes, arcs, unit, i, j, charge, discharge, state, flow, supply, lines, least):
    """Store in hour i what is used in hour j (i = −1: spare inflow) while a GWh saves more than `least`; return GWh."""
    small = supply[6]
    z = unit.zone
    given, left = _take_out(unit, charge[j], discharge[j], small)
    sink, factor, way, room = _trace_sell(nodes[j], arcs[j], z)
    left = min(min(left, room / given), _store_room(unit, state, i, j))
    saves = factor * given  # GW at the sink per GWh in store
    toll = way * given
    source = -1
    draws = bought = 1.0
    if i >= 0:
        bought, room = _put_in(unit, charge[i], discharge[i], small)
        left = min(left, room)
        source, factor, way, room = _trace_buy(nodes[i], arcs[i], z)
        left = min(left, room / bought)
        draws = factor * bought
        toll += way * bought
    total = 0.0
    while left > 0.0:
        saved = nodes[j, sink].down_cost * saves - toll
        amount = min(left, nodes[j, sink].down_room / saves)
        if i >= 0:
            saved -= nodes[i, source].up_cost * draws
            amount = min(amount, nodes[i, source].up_room / draws)
        if saved <= least or amount <= 0.0:
            break
        if i >= 0:
            _generate(nodes[i, source], source, i, amount * draws, supply)
        _generate(nodes[j, sink], sink, j, -amount * saves, supply)
        left -= amount
        total += amount
    if total > 0.0:
        if i >= 0:
            _send_buy(nodes[i], arcs[i], z, _put(unit, charge, discharge, total, i, small), i, flow, lines)
        _send_sell(nodes[j], arcs[j], z, _take(unit, charge, discharge, total, j, small), j, flow, lines)
    return total


# --- the whole day: paths through several links, hours and units


@kernel
def _join_hours(nodes, arcs, units, hop, worth, origin, plan, small, stale):
    """Extend the `buy` labels of all hours by what storage can bring from other hours, through as many units as it takes.

    A label that came by unit s from hour i has the arc code −2 − (s · (H + 1) + i + 1); see `_hop_code`.
    """
    _, charge, discharge, state = plan
    hours = nodes.shape[0]
    floor = (
        np.inf
    )  # what is cheaper than anything that could be generated less comes from a cycle: use that first
    for h in range(hours):
        for z in range(nodes.shape[1]):
            floor = min(floor, nodes[h, z].buy)
    floor = min(floor, 0.0) - 1.0
    for _ in range(LONGEST_CHAIN):
        changed = False
        stale[:] = False
        for s in range(units.shape[0]):
            unit = units[s]
            z = unit.zone
            _price_ends(nodes, unit, charge[s], discharge[s], hop, small)
            _carry(hop[0], unit, state[s], small, worth, origin)
            for h in range(hours):
                if hop[2, h] > 0.0 and worth[h] < (nodes[h, z].buy - NOISE) * hop[2, h] and origin[h] != h:
                    nodes[h, z].buy = worth[h] / hop[2, h]
                    nodes[h, z].buy_arc = -2 - (s * (hours + 1) + origin[h] + 1)
                    stale[h] = True
                    changed = True
        if not changed:
            break
        for h in range(hours):
            if stale[h] and not _relax_buy(nodes[h], arcs[h]):
                return
            for z in range(nodes.shape[1]):
                if nodes[h, z].buy < floor:
                    return


LONGEST_CHAIN = 2  # rounds of storage hops in one path; more never paid in tests


@kernel
def _hop_code(code, hours):
    """Return (unit, hour it is put in or −1) of an arc code below −1."""
    code = -2 - code
    return code // (hours + 1), code % (hours + 1) - 1


@kernel
def _shift_paths(nodes, arcs, units, plan, supply, lines, stale, tolerance):
    """Use the paths and cycles of the whole day that save money; mark the hours they touch in `stale`; return how many."""
    hours, zones = nodes.shape
    stale[:] = False
    moves = 0
    met = np.zeros((hours, zones), np.int64)
    turn = 0
    for h in range(hours):
        for z in range(zones):
            if nodes[h, z].down_cost - nodes[h, z].buy > tolerance.storage:
                turn += 1
                if met[h, z] == 0:
                    start, zone, cycle = _follow(nodes, arcs, h, z, met, turn)
                    if start < 0:
                        continue
                    moves += _shift_path(
                        nodes, arcs, units, start, zone, cycle, plan, supply, lines, stale, tolerance
                    )
    return moves


@kernel
def _step_back(nodes, arcs, h, z):
    """Return the node (hour or −1, zone) that the label of zone z in hour h came from."""
    code = nodes[h, z].buy_arc
    if code >= 0:
        return h, arcs[h, code].tail
    return _hop_code(code, nodes.shape[0])[1], z


@kernel
def _follow(nodes, arcs, h, z, met, turn):
    """Follow the labels from (h, z): return that node, or one on the cycle they run into, and whether it is a cycle.

    Returns hour −1 if another path of this round met the same cycle before. A cycle gives energy away: two units that
    work against each other, say.
    """
    at, zone = h, z
    while True:
        met[at, zone] = turn
        if nodes[at, zone].buy_arc == -1:
            return h, z, False
        at, zone = _step_back(nodes, arcs, at, zone)
        if at < 0:
            return h, z, False
        if met[at, zone] == turn:
            return at, zone, True


@kernel
def _shift_path(nodes, arcs, units, h, z, cycle, plan, supply, lines, stale, tolerance):
    """Replace generation of zone z in hour h along the path (or round the cycle) of its label; return 1 if that saved."""
    _, charge, discharge, state = plan
    small = supply[6]
    hours = nodes.shape[0]
    # walk up to the source: what one GW here needs there, what the way costs, how much it can carry
    factor = 1.0
    toll = 0.0
    room = np.inf
    at, zone = h, z
    used = np.zeros(units.shape[0], np.bool_)
    while True:
        code = nodes[at, zone].buy_arc
        if code == -1:
            break
        if code >= 0:
            arc = arcs[at, code]
            factor *= arc.need
            toll += arc.cost * factor
            room = min(room, arc.room / factor)
            zone = arc.tail
        else:
            s, i = _hop_code(code, hours)
            if used[s]:
                return 0  # a unit used twice would count its room twice
            used[s] = True
            given, most = _take_out(units[s], charge[s, at], discharge[s, at], small)
            factor /= given
            most = min(most, _store_room(units[s], state[s], i, at))
            if i >= 0:
                bought, most_in = _put_in(units[s], charge[s, i], discharge[s, i], small)
                most = min(most, most_in)
            room = min(room, most / factor)
            if i >= 0:
                factor *= bought
            at = i
        if room <= small:
            return 0
        if at < 0 or (cycle and at == h and zone == z):
            break
    spare = 1.0 - factor if cycle else 1.0  # GW less to generate here per GW that arrives
    total = 0.0
    while room > 0.0:
        if spare > 0.0:
            saved = nodes[h, z].down_cost * spare - toll
            amount = min(room, nodes[h, z].down_room / spare)
        else:
            saved = nodes[h, z].up_cost * spare - toll
            amount = min(room, nodes[h, z].up_room / -spare) if spare < 0.0 else room
        if at >= 0 and not cycle:
            saved -= nodes[at, zone].up_cost * factor
            amount = min(amount, nodes[at, zone].up_room / factor)
        if saved <= tolerance.storage * (CYCLE_LEAST if cycle else 1.0) or amount <= 0.0:
            break
        if at >= 0 and not cycle:
            _generate(nodes[at, zone], zone, at, amount * factor, supply)
        _generate(nodes[h, z], z, h, -amount * spare, supply)
        room -= amount
        total += amount
    if total <= 0.0:
        return 0
    _send_path(nodes, arcs, units, h, z, total, cycle, plan, lines, stale)
    return 1


@kernel
def _send_path(nodes, arcs, units, h, z, amount, cycle, plan, lines, stale):
    """Bring `amount` GW to zone z in hour h along the path (or round the cycle) of its label."""
    flow, charge, discharge, state = plan
    small = lines[4]
    first, start = h, z
    while True:
        stale[h] = True
        code = nodes[h, z].buy_arc
        if code == -1:
            return
        if code >= 0:
            amount *= arcs[h, code].need
            tail = arcs[h, code].tail
            _use_arc(arcs[h], code, amount, h, flow, lines)
            z = tail
        else:
            s, i = _hop_code(code, nodes.shape[0])
            given, _ = _take_out(units[s], charge[s, h], discharge[s, h], small)
            stored = amount / given
            _take(units[s], charge[s], discharge[s], stored, h, small)
            if i >= 0:
                amount = _put(units[s], charge[s], discharge[s], stored, i, small)
            _store(units[s], charge[s], discharge[s], state[s])
            if i < 0:
                return
            h = i
        if cycle and h == first and z == start:
            return


# --- prices


@kernel
def _narrow_sell(nodes, arcs, units, hop, worth, plan, small):
    """Raise the `sell` labels to what storage makes of a spare MWh, as `_join_hours` did with `buy`.

    Without both a zone that lives on water in some hour would be priced by plants that stand still.
    """
    _, charge, discharge, state = plan
    hours = nodes.shape[0]
    for s in range(units.shape[0]):
        unit = units[s]
        z = unit.zone
        _price_ends(nodes, unit, charge[s], discharge[s], hop, small)
        _carry_back(hop[1], unit, state[s], small, worth)
        for h in range(hours):
            bought, room = _put_in(unit, charge[s, h], discharge[s, h], small)
            if room > 0.0:
                nodes[h, z].sell = max(nodes[h, z].sell, worth[h] / bought)
    for h in range(hours):
        _relax_sell(nodes[h], arcs[h])


@kernel
def _carry_back(out_value, unit, state, small, worth):
    """Write for each hour the most that a GWh in store then will earn; the mirror of `_carry`."""
    hours = state.shape[0]
    free = unit.inflow_gwh > 0.0
    if free or unit.high_gwh - unit.low_gwh < unit.energy_gwh - small:
        best = 0.0 if free else -np.inf  # spilling earns nothing
        for h in range(hours):
            best = max(best, out_value[h])
        worth[:] = best
        return
    worth[:] = out_value
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


@kernel
def _price(node, lost_load):
    """Return the price: the middle between what the next MWh costs and the last one saves, where both exist."""
    high = min(node.buy, lost_load)
    low = max(node.sell, -lost_load)
    if low <= -lost_load:
        return high
    return 0.5 * (high + low)
