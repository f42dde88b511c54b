"""Sums in kernels are NumPy's to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.world.kernels import kernel
from wattrace.world.sums import by_group, row_sum


@kernel
def _sums(table, out):
    for i in range(table.shape[0]):
        out[i] = row_sum(table[i])


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 19, 64, 127, 128])
def test_a_row_adds_up_as_numpy_adds_it_up(length):
    rng = np.random.default_rng(length)
    table = rng.normal(size=(50, length)) * 10.0 ** rng.uniform(-8, 8, (50, length))
    out = np.empty(50)
    _sums(table, out)
    assert np.array_equal(out, table.sum(axis=1))


def test_groups_add_up_as_bincount_adds_them_up_and_empty_groups_hold_nothing():
    rng = np.random.default_rng(1)
    group = rng.integers(0, 4, 27)
    values = {name: rng.normal(size=27) * 10.0 ** rng.uniform(-8, 8, 27) for name in "abc"}
    sums = by_group(group, 5, values)
    assert list(sums) == list(values)
    assert all(np.array_equal(sums[name], np.bincount(group, x, 5)) for name, x in values.items())
    assert all(x[4] == 0.0 for x in sums.values())
