"""The course of one world over all its months: what was lived, then what is forecast; the same numbers either way."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np

from ...world.record import Recorder

_MOST_BASELINES = 6


class Path:
    """A recorder filled from two sides. `known` months stand; `version` changes when any number does."""

    def __init__(self, empty: Recorder):
        self.record = empty.copy()
        self.known = 0
        self.version = 0
        self._texts: dict[tuple[str, str], list[str]] = {}

    def copy(self) -> Path:
        new = Path(self.record)
        new.known = self.known
        return new

    def forget(self, month: int) -> None:
        """Drop what was known from `month` on."""
        if month < self.known:
            self.known = month
            self._changed()

    def lived(self, record: Recorder, month: int) -> None:
        """Take the month that a world has just recorded. The twin's numbers are the same, so nothing changes where it was there first."""
        if month < self.known:
            return
        for name, array in record.data.items():
            self.record.data[name][month] = array[month]
        self.known = month + 1
        self._changed()

    def take(self, first: int, values: dict[str, np.ndarray]) -> None:
        """Take months of a forecast. What does not join on to what is known is of another plan and left out."""
        months = len(next(iter(values.values()))) if values else 0
        if not months or first > self.known or first + months <= self.known:
            return
        for name, array in values.items():
            self.record.data[name][first : first + months] = array
        self.known = first + months
        self._changed()

    def _changed(self) -> None:
        self.version += 1
        self._texts.clear()

    def series(self, variable: str, region: str) -> np.ndarray:
        """Return one variable of one region over the known months."""
        self.record.written = self.known
        return self.record.series(variable, region)

    def texts(self, variable: str, region: str) -> list[str]:
        """Return the same as JSON numbers in five figures, null where there is none; kept until a number changes."""
        found = self._texts.get((variable, region))
        if found is None:
            found = [f"{x:.5g}" if x == x else "null" for x in self.series(variable, region).tolist()]
            self._texts[variable, region] = found
        return found


def plain(values: np.ndarray) -> list[float | None]:
    """Return numbers in five figures for JSON, None where there is none."""
    return [float(f"{x:.5g}") if np.isfinite(x) else None for x in values.tolist()]


_baselines: OrderedDict[tuple[str, str, int], Path] = OrderedDict()
_lock = threading.Lock()


def kept_baseline(key: tuple[str, str, int]) -> Path | None:
    """Return a copy of a world's whole course without moves by hand, if any session has seen it to its end."""
    with _lock:
        path = _baselines.get(key)
        return None if path is None else path.copy()


def keep_baseline(key: tuple[str, str, int], path: Path) -> None:
    """Keep a whole course for other sessions; the longest unused goes first."""
    with _lock:
        _baselines[key] = path.copy()
        _baselines.move_to_end(key)
        while len(_baselines) > _MOST_BASELINES:
            _baselines.popitem(last=False)
