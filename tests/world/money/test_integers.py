"""Splitting whole numbers."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wattrace.world.draws import name_keys
from wattrace.world.money.integers import split_by_group, split_integer

weight_lists = st.lists(st.one_of(st.just(0.0), st.just(1.0), st.floats(1e-9, 1e9)), min_size=1, max_size=30)


def keys_of(n):
    return name_keys([f"agent {i}" for i in range(n)])


@settings(max_examples=300, deadline=None)
@given(st.integers(-(2**40), 2**40), weight_lists)
def test_parts_sum_to_the_total_and_lie_within_one_of_the_exact_share(total, weights):
    parts = split_integer(total, np.array(weights), keys_of(len(weights)))
    assert parts.dtype == np.int64
    assert sum(parts.tolist()) == total
    if not any(weights):
        weights = [1.0] * len(weights)
    whole = sum(map(Fraction, weights))
    for part, weight in zip(parts.tolist(), weights, strict=True):
        assert abs(part - total * Fraction(weight) / whole) < 1.01
        assert weight > 0 or part == 0


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**12), weight_lists, st.randoms(use_true_random=False))
def test_permuting_the_rows_permutes_the_parts_and_nothing_else(total, weights, random):
    weights, keys = np.array(weights), keys_of(len(weights))
    order = np.array(random.sample(range(weights.size), weights.size))
    parts = split_integer(total, weights, keys)
    np.testing.assert_array_equal(split_integer(total, weights[order], keys[order]), parts[order])


@settings(max_examples=100, deadline=None)
@given(st.integers(-(2**63) + 1, 2**63 - 1), weight_lists)
def test_the_sum_is_exact_up_to_the_largest_integers(total, weights):
    parts = split_integer(total, np.array(weights), keys_of(len(weights)))
    assert sum(parts.tolist()) == total
    assert min(parts.tolist()) >= min(0, total)


def test_the_largest_fraction_is_served_first_and_ties_go_by_key():
    np.testing.assert_array_equal(split_integer(10, np.array([1.26, 3.7, 5.04]), np.array([3, 2, 1], np.uint64)), [1, 4, 5])
    np.testing.assert_array_equal(split_integer(1, np.ones(3), np.array([9, 2**63, 4], np.uint64)), [0, 0, 1])


@pytest.mark.parametrize("bad", [np.nan, -5.0])
def test_a_weight_that_is_no_weight_counts_as_zero(bad):
    np.testing.assert_array_equal(split_integer(7, np.array([bad, 1.0]), keys_of(2)), [0, 7])


def test_no_rows_nothing_and_infinite_weights_end_in_a_state():
    assert split_integer(5, np.zeros(0), np.zeros(0, np.uint64)).size == 0
    np.testing.assert_array_equal(split_integer(0, np.ones(3), keys_of(3)), [0, 0, 0])
    np.testing.assert_array_equal(split_integer(6, np.array([np.inf, 1.0, np.inf]), keys_of(3)), [3, 0, 3])
    np.testing.assert_array_equal(split_integer(6, np.full(3, 1e308), keys_of(3)), [2, 2, 2])


def test_groups_are_split_one_by_one():
    rng = np.random.default_rng(0)
    totals, group, weights, keys = rng.integers(-(10**9), 10**9, 5), rng.integers(0, 5, 40), rng.random(40), keys_of(40)
    parts = split_by_group(totals, group, weights, keys)
    for g in range(5):
        rows = group == g
        np.testing.assert_array_equal(parts[rows], split_integer(totals[g], weights[rows], keys[rows]))
        assert parts[rows].sum() == totals[g]
