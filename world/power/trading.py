"""One hour of a network: cheapest paths along links with losses, and trade along them.

Each zone carries two labels: `buy`, the cost of one more MWh wherever it is generated, and `sell`, the saving
from one MWh less wherever it is not. They are found by relaxing the links that still have room (Bellman and
Ford).
"""

from __future__ import annotations

import numpy as np

from ..kernels import kernel, kernel_inside
from .margins import generate

# one direction of one link in one hour, as it can still be used: more flow this way, or less flow the other
# way
ARC = np.dtype(
    [
        ("tail", np.uint32),  # unsigned: no check for negative indices in the innermost loops
        ("head", np.uint32),
        ("gain", np.float64),  # MWh at the head per MWh at the tail; above 1 if an opposite flow shrinks
        ("need", np.float64),  # MWh at the tail per MWh at the head
        ("cost", np.float64),  # USD per MWh at the tail
        ("room", np.float64),  # GW at the tail
    ]
)


@kernel_inside
def set_arcs(arcs, line, sent, lines):
    """Write the two directions in which a link can still be used when `sent` GW flow; return whether they are other than
    before: in what they cost, what they lose, or whether they have room. If not, all labels of the hour stay as they are.
    """
    forward_gw, reverse_gw, loss, hurdle, small = lines
    kept = 1.0 - loss[line]
    changed = False
    for side in range(2):
        arc = arcs[2 * line + side]
        ahead = sent if side == 0 else -sent
        if ahead >= -small:
            gain = kept
            cost = hurdle[line]
            room = (forward_gw[line] if side == 0 else reverse_gw[line]) - ahead
        else:
            gain = 1.0 / kept
            cost = -hurdle[line] / kept
            room = -ahead * kept
        if room <= small:
            room = 0.0
        if gain != arc.gain or cost != arc.cost or (room > 0.0) != (arc.room > 0.0):
            changed = True
            arc.gain = gain
            arc.need = 1.0 / gain
            arc.cost = cost
        arc.room = room
    return changed


@kernel_inside
def use_arc(arcs, a, amount, h, flow, lines):
    """Send `amount` GW (at the tail) through arc a; return as `set_arcs`."""
    arc = arcs[a]
    change = amount if arc.gain <= 1.0 else amount * arc.gain
    line = a >> 1
    flow[line, h] += change if a & 1 == 0 else -change
    return set_arcs(arcs, line, flow[line, h], lines)


NOISE = 1e-7  # USD/MWh: smaller improvements of a label are rounding


@kernel_inside
def relax_buy(nodes, arcs):
    """Lower `buy` along the arcs until nothing changes; False if it never ends (some cycle gives energy
    away).
    """
    last = arcs.shape[0] - 1
    for sweep in range(nodes.shape[0] + 1):
        changed = False
        for k in range(arcs.shape[0]):
            a = k if sweep & 1 == 0 else last - k  # to and fro: fewer sweeps
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


@kernel_inside
def relax_sell(nodes, arcs):
    """Raise `sell` along the arcs until nothing changes; False if it never ends."""
    last = arcs.shape[0] - 1
    for sweep in range(nodes.shape[0] + 1):
        changed = False
        for k in range(arcs.shape[0]):
            a = k if sweep & 1 == 0 else last - k  # to and fro: fewer sweeps
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


@kernel_inside
def _find_buy(nodes, arcs):
    """Label every zone with the cheapest next MWh; False if a cycle was met."""
    for z in range(nodes.shape[0]):
        nodes[z].buy = nodes[z].up_cost
        nodes[z].buy_arc = -1
    return relax_buy(nodes, arcs)


@kernel_inside
def _find_sell(nodes, arcs):
    """Label every zone with the best use of a spare MWh; zones in a cycle fall back on themselves."""
    for z in range(nodes.shape[0]):
        nodes[z].sell = nodes[z].down_cost
        nodes[z].sell_arc = -1
    if not relax_sell(nodes, arcs):
        for z in range(nodes.shape[0]):
            if trace_sell(nodes, arcs, z)[3] < 0.0:
                nodes[z].sell = nodes[z].down_cost
                nodes[z].sell_arc = -1


@kernel_inside
def trace_buy(nodes, arcs, z):
    """Follow the cheapest supply of z: (source, GW there per GW at z, USD of the way, room in GW at z; −1: a
    cycle).
    """
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


@kernel_inside
def trace_sell(nodes, arcs, z):
    """Follow the best use of spare energy at z: (sink, GW there per GW at z, USD of the way, room at z; −1: a
    cycle).
    """
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


@kernel_inside
def send_buy(nodes, arcs, z, amount, h, flow, lines):
    """Bring `amount` GW to z along its cheapest supply; return whether an arc changed, as of `set_arcs`."""
    changed = False
    while nodes[z].buy_arc >= 0:
        a = nodes[z].buy_arc
        amount *= arcs[a].need
        if use_arc(arcs, a, amount, h, flow, lines):
            changed = True
        z = arcs[a].tail
    return changed


