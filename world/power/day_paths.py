"""Paths of a whole day, through several links, hours and storage units; and the prices they leave.

Hops of single units find nearly everything. What needs several at once is found by extending the `buy` labels
of the hours through storage, so that they span the day. A flow with losses is at its optimum when no path from
a source to a sink saves money and no cycle does, fed from a source if it loses energy and feeding a sink if it
gives some (Ahuja, Magnanti and Orlin, "Network Flows", 1993, chapter 15). A label that would close a cycle is
therefore not taken: the cycle is kept for use instead, and all labels lead back to sources.
"""

from __future__ import annotations

import numpy as np

from ..kernels import kernel
from .margins import SURPLUS, generate
from .storing import carry, price_ends, put, put_in, store, store_room, take, take_out
from .trading import CYCLE_LEAST, NOISE, relax_sell, use_arc

# one step of a move, walked from its end: `amount` GW arrive in `zone` at `hour` by the arc or hop `code`
STEP = np.dtype([("hour", np.int64), ("zone", np.int64), ("code", np.int64), ("amount", np.float64)])
MOST_STEPS = 256  # of one move, a guard
MOST_FOUND = 2  # cycles used in one round: while there are some, labels wind round them, so stop early
ROUND_TRIP = 1e-9  # a cycle that gives or loses less than this share of what goes round does neither


@kernel
def join_hours(nodes, arcs, units, hop, plan, small, tolerance, joined, steps, found):
    """Extend the `buy` labels of all hours by what storage can bring from other hours, through as many units
    as it takes.

    A label that came by unit s from hour i has the arc code −2 − (s · (H + 1) + i + 1); see `_hop_code`.
    Hours whose labels changed are marked in `joined`. Cycles that save money by themselves are written to
    `found`; returns how many. Every hop counts as `tolerance.hop` USD/MWh dearer than it is, or chains of many
    hops that save next to nothing would be followed without end.

    The cheapest label is followed first, so that nearly every label is lowered once.
    """
    _, charge, discharge, state = plan
    hours, zones = nodes.shape
    joined[:] = False
    count = units.shape[0]
    worth = np.empty((count, hours))  # USD per GWh in store, and the hour it is put in
    origin = np.empty((count, hours), np.int64)
    into = np.empty((count, hours))  # GWh bought per GWh put in
    out = np.empty((count, hours))  # GWh given per GWh taken out, 0: cannot
    queue = np.empty(MOST_QUEUED * hours * zones, QUEUED)
    visits = np.zeros((hours, zones), np.int64)
    queued = cycles = 0
    for s in range(count):
        price_ends(nodes, units[s], charge[s], discharge[s], hop, small)
        for h in range(hours):
            bought, room = put_in(units[s], charge[s, h], discharge[s, h], small)
            into[s, h] = bought if room > 0.0 else np.inf
            out[s, h] = hop[2, h]
        carry(hop[0], units[s], state[s], small, worth[s], origin[s])
    for s in range(count):
        for h in range(hours):
            queued, cycles = _offer(
                nodes, arcs, units, s, h, worth[s, h], origin[s, h], out, joined, plan, small,
                tolerance, steps, queue, queued, found, cycles,
            )
    while queued > 0 and cycles < found.shape[0]:
        cost, h, z, queued = _pop(queue, queued)
        if cost > nodes[h, z].buy:
            continue  # lowered again since
        if visits[h, z] == tolerance.visits:
            continue
        visits[h, z] += 1
        for a in range(arcs.shape[1]):
            arc = arcs[h, a]
            if arc.tail == z and arc.room > 0.0:
                offer = (cost + arc.cost) * arc.need
                if offer < nodes[h, arc.head].buy - NOISE:
                    queued, cycles = _lower(
                        nodes, arcs, units, h, arc.head, a, offer, plan, small,
                        tolerance, steps, queue, queued, found, cycles,
                    )
        for s in range(count):
            unit = units[s]
            if unit.zone != z or not cost * into[s, h] < worth[s, h] - NOISE:
                continue
            value = cost * into[s, h]
            open_day = unit.inflow_gwh > 0.0 or unit.high_gwh - unit.low_gwh < unit.energy_gwh - small
            top = unit.low_gwh + unit.energy_gwh - small
            bottom = unit.high_gwh - unit.energy_gwh + small
            worth[s, h] = value
            origin[s, h] = h
            for way in range(1 if open_day else 2):
                at = h
                for _ in range(hours - 1):
                    before = at
                    at = (at + 1) % hours if way == 0 else (at - 1) % hours
                    if not open_day and not (state[s, before] < top if way == 0 else state[s, at] > bottom):
                        break
                    if value < worth[s, at]:
                        worth[s, at] = value
                        origin[s, at] = h
                        queued, cycles = _offer(
                            nodes, arcs, units, s, at, value, h, out, joined, plan, small,
                            tolerance, steps, queue, queued, found, cycles,
                        )
    return cycles


