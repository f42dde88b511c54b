"""What is under way, weighted by the chance that it will ever stand."""

from __future__ import annotations

import numpy as np

from ..columns import Columns
from .projects import DONE, EQUIPMENT


def expected_gw(projects: Columns, zone_nation, completion, all_survive: bool, shape) -> np.ndarray:
    """Return GW [Z, K] that outsiders expect of the plants under way.

    A project that has left the queue stands for certain, and so does one that was listed at the opening; before that it counts
    with the `completion` [N, J] usual for its nation and kind (a project's own fate is not known to anybody). `all_survive`:
    what will be given up has been taken off already. Halls are not counted.
    """
    p = projects
    rows = np.flatnonzero((p.stage != DONE) & (p.kind < shape[1]))
    zone, kind = p.zone[rows], p.kind[rows]
    sure = (p.stage[rows] >= EQUIPMENT) | (p.started[rows] < 0) | all_survive
    chance = np.where(sure, 1.0, completion[zone_nation[zone], kind])
    return np.bincount(zone * shape[1] + kind, p.gw[rows] * chance, shape[0] * shape[1]).reshape(shape)
