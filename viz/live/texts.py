"""What the page is told once: menus, levers with their bands, the method; all from tables."""

from __future__ import annotations

import json
from typing import Any

from ...scenarios.scenario import Scenario, choices
from ...world.calendar import Calendar
from ...world.money.regimes import REGIMES
from .agents import grouped as agents_by_kind
from .catalog import Catalog
from .moves import Move, Moves, Strike, moved
from .premises import Premises, plain, told
from .settings import Serving
from .strikes import form, strike_text
from .view import FLOWS, View

TABS = {"live": "Live", "compare": "Compare", "ensemble": "Ensemble", "table": "Data table", "method": "Method"}
FILES = {
    "figures": ("All figures", "every variable and month so far, as CSV"),
    "events": ("Events", "what happened so far, as CSV"),
    "scenario": ("Scenario with your moves", "a file for `wattrace run`, as TOML"),
}
LEAD = (
    "Wattrace is a model of a world economy in which firm electric power is money, and of the race to power AI. It shows what would "
    "follow if its tables and rules held. It is a model, not a forecast: read differences between two worlds, not levels of one."
)
LIMITS = (
    "Every company is run by a rule that looks at what it can see; nobody plans for all. Prices come out of markets that clear each month.",
    "The same scenario and seed give the same world on every machine.",
    "The date on top is the month that begins: a lever pulled by hand holds from it on, and all figures are of the month before.",
    "Borders on the map are those that de facto hold and express no opinion. A zone is drawn at its load centre.",
    "Values marked “assumption” in the tables are ours. The bands of levers say how far one may go, not what is likely.",
)


def grouped(known: Catalog, names: list[str]) -> list[dict[str, Any]]:
    """Return variables by their family, for a menu."""
    families: dict[str, list[dict[str, str]]] = {}
    for name in names:
        families.setdefault(name.split("|")[0], []).append({"name": name, "title": known.title(name)})
    return [{"title": family, "options": options} for family, options in families.items()]


def pick(known: Catalog, label: str, value: str, quick: list[str], names: list[str], flows: bool = False) -> str:
    """Return a menu of variables with a few at hand."""
    chips = [{"name": name, "title": known.title(name), "about": known.variables[name]["about"]} for name in quick]
    groups = grouped(known, names)
    if flows:
        extra = {"name": FLOWS, "title": "Flows of the month", "about": "Who paid whom for what in the last month"}
        chips.append(extra)
        groups.insert(0, {"title": "Matrix", "options": [extra]})
    return json.dumps({"label": label, "value": value, "quick": chips, "groups": groups})


def top_bar(serving: Serving, view: View) -> str:
    """Return tabs, scenarios and downloads."""
    return json.dumps(
        {
            "tabs": [{"name": name, "title": title} for name, title in TABS.items()],
            "tab": view.tab,
            "scenarios": [{"name": name} for name in serving.scenarios],
            "files": [{"name": name, "title": title, "about": about} for name, (title, about) in FILES.items()],
            "theme": view.theme,
        }
    )


def regions(known: Catalog, view: View, past: bool = False) -> str:
    """Return which lines may be drawn and which are; `past` where there is history to be shown or not."""
    names = {**known.nation_names, "Rest": "All but the first two", "World": "The whole world"}
    shown = {"all": [{"name": name, "title": names[name]} for name in known.regions], "chosen": list(view.regions)}
    return json.dumps({**shown, "history": view.history if past else None})


def agents(known: Catalog, view: View) -> str:
    """Return all agents by kind, and which is looked at."""
    return json.dumps({"groups": agents_by_kind(known, known.agents), "chosen": view.agent})


def levers(known: Catalog) -> str:
    """Return nations and levers with their bounds, named bands, notes and sources."""
    rows = []
    for name, row in known.levers.items():
        low, high, usual = float(row["low"]), float(row["high"]), float(row["value"])
        bands: list[dict[str, Any]] = []
        for title, value in (("status quo", usual), ("pushed", float(row["pushed"])), ("maximal", float(row["maximal"]))):
            if all(abs(value - band["value"]) > 1e-12 for band in bands):
                bands.append({"title": title, "value": value})
        words = {word: float(number) for word, number in (pair.split("=") for pair in str(row["words"]).split())}
        rows.append(
            {
                "name": name, "title": row["title"], "about": row["notes"], "source": row["source"], "low": low, "high": high,
                "step": 1.0 if words else float(f"{(high - low) / 100:.1g}"), "unit": "" if row["unit"] == "1" else row["unit"],
                "bands": bands if len(bands) > 1 else [{"title": word, "value": number} for word, number in words.items()], "words": words,
            }
        )  # fmt: skip
    nations = [{"name": name, "title": known.nation_names[name]} for name in known.nations]
    return json.dumps({"nations": nations, "levers": rows})


def shocks(known: Catalog) -> str:
    """Return the kinds of shocks that can be set by hand, with their fields."""
    return json.dumps(form(known, choices()))


def method(known: Catalog, settings: Scenario, seed: int, moves: Moves = (), premises: Premises = ()) -> str:
    """Return the page on method: what it is, its limits, this world's identity, sources of levers and variables, tables."""
    identity = moved(settings, moves).identity()
    title = f"{settings.title.rstrip('.')}; but for what was moved by hand, below" if moves else settings.title
    world = [
        ["Scenario", settings.name], ["Title", title], ["From, until", f"{settings.start} to {settings.until}"],
        ["Seed", str(seed)],
        ["Money", f"{REGIMES[settings.regime].name}: {REGIMES[settings.regime].note}"],
        ["Identity", f"policy {identity['policy']}, world {identity['world']}"],
    ]  # fmt: skip
    calendar = Calendar(settings.start, settings.until)
    world += [[f"Moved by hand in {calendar.date(move.month)}", _move(known, move, calendar)] for move in moves]
    world += [["Assumed by hand", line] for line in told(premises)]
    mine = dict(premises)
    world += [[f"Assumption of the scenario: {plain(name)}", f"{value:g}"] for name, value in settings.world.items() if name not in mine]
    tables = [[name, _sources(known, name)] for name in sorted(known.tables.tables)]
    return json.dumps(
        {
            "lead": LEAD,
            "sections": [{"title": "How to read it, and its limits", "text": LIMITS}],
            "world": world,
            "levers": [[row["title"], row["notes"], row["source"]] for row in known.levers.values()],
            "variables": [[known.title(n), row["scope"], row["unit"], row["about"]] for n, row in known.variables.items()],
            "tables": tables,
        }
    )


def _move(known: Catalog, move: Move | Strike, calendar: Calendar) -> str:
    """Return what was moved in words."""
    if isinstance(move, Strike):
        return strike_text(move, calendar)
    row = known.levers[move.lever]
    words = {float(number): word for word, number in (pair.split("=") for pair in str(row["words"]).split())}
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    return f"{move.nation}: {row['title']} → {words.get(move.value) or f'{move.value:.4g}{unit}'}"


def _sources(known: Catalog, name: str) -> str:
    """Return how many rows a table has and what most of them come from."""
    sources = [str(source) for source in known.tables[name]["source"]]
    common = sorted(set(sources), key=lambda source: (-sources.count(source), source))[:3]
    return f"{len(sources)} rows; {'; '.join(common)}{' …' if len(set(sources)) > 3 else ''}"
