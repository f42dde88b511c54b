"""Chips made in a month: the least of orders, packaged logic wafers and memory; and how capacity answers.

Makers of wafers and of memory serve several designers. Capacity is shared by progressive filling (max-min fairness,
Bertsekas & Gallager 1992): all designers fill their orders at one rate until a maker is full; what the full maker
served moves to other makers the designer buys from; who has nowhere to go stops. So nobody holds wafers that wait for
memory, and equal orders are treated alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_TIE = 1.0 + 1e-12  # makers that fill up within rounding of each other fill up together


class Production(NamedTuple):
    made: np.ndarray  # [D] H100e
    wafers: np.ndarray  # [D, L] packaged wafers used
    memory: np.ndarray  # [D, M] GB used
    short_of: np.ndarray  # [D] 0 orders, 1 wafers and packaging, 2 memory


def wafers_per_h100e(chips_per_wafer, chip_yield, h100e_per_chip):
    """Return packaged wafers per H100e [D]: 1 / (good chips per wafer × H100e per chip); inf where nothing is good."""
    good = np.asarray(chips_per_wafer * chip_yield * h100e_per_chip, dtype=float)
    return np.where(good > 0.0, 1.0 / np.where(good > 0.0, good, 1.0), np.inf)


def dies_per_wafer(die_area_mm2, wafer_diameter_mm):
    """Return whole dies on a round wafer: πd²/4A − πd/√(2A) (the usual estimate; good for A well below d²/10)."""
    area = np.asarray(die_area_mm2, dtype=float)
    return np.pi * wafer_diameter_mm**2 / (4.0 * area) - np.pi * wafer_diameter_mm / np.sqrt(2.0 * area)


def yield_curve(months, first_yield, mature_yield, midpoint_months, scale_months):
    """Return the yield of a line `months` after its start: logistic from `first_yield` to `mature_yield` (shares).

    Half of the way is done at `midpoint_months`; 10–90 % takes 2·ln 9·`scale_months`.
    """
    way = 0.5 * (1.0 + np.tanh((np.asarray(months, dtype=float) - midpoint_months) / (2.0 * scale_months)))
    return first_yield + (mature_yield - first_yield) * way


def make_chips(
    orders, wafers_per_unit, memory_per_unit, wafer_share, memory_share, wafer_capacity, memory_capacity,
    wafer_limit=1.0, memory_limit=1.0,
):  # fmt: skip
    """Make the month's chips; see the module for how makers' capacity is shared. Returns Production.

    `orders` [D] H100e; `wafers_per_unit` [D] packaged wafers and `memory_per_unit` [D] GB per H100e; `wafer_share`
    [D, L] and `memory_share` [D, M] where a designer buys first (any scale; 0 is no customer); capacities [L] wafers
    and [M] GB a month; limits [D, L] and [D, M] (or one number): the greatest share of a maker one designer may take.
    """
    orders = np.asarray(orders, dtype=float)
    need = (np.asarray(wafers_per_unit, dtype=float), np.asarray(memory_per_unit, dtype=float))
    share = (np.asarray(wafer_share, dtype=float), np.asarray(memory_share, dtype=float))
    capacity = (np.asarray(wafer_capacity, dtype=float), np.asarray(memory_capacity, dtype=float))
    ceiling = tuple(
        np.minimum(np.broadcast_to(np.asarray(limit, dtype=float), s.shape) * c[None, :], c[None, :])
        for limit, s, c in zip((wafer_limit, memory_limit), share, capacity, strict=True)
    )
    used = [np.zeros(s.shape) for s in share]
    open_ = [(s > 0.0) & (top > 0.0) for s, top in zip(share, ceiling, strict=True)]
    filled = np.zeros(len(orders))
    short_of = np.zeros(len(orders), dtype=np.int64)
    active = orders > 0.0
    while True:
        speeds = []
        for i in (0, 1):
            weight = share[i] * open_[i]
            total = weight.sum(axis=1)
            stuck = active & (need[i] > 0.0) & ((total <= 0.0) | ~np.isfinite(need[i]))
            short_of[stuck] = i + 1
            active = active & ~stuck
            wanted = np.where(active & np.isfinite(need[i]), orders * np.where(np.isfinite(need[i]), need[i], 0.0), 0.0)
            speeds.append(wanted[:, None] * weight / np.where(total > 0.0, total, 1.0)[:, None])
        if not active.any():
            break
        speeds = [speed * active[:, None] for speed in speeds]
        # shares of the orders that can still be made before the first limit of any kind is met
        to_go = np.where(active, 1.0 - filled, np.inf)
        step = to_go.min()
        rooms = []
        for i in (0, 1):
            load = speeds[i].sum(axis=0)
            room = np.maximum(capacity[i] - used[i].sum(axis=0), 0.0)
            by_maker = np.where(load > 0.0, room / np.where(load > 0.0, load, 1.0), np.inf)
            left = np.maximum(ceiling[i] - used[i], 0.0)
            by_limit = np.where(speeds[i] > 0.0, left / np.where(speeds[i] > 0.0, speeds[i], 1.0), np.inf)
            rooms.append((by_maker, by_limit))
            step = min(step, by_maker.min(initial=np.inf), by_limit.min(initial=np.inf))
        for i in (0, 1):
            used[i] += speeds[i] * step
            full = rooms[i][0][None, :] <= step * _TIE
            open_[i] &= ~(full | (rooms[i][1] <= step * _TIE))
        done = to_go <= step * _TIE
        filled = np.where(active, np.where(done, 1.0, filled + step), filled)
        active = active & ~done
    return Production(orders * filled, used[0], used[1], short_of)


def desired_capacity(capacity, backlog_months, normal_backlog_months, margin, normal_margin, backlog_pull, margin_pull):
    """Return the capacity a maker would like to have: more the longer its order book and the fatter its margin.

    capacity · (backlog/normal)^backlog_pull · ((1 + margin)/(1 + normal margin))^margin_pull; backlog in months of
    output, margin = price/cost − 1 (> −1). An accelerator with prices (mechanisms 6.3, 6.4).
    """
    book = np.maximum(np.asarray(backlog_months, dtype=float), 0.0) / normal_backlog_months
    return capacity * book**backlog_pull * ((1.0 + margin) / (1.0 + normal_margin)) ** margin_pull


def order_capacity(capacity, under_way, desired, catch_up_months, adjustment_cost):
    """Return capacity ordered this month: the gap over `catch_up_months`, dampened by what haste costs.

    With convex cost (χ/2)(I/K*)²K*, K* the desired capacity, the order I solves I·(1 + χ·I/K*) = gap a month.
    `adjustment_cost` χ in months; 0 orders the gap as it stands. Nothing is ordered where what is desired stands or
    is under way.
    """
    gap = np.maximum(desired - capacity - under_way, 0.0) / catch_up_months
    haste = gap / np.where(gap > 0.0, desired, 1.0)
    # the root of χx² + x − gap = 0 in a form that is exact at χ = 0
    return 2.0 * gap / (1.0 + np.sqrt(1.0 + 4.0 * adjustment_cost * haste))


def deliver(under_way, ordered, lag_months):
    """Return (arrived [F], under way [T, F]) after a month: orders take `lag_months` [F] whole months (1 … T).

    Row t of `under_way` arrives t months from now. What is ordered now with a lag of 1 arrives next month.
    """
    arrived = under_way[0].copy()
    later = np.zeros_like(under_way)
    later[:-1] = under_way[1:]
    slot = np.asarray(lag_months, dtype=np.int64) - 1
    np.add.at(later, (slot, np.arange(under_way.shape[1])), ordered)
    return arrived, later
