"""Wattrace: an agent-based simulation of a world economy whose money is electric power.

    import wattrace
    result = wattrace.run("baseline", seed=1, until="2031-01")
    print(result.race())

Names load when first used, so that `import wattrace` is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import World as World
    from .scenarios.batch import batch as batch
    from .scenarios.compare import Comparison as Comparison
    from .scenarios.compare import compare as compare
    from .scenarios.read import load_scenario as load_scenario
    from .scenarios.run import Result as Result
    from .scenarios.run import run as run
    from .scenarios.scenario import Scenario as Scenario
    from .scenarios.study import Study as Study
    from .scenarios.why import why as why

__version__ = "0.1.0"

_HOMES = {
    "World": ".model",
    "Scenario": ".scenarios.scenario",
    "load_scenario": ".scenarios.read",
    "run": ".scenarios.run",
    "Result": ".scenarios.run",
    "why": ".scenarios.why",
    "batch": ".scenarios.batch",
    "compare": ".scenarios.compare",
    "Comparison": ".scenarios.compare",
    "Study": ".scenarios.study",
}
__all__ = ["Comparison", "Result", "Scenario", "Study", "World", "__version__", "batch", "compare", "load_scenario", "run", "why"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'wattrace' has no attribute {name!r}; it has {', '.join(__all__)}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(__all__) | set(globals()))
