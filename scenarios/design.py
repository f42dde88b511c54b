"""Which worlds a batch looks at: points of a design in the unit cube, one axis per unsure number."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

DESIGNS = ("lhs", "sobol", "grid")
MOST_WORLDS = 1_000_000


def points(design: str, draws: int, axes: int, seed: int) -> np.ndarray:
    """Return quantiles [draws, axes] in (0, 1): Latin hypercube, scrambled Sobol points, or a full grid.

    A grid has `draws` levels on each axis, so draws ** axes rows. Raises ValueError.
    """
    if design not in DESIGNS:
        raise ValueError(f"design is {design!r}; allowed: {', '.join(DESIGNS)}")
    if axes == 0:
        return np.zeros((1, 0))
    if design == "grid":
        if draws**axes > MOST_WORLDS:
            raise ValueError(f"a grid of {draws} levels over {axes} numbers has {draws}^{axes} worlds; allowed: up to {MOST_WORLDS}")
        levels = (np.arange(draws) + 0.5) / draws
        return np.array(list(itertools.product(levels, repeat=axes)))
    from scipy.stats import qmc

    if design == "lhs":
        return np.asarray(qmc.LatinHypercube(d=axes, rng=np.random.default_rng(seed)).random(draws))
    sampler = qmc.Sobol(d=axes, scramble=True, rng=np.random.default_rng(seed))
    # the balance of Sobol points comes in powers of two; the first `draws` of the next power keep most of it
    return np.asarray(sampler.random_base2(max(int(np.ceil(np.log2(max(draws, 1)))), 0)))[:draws]


def values(scenario: Any, names: list[str], at: np.ndarray) -> dict[str, float]:
    """Return what the unsure numbers of a scenario are in the world at quantiles `at` [axes]."""
    where = dict(zip(names, at, strict=True))
    return {name: spread.quantile(where[name]) for name, spread in scenario.uncertain.items() if name in where}
