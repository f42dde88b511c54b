"""Paths of a whole day, through several links, hours and storage units; and the prices they leave.

Hops of single units find nearly everything. What needs two units at once (or two that work against each
other) is found by extending the labels of the hours through storage.
"""

from __future__ import annotations

import numpy as np

from ..kernels import kernel
from .margins import SURPLUS, generate
from .storing import carry, price_ends, put, put_in, store, store_room, take, take_out
from .trading import CYCLE_LEAST, NOISE, relax_buy, relax_sell, use_arc


@kernel
def join_hours(nodes, arcs, units, hop, worth, origin, plan, small, joined):
    """Extend the `buy` labels of all hours by what storage can bring from other hours, through as many units
    as it takes.

    A label that came by unit s from hour i has the arc code −2 − (s · (H + 1) + i + 1); see `_hop_code`.
    Hours whose labels changed are marked in `joined`.
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
    joined[:] = False
    fresh = np.zeros(hours, np.bool_)
    for _ in range(LONGEST_CHAIN):
        changed = False
        fresh[:] = False
        for s in range(units.shape[0]):
            unit = units[s]
            z = unit.zone
            price_ends(nodes, unit, charge[s], discharge[s], hop, small)
            carry(hop[0], unit, state[s], small, worth, origin)
            for h in range(hours):
                if hop[2, h] > 0.0 and worth[h] < (nodes[h, z].buy - NOISE) * hop[2, h] and origin[h] != h:
                    nodes[h, z].buy = worth[h] / hop[2, h]
                    nodes[h, z].buy_arc = -2 - (s * (hours + 1) + origin[h] + 1)
                    fresh[h] = True
                    joined[h] = True
                    changed = True
        if not changed:
            break
        for h in range(hours):
            if fresh[h] and not relax_buy(nodes[h], arcs[h]):
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
def shift_paths(nodes, arcs, units, plan, supply, lines, stale, tolerance):
    """Use the paths and cycles of the whole day that save money; mark the hours they touch in `stale`; return
    kUSD saved.
    """
    hours, zones = nodes.shape
    stale[:] = False
    gained = 0.0
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
                    gained += _shift_path(
                        nodes, arcs, units, start, zone, cycle, plan, supply, lines, stale, tolerance
                    )
    return gained


@kernel
def _step_back(nodes, arcs, h, z):
    """Return the node (hour or −1, zone) that the label of zone z in hour h came from."""
    code = nodes[h, z].buy_arc
    if code >= 0:
        return h, arcs[h, code].tail
    return _hop_code(code, nodes.shape[0])[1], z


@kernel
def _follow(nodes, arcs, h, z, met, turn):
    """Follow the labels from (h, z): return that node, or one on the cycle they run into, and whether it is a
    cycle.

    Returns hour −1 if another path of this round met the same cycle before. A cycle gives energy away: two
    units that work against each other, say.
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
    """Replace generation of zone z in hour h along the path (or round the cycle) of its label; return kUSD
    saved.
    """
    _, charge, discharge, state = plan
    small = supply[2]
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
                return 0.0  # a unit used twice would count its room twice
            used[s] = True
            given, most = take_out(units[s], charge[s, at], discharge[s, at], small)
            factor /= given
            most = min(most, store_room(units[s], state[s], i, at))
            if i >= 0:
                bought, most_in = put_in(units[s], charge[s, i], discharge[s, i], small)
                most = min(most, most_in)
            room = min(room, most / factor)
            if i >= 0:
                factor *= bought
            at = i
        if room <= small:
            return 0.0
        if at < 0 or (cycle and at == h and zone == z):
            break
    spare = 1.0 - factor if cycle else 1.0  # GW less to generate here per GW that arrives
    total = 0.0
    gained = 0.0
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
            generate(nodes[at, zone], zone, at, amount * factor, supply)
        generate(nodes[h, z], z, h, -amount * spare, supply)
        room -= amount
        total += amount
        gained += amount * saved
    if total <= 0.0:
        return 0.0
    _send_path(nodes, arcs, units, h, z, total, cycle, plan, lines, stale)
    return gained


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
            use_arc(arcs[h], code, amount, h, flow, lines)
            z = tail
        else:
            s, i = _hop_code(code, nodes.shape[0])
            given, _ = take_out(units[s], charge[s, h], discharge[s, h], small)
            stored = amount / given
            take(units[s], charge[s], discharge[s], stored, h, small)
            if i >= 0:
                amount = put(units[s], charge[s], discharge[s], stored, i, small)
            store(units[s], charge[s], discharge[s], state[s])
            if i < 0:
                return
            h = i
        if cycle and h == first and z == start:
            return


@kernel
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


@kernel
def _carry_back(out_value, unit, state, small, worth):
    """Write for each hour the most that a GWh in store then will earn; the mirror of `carry`."""
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
