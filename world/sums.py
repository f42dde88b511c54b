"""Sums as NumPy makes them, for use in kernels and for many columns at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .kernels import kernel, kernel_inside

_LANES = 8  # running sums that NumPy keeps side by side


@kernel_inside
def row_sum(x):
    """Return the sum of `x` (n,), n <= 128, in the order in which NumPy adds up a row: kernel and NumPy agree to the last bit."""
    n = x.shape[0]
    total = 0.0
    whole = 0
    if n >= _LANES:
        a, b, c, d, e, f, g, h = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
        whole = n - n % _LANES
        for i in range(_LANES, whole, _LANES):
            a += x[i]
            b += x[i + 1]
            c += x[i + 2]
            d += x[i + 3]
            e += x[i + 4]
            f += x[i + 5]
            g += x[i + 6]
            h += x[i + 7]
        total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for i in range(whole, n):
        total += x[i]
    return total


@kernel
def _add_groups(table, group, out):
    for v in range(table.shape[0]):
        for i in range(group.shape[0]):
            out[v, group[i]] += table[v, i]


def by_group(group: np.ndarray, groups: int, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the sums [groups] of every one of `values` [n] by `group` [n], in the order of the rows, as `bincount` gives them."""
    out = np.zeros((len(values), groups))
    _add_groups(np.concatenate(list(values.values())).reshape(len(values), len(group)), group, out)
    return dict(zip(values, out, strict=True))
