"""What one zone's plants carry on its design days: the search for the largest peak, hour by hour.

The order of dispatch is that of `accredit.py`. The search starts where the zone's last one ended, so that a small change
of the fleet costs a step or two of Newton's method on the day that binds, and nothing on the other.

Axes: Z zones, S seasons, A = 2 days (peak, lull), K technologies, H hours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel

PEAK, LULL = 0, 1
FLAT, SOLAR, HYDRO, STORAGE = 0, 1, 2, 3  # role of a technology: what its credit multiplies
_SUPPLY_DIGITS = 1e9  # supplies are whole watts
_EXACT = 1e-14  # of a supply: to the last digits
_LAPS = 2  # of a cyclic day: storage adds up so many days of hours at most
_SHAVE_GUESSES = 3
_NEWTON_STEPS = 4  # from a guess, before the search starts from nothing


class Desk(NamedTuple):
    """Working space of one call, and what it has learnt: the next search starts there."""

    lines: np.ndarray  # [Z * S * A, LINES, H] hours of the days, one after another
    order: np.ndarray  # [Z * S * A, H] int64: hours, highest net load first when last sorted
    known: np.ndarray  # [Z, S, KNOWN]
    terms: np.ndarray  # [TERMS] of the zone and season at hand
    sums: np.ndarray  # [2**n]


# Arrays that kernels pass by the dozen cost more than the sums over 24 hours, so they are lines of one array.
# shape: load per GW of peak; sun: capacity factor; level, full: 1 where hydro leaves the hour at its level, where it
# gives all its power; net load at the x last tried, GW; its slope in x
SHAPE, SUN, LEVEL, FULL, NET, SLOPE = range(6)
LINES = 6
# the supply unrounded, GW; its rise per GW of flat supply; the day that binds; the least margin that the other day has
# there; the most by which a margin changes per GW in every hour
EXACT, LIFT, BINDING, SPARE, REACH = range(5)
KNOWN = 5
# a zone's plants in a season: GW (imports included), GW per capacity factor, hydro, storage (GW, GWh, round trip)
FIRM_PEAK, FIRM_LULL, SUN_PEAK, SUN_LULL, HYDRO_GW, HYDRO_GWH, POWER, ENERGY, EFFICIENCY = range(9)
TERMS = 9


@kernel
def _shave(net, slope, flat, full, power, energy, order):
    """Lower the net load of a day by hydro of `power` GW and `energy` GWh, highest hours first.

    What hydro did in each hour last time is tried first.
    """
    hours = net.shape[0]
    if energy >= hours * power * (1.0 - 1e-12):
        for h in range(hours):
            net[h] -= power
        return
    for _ in range(_SHAVE_GUESSES):
        number, level, mean = 0.0, -energy, 0.0
        for h in range(hours):
            number += flat[h]
            level += flat[h] * net[h] + full[h] * power
            mean += flat[h] * slope[h]
        if not number > 0.0:
            break
        level /= number
        mean /= number
        wrong = 0
        for h in range(hours):
            all_power = 1.0 if net[h] - power >= level else 0.0
            at_level = 1.0 - all_power if net[h] > level else 0.0
            wrong += (at_level != flat[h]) + (all_power != full[h])
            flat[h] = at_level
            full[h] = all_power
        if wrong == 0:
            for h in range(hours):
                net[h] = level if flat[h] > 0.0 else net[h] - full[h] * power
                slope[h] = mean if flat[h] > 0.0 else slope[h]
            return
    _shave_sorted(net, slope, flat, full, power, energy, order)


@kernel
def _shave_sorted(net, slope, flat, full, power, energy, order):
    """Do the same from nothing: fill from the highest hour down. `order` [H] keeps the order found."""
    hours = net.shape[0]
    for i in range(1, hours):  # insertion sort
        candidate = order[i]
        value = net[candidate]
        j = i
        while j > 0 and net[order[j - 1]] < value:
            order[j] = order[j - 1]
            j -= 1
        order[j] = candidate
    level = net[order[0]]
    above, capped, left = 1, 0, energy
    for _ in range(2 * hours):  # Numba 0.68 miscompiled this loop as `while True`
        from_top = net[order[above]] if above < hours else -np.inf
        from_cap = net[order[capped]] - power if capped < above else -np.inf
        following = max(from_top, from_cap)
        active = above - capped
        if active * (level - following) >= left:
            level -= left / active
            break
        if active > 0:
            left -= active * (level - following)
        level = following
        if from_top >= from_cap:
            above += 1
        else:
            capped += 1
    total = 0.0
    for i in range(capped, above):
        total += slope[order[i]]
    for i in range(hours):
        h = order[i]
        full[h] = 1.0 if i < capped else 0.0
        flat[h] = 1.0 if capped <= i < above else 0.0
        if i < capped:
            net[h] -= power
        elif i < above:
            net[h] = level
            slope[h] = total / (above - capped)


@kernel
def _margin(x, place, cyclic, terms, lines, order):
    """Return (margin, d margin / dx, spare): how much is to spare at a peak of x; the day is carried where margin >= 0.

    The margin is the smallest of the power to spare (GW), the lowest filling of storage and, on a cyclic day,
    what the day adds to it (GWh). It is piecewise linear, falls in x and has one root; it is continuous but where storage
    has its first hour to serve. `spare` is the margin, or less: how near that is.
    """
    firm = terms[FIRM_LULL] if cyclic else terms[FIRM_PEAK]
    sun = terms[SUN_LULL] if cyclic else terms[SUN_PEAK]
    line = lines[place]
    net, slope = line[NET], line[SLOPE]
    hours = net.shape[0]
    for h in range(hours):
        slope[h] = line[SHAPE, h]
        net[h] = x * line[SHAPE, h] - firm - sun * line[SUN, h]
    if terms[HYDRO_GW] > 0.0 and terms[HYDRO_GWH] > 0.0:
        _shave(net, slope, line[LEVEL], line[FULL], terms[HYDRO_GW], terms[HYDRO_GWH], order[place])
    worst = net[0]
    d_worst = slope[0]
    for h in range(1, hours):
        if net[h] > worst:
            worst = net[h]
            d_worst = slope[h]
    power, energy, efficiency = terms[POWER], terms[ENERGY], terms[EFFICIENCY]
    margin = power - worst
    d_margin = -d_worst
    if worst <= 0.0 or power <= 0.0:
        return margin, d_margin, min(margin, max(0.0, -worst) * _LAPS * hours)
    filling, d_filling = energy, 0.0
    total, d_total = 0.0, 0.0
    for lap in range(_LAPS if cyclic else 1):
        watch = lap == 1 or not cyclic  # the first lap of a cyclic day only finds how full midnight can be
        for h in range(hours):
            if net[h] > 0.0:
                filling -= net[h]
                d_filling -= slope[h]
                if lap == 0:
                    total -= net[h]
                    d_total -= slope[h]
                if watch and filling < margin:
                    margin = filling
                    d_margin = d_filling
            else:
                room = -net[h]
                d_room = -slope[h]
                if room > power:
                    room = power
                    d_room = 0.0
                filling += efficiency * room
                d_filling += efficiency * d_room
                if lap == 0:
                    total += efficiency * room
                    d_total += efficiency * d_room
                if filling > energy:
                    filling = energy
                    d_filling = 0.0
    if cyclic and total < margin:
        margin = total
        d_margin = d_total
    return margin, d_margin, margin


@kernel
def _largest(high, place, cyclic, terms, lines, order):
    """Return the largest x <= high that the day carries, GW: Newton from above, bisection where it errs."""
    low = 0.0
    x = high
    for _ in range(100):
        margin, d_margin, _ = _margin(x, place, cyclic, terms, lines, order)
        if margin >= 0.0:
            if x >= high:
                return x
            low = x
        else:
            high = x
        tolerance = _EXACT * x
        if high - low <= tolerance or (x == low and margin == 0.0):
            return low
        step = -margin / d_margin if d_margin < 0.0 else np.inf
        if abs(step) <= tolerance:
            return x
        following = x + step
        if not low < following < high:
            # a root within rounding of the end of the bracket, or a wrong slope
            if following <= low and low > 0.0 and low - following <= 4.0 * tolerance:
                return low
            following = 0.5 * (low + high)
        x = following
    return low


@kernel
def _near(x, drift, place, terms, lines, order, known):
    """Return the largest x that both days carry by Newton steps from a guess, GW; -1 where a few do not find it.

    The day that bound last comes first; as the margins fall in x, a root of it that the other day carries is the answer.
    `drift` is the most by which plants can have changed an hour of the other day, GW: a margin changes at most REACH
    times as much, and while it cannot have been used up, the other day need not be looked at.
    """
    cyclic = known[BINDING] == LULL
    for turn in range(2):
        for step_number in range(_NEWTON_STEPS):
            margin, d_margin, spare = _margin(x, place + (LULL if cyclic else PEAK), cyclic, terms, lines, order)
            if turn == 1 and step_number == 0 and margin >= 0.0:
                known[SPARE] = spare
                return x
            step = -margin / d_margin if d_margin < 0.0 else np.inf
            if abs(step) <= _EXACT * x:
                break
            x += step
            if step_number == _NEWTON_STEPS - 1 or not 0.0 < x < np.inf:
                return -1.0
        if turn == 1:
            known[BINDING] = LULL if cyclic else PEAK
            known[SPARE] = 0.0
        else:
            known[SPARE] -= known[REACH] * (drift + abs(x - known[EXACT]))
            if known[SPARE] > 0.0:
                return x
        cyclic = not cyclic
    return x


@kernel
def _add_up(z, s, capacity, days, terms):
    """Write what counts of the plants [Z, K] of a zone in a season: `terms`."""
    terms[:] = 0.0
    terms[FIRM_PEAK] = terms[FIRM_LULL] = days.imports_gw[z, s]
    terms[EFFICIENCY] = days.efficiency[z]
    for k in range(capacity.shape[1]):
        gw = capacity[z, k]
        if gw <= 0.0:
            continue
        peak_gw = gw * days.credit[z, s, PEAK, k]
        role = days.role[k]
        if role == FLAT:
            terms[FIRM_PEAK] += peak_gw
            terms[FIRM_LULL] += gw * days.credit[z, s, LULL, k]
        elif role == SOLAR:
            terms[SUN_PEAK] += peak_gw
            terms[SUN_LULL] += gw * days.credit[z, s, LULL, k]
        elif role == HYDRO:
            terms[HYDRO_GW] += peak_gw
            terms[HYDRO_GWH] += gw * days.hydro_hours[z, s]
        else:
            terms[POWER] += peak_gw
            terms[ENERGY] += peak_gw * days.storage_hours[z, k]


@kernel
def zone_supply(z, s, capacity, days, desk, guess, drift):
    """Return the supply of zone z in season s, GW, of the fleet [Z, K], and leave it unrounded in `desk.known`.

    `guess` is where it may be, GW; 0 if nothing is known; `drift` as in `_near`.
    """
    place = 2 * (z * days.load.shape[1] + s)
    terms, known = desk.terms, desk.known[z, s]
    _add_up(z, s, capacity, days, terms)
    x = -1.0
    if guess > 0.0:
        x = _near(guess, drift, place, terms, desk.lines, desk.order, known)
    if x < 0.0:
        x = _search(place, terms, desk.lines, desk.order, known)
    known[EXACT] = x
    return np.rint(x * _SUPPLY_DIGITS) / _SUPPLY_DIGITS


@kernel
def _search(place, terms, lines, order, known):
    """Return the largest x that both days carry, GW, from nothing."""
    x = np.inf
    for day in range(1, -1, -1):  # the lull binds more often
        firm = terms[FIRM_LULL] if day == LULL else terms[FIRM_PEAK]
        sun = terms[SUN_LULL] if day == LULL else terms[SUN_PEAK]
        bound = x
        sum_shape, sum_firm = 0.0, 0.0
        for h in range(lines.shape[2]):
            solar = sun * lines[place + day, SUN, h]
            shape = lines[place + day, SHAPE, h]
            if shape > 0.0:
                bound = min(bound, (firm + solar + terms[HYDRO_GW] + terms[POWER]) / shape)
            sum_shape += shape
            sum_firm += firm + solar
        if day == PEAK:
            sum_firm += terms[ENERGY]
        if sum_shape > 0.0:
            bound = min(bound, (sum_firm + terms[HYDRO_GWH]) / sum_shape)
        if bound == np.inf:
            continue
        found = _largest(bound, place + day, day == LULL, terms, lines, order)
        if found < x:
            x = found
            known[BINDING] = day
    known[SPARE] = 0.0
    return x


@kernel
def lay_out(days, subsets):
    """Return the working space of one call; `subsets` is the length of `Desk.sums`."""
    zones, seasons, both, hours = days.load.shape
    lines = np.zeros((zones * seasons * both, LINES, hours))
    order = np.empty((zones * seasons * both, hours), np.int64)
    known = np.zeros((zones, seasons, KNOWN))
    place = 0
    for z in range(zones):
        for s in range(seasons):
            top = 0.0
            for h in range(hours):
                top = max(top, days.load[z, s, PEAK, h])
            steepest = 1.0
            for day in range(both):
                for h in range(hours):
                    shape = days.load[z, s, day, h] / top if top > 0.0 else 1.0
                    steepest = max(steepest, shape)
                    lines[place, SHAPE, h] = shape
                    lines[place, SUN, h] = days.solar_cf[z, s, h]
                    order[place, h] = h
                place += 1
            known[z, s, BINDING] = LULL
            known[z, s, LIFT] = 1.0
            known[z, s, REACH] = _LAPS * hours * steepest
    return Desk(lines, order, known, np.empty(TERMS), np.empty(subsets))


@kernel
def moved_supply(z, s, technology, gw, capacity, days, desk):
    """Return the supply of zone z in season s after a change of one technology, GW; `capacity` [Z, K] has it.

    Where the change is flat, it is guessed from the rise per GW that the last flat change showed.
    """
    known = desk.known
    before, day = known[z, s, EXACT], np.int64(known[z, s, BINDING])
    flat, drift = 0.0, np.inf
    if days.role[technology] == FLAT:
        flat = gw * days.credit[z, s, day, technology]
        drift = abs(gw * days.credit[z, s, 1 - day, technology])
    supply = zone_supply(z, s, capacity, days, desk, before + known[z, s, LIFT] * flat, drift)
    if abs(flat) > _EXACT * before and known[z, s, BINDING] == day:
        known[z, s, LIFT] = (known[z, s, EXACT] - before) / flat
    return supply
