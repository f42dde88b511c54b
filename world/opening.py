"""Month 0: everything that stands, is under way, is owned and owed when a run begins.

The order matters: what stands (plants, halls, chips) → a year of power at constant load, which gives prices and energy
margins → firm capacity and coins → the value of a watt → who holds and owes what.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import opening_compute, opening_money, opening_power
from .draws import Draws
from .money import regimes
from .parties import Parties
from .places import Places
from .power.system import PowerSystem
from .reading import levers_read, parameters_read, variables_recorded
from .recording import technology_variables
from .state import State
from .tables import Tables


class Statics(State):
    """What never changes during a run: places, parties, the grid's fixed data, and parameters as arrays."""


def open_world(
    tables: Tables, settings: Any, calendar: Any, draws: Draws, openers: dict[str, Callable[[Tables, Places], Any]]
) -> tuple[Statics, State]:
    """Return the statics and the opening state of a run. `openers` give the columns of each kind of agent."""
    places = Places(tables)
    recorded = (*variables_recorded(), *technology_variables(places.technology_names))
    tables.check_complete(parameters_read(), {"levers": levers_read(), "variables": recorded})
    statics = Statics(places=places, parties=parties_of(tables, places), system=PowerSystem(tables, places))
    statics.growth = bool(settings.growth)  # type: ignore[attr-defined]
    statics.money = regimes.rules(settings.regime)  # type: ignore[attr-defined]
    state = State(month=0)
    for kind, opener in openers.items():
        setattr(state, kind, opener(tables, places))
    opening_compute.open_compute(tables, statics, state, calendar)
    opening_power.open_power(tables, statics, state, calendar)
    opening_compute.open_industry(tables, statics, state, calendar)
    opening_money.open_money(tables, statics, state, calendar)
    return statics, state


def parties_of(tables: Tables, places: Places) -> Parties:
    """Return who keeps books, sector by sector, as the tables name them."""
    number = {label: i for i, label in enumerate(places.nations)}
    nations = np.arange(len(places.nations))

    def entities(table: str) -> tuple[list[str], np.ndarray]:
        rows = tables[table]
        labels = list(rows[rows.keys[0]])
        return labels, np.array([number[n] for n in rows["nation"]], dtype=np.int64)

    names = places.nation_names
    return Parties(
        {
            "government": ([f"Government of {n}" for n in names], nations),
            "households": ([f"Households and industry of {n}" for n in names], nations),
            "bank": ([f"Bank of {n}" for n in names], nations),
            "fund": ([f"Grid Fund of {n}" for n in names], nations),
            "utility": ([f"Utilities of {n}" for n in places.zone_names], places.zone_nation),
            "ai": entities("ai_companies"),
            "chipmaker": entities("chipmakers"),
            "supplier": entities("suppliers"),
            "robot": entities("robot_makers"),
            "launcher": entities("launch_providers"),
        }
    )
