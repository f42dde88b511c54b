"""Paths of a whole day, through several links, hours and storage units; and the prices they leave.

Hops of single units find nearly everything. What needs several at once is found by extending the `buy` labels
of the hours through storage, so that they span the day. A flow with losses is at its optimum when no path from
a source to a sink saves money and no cycle does, fed from a source if it loses energy and feeding a sink if it
gives some (Ahuja, Magnanti and Orlin, "Network Flows", 1993, chapter 15). A label that would close a cycle is
therefore not taken: the cycle is kept for use instead, and all labels lead back to sources.
"""

from __future__ import annotations

import numpy as np

from ..kernels import kernel, kernel_inside
from .day_moves import hop_code, room_of, send, settle_surplus, walk
from .day_search import ROUND_TRIP
from .margins import generate
from .trading import CYCLE_LEAST


@kernel
def shift_paths(nodes, labels, arcs, units, plan, supply, lines, stale, tolerance, steps, found, cycles):
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
        n, at, zone, need, toll = walk(labels, arcs, units, plan, h, z, code, 1.0, h, z, small, steps, 0)
        if n > 0 and at == h and zone == z and _is_new_cycle(steps[:n], met):
            least = tolerance.storage * CYCLE_LEAST
            if need < 1.0 - ROUND_TRIP:
                n, h, z, less, toll = settle_surplus(nodes, arcs, 1.0 - need, toll, steps, n)
                gained += _move(
                    nodes, labels, arcs, units, plan, supply, lines, stale, least, steps, n, h, z, less, 0.0, toll
                )
            else:
                lost = need - 1.0 if need - 1.0 > ROUND_TRIP else 0.0
                gained += _move(
                    nodes, labels, arcs, units, plan, supply, lines, stale, least, steps, n, h, z, 0.0, lost, toll
                )
    for h in range(hours):
        for z in range(zones):
            if nodes[h, z].down_cost - labels[h, z].buy > tolerance.storage and _is_new(labels, arcs, h, z, met):
                gained += _move(
                    nodes, labels, arcs, units, plan, supply, lines, stale, tolerance.storage,
                    steps, 0, h, z, 1.0, 1.0, 0.0,
                )  # fmt: skip
    return gained


@kernel_inside
def _is_new(labels, arcs, h, z, met):
    """Mark the labels on the path of (h, z) in `met`; return whether none was marked before.

    Paths that join mostly share what limits them, so the second finds nothing left.
    """
    while h >= 0:
        if met[h, z]:
            return False
        met[h, z] = True
        code = labels[h, z].code
        if code == -1:
            return True
        if code >= 0:
            z = arcs[h, code].tail
        else:
            h = hop_code(code)[1]
    return True


@kernel_inside
def _is_new_cycle(steps, met):
    """Mark the nodes of a cycle in `met`; return whether none was marked before."""
    new = True
    for k in range(steps.shape[0]):
        if met[steps[k].hour, steps[k].zone]:
            new = False
        met[steps[k].hour, steps[k].zone] = True
    return new


@kernel_inside
def _move(
    nodes, labels, arcs, units, plan, supply, lines, stale, least, steps, n, h, z, less, amount, toll
):
    """Bring `amount` GW to (h, z) along its label, for `less` GW generated less there and for the first n
    `steps`, whose way costs `toll` USD; as often as it saves more than `least`. Return (steps, kUSD saved).
    """
    small = supply[2]
    at, source, drawn = -1, z, 0.0
    if amount > 0.0:
        n, at, source, need, way = walk(
            labels, arcs, units, plan, h, z, labels[h, z].code, amount, -1, 0, small, steps, n
        )
        toll += way * amount
        drawn = amount * need
    room = room_of(arcs, units, plan, small, steps[:n])
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
        send(arcs, units, plan, lines, stale, steps[:n], total)
    return gained
