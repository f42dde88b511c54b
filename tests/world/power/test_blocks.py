"""Truths about the merit order that plants are sorted into."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.world.power.blocks import bin_supply, empty_blocks

TECHNOLOGIES, BINS = 3, 4


def sort(zone, technology, capacity, cost, plants=None):
    """Return the blocks of these rows, the first of which (by default half) are given as plants, the others as more supply."""
    columns = np.asarray(zone, np.int64), np.asarray(technology, np.int64), np.asarray(capacity, float), np.asarray(cost, float)
    blocks = empty_blocks(2, TECHNOLOGIES, BINS)
    cut = len(zone) // 2 if plants is None else plants
    bin_supply(*(c[:cut] for c in columns), *(c[cut:] for c in columns), TECHNOLOGIES, BINS, blocks)
    return blocks


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
    blocks = sort(zone, technology, capacity, cost)
    for z in range(2):
        n = blocks.count[z]
        assert np.all(np.diff(blocks.cost[z, :n]) >= -1e-9)
        mine = np.asarray(zone) == z
        np.testing.assert_allclose(blocks.capacity[z, :n].sum(), np.sum(np.asarray(capacity)[mine]), atol=1e-9)
        spent = np.sum((np.asarray(capacity) * np.asarray(cost))[mine])
        np.testing.assert_allclose((blocks.capacity * blocks.cost)[z, :n].sum(), spent, atol=1e-6)
        for k in range(TECHNOLOGIES):  # each technology keeps its own
            held = blocks.capacity[z, :n][blocks.technology[z, :n] == k].sum()
            np.testing.assert_allclose(held, np.sum(np.asarray(capacity)[mine & (np.asarray(technology) == k)]), atol=1e-9)


@given(plants, st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_it_does_not_matter_which_rows_are_plants(rows, cut):
    zone, technology, capacity, cost = ([row[i] for row in rows] for i in range(4))
    split, whole = (sort(zone, technology, capacity, cost, plants) for plants in (cut, 0))
    for one, other in zip(split, whole, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_no_plants_make_no_blocks():
    assert sort([], [], [], []).count.tolist() == [0, 0]


def test_a_must_run_at_negative_cost_comes_first():
    blocks = sort([0, 0], [0, 2], [1.0, 2.0], [5.0, -10.0])
    assert blocks.technology[0, :2].tolist() == [2, 0]
    assert blocks.cost[0, 0] == pytest.approx(-10.0)


def test_equal_plants_share_a_block():
    blocks = sort([1, 1, 1], [1, 1, 1], [1.0, 2.0, 3.0], [30.0, 31.0, 180.0])
    assert blocks.count.tolist() == [0, 2]
    assert blocks.cost[1, 0] == pytest.approx((30 + 62) / 3)


def test_bins_span_the_costs_of_all_zones():
    blocks = sort([0, 0, 1, 1], [0, 0, 0, 0], [1.0] * 4, [0.0, 20.0, 0.0, 400.0])
    assert blocks.count.tolist() == [1, 2]
    assert blocks.cost[0, 0] == pytest.approx(10.0)
