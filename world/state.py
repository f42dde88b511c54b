"""Everything that changes during a run, in one container that can be copied and pickled."""

from __future__ import annotations

from typing import Any


class State:
    """Arrays, columns, ledgers and lists by name. `copy()` is independent of the original."""

    def __init__(self, **parts: Any):
        self.__dict__.update(parts)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the world's state has no {name!r}; it has {', '.join(sorted(self.__dict__))}")

    def copy(self) -> State:
        new = State()
        for name, part in self.__dict__.items():
            new.__dict__[name] = _copied(part)
        return new


def _copied(part: Any) -> Any:
    """Copy a part, and what tuples and named tuples hold: dispatch writes into the arrays of the year's plans."""
    if isinstance(part, tuple):
        parts = [_copied(x) for x in part]
        return type(part)(*parts) if hasattr(part, "_fields") else tuple(parts)
    return part.copy() if hasattr(part, "copy") else part
