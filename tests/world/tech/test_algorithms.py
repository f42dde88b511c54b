"""Algorithms: trends, the research law and the spread of ideas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.world.tech import algorithms


def test_software_doubles_in_its_doubling_time():
    log_s = 0.0
    for _ in range(8):
        log_s = algorithms.advance(log_s, algorithms.trend_growth(8.0), 99.0, 0.0)
    assert np.exp(log_s) == pytest.approx(2.0)


@given(st.floats(0.1, 10.0), st.floats(0.1, 10.0), st.floats(0.05, 0.95))
def test_research_needs_both_at_low_substitution_and_is_geometric_at_one(compute, labour, share):
    leontief = algorithms.research_input(compute, labour, share, 0.0)
    near = algorithms.research_input(compute, labour, share, 0.01)
    middle = algorithms.research_input(compute, labour, share, 1.0)
    high = algorithms.research_input(compute, labour, share, 2.58)
    assert leontief == min(compute, labour)
    assert near == pytest.approx(leontief, rel=0.05)
    assert middle == pytest.approx(compute**share * labour ** (1 - share))
    assert near <= middle * (1 + 1e-9)
    assert middle <= high * (1 + 1e-9)


@pytest.mark.parametrize("substitution", [0.0, 0.01, 0.5, 1.0, 2.58])
def test_the_start_is_one_whatever_the_substitution(substitution):
    assert algorithms.research_input(1.0, 1.0, 0.4, substitution) == pytest.approx(1.0)


def test_without_compute_research_stops_only_where_compute_is_essential():
    none = [algorithms.research_input(np.array([0.0]), np.array([1.0]), 0.4, s)[0] for s in (0.0, 0.5, 2.0)]
    assert none[0] == 0.0
    assert none[1] == pytest.approx(0.0, abs=1e-200)
    assert none[2] == pytest.approx(0.6**2)


def test_doubling_cumulative_research_gives_two_to_the_returns_at_the_start():
    grown = algorithms.research_growth(0.0, 1.0, 2.0, 1.25, np.log(1e12))
    assert np.exp(grown) == pytest.approx(2.0**1.25)


def test_progress_ends_at_the_ceiling():
    ceiling = np.log(1e12)
    assert algorithms.research_growth(ceiling, 1.0, 2.0, 1.25, ceiling) == 0.0


def test_no_research_history_gives_no_growth():
    np.testing.assert_array_equal(algorithms.research_growth(np.zeros(2), np.zeros(2), np.ones(2), 1.25, 27.0), 0.0)


def test_a_year_of_reference_effort_adds_one_to_cumulative_research():
    assert algorithms.gather_research(0.0, 1.0, 0.7, 12.0) == pytest.approx(1.0)


@given(st.lists(st.floats(-5.0, 20.0), max_size=6), st.floats(0.0, 1.0), st.floats(0.0, 3.0))
def test_followers_close_in_and_nobody_overtakes_by_copying(levels, openness, speed):
    before = np.array(levels)
    after = algorithms.spill(before, openness, speed, 1.0)
    if len(before):
        assert after.max() == pytest.approx(before.max())
    assert (after >= before - 1e-9).all()


def test_half_the_gap_closes_in_the_half_life_of_ideas():
    after = algorithms.spill(np.array([1.0, 0.0]), np.ones(2), np.log(2.0) / (8 / 12), 8.0)
    np.testing.assert_allclose(after, [1.0, 0.5])


def test_a_closed_nation_learns_nothing():
    np.testing.assert_array_equal(algorithms.spill(np.array([1.0, 0.0]), np.array([1.0, 0.0]), 0.6, 1.0), [1.0, 0.0])
