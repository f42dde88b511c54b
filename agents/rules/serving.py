"""Training against serving: shares move toward the mix that pays."""

from __future__ import annotations

import numpy as np


def adjust_share(share, price_growth, target, response, speed):
    """Return next month's share of compute that serves: toward `target`, more while the price of compute rises (1/yr)."""
    goal = target + (1.0 - target) * target * response * price_growth / (1.0 + abs(price_growth))
    return share + (goal - share) * speed


def follow_returns(share, serving_return, training_return, speed, greatest_change):
    """Return next month's serving share [C] in (0, 1): its log-odds move by speed·ln(returns' ratio), bounded smoothly.

    Returns are marginal, in one unit (USD per H100e and month): sales of one more served unit against what one more
    trained unit adds to sales to come. At equal returns the share stays; both uses earn the same in the end.
    """
    tiny = np.finfo(float).tiny
    pull = speed * (np.log(np.maximum(serving_return, tiny)) - np.log(np.maximum(training_return, tiny)))
    odds = np.log(share) - np.log1p(-share) + greatest_change * np.tanh(pull / greatest_change)
    return 0.5 * (1.0 + np.tanh(0.5 * odds))


def training_return(sales_musd_per_year, capability_elasticity, decay_per_year, rate, training_h100e):
    """Return the worth of one more H100e-month of training, USD: what more training adds to sales while it lasts.

    Sales (MUSD/yr) × `capability_elasticity` (d ln sales / d ln training compute) per H100e-month of a year's training,
    over the discount `rate` plus the `decay_per_year` at which rivals catch up. 0 where nothing trains.
    """
    h100e = np.asarray(training_h100e, dtype=float)
    trains = h100e > 0.0
    yearly = sales_musd_per_year * 1e6 * capability_elasticity / np.where(trains, h100e * 12.0, 1.0)
    return np.where(trains, yearly / (decay_per_year + rate), 0.0)
