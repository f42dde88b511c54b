"""Paying out what is held beyond n months of cover: without the return flow money piles up and demand dies."""

from __future__ import annotations

import numpy as np

from ...world.kernels import rule


@rule
def pay_out(cash, outflow, loans, cover_months, speed, repay_share):
    """Return (repayment, dividend) of the month, in the unit of `cash`, all [A] or numbers.

    `outflow` is the usual monthly spending; a share `speed` of what lies beyond `cover_months` of it leaves the firm,
    `repay_share` of that goes to loans as far as there are any.
    """
    spare = np.maximum(cash - cover_months * outflow, 0.0) * speed
    repayment = np.minimum(spare * repay_share, loans)
    return repayment, spare - repayment
