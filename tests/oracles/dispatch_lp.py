"""The exact dispatch of a day as a linear program (HiGHS), written apart from the clearing it is held
against.
"""

from __future__ import annotations

from typing import NamedTuple

import highspy
import numpy as np
import scipy.sparse as sparse

HOURS = 24


class Solution(NamedTuple):
    """The optimum of one day."""

    cost_kusd: float  # GWh × USD/MWh = thousand USD
    price: np.ndarray  # [Z, H] USD/MWh, the duals of the balances
    unserved_gwh: float
    seconds: float  # in the solver


def build_day(blocks, available, load, links, units, inflow_gwh, lost_load) -> highspy.HighsLp:
    """Return the linear program of one day; arrays as in `clear_day`.

    Variables per hour: output of every block, unserved energy, flow each way per link, charging, discharging
    and level per unit. Rows: balance per zone and hour; a level that follows from the hour before (around
    midnight); for reservoirs one budget for the day instead.
    """
    zones, units_n = len(load), len(units.zone)
    hour = np.arange(HOURS)
    rows, columns, values = [], [], []
    cost, upper = [], []
    size = 0

    def variables(unit_cost, limit):
        """Add a group of variables [n, H] and return their indices."""
        nonlocal size
        limit = np.asarray(limit, float)
        index = size + np.arange(limit.size).reshape(limit.shape)
        cost.append(np.broadcast_to(np.asarray(unit_cost, float)[:, None], limit.shape).ravel())
        upper.append(limit.ravel())
        size += limit.size
        return index

    def enter(row, column, value):
        row, column, value = np.broadcast_arrays(row, column, value)
        rows.append(row.ravel())
        columns.append(column.ravel())
        values.append(value.ravel())

    def per_hour(x):
        return np.repeat(np.asarray(x, float)[:, None], HOURS, axis=1)

    balance = np.arange(zones * HOURS).reshape(zones, HOURS)
    pairs = [(z, b) for z in range(zones) for b in range(blocks.count[z])]
    z_of = np.array([z for z, _ in pairs], int)
    b_of = np.array([b for _, b in pairs], int)
    output = variables(
        blocks.cost[z_of, b_of],
        blocks.capacity[z_of, b_of][:, None] * available[z_of, blocks.technology[z_of, b_of]],
    )
    enter(balance[z_of], output, 1.0)
    unserved = variables(np.full(zones, lost_load), np.full((zones, HOURS), np.inf))
    enter(balance, unserved, 1.0)
    ahead = variables(links.hurdle, per_hour(links.forward_gw))
    back = variables(links.hurdle, per_hour(links.reverse_gw))
    kept = per_hour(1.0 - links.loss)
    enter(balance[links.tail], ahead, -1.0)
    enter(balance[links.head], ahead, kept)
    enter(balance[links.head], back, -1.0)
    enter(balance[links.tail], back, kept)
    charge = variables(np.zeros(units_n), per_hour(units.charge_gw))
    discharge = variables(np.zeros(units_n), per_hour(units.discharge_gw))
    enter(balance[units.zone], charge, -1.0)
    enter(balance[units.zone], discharge, 1.0)

    right = [load.ravel()]
    slack = [np.zeros(zones * HOURS)]
    row = zones * HOURS
    for s in range(units_n):
        if inflow_gwh[s] > 0.0:
            enter(row, discharge[s], 1.0 / units.discharge_efficiency[s])
            enter(row, charge[s], -units.charge_efficiency[s])
            right.append(np.array([inflow_gwh[s]]))
            slack.append(np.array([np.inf]))
            row += 1
        else:
            level = variables(np.zeros(1), np.full((1, HOURS), units.energy_gwh[s]))[0]
            enter(row + hour, level, 1.0)
            enter(row + hour, np.roll(level, 1), -1.0)
            enter(row + hour, charge[s], -units.charge_efficiency[s])
            enter(row + hour, discharge[s], 1.0 / units.discharge_efficiency[s])
            right.append(np.zeros(HOURS))
            slack.append(np.zeros(HOURS))
            row += HOURS

    matrix = sparse.csc_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(row, size)
    )
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = size, row
    lp.col_cost_ = np.concatenate(cost)
    lp.col_lower_ = np.zeros(size)
    lp.col_upper_ = np.concatenate(upper)
    lp.row_upper_ = np.concatenate(right)
    lp.row_lower_ = np.concatenate(right) - np.concatenate(slack)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    return lp


def solve_day(blocks, available, load, links, units, inflow_gwh, lost_load) -> Solution:
    """Solve one day exactly. Raises RuntimeError if HiGHS does not reach the optimum."""
    import time

    lp = build_day(blocks, available, load, links, units, inflow_gwh, lost_load)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("presolve", "off")
    solver.passModel(lp)
    began = time.perf_counter()
    solver.run()
    seconds = time.perf_counter() - began
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"HiGHS: {solver.modelStatusToString(solver.getModelStatus())}")
    solution = solver.getSolution()
    zones = len(load)
    values = np.array(solution.col_value)
    first = int(blocks.count.sum()) * HOURS
    return Solution(
        solver.getInfo().objective_function_value,
        np.array(solution.row_dual[: zones * HOURS]).reshape(zones, HOURS),
        float(values[first : first + zones * HOURS].sum()),
        seconds,
    )