@kernel
def _pays(nodes, arcs, units, h, z, code, plan, small, tolerance, steps):
    """Return whether the cycle that (h, z) closes by `code` saves enough money to be worth a round."""
    n, at, zone, need, toll = _walk(nodes, arcs, units, plan, h, z, code, 1.0, h, z, small, steps, 0)
    if n == 0 or at != h or zone != z:
        return False
    most = np.inf
    if need < 1.0 - ROUND_TRIP:
        n, h, z, less, toll = _settle_surplus(nodes, arcs, 1.0 - need, toll, steps, n)
        saved = nodes[h, z].down_cost * less - toll
        most = nodes[h, z].down_room / less
    else:
        saved = (1.0 - need) * nodes[h, z].buy - toll
    if saved <= tolerance.storage * CYCLE_LEAST:
        return False
    most = min(most, _room(arcs, units, plan, small, steps[:n]))
    return most > small and saved * most > tolerance.cycle * small / tolerance.size * nodes.size


QUEUED = np.dtype([("cost", np.float64), ("hour", np.int64), ("zone", np.int64)])
MOST_QUEUED = 8  # entries per node, a guard


@kernel
def _push(queue, queued, cost, h, z):
    """Add a node to the heap; return its new size."""
    if queued == queue.shape[0]:
        return queued
    k = queued
    while k > 0:
        up = (k - 1) >> 1
        if queue[up].cost <= cost:
            break
        queue[k].cost = queue[up].cost
        queue[k].hour = queue[up].hour
        queue[k].zone = queue[up].zone
        k = up
    queue[k].cost = cost
    queue[k].hour = h
    queue[k].zone = z
    return queued + 1


@kernel
def _pop(queue, queued):
    """Take the cheapest node off the heap; return (cost, hour, zone, new size)."""
    cost, h, z = queue[0].cost, queue[0].hour, queue[0].zone
    last = queued - 1
    moved = queue[last].cost
    k = 0
    while True:
        down = 2 * k + 1
        if down >= last:
            break
        if down + 1 < last and queue[down + 1].cost < queue[down].cost:
            down += 1
        if moved <= queue[down].cost:
            break
        queue[k].cost = queue[down].cost
        queue[k].hour = queue[down].hour
        queue[k].zone = queue[down].zone
        k = down
    queue[k].cost = moved
    queue[k].hour = queue[last].hour
    queue[k].zone = queue[last].zone
    return cost, h, z, last


@kernel
def _offer(
    nodes, arcs, units, s, h, value, start, out, joined, plan, small, tolerance, steps, queue, queued, found, cycles
):
    """Offer the zone of unit s in hour h a GWh in store worth `value` USD, put in at hour `start`; return
    (queued, number of cycles `found`).
    """
    z = units[s].zone
    if out[s, h] > 0.0 and start != h and value < np.inf:
        cost = value / out[s, h] + tolerance.hop
        if cost < nodes[h, z].buy - NOISE:
            code = -2 - (s * (nodes.shape[0] + 1) + start + 1)
            queued, cycles = _lower(
                nodes, arcs, units, h, z, code, cost, plan, small, tolerance, steps, queue, queued, found, cycles
            )
            joined[h] = True
    return queued, cycles


@kernel
def _lower(
    nodes, arcs, units, h, z, code, cost, plan, small, tolerance, steps, queue, queued, found, cycles
):
    """Lower the label of (h, z) to `cost` by arc `code`, unless it closes a cycle; return (queued, number of
    cycles `found`).
    """
    node = nodes[h, z]
    if not _leads_to(nodes, arcs, h, z, code):
        node.buy = cost
        node.buy_arc = code
        queued = _push(queue, queued, cost, h, z)
    elif cycles < found.shape[0] and _pays(nodes, arcs, units, h, z, code, plan, small, tolerance, steps):
        found[cycles].hour = h
        found[cycles].zone = z
        found[cycles].code = code
        cycles += 1
    return queued, cycles


