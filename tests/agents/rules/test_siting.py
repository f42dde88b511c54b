"""Siting: cheap, quick, allowed places get the halls."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from wattrace.agents.rules import siting


@given(
    arrays(float, (3, 4), elements=st.floats(0.0, 1e5)),
    arrays(float, (3, 4), elements=st.sampled_from([0.0, 1.0])),
    st.floats(1.0, 1e4),
)
def test_halls_go_to_allowed_places_only_and_add_up(cost, allowed, scale):
    share = siting.shares(cost, allowed, scale)
    assert (share[allowed == 0.0] == 0.0).all()
    np.testing.assert_allclose(share.sum(axis=1), np.where(allowed.any(axis=1), 1.0, 0.0))


@given(arrays(float, 4, elements=st.floats(0.0, 1e5)), st.floats(1.0, 1e4), st.floats(-1e4, 1e4))
def test_only_differences_count(cost, scale, shift):
    base = siting.shares(cost[None, :], np.ones((1, 4)), scale)
    np.testing.assert_allclose(siting.shares(cost[None, :] + shift, np.ones((1, 4)), scale), base, rtol=1e-6, atol=1e-9)
    assert base[0, cost.argmin()] == base.max()


def test_a_place_one_scale_dearer_gets_e_times_less_and_an_infinite_one_nothing():
    share = siting.shares(np.array([[100.0, 200.0, np.inf]]), np.ones((1, 3)), 100.0)[0]
    assert share[0] / share[1] == pytest.approx(np.e)
    assert share[2] == 0.0


def test_no_places_and_no_companies():
    assert siting.shares(np.zeros((2, 0)), np.zeros((2, 0)), 1.0).shape == (2, 0)
    assert siting.shares(np.zeros((0, 3)), np.zeros((0, 3)), 1.0).shape == (0, 3)


@given(arrays(float, (2, 4), elements=st.floats(0.0, 1.0)), arrays(float, (2, 4), elements=st.floats(0.0, 2e4)))
def test_weights_give_back_the_shares_they_were_made_from(share, cost):
    total = share.sum(axis=1, keepdims=True)
    share = np.where(total > 1e-3, share / np.where(total > 1e-3, total, 1.0), 0.25)
    share = np.where(share < 1e-6, 0.0, share)
    share /= share.sum(axis=1, keepdims=True)
    again = siting.shares(cost, siting.weights(share, cost, 2500.0), 2500.0)
    np.testing.assert_allclose(again, share, rtol=1e-9, atol=1e-12)
