"""Adaptive replication: more replicates until a mean is known well enough."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .choices import choices

_STOP = re.compile(r"\s*(\d{1,3}(?:\.\d{1,6})?)\s*%\s*:\s*([^@]{1,100}?)\s*(?:@\s*(\S{1,40}))?\s*")


def parse_stop(text: str) -> dict[str, Any]:
    """Return {share, variable, region} of "5%:VARIABLE" or "5%:VARIABLE@REGION". Raises ValueError."""
    match = _STOP.fullmatch(str(text))
    if not match or not 0.0 < float(match[1]) <= 100.0:
        raise ValueError(f"until-ci is {text!r}; allowed: PERCENT%:VARIABLE or PERCENT%:VARIABLE@REGION, e.g. 5%:Compute|Powered@CHN")
    from .study import plan_units

    known = plan_units("2026-01")
    if match[2] not in known:
        import difflib

        near = difflib.get_close_matches(match[2], known, n=3)
        raise ValueError(f"until-ci names {match[2]!r}; {'did you mean ' + ' or '.join(near) if near else 'see variables.csv'}")
    region = match[3] or "World"
    regions = (*choices().nations, "World", "Rest")
    if region not in regions:
        raise ValueError(f"until-ci names the region {region!r}; allowed: {', '.join(regions)}")
    return {"share": float(match[1]) / 100.0, "variable": match[2], "region": region}


def precise(study: Any, chunks: int) -> bool:
    """Return whether the mean of every scenario at the end is known to within its share, by the first `chunks` chunks."""
    stop = study.plan["stop"]
    last = len(study.layout.dates) - 1
    table = study.table([stop["variable"]], [stop["region"]])
    frame = table.to_pandas()
    most = study.key(study.all_chunks[chunks - 1][1] - 1).replicate
    frame = frame[(frame["month"] == last) & (frame["replicate"] <= most)]
    return all(
        half_width(group[stop["variable"]].to_numpy(dtype=float)) <= stop["share"] for _, group in frame.groupby("scenario", observed=True)
    )


def half_width(values: np.ndarray) -> float:
    """Return half the width of the mean's 95 % interval over the mean; infinite for fewer than two values or a mean of 0."""
    if len(values) < 2:
        return float("inf")
    from scipy.stats import t

    mean = abs(values.mean())
    spread = values.std(ddof=1) / np.sqrt(len(values)) * t.ppf(0.975, len(values) - 1)
    return float(spread / mean) if mean > 0 else (0.0 if spread == 0 else float("inf"))
