"""Paying out what is held beyond n months of cover: without the return flow money piles up and demand dies."""

from __future__ import annotations

import numpy as np


def pay_out(
    cash: np.ndarray, outflow: np.ndarray, loans: np.ndarray, cover_months: float, speed: float, repay_share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return (repayment, dividend) of the month, in the unit of `cash`, all [A].

    `outflow` is the usual monthly spending; a share `speed` of what lies beyond `cover_months` of it leaves the firm,
    `repay_share` of that goes to loans as far as there are any.
    """
    spare = np.maximum(cash - cover_months * outflow, 0.0) * speed
    repayment = np.minimum(spare * repay_share, loans)
    return repayment, spare - repayment
