"""How many coins a load needs: its draw at the hours where net load presses supply."""

from __future__ import annotations

import numpy as np

from ..kernels import kernel


@kernel
def tight_hour_weights(net_load, sharpness, weights):
    """Write weights [N, H] (sum 1 per nation) of the hours of the design day.

    `net_load` [N, H] is load less variable supply in GW. The weight of an hour is exp(sharpness · net load / peak):
    smooth, so that the tight hour can move (for instance into the evening) without a jump in what loads must stake.
    """
    for n in range(net_load.shape[0]):
        peak = 0.0
        for h in range(net_load.shape[1]):
            peak = max(peak, net_load[n, h])
        total = 0.0
        for h in range(net_load.shape[1]):
            weights[n, h] = np.exp(sharpness * (net_load[n, h] / peak - 1.0)) if peak > 0.0 else 1.0
            total += weights[n, h]
        for h in range(net_load.shape[1]):
            weights[n, h] /= total


def stake_gw(weights: np.ndarray, load: np.ndarray) -> np.ndarray:
    """Return what loads [N, H] must stake, GW: Σ_h w_h · load_h."""
    return (weights * load).sum(axis=1)
