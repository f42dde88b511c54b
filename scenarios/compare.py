"""Scenarios compared under the same luck: effects by pairs of worlds, crossing dates, what binds, where differences come from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..world.limiting import CAUSES
from .attribution import Package, packages, shapley
from .run import BINDING
from .study import Study, StudyError
from .tools import diff
from .yearly import RACES, Yearly, read_yearly

# what the first page shows
MAIN = (
    "Compute|Powered", "Compute|Powered H100e", "Compute|Stranded", "Coin|Accredited", "Coin|Value", "AI|Capability", "AI|Revenue",
    "Robots|Stock", "Compute|Orbital Share", "Power|Price", "Power|Emissions",
)  # fmt: skip
LEVEL_COLUMNS = ("variable", "unit", "region", "year", "scenario", "worlds", "mean", "p05", "p50", "p95")
_CONFIDENCE = 0.95


@dataclass
class Comparison:
    """What differs between the scenarios of a study and one of them. Tables are pandas frames, built when asked for."""

    yearly: Yearly
    baseline: str

    @property
    def study(self) -> Study:
        return self.yearly.study

    @property
    def others(self) -> list[str]:
        return [name for name in self.yearly.scenarios if name != self.baseline]

    @property
    def shown(self) -> list[str]:
        """The scenarios that people asked for: parts of packages are left out."""
        return [name for name in self.others if "--" not in name]

    @property
    def units(self) -> dict[str, str]:
        return {name: one["unit"] for name, one in self.study.manifest["units"].items()}

    @cached_property
    def effects(self) -> pd.DataFrame:
        """A row per variable, region, year and scenario: the effect against the baseline, in pairs of one world."""
        y = self.yearly
        base = y.data[:, y.scenarios.index(self.baseline)].astype(float)  # [V, W, R, Y]
        frames = [self._effects_of(name, base) for name in self.others]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def _effects_of(self, name: str, base: np.ndarray) -> pd.DataFrame:
        y = self.yearly
        other = y.data[:, y.scenarios.index(name)].astype(float)
        both = np.isfinite(base) & np.isfinite(other)
        d = np.where(both, other - base, np.nan)
        n = both.sum(axis=1)
        mean_base, mean = _mean(np.where(both, base, np.nan)), _mean(d)
        spread = _std(d)
        half = student(n) * spread / np.sqrt(np.maximum(n, 1))
        unpaired = _std(np.where(both, base, np.nan)) ** 2 + _std(np.where(both, other, np.nan)) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = unpaired / spread**2
        share = lambda mask: np.where(n > 0, (mask & both).sum(axis=1) / np.maximum(n, 1), np.nan)  # noqa: E731
        p05, p50, p95 = _quantiles(d)
        columns = {
            "worlds": n, "baseline": mean_base, "scenario_mean": mean_base + mean, "effect": mean, "low": mean - half, "high": mean + half,
            "share_up": share(d > 0), "share_down": share(d < 0), "p05": p05, "p50": p50, "p95": p95, "pairing_gain": gain,
        }  # fmt: skip
        return self._frame(name, columns)

    def _frame(self, scenario: str, columns: dict[str, np.ndarray]) -> pd.DataFrame:
        """Return arrays [V, R, Y] as rows, without the regions that a variable does not have."""
        y = self.yearly
        shape = (len(y.variables), len(y.regions), len(y.years))
        v, r, t = (index.ravel() for index in np.indices(shape))
        ids = {
            "variable": pd.Categorical.from_codes(v, pd.Index(y.variables)),
            "unit": np.array([self.units[name] for name in y.variables])[v],
            "region": pd.Categorical.from_codes(r, pd.Index(y.regions)), "year": np.array(y.years)[t], "scenario": scenario,
        }  # fmt: skip
        frame = pd.DataFrame(ids | {name: values.reshape(-1) for name, values in columns.items()})
        if not self.study.zone_variables:
            return frame
        by_zone = np.isin(y.variables, self.study.zone_variables)
        zones = ~np.isin(y.regions, self.study.wide_regions)
        there = np.where(by_zone[:, None], zones | (np.array(y.regions) == "World"), ~zones)
        return frame[np.repeat(there.ravel(), len(y.years))]

    @cached_property
    def levels(self) -> pd.DataFrame:
        """A row per variable, region, year and scenario: mean and quantiles over worlds."""
        y = self.yearly
        frames = []
        for s, name in enumerate(y.scenarios):
            values = y.data[:, s].astype(float)
            p05, p50, p95 = _quantiles(values)
            columns = {"worlds": np.isfinite(values).sum(axis=1), "mean": _mean(values), "p05": p05, "p50": p50, "p95": p95}
            frames.append(self._frame(name, columns))
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def crossings(self) -> pd.DataFrame:
        """A row per race and scenario: from when the second nation has more than the first, and in how many worlds never."""
        y = self.yearly
        dates = self.study.layout.dates
        rows = []
        for j, race in enumerate(name for name in RACES if name in y.variables):
            for s, scenario in enumerate(y.scenarios):
                lead = y.leads[j, s]
                lead = lead[np.isfinite(lead[:, -1])]
                ahead = lead > 0
                first = np.where(ahead.any(axis=1), ahead.argmax(axis=1), len(dates))
                crossed = np.sort(first[first < len(dates)])
                at = lambda q, c=crossed: dates[int(c[min(int(q * len(c)), len(c) - 1)])] if len(c) else "never"  # noqa: E731
                rows.append(
                    {
                        "variable": race, "scenario": scenario, "ahead": y.rivals[1], "behind": y.rivals[0], "worlds": len(lead),
                        "from_start": _share(first == 0), "never": _share(first == len(dates)), "p10": at(0.1), "p50": at(0.5),
                        "p90": at(0.9), "leads_at_end": _share(ahead[:, -1]),
                    }
                )  # fmt: skip
        return pd.DataFrame(rows)

    @cached_property
    def binding(self) -> pd.DataFrame:
        """A row per scenario, region, year and cause: the share of months and worlds in which it binds."""
        y = self.yearly
        nations = y.regions.index("World")  # sums of nations have no cause of their own
        total = y.binding.sum(axis=3, keepdims=True)
        share = (y.binding / np.where(total > 0, total, 1.0))[:, :nations]
        s, r, t, c = np.nonzero(share > 0)
        names = [np.array(labels, dtype=object) for labels in (y.scenarios, y.regions, y.years, CAUSES)]
        return pd.DataFrame(
            {"scenario": names[0][s], "region": names[1][r], "year": names[2][t], "cause": names[3][c], "share": share[s, r, t, c]}
        )

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """A row per scenario and input that differs from the baseline's."""
        found = self.study.scenarios
        rows = [(name, *row) for name in self.others for row in diff(found[self.baseline], found[name])]
        return pd.DataFrame(rows, columns=["scenario", "input", "in_baseline", "in_scenario"])

    @cached_property
    def packages(self) -> list[Package]:
        """The scenarios whose policies were run apart as well (`wattrace batch --parts`)."""
        return packages(self.study.scenarios)

    @cached_property
    def attribution(self) -> pd.DataFrame:
        """A row per package, policy, variable and region, for the last year: alone, last, and its Shapley share."""
        frames = [shapley(self.yearly, package, [name for name in MAIN if name in self.yearly.variables]) for package in self.packages]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    @cached_property
    def variance(self) -> pd.DataFrame:
        """A row per main variable and region, for the last year: the share of all variance from policy, world and their interaction."""
        y = self.yearly
        shown = [self.baseline, *self.shown]
        rows = []
        for variable in (name for name in MAIN if name in y.variables):
            for region in self.study.wide_regions:
                table = np.array([y.of(variable, name, region)[:, -1] for name in shown], dtype=float)
                table = table[:, np.isfinite(table).all(axis=0)]
                rows.append({"variable": variable, "region": region, "year": y.years[-1], **split(table)})
        return pd.DataFrame(rows)

    @cached_property
    def unfinished(self) -> str:
        """Say how many runs of the plan are not there; empty where all are, done or failed."""
        there = sum(len(note["runs"]) + len(note["failures"]) for note in self.study.notes().values())
        planned = len(self.study.scenario_names) * self.study.draws * self.study.reps  # of the first round, which all others follow
        if there >= planned:
            return ""
        return f"Unfinished: {there:,} of {planned:,} runs are there, and all that follows is of these. `wattrace batch --resume` goes on."

    def pairing_gain(self) -> float:
        """Return by how much pairing cut the variance of effects: the median over main variables and nations in the last year."""
        rows = self.effects
        if rows.empty:
            return float("nan")
        last = rows["year"] == self.yearly.years[-1]
        rows = rows[rows["variable"].isin(MAIN) & last & rows["scenario"].isin(self.shown or self.others)]
        gains = rows["pairing_gain"].to_numpy(dtype=float)
        gains = gains[np.isfinite(gains)]
        return float(np.median(gains)) if len(gains) else float("nan")

    def table(self) -> pd.DataFrame:
        """Return what people read first: effects on the main variables of the rivals and the world in the last year."""
        rows = self.effects
        if rows.empty:
            return rows
        regions = [*self.yearly.rivals, "World"]
        chosen = rows["variable"].isin(MAIN) & rows["region"].isin(regions) & (rows["year"] == self.yearly.years[-1])
        return rows[chosen & rows["scenario"].isin(self.shown or self.others)].reset_index(drop=True)


