"""Algorithms: software efficiency S (1 at the start), its growth by trend or by research, and how ideas spread.

Effective compute is S × physical compute. All levels are natural logs of S, one per nation or company.
"""

from __future__ import annotations

import numpy as np


def trend_growth(doubling_months):
    """Return ln-growth of S a month when it doubles every `doubling_months` (Ho et al. 2024: 8, 5–14)."""
    return np.log(2.0) / np.asarray(doubling_months, dtype=float)


def research_input(compute, labour, compute_share, substitution):
    """Return research effort from compute and labour, each relative to the start (1 = as then), by CES.

    `substitution` σ >= 0 is the open question: 2.58 on raw compute, about 0 on frontier experiments (Whitfill & Wu 2025);
    0 is Leontief, 1 Cobb–Douglas.
    """
    compute, labour = np.asarray(compute, dtype=float), np.asarray(labour, dtype=float)
    if substitution <= 0.0:
        return np.minimum(compute, labour)
    tiny = np.finfo(float).tiny
    logs = np.log(np.maximum(compute, tiny)), np.log(np.maximum(labour, tiny))
    rho = 1.0 - 1.0 / substitution
    if rho == 0.0:
        return np.exp(compute_share * logs[0] + (1.0 - compute_share) * logs[1])
    # log-sum-exp: the largest term is taken out so that nothing overflows near σ = 0
    top = np.maximum(rho * logs[0], rho * logs[1])
    total = compute_share * np.exp(rho * logs[0] - top) + (1.0 - compute_share) * np.exp(rho * logs[1] - top)
    return np.exp((top + np.log(total)) / rho)


def gather_research(cumulative, effort, exponent, months):
    """Return cumulative research Q after `months`: Q + R^λ·Δt (years), λ = `exponent` (stepping on toes; FTM 0.7)."""
    return cumulative + np.maximum(effort, 0.0) ** exponent * months / 12.0


def research_growth(log_s, cumulative_before, cumulative_after, returns, log_ceiling):
    """Return ln-growth of S by the FTM law: S ← S·(Q₁/Q₀)^(r·d), d = 1 − ln S / ln S̄ (1 at the start, 0 at the ceiling).

    `returns` r (FTM 1.25/λ), `log_ceiling` = ln S̄ (FTM ln 1e12). Davidson 2023, "What a compute-centric framework says".
    """
    damping = 1.0 - log_s / log_ceiling
    known = cumulative_before > 0.0
    ratio = np.where(known, cumulative_after / np.where(known, cumulative_before, 1.0), 1.0)
    return returns * damping * np.log(ratio)


def advance(log_s, trend, researched, research_weight):
    """Return ln S of next month: a mix of the trend and of the research law (`research_weight` 0 … 1 switches)."""
    return log_s + (1.0 - research_weight) * trend + research_weight * researched


def spill(log_s, openness, speed, months):
    """Return ln S [N] after ideas spread from the leader: dlnS = φ·open·(lnS_lead − lnS)·dt, integrated exactly.

    `speed` φ 1/yr; `openness` [N] >= 0: what reaches a follower (open weights, staff, theft). The leader stands still,
    nobody overtakes by copying.
    """
    log_s = np.asarray(log_s, dtype=float)
    lead = log_s.max(initial=-np.inf)
    gap = lead - log_s
    return lead - gap * np.exp(-speed * np.asarray(openness, dtype=float) * months / 12.0)
