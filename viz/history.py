"""What really happened before a world starts: yearly figures of the tables, in the terms of the variables that agree with them.

`history.csv` says which variable is the sum of what. A variable that no table has in its own definition has no history.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..world.tables import DATA, Tables, specs

AT = {"year": "07", "end": "12"}  # when in the year a figure is drawn


class Past(NamedTuple):
    """The yearly figures of one region: dates "YYYY-MM", values in the variable's unit, and where each comes from."""

    dates: list[str]
    values: list[float]
    sources: list[str]


def history(tables: Tables, variable: str, start: str) -> dict[str, Past]:
    """Return {region: figures before `start`} of a variable: its nations or zones, and Rest and World for what nations have.

    Empty where no table has the variable. `tables` decide what is known.
    """
    recipes = tables["history"].where(variable=variable)
    if not len(recipes):
        return {}
    item, when, note = (str(recipes[name][0]) for name in ("item", "when", "notes"))
    factor = float(recipes["value"][0]) * float(np.prod([tables.param(name) for name in str(recipes["times"][0]).split("*") if name]))
    by_zone = _scope(tables, variable) == "zone"
    sums, told = _sums(tables, str(recipes["table"][0]), item, str(recipes["only"][0]), by_zone)
    regions = tables.labels("zones" if by_zone else "nations")
    years = sorted(year for year in sums if f"{year}-{AT[when]}" < start)
    groups = {region: [region] for region in regions}
    if not by_zone:
        groups |= {"Rest": regions[2:], "World": regions}
    found = {}
    for name, members in groups.items():
        values = [factor * sum(sums[year].get(one, 0.0) for one in members) for year in years]
        sources = [f"{_common([told[year][one] for one in members if one in told[year]])} ({note})" for year in years]
        if any(values):
            found[name] = Past([f"{year}-{AT[when]}" for year in years], values, sources)
    return found


def with_history(tables: Tables) -> list[str]:
    """Return the variables that have a history."""
    return tables.labels("history")


def _scope(tables: Tables, variable: str) -> str:
    codelist = tables["variables"]
    return dict(zip(codelist["variable"], codelist["scope"], strict=True))[variable]


@lru_cache(maxsize=1)
def _targets() -> dict[str, str]:
    """Return {table: the table that its first key names}."""
    return {name: next(iter(spec.keys.values()), "") or name for name, spec in specs(DATA)[0].items()}


def _home(tables: Tables, table: str, by_zone: bool) -> dict[str, str]:
    """Return {label of the first key of a table: its nation, or its zone}."""
    target = _targets()[table]
    rows = tables[target]
    labels = list(rows[rows.keys[0]])
    return dict(zip(labels, labels if target == "nations" or by_zone else rows["nation"], strict=True))


def _sums(
    tables: Tables, table: str, item: str, only: str, by_zone: bool
) -> tuple[dict[int, dict[str, float]], dict[int, dict[str, str]]]:
    """Return {year: {region: sum}} and {year: {region: source of most of it}}, for the years that all who exist then report.

    `only` is "key=label" where just the rows with that label count, else empty.
    """
    rows, home = tables[table], _home(tables, table, by_zone)
    if only:
        rows = rows.where(**dict([only.split("=")]))
    items = item.split("*")
    first = rows.keys[0]
    parts: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    source: dict[tuple[str, ...], str] = {}
    reported: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i in range(len(rows)):
        kind = str(rows["item"][i]) if "item" in rows.columns else ""
        year = float(rows["year"][i])
        if kind not in items or year != int(year):
            continue
        rest = tuple(str(rows[key][i]) for key in rows.keys if key != "item")
        parts[(*rest, str(int(year)))][kind] = float(rows["value"][i])
        if kind == items[0]:
            source[(*rest, str(int(year)))] = str(rows["source"][i])
            reported[rest].append(int(year))
    years = {year for many in reported.values() for year in many}
    # a year in which somebody between two of his figures has none would look like a dip
    whole = {y for y in years if all(y in many for many in reported.values() if min(many) <= y <= max(many))}
    sums: dict[int, dict[str, float]] = {year: defaultdict(float) for year in whole}
    most: dict[int, dict[str, tuple[float, str]]] = {year: {} for year in whole}
    column = [key for key in rows.keys if key != "item"].index(first)
    for key, values in parts.items():
        year = int(key[-1])
        if year not in whole or len(values) < len(items):
            continue
        region, value = home[key[column]], float(np.prod(list(values.values())))
        sums[year][region] += value
        if region not in most[year] or value > most[year][region][0]:
            most[year][region] = (value, source[key])
    return sums, {year: {region: text for region, (_, text) in one.items()} for year, one in most.items()}


def _common(sources: list[str]) -> str:
    """Return the one or two sources that most of the figures have."""
    return "; ".join(text for text, _ in Counter(sources).most_common(2))
