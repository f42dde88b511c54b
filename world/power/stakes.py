"""How many coins base load needs: its draw at the hours where net load presses supply."""

from __future__ import annotations

import numpy as np

from ..kernels import kernel

_PEAK = 0  # the peak day of `DesignDays.load`


@kernel
def base_stakes(load, solar_cf, solar_gw, ai_gw, zone_nation, sharpness, stake):
    """Write what base load must stake, `stake` [N] GW: Σ_h w_h · base load_h on the nation's tightest design day.

    `load` [Z, S, A, H] of the design days and `ai_gw` [Z], which is in it, in GW; net load is load less `solar_gw` [Z, S] (what
    counts on that day) times `solar_cf` [Z, S, H]. The tightest day is the season with the highest net load. The weight of an
    hour is exp(sharpness · net load / peak), the weights sum to 1: smooth, so that the tight hour can move (into the evening,
    say) without a jump in what loads must stake.
    """
    zones, seasons, _, hours = load.shape
    net, base = np.empty((seasons, hours)), np.empty((seasons, hours))
    for n in range(stake.shape[0]):
        net[:] = 0.0
        base[:] = 0.0
        for z in range(zones):
            if zone_nation[z] == n:
                for s in range(seasons):
                    for h in range(hours):
                        net[s, h] += load[z, s, _PEAK, h] - solar_gw[z, s] * solar_cf[z, s, h]
                        base[s, h] += load[z, s, _PEAK, h] - ai_gw[z]
        tightest, peak = 0, net[0, 0]
        for s in range(seasons):
            for h in range(hours):
                if net[s, h] > peak:
                    tightest, peak = s, net[s, h]
        total, staked = 0.0, 0.0
        for h in range(hours):
            weight = np.exp(sharpness * (net[tightest, h] / peak - 1.0)) if peak > 0.0 else 1.0
            total += weight
            staked += weight * base[tightest, h]
        stake[n] = staked / total
