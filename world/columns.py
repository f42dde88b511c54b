"""Named columns of equal length that grow by appending rows: the memory of every kind of agent and asset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


class Column(NamedTuple):
    """Declaration of one column."""

    unit: str
    fill: float | int | bool | np.number = 0.0  # its type is the column's: narrow whole numbers are walked faster
    width: int = 0  # 0: one number per row; n: n numbers per row


class Columns:
    """Columns by name; `columns.capacity_gw` is the array of all rows (a view, write through it)."""

    def __init__(self, spec: Mapping[str, Column], rows: int = 0):
        object.__setattr__(self, "spec", dict(spec))
        object.__setattr__(self, "rows", rows)
        data: dict[str, np.ndarray] = {}
        for name, column in spec.items():
            shape = (max(rows, 1),) if column.width == 0 else (max(rows, 1), column.width)
            data[name] = np.full(shape, column.fill)
        object.__setattr__(self, "_data", data)
        object.__setattr__(self, "_views", {})

    def __len__(self) -> int:
        return self.rows

    def __getattr__(self, name: str) -> Any:
        views = object.__getattribute__(self, "_views")
        view = views.get(name)
        if view is None:
            data = object.__getattribute__(self, "_data")
            if name not in data:
                raise AttributeError(f"no column {name!r}; there are {', '.join(data)}")
            view = views[name] = data[name][: self.rows]
            # found without this detour from now on
            object.__setattr__(self, name, view)
        return view

    def _forget_views(self) -> None:
        for name in self._views:
            object.__delattr__(self, name)
        self._views.clear()

    def __setattr__(self, name: str, values: Any) -> None:
        getattr(self, name)[...] = values

    def __getstate__(self):
        return self.spec, self.rows, {name: array[: self.rows].copy() for name, array in self._data.items()}

    def __setstate__(self, state):
        for name, value in zip(("spec", "rows", "_data"), state, strict=True):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_views", {})

    def append(self, count: int, **values: Any) -> slice:
        """Add `count` rows; columns not given keep their fill value. Returns the new rows as a slice."""
        unknown = set(values) - set(self.spec)
        if unknown:
            raise AttributeError(f"no column {sorted(unknown)}; there are {', '.join(self.spec)}")
        first, last = self.rows, self.rows + count
        for name, array in self._data.items():
            if last > len(array):
                grown = np.full((max(last, 2 * len(array)), *array.shape[1:]), self.spec[name].fill)
                grown[:first] = array[:first]
                self._data[name] = array = grown
            array[first:last] = values.get(name, self.spec[name].fill)
        object.__setattr__(self, "rows", last)
        self._forget_views()
        return slice(first, last)

    def keep(self, mask: np.ndarray) -> None:
        """Drop the rows where `mask` is false; the order stays."""
        index = np.flatnonzero(mask)  # found once: a mask would be searched again for every column
        rows = len(index)
        # in place: room that is there already is cheaper than new memory, and the next rows will want it
        for array in self._data.values():
            array[:rows] = array[index]
        object.__setattr__(self, "rows", rows)
        self._forget_views()

    def copy(self) -> Columns:
        new = object.__new__(Columns)
        new.__setstate__(self.__getstate__())
        return new
