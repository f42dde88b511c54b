"""Which policy of a package does what: packages run in parts, and Shapley values of the parts."""

from __future__ import annotations

import itertools
from math import factorial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .parts import ScenarioError
from .scenario import Scenario

MOST_SHAPLEY = 8
_LONGEST_STEM = 40


class Package(NamedTuple):
    """A scenario with several policies, and the scenarios of the study that hold some of them only."""

    name: str
    policies: list[tuple[str, str]]  # (nation, lever)
    parts: dict[tuple[bool, ...], str]  # which policies -> scenario

    @property
    def complete(self) -> bool:
        return len(self.parts) == 2 ** len(self.policies)


def policies(scenario: Scenario) -> list[tuple[str, str]]:
    """Return the policies of a scenario: one per nation and lever."""
    return [(nation, lever) for nation, levers in scenario.policy.items() for lever in levers]


def part(scenario: Scenario, chosen: tuple[bool, ...], name: str) -> Scenario:
    """Return the scenario with some of its policies only."""
    wanted = {one for one, take in zip(policies(scenario), chosen, strict=True) if take}
    kept = {n: {x: steps for x, steps in levers.items() if (n, x) in wanted} for n, levers in scenario.policy.items()}
    return scenario.model_copy(update={"name": name, "policy": {n: levers for n, levers in kept.items() if levers}})


def with_parts(scenarios: list[Scenario]) -> list[Scenario]:
    """Return the scenarios and all combinations of the policies of each: up to 8 policies; beyond, each alone and each left out.

    Raises ScenarioError where a name is too long to carry a suffix.
    """
    found = list(scenarios)
    known = {one.digest() for one in found}
    for one in scenarios:
        count = len(policies(one))
        if count < 2:
            continue
        if len(one.name) > _LONGEST_STEM:
            raise ScenarioError([f"{one.name}: is too long a name for parts; allowed: up to {_LONGEST_STEM} letters"])
        for chosen in _subsets(count):
            smaller = part(one, chosen, f"{one.name}--{_label(chosen)}")
            if smaller.digest() not in known:
                known.add(smaller.digest())
                found.append(smaller)
    return found


def _subsets(count: int) -> list[tuple[bool, ...]]:
    if count <= MOST_SHAPLEY:
        return list(itertools.product((False, True), repeat=count))
    alone = [tuple(i == j for j in range(count)) for i in range(count)]
    left_out = [tuple(i != j for j in range(count)) for i in range(count)]
    return [(False,) * count, *alone, *left_out]


def _label(chosen: tuple[bool, ...]) -> str:
    """Return which policies a part has: their numbers from 1, or "none"."""
    if len(chosen) <= MOST_SHAPLEY:
        return "-".join(str(i + 1) for i, take in enumerate(chosen) if take) or "none"
    taken = [i + 1 for i, take in enumerate(chosen) if take]
    left = [i + 1 for i, take in enumerate(chosen) if not take]
    return "none" if not taken else f"only-{taken[0]}" if len(taken) == 1 else f"without-{left[0]}"


def packages(scenarios: dict[str, Scenario]) -> list[Package]:
    """Return the packages among scenarios of which at least the empty part and one policy alone were run."""
    by_digest = {one.digest(): name for name, one in scenarios.items()}
    found = []
    for name, one in scenarios.items():
        count = len(policies(one))
        if count < 2 or "--" in name:
            continue
        parts = {}
        for chosen in _subsets(count) if count > MOST_SHAPLEY else itertools.product((False, True), repeat=count):
            twin = by_digest.get(part(one, chosen, name).digest())
            if twin is not None:
                parts[chosen] = twin
        parts[(True,) * count] = name
        if (False,) * count in parts and len(parts) > 2:
            found.append(Package(name, policies(one), parts))
    return found


def shapley(yearly: Any, package: Package, variables: list[str]) -> pd.DataFrame:
    """Return a row per policy, variable and region for the last year: its effect alone, as the last one, and its Shapley share.

    A Shapley value is the mean effect of adding the policy over all orders; the values of a package sum to its whole effect.
    Each comes with the half width of its 95 % interval over worlds.
    """
    from .compare import student

    count = len(package.policies)
    none, every = (False,) * count, (True,) * count
    rows = []
    for variable, region in itertools.product(variables, yearly.study.wide_regions):
        worth = {chosen: yearly.of(variable, name, region)[:, -1].astype(float) for chosen, name in package.parts.items()}
        known = np.all([np.isfinite(one) for one in worth.values()], axis=0)
        worth = {chosen: one[known] for chosen, one in worth.items()}
        whole = _mean(worth[every] - worth[none])
        for i, (nation, lever) in enumerate(package.policies):
            alone = tuple(j == i for j in range(count))
            without = tuple(j != i for j in range(count))
            value = _shapley_of(worth, i, count) if package.complete else None
            n = int(known.sum())
            half = student(np.array(n)) * value.std(ddof=1) / np.sqrt(n) if value is not None and n > 1 else np.nan
            rows.append(
                {
                    "package": package.name, "policy": f"{nation}.{lever}", "variable": variable, "region": region,
                    "year": yearly.years[-1], "worlds": n, "whole": whole,
                    "alone": _mean(worth[alone] - worth[none]) if alone in worth else np.nan,
                    "last": _mean(worth[every] - worth[without]) if without in worth else np.nan,
                    "shapley": _mean(value) if value is not None else np.nan, "half_width": float(half),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _shapley_of(worth: dict[tuple[bool, ...], np.ndarray], i: int, count: int) -> np.ndarray:
    """Return the Shapley value of policy `i` in each world."""
    total = np.zeros_like(next(iter(worth.values())))
    for chosen, before in worth.items():
        if chosen[i]:
            continue
        after = worth[(*chosen[:i], True, *chosen[i + 1 :])]
        size = sum(chosen)
        total += factorial(size) * factorial(count - size - 1) / factorial(count) * (after - before)
    return total
