"""How fast the parts are, measured on made-up systems of chosen size. Nothing here prints; the CLI does."""

from __future__ import annotations

import importlib.util
import statistics
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..world.power import dispatch
from ..world.power.blocks import Blocks, bin_supply, empty_blocks

HOURS = 24
BINS = 12
# made-up technologies: mean cost USD/MWh, relative spread of cost, installed capacity per peak load
TECHNOLOGIES = {
    "nuclear": (9.0, 0.08, 0.12),
    "run of river": (0.0, 0.0, 0.04),
    "wind": (0.0, 0.0, 0.30),
    "solar": (0.0, 0.0, 0.40),
    "coal": (38.0, 0.18, 0.22),
    "combined cycle": (52.0, 0.16, 0.36),
    "turbine": (88.0, 0.20, 0.16),
    "oil": (160.0, 0.15, 0.05),
    "border": (70.0, 0.25, 0.03),
    "flexible": (400.0, 0.40, 0.03),
}
_COST, _SPREAD, _SHARE = (np.array(c) for c in zip(*TECHNOLOGIES.values(), strict=True))
_FIRM = np.array([0.90, 0.45, 1.0, 1.0, 0.88, 0.92, 0.93, 0.90, 1.0, 1.0])


class Day(NamedTuple):
    """Everything `clear_networks` reads for one or more days of a made-up system."""

    blocks: Blocks
    available: np.ndarray  # [D, Z, K, H]
    load: np.ndarray  # [D, Z, H]
    links: dispatch.Links
    units: dispatch.Units
    inflow_gwh: np.ndarray  # [D, S]
    networks: dispatch.Networks
    lost_load: np.ndarray  # [networks]


def made_up_day(
    seed: int, zones: int | tuple[int, ...] = 10, plants: int = 500, month: int = 0, days: int = 1,
    tightness: float = 1.0, storage: bool = True, reservoirs: bool = True,
) -> Day:  # fmt: skip
    """Return a random system: time zones, wind, sun, plants, lossy links with unlike limits, batteries,
    pumps, dams.

    `zones` are the sizes of the networks, or the size of the only one. `month` shifts seasons, fuel prices
    and demand of the same system, for warm starts. `tightness` above 1 means less firm plant.
    """
    rng = np.random.default_rng(seed)
    sizes = (zones,) if isinstance(zones, int) else zones
    total = sum(sizes)
    longitude = np.sort(rng.uniform(0, 24, total)) / 3
    scale = 40 * np.exp(rng.normal(0, 0.6, total))
    clock = (np.arange(HOURS) + longitude[:, None]) % 24
    load = scale[:, None] * (
        0.75 + 0.2 * np.sin(2 * np.pi * (clock - 10) / 24) + 0.15 * np.exp(-(((clock - 19) / 2.5) ** 2))
    )
    season = 1 + 0.25 * np.cos(2 * np.pi * (month - 6) / 12)
    sun = (
        np.clip(np.sin(np.pi * (clock - 6) / 12), 0, None) ** 1.2 * season * rng.uniform(0.6, 1.0, (total, 1))
    )
    phase = rng.uniform(0, 24, (total, 1))

    zone = rng.integers(0, total, plants)
    technology = rng.choice(len(_COST), plants, p=_SHARE / _SHARE.sum())
    seeded = min(plants, total * len(_COST))
    zone[:seeded] = np.repeat(np.arange(total), len(_COST))[:seeded]
    technology[:seeded] = np.tile(np.arange(len(_COST)), total)[:seeded]
    size = np.exp(rng.normal(0, 0.8, plants))
    tilt = np.exp(rng.normal(0, 0.35, (total, len(_COST))))
    installed = np.zeros((total, len(_COST)))
    np.add.at(installed, (zone, technology), size)
    capacity = (
        size / installed[zone, technology] * _SHARE[technology] * tilt[zone, technology] * load.max(1)[zone]
    )
    capacity = np.where(np.isin(technology, (1, 2, 3)), capacity, capacity / tightness)
    cost = _COST[technology] * np.exp(_SPREAD[technology] * rng.normal(size=plants))

    tails, heads = _ring_and_chords(sizes, rng)
    size = (scale[tails] + scale[heads]) / 2
    links = dispatch.Links(
        tails, heads, rng.uniform(0.03, 0.20, len(tails)) * size, rng.uniform(0.0, 0.20, len(tails)) * size,
        rng.uniform(0.0, 0.05, len(tails)), rng.uniform(0.0, 1.0, len(tails)),
    )  # fmt: skip
    units, inflow = _made_up_units(scale, storage, reservoirs, rng)

    # what changes from month to month
    drift = np.random.default_rng((seed, month))
    fuel = np.where(_SPREAD > 0, 1 + 0.03 * drift.normal(size=len(_COST)), 1.0)
    cost = cost * fuel[technology]
    available = np.ones((days, total, len(_COST), HOURS)) * _FIRM[:, None]
    for d in range(days):
        wind = 0.35 + 0.18 * np.sin(2 * np.pi * (clock + phase) / 24) + 0.08 * drift.normal(size=(total, 1))
        wind = wind + 0.04 * drift.normal(size=(total, HOURS))
        available[d, :, 2] = np.clip(wind * (1.0, 0.4, 1.3)[d % 3], 0.02, 0.95)
        available[d, :, 3] = np.clip(sun * (1.0, 0.8, 1.1)[d % 3], 0, 1)
    loads = np.array([load * 1.003**month * (1.0, 1.08, 0.9)[d % 3] for d in range(days)])
    blocks = empty_blocks(total, len(_COST), BINS)
    bin_supply(zone, technology, capacity, cost, zone[:0], technology[:0], capacity[:0], cost[:0], len(_COST), BINS, blocks)
    networks = dispatch.find_networks(total, links, units)
    lost_load = np.full(len(networks.zone) - 1, 5000.0)
    return Day(blocks, available, loads, links, units, np.tile(inflow, (days, 1)), networks, lost_load)


