"""Truths about the merit order that plants are sorted into."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.world.power.blocks import bin_plants, empty_blocks

LOWEST, HIGHEST = np.array([0.0, 20.0, -10.0]), np.array([20.0, 200.0, -10.0])
BINS = 4


def sort(zone, technology, capacity, cost, zones=2):
    blocks = empty_blocks(zones, len(LOWEST), BINS)
    block = np.full(len(zone), -7)
    bin_plants(
        np.asarray(zone, np.int64), np.asarray(technology, np.int64), np.asarray(capacity, float),
        np.asarray(cost, float), LOWEST, HIGHEST, BINS, blocks, block,
    )  # fmt: skip
    return blocks, block


plants = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 2),
        st.sampled_from([0.0, 0.5, 3.0]),
        st.floats(-100, 400, allow_nan=False),
    ),
    max_size=60,
)


@given(plants)
@settings(max_examples=60, deadline=None)
def test_blocks_ascend_in_cost_and_hold_all_capacity_and_spending(rows):
    columns = zip(*rows, strict=True) if rows else ((),) * 4
    zone, technology, capacity, cost = (np.array(c) for c in columns)
    blocks, block = sort(zone, technology, capacity, cost)
    for z in range(2):
        n = blocks.count[z]
        assert np.all(np.diff(blocks.cost[z, :n]) >= -1e-9)
        mine = np.asarray(zone) == z
        np.testing.assert_allclose(
            blocks.capacity[z, :n].sum(), np.sum(np.asarray(capacity)[mine]), atol=1e-9
        )
        spent = np.sum((np.asarray(capacity) * np.asarray(cost))[mine])
        np.testing.assert_allclose((blocks.capacity * blocks.cost)[z, :n].sum(), spent, atol=1e-6)
    for p, b in enumerate(block):
        assert (b == -1 and capacity[p] == 0.0) or (0 <= b < blocks.count[zone[p]])
        if b >= 0:
            assert blocks.technology[zone[p], b] == technology[p]


def test_no_plants_make_no_blocks():
    blocks, block = sort([], [], [], [])
    assert blocks.count.tolist() == [0, 0]
    assert block.size == 0


def test_a_must_run_at_negative_cost_comes_first():
    blocks, block = sort([0, 0], [0, 2], [1.0, 2.0], [5.0, -10.0])
    assert block.tolist() == [1, 0]
    assert blocks.cost[0, 0] == pytest.approx(-10.0)


def test_equal_plants_share_a_block():
    blocks, block = sort([1, 1, 1], [1, 1, 1], [1.0, 2.0, 3.0], [30.0, 31.0, 180.0])
    assert block.tolist() == [0, 0, 1]
    assert blocks.cost[1, 0] == pytest.approx((30 + 62) / 3)


def test_costs_outside_the_range_fall_into_the_end_bins():
    blocks, block = sort([0, 0, 0, 0], [0, 0, 0, 0], [1.0] * 4, [-50.0, 0.0, 19.9, 99.0])
    assert block[0] == block[1] == 0
    assert block[2] == block[3] == blocks.count[0] - 1
