"""Robots: how useful they are, how many are made, and the loop in which robots build robots."""

from __future__ import annotations

import numpy as np

# what can bind the month's output, in the order that breaks ties
LINES, LABOUR, CHIPS, METALS = range(4)
_TINY = np.finfo(float).tiny


def usefulness(intelligence, chips, dexterity, most):
    """Return human hours per robot hour: most · I·C·D / (1 + I·C·D), the product of three factors, saturating at `most`.

    Digital intelligence × chip capability × dexterity (seeds C189), each an index >= 0 relative to a reference at which
    their product is 1 and half of `most` is reached. Any factor of 0 makes the robot useless.
    """
    product = np.asarray(intelligence * chips * dexterity, dtype=float)
    return most * product / (1.0 + product)


def work_left(done_by_robots, bodily_work):
    """Return the share [N] of the work that bodies do which robots do not do yet; both in workers. Worth of one more falls with it."""
    bodily_work = np.asarray(bodily_work, dtype=float)
    return np.exp(-np.maximum(done_by_robots, 0.0) / np.where(bodily_work > 0.0, bodily_work, 1.0))


def robots_made(
    lines, workers_needed_per_unit, human_workers, own_robots, useful, chips_available, chips_per_robot,
    metal_available=np.inf, metal_per_robot=0.0,
):  # fmt: skip
    """Return (made, binds [M]: 0 lines, 1 labour, 2 chips, 3 metals) of a month.

    Output is the least of line capacity (units), labour (humans plus own robots × `useful`, over worker-months per
    unit), chips (H100e or pieces) and metals (t). What a robot does not need cannot bind. No chips, no robots.
    """
    made = np.asarray(lines, dtype=float)
    binds: np.ndarray = np.asarray(LINES)
    for number, available, per_robot in (
        (LABOUR, human_workers + own_robots * useful, workers_needed_per_unit),
        (CHIPS, chips_available, chips_per_robot),
        (METALS, metal_available, metal_per_robot),
    ):
        enough_for = _units(available, per_robot)
        if enough_for is not np.inf:
            binds = np.where(enough_for < made, number, binds)
            made = np.minimum(made, enough_for)
    return np.maximum(made, 0.0), binds + np.zeros(made.shape, np.int64)


def _units(available, per_unit):
    """Return how many units something is enough for; inf where units need none of it (`np.inf` itself where none needs any)."""
    if isinstance(per_unit, float | int):
        return available / per_unit if per_unit > 0.0 else np.inf
    needed = per_unit > 0.0
    return np.where(needed, available / np.where(needed, per_unit, 1.0), np.inf)


def hire(staff, needed, greatest):
    """Return next month's staff [M]: it moves toward what is `needed` at a ln-rate of at most `greatest` a year, smoothly."""
    gap = np.log(needed / staff)
    return staff * np.exp(greatest * np.tanh(gap) / 12.0)


def grow_lines(lines, worth_over_cost, speed, greatest):
    """Return next month's line capacity: ln-growth speed·ln(worth/cost) a year, bounded smoothly by ± `greatest`."""
    pull = np.tanh(np.log(np.maximum(worth_over_cost, _TINY)) * (speed / greatest))
    return lines * np.exp(pull * (greatest / 12.0))


def split(returns, scale):
    """Return shares [M, uses] of output by logit on returns (same unit as `scale`): the best-paid use gets most."""
    weight = np.exp((returns - np.maximum.reduce(returns, 1, keepdims=True)) / scale)
    return weight / np.add.reduce(weight, 1, keepdims=True)
