"""How software and hardware get better: algorithms, generations of chips, experience curves."""

from __future__ import annotations

import numpy as np


def software_growth(software, research, base_growth, research_elasticity, fishing_out):
    """Return ln-growth a year of algorithmic efficiency: g0 · R^λ · S^−β (Jones 1995), R and S relative to the start.

    With λ·(growth of R) = β·(growth of S) progress is steady; with R fixed it dies out.
    """
    return base_growth * np.maximum(research, 1e-12) ** research_elasticity * software ** (-fishing_out)


def spill(level, openness, speed):
    """Return next month's log level [N]: followers close a share of the gap to the leader (speed 1/yr, openness 0..1)."""
    lead = level.max() if len(level) else 0.0
    return level + (lead - level) * openness * speed / 12.0


def wright(cost, made_before, made_now, learning_rate):
    """Return cost after experience grew: c · (X₁/X₀)^−w, w = −log₂(1 − learning rate) (Wright 1936)."""
    exponent = -np.log2(1.0 - learning_rate)
    if isinstance(made_before, float):
        return cost * (made_now / made_before) ** (-exponent) if made_before > 0.0 else cost
    ratio = np.where(made_before > 0.0, made_now / np.where(made_before > 0.0, made_before, 1.0), 1.0)
    return cost * ratio ** (-exponent)


def experience_exponent(yearly_gain, yearly_growth):
    """Return w of an experience curve c ∝ X^−w from a gain a year (ratio > 1) seen while X grew by `yearly_growth` (ratio > 1).

    Where output grows exponentially, progress in time and progress in experience are one (Nagy et al. 2013).
    """
    return np.log(yearly_gain) / np.log(yearly_growth)
