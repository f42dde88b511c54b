"""The panel of an agent: what it owns and owes, who paid it and whom it paid, what it has ordered, and what its market pays.

All of it follows from the arrays that a kind of agent declares, from the books and from the codelist; no agent is named here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...agents.kinds import KINDS
from ...model import World
from ...scenarios.axes import UNITS
from ...scenarios.why import payments, sheet
from ...world.build import projects as building
from ...world.money.matrices import ITEMS
from .catalog import Catalog

MOST_ROWS = 10
MOST_PARTNERS = 2
STAGES = ("permit", "interconnection", "parts", "is built")  # in the order of the stages of projects
# words of the books -> of the page
CALLED = {"deposits": "cash", "foreign claims": "claims abroad", "bank liabilities": "deposits of customers"}

Section = dict[str, Any]


def agents_at(known: Catalog, world: World, place: str) -> list[dict[str, Any]]:
    """Return the agents that a place leads to, by kind: those that work there and those at home in its nation."""
    party, state = world.parties, world.state
    here = np.zeros(len(party), dtype=bool)
    if place in known.zones:
        z = known.zones.index(place)
        here |= party.home == known.places_of_tables.zone_nation[z]
        here[party.of["utility"]] = False
        here[party.of["utility"][z]] = True
        here[party.of["ai"][(state.halls_gw[:, z] > 0.0) | (state.halls_under_way_gw[:, z] > 0.0)]] = True
    elif place == next((p for p in known.places if p not in known.zones), ""):  # orbit
        here[party.of["launcher"]] = True
        here[party.of["ai"][(state.orbit_gw > 0.0) | (state.orbit_queue_gw > 0.0)]] = True
    return grouped(known, [known_name(known, party.names[p], sector) for sector, rows in party.of.items() for p in rows if here[p]])


def known_name(known: Catalog, name: str, sector: str) -> str:
    """Return the name that no other agent has."""
    return f"{sector}:{name}" if f"{sector}:{name}" in known.agents else name


def grouped(known: Catalog, names: list[str]) -> list[dict[str, Any]]:
    """Return agents by kind, in the order of the sectors; AI companies and makers before the public ones."""
    party = known.parties
    wanted = set(names)
    groups = []
    for sector in sorted(known.sectors, key=lambda one: one in ("government", "households", "bank", "fund")):
        rows = [{"name": known.agents[p], "title": party.names[p]} for p in party.of[sector] if known.agents[p] in wanted]
        if rows:
            groups.append({"title": known.sectors[sector], "agents": rows})
    return groups


def party_of(known: Catalog, world: World, agent: str) -> int | None:
    """Return the number of an agent in a world; None where that world has no such agent (it began earlier)."""
    parties = world.parties
    for sector, rows in parties.of.items():
        for p in rows:
            if known_name(known, parties.names[p], sector) == agent:
                return int(p)
    return None


def agent_panel(known: Catalog, world: World, agent: str, place: str) -> dict[str, Any]:
    """Return {title, about, place, sections, …} of an agent after the last month."""
    head: dict[str, Any] = {"title": agent, "agent": agent, "place": place, "back": known.zone_names.get(place, place.capitalize())}
    party = party_of(known, world, agent)
    if party is None:
        return {**head, "about": "This world began before there was such an agent.", "sections": []}
    sector = _sector(world, party)
    nation = known.nations[world.parties.home[party]]
    head |= {"title": world.parties.names[party], "about": f"{known.sectors[sector]} · {known.nation_names[nation]}"}
    if not world.month:
        return {**head, "sections": [_now(world, party, sector), _plants(world, party), _halls(world, party, sector)], "wait": True}
    month = world.month - 1
    told = payments(world, month, party)
    sections = [
        _books(world, month, party), _flows(told, "received"), _flows(told, "paid"), _now(world, party, sector),
        _coins(known, world, party), _plants(world, party), _halls(world, party, sector), _orders(known, world, party),
        _coming(world, party, sector),
    ]  # fmt: skip
    return {**head, "sections": [one for one in sections if one["rows"] or one.get("always")]}


def market_of(known: Catalog, world: World, party: int) -> tuple[str, str]:
    """Return (variable, region) of the price in the market where an agent trades; ("", "") where none is recorded."""
    sector, statics = _sector(world, party), world.statics
    row = int(party - world.parties.of[sector][0])
    region = known.nations[world.parties.home[party]]
    what = sector
    if sector == "chipmaker":
        what = next((role for role in ("designers", "logic_makers", "memory_makers") if row in getattr(statics, role)), "")
    elif sector == "supplier":
        what = building.PARTS[int(statics.supplier_part[row])]
    elif sector == "utility":
        region = known.zones[row]
    return (known.price_of.get(what, ""), region) if what in known.price_of else ("", "")


def worth_over_time(world: World, party: int) -> dict[str, np.ndarray]:
    """Return what an agent received, paid and was worth, MUSD, month by month."""
    books, history = world.state.books, world.state.ledger.history
    got, gave, worth = np.zeros((3, world.month))
    for m in range(world.month):
        flows = history[m]
        got[m], gave[m] = flows.musd[flows.payee == party].sum(), flows.musd[flows.payer == party].sum()
        worth[m] = books[m].closing[party].sum()
    return {"received": got, "paid": gave, "net worth": worth}


# -- sections ---------------------------------------------------------------------------------------------------


def _sector(world: World, party: int) -> str:
    return next(sector for sector, rows in world.parties.of.items() if party in rows)


def _books(world: World, month: int, party: int) -> Section:
    """Return the balance sheet at both ends of the last month: what is owned, what is owed, what is left."""
    told = sheet(world, month, party)
    items = [item for item in ITEMS if item in told["opening"] or item in told["closing"]]
    worth = {item: [told[when].get(item, 0.0) for when in ("opening", "closing")] for item in (*items, "net worth")}
    owned = [item for item in items if max(worth[item]) > 0.0]
    owed = [item for item in items if item not in owned]
    rows = [[f"{'owes ' if item in owed else ''}{CALLED.get(item, item)}", *map(_round, worth[item])] for item in (*owned, *owed)]
    rows.append(["net worth", *map(_round, worth["net worth"])])
    return {"title": "Balance sheet", "columns": ["MUSD", "begin of month", "end"], "rows": rows, "total": True, "always": True}


def _flows(told: dict[str, Any], side: str) -> Section:
    """Return a month's receipts or payments by purpose, with the largest partners."""
    rows = []
    for purpose, one in told[side].items():
        partners = list(one["with"])
        more = f" and {len(partners) - MOST_PARTNERS} more" if len(partners) > MOST_PARTNERS else ""
        rows.append([purpose, _round(one["musd"]), ", ".join(partners[:MOST_PARTNERS]) + more])
    rows = [row for row in rows if row[1]]
    word, partner = ("Receipts of the month", "from") if side == "received" else ("Payments of the month", "to")
    rows.append(["all", _round(told[f"{side}_musd"]), ""])
    return {"title": word, "columns": ["MUSD", "", partner], "rows": rows, "total": True, "always": True}