@kernel
def _leads_to(nodes, arcs, h, z, code):
    """Return whether the label that (h, z) would have by `code` comes from (h, z) itself."""
    at, zone = h, z
    for _ in range(MOST_STEPS):
        if code >= 0:
            zone = arcs[at, code].tail
        else:
            at = _hop_code(code, nodes.shape[0])[1]
            if at < 0:
                return False
        if at == h and zone == z:
            return True
        code = nodes[at, zone].buy_arc
        if code == -1:
            return False
    return False


@kernel
def _hop_code(code, hours):
    """Return (unit, hour it is put in or −1) of an arc code below −1."""
    code = -2 - code
    return code // (hours + 1), code % (hours + 1) - 1


@kernel
def _walk(nodes, arcs, units, plan, h, z, code, amount, goal_hour, goal, small, steps, n):
    """Follow the labels from (h, z), where `amount` GW arrive by `code`, to the goal node or else their source.

    Writes `steps` from n on. Returns (number of steps, 0: no end in sight; hour or −1: spare inflow; zone; GW
    there per GW that arrives; USD of the way per GW that arrives).
    """
    _, charge, discharge, _ = plan
    need = 1.0
    toll = 0.0
    while code != -1:
        if n == steps.shape[0]:
            return 0, h, z, need, toll
        step = steps[n]
        step.hour = h
        step.zone = z
        step.code = code
        step.amount = amount * need
        n += 1
        if code >= 0:
            arc = arcs[h, code]
            need *= arc.need
            toll += arc.cost * need
            z = arc.tail
        else:
            s, i = _hop_code(code, nodes.shape[0])
            need /= take_out(units[s], charge[s, h], discharge[s, h], small)[0]
            h = i
            if h < 0:
                break
            need *= put_in(units[s], charge[s, h], discharge[s, h], small)[0]
        if h == goal_hour and z == goal:
            break
        code = nodes[h, z].buy_arc
    return n, h, z, need, toll


@kernel
def shift_paths(nodes, arcs, units, plan, supply, lines, stale, tolerance, steps, found, cycles):
    """Use the paths and cycles of the whole day that save money; mark the hours they touch in `stale`; return
    kUSD saved.
    """
    hours, zones = nodes.shape
    small = supply[2]
    stale[:] = False
    gained = 0.0
    met = np.zeros((hours, zones), np.bool_)
    for c in range(cycles):
        h, z, code = found[c].hour, found[c].zone, found[c].code
        n, at, zone, need, toll = _walk(nodes, arcs, units, plan, h, z, code, 1.0, h, z, small, steps, 0)
        if n > 0 and at == h and zone == z and _is_new_cycle(steps[:n], met):
            least = tolerance.storage * CYCLE_LEAST
            if need < 1.0 - ROUND_TRIP:
                n, h, z, less, toll = _settle_surplus(nodes, arcs, 1.0 - need, toll, steps, n)
                gained += _move(
                    nodes, arcs, units, plan, supply, lines, stale, least, steps, n, h, z, less, 0.0, toll
                )
            else:
                lost = need - 1.0 if need - 1.0 > ROUND_TRIP else 0.0
                gained += _move(
                    nodes, arcs, units, plan, supply, lines, stale, least, steps, n, h, z, 0.0, lost, toll
                )
    for h in range(hours):
        for z in range(zones):
            if nodes[h, z].down_cost - nodes[h, z].buy > tolerance.storage and _is_new(nodes, arcs, h, z, met):
                gained += _move(
                    nodes, arcs, units, plan, supply, lines, stale, tolerance.storage,
                    steps, 0, h, z, 1.0, 1.0, 0.0,
                )  # fmt: skip
    return gained


@kernel
def _is_new(nodes, arcs, h, z, met):
    """Mark the nodes on the path of (h, z) in `met`; return whether none was marked before.

    Paths that join mostly share what limits them, so the second finds nothing left.
    """
    while h >= 0:
        if met[h, z]:
            return False
        met[h, z] = True
        code = nodes[h, z].buy_arc
        if code == -1:
            return True
        if code >= 0:
            z = arcs[h, code].tail
        else:
            h = _hop_code(code, nodes.shape[0])[1]
    return True


