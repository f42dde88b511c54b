"""When one has more than another, in one world and in many."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Overtaking(NamedTuple):
    """When one has more than another: a month per world, `months` for never."""

    first: np.ndarray
    at_end: np.ndarray  # ahead in the last month
    months: int

    @property
    def worlds(self) -> int:
        return len(self.first)

    @property
    def never(self) -> int:
        return int((self.first == self.months).sum())


def overtaking(ahead: np.ndarray, behind: np.ndarray) -> Overtaking:
    """Return from when `ahead` has more than `behind` ([worlds, months]), of the worlds that reached the last month."""
    lead = ahead - behind
    lead = lead[np.isfinite(lead[:, -1])]
    more = lead > _rounding(ahead, behind)
    months = lead.shape[1]
    return Overtaking(np.where(more.any(axis=1), more.argmax(axis=1), months), more[:, -1], months)


def _rounding(ahead: np.ndarray, behind: np.ndarray) -> float:
    """Return what is no lead but rounding: both may be nothing but for the last digits."""
    return 1e-9 * max((float(np.nanmax(np.abs(one))) for one in (ahead, behind) if np.isfinite(one).any()), default=0.0)


def by_year(found: Overtaking, dates: list[str]) -> list[float]:
    """Return shares of worlds in percent: from the start, in each later year, never."""
    years = sorted({date[:4] for date in dates})
    counts = dict.fromkeys(("start", *years, "never"), 0)
    for month in found.first:
        counts["never" if month == found.months else "start" if month == 0 else dates[int(month)][:4]] += 1
    return [round(100.0 * count / max(found.worlds, 1), 1) for count in counts.values()]


def sentence(title: str, found: Overtaking, dates: list[str]) -> str:
    """Return what the distribution says in words."""
    if not found.worlds:
        return f"{title}: no world has reached the end yet."
    crossed = np.sort(found.first[found.first < found.months])
    count = f"never in {found.never} of {found.worlds} worlds, ahead at the end in {int(found.at_end.sum())}"
    if not len(crossed):
        return f"{title}: {count}."
    low, middle, high = (dates[int(crossed[int(q * (len(crossed) - 1))])] for q in (0.1, 0.5, 0.9))
    return f"{title}: first in {middle} (middle of the worlds where it happens; four of five {low} to {high}); {count}."


def when(ahead: np.ndarray, behind: np.ndarray, dates: list[str]) -> tuple[str, int | None]:
    """Return from when `ahead` has more than `behind` ([months], NaN where not known yet) in words, and as a month, None for never.

    Months from the first on count; a lead that is lost again is told as such.
    """
    known = np.isfinite(ahead) & np.isfinite(behind)
    more = known & (ahead - behind > _rounding(ahead, behind))
    if not more.any():
        return ("never" if known.all() else "not yet"), None
    first = int(more.argmax())
    last = int(np.flatnonzero(known)[-1])
    word = "from the start" if first == 0 else dates[first]
    return (word if more[last] else f"{word}, not at the end"), first
