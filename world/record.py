"""What the world writes down: variables of the codelist, month by month, in preallocated arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .tables import Table

SCOPES = ("nation", "zone", "world")


class Recorder:
    """Arrays [months, regions of the scope] per variable; declared in `variables.csv`, nothing else is accepted."""

    def __init__(self, codelist: Table, nations: Sequence[str], zones: Sequence[str], months: int):
        self.regions = {"nation": list(nations), "zone": list(zones), "world": ["World"]}
        self.units = dict(zip(codelist["variable"], codelist["unit"], strict=True))
        self.scope = dict(zip(codelist["variable"], codelist["scope"], strict=True))
        self.total = dict(zip(codelist["variable"], codelist["total"], strict=True))
        self.weight = dict(zip(codelist["variable"], codelist["weight"], strict=True))
        self.prices = tuple(n for n, unit in self.units.items() if unit.startswith("USD") and self.scope[n] == "nation")
        self.months = months
        self.written = 0
        names = {scope: [name for name, its in self.scope.items() if its == scope] for scope in self.regions}
        self._names = names
        self._place = {name: (scope, i) for scope, listed in names.items() for i, name in enumerate(listed)}
        self._price_rows = np.array([self._place[name][1] for name in self.prices], dtype=np.int64)
        self._show({
            scope: np.full((months, len(listed), len(self.regions[scope])), np.nan) for scope, listed in names.items()
        })  # fmt: skip

    def _show(self, blocks: dict[str, np.ndarray]) -> None:
        """Keep `blocks` [months, variables, regions] of every scope and show each variable in them, `data[name]` [months, regions]."""
        self._blocks = blocks
        self.data = {name: blocks[scope][:, i] for name, (scope, i) in self._place.items()}

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "data"}

    def __setstate__(self, kept: dict[str, object]) -> None:
        self.__dict__.update(kept)
        self._show(self._blocks)

    def price_change(self, month: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the nations' prices [prices, N] of the month before and of the month."""
        block = self._blocks["nation"]
        return block[month - 1, self._price_rows], block[month, self._price_rows]

    def put(self, month: int, values: dict[str, np.ndarray]) -> None:
        """Write one month: for every variable of the codelist, and no other, its values [regions of its scope]."""
        if values.keys() != self.data.keys():
            missing, unknown = sorted(self.data.keys() - values.keys()), sorted(values.keys() - self.data.keys())
            raise KeyError(f"month {month}: variables not recorded: {', '.join(missing)}; not in the codelist: {', '.join(unknown)}")
        for scope, names in self._names.items():
            if names:
                np.concatenate([values[name] for name in names], out=self._blocks[scope][month].reshape(-1))
        self.written = month + 1

    def copy(self, months: int | None = None) -> Recorder:
        """Return an independent recorder with the months written so far (room for `months` in all)."""
        new = object.__new__(Recorder)
        new.__dict__.update(self.__dict__)
        if months is None or months <= self.months:
            new._show({scope: block.copy() for scope, block in self._blocks.items()})
            return new
        new.months = months
        blocks = {scope: np.full((months, *block.shape[1:]), np.nan) for scope, block in self._blocks.items()}
        for scope, block in self._blocks.items():
            blocks[scope][: self.written] = block[: self.written]
        new._show(blocks)
        return new

    def series(self, variable: str, region: str = "World") -> np.ndarray:
        """Return one variable of one region over the months written.

        For a nation or zone variable, `World` is the sum or weighted mean as the codelist says, and `Rest` is the
        same over all nations but the first two.
        """
        if variable not in self.data:
            raise KeyError(f"no variable {variable!r}; docs/reference.md and world/data/variables.csv list the {len(self.data)} there are")
        scope = self.scope[variable]
        names = self.regions[scope]
        values = self.data[variable][: self.written]
        if region in names:
            return values[:, names.index(region)].copy()
        if region not in ("World", "Rest"):
            raise KeyError(f"{variable!r} has no region {region!r}; it has {', '.join(names)}, World, Rest")
        columns = slice(2, None) if region == "Rest" and scope == "nation" else slice(None)
        if self.total[variable] == "sum":
            return values[:, columns].sum(axis=1)
        if self.total[variable] == "max":
            return values[:, columns].max(axis=1)
        part = values[:, columns]
        weight = self.weight[variable]
        if not weight:
            return part.mean(axis=1)
        shares = self.data[weight][: self.written][:, columns]
        total = shares.sum(axis=1)
        return np.where(total > 0, (part * shares).sum(axis=1) / np.where(total > 0, total, 1.0), part.mean(axis=1))

    def frame(self, dates: Sequence[str]):
        """Return everything as a tidy pandas frame: variable, unit, region, month, value."""
        import pandas as pd

        parts = []
        for name, array in self.data.items():
            names = self.regions[self.scope[name]]
            parts.append(
                pd.DataFrame(
                    {
                        "variable": name,
                        "unit": self.units[name],
                        "region": np.tile(np.array(names, dtype=object), self.written),
                        "month": np.repeat(np.array(dates[: self.written], dtype=object), len(names)),
                        "value": array[: self.written].ravel(),
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)
