"""What decisions return. Only the model applies orders, each in its phase of the month."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Payment(NamedTuple):
    """Pay `musd` from each payer to each payee (parties) at the month's settlement."""

    purpose: str
    payer: np.ndarray | int
    payee: np.ndarray | int
    musd: np.ndarray | float


class Start(NamedTuple):
    """Start projects: `kind` is a technology's index or the hall kind; `planned` is the part asked for by planners."""

    zone: np.ndarray
    kind: np.ndarray
    owner: np.ndarray  # party
    gw: np.ndarray
    planned_gw: np.ndarray


class Stake(NamedTuple):
    """Buy (positive) or sell (negative) coins of a nation against deposits, for stakes."""

    party: np.ndarray
    nation: np.ndarray
    kw: np.ndarray  # int64


NO_STAKE = Stake(*np.zeros((3, 0), dtype=np.int64))


class Bids(NamedTuple):
    """Budgets for one market of the exchange."""

    market: str
    buyer: np.ndarray  # party
    budget_musd: np.ndarray
    value: np.ndarray  # [buyers, sellers] worth of a unit to the buyer, in MUSD; 0 where trade is prohibited


def apply_payments(world: Any, payments: list[Payment]) -> None:
    """Collect payments for the month's settlement."""
    for order in payments:
        world.state.ledger.pay(*order)
