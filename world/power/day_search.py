"""The cheapest supply of every zone and hour over the whole day: hours joined by what storage can bring.

The labels of the hours (`trading.py`) are extended through storage. A flow with losses is at its optimum when no
path from a source to a sink saves money and no cycle does, fed from a source if it loses energy and feeding a sink
if it gives some (Ahuja, Magnanti and Orlin, "Network Flows", 1993, chapter 15). A label that would close a cycle is
therefore not taken: the cycle is kept for use instead, and all labels lead back to sources.
"""

from __future__ import annotations

import numpy as np

from ..kernels import kernel, kernel_inside
from .day_moves import MOST_STEPS, code_of_hop, hop_code, room_of, settle_surplus, walk
from .storing import carry, has_open_day, put_in, take_out
from .trading import CYCLE_LEAST, NOISE

# the cheapest supply of one zone in one hour, over the whole day
LABEL = np.dtype(
    [
        ("buy", np.float64),  # USD/MWh
        ("code", np.int64),  # the arc it comes in by, −1 if from the zone itself, below that a hop (`hop_code`)
        ("feeds", np.int64),  # 1 if another label may come from this one: only then can a lower one close a cycle
        ("done", np.int64),  # 1 if passed on already
    ]
)
MOST_FOUND = 2  # cycles used in one round: while there are some, labels wind round them, so stop early
ROUND_TRIP = 1e-9  # a cycle that gives or loses less than this share of what goes round does neither
MOST_QUEUED = 8  # entries per node, a guard
ZONE_BITS = 16  # of a place in the queue, above them the hour


@kernel
def group(key, groups):
    """Return (first [groups + 1], rows [N]): rows whose `key` [N] is g are `rows[first[g] : first[g + 1]]`."""
    first = np.zeros(groups + 1, np.int64)
    rows = np.empty(key.shape[0], np.int64)
    for i in range(key.shape[0]):
        first[key[i] + 1] += 1
    for g in range(groups):
        first[g + 1] += first[g]
    at = first.copy()
    for i in range(key.shape[0]):
        rows[at[key[i]]] = i
        at[key[i]] += 1
    return first, rows


@kernel
def search_room(hours, zones, units):
    """Return the working arrays of `join_hours`: cost and place of queued nodes; of stores worth, origin, what a GWh buys and
    gives, and whether their day is open.
    """
    queue = MOST_QUEUED * hours * zones
    return (
        np.empty(queue),
        np.empty(queue, np.int64),
        np.empty((units, hours)),
        np.empty((units, hours), np.int64),
        np.empty((units, hours)),
        np.empty((units, hours)),
        np.empty((units, hours)),
        np.empty(hours),
        np.empty(units, np.bool_),
    )


@kernel_inside
def join_hours(nodes, arcs, units, plan, small, tolerance, around, room, labels, steps, found):
    """Fill `labels` [H, Z] with the cheapest supply through the network of each hour and as many units as it takes.

    `around` holds the arcs by their tail and the units by their zone, as of `group`. Cycles that save money by
    themselves are written to `found`; returns how many. Every hop counts as `tolerance.hop` USD/MWh dearer than it
    is, or chains of many hops that save next to nothing would be followed without end.

    The cheapest label is followed first and each only once, so labels do not wind round cycles not worth using.
    """
    first_arc, arcs_from, first_unit, units_in = around
    queue, place, worth, origin, into, out, per_out, in_cost, open_day = room
    state = plan[3]
    hours, zones = nodes.shape
    queued = cycles = 0
    for h in range(hours):
        for z in range(zones):
            label = labels[h, z]
            label.buy = nodes[h, z].buy
            label.code = nodes[h, z].buy_arc
            label.feeds = 0
            label.done = 0
        for z in range(zones):
            if labels[h, z].code >= 0:
                labels[h, arcs[h, labels[h, z].code].tail].feeds = 1
    for s in range(units.shape[0]):
        unit = units[s]
        z = unit.zone
        if unit.moved == 1:
            _set_ends(unit, plan, s, small, into[s], out[s], per_out[s])
            open_day[s] = has_open_day(unit, small)
            unit.moved = 0
        for h in range(hours):
            in_cost[h] = labels[h, z].buy * into[s, h] if into[s, h] > 0.0 else np.inf
        carry(in_cost, unit, state[s], small, worth[s], origin[s])
    for s in range(units.shape[0]):
        z = units[s].zone
        for h in range(hours):
            if out[s, h] > 0.0 and origin[s, h] != h and worth[s, h] < np.inf:
                cost = worth[s, h] * per_out[s, h] + tolerance.hop
                label = labels[h, z]
                if cost < label.buy - NOISE:
                    i = origin[s, h]
                    code = code_of_hop(s, i)
                    if label.feeds == 1 and _leads_to(labels, arcs, h, z, code):
                        if _pays(nodes, labels, arcs, units, h, z, code, plan, small, tolerance, steps):
                            cycles = _note(found, cycles, h, z, code)
                        continue
                    label.buy = cost
                    label.code = code
                    if i >= 0:
                        labels[i, z].feeds = 1
                    queued = _push(queue, place, queued, cost, (h << ZONE_BITS) + z)
    for _ in range(queue.shape[0]):
        if queued == 0 or cycles >= found.shape[0]:
            break
        cost = queue[0]
        h = place[0] >> ZONE_BITS
        z = place[0] & ((1 << ZONE_BITS) - 1)
        queued = _drop_first(queue, place, queued)
        label = labels[h, z]
        if cost > label.buy or label.done == 1:
            continue  # lowered again since, or passed on already
        label.done = 1
        for k in range(first_arc[z], first_arc[z + 1]):
            a = arcs_from[k]
            arc = arcs[h, a]
            if arc.room > 0.0:
                offer = (cost + arc.cost) * arc.need
                other = labels[h, arc.head]
                if offer < other.buy - NOISE:
                    if other.feeds == 1 and _leads_to(labels, arcs, h, arc.head, a):
                        if _pays(nodes, labels, arcs, units, h, arc.head, a, plan, small, tolerance, steps):
                            cycles = _note(found, cycles, h, arc.head, a)
                        continue
                    other.buy = offer
                    other.code = a
                    label.feeds = 1
                    queued = _push(queue, place, queued, offer, (h << ZONE_BITS) + arc.head)
        for k in range(first_unit[z], first_unit[z + 1]):
            s = units_in[k]
            value = cost * into[s, h]
            if into[s, h] <= 0.0 or not value < worth[s, h] - NOISE:
                continue
            worth[s, h] = value
            origin[s, h] = h
            code = code_of_hop(s, h)
            top = units[s].low_gwh + units[s].energy_gwh - small
            bottom = units[s].high_gwh - units[s].energy_gwh + small
            for way in range(1 if open_day[s] else 2):
                at = h
                for _ in range(hours - 1):
                    before = at
                    at += 1 if way == 0 else hours - 1
                    if at >= hours:
                        at -= hours
                    if not open_day[s] and not (state[s, before] < top if way == 0 else state[s, at] > bottom):
                        break
                    if not value < worth[s, at]:
                        continue
                    worth[s, at] = value
                    origin[s, at] = h
                    if out[s, at] <= 0.0:
                        continue
                    offer = value * per_out[s, at] + tolerance.hop
                    other = labels[at, z]
                    if offer < other.buy - NOISE:
                        if other.feeds == 1 and _leads_to(labels, arcs, at, z, code):
                            if _pays(nodes, labels, arcs, units, at, z, code, plan, small, tolerance, steps):
                                cycles = _note(found, cycles, at, z, code)
                            continue
                        other.buy = offer
                        other.code = code
                        label.feeds = 1
                        queued = _push(queue, place, queued, offer, (at << ZONE_BITS) + z)
    return cycles


