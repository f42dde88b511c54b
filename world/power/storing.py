"""Storage between the hours of a day: what a store may still do, and hops of one unit between two hours."""

from __future__ import annotations

import numpy as np

from ..kernels import kernel_inside
from .margins import generate
from .trading import send_buy, send_sell, trace_buy, trace_sell, trade

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
        ("moved", np.int64),  # 1 if its day is another than `join_hours` saw last
    ]
)


@kernel_inside
def make_feasible(charge, discharge, unit):
    """Cut the day of one unit [H] to its limits: power, then the day's balance, then the size of the store.

    The last two scale, because balance and swing are proportional to the schedule. Charging and discharging
    in the same hour, which wastes energy, is set off first.
    """
    stored = taken = 0.0
    for h in range(charge.shape[0]):
        charge[h] = max(min(charge[h], unit.charge_gw), 0.0)
        discharge[h] = max(min(discharge[h], unit.discharge_gw), 0.0)
        if charge[h] > 0.0 and discharge[h] > 0.0:
            net = charge[h] * unit.fill - discharge[h] / unit.drain
            charge[h] = max(net, 0.0) / unit.fill
            discharge[h] = max(-net, 0.0) * unit.drain
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


@kernel_inside
def _scale(values, factor):
    for i in range(values.shape[0]):
        values[i] *= factor


@kernel_inside
def store(unit, charge, discharge, state):
    """Write the energy in store at the end of each hour [H], relative to midnight, its range and the spare
    inflow.
    """
    level = 0.0
    unit.low_gwh = np.inf
    unit.high_gwh = -np.inf
    for h in range(charge.shape[0]):
        level += charge[h] * unit.fill - discharge[h] / unit.drain
        state[h] = level
        unit.low_gwh = min(unit.low_gwh, level)
        unit.high_gwh = max(unit.high_gwh, level)
    unit.moved = 1
    unit.spare_gwh = max(unit.inflow_gwh + level, 0.0) if unit.inflow_gwh > 0.0 else 0.0


@kernel_inside
def put_in(unit, charge, discharge, small):
    """Return how one more GWh gets into store in an hour: (GWh bought for it, GWh of room).

    By discharging less, else by charging more.
    """
    if discharge > small:
        return unit.drain, discharge / unit.drain
    room = unit.charge_gw - charge
    return 1.0 / unit.fill, room * unit.fill if room > small else 0.0


@kernel_inside
def take_out(unit, charge, discharge, small):
    """Return how one GWh gets out of store in an hour: (GWh given for it, GWh of room).

    By charging less, else by discharging more.
    """
    if charge > small:
        return 1.0 / unit.fill, charge * unit.fill
    room = unit.discharge_gw - discharge
    return unit.drain, room / unit.drain if room > small else 0.0


@kernel_inside
def price_ends(nodes, unit, charge, discharge, hop, small):
    """Write into `hop` for each hour what a GWh put into store costs (0), what one taken out earns (1) and
    given (2).
    """
    z = unit.zone
    for h in range(charge.shape[0]):
        bought, room = put_in(unit, charge[h], discharge[h], small)
        hop[0, h] = nodes[h, z].buy * bought if room > 0.0 else np.inf
        given, room = take_out(unit, charge[h], discharge[h], small)
        hop[1, h] = nodes[h, z].sell * given if room > 0.0 else -np.inf
        hop[2, h] = given if room > 0.0 else 0.0


@kernel_inside
def has_open_day(unit, small):
    """Return whether what is put in at any hour can be taken out at any other: the store has swing to spare."""
    return unit.inflow_gwh > 0.0 or unit.high_gwh - unit.low_gwh < unit.energy_gwh - small


@kernel_inside
def carry(in_cost, unit, state, small, worth, origin):
    """Write for each hour the least cost of a GWh in store then, and the hour it is put in (−1: spare
    inflow).

    How full a store is at midnight is free, only its swing is limited. If there is swing to spare, any hour
    reaches any other; else energy is not carried past the hours at the top, nor borrowed back past those at
    the bottom.
    """
    hours = state.shape[0]
    if has_open_day(unit, small):
        best = 0.0 if unit.inflow_gwh > 0.0 and unit.spare_gwh > small else np.inf
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
    # each way once round the day, from where the store lets nothing pass: at its highest or its lowest
    highest = lowest = 0
    for h in range(1, hours):
        if state[h] > state[highest]:
            highest = h
        if state[h] < state[lowest]:
            lowest = h
    before = highest
    for _ in range(hours):
        h = before + 1 if before + 1 < hours else 0
        if state[before] < top and worth[before] < worth[h]:
            worth[h] = worth[before]
            origin[h] = origin[before]
        before = h
    after = lowest
    for _ in range(hours):
        h = after - 1 if after > 0 else hours - 1
        if state[h] > bottom and worth[after] < worth[h]:
            worth[h] = worth[after]
            origin[h] = origin[after]
        after = h


