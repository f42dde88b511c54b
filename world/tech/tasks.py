"""Tasks: what capability opens, band by band, and how fast customers take it up."""

from __future__ import annotations

import numpy as np


def opened_share(capability, threshold, spread):
    """Return the share [N, B] of each task band that AI can do: logistic in capability [N] (log10 FLOP or OOM).

    `threshold` [B] where half is open, `spread` [B] > 0 the scale, in the unit of capability. −inf opens nothing.
    """
    reach = (np.asarray(capability, dtype=float)[:, None] - threshold[None, :]) / spread[None, :]
    return 0.5 * (1.0 + np.tanh(0.5 * reach))


def adopt(adopted, opened, years_10_90, seed_share):
    """Return next month's adopted share [N, B]: logistic diffusion toward what is `opened` [N, B], solved exactly.

    It takes `years_10_90` [B] from 10 to 90 % of what is open (Mansfield 1961); a band that has just opened starts from
    `seed_share` of it. Where less is open than in use, use falls at the same speed.
    """
    rate = 2.0 * np.log(9.0) / (12.0 * np.asarray(years_10_90, dtype=float))
    held = np.maximum(adopted, seed_share * opened)
    ahead = held + (opened - held) * np.exp(-rate)
    return opened * held / np.where(ahead > 0.0, ahead, 1.0)