def _ring_and_chords(sizes, rng):
    """Return the ends (int64 [L], [L]) of a ring with some chords for each network, sorted by tail."""
    pairs = set()
    first = 0
    for zones in sizes:
        own = {tuple(sorted((z, (z + 1) % zones))) for z in range(zones)} if zones > 1 else set()
        while zones > 4 and len(own) < int(1.75 * zones):
            a, b = rng.integers(0, zones, 2)
            if a != b:
                own.add((min(a, b), max(a, b)))
        pairs |= {(first + a, first + b) for a, b in own}
        first += zones
    ends = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    return ends[:, 0].copy(), ends[:, 1].copy()


def _made_up_units(scale, storage, reservoirs, rng):
    """Return a battery, a pumped store and a reservoir for each zone, as far as wanted, and their inflows."""
    zones = len(scale)
    kinds = [  # power per scale, hours, charge and discharge efficiency, inflow in hours of power
        (rng.uniform(0.02, 0.25, zones), rng.choice([2.0, 4.0], zones), 0.95, 0.95, 0.0),
        (rng.uniform(0.00, 0.08, zones), rng.choice([6.0, 10.0], zones), 0.87, 0.90, 0.0),
        (rng.uniform(0.00, 0.20, zones), np.full(zones, np.inf), 1.0, 1.0, 1.0),
    ]
    kinds = [k for k, wanted in zip(kinds, (storage, storage, reservoirs), strict=True) if wanted]
    rows = []
    for z in range(zones):
        for power, hours, fill, drain, wet in kinds:
            gw = power[z] * scale[z]
            rows.append((z, gw * (wet == 0.0), gw, hours[z] * gw if wet == 0 else np.inf, fill, drain,
                         wet * gw * rng.uniform(4, 14)))  # fmt: skip
    table = np.array(rows).reshape(-1, 7)
    units = dispatch.Units(table[:, 0].astype(np.int64), *(table[:, c].copy() for c in range(1, 6)))
    return units, table[:, 6].copy()


def clear(day: Day, plan=None, clearing=None, tolerance=None, free_below: float = 1.0):
    """Clear a made-up day; return (plan, clearing). Without `plan` the start is cold."""
    days, zones = day.load.shape[:2]
    plan = plan or dispatch.empty_plan(days, len(day.links.tail), len(day.units.zone))
    clearing = clearing or dispatch.empty_clearing(days, zones)
    dispatch.clear_networks(
        day.networks, day.blocks, day.available, day.load, day.links, day.units, day.inflow_gwh, day.lost_load,
        free_below, tolerance or dispatch.Tolerance(), plan, clearing,
    )  # fmt: skip
    return plan, clearing


def plan_cost_kusd(day: Day, plan, clearing, d: int = 0) -> float:
    """Return what day d of a clearing costs, thousand USD: generation, unserved energy, hurdles."""
    total = float((np.abs(plan.flow[d]) * day.links.hurdle[:, None]).sum())
    for z, count in enumerate(day.blocks.count):
        width = day.blocks.capacity[z, :count, None] * day.available[d, z, day.blocks.technology[z, :count]]
        index = np.arange(count)[:, None]
        ran = np.where(index < clearing.block[d, z], width, 0.0)
        ran = np.where(index == clearing.block[d, z], clearing.used[d, z], ran)
        total += float((ran * day.blocks.cost[z, :count, None]).sum())
        total += float(clearing.unserved[d, z].sum() * day.lost_load[0])
    return total


def dispatch_seconds(
    zones: int | tuple[int, ...] = 10, repeats: int = 24, tolerance=None, **system
) -> dict[str, float]:
    """Return medians over `repeats` months of one system: seconds per day cold, warm and exact, and their
    ratios.

    `system` goes to `made_up_day`. The exact time is HiGHS' alone, without building the program; it and the
    ratios are NaN where the tests' oracle is not at hand (an installed package).
    """
    oracle = _oracle()
    months = [made_up_day(0, zones, month=m, **system) for m in range(repeats + 1)]
    days = len(months[0].load)
    plan, clearing = clear(months[0], tolerance=tolerance)
    cold: list[float] = []
    warm: list[float] = []
    exact: list[float] = []
    for day in months[1:]:
        warm.append(_seconds(clear, day, plan, clearing, tolerance) / days)
        cold.append(_seconds(clear, day, None, None, tolerance) / days)
        if oracle is not None and len(exact) < 5:
            solved = oracle.solve_day(
                day.blocks,
                day.available[0],
                day.load[0],
                day.links,
                day.units,
                day.inflow_gwh[0],
                day.lost_load[0],
            )
            exact.append(solved.seconds)
    result = {"cold_s": statistics.median(cold), "warm_s": statistics.median(warm), "warm_least_s": min(warm)}
    result["exact_s"] = statistics.median(exact) if exact else float("nan")
    result["exact_over_cold"] = result["exact_s"] / result["cold_s"]
    result["exact_over_warm"] = result["exact_s"] / result["warm_s"]
    return result


def _seconds(function, *arguments) -> float:
    began = time.process_time()  # what others do on the machine does not count
    function(*arguments)
    return time.process_time() - began


def _oracle():
    """Return the tests' exact dispatch, or None where the tests are not installed."""
    path = Path(__file__).resolve().parent.parent / "tests" / "oracles" / "dispatch_lp.py"
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location("dispatch_lp", path)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
