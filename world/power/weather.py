"""Three weighted day types per month: an ordinary day, a calm and peaking one, a windy or sunny weekend.

One mean day hides scarcity. The monthly profile is split into three days whose weighted mean is the profile
again: the special days are multiples of it, the ordinary day takes what is left. Capacity factors stay within
[0, 1] by shrinking the special days' distance from the mean, never by clipping, so energy is conserved. Draws
(standard normals, one per zone and month) move the month's mean and how special its special days are; zero
draws give the profile exactly.

Axes: Z zones, D = 3 days, H hours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel

ORDINARY, CALM, WEEKEND = 0, 1, 2
_LEAST = 0.05  # a month's mean wind, sun or water never falls below this share of normal


class DayTypes(NamedTuple):
    """How the special days differ from the month's mean day."""

    weight: np.ndarray  # [D] share of the month's days, sum 1, ordinary > 0
    load: np.ndarray  # [Z, 2] load of the calm and of the weekend day per mean day
    wind: np.ndarray  # [Z, 2] wind of the calm and of the weekend day per mean day
    solar: np.ndarray  # [Z, 2]


class Spread(NamedTuple):
    """Standard deviations of a month around normal."""

    load: float  # of mean load (weather, not growth)
    wind: float
    solar: float
    hydro: float
    severity: float  # of how far the calm day lies from the mean day


class Days(NamedTuple):
    weight: np.ndarray  # [D]
    load: np.ndarray  # [Z, D, H] in the profile's unit (multiplier or GW)
    wind_cf: np.ndarray  # [Z, D, H]
    solar_cf: np.ndarray  # [Z, D, H]
    hydro_cf: np.ndarray  # [Z]


def calm_load_ratio(profile: np.ndarray, peak_multiplier: np.ndarray, reach: float) -> np.ndarray:
    """Return load of the calm day per mean day [Z].

    `profile` [Z, M, H] holds the mean days of all months per annual mean, `peak_multiplier` [Z] the year's
    highest hour per annual mean. At `reach` 1 the calm day of the highest month touches the peak; other
    months rise by the same ratio.
    """
    top = profile.max(axis=(1, 2))
    ratio = np.divide(peak_multiplier, top, out=np.ones_like(top), where=top > 0.0)
    return 1.0 + reach * np.maximum(ratio - 1.0, 0.0)


@kernel
def _split(profile, weight, special, severity, ceiling, out):
    """Write `out` [D, H]: `profile` [H] times a factor per day; the factors' weighted mean is 1."""
    calm = 1.0 + (special[0] - 1.0) * severity
    weekend = special[1]
    ordinary = (1.0 - weight[1] * calm - weight[2] * weekend) / weight[0]
    top = 0.0
    for h in range(profile.shape[0]):
        top = max(top, profile[h])
    # shrink towards 1 until every factor lies in [0, ceiling / top]
    shrink = 1.0
    for factor in (ordinary, calm, weekend):
        if factor < 0.0:
            shrink = min(shrink, 1.0 / (1.0 - factor))
        elif factor > 1.0 and factor * top > ceiling:
            shrink = min(shrink, max(0.0, ceiling / top - 1.0) / (factor - 1.0))
    calm = 1.0 + shrink * (calm - 1.0)
    weekend = 1.0 + shrink * (weekend - 1.0)
    ordinary = (1.0 - weight[1] * calm - weight[2] * weekend) / weight[0]
    for h in range(profile.shape[0]):
        out[0, h] = profile[h] * ordinary
        out[1, h] = profile[h] * calm
        out[2, h] = profile[h] * weekend


@kernel
def _scaled(profile, factor, ceiling, out):
    """Write `out` [H] = `profile` × factor, the factor cut so that it lifts no hour above the ceiling."""
    top = 0.0
    for h in range(profile.shape[0]):
        top = max(top, profile[h])
    if factor > 1.0 and factor * top > ceiling:
        factor = max(1.0, ceiling / top)
    for h in range(profile.shape[0]):
        out[h] = profile[h] * factor


@kernel
def write_days(
    load, wind_cf, solar_cf, hydro_cf, kinds, spread, draws, out_load, out_wind, out_solar, out_hydro
):
    """Write the month's days; arguments as in `days_of_month`, which checks them."""
    mean = np.empty(load.shape[1])
    for z in range(load.shape[0]):
        severity = max(0.0, 1.0 + spread.severity * draws[4, z])
        _scaled(load[z], max(_LEAST, 1.0 + spread.load * draws[0, z]), np.inf, mean)
        _split(mean, kinds.weight, kinds.load[z], severity, np.inf, out_load[z])
        _scaled(wind_cf[z], max(_LEAST, 1.0 + spread.wind * draws[1, z]), 1.0, mean)
        _split(mean, kinds.weight, kinds.wind[z], severity, 1.0, out_wind[z])
        _scaled(solar_cf[z], max(_LEAST, 1.0 + spread.solar * draws[2, z]), 1.0, mean)
        _split(mean, kinds.weight, kinds.solar[z], severity, 1.0, out_solar[z])
        out_hydro[z] = min(hydro_cf[z] * max(_LEAST, 1.0 + spread.hydro * draws[3, z]), max(1.0, hydro_cf[z]))


def days_of_month(
    load, wind_cf, solar_cf, hydro_cf, kinds: DayTypes, spread: Spread, draws: np.ndarray
) -> Days:
    """Return the day types of a month.

    `load`, `wind_cf`, `solar_cf` [Z, H] are the month's mean days, `hydro_cf` [Z]; `draws` [5, Z] are
    standard normals for load, wind, solar, hydro and severity (zeros: the profile itself). Weighted means
    over D equal the month's mean day, and capacity factors lie in [0, 1] if the profiles do.
    """
    if abs(kinds.weight.sum() - 1.0) > 1e-9 or kinds.weight[ORDINARY] <= 0.0 or kinds.weight.min() < 0.0:
        raise ValueError(
            f"day weights {kinds.weight.tolist()} must be >= 0, sum to 1, with some ordinary days"
        )
    zones, hours = load.shape
    out = [np.empty((zones, 3, hours)) for _ in range(3)]
    hydro = np.empty(zones)
    write_days(load, wind_cf, solar_cf, hydro_cf, kinds, spread, draws, out[0], out[1], out[2], hydro)
    return Days(kinds.weight, out[0], out[1], out[2], hydro)
