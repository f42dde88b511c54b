"""Reaction: governments ease what binds."""

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