@kernel_inside
def _set_ends(unit, plan, s, small, into, out, per_out):
    """Write for each hour what a GWh put into store buys and one taken out gives, 0 where there is no room."""
    _, charge, discharge, _ = plan
    for h in range(into.shape[0]):
        bought, most = put_in(unit, charge[s, h], discharge[s, h], small)
        into[h] = bought if most > 0.0 else 0.0
        given, most = take_out(unit, charge[s, h], discharge[s, h], small)
        out[h] = given if most > 0.0 else 0.0
        per_out[h] = 1.0 / given


@kernel_inside
def _note(found, cycles, h, z, code):
    """Keep a cycle for use; return how many there are."""
    if cycles < found.shape[0]:
        found[cycles].hour = h
        found[cycles].zone = z
        found[cycles].code = code
        cycles += 1
    return cycles


@kernel_inside
def _pays(nodes, labels, arcs, units, h, z, code, plan, small, tolerance, steps):
    """Return whether the cycle that (h, z) closes by `code` saves enough money to be worth a round."""
    n, at, zone, need, toll = walk(labels, arcs, units, plan, h, z, code, 1.0, h, z, small, steps, 0)
    if n == 0 or at != h or zone != z:
        return False
    most = np.inf
    if need < 1.0 - ROUND_TRIP:
        n, h, z, less, toll = settle_surplus(nodes, arcs, 1.0 - need, toll, steps, n)
        saved = nodes[h, z].down_cost * less - toll
        most = nodes[h, z].down_room / less
    else:
        saved = (1.0 - need) * labels[h, z].buy - toll
    if saved <= tolerance.storage * CYCLE_LEAST:
        return False
    enough = tolerance.cycle * small / tolerance.size * nodes.size
    if saved * most <= enough:
        return False
    most = min(most, room_of(arcs, units, plan, small, steps[:n]))
    return most > small and saved * most > enough


@kernel_inside
def _leads_to(labels, arcs, h, z, code):
    """Return whether the label that (h, z) would have by `code` comes from (h, z) itself."""
    at, zone = h, z
    for _ in range(MOST_STEPS):
        if code >= 0:
            zone = arcs[at, code].tail
        else:
            at = hop_code(code)[1]
            if at < 0:
                return False
        if at == h and zone == z:
            return True
        code = labels[at, zone].code
        if code == -1:
            return False
    return False


@kernel_inside
def _push(queue, place, queued, cost, node):
    """Add a node to the heap; return its new size."""
    if queued == queue.shape[0]:
        return queued
    k = queued
    while k > 0:
        up = (k - 1) >> 1
        if queue[up] <= cost:
            break
        queue[k] = queue[up]
        place[k] = place[up]
        k = up
    queue[k] = cost
    place[k] = node
    return queued + 1


@kernel_inside
def _drop_first(queue, place, queued):
    """Take the cheapest node off the heap; return its new size."""
    last = queued - 1
    moved = queue[last]
    k = 0
    down = 1
    while down < last:
        if down + 1 < last and queue[down + 1] < queue[down]:
            down += 1
        if moved <= queue[down]:
            break
        queue[k] = queue[down]
        place[k] = place[down]
        k = down
        down = 2 * k + 1
    queue[k] = moved
    place[k] = place[last]
    return last
