"""A second opinion on accredited capacity, from plant rows and by other algorithms than `accredit.py`.

Two of them. `recompute` is plain NumPy, for tests: bisection, hydro's level by a root finder, storage by sums
over windows of hours, the nation by networkx. `certify` runs every month: it adds up the plants again, proves
each zone's supply (half a kW less is carried, half a kW more is not), and finds the national capacity by
augmenting paths.

**Rounding rule.** Supplies are known to half a kW each, so a nation's coins must agree within 1 kW per zone
it has; `certify` returns coins from the proven supplies, which in practice are equal.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..kernels import kernel
from .accredit import FLAT, HYDRO, LULL, PEAK, SOLAR, STORAGE, DesignDays, Grid, whole_kw

HALF_KW_GW = 0.5e-6


class Certificate(NamedTuple):
    national_gw: np.ndarray  # [N] by augmenting paths from the supplies given
    coins_kw: np.ndarray  # [N] int64
    too_high: np.ndarray  # [Z, S] bool: the zone cannot carry half a kW less than the supply given
    too_low: np.ndarray  # [Z, S] bool: it could carry half a kW more

    @property
    def holds(self) -> bool:
        return not (self.too_high.any() or self.too_low.any())


def link_matrix_gw(zones: int, zone_nation, link_from, link_to, link_gw) -> np.ndarray:
    """Return one-way link capacity [Z, Z], GW; links between nations are left out."""
    matrix = np.zeros((zones, zones))
    inside = zone_nation[link_from] == zone_nation[link_to]
    np.add.at(matrix, (link_from[inside], link_to[inside]), link_gw[inside])
    return matrix


@kernel
def _carried(x, load, top, firm, sun, solar_cf, hydro_gw, hydro_gwh, power, energy, efficiency, cyclic, rest):
    """Tell whether a day of peak x is carried: hydro by root search, storage by its largest run of hours."""
    hours = load.shape[0]
    highest, lowest = -np.inf, np.inf
    for h in range(hours):
        rest[h] = x * (load[h] / top if top > 0.0 else 1.0) - firm - sun * solar_cf[h]
        highest = max(highest, rest[h])
        lowest = min(lowest, rest[h])
    if hydro_gw > 0.0 and hydro_gwh > 0.0:
        low, high = lowest - hydro_gw, highest  # the level lies between
        if hydro_gwh < hours * hydro_gw:
            level = 0.5 * (low + high)
            for _ in range(200):
                used = -hydro_gwh
                active = 0
                for h in range(hours):
                    give = rest[h] - level
                    if give >= hydro_gw:
                        used += hydro_gw
                    elif give > 0.0:
                        used += give
                        active += 1
                if used > 0.0:
                    low = level
                else:
                    high = level
                step = used / active if active > 0 else 0.5 * (low + high) - level
                if abs(step) <= 1e-12 * max(1.0, abs(level)):
                    break
                level += step
                if not low < level < high:  # at an end of the bracket it could go round in circles
                    level = 0.5 * (low + high)
        else:
            level = low
        for h in range(hours):
            rest[h] -= min(max(rest[h] - level, 0.0), hydro_gw)
    # storage: no run of hours may need more than it holds, and a cyclic day must not drain it
    total, run, longest, dip, deepest = 0.0, 0.0, 0.0, 0.0, 0.0
    for h in range(hours):
        if rest[h] > power:
            return False
        need = rest[h] if rest[h] > 0.0 else -efficiency * min(power, -rest[h])
        total += need
        run = max(0.0, run + need)
        longest = max(longest, run)
        dip = min(0.0, dip + need)
        deepest = min(deepest, dip)
    if cyclic:
        if total > 0.0:
            return False
        longest = max(longest, total - deepest)  # runs over midnight
    return longest <= energy


@kernel
def _path_flow(supply, sink_gw, links, start, end, left, parent, queue):
    """Return the largest flow from supplies over links to loads, GW (shortest augmenting paths)."""
    size = end - start
    source, sink = size, size + 1
    for i in range(size + 2):
        for j in range(size + 2):
            left[i, j] = links[start + i, start + j] if i < size and j < size else 0.0
    everything = 0.0
    for i in range(size):
        left[source, i] = supply[start + i]
        left[i, sink] = sink_gw[start + i]
        everything += supply[start + i]
    flow = 0.0
    nothing = 1e-13 * everything
    while True:
        for i in range(size + 2):
            parent[i] = -1
        parent[source] = source
        queue[0] = source
        head, tail = 0, 1
        while head < tail and parent[sink] < 0:
            here = queue[head]
            head += 1
            for there in range(size + 2):
                if parent[there] < 0 and left[here, there] > nothing:
                    parent[there] = here
                    queue[tail] = there
                    tail += 1
        if parent[sink] < 0:
            return flow
        push = np.inf
        node = sink
        while node != source:
            push = min(push, left[parent[node], node])
            node = parent[node]
        node = sink
        while node != source:
            left[parent[node], node] -= push
            left[node, parent[node]] += push
            node = parent[node]
        flow += push


@kernel
def _certify(
    row_zone, row_technology, row_gw, days, room, links, first, supply, fleet, national, too_high, too_low
):
    zones, seasons, _, hours = days.load.shape
    fleet[:] = 0.0
    for i in range(row_gw.shape[0]):
        fleet[row_zone[i], row_technology[i]] += row_gw[i]
    rest = np.empty(hours)
    peak = np.empty((zones, seasons))
    firm, sun = np.empty(2), np.empty(2)
    for z in range(zones):
        for s in range(seasons):
            firm[:] = days.imports_gw[z, s]
            sun[:] = 0.0
            hydro_gw, hydro_gwh, power, energy = 0.0, 0.0, 0.0, 0.0
            for k in range(fleet.shape[1]):
                if days.role[k] == HYDRO:
                    hydro_gw += fleet[z, k] * days.credit[z, s, PEAK, k]
                    hydro_gwh += fleet[z, k] * days.hydro_hours[z, s]
                elif days.role[k] == STORAGE:
                    power += fleet[z, k] * days.credit[z, s, PEAK, k]
                    energy += fleet[z, k] * days.credit[z, s, PEAK, k] * days.storage_hours[z, k]
                else:
                    for day in range(2):
                        if days.role[k] == FLAT:
                            firm[day] += fleet[z, k] * days.credit[z, s, day, k]
                        elif days.role[k] == SOLAR:
                            sun[day] += fleet[z, k] * days.credit[z, s, day, k]
            peak[z, s] = days.load[z, s, PEAK].max()
            for side in range(2):
                x = max(0.0, supply[z, s] + (HALF_KW_GW if side == 1 else -HALF_KW_GW))
                carried = True
                for day in range(1, -1, -1):
                    carried = carried and _carried(
                        x, days.load[z, s, day], peak[z, s], firm[day], sun[day], days.solar_cf[z, s],
                        hydro_gw, hydro_gwh, power, energy, days.efficiency[z], day == LULL, rest,
                    )  # fmt: skip
                if side == 0:
                    too_high[z, s] = not carried and x > 0.0
                else:
                    too_low[z, s] = carried
    left = np.empty((zones + 2, zones + 2))
    parent = np.empty(zones + 2, dtype=np.int64)
    queue = np.empty(zones + 2, dtype=np.int64)
    sink_gw = np.empty(zones)
    for n in range(national.shape[0]):
        annual, share = 0.0, np.inf
        for s in range(seasons):
            season_peak = 0.0
            for z in range(first[n], first[n + 1]):
                season_peak += peak[z, s]
                sink_gw[z] = (1.0 + room[z]) * peak[z, s]
            if season_peak <= 0.0:
                continue
            annual = max(annual, season_peak)
            flow = _path_flow(supply[:, s], sink_gw, links, first[n], first[n + 1], left, parent, queue)
            share = min(share, flow / season_peak)
        national[n] = annual * share if annual > 0.0 else 0.0


def certify(
    row_zone, row_technology, row_gw, days: DesignDays, grid: Grid, links_gw, supply_gw
) -> Certificate:
    """Check supplies [Z, S] against plant rows (zone, technology, GW; any order) and recompute coins.

    `links_gw` [Z, Z] is `link_matrix_gw`. Compare `coins_kw` with the ledger by the rounding rule above.
    """
    zones, seasons = supply_gw.shape
    national = np.empty(len(grid.first) - 1)
    too_high, too_low = np.empty((2, zones, seasons), dtype=np.bool_)
    fleet = np.empty((zones, len(days.role)))
    _certify(
        row_zone, row_technology, row_gw, days, grid.room, links_gw, grid.first, supply_gw, fleet, national,
        too_high, too_low,
    )  # fmt: skip
    return Certificate(national, whole_kw(national), too_high, too_low)


def supply_plain(load, solar_cf, firm, sun, hydro_gw, hydro_gwh, power, energy, efficiency) -> float:
    """Return one zone's supply in one season, GW, by bisection over a test that enumerates windows of hours.

    `load` [2, H] GW of the peak and the lull day, `firm` [2] and `sun` [2] GW on them, `solar_cf` [H].
    """
    from scipy.optimize import brentq

    top = load[PEAK].max()
    shapes = load / top if top > 0 else np.ones_like(load)
    hours = load.shape[1]

    def carried(x: float) -> bool:
        for day in (PEAK, LULL):
            rest = x * shapes[day] - firm[day] - sun[day] * solar_cf
            if hydro_gw > 0 and hydro_gwh > 0:
                if hydro_gwh >= hours * hydro_gw:
                    rest = rest - hydro_gw
                else:
                    level = brentq(
                        lambda t, r=rest: np.clip(r - t, 0, hydro_gw).sum() - hydro_gwh,
                        rest.min() - hydro_gw, rest.max(), xtol=1e-13, rtol=1e-15,
                    )  # fmt: skip
                    rest = rest - np.clip(rest - level, 0, hydro_gw)
            if rest.max() > power + 1e-11:
                return False
            need = np.where(rest > 0, rest, -efficiency * np.minimum(power, np.maximum(-rest, 0)))
            if day == LULL and need.sum() > 1e-11:
                return False
            laps = np.concatenate([[0], np.cumsum(np.tile(need, 2 if day == LULL else 1))])
            windows = laps[None, :] - laps[:, None]  # [from, to]
            if np.triu(windows).max() > energy + 1e-11:
                return False
        return True

    low, high = 0.0, 1.0
    while carried(high):
        low, high = high, 2 * high
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if carried(middle) else (low, middle)
    return low


def recompute(row_zone, row_technology, row_gw, days: DesignDays, first, room, links_gw):
    """Return (supply [Z, S], national capacity [N]), GW, from plant rows; slow and plain."""
    import networkx as nx

    zones, seasons = days.load.shape[:2]
    fleet = np.zeros((zones, len(days.role)))
    np.add.at(fleet, (row_zone, row_technology), row_gw)
    supply = np.zeros((zones, seasons))
    for z in range(zones):
        for s in range(seasons):
            part = {role: fleet[z] * (days.role == role) for role in (FLAT, SOLAR, HYDRO, STORAGE)}
            credit = days.credit[z, s]  # [A, K]
            power = part[STORAGE] * credit[PEAK]
            supply[z, s] = supply_plain(
                days.load[z, s], days.solar_cf[z, s],
                firm=(credit * part[FLAT]).sum(axis=1) + days.imports_gw[z, s],
                sun=(credit * part[SOLAR]).sum(axis=1),
                hydro_gw=(credit[PEAK] * part[HYDRO]).sum(),
                hydro_gwh=part[HYDRO].sum() * days.hydro_hours[z, s], power=power.sum(),
                energy=(power * days.storage_hours[z]).sum(), efficiency=days.efficiency[z],
            )  # fmt: skip
    peak = days.load[:, :, PEAK].max(axis=2)
    national = np.zeros(len(first) - 1)
    for n, (start, end) in enumerate(pairwise(first)):
        season_peak = peak[start:end].sum(axis=0)
        shares = []
        for s in np.flatnonzero(season_peak > 0).tolist():
            graph: nx.DiGraph = nx.DiGraph()
            for z in range(start, end):
                graph.add_edge("source", z, capacity=supply[z, s])
                graph.add_edge(z, "sink", capacity=(1 + room[z]) * peak[z, s])
                for w in range(start, end):
                    if links_gw[z, w] > 0:
                        graph.add_edge(z, w, capacity=links_gw[z, w])
            shares.append(nx.maximum_flow_value(graph, "source", "sink") / season_peak[s])
        national[n] = season_peak.max() * min(shares) if shares else 0.0
    return supply, national
