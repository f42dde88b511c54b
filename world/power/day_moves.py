"""Moves of a whole day: paths through several links, hours and storage units, traced, measured and made."""

from __future__ import annotations

import numpy as np

from ..kernels import kernel, kernel_inside
from .storing import put, put_in, store, store_room, take, take_out
from .trading import is_idle, use_arc

# one step of a move, walked from its end: `amount` GW arrive in `zone` at `hour` by the arc or hop `code`
STEP = np.dtype([("hour", np.int64), ("zone", np.int64), ("code", np.int64), ("amount", np.float64)])
MOST_STEPS = 256  # of one move, a guard


HOUR_BITS = 6  # of an arc code below −1, so for days of at most 62 hours: shifts are much faster than divisions


@kernel_inside
def code_of_hop(s, i):
    """Return the arc code, below −1, of what unit s was given in hour i (−1: spare inflow)."""
    return -2 - ((s << HOUR_BITS) + i + 1)


@kernel_inside
def hop_code(code):
    """Return (unit, hour it is put in or −1) of an arc code below −1."""
    code = -2 - code
    return code >> HOUR_BITS, (code & ((1 << HOUR_BITS) - 1)) - 1


@kernel_inside
def walk(labels, arcs, units, plan, h, z, code, amount, goal_hour, goal, small, steps, n):
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
            s, i = hop_code(code)
            need /= take_out(units[s], charge[s, h], discharge[s, h], small)[0]
            h = i
            if h < 0:
                break
            need *= put_in(units[s], charge[s, h], discharge[s, h], small)[0]
        if h == goal_hour and z == goal:
            break
        code = labels[h, z].code
    return n, h, z, need, toll


@kernel_inside
def settle_surplus(nodes, arcs, spare, toll, steps, n):
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


@kernel_inside
def room_of(arcs, units, plan, small, steps):
    """Return how often a move can be made: what its steps share (an arc, the power of a unit in an hour, its
    store) must do for all of them.

    There is none for a move that both fills and drains a unit in an hour in which it rests, or takes an idle
    line both ways: set off against each other the two lose less than each alone, so the energy that the steps
    count would not be there.
    """
    _, charge, discharge, state = plan
    room = np.inf
    for k in range(steps.shape[0]):
        step = steps[k]
        h = step.hour
        if step.code >= 0:
            used = 0.0
            for other in range(steps.shape[0]):
                if steps[other].code == step.code and steps[other].hour == h:
                    used += steps[other].amount
                elif steps[other].code == step.code ^ 1 and steps[other].hour == h and is_idle(arcs[h], step.code):
                    return 0.0
            arc = arcs[h, step.code]
            room = min(room, arc.room / (used * arc.need))
            continue
        s, i = hop_code(step.code)
        unit = units[s]
        hops = 0
        for other in range(steps.shape[0]):
            if steps[other].code < -1:
                hops += hop_code(steps[other].code)[0] == s
        for at in (h, i):
            if at >= 0:
                if charge[s, at] <= small and discharge[s, at] <= small and _goes_both_ways(steps, s, at):
                    return 0.0
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


@kernel_inside
def _goes_both_ways(steps, s, at):
    """Return whether a move puts energy into unit s in hour `at` and takes some out in the same hour."""
    puts = takes = False
    for k in range(steps.shape[0]):
        if steps[k].code < -1:
            unit_of, start = hop_code(steps[k].code)
            if unit_of == s:
                takes = takes or steps[k].hour == at
                puts = puts or start == at
    return puts and takes


@kernel_inside
def _net_out(units, s, at, plan, steps, small):
    """Return the GWh that a move takes out of unit s in one hour, less what it puts in then."""
    net = 0.0
    for k in range(steps.shape[0]):
        if steps[k].code < -1:
            unit_of, start = hop_code(steps[k].code)
            if unit_of == s and (steps[k].hour == at or start == at):
                stored = _stored(units, plan, steps[k], small)
                net += stored if steps[k].hour == at else -stored
    return net


@kernel_inside
def _stored(units, plan, step, small):
    """Return the GWh that a hop takes through the store of its unit."""
    _, charge, discharge, _ = plan
    s, _ = hop_code(step.code)
    return step.amount / take_out(units[s], charge[s, step.hour], discharge[s, step.hour], small)[0]


@kernel
def _shared_store(units, s, plan, steps, small):
    """Return how often the store of unit s can take all its hops of a move at once."""
    state = plan[3][s]
    hours = state.shape[0]
    lift = np.zeros(hours)
    for k in range(steps.shape[0]):
        if steps[k].code < -1:
            unit_of, i = hop_code(steps[k].code)
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
def send(arcs, units, plan, lines, stale, steps, times):
    """Make a move so many `times`."""
    flow, charge, discharge, state = plan
    small = lines[4]
    hours = charge.shape[1]
    net = np.zeros(2 * steps.shape[0])  # before anything moves: a unit that turns round changes its losses
    for k in range(steps.shape[0]):
        if steps[k].code < -1:
            s, i = hop_code(steps[k].code)
            net[2 * k] = _net_out(units, s, steps[k].hour, plan, steps, small) * times
            net[2 * k + 1] = _net_out(units, s, i, plan, steps, small) * times if i >= 0 else 0.0
    for k in range(steps.shape[0]):
        step = steps[k]
        stale[step.hour] = True
        if step.code >= 0:
            need = arcs[step.hour, step.code].need
            use_arc(arcs[step.hour], step.code, step.amount * times * need, step.hour, flow, lines)
            continue
        s, i = hop_code(step.code)
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


@kernel_inside
def _is_earlier(steps, k, side, s, at, hours):
    """Return whether a hop before side `side` of step k uses unit s in the same hour: it did it for both."""
    for other in range(k + 1):
        if steps[other].code < -1:
            unit_of, start = hop_code(steps[other].code)
            if unit_of == s:
                if other < k and (steps[other].hour == at or start == at):
                    return True
                if other == k and side == 1 and steps[other].hour == at:
                    return True
    return False
