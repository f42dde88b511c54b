"""Moves through the whole day: what a move may not do."""

import numpy as np
import pytest
from wattrace.world.kernels import kernel
from wattrace.world.power.day_moves import STEP, code_of_hop, room_of
from wattrace.world.power.storing import UNIT
from wattrace.world.power.trading import ARC, set_arcs, turns_back

EARLY, LATE = 2, 5


@kernel
def _room(arcs, units, plan, small, steps):
    return room_of(arcs, units, plan, small, steps)


def _there_and_back(charge_gw):
    """Return the room of a move that carries energy from hour LATE to EARLY through a unit, and back, while the unit charges
    `charge_gw` in both hours.
    """
    units = np.zeros(1, UNIT)
    unit = units[0]
    for name, value in (("charge_gw", 10.0), ("discharge_gw", 10.0), ("energy_gwh", 100.0), ("fill", 0.9), ("drain", 0.9)):
        unit[name] = value
    charge, discharge = np.zeros((1, 8)), np.zeros((1, 8))
    charge[0, [EARLY, LATE]] = charge_gw
    steps = np.zeros(2, STEP)
    steps[0] = (EARLY, 0, code_of_hop.py_func(0, LATE), 1.0)
    steps[1] = (LATE, 0, code_of_hop.py_func(0, EARLY), 1.2)
    plan = (np.zeros((0, 8)), charge, discharge, np.cumsum(charge * 0.9, axis=1))
    return _room(np.zeros((8, 0), ARC), units, plan, 1e-6, steps)


def test_a_move_does_not_fill_and_drain_a_resting_unit_in_one_hour():
    """It would count the losses of both, while the unit makes only what is left of one against the other."""
    assert _there_and_back(charge_gw=0.0) == 0.0


@pytest.mark.parametrize("charge_gw", [1.0, 4.0])
def test_a_charging_unit_may_since_both_change_its_charging_alone(charge_gw):
    assert _there_and_back(charge_gw) > 0.0


@kernel
def _set(arcs, flow_gw, lines):
    set_arcs(arcs, 0, flow_gw, lines)


@kernel
def _back(arcs, ring):
    return turns_back(arcs, ring)


@pytest.mark.parametrize("flow_gw", [0.0, 2.0, -2.0])
def test_a_cycle_does_not_take_an_idle_line_both_ways(flow_gw):
    """On a line that carries power one way the other undoes it, at the same loss; on an idle one both would lose."""
    arcs = np.zeros(2, ARC)
    arcs["tail"], arcs["head"] = (0, 1), (1, 0)
    lines = (np.array([5.0]), np.array([5.0]), np.array([0.06]), np.array([0.5]), 1e-6)
    _set(arcs, flow_gw, lines)
    assert _back(arcs, np.array([0, 1])) == (flow_gw == 0.0)
    assert not _back(arcs, np.array([0]))


@pytest.mark.parametrize("flow_gw", [0.0, 2.0])
def test_a_move_through_the_day_does_not_either(flow_gw):
    arcs = np.zeros((8, 2), ARC)
    lines = (np.array([5.0]), np.array([5.0]), np.array([0.06]), np.array([0.5]), 1e-6)
    _set(arcs[EARLY], flow_gw, lines)
    steps = np.zeros(2, STEP)
    steps[0], steps[1] = (EARLY, 0, 0, 1.0), (EARLY, 1, 1, 1.0)
    nothing = np.zeros((0, 8))
    room = _room(arcs, np.zeros(0, UNIT), (np.zeros((1, 8)), nothing, nothing, nothing), 1e-6, steps)
    assert (room == 0.0) == (flow_gw == 0.0)
