"""How well forecasts hit: errors, bands and naive rivals, as pure functions of arrays.

A case is one target (nation, item, source) seen from one origin at one horizon. Arrays here are [cases] or [draws, cases].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

WORLD = "World"  # a region of its own, left out of means over nations
BAND = (0.05, 0.95)
RIVALS = ("last_value", "last_growth", "trend")
TREND_YEARS = 5
COIN_FLIP = 0.03  # a real change over COIN_FLIP_YEARS below this says nothing about skill
COIN_FLIP_YEARS = 3
ENOUGH_ORIGINS = 4.0 / 6.0
FROM_HORIZON = 3  # skill against naive rivals counts from here


def naive(observed: Mapping[int, float], last: int, horizon: int) -> dict[str, float]:
    """Return what the naive rivals say of the year `last` + `horizon`, given `observed` {year: value} up to `last`; NaN where they cannot.

    Last value: nothing changes. Last growth: the last year's ratio goes on. Trend: the straight line through `last` and the year
    `TREND_YEARS` before, or the oldest after that if it lies three years back.
    """
    value = observed.get(last, np.nan)
    before = observed.get(last - 1, np.nan)
    growth = value * (value / before) ** horizon if before > 0 else np.nan
    oldest = min((year for year in observed if last - TREND_YEARS <= year <= last - 3), default=None)
    slope = np.nan if oldest is None else (value - observed[oldest]) / (last - oldest)
    return {"last_value": value, "last_growth": growth, "trend": max(value + slope * horizon, 0.0) if slope == slope else np.nan}


def coin_flip(observed: Mapping[int, float], year: int) -> bool:
    """Tell whether what changed in the three years up to `year` is too little to score skill by; True where it is not known."""
    before = observed.get(year - COIN_FLIP_YEARS, np.nan)
    return not abs(observed[year] / before - 1.0) >= COIN_FLIP if before > 0 else True


def bands(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return median, low and high [cases] of forecasts [draws, cases] at the probabilities `BAND`."""
    low, middle, high = np.quantile(draws, (BAND[0], 0.5, BAND[1]), axis=0)
    return middle, low, high


def scored(cases: pd.DataFrame) -> pd.DataFrame:
    """Return `cases` with the `error` of the median, whether the band covers what happened, and which rivals are beaten.

    `error` is median over observed, less one; `beats_…` is NaN where a rival has nothing to say.
    """
    out = cases.copy()
    error = out["median"] / out["observed"] - 1.0
    out["error"] = error
    out["covered"] = (out["observed"] >= out["low"]) & (out["observed"] <= out["high"])
    for rival in RIVALS:
        other = (out[rival] / out["observed"] - 1.0).abs()
        out[f"beats_{rival}"] = np.where(other.isna(), np.nan, (error.abs() < other).astype(float))
    return out


def judged(cases: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """Return `claims` with what the cases say of each: `measured` and whether it `holds`.

    A claim of which nothing was run has NaN and None. Tests: `within`, the largest absolute error of a year; `factor`, the largest
    ratio of forecast and observed value, either way; `beats_trend`, the share of years in which the trend errs more; `addition`, the
    share of origins from which the first year's addition lies within `value` of the real one (two thirds at least should).
    """
    out = claims.copy()
    found = [_judge(cases, claim) for claim in claims.itertuples()]
    out["measured"] = [value for value, _ in found]
    out["holds"] = [holds for _, holds in found]
    return out


def _judge(cases: pd.DataFrame, claim: Any) -> tuple[float, bool | None]:
    of = (cases["nation"] == claim.nation) & (cases["item"] == claim.item) & (cases["source"] == claim.energy_source)
    if claim.test == "addition":
        mine = cases[of & (cases["horizon"] == 1) & (cases["origin"] >= claim.year) & (cases["origin"] <= int(claim.until))]
        if mine.empty:
            return float("nan"), None
        error = (mine["median"] - mine["last_value"]) / (mine["observed"] - mine["last_value"]) - 1.0
        share = float((error.abs() <= claim.value).mean())
        return share, share >= ENOUGH_ORIGINS
    mine = cases[of & (cases["origin"] == claim.year) & (cases["year"] <= int(claim.until))]
    if mine.empty:
        return float("nan"), None
    if claim.test == "within":
        worst = float(mine["error"].abs().max())
        return worst, worst <= claim.value
    if claim.test == "factor":
        ratio = mine["median"] / mine["observed"]
        worst = float(np.maximum(ratio, 1.0 / ratio.clip(lower=1e-9)).max())
        return worst, worst <= claim.value
    if claim.test == "beats_trend":
        share = float(mine["beats_trend"].mean())
        return share, share >= claim.value
    raise ValueError(f"test is {claim.test!r}; allowed: within, factor, beats_trend, addition")


def summary(cases: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return scores of scored `cases` by the columns `by`; nations count equally.

    `mape` and `bias` are mean absolute and mean error of the median over the observed value, `coverage` the share of cases inside
    the band, `beats_…` the share of kept cases `FROM_HORIZON` years ahead and more in which the model errs less than the rival.
    """
    rows = []
    cases = cases[cases["nation"] != WORLD]
    for key, group in cases.groupby(by, sort=True):
        kept = group[group["kept"] & (group["horizon"] >= FROM_HORIZON)]
        per_nation = group.groupby("nation")
        row = dict(zip(by, key if isinstance(key, tuple) else (key,), strict=True))
        row |= {
            "cases": len(group),
            "mape": float(per_nation["error"].apply(lambda e: e.abs().mean()).mean()),
            "bias": float(per_nation["error"].mean().mean()),
            "coverage": float(per_nation["covered"].mean().mean()),
            "kept": len(kept),
        }
        row |= {f"beats_{rival}": _mean_by_nation(kept, f"beats_{rival}") for rival in RIVALS}
        rows.append(row)
    return pd.DataFrame(rows)


def _mean_by_nation(cases: pd.DataFrame, column: str) -> float:
    """Return the mean over nations of the means of a column; NaN where there is no case."""
    known = cases[cases[column].notna()]
    return float(known.groupby("nation")[column].mean().mean()) if len(known) else float("nan")