@kernel_inside
def send_sell(nodes, arcs, z, amount, h, flow, lines):
    """Take `amount` GW from z to its best use; return whether an arc changed, as of `set_arcs`."""
    changed = False
    while nodes[z].sell_arc >= 0:
        a = nodes[z].sell_arc
        gain = arcs[a].gain
        if use_arc(arcs, a, amount, h, flow, lines):
            changed = True
        amount *= gain
        z = arcs[a].head
    return changed


@kernel_inside
def _import(nodes, arcs, z, h, flow, supply, lines, least):
    """Replace generation in z by its cheapest supply while a MWh saves more than `least`; return the GW
    replaced.

    The path is kept while the merit orders at both ends move: looking for a better one at every block costs
    more than it gains.
    """
    source, factor, toll, room = trace_buy(nodes, arcs, z)
    small = supply[2]
    total = 0.0
    while room > small:
        saved = nodes[z].down_cost - nodes[source].up_cost * factor - toll
        amount = min(min(nodes[z].down_room, nodes[source].up_room / factor), room)
        if saved <= least or amount <= 0.0:
            break
        generate(nodes[source], source, h, amount * factor, supply)
        generate(nodes[z], z, h, -amount, supply)
        room -= amount
        total += amount
    if total > 0.0:
        send_buy(nodes, arcs, z, total, h, flow, lines)
    return total


@kernel_inside
def trade(nodes, arcs, h, flow, supply, lines, least):
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
            wants = nodes[z].buy_arc >= 0 and nodes[z].down_cost - nodes[z].buy > least
            if wants and _import(nodes, arcs, z, h, flow, supply, lines, least) > 0.0:
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

    Round the cycle either more comes back than was sent (flows that ran in a circle, or by a lossy detour)
    and the surplus goes to its best use, or tolls are saved and the energy lost comes from its cheapest
    source. If it does not pay, the labels are left as they are without the cycle.
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
    small = supply[2]
    best = 0.0
    where = -1
    amount = 0.0
    ring = rings[0]
    length = 0
    for c in range(count):
        if turns_back(arcs, rings[c, : lengths[c]]):
            continue
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
        use_arc(arcs, a, sent, h, flow, lines)
    if spare > 0.0:
        sink, factor, _, _ = trace_sell(nodes, arcs, z)
        send_sell(nodes, arcs, z, amount * spare, h, flow, lines)
        generate(nodes[sink], sink, h, -amount * spare * factor, supply)
    elif spare < 0.0:
        source, factor, _, _ = trace_buy(nodes, arcs, z)
        send_buy(nodes, arcs, z, -amount * spare, h, flow, lines)
        generate(nodes[source], source, h, -amount * spare * factor, supply)
    return True


MOST_CYCLES = 12  # of one hour at a time
CYCLE_LEAST = 0.01  # a GW round a cycle saves little, but is cheap to send


@kernel_inside
def is_idle(arcs, a):
    """Return whether the line of arc a carries nothing, so that it loses energy whichever way is taken first."""
    return arcs[a].gain <= 1.0 and arcs[a ^ 1].gain <= 1.0


@kernel_inside
def turns_back(arcs, ring):
    """Return whether a cycle takes an idle line both ways: the flows would cancel, and the losses counted for each not occur."""
    for k in range(ring.shape[0]):
        for other in range(k):
            if ring[other] == ring[k] ^ 1 and is_idle(arcs, ring[k]):
                return True
    return False


@kernel_inside
def _find_cycle(nodes, arcs, ring):
    """Write the arcs of a cycle of the `buy` labels, each after the one it feeds; return how many (0: no
    cycle).
    """
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


@kernel_inside
def _trace_ring(arcs, ring, k, length):
    """Return (GW to send off per GW that comes back, USD of the way, room in GW coming back) at the head of
    arc k.
    """
    factor = 1.0
    toll = 0.0
    room = np.inf
    for step in range(length):
        arc = arcs[ring[(k + step) % length]]
        factor *= arc.need
        toll += arc.cost * factor
        room = min(room, arc.room / factor)
    return factor, toll, room


@kernel_inside
def _worth_of_cycle(nodes, arcs, ring, z, spare, toll, room):
    """Return (USD saved per GW round the cycle, GW possible) if its surplus or deficit is settled through
    zone z.
    """
    if spare == 0.0:
        return -toll, room
    if spare > 0.0:
        end, factor, way, most = trace_sell(nodes, arcs, z)
        saved = (nodes[end].down_cost * factor - way) * spare - toll
        most = min(most, nodes[end].down_room / factor)
    else:
        end, factor, way, most = trace_buy(nodes, arcs, z)
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


@kernel_inside
def _cut_cycles(nodes, arcs):
    """Let zones whose `buy` label runs into a cycle fall back on themselves."""
    for z in range(nodes.shape[0]):
        if trace_buy(nodes, arcs, z)[3] < 0.0:
            nodes[z].buy = nodes[z].up_cost
            nodes[z].buy_arc = -1
