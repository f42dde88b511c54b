"""Reaction: governments ease what binds; Richardson's race settles or runs away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.agents.rules import reaction


@given(st.floats(1.0, 2.0), st.booleans(), st.floats(-5.0, 5.0), st.floats(0.0, 1.0))
def test_effort_stays_between_none_and_most(effort, binds, threat, stance):
    after = reaction.adapt_effort(effort, binds, threat, stance, 0.01, 0.02, 1.0, 2.0)
    assert 1.0 - 1e-12 <= after <= 2.0 + 1e-12


def test_without_a_binding_cause_effort_decays():
    assert reaction.adapt_effort(1.5, False, 9.0, 1.0, 0.01, 0.02, 1.0, 2.0) == pytest.approx(1.49)


def test_a_government_without_stance_never_starts():
    assert reaction.adapt_effort(1.0, True, 9.0, 0.0, 0.01, 0.02, 1.0, 2.0) == 1.0


@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0))
def test_a_rival_further_ahead_moves_a_government_more(a, b):
    low, high = reaction.adapt_effort(1.2, True, np.sort([a, b]), 1.0, 0.01, 0.02, 1.0, 2.0)
    assert low <= high


def test_effort_settles_where_push_and_fatigue_balance():
    effort = 1.0
    for _ in range(3000):
        effort = reaction.adapt_effort(effort, True, 0.0, 1.0, 0.01, 0.02, 1.0, 2.0)
    assert effort == pytest.approx(1.0 + 0.01 / (0.01 + 0.02))


def test_intelligence_sees_half_of_a_jump_after_its_half_life():
    seen, lag = 0.0, 6.0
    for _ in range(12):
        seen = reaction.perceive(seen, 1.0, lag)
    assert seen == pytest.approx(1.0 - np.exp(-2.0))


def race(k, l_, a, b, months=2400):
    x, y, g, h = 1.0, 1.0, 0.2, 0.1
    for _ in range(months):
        x, y = reaction.arm(x, y, k, a, g, 1.0), reaction.arm(y, x, l_, b, h, 1.0)
    return x, y, (b * g + k * h) / (a * b - k * l_), (a * h + l_ * g) / (a * b - k * l_)


def test_a_race_with_more_fatigue_than_fear_settles_at_richardsons_point():
    x, y, x_star, y_star = race(0.1, 0.2, 0.4, 0.3)
    assert (x, y) == (pytest.approx(x_star), pytest.approx(y_star))


def test_a_race_with_more_fear_than_fatigue_runs_away():
    assert race(0.4, 0.4, 0.2, 0.2, 600)[0] > 100.0
