"""Fabs: who gets wafers and memory, yields, and how capacity follows orders."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from wattrace.world.tech import fabs


@st.composite
def industries(draw):
    designers, logic, memory = draw(st.integers(0, 4)), draw(st.integers(0, 3)), draw(st.integers(0, 3))
    amount = st.floats(0.0, 1000.0).map(lambda x: round(x, 3))
    need = st.floats(0.0, 2.0).map(lambda x: round(x, 3))
    part = st.sampled_from([0.0, 0.3, 0.7, 1.0])
    return (
        draw(arrays(float, designers, elements=amount)), draw(arrays(float, designers, elements=need)),
        draw(arrays(float, designers, elements=need)), draw(arrays(float, (designers, logic), elements=part)),
        draw(arrays(float, (designers, memory), elements=part)), draw(arrays(float, logic, elements=amount)),
        draw(arrays(float, memory, elements=amount)), draw(st.sampled_from([0.2, 0.6, 1.0])),
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(industries())
def test_output_respects_orders_capacity_and_limits_and_wastes_nothing(industry):
    orders, w_need, m_need, w_share, m_share, w_cap, m_cap, limit = industry
    out = fabs.make_chips(*industry)
    near = 1e-9 * (1.0 + orders.sum() + w_cap.sum() + m_cap.sum())
    assert (out.made >= 0.0).all()
    assert (out.made <= orders + near).all()
    np.testing.assert_allclose(out.wafers.sum(axis=1), out.made * w_need, atol=near)
    np.testing.assert_allclose(out.memory.sum(axis=1), out.made * m_need, atol=near)
    assert (out.wafers.sum(axis=0) <= w_cap + near).all()
    assert (out.memory.sum(axis=0) <= m_cap + near).all()
    assert (out.wafers <= limit * w_cap + near).all()
    assert (out.wafers[w_share == 0.0] == 0.0).all()
    assert (out.memory[m_share == 0.0] == 0.0).all()
    # whoever falls short has no supplier with room for it in what it is short of
    for d in np.flatnonzero(out.made < orders - near):
        kind = out.short_of[d]
        assert kind in (1, 2)
        used, share, cap = (out.wafers, w_share, w_cap) if kind == 1 else (out.memory, m_share, m_cap)
        open_ = (used.sum(axis=0) < cap - near) & (used[d] < limit * cap - near) & (share[d] > 0.0)
        assert not open_.any()
    assert (out.short_of[out.made >= orders] == 0).all()


def one(orders, wafers, memory):
    return fabs.make_chips(
        np.array([orders]), np.array([0.5]), np.array([2.0]), np.ones((1, 1)), np.ones((1, 1)), np.array([wafers]), np.array([memory])
    )


@pytest.mark.parametrize(
    ("orders", "wafers", "memory", "made", "binds"),
    [(10.0, 100.0, 100.0, 10.0, 0), (10.0, 2.0, 100.0, 4.0, 1), (10.0, 100.0, 6.0, 3.0, 2), (0.0, 1.0, 1.0, 0.0, 0)],
)
def test_the_scarcest_input_sets_output(orders, wafers, memory, made, binds):
    out = one(orders, wafers, memory)
    assert out.made[0] == pytest.approx(made)
    assert out.short_of[0] == binds


def test_scarce_wafers_go_in_proportion_to_orders():
    out = fabs.make_chips(
        np.array([10.0, 30.0]), np.ones(2), np.zeros(2), np.ones((2, 1)), np.zeros((2, 0)), np.array([8.0]), np.zeros(0)
    )
    np.testing.assert_allclose(out.made, [2.0, 6.0])


def test_wafers_that_memory_would_idle_go_to_others():
    # designer 0 finds memory for 1 only; designer 1 gets the wafers it cannot use
    out = fabs.make_chips(
        np.array([10.0, 10.0]), np.ones(2), np.ones(2), np.ones((2, 1)), np.eye(2), np.array([10.0]), np.array([1.0, 100.0])
    )
    np.testing.assert_allclose(out.made, [1.0, 9.0])
    np.testing.assert_array_equal(out.short_of, [2, 1])


def test_orders_move_to_a_second_source():
    out = fabs.make_chips(
        np.array([10.0]), np.ones(1), np.zeros(1), np.array([[0.9, 0.1]]), np.zeros((1, 0)), np.array([3.0, 100.0]), np.zeros(0)
    )
    np.testing.assert_allclose(out.made, [10.0])
    np.testing.assert_allclose(out.wafers, [[3.0, 7.0]])


def test_a_share_limit_keeps_one_designer_from_taking_all():
    out = fabs.make_chips(
        np.array([100.0, 1.0]), np.ones(2), np.zeros(2), np.ones((2, 1)), np.zeros((2, 0)), np.array([10.0]), np.zeros(0), 0.6
    )
    np.testing.assert_allclose(out.made, [6.0, 1.0])


def test_swapping_designers_swaps_output():
    args = (np.array([5.0, 9.0]), np.array([1.0, 0.4]), np.array([1.0, 3.0]), np.ones((2, 1)), np.ones((2, 1)))
    capacity = (np.array([6.0]), np.array([20.0]))
    there = fabs.make_chips(*args, *capacity)
    back = fabs.make_chips(*[a[::-1] for a in args], *capacity)  # type: ignore[call-arg]
    np.testing.assert_allclose(there.made, back.made[::-1])


def test_no_good_chips_no_output():
    need = fabs.wafers_per_h100e(np.array([60.0, 60.0]), np.array([0.0, 0.5]), 2.0)
    np.testing.assert_allclose(need, [np.inf, 1 / 60.0])
    out = fabs.make_chips(np.ones(1), need[:1], np.zeros(1), np.ones((1, 1)), np.zeros((1, 0)), np.array([9.0]), np.zeros(0))
    assert out.made[0] == 0.0
    assert out.short_of[0] == 1


def test_a_300_mm_wafer_holds_63_reticle_size_dies():
    assert fabs.dies_per_wafer(814.0, 300.0) == pytest.approx(63, abs=2)


def test_yield_ramps_from_first_to_mature_through_the_middle():
    at = fabs.yield_curve(np.array([-1e3, 12.0, 1e3]), 0.2, 0.8, 12.0, 4.0)
    np.testing.assert_allclose(at, [0.2, 0.5, 0.8])
    ten, ninety = fabs.yield_curve(12.0 + np.array([-1.0, 1.0]) * np.log(9.0) * 4.0, 0.0, 1.0, 12.0, 4.0)
    assert (ten, ninety) == (pytest.approx(0.1), pytest.approx(0.9))


def test_a_normal_book_and_margin_want_the_capacity_there_is():
    assert fabs.desired_capacity(100.0, 6.0, 6.0, 0.5, 0.5, 0.7, 0.3) == pytest.approx(100.0)


@given(st.floats(0.0, 60.0), st.floats(0.0, 60.0))
def test_longer_books_want_more_capacity(a, b):
    low, high = sorted((a, b))
    want = [fabs.desired_capacity(100.0, x, 6.0, 0.5, 0.5, 0.7, 0.3) for x in (low, high)]
    assert want[0] <= want[1]


@given(st.floats(0.0, 1e4), st.floats(0.0, 1e3), st.floats(0.0, 1e5), st.floats(1.0, 60.0), st.floats(0.0, 100.0))
def test_haste_costs_so_orders_stay_within_the_gap(capacity, under_way, desired, months, cost):
    plain = fabs.order_capacity(capacity, under_way, desired, months, 0.0)
    slow = fabs.order_capacity(capacity, under_way, desired, months, cost)
    assert plain == pytest.approx(max(desired - capacity - under_way, 0.0) / months)
    assert 0.0 <= slow <= plain * (1 + 1e-12)


def test_what_is_ordered_arrives_after_its_lag():
    under_way = np.zeros((4, 2))
    got = []
    for month in range(6):
        ordered = np.array([10.0, 20.0]) if month == 0 else np.zeros(2)
        arrived, under_way = fabs.deliver(under_way, ordered, np.array([1, 4]))
        got.append(arrived)
    np.testing.assert_array_equal(np.array(got), [[0, 0], [10, 0], [0, 0], [0, 0], [0, 20], [0, 0]])
