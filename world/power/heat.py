"""Plants that make heat too: what heat holds on line runs before all else, as rows of supply at a price below zero.

A heat plant that must run is not taken off the load: it is a part of the plants of its technology, offered below zero so
that it is the last to be turned down. So a month with too much wind, sun and heat can still be balanced, and the clearing
need not know of heat.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel
from ..tables import Tables


class HeatPlants(NamedTuple):
    """What heat holds on line. A technology of `technology` [J] has the code `first_code` + j in the supply."""

    bound: np.ndarray  # [12, Z, K] share of capacity
    opening_gw: np.ndarray  # [Z, K] GW that stood at the start: heat demand does not grow with a fleet
    technology: np.ndarray  # [J] those with any heat plant
    first_code: int
    usd_per_mwh: float  # offered at, below 0


def read_heat_plants(tables: Tables, zones: list[str], technologies: list[str], first_code: int) -> HeatPlants:
    """Return the heat plants of the tables; zones and technologies without a row have none."""
    read = lambda item: tables["heat_plants"].grid("zone", zones, "technology", technologies, item=item, missing=0.0)  # noqa: E731
    months = [f"{m:02d}" for m in range(1, 13)]
    season = tables["heating_season"].grid("zone", zones, "month", months, missing=0.0)
    bound = bound_share(read("share"), read("winter_output"), read("summer_output"), season)
    opening = tables["zone_capacity"].grid("zone", zones, "technology", technologies, missing=0.0)
    technology = np.flatnonzero((bound > 0.0).any(axis=(0, 1)))
    return HeatPlants(bound, opening, technology, first_code, -tables.param("power.heat_stop_cost"))


def bound_share(share, winter_output, summer_output, season) -> np.ndarray:
    """Return the share of capacity [12, Z, K] that heat holds on line: share · (summer + season · (winter − summer)).

    `share` [Z, K] of capacity; `winter_output`, `summer_output` [Z, K] of the heat plants' capacity; `season` [Z, 12].
    """
    return share * (summer_output + season.T[:, :, None] * (winter_output - summer_output))


def held_gw(heat: HeatPlants, month_of_year: int, capacity: np.ndarray) -> np.ndarray:
    """Return GW [Z, K] that heat holds on line in a month, before outages: it shrinks with the fleet and does not grow with it."""
    return heat.bound[month_of_year] * np.minimum(capacity, heat.opening_gw)


@kernel
def split(zone, technology, capacity_gw, usd_per_mwh, held, fleet_gw, free_gw, mean_usd_per_mwh):
    """Write what of plant rows [P] heat leaves free, GW, and the mean running cost [Z, K] by capacity, USD/MWh (0 where nothing stands).

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


def fold(heat: HeatPlants, usd_per_mwh, energy, cost, revenue) -> np.ndarray:
    """Add what heat plants made to their technologies, at what it costs; return GWh [Z] that they made.

    `energy` GWh, `cost`, `revenue` MUSD [Z, codes] change in place; `usd_per_mwh` [Z, K] is what running really costs.
    """
    own = heat.first_code + np.arange(len(heat.technology))
    made = energy[:, own]
    energy[:, heat.technology] += made
    revenue[:, heat.technology] += revenue[:, own]
    cost[:, heat.technology] += made * usd_per_mwh[:, heat.technology] * 1e-3
    return made.sum(axis=1)
