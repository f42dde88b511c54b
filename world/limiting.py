"""The limiting factor: what projects and chips waited for, and which cause binds a nation."""

from __future__ import annotations

import numpy as np

from .kernels import kernel

# the order breaks ties and gives the code recorded as Limit|Binding
CAUSES = (
    "none", "permit", "interconnection", "turbines", "transformers", "modules", "cells", "labour", "capital", "coins",
    "halls", "chips", "memory", "demand",
)  # fmt: skip
CAUSE = {name: i for i, name in enumerate(CAUSES)}


@kernel
def find_binding(home, unpowered_gw, powered_nation_gw, stranded_share, waiting, chips_bind, rationed_gw, none, halls, coins, cause):
    """Write the cause [N] that binds: coins; else, where chips wait for watts, what those wait for longest; else `chips_bind`.

    `waiting` [N, causes] GW-months, of which `none` does not count.
    """
    stranded = np.zeros(cause.shape[0])
    for c in range(home.shape[0]):
        stranded[home[c]] += max(unpowered_gw[c], 0.0)
    for n in range(cause.shape[0]):
        worst, longest = halls, 0.0
        for reason in range(waiting.shape[1]):
            if reason != none and waiting[n, reason] > longest:
                worst, longest = reason, waiting[n, reason]
        lack = stranded[n] > stranded_share * max(powered_nation_gw[n], 1e-9)
        cause[n] = coins if rationed_gw[n] > 0.0 else worst if lack else chips_bind