def compare(study: str | Path | Study, baseline: str | None = None) -> Comparison:
    """Compare the scenarios of a study with one of them (the first, where none is named). Raises StudyError."""
    found = study if isinstance(study, Study) else Study(study)
    name = baseline or found.scenario_names[0]
    if name not in found.scenario_names:
        import difflib

        near = difflib.get_close_matches(name, found.scenario_names, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(found.scenario_names)}"
        raise StudyError(f"{found.folder} has no scenario {name!r}; {hint}")
    return Comparison(read_yearly(found), name)


def rows_of(frame: pd.DataFrame) -> list[Any]:
    """Return the rows of a frame as named tuples."""
    return list(frame.itertuples())


def student(n: np.ndarray) -> np.ndarray:
    """Return by how many standard errors a 95 % interval reaches to each side, for means of `n` values; NaN below 2."""
    from scipy.special import stdtrit

    sizes, place = np.unique(n, return_inverse=True)  # few: looked up once each
    factors = np.where(sizes > 1, stdtrit(np.maximum(sizes - 1, 1), 0.5 + _CONFIDENCE / 2), np.nan)
    return factors[place].reshape(np.shape(n))


def split(table: np.ndarray) -> dict[str, float]:
    """Return the shares of variance in [S, W] from scenario, world and interaction; NaN where nothing varies."""
    if table.size == 0 or table.shape[0] < 2 or table.shape[1] < 2:
        return {"policy": np.nan, "world": np.nan, "interaction": np.nan}
    grand = table.mean()
    total = ((table - grand) ** 2).sum()
    if total <= 0:
        return {"policy": np.nan, "world": np.nan, "interaction": np.nan}
    policy = table.shape[1] * ((table.mean(axis=1) - grand) ** 2).sum() / total
    world = table.shape[0] * ((table.mean(axis=0) - grand) ** 2).sum() / total
    return {"policy": float(policy), "world": float(world), "interaction": float(max(1.0 - policy - world, 0.0))}


