"""The market for AI services: buyers' demand per nation, sellers' effective compute, clearing prices."""

from __future__ import annotations

import numpy as np


def opened_share(capability, threshold, spread):
    """Return the share [N, B] of each task band that AI can do: logistic in capability [N] (log10 FLOP), bands' threshold and spread [B]."""
    return 1.0 / (1.0 + np.exp(-(capability[:, None] - threshold[None, :]) / spread[None, :]))


def adopt(adopted, opened, years_10_90, seed_share):
    """Return next month's adopted share [N, B]: logistic diffusion toward what is open, 10–90 % in `years_10_90` [B].

    A band that has just opened starts from `seed_share` of what is open. What closes (never, as a rule) is given up at once.
    """
    rate = 2.0 * np.log(9.0) / (12.0 * years_10_90)
    held = np.maximum(adopted, seed_share * opened)
    room = 1.0 - held / np.maximum(opened, 1e-12)
    return np.minimum(held * np.exp(rate[None, :] * room), opened)


def clear_services(spending_scale, supply, access, reference_price, elasticity):
    """Return (price [N], sales [C, N]) of a month.

    Buyers of nation n would spend `spending_scale` [N] MUSD at `reference_price` (MUSD per unit of effective compute);
    demand is isoelastic, `elasticity` > 1. Each seller spreads its `supply` [C] over the nations it may serve
    (`access` [C, N]) in proportion to their scale, so that prices are equal wherever all may sell. Nothing is left over.
    """
    weight = access * spending_scale[None, :]
    total = weight.sum(axis=1, keepdims=True)
    offered = supply[:, None] * weight / np.where(total > 0.0, total, 1.0)
    quantity = offered.sum(axis=0)
    wanted = spending_scale / reference_price
    served = quantity > 0.0
    ratio = wanted / np.where(served, quantity, 1.0)
    price = np.where(served, reference_price * ratio ** (1.0 / elasticity), 0.0)
    return price, offered * price[None, :]