@kernel
def _is_new_cycle(steps, met):
    """Mark the nodes of a cycle in `met`; return whether none was marked before."""
    new = True
    for k in range(steps.shape[0]):
        if met[steps[k].hour, steps[k].zone]:
            new = False
        met[steps[k].hour, steps[k].zone] = True
    return new


@kernel
def _move(
    nodes, arcs, units, plan, supply, lines, stale, least, steps, n, h, z, less, amount, toll
):
    """Bring `amount` GW to (h, z) along its label, for `less` GW generated less there and for the first n
    `steps`, whose way costs `toll` USD; as often as it saves more than `least`. Return (steps, kUSD saved).
    """
    small = supply[2]
    at, source, drawn = -1, z, 0.0
    if amount > 0.0:
        n, at, source, need, way = _walk(
            nodes, arcs, units, plan, h, z, nodes[h, z].buy_arc, amount, -1, 0, small, steps, n
        )
        toll += way * amount
        drawn = amount * need
    room = _room(arcs, units, plan, small, steps[:n])
    total = gained = 0.0
    while room > small:
        saved = -toll
        most = room
        if less > 0.0:
            saved += nodes[h, z].down_cost * less
            most = min(most, nodes[h, z].down_room / less)
        if at >= 0 and drawn > 0.0:
            saved -= nodes[at, source].up_cost * drawn
            most = min(most, nodes[at, source].up_room / drawn)
        if saved <= least or most <= 0.0:
            break
        if at >= 0 and drawn > 0.0:
            generate(nodes[at, source], source, at, most * drawn, supply)
        if less > 0.0:
            generate(nodes[h, z], z, h, -most * less, supply)
        room -= most
        total += most
        gained += most * saved
    if total > 0.0:
        stale[h] = True
        if at >= 0:
            stale[at] = True
        _send(arcs, units, plan, lines, stale, steps[:n], total)
    return gained


@kernel
def _settle_surplus(nodes, arcs, spare, toll, steps, n):
    """Take what a cycle of n `steps` gives, `spare` GW per GW that arrives at its first step, to its best use.

    Returns (number of steps, hour and zone of that use, GW less to generate there, USD of the whole way).
    """
    need = 1.0 - spare
    best = -np.inf
    where = 0
    ahead = 0.0  # toll of the steps before k: less goes through them if the surplus leaves at k
    for k in range(n):
        step = steps[k]
        worth = nodes[step.hour, step.zone].sell * step.amount * spare + ahead * spare
        if worth > best:
            best = worth
            where = k
        if step.code >= 0:
            arc = arcs[step.hour, step.code]
            ahead += arc.cost * arc.need * step.amount
    for k in range(where):
        step = steps[k]
        if step.code >= 0:
            arc = arcs[step.hour, step.code]
            toll -= arc.cost * arc.need * step.amount * spare
        step.amount *= need
    h, z = steps[where].hour, steps[where].zone
    less = steps[where].amount * spare
    while nodes[h, z].sell_arc >= 0 and n < steps.shape[0]:
        a = nodes[h, z].sell_arc
        arc = arcs[h, a]
        toll += arc.cost * less
        less *= arc.gain
        steps[n].hour = h
        steps[n].zone = arc.head
        steps[n].code = a
        steps[n].amount = less
        n += 1
        z = arc.head
    return n, h, z, less, toll


@kernel
def _room(arcs, units, plan, small, steps):
    """Return how often a move can be made: what its steps share (an arc, the power of a unit in an hour, its
    store) must do for all of them.
    """
    _, charge, discharge, state = plan
    hours = charge.shape[1]
    room = np.inf
    for k in range(steps.shape[0]):
        step = steps[k]
        h = step.hour
        if step.code >= 0:
            used = 0.0
            for other in range(steps.shape[0]):
                if steps[other].code == step.code and steps[other].hour == h:
                    used += steps[other].amount
            arc = arcs[h, step.code]
            room = min(room, arc.room / (used * arc.need))
            continue
        s, i = _hop_code(step.code, hours)
        unit = units[s]
        hops = 0
        for other in range(steps.shape[0]):
            if steps[other].code < -1:
                hops += _hop_code(steps[other].code, hours)[0] == s
        for at in (h, i):
            if at >= 0:
                net = _net_out(units, s, at, plan, steps, small)
                if net > 0.0:
                    room = min(room, take_out(unit, charge[s, at], discharge[s, at], small)[1] / net)
                elif net < 0.0:
                    room = min(room, put_in(unit, charge[s, at], discharge[s, at], small)[1] / -net)
        stored = _stored(units, plan, step, small)
        if hops == 1 or i < 0:
            room = min(room, store_room(unit, state[s], i, h) / stored)
        elif unit.inflow_gwh <= 0.0:
            room = min(room, _shared_store(units, s, plan, steps, small))
    return room