def _now(world: World, party: int, sector: str) -> Section:
    """Return the agent's own numbers: every column that its kind declares."""
    rows: list[list[Any]] = []
    if sector in KINDS:
        cls = KINDS[sector][0]
        columns, row = getattr(world.state, cls.kind), int(party - world.parties.of[sector][0])
        rows = [[_words(name), _round(getattr(columns, name)[row]), column.unit if column.unit != "1" else ""]
                for name, column in cls.COLUMNS.items() if np.ndim(getattr(columns, name)[row]) == 0]  # fmt: skip
    return {"title": "Its own numbers", "columns": ["", "", ""], "rows": rows}


def _words(name: str) -> str:
    """Return the name of a column without its unit: "price_usd_per_kw" is "price"."""
    words = name.split("_")
    while len(words) > 1 and (words[-1] in UNITS or words[-1] == "per") and words[-1] not in ("share", "factor"):
        words.pop()
    return " ".join(words)


def _coins(known: Catalog, world: World, party: int) -> Section:
    """Return coins by nation: held, staked or rented for draws, owed as capacity."""
    ledger = world.state.ledger
    table = np.stack([ledger.coins[party], ledger.staked[party], ledger.rented[party], ledger.obligations[party]]) * 1e-6
    rows = [[known.nations[n], *map(_round, table[:, n])] for n in np.flatnonzero(table.any(axis=0))]
    return {"title": "Coins", "columns": ["", "held, GW", "staked", "rented", "backed by it"], "rows": rows}


