"""Output that is promised: what heat and contracts hold on line runs before all else, as supply at a price below zero.

A plant that must run is not taken off the load: it is a part of the plants of its technology, offered below zero so
that it is the last to be turned down. So a month with too much wind, sun and promised output can still be balanced, and the
clearing need not know of promises. Contracts (power purchase, take-or-pay of fuel, hours that planners allot) promise a share of
what a nation's technology gave in the last year known, and run out over years: what they leave is the market's.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel
from ..places import Places
from ..tables import Tables


class Committed(NamedTuple):
    """What is held on line. A technology of `technology` [J] has the code `first_code` + j in the supply."""

    heat: np.ndarray  # [12, Z, K] share of capacity that heat holds
    contract: np.ndarray  # [12, Z, K] share of capacity that contracts hold at the start
    lapse_years: np.ndarray  # [Z, K] > 0, over which contracts run out
    opening_gw: np.ndarray  # [Z, K] GW that stood at the start: promises do not grow with a fleet
    technology: np.ndarray  # [J] those with any promise
    first_code: int
    usd_per_mwh: float  # offered at, below 0


def read_committed(tables: Tables, places: Places, firm: np.ndarray, season_load: np.ndarray, first_code: int) -> Committed:
    """Return what the tables promise; zones, nations and technologies without a row promise nothing.

    `firm` [Z, K] is the share of capacity that is there after outages: what contracts take is counted before these. What contracts
    promise follows the seasons of the load, `season_load` [Z, 12] per annual mean.
    """
    zones, technologies = places.zones, places.technologies
    read = lambda item: tables["heat_plants"].grid("zone", zones, "technology", technologies, item=item, missing=0.0)  # noqa: E731
    months = [f"{m:02d}" for m in range(1, 13)]
    season = tables["heating_season"].grid("zone", zones, "month", months, missing=0.0)
    heat = heat_share(read("share"), read("winter_output"), read("summer_output"), season)
    of = lambda table, item, missing: tables[table].grid(  # noqa: E731
        "nation", places.nations, "technology", technologies, item=item, missing=missing
    )[places.zone_nation]
    promised = of("output_contracts", "share", 0.0) * season_load.T[:, :, None]
    contract = contract_share(promised, of("output_factor", "last_output", 0.0), firm)
    lapse = of("output_contracts", "lapse_years", 1.0)
    opening = tables["zone_capacity"].grid("zone", zones, "technology", technologies, missing=0.0)
    technology = np.flatnonzero((heat > 0.0).any(axis=(0, 1)) | (contract > 0.0).any(axis=(0, 1)))
    return Committed(heat, contract, lapse, opening, technology, first_code, -tables.param("power.heat_stop_cost"))


def heat_share(share, winter_output, summer_output, season) -> np.ndarray:
    """Return the share of capacity [12, Z, K] that heat holds on line: share · (summer + season · (winter − summer)).

    `share` [Z, K] of capacity; `winter_output`, `summer_output` [Z, K] of the heat plants' capacity; `season` [Z, 12].
    """
    return share * (summer_output + season.T[:, :, None] * (winter_output - summer_output))


def contract_share(promised, last_output, firm) -> np.ndarray:
    """Return the share of capacity that contracts hold: `promised` of `last_output` (a share of the hours), before outages; ≤ 1.

    `firm` is what outages leave of capacity; shapes broadcast.
    """
    return np.minimum(promised * last_output / np.where(firm > 0.0, firm, np.inf), 1.0)


def held_gw(committed: Committed, month_of_year: int, elapsed_years: float, capacity: np.ndarray) -> np.ndarray:
    """Return GW [Z, K] held on line in a month, before outages: the larger of what heat and contracts hold.

    It shrinks with the fleet and does not grow with it. Contracts run out evenly over their `lapse_years`.
    """
    left = np.maximum(1.0 - elapsed_years / committed.lapse_years, 0.0)
    share = np.maximum(committed.heat[month_of_year], committed.contract[month_of_year] * left)
    return share * np.minimum(capacity, committed.opening_gw)


@kernel
def split(zone, technology, capacity_gw, usd_per_mwh, held, fleet_gw, free_gw, mean_usd_per_mwh):
    """Write what of plant rows [P] promises leave free, GW, and the mean running cost [Z, K] by capacity, USD/MWh (0 where nothing stands).

    `held` GW [Z, K] of the fleet `fleet_gw` [Z, K] are taken from all rows of a zone and technology alike.
    """
    mean_usd_per_mwh[:] = 0.0
    for p in range(zone.shape[0]):
        z, k = zone[p], technology[p]
        if fleet_gw[z, k] > 0.0:
            free_gw[p] = capacity_gw[p] * (1.0 - held[z, k] / fleet_gw[z, k])
            mean_usd_per_mwh[z, k] += capacity_gw[p] / fleet_gw[z, k] * usd_per_mwh[p]
        else:
            free_gw[p] = capacity_gw[p]


def fold(committed: Committed, usd_per_mwh, energy, cost, revenue) -> np.ndarray:
    """Add what promised output made to its technologies, at what it costs; return GWh [Z] that they made.

    `energy` GWh, `cost`, `revenue` MUSD [Z, codes] change in place; `usd_per_mwh` [Z, K] is what running really costs.
    """
    own = committed.first_code + np.arange(len(committed.technology))
    made = energy[:, own]
    energy[:, committed.technology] += made
    revenue[:, committed.technology] += revenue[:, own]
    cost[:, committed.technology] += made * usd_per_mwh[:, committed.technology] * 1e-3
    return made.sum(axis=1)
