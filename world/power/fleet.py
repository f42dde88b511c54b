"""Plant rows: what stands, how old it is, what it burns and when it goes.

A row is all plant of one zone, technology, owner and commissioning year. Rows are kept in the order of their
year, so that a month's commissioning finds its row at the end. Rows carry the efficiency they were built
with.
"""

from __future__ import annotations

import numpy as np

from ..columns import Column, Columns
from ..kernels import kernel

PLANT_COLUMNS = {
    "zone": Column("index", -1),
    "technology": Column("index", -1),
    "owner": Column("party", -1),
    "vintage": Column("year", 0),
    "capacity_gw": Column("GW"),
    "efficiency": Column("electricity per fuel energy, net LHV", 1.0),
}
GJ_PER_MWH = 3.6


def opening_fleet(
    zone, technology, owner, capacity_gw, age_share, decade_start, decade_end, last_year: int
) -> Columns:
    """Return plant rows [R] of an opening fleet, by year, oldest first.

    Holdings [B]: `zone`, `technology`, `owner`, `capacity_gw`; `age_share` [B, E] says which share was
    commissioned in each period `decade_start[e]` .. `decade_end[e]` (years, both included); years after
    `last_year` are left out. A period's share is spread evenly over its years; shares are scaled to sum to 1;
    a holding without shares in reach is put into `last_year`.
    """
    start = np.minimum(np.asarray(decade_start), last_year)
    end = np.minimum(np.asarray(decade_end), last_year)
    reachable = np.asarray(decade_start) <= last_year
    years = np.arange(min(int(start.min()), last_year), last_year + 1)
    in_period = (years >= start[:, None]) & (years <= end[:, None]) & reachable[:, None]  # [E, Y]
    per_year = in_period / np.maximum(in_period.sum(axis=1, keepdims=True), 1)
    share = (np.asarray(age_share, dtype=float)[:, :, None] * per_year[None]).sum(axis=1)  # [B, Y]
    total = share.sum(axis=1)
    share[total <= 0.0, -1] = 1.0
    share /= share.sum(axis=1, keepdims=True)
    gw = np.asarray(capacity_gw)[:, None] * share
    year_index, holding = np.nonzero(gw.T > 0.0)  # by year, then by holding
    plants = Columns(PLANT_COLUMNS)
    plants.append(
        len(holding), zone=np.asarray(zone)[holding], technology=np.asarray(technology)[holding],
        owner=np.asarray(owner)[holding], vintage=years[year_index], capacity_gw=gw[holding, year_index],
    )  # fmt: skip
    return plants


@kernel
def _vintage_efficiency(group, vintage, capacity, first_year, quantiles, by_year, efficiency):
    """`by_year` [G, Y] is scratch; `quantiles` [G, 3]."""
    by_year[:] = 0.0
    for i in range(group.shape[0]):
        by_year[group[i], vintage[i] - first_year] += capacity[i]
    for g in range(by_year.shape[0]):
        total = 0.0
        for y in range(by_year.shape[1]):
            total += by_year[g, y]
        older = 0.0
        for y in range(by_year.shape[1]):
            here = by_year[g, y]
            rank = (older + 0.5 * here) / total if total > 0.0 else 0.5
            older += here
            low, middle, high = quantiles[g, 0], quantiles[g, 1], quantiles[g, 2]
            side = middle - low if rank < 0.5 else high - middle
            by_year[g, y] = middle + (rank - 0.5) / 0.4 * side
    for i in range(group.shape[0]):
        efficiency[i] = by_year[group[i], vintage[i] - first_year]


def efficiency_by_vintage(group, vintage, capacity_gw, quantiles) -> np.ndarray:
    """Return the efficiency [R] of every row: older plant is never better.

    Rows of a `group` [R] (a nation's coal plant, say) are ranked by `vintage`; the year at the
    capacity-weighted share 0.1, 0.5, 0.9 from the oldest has efficiency `quantiles` [G, 3] (p10, p50, p90),
    straight lines between and beyond.
    """
    if len(group) == 0:
        return np.zeros(0)
    first = int(vintage.min())
    by_year = np.empty((len(quantiles), int(vintage.max()) - first + 1))
    efficiency = np.empty(len(group))
    _vintage_efficiency(group, vintage, capacity_gw, first, np.sort(quantiles, axis=1), by_year, efficiency)
    return efficiency


@kernel
def marginal_cost_usd_per_mwh(
    fuel_usd_per_gj, efficiency, variable_om_usd_per_mwh, carbon_t_per_gj, carbon_usd_per_t
):
    """Return (fuel + carbon) / efficiency · 3.6 + variable O&M, USD per MWh; arrays broadcast."""
    return (fuel_usd_per_gj + carbon_t_per_gj * carbon_usd_per_t) * (
        GJ_PER_MWH / efficiency
    ) + variable_om_usd_per_mwh


