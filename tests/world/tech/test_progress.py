"""Experience curves and progress of algorithms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.world.tech import progress


@given(st.floats(1.01, 3.0), st.floats(1.1, 4.0), st.integers(1, 10))
def test_at_the_growth_it_was_seen_at_an_experience_curve_gives_the_yearly_gain(gain, growth, years):
    exponent = progress.experience_exponent(gain, growth)
    assert (growth**years) ** -exponent == pytest.approx(gain**-years)


def test_a_doubling_cuts_cost_by_the_learning_rate():
    assert progress.wright(100.0, 10.0, 20.0, 0.2) == pytest.approx(80.0)
    assert progress.wright(100.0, 10.0, 10.0, 0.2) == 100.0


def test_followers_close_a_part_of_the_gap_and_the_leader_stays():
    after = progress.spill(np.array([2.0, 1.0]), 0.5, 0.6)
    assert after[0] == 2.0
    assert after[1] == pytest.approx(1.0 + 0.5 * 0.6 / 12.0)
