"""What a robot factory does with its robots: build more lines, sell, or work for hire; the best-paid use gets most."""

from __future__ import annotations

import numpy as np

from ...world.tech.robots import split

# columns of returns and shares
REPLICATE, SELL, WORK = range(3)


def returns(
    price_usd, cost_usd, workers_per_robot, wage_usd_per_year, present_value_years, worker_months_per_line,
    line_present_value_months,
):  # fmt: skip
    """Return what a robot earns in each use over its life, as multiples of its cost [M, 3]: replicate, sell, work.

    `workers_per_robot` workers that a robot stands for; hired out it earns their wage (USD/yr) over `present_value_years`
    (annuity factor of its life). On lines it adds workers_per_robot·12·years/`worker_months_per_line` lines, each worth a
    margin (price − cost) per month over `line_present_value_months` (discounted months of a line's life). USD.
    """
    price_usd, cost_usd, useful, wage = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (price_usd, cost_usd, workers_per_robot, wage_usd_per_year))
    )
    work = useful * wage * present_value_years
    lines = useful * 12.0 * present_value_years / worker_months_per_line
    replicate = lines * (price_usd - cost_usd) * line_present_value_months
    return np.stack((replicate, price_usd, work), axis=-1) / cost_usd[..., None]


def assign(robots, payoff, scale):
    """Return robots [M, 3] by use of `robots` [M]: logit on ln of payoff [M, 3] (multiples of cost) with `scale`.

    A use that pays nothing gets none; nothing pays: all are sold.
    """
    pays = payoff > 0.0
    none = ~pays.any(axis=1)
    log_payoff = np.where(pays, np.log(np.where(pays, payoff, 1.0)), -np.inf)
    log_payoff[none, SELL] = 0.0
    return np.asarray(robots, dtype=float)[:, None] * split(log_payoff, scale)
