"""Robots: how useful they are, how many are made, and the loop in which robots build robots."""

from __future__ import annotations

import numpy as np


def usefulness(intelligence, chips, dexterity, most):
    """Return human hours per robot hour: most · I·C·D / (1 + I·C·D), the product of three factors, saturating at `most`."""
    product = intelligence * chips * dexterity
    return most * product / (1.0 + product)


def robots_made(lines, workers_needed_per_unit, human_workers, own_robots, useful, chips_available, chips_per_robot):
    """Return (made, binds [M]: 0 lines, 1 labour, 2 chips) of a month.

    Output is the least of line capacity (units), labour (humans plus own robots × usefulness, over workers per unit and
    month) and chips. No chips, no robots.
    """
    labour = (human_workers + own_robots * useful) / workers_needed_per_unit
    chips = chips_available / chips_per_robot
    made = np.minimum(np.minimum(lines, labour), chips)
    binds = np.where(made >= lines, 0, np.where(labour <= chips, 1, 2))
    return np.maximum(made, 0.0), binds


def grow_lines(lines, worth_over_cost, speed, greatest):
    """Return next month's line capacity: ln-growth speed·ln(worth/cost) a year, bounded smoothly by ± `greatest`."""
    pull = speed * np.log(np.maximum(worth_over_cost, 1e-9))
    return lines * np.exp(greatest * np.tanh(pull / greatest) / 12.0)


def split(returns, scale):
    """Return shares [M, uses] of output by logit on returns (same unit as `scale`): the best-paid use gets most."""
    best = returns.max(axis=1, keepdims=True)
    weight = np.exp(np.maximum((returns - best) / scale, -50.0))
    return weight / weight.sum(axis=1, keepdims=True)
