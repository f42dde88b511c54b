"""The month on the map: fills, circles, rings, flows and lines; geometry goes to the browser once."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ...model import World
from .catalog import Catalog
from .path import Path
from .view import View

_FEWEST_MUSD = 1.0  # payments below are not drawn


def map_frame(known: Catalog, world: World, path: Path, view: View) -> str:
    """Return the month's values: {month, zones, nations, flows, lines, orbit, moon}."""
    month = world.month
    if not month:
        return json.dumps({"month": 0, "zones": {}, "nations": {}, "flows": [], "lines": [], "orbit": {}, "moon": {}})
    row = path.record.data
    scope = known.variables[view.fill]["scope"]
    fill = row[view.fill][month - 1]
    nation = known.places_of_tables.zone_nation
    by_zone = fill if scope == "zone" else fill[nation] if scope == "nation" else np.full(len(nation), fill[0])
    powered = row[known.map["circle"]][month - 1]
    stranded = _shared(row[known.map["ring"]][month - 1], powered, nation)
    zones = {
        zone: {"fill": _round(by_zone[z]), "powered": _round(powered[z]), "stranded": _round(stranded[z])}
        for z, zone in enumerate(known.zones)
    }
    nations = {name: _round(fill[n]) for n, name in enumerate(known.nations)} if scope == "nation" else {}
    orbit = float(np.nansum(row[known.map["orbit"]][month - 1]))
    return json.dumps(
        {
            "month": month, "zones": zones, "nations": nations, "flows": _flows(known, world), "lines": _lines(world),
            "orbit": {"powered": _round(orbit)}, "moon": {},
        }
    )  # fmt: skip


def map_options(known: Catalog, path: Path, view: View) -> str:
    """Return how the map is coloured: one scale for the whole course, so that colours can be compared between months."""
    values = path.record.data[view.fill][: path.known]
    finite = values[np.isfinite(values)]
    low, high = (float(np.percentile(finite, 2)), float(np.percentile(finite, 98))) if len(finite) else (0.0, 1.0)
    return json.dumps(
        {
            "title": known.title(view.fill), "unit": known.unit(view.fill), "scale": [_round(low), _round(max(high, low + 1e-9))],
            "theme": view.theme, "selected": view.place,
        }
    )  # fmt: skip


def _shared(by_nation: np.ndarray, weight: np.ndarray, nation: np.ndarray) -> np.ndarray:
    """Return a nation's value spread over its zones by weight (evenly where all weights are zero)."""
    total = np.bincount(nation, weight, len(by_nation))
    zones = np.bincount(nation, minlength=len(by_nation))
    share = np.where(total[nation] > 0.0, weight / np.where(total > 0.0, total, 1.0)[nation], 1.0 / zones[nation])
    return by_nation[nation] * share


def _flows(known: Catalog, world: World) -> list[list[Any]]:
    """Return [from, to, MUSD, kind] of the month's payments for what moves; goods go from payee to payer."""
    flows, home = world.state.ledger.history[world.month - 1], world.parties.home
    purposes = list(world.purposes())
    nations = known.nations
    found = []
    for purpose, kind in known.flows.items():
        if purpose not in purposes:
            continue
        mine = flows.purpose == purposes.index(purpose)
        pairs = home[flows.payee[mine]] * len(nations) + home[flows.payer[mine]]
        total = np.bincount(pairs, flows.musd[mine], len(nations) ** 2)
        for pair in np.flatnonzero(total > _FEWEST_MUSD):
            seller, buyer = divmod(int(pair), len(nations))
            if purpose == "launch":
                found.append([nations[buyer], "orbit", _round(total[pair]), kind])
            elif seller != buyer:
                found.append([nations[seller], nations[buyer], _round(total[pair]), kind])
    return found


def _lines(world: World) -> list[list[Any]]:
    """Return [from, to, share of the limit in use] of the power lines, the mean over the month's days and hours."""
    places = world.places
    # the plan of the last month lived; before the first one that of the opening's year
    mean = world.state.plan.flow[world.calendar.month_of_year(max(world.month - 1, 0))].mean(axis=(0, 2))
    found = []
    for k in range(len(places.line_from)):
        limit = places.line_forward_gw[k] if mean[k] >= 0.0 else places.line_reverse_gw[k]
        ends = (places.line_from[k], places.line_to[k]) if mean[k] >= 0.0 else (places.line_to[k], places.line_from[k])
        if limit > 0.0:
            found.append([places.zones[ends[0]], places.zones[ends[1]], _round(min(abs(mean[k]) / limit, 1.0))])
    return found


def _round(value: Any) -> float | None:
    return float(f"{value:.4g}") if np.isfinite(value) else None

