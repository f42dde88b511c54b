"""One zone in one hour: its place in the merit order, and what the next and the last MWh cost there."""

from __future__ import annotations

import numpy as np

from ..kernels import kernel, kernel_inside

# The virtual block below the first; inside these files block b of the caller is b + 1.
SURPLUS = 0

# one zone in one hour: its place in the merit order, what the next and the last MWh cost there, and with the
# network
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


@kernel
def merit_order(cost, capacity, technology, count, available, lost_load, small):
    """Return the supply: cost [Z, C] and GW [Z, H, C] of all blocks with the virtual ones, and what is too
    small.

    The surplus has no width, the unserved energy no end, so that walks along a row need no other stop.
    """
    zones, _, hours = available.shape
    columns = 2
    for z in range(zones):
        columns = max(columns, count[z] + 2)
    price = np.empty((zones, columns))
    width = np.empty((zones, hours, columns))
    for z in range(zones):
        n = count[z]
        price[z, SURPLUS] = -lost_load
        price[z, n + 1] = lost_load
        for b in range(n):
            price[z, b + 1] = cost[z, b]
        for h in range(hours):
            width[z, h, SURPLUS] = 0.0
            width[z, h, n + 1] = np.inf
            for b in range(n):
                width[z, h, b + 1] = capacity[z, b] * available[z, technology[z, b], h]
    return price, width, small


@kernel_inside
def fill(node, z, h, need, supply):
    """Serve `need` GW from the cheapest blocks; less than nothing is surplus."""
    _, width, _ = supply
    b = SURPLUS
    left = need
    if need >= 0.0:
        b = 1
        while left > width[z, h, b]:
            left -= width[z, h, b]
            b += 1
    node.block = b
    node.used = left
    node.output = need
    _set_margins(node, z, h, supply)


@kernel_inside
def _set_margins(node, z, h, supply):
    """Write what the next and the last MWh of the zone cost and how many GW that holds for."""
    cost, width, small = supply
    b = node.block
    room = width[z, h, b] - node.used
    if room <= small:
        b += 1
        while width[z, h, b] <= small:
            b += 1
        room = width[z, h, b]
    node.up_cost = cost[z, b]
    node.up_room = room
    b = node.block
    room = node.used
    if b > SURPLUS and room <= small:
        b -= 1
        while b > SURPLUS and width[z, h, b] <= small:
            b -= 1
        room = width[z, h, b]
    node.down_cost = cost[z, b]
    node.down_room = room if b > SURPLUS else np.inf


@kernel_inside
def generate(node, z, h, amount, supply):
    """Generate `amount` GW more (or less, if negative), at most the room of the margin it goes into.

    Blocks passed over because they are too small are counted in full, so no energy is lost on the way.
    """
    _, width, small = supply
    b = node.block
    used = node.used
    if amount > 0.0:
        if width[z, h, b] - used <= small:
            used -= width[z, h, b]
            b += 1
            while width[z, h, b] <= small:
                used -= width[z, h, b]
                b += 1
    elif b > SURPLUS and used <= small:
        b -= 1
        used += width[z, h, b]
        while b > SURPLUS and width[z, h, b] <= small:
            b -= 1
            used += width[z, h, b]
    node.block = b
    node.used = used + amount
    node.output += amount
    _set_margins(node, z, h, supply)


@kernel_inside
def settle_rounding(node, z, h, need, supply):
    """Correct a node by the rounding of many moves, so that generation meets `need` to the last bit or two."""
    _, width, small = supply
    b = node.block
    used = node.used + (need - node.output)
    while used < 0.0 and b > 1:
        b -= 1
        used += width[z, h, b]
    while used > width[z, h, b]:
        used -= width[z, h, b]
        b += 1
    if b <= 1 and abs(used) <= small:
        b = 1
        used = max(used, 0.0)
    node.block = b
    node.used = used


@kernel_inside
def idle_below(node, z, h, free_below, supply):
    """Return GW available from blocks that cost no more than `free_below` and are not used."""
    cost, width, _ = supply
    b = max(node.block, 1)
    idle = -node.used if node.block == b else 0.0
    while cost[z, b] <= free_below:
        idle += width[z, h, b]
        b += 1
    return max(idle, 0.0)
