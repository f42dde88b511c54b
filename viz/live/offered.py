"""The scenarios that can be compared or run many times: what is served, the library, and this world with its levers moved."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ...scenarios.read import list_scenarios, load_scenario
from ...scenarios.scenario import Scenario
from .moves import Moves
from .settings import Serving
from .tab_views import MINE


class Asking(NamedTuple):
    """A world that is asked for: its name on the page, scenario and moves by hand."""

    name: str
    title: str
    settings: Scenario
    moves: Moves


@lru_cache(maxsize=1)
def _library() -> tuple[str, ...]:
    return tuple(list_scenarios())


def names(serving: Serving) -> list[str]:
    """Return the names on offer, those that are served first."""
    return list(dict.fromkeys((*serving.scenarios, *_library())))


def settings_of(name: str, serving: Serving) -> Scenario:
    """Return a scenario on offer, over the months that are served. A path is never opened because an address names it."""
    if name not in serving.scenarios and name not in _library():
        raise KeyError(name)
    settings = load_scenario(serving.scenarios.get(name, name))
    return settings.between(None, serving.until) if serving.until else settings


def asking(name: str, settings: Scenario, moves: Moves, serving: Serving) -> Asking:
    """Return what is asked by a name; `settings` and `moves` are those of the world on show."""
    if name == MINE:
        return Asking(name, f"{settings.name} with my levers", settings, moves)
    return Asking(name, name, settings_of(name, serving), ())
