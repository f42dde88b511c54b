"""Assumptions that a reader may change: numbers of the tables that are unsure, and the regime of money.

They hold from the first month, so another assumption is another world.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from ...scenarios.read import load_vary
from ...scenarios.scenario import Scenario, choices
from ...world.money.regimes import REGIMES
from .catalog import Catalog
from .wrong import near, number, short

LIST = "default"  # of `--vary`: what is unsure about the race
_ASSUME = re.compile(r"([^~]{1,120})~([-+0-9.eE]{1,24})", re.ASCII)

Premises = tuple[tuple[str, float], ...]  # (number of the tables, value) in the order of the list


class Premise(NamedTuple):
    """A number that is unsure."""

    name: str
    value: float
    low: float
    high: float
    unit: str


def premises() -> dict[str, Premise]:
    """Return the numbers on offer by name."""
    cells = choices().cells
    found = {name: cells[name] for name in load_vary(LIST)}
    return {name: Premise(name, cell.value, cell.low, cell.high, cell.unit) for name, cell in found.items()}


def usual(settings: Scenario, one: Premise) -> float:
    """Return what a scenario assumes of a number where nobody assumes otherwise."""
    return settings.overrides().get(one.name, one.value)


def read_premises(given: list[str], settings: Scenario, faults: list[str]) -> Premises:
    """Return what an address assumes beside the scenario (`NAME~VALUE` each); what is wrong is added to `faults`."""
    offered = premises()
    found: dict[str, float] = {}
    for text in given[: len(offered) + 1]:
        match = _ASSUME.fullmatch(text)
        value = number(match[2]) if match else None
        if match is None or value is None:
            faults.append(f"assume is {short(text)}; allowed: NAME~NUMBER")
            continue
        name = match[1]
        if name not in offered:
            faults.append(f"assume names {short(name)}{near(name, offered)}")
        elif not offered[name].low <= value <= offered[name].high:
            one = offered[name]
            unit = "" if one.unit == "1" else f" {one.unit}"
            faults.append(f"assume {name} is {value:g}; allowed: {one.low:g} to {one.high:g}{unit}")
        elif name in found:
            faults.append(f"assume {name} is given twice; allowed: once")
        else:
            found[name] = value
    if len(given) > len(offered):
        faults.append(f"the address assumes {len(given)} numbers; allowed: up to {len(offered)}, each once")
    return tuple((name, found[name]) for name in offered if name in found and found[name] != usual(settings, offered[name]))


def read_regime(given: str | None, settings: Scenario, faults: list[str]) -> str:
    """Return the regime that an address asks for, the scenario's own where it says nothing."""
    if given is None or given in REGIMES:
        return given or settings.regime
    faults.append(f"regime is {short(given)}{near(given, REGIMES)}")
    return settings.regime


def assumed(settings: Scenario, regime: str, given: Premises) -> Scenario:
    """Return the scenario under other assumptions."""
    changed = settings if regime == settings.regime else settings.with_choices(regime=regime)
    return changed.model_copy(update={"world": {**changed.world, **dict(given)}}) if given else changed


def plain(name: str) -> str:
    """Return a number's name in words: "ai.price_elasticity" is "AI: price elasticity"."""
    group, _, rest = name.replace("/", ".").partition(".")
    words = rest.replace("_", " ").replace(".", ", ")
    return f"{group.upper() if len(group) < 3 else group.capitalize()}: {words}"


def offered(known: Catalog) -> str:
    """Return the numbers and regimes on offer with notes, for the page."""
    sources = {str(row[table.keys[0]]): str(row["source"]) for table, row in _parameter_rows(known)}
    rows = [
        {
            "name": one.name, "title": plain(one.name), "value": one.value, "low": one.low, "high": one.high,
            "unit": "" if one.unit == "1" else one.unit, "source": sources.get(one.name, ""),
            "step": float(f"{(one.high - one.low) / 100:.1g}"),
        }
        for one in premises().values()
    ]  # fmt: skip
    regimes = [{"name": name, "title": one.name, "about": one.note} for name, one in REGIMES.items()]
    return json.dumps({"premises": rows, "regimes": regimes if len(regimes) > 1 else []})


def _parameter_rows(known: Catalog):
    for name in ("parameters", "parameters_industry"):
        table = known.tables[name]
        for i in range(len(table)):
            yield table, {column: table[column][i] for column in (*table.keys, "source")}


def told(given: Premises) -> list[str]:
    """Return what is assumed in words, a line each."""
    offered = premises()
    units = {name: "" if one.unit == "1" else f" {one.unit}" for name, one in offered.items()}
    return [f"{plain(name)} {value:.4g}{units[name]} (usual {offered[name].value:.4g})" for name, value in given]