@kernel_inside
def store_room(unit, state, i, j):
    """Return the GWh that may be put in at hour i and taken out at hour j (i = −1: spare inflow).

    Storing from i to j raises the level in between: by at most the energy + lowest level outside − highest
    inside.
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


@kernel_inside
def put(unit, charge, discharge, stored, h, small):
    """Put `stored` GWh more into store in hour h; return the GWh bought."""
    bought, _ = put_in(unit, charge[h], discharge[h], small)
    if discharge[h] > small:
        discharge[h] = max(discharge[h] - stored * bought, 0.0)
    else:
        charge[h] += stored * bought
    return stored * bought


@kernel_inside
def take(unit, charge, discharge, stored, h, small):
    """Take `stored` GWh out of store in hour h; return the GWh given."""
    given, _ = take_out(unit, charge[h], discharge[h], small)
    if charge[h] > small:
        charge[h] = max(charge[h] - stored * given, 0.0)
    else:
        discharge[h] += stored * given
    return stored * given


@kernel_inside
def _set_end(unit, charge, discharge, hop, h, small):
    """Write into `hop` what a GWh put into store in hour h buys (2) and one taken out gives (3); 0 where there is no room."""
    bought, room = put_in(unit, charge[h], discharge[h], small)
    hop[2, h] = bought if room > 0.0 else 0.0
    given, room = take_out(unit, charge[h], discharge[h], small)
    hop[3, h] = given if room > 0.0 else 0.0


@kernel_inside
def _best_hop(nodes, unit, hop, state, worth, origin, small, least):
    """Return the hop that saves most, (hour put in, −1: spare inflow; hour taken out, −1: none saves more than `least`)."""
    z = unit.zone
    hours = worth.shape[0]
    best = least
    j = -1
    if has_open_day(unit, small):
        # one hour is the cheapest for all
        i = -1
        cheapest = 0.0 if unit.inflow_gwh > 0.0 and unit.spare_gwh > small else np.inf
        for h in range(hours):
            if hop[2, h] > 0.0 and nodes[h, z].buy * hop[2, h] < cheapest:
                cheapest = nodes[h, z].buy * hop[2, h]
                i = h
        best += cheapest
        for h in range(hours):
            if h != i and hop[3, h] > 0.0 and nodes[h, z].sell * hop[3, h] > best:
                best = nodes[h, z].sell * hop[3, h]
                j = h
        return i, j
    for h in range(hours):
        hop[0, h] = nodes[h, z].buy * hop[2, h] if hop[2, h] > 0.0 else np.inf
    carry(hop[0], unit, state, small, worth, origin)
    for h in range(hours):
        if hop[3, h] > 0.0 and origin[h] != h and nodes[h, z].sell * hop[3, h] - worth[h] > best:
            best = nodes[h, z].sell * hop[3, h] - worth[h]
            j = h
    return origin[j], j


@kernel_inside
def shift_hours(nodes, arcs, units, s, hop, worth, origin, plan, supply, lines, tolerance):
    """Make the hops of unit s that save money, the best one first; return the number of moves."""
    flow, charges, discharges, state = plan
    charge, discharge = charges[s], discharges[s]
    unit = units[s]
    small = supply[2]
    moves = 0
    for h in range(worth.shape[0]):
        _set_end(unit, charge, discharge, hop, h, small)
    for _ in range(MOST_HOPS):
        i, j = _best_hop(nodes, unit, hop, state[s], worth, origin, small, tolerance.storage)
        if j < 0:
            break
        total, new_i, new_j = _hop(
            nodes, arcs, unit, i, j, charge, discharge, state[s], flow, supply, lines, tolerance.storage
        )
        if total <= 0.0:
            break
        store(unit, charge, discharge, state[s])
        moves += 1
        _set_end(unit, charge, discharge, hop, j, small)
        if i >= 0:
            _set_end(unit, charge, discharge, hop, i, small)
        if new_i:
            moves += trade(nodes[i], arcs[i], i, flow, supply, lines, tolerance.hour)
        if new_j:
            moves += trade(nodes[j], arcs[j], j, flow, supply, lines, tolerance.hour)
    return moves


MOST_HOPS = 500  # a guard


@kernel_inside
def _hop(nodes, arcs, unit, i, j, charge, discharge, state, flow, supply, lines, least):
    """Store in hour i what is used in hour j (i = −1: spare inflow) while a GWh saves more than `least`.

    Returns GWh, and whether margins or links of hour i and of hour j changed so that their labels may be others now.
    """
    small = supply[2]
    z = unit.zone
    given, left = take_out(unit, charge[j], discharge[j], small)
    sink, factor, way, room = trace_sell(nodes[j], arcs[j], z)
    left = min(min(left, room / given), store_room(unit, state, i, j))
    saves = factor * given  # GW at the sink per GWh in store
    toll = way * given
    up_j, down_j = nodes[j, sink].up_cost, nodes[j, sink].down_cost
    source = -1
    draws = bought = 1.0
    up_i = down_i = 0.0
    if i >= 0:
        bought, room = put_in(unit, charge[i], discharge[i], small)
        left = min(left, room)
        source, factor, way, room = trace_buy(nodes[i], arcs[i], z)
        left = min(left, room / bought)
        draws = factor * bought
        toll += way * bought
        up_i, down_i = nodes[i, source].up_cost, nodes[i, source].down_cost
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
            generate(nodes[i, source], source, i, amount * draws, supply)
        generate(nodes[j, sink], sink, j, -amount * saves, supply)
        left -= amount
        total += amount
    new_i = new_j = False
    if total > 0.0:
        if i >= 0:
            new_i = send_buy(nodes[i], arcs[i], z, put(unit, charge, discharge, total, i, small), i, flow, lines)
            new_i = new_i or nodes[i, source].up_cost != up_i or nodes[i, source].down_cost != down_i
        new_j = send_sell(nodes[j], arcs[j], z, take(unit, charge, discharge, total, j, small), j, flow, lines)
        new_j = new_j or nodes[j, sink].up_cost != up_j or nodes[j, sink].down_cost != down_j
    return total, new_i, new_j
