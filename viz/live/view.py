"""What a browser looks at, and the address that carries it; what a stranger's address asks for is checked like a file."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from ...scenarios.parts import MOST_SHOCKS
from ...scenarios.read import load_scenario
from ...scenarios.scenario import Scenario, check, choices
from ...world.calendar import Calendar
from .catalog import Catalog, catalog
from .moves import Move, Moves, Strike
from .offered import names as offered_names
from .premises import Premises, assumed, read_premises, read_regime
from .settings import Serving
from .strikes import from_address, to_address
from .tab_views import KEYS, CompareView, EnsembleView, first_compare, first_ensemble, pairs_of, read_compare, read_ensemble
from .wrong import near as _near
from .wrong import number
from .wrong import short as _short

TABS = ("live", "compare", "ensemble", "table", "method")
THEMES = ("light", "dark")
FLOWS = "flows"  # in place of a variable: the month's payments
LONGEST = 8000
MOST_MOVES = 200
REPEATED = ("lever", "shock", "assume")  # keys that may stand several times
MOST_SEED = 2**63 - 1
_LEVER = re.compile(r"([^.]{1,60})\.([^.]{1,60})\.(\d{4}-\d{2})\.([-+0-9.eE]{1,24})", re.ASCII)


class View(NamedTuple):
    """What is on the screen; names are variables of the codelist, regions and zones of the tables."""

    tab: str = "live"
    chart: str = ""
    money: str = ""
    fill: str = ""
    table: str = ""
    regions: tuple[str, ...] = ()
    place: str = ""
    agent: str = ""  # by the name that no other has; shown in place of the place
    theme: str = "light"
    history: bool = True  # real figures before the start, where there are any
    compare: CompareView = CompareView()
    ensemble: EnsembleView = EnsembleView()


class Asked(NamedTuple):
    """What an address asks for: a world and how to look at it."""

    scenario: str
    settings: Scenario
    seed: int
    month: int
    moves: Moves
    view: View
    premises: Premises = ()  # which `settings` hold already
    regime: str = ""  # of money, where it is not the scenario's own; `settings` have it


def first_view(known: Catalog) -> View:
    """Return what is shown where an address says nothing."""
    chart = known.views["chart"][0]
    return View(
        chart=chart, money=known.views["money"][0], fill=known.views["fill"][0], table=chart, regions=known.groups,
        compare=first_compare(known), ensemble=first_ensemble(known),
    )  # fmt: skip


def read_address(search: str | None, serving: Serving) -> tuple[Asked, list[str]]:
    """Return what an address asks for, and the faults found in it; with any fault the first scenario is shown instead."""
    faults: list[str] = []
    pairs = _pairs(search or "", faults)
    known = catalog()
    view = first_view(known)
    single = {key: value for key, value in pairs if key not in REPEATED}
    name = single.get("scenario", next(iter(serving.scenarios)))
    settings = _settings(name, serving, faults)
    premises = read_premises([value for key, value in pairs if key == "assume"], settings, faults)
    own, regime = settings.regime, read_regime(single.get("regime"), settings, faults)
    settings = assumed(settings, regime, premises)
    calendar = Calendar(settings.start, settings.until)
    view = _view(view, single, known, faults)
    tabs = {key: value for key, value in single.items() if key in KEYS}
    if tabs:
        offered = offered_names(serving)
        view = view._replace(compare=read_compare(tabs, offered, known, faults), ensemble=read_ensemble(tabs, offered, known, faults))
    seed, month = _seed(single.get("seed"), faults), _month(single.get("month"), calendar, faults)
    moves = _moves([value for key, value in pairs if key == "lever"], calendar, faults)
    strikes = from_address([value for key, value in pairs if key == "shock"], settings, calendar, faults)
    if faults:
        name = next(iter(serving.scenarios))
        return Asked(name, _settings(name, serving, []), 1, 0, (), first_view(known)), faults
    return Asked(name, settings, seed, month, tuple(sorted((*moves, *strikes))), view, premises, "" if regime == own else regime), []


def write_address(asked: Asked, month: int) -> str:
    """Return the query of an address that leads back to this world, month and view."""
    known = catalog()
    usual, view = first_view(known), asked.view
    calendar = Calendar(asked.settings.start, asked.settings.until)
    pairs = [("scenario", asked.scenario), ("seed", str(asked.seed)), *premises_of(asked)]
    if month:
        pairs.append(("month", calendar.date(month)))
    for key in ("tab", "chart", "money", "fill", "table", "place", "agent"):
        if getattr(view, key) != getattr(usual, key):
            pairs.append((key, getattr(view, key)))
    if not view.history:
        pairs.append(("history", "0"))
    if view.regions != usual.regions:
        pairs.append(("regions", ",".join(view.regions)))
    pairs += pairs_of(view.compare, view.ensemble, known)
    pairs += [("lever", f"{m.nation}.{m.lever}.{calendar.date(m.month)}.{m.value:.10g}") for m in asked.moves if isinstance(m, Move)]
    pairs += [("shock", to_address(m, calendar)) for m in asked.moves if isinstance(m, Strike)]
    return urlencode(pairs, quote_via=quote)


def premises_of(asked: Asked) -> list[tuple[str, str]]:
    """Return the regime and the numbers that a world assumes, as an address has them."""
    found = [("regime", asked.regime)] if asked.regime else []
    return found + [("assume", f"{name}~{value:.10g}") for name, value in asked.premises]


def _pairs(search: str, faults: list[str]) -> list[tuple[str, str]]:
    if len(search) > LONGEST:
        faults.append(f"the address has {len(search)} characters; allowed: up to {LONGEST}")
        return []
    own = ("scenario", "seed", "regime", "month", "tab", "chart", "money", "fill", "table", "regions", "place", "agent", "history", "token")
    allowed = (*own, *REPEATED, *KEYS)
    try:
        pairs = parse_qsl(search.lstrip("?"), keep_blank_values=True, max_num_fields=MOST_MOVES + MOST_SHOCKS + 20, errors="strict")
    except (ValueError, UnicodeDecodeError):
        faults.append(f"the address cannot be read; allowed: up to {MOST_MOVES} levers and {MOST_SHOCKS} shocks, in UTF-8")
        return []
    seen: set[str] = set()
    for key, _ in pairs:
        if key not in allowed:
            faults.append(f"{_short(key)} is not part of an address{_near(key, allowed)}")
        elif key in seen and key not in REPEATED:
            faults.append(f"{key} is given twice; allowed: once")
        seen.add(key)
    return [pair for pair in pairs if pair[0] in allowed]


def _settings(name: str, serving: Serving, faults: list[str]) -> Scenario:
    """Return a served scenario. A path is never opened because an address names it."""
    if name not in serving.scenarios:
        faults.append(f"scenario {_short(name)} is not served{_near(name, serving.scenarios)}")
        name = next(iter(serving.scenarios))
    settings = load_scenario(serving.scenarios[name])
    return settings.between(None, serving.until) if serving.until else settings


def _view(view: View, given: dict[str, str], known: Catalog, faults: list[str]) -> View:
    variables = known.variables
    lines = [name for name in variables if variables[name]["scope"] != "zone"]
    allowed: dict[str, Any] = {
        "tab": TABS, "chart": variables, "money": [*lines, FLOWS], "fill": variables, "table": variables,
        "place": ["", *known.places], "agent": ["", *known.agents],
    }  # fmt: skip
    for key, names in allowed.items():
        if key in given:
            if given[key] in names:
                changes: dict[str, Any] = {key: given[key]}
                view = view._replace(**changes)
            else:
                faults.append(f"{key} is {_short(given[key])}{_near(given[key], names)}")
    if "history" in given:
        if given["history"] not in ("0", "1"):
            faults.append(f"history is {_short(given['history'])}; allowed: 0 or 1")
        view = view._replace(history=given["history"] == "1")
    if "regions" in given:
        regions = tuple(dict.fromkeys(given["regions"].split(",")))
        wrong = [region for region in regions if region not in known.regions]
        faults += [f"region {_short(region)} is unknown{_near(region, known.regions)}" for region in wrong[:5]]
        view = view if wrong else view._replace(regions=regions)
    return view


def _seed(given: str | None, faults: list[str]) -> int:
    if given is None:
        return 1
    if re.fullmatch(r"\d{1,19}", given, re.ASCII) and int(given) <= MOST_SEED:
        return int(given)
    faults.append(f"seed is {_short(given)}; allowed: a whole number from 0 to {MOST_SEED}")
    return 1


def _month(given: str | None, calendar: Calendar, faults: list[str]) -> int:
    if given is None:
        return 0
    try:
        month = calendar.index(given)
    except ValueError:
        month = -1
    if 0 <= month <= calendar.length:
        return month
    faults.append(f"month is {_short(given)}; allowed: {calendar.start} to {calendar.date(calendar.length)}")
    return 0


def _moves(given: list[str], calendar: Calendar, faults: list[str]) -> Moves:
    policy: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for text in given[: MOST_MOVES + 1]:
        match = _LEVER.fullmatch(text)
        value = number(match[4]) if match else None
        if match is None or value is None:
            faults.append(f"lever is {_short(text)}; allowed: NATION.LEVER.YYYY-MM.NUMBER")
            continue
        policy.setdefault(match[1], {}).setdefault(match[2], []).append({"on": match[3], "to": value})
    if len(given) > MOST_MOVES:
        faults.append(f"the address moves levers {len(given)} times; allowed: up to {MOST_MOVES}")
    for levers in policy.values():
        for steps in levers.values():
            steps.sort(key=lambda step: step["on"])
    values, wrong = check({"policy": policy}, choices(), python=True)
    faults += [f"{'.'.join(map(str, fault.path))} {fault.text}" for fault in wrong[:20]]
    moves: list[Move] = []
    for nation, levers in (values.get("policy") or {}).items():
        for lever, steps in levers.items():
            for step in steps:
                month = calendar.index(step.on or calendar.start)
                if 0 <= month < calendar.length:
                    moves.append(Move(month, nation, lever, step.to))
                else:
                    faults.append(f"lever {nation}.{lever} moves in {step.on}; allowed: {calendar.start} to before {calendar.until}")
    return tuple(sorted(moves))
