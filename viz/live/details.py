"""The panel of a place that was clicked: what stands there, what is under way and waits, who computes there, and who acts there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...model import World
from ...world.build import projects as building
from .agents import PROJECT_COLUMNS, STAGES, agents_at, project_rows
from .catalog import Catalog
from .path import Path

MOST_ROWS = 8


def place_panel(known: Catalog, world: World, path: Path, place: str) -> dict[str, Any]:
    """Return {title, place, sections: [{title, columns, rows}], groups of agents}: every number with its unit."""
    if place not in known.zones:
        return _elsewhere(known, world, place)
    z = known.zones.index(place)
    nation = known.nations[known.places_of_tables.zone_nation[z]]
    month = world.month
    facts = [
        [known.title(name), _of_place(known, path, name, z, month), known.unit_and_basis(name)]
        for name, row in known.variables.items()
        if row["scope"] == "zone" and month
    ]
    return {
        "title": known.zone_names[place],
        "place": place,
        "about": known.nation_names[nation],
        "sections": [
            {"title": "Now", "columns": ["", "", ""], "rows": facts},
            _mix(world, z),
            _companies(world, z),
            _queue(world, z),
            _projects(known, world, z),
        ],
        "groups": agents_at(known, world, place),
    }


def _of_place(known: Catalog, path: Path, variable: str, z: int, month: int) -> float | None:
    return _round(path.record.data[variable][month - 1, z])


def _mix(world: World, z: int) -> dict[str, Any]:
    """Return installed capacity and last month's generation by technology, largest first."""
    fleet, energy = world.state.fleet_gw[z], world.state.power.energy[z]
    names = world.places.technology_names
    rows = [[names[k], _round(fleet[k]), _round(energy[k]) if world.month else None]
            for k in np.argsort(-fleet, kind="stable") if fleet[k] > 0.0]  # fmt: skip
    return {"title": "Plants that stand", "columns": ["", "GW", "GWh in the month"], "rows": rows}


def _queue(world: World, z: int) -> dict[str, Any]:
    """Return what is under way and what it waits for: GW per technology and stage."""
    projects, names = world.state.projects, world.places.technology_names
    mine = (projects.zone == z) & (projects.stage != building.DONE)
    rows: list[list[Any]] = []
    kinds, stages, gw = projects.kind[mine], projects.stage[mine], projects.gw[mine]
    for k in np.unique(kinds):
        here = kinds == k
        by_stage = np.bincount(stages[here], gw[here], len(STAGES))
        label = names[k] if 0 <= k < len(names) else "halls"
        rows.append([label, _round(gw[here].sum()), *map(_round, by_stage)])
    rows.sort(key=lambda row: -(row[1] or 0.0))
    return {"title": "Under way, by what it waits for", "columns": ["", "all, GW", *STAGES], "rows": rows[:MOST_ROWS], "wide": True}


def _projects(known: Catalog, world: World, z: int) -> dict[str, Any]:
    """Return the largest projects under way: whose they are, and what each waits for."""
    projects = world.state.projects
    rows = project_rows(known, world, (projects.zone == z) & (projects.stage != building.DONE))
    where = PROJECT_COLUMNS.index("where")
    columns = [name for name in PROJECT_COLUMNS if name != "where"]
    return {"title": "The largest under way", "columns": columns, "rows": [row[:where] + row[where + 1 :] for row in rows], "wide": True}


def _companies(world: World, z: int) -> dict[str, Any]:
    """Return who computes here: powered load and halls."""
    state, party = world.state, world.parties
    powered = state.powered_gw[:, z]
    names = [party.names[p] for p in party.of["ai"]]
    rows = [
        [names[i], _round(powered[i]), _round(state.halls_gw[i, z])]
        for i in np.argsort(-powered, kind="stable")[:MOST_ROWS]
        if powered[i] > 0.0
    ]
    return {"title": "Who computes here", "columns": ["", "runs, GW", "halls, GW"], "rows": rows}


def _elsewhere(known: Catalog, world: World, place: str) -> dict[str, Any]:
    """Return the panel of orbit or the Moon."""
    party, orbit = world.parties, world.state.orbit_gw
    names = [party.names[p] for p in party.of["ai"]]
    there = place == next((p for p in known.places if p not in known.zones), "")
    rows = [[names[i], _round(orbit[i]), "GW"] for i in np.argsort(-orbit, kind="stable")[:MOST_ROWS] if orbit[i] > 0.0 and there]
    section = {"title": "Who computes here", "columns": ["", "", ""], "rows": rows}
    return {"title": place.capitalize(), "place": place, "about": "", "sections": [section], "groups": agents_at(known, world, place)}


def _round(value: Any) -> float | None:
    return float(f"{value:.4g}") if np.isfinite(value) else None