def _share(mask: np.ndarray) -> float:
    return float(mask.mean()) if len(mask) else float("nan")


def _mean(values: np.ndarray) -> np.ndarray:
    """Return the mean over worlds, axis 1, of what is known."""
    known = np.isfinite(values)
    count = known.sum(axis=1)
    return np.where(count > 0, np.where(known, values, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)


def _std(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    count = known.sum(axis=1)
    off = np.where(known, values - _mean(values)[:, None], 0.0)
    return np.where(count > 1, np.sqrt((off**2).sum(axis=1) / np.maximum(count - 1, 1)), np.nan)


def _quantiles(values: np.ndarray) -> np.ndarray:
    """Return the 5th, 50th and 95th percentile over worlds, axis 1, of what is known."""
    ordered = np.sort(values, axis=1)  # NaN last
    count = np.isfinite(values).sum(axis=1)
    found = []
    for q in (0.05, 0.5, 0.95):
        at = q * np.maximum(count - 1, 0)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, np.maximum(count - 1, 0))
        pick = lambda i: np.take_along_axis(ordered, i[:, None], axis=1)[:, 0]  # noqa: E731
        found.append(pick(low) + (pick(high) - pick(low)) * (at - low))
    return np.stack(found)


__all__ = ["BINDING", "LEVEL_COLUMNS", "MAIN", "Comparison", "compare", "split", "student"]
