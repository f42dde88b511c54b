"""What is under way, weighted by the chance that it will ever stand."""

from __future__ import annotations

import numpy as np

from ..columns import Columns
from ..kernels import kernel
from .projects import DONE, EQUIPMENT


@kernel
def _expect(zone, kind, gw, stage, started, zone_nation, completion, all_survive, out):
    kinds = out.shape[1]
    for i in range(stage.shape[0]):
        k = kind[i]
        if stage[i] == DONE or k >= kinds:
            continue
        sure = stage[i] >= EQUIPMENT or started[i] < 0 or all_survive
        out[zone[i], k] += gw[i] * (1.0 if sure else completion[zone_nation[zone[i]], k])


def expected_gw(projects: Columns, zone_nation, completion, all_survive: bool, shape) -> np.ndarray:
    """Return GW [Z, K] that outsiders expect of the plants under way.

    A project that has left the queue stands for certain, and so does one that was listed at the opening; before that it counts
    with the `completion` [N, J] usual for its nation and kind (a project's own fate is not known to anybody). `all_survive`:
    what will be given up has been taken off already. Halls are not counted.
    """
    out = np.zeros(shape)
    p = projects
    _expect(p.zone, p.kind, p.gw, p.stage, p.started, zone_nation, completion, all_survive, out)
    return out
