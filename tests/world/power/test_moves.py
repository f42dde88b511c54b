"""Moves through the whole day: what a move may not do."""

import numpy as np
import pytest
from wattrace.world.kernels import kernel
from wattrace.world.power.day_moves import STEP, code_of_hop, room_of
from wattrace.world.power.storing import UNIT
from wattrace.world.power.trading import ARC

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