@kernel
def retire(capacity, vintage, zone, technology, zone_nation, pace, year, months, retirement_age, scale, closing):
    """Take off what retires within `months` and write it by zone and technology, `closing` [Z, K] GW.

    Lifetimes are logistic: a share 1 / (1 + exp((age - A) / b)) of what was built still stands at `age` years, with A =
    `retirement_age` [N, K] and b = `scale` [N, K] years; ages count from the middle of the commissioning year to `year` (a
    decimal, the start of the span). So months compose to years exactly, and plant older than A goes at a rate near 1/b. Of
    what age alone would close, owners close the share `pace` [Z, K] (0: none; above 1: more, never all that stands twice).
    Rows [R]: `capacity` shrinks in place.
    """
    closing[:] = 0.0
    rows = capacity.shape[0]
    if rows == 0:
        return
    oldest, youngest = vintage.min(), vintage.max()
    # Still standing at the end of the span of what stood at its start: (1 + e^start)/(1 + e^end), with start and end in units
    # of `scale` around A. The share that goes is (1 - e^(start - end))/(1 + e^-end), which can neither overflow nor lose digits;
    # its first factor is the same for all that is old enough. Found once per nation, technology and year.
    span = -np.expm1(-months / 12.0 / scale)
    share = np.full((*retirement_age.shape, youngest - oldest + 1), -1.0)
    for i in range(rows):
        z, k, y = zone[i], technology[i], vintage[i] - oldest
        n = zone_nation[z]
        if share[n, k, y] < 0.0:
            age = year - vintage[i] - 0.5
            end = (max(0.0, age + months / 12.0) - retirement_age[n, k]) / scale[n, k]
            whole = span[n, k] if age >= 0.0 else -np.expm1(-max(0.0, age + months / 12.0) / scale[n, k])
            share[n, k, y] = whole / (1.0 + np.exp(-end))
        gone = capacity[i] * min(share[n, k, y] * pace[z, k], 1.0)
        closing[z, k] += gone
        capacity[i] -= gone


@kernel
def _find_rows(zone, technology, owner, vintage, batch_zone, batch_technology, batch_owner, year, row, opens):
    """Write the row [B] of each batch, past the end for new ones, and which batches open these; return how many are new."""
    rows = vintage.shape[0]
    first = rows
    while first > 0 and vintage[first - 1] >= year:
        first -= 1
    new = 0
    for b in range(batch_zone.shape[0]):
        row[b] = -1
        for i in range(first, rows):
            if (
                zone[i] == batch_zone[b]
                and technology[i] == batch_technology[b]
                and owner[i] == batch_owner[b]
            ):
                row[b] = i
                break
        if row[b] >= 0:
            continue
        for other in range(b):  # the same plant twice in one month
            if (
                row[other] >= rows
                and batch_zone[other] == batch_zone[b]
                and batch_technology[other] == batch_technology[b]
                and batch_owner[other] == batch_owner[b]
            ):
                row[b] = row[other]
                break
        if row[b] < 0:
            row[b] = rows + new
            opens[new] = b
            new += 1
    return new


@kernel
def _merge(row, gw, batch_efficiency, capacity, efficiency):
    for b in range(row.shape[0]):
        i = row[b]
        total = capacity[i] + gw[b]
        if total > 0.0:
            # fuel adds up: the mean of heat rates, not of efficiencies
            efficiency[i] = total / (capacity[i] / efficiency[i] + gw[b] / batch_efficiency[b])
        capacity[i] = total


def commission(plants: Columns, zone, technology, owner, gw, efficiency, year: int) -> np.ndarray:
    """Add batches [B] to the rows of their zone, technology, owner and `year`, new rows where there are none;
    return rows [B].

    Efficiencies of a row are averaged by fuel. Years must not run backwards: raises ValueError if a row is
    younger.
    """
    if len(plants) and plants.vintage[-1] > year:
        raise ValueError(
            f"plants of {year} come after plants of {plants.vintage[-1]}: commission in order of time"
        )
    row, opens = np.empty((2, len(zone)), dtype=np.int64)
    new = _find_rows(
        plants.zone, plants.technology, plants.owner, plants.vintage, zone, technology, owner, year, row, opens
    )
    if new:
        at = opens[:new]
        plants.append(new, zone=zone[at], technology=technology[at], owner=owner[at], vintage=year)
    _merge(row, gw, efficiency, plants.capacity_gw, plants.efficiency)
    return row


@kernel
def add_up(zone, technology, capacity, fleet):
    """Write `fleet` [Z, K], GW: the sum of rows."""
    fleet[:] = 0.0
    for i in range(capacity.shape[0]):
        fleet[zone[i], technology[i]] += capacity[i]