@kernel
def _net_out(units, s, at, plan, steps, small):
    """Return the GWh that a move takes out of unit s in one hour, less what it puts in then."""
    hours = plan[1].shape[1]
    net = 0.0
    for k in range(steps.shape[0]):
        if steps[k].code < -1:
            unit_of, start = _hop_code(steps[k].code, hours)
            if unit_of == s and (steps[k].hour == at or start == at):
                stored = _stored(units, plan, steps[k], small)
                net += stored if steps[k].hour == at else -stored
    return net


@kernel
def _stored(units, plan, step, small):
    """Return the GWh that a hop takes through the store of its unit."""
    _, charge, discharge, _ = plan
    s, _ = _hop_code(step.code, charge.shape[1])
    return step.amount / take_out(units[s], charge[s, step.hour], discharge[s, step.hour], small)[0]


@kernel
def _shared_store(units, s, plan, steps, small):
    """Return how often the store of unit s can take all its hops of a move at once."""
    state = plan[3][s]
    hours = state.shape[0]
    lift = np.zeros(hours)
    for k in range(steps.shape[0]):
        if steps[k].code < -1:
            unit_of, i = _hop_code(steps[k].code, hours)
            if unit_of == s and i >= 0:
                stored = _stored(units, plan, steps[k], small)
                j = steps[k].hour
                for h in range(hours):
                    if (h >= i and h < j) if i < j else (h >= i or h < j):
                        lift[h] += stored
    room = np.inf
    for a in range(hours):
        for b in range(hours):
            if lift[a] > lift[b]:
                room = min(room, (units[s].energy_gwh - state[a] + state[b]) / (lift[a] - lift[b]))
    return room


@kernel
def _send(arcs, units, plan, lines, stale, steps, times):
    """Make a move so many `times`."""
    flow, charge, discharge, state = plan
    small = lines[4]
    hours = charge.shape[1]
    net = np.zeros(2 * steps.shape[0])  # before anything moves: a unit that turns round changes its losses
    for k in range(steps.shape[0]):
        if steps[k].code < -1:
            s, i = _hop_code(steps[k].code, hours)
            net[2 * k] = _net_out(units, s, steps[k].hour, plan, steps, small) * times
            net[2 * k + 1] = _net_out(units, s, i, plan, steps, small) * times if i >= 0 else 0.0
    for k in range(steps.shape[0]):
        step = steps[k]
        stale[step.hour] = True
        if step.code >= 0:
            need = arcs[step.hour, step.code].need
            use_arc(arcs[step.hour], step.code, step.amount * times * need, step.hour, flow, lines)
            continue
        s, i = _hop_code(step.code, hours)
        for side in range(2):
            at = step.hour if side == 0 else i
            if at < 0 or _is_earlier(steps, k, side, s, at, hours):
                continue
            stale[at] = True
            if net[2 * k + side] > 0.0:
                take(units[s], charge[s], discharge[s], net[2 * k + side], at, small)
            elif net[2 * k + side] < 0.0:
                put(units[s], charge[s], discharge[s], -net[2 * k + side], at, small)
        store(units[s], charge[s], discharge[s], state[s])


@kernel
def _is_earlier(steps, k, side, s, at, hours):
    """Return whether a hop before side `side` of step k uses unit s in the same hour: it did it for both."""
    for other in range(k + 1):
        if steps[other].code < -1:
            unit_of, start = _hop_code(steps[other].code, hours)
            if unit_of == s:
                if other < k and (steps[other].hour == at or start == at):
                    return True
                if other == k and side == 1 and steps[other].hour == at:
                    return True
    return False


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
