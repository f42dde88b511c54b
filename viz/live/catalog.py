"""What the page is driven by: the codelist, the levers and the places, as the tables have them."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from ...scenarios.axes import distinct_names
from ...world.limiting import CAUSES
from ...world.opening import parties_of
from ...world.parties import SECTORS
from ...world.places import Places
from ...world.tables import Tables
from ..history import Past, history, with_history

HERE = Path(__file__).parent


class Catalog:
    """Names, titles, units and sources; nothing here changes while the server runs."""

    def __init__(self, tables: Tables, views: dict[str, Any]):
        self.tables = tables
        self.places_of_tables = Places(tables)
        self.nations = list(self.places_of_tables.nations)
        self.nation_names = dict(zip(self.nations, self.places_of_tables.nation_names, strict=True))
        self.zones = list(self.places_of_tables.zones)
        self.zone_names = dict(zip(self.zones, self.places_of_tables.zone_names, strict=True))
        self.places = [name for name in self.places_of_tables.graph.nodes]
        self.parties = parties_of(tables, self.places_of_tables)
        self.agents = distinct_names(self.parties)  # by party; no two are called alike
        self.groups = (*self.nations[:2], "Rest")
        self.regions = [*self.nations, "Rest", "World"]
        self.causes = list(CAUSES)
        self.variables = {row["variable"]: row for row in _rows(tables, "variables")}
        for name, about in views["about"].items():
            if name in self.variables:
                self.variables[name]["about"] = about
        self.levers = {row["lever"]: row for row in _rows(tables, "levers")}
        self.views = {
            key: [name for name in value if name in self.variables] or [next(iter(self.variables))]
            for key, value in views.items()
            if isinstance(value, list)
        }
        self.map = {key: name for key, name in views["map"].items() if name in self.variables}
        self.basis = {name: str(word) for name, word in views["basis"].items() if name in self.variables}
        self.words = {name: str(text) for name, text in views["words"].items()}
        self.units = {unit: str(text) for unit, text in views["units"].items()}
        self.flows = dict(views["flows"])
        self.with_history = with_history(tables)
        self.sectors = {sector: str(views["sectors"][sector]) for sector in SECTORS}
        self.price_of = {what: name for what, name in views["price_of"].items() if name in self.variables}

    def unit_and_basis(self, variable: str) -> str:
        """Return the unit, and by what the variable counts where that is easily mistaken."""
        return ", ".join(word for word in (self.unit(variable), self.basis.get(variable, "")) if word)

    def first_zone(self, nation: str) -> str:
        """Return the zone that stands for a nation where a place is wanted."""
        return self.zones[list(self.places_of_tables.zone_nation).index(self.nations.index(nation))]

    def about_unit(self, variable: str) -> str:
        """Return what is said of the unit of a variable, where it is not an everyday one."""
        shown = self.unit(variable)
        return "; ".join(text for unit, text in self.units.items() if unit == shown or unit in re.split("[ /]", shown))

    def past(self, variable: str, start: str) -> dict[str, Past]:
        """Return {region: real figures before `start`} of a variable; nothing where no table has it in the same definition."""
        return _history(self, variable, start) if variable in self.with_history else {}

    def title(self, variable: str) -> str:
        """Return how a variable is called on the page."""
        return variable.replace("|", " · ")

    def unit(self, variable: str) -> str:
        """Return the unit as shown; pure numbers and codes have none."""
        unit = str(self.variables[variable]["unit"])
        return "" if unit in ("1", "code") else unit


@lru_cache(maxsize=64)
def _history(known: Catalog, variable: str, start: str) -> dict[str, Past]:
    return history(known.tables, variable, start)


def _rows(tables: Tables, name: str) -> list[dict[str, Any]]:
    table = tables[name]
    columns = list(table.columns)
    return [{column: _plain(table[column][i]) for column in columns} for i in range(len(table))]


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else float(value)


@cache
def catalog() -> Catalog:
    """Return the catalog of the packaged tables."""
    views = tomllib.loads((HERE / "views.toml").read_text(encoding="utf-8"))
    return Catalog(Tables.load("2026-01"), views)