def _plants(world: World, party: int) -> Section:
    plants, names = world.state.plants, world.places.technology_names
    mine = plants.owner == party
    gw = np.bincount(plants.technology[mine], plants.capacity_gw[mine], len(names))
    rows = [[names[k], _round(gw[k])] for k in np.argsort(-gw, kind="stable") if gw[k] > 0.0]
    return {"title": "Plants that stand", "columns": ["", "GW"], "rows": rows}


def _halls(world: World, party: int, sector: str) -> Section:
    """Return the halls of an AI company by zone: standing, what of it runs, under way."""
    rows: list[list[Any]] = []
    zones = world.places.zone_names
    if sector == "ai":
        state, i = world.state, int(party - world.parties.of["ai"][0])
        table = np.stack([state.halls_gw[i], state.powered_gw[i], state.halls_under_way_gw[i]])
        order = np.argsort(-table.sum(axis=0), kind="stable")[:MOST_ROWS]
        rows = [[zones[z], *map(_round, table[:, z])] for z in order if table[:, z].any()]
        if state.orbit_gw[i] or state.orbit_queue_gw[i]:
            rows.append(["orbit", _round(state.orbit_gw[i]), _round(state.orbit_gw[i]), _round(state.orbit_queue_gw[i])])
    return {"title": "Halls for its chips, GW", "columns": ["", "stand", "run", "under way"], "rows": rows}


def _orders(known: Catalog, world: World, party: int) -> Section:
    """Return its projects under way, largest first, and what each waits for."""
    projects = world.state.projects
    rows = project_rows(known, world, (projects.owner == party) & (projects.stage != building.DONE), owner=False)
    return {"title": "Under way, and what it waits for", "columns": PROJECT_COLUMNS[1:], "rows": rows, "wide": True}


PROJECT_COLUMNS = ["owner", "what", "where", "GW", "waits for", "months left there"]


def project_rows(known: Catalog, world: World, mine: np.ndarray, owner: bool = True) -> list[list[Any]]:
    """Return projects as rows of PROJECT_COLUMNS, those of one owner, kind, zone and stage together, largest first."""
    projects, names = world.state.projects, world.places.technology_names
    labour = world.state.labour_speed
    groups: dict[tuple[int, int, int, int, int], list[float]] = {}
    for r in np.flatnonzero(mine):
        stage = int(projects.stage[r])
        left = (projects.permit_left, projects.queue_left, None, projects.build_left)[stage]
        key = (int(projects.owner[r]), int(projects.kind[r]), int(projects.zone[r]), stage, int(bool(projects.funded[r])))
        one = groups.setdefault(key, [0.0, 0.0])
        one[0] += float(projects.gw[r])
        one[1] += float(projects.gw[r]) * (0.0 if left is None else float(left[r]))
    rows = []
    for key, (gw, months) in sorted(groups.items(), key=lambda item: -item[1][0])[:MOST_ROWS]:
        who, kind, zone, stage, funded = key
        waits = STAGES[stage]
        if stage >= building.EQUIPMENT and not funded:
            waits = "money of its owner"
        elif stage == building.BUILD and labour[known.places_of_tables.zone_nation[zone]] < 1.0:
            waits = "is built, slowed by labour"
        row = [
            names[kind] if 0 <= kind < len(names) else "halls", known.zone_names[known.zones[zone]], _round(gw), waits,
            None if stage == building.EQUIPMENT else _round(months / gw if gw else 0.0),
        ]  # fmt: skip
        rows.append([world.parties.names[who], *row] if owner else row)
    return rows


def _coming(world: World, party: int, sector: str) -> Section:
    """Return what is ordered and comes in the months ahead: chips to companies, capacity to chip makers."""
    state = world.state
    rows: list[list[Any]] = []
    title, unit = "Chips in delivery", "H100e"
    if sector == "ai":
        i = int(party - world.parties.of["ai"][0])
        rows = [[f"in {m + 1} months" if m else "next month", _round(x)] for m, x in enumerate(state.transit_h100e[:, i]) if x > 0.0]
    elif sector == "chipmaker":
        title, unit = "Capacity that is coming", ""
        i = int(party - world.parties.of["chipmaker"][0])
        rows = [[f"in {m + 1} months" if m else "next month", _round(x)] for m, x in enumerate(state.fab_coming[:, i]) if x > 0.0]
    return {"title": title, "columns": [unit, ""], "rows": rows[:MOST_ROWS]}


def _round(value: Any) -> float | None:
    return float(f"{value:.4g}") if np.isfinite(value) else None
