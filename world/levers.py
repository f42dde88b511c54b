"""Levers: what governments choose, per nation, dated; bounds and bands stand in levers.csv."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np

from .calendar import Calendar
from .tables import Tables


class Levers:
    """Values of all levers per nation; steps of the scenario apply as time passes, `set` overrides them from then on."""

    def __init__(self, tables: Tables, nations: list[str], settings: Any, calendar: Calendar):
        table = tables["levers"]
        self.names = list(table["lever"])
        self.low = dict(zip(self.names, table["low"], strict=True))
        self.high = dict(zip(self.names, table["high"], strict=True))
        self.unit = dict(zip(self.names, table["unit"], strict=True))
        self.nations = nations
        self.value = {name: np.full(len(nations), float(v)) for name, v in zip(self.names, table["value"], strict=True)}
        self.fixed = {name: np.zeros(len(nations), dtype=bool) for name in self.names}
        # (lever, nation index) -> list of (first month, months of ramp, target)
        self.steps: dict[tuple[str, int], list[tuple[int, int, float]]] = {}
        for nation, levers in settings.policy.items():
            for name, steps in levers.items():
                self._known(name)
                plan = self.steps.setdefault((name, nations.index(nation)), [])
                for step in steps:
                    first = 0 if step.on is None else max(0, calendar.index(step.on[:7]))
                    plan.append((first, int(step.over_months), float(step.to)))
        for (name, nation), plan in self.steps.items():
            for first, over, target in plan:
                if first == 0 and over == 0:
                    self.value[name][nation] = target

    def copy(self) -> Levers:
        new = object.__new__(Levers)
        new.__dict__.update(self.__dict__)
        new.value = {name: array.copy() for name, array in self.value.items()}
        new.fixed = {name: array.copy() for name, array in self.fixed.items()}
        new.steps = dict(self.steps)
        return new

    def __getitem__(self, name: str) -> np.ndarray:
        return self.value[name]

    def _known(self, name: str) -> None:
        if name not in self.value:
            near = difflib.get_close_matches(name, self.names, n=3)
            raise KeyError(f"lever is {name!r}; did you mean {', '.join(near) or ', '.join(self.names)}?")

    def _unit(self, name: str) -> str:
        return "" if self.unit[name] == "1" else f" {self.unit[name]}"

    def set(self, name: str, nation: int, value: float, month: int) -> None:
        """Set a lever from now on; its later scheduled steps are dropped. Raises ValueError outside its bounds."""
        self._known(name)
        try:
            if isinstance(value, bool):
                raise TypeError
            number = float(value)
        except (TypeError, ValueError):
            raise ValueError(
                f"lever {name} of {self.nations[nation]} is {value!r}; allowed: a number from {self.low[name]:g} to {self.high[name]:g}"
                " (percentages are for scenario files)"
            ) from None
        if not self.low[name] <= number <= self.high[name]:
            raise ValueError(
                f"lever {name} of {self.nations[nation]} is {value!r}; allowed: {self.low[name]:g} to {self.high[name]:g}{self._unit(name)}"
            )
        self.steps.pop((name, nation), None)
        self.value[name][nation] = number
        self.fixed[name][nation] = True

    def advance(self, month: int) -> list[tuple[str, int, float]]:
        """Apply the steps of a month; returns (lever, nation, value) for those that begin in it."""
        begun = []
        for (name, nation), plan in self.steps.items():
            for first, over, target in plan:
                if month < first or (over == 0 and month > first) or month > first + over:
                    continue
                left = max(first + over - month, 0)
                current = self.value[name][nation]
                self.value[name][nation] = target if left == 0 else current + (target - current) / (left + 1)
                if month == first:
                    begun.append((name, nation, target))
        return begun
