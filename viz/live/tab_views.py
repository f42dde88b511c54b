"""What the tabs Compare and Ensemble look at, and how an address carries it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from .catalog import Catalog
from .wrong import near, short

MINE = "@levers"  # in place of a scenario: this world with the levers moved by hand; no scenario can be called so
FEWEST_WORLDS, USUAL_WORLDS, MOST_WORLDS = 2, 24, 96


class CompareView(NamedTuple):
    """Two scenarios (empty: what suits the world on show), the variable drawn large, and whose."""

    a: str = ""
    b: str = ""
    variable: str = ""
    who: str = ""


class EnsembleView(NamedTuple):
    """One or two scenarios, how many worlds, whether these differ by more than luck; what is drawn; who overtakes whom, in both tabs."""

    scenario: str = ""
    other: str = ""
    worlds: int = USUAL_WORLDS
    vary: bool = False
    variable: str = ""
    ahead: str = ""
    behind: str = ""


# key of the address -> field
COMPARE_KEYS = {"a": "a", "b": "b", "compare": "variable", "who": "who"}
ENSEMBLE_KEYS = {
    "of": "scenario", "and": "other", "worlds": "worlds", "vary": "vary", "fan": "variable", "ahead": "ahead", "behind": "behind",
}  # fmt: skip
KEYS = (*COMPARE_KEYS, *ENSEMBLE_KEYS)


def drawn(known: Catalog) -> list[str]:
    """Return the variables that both tabs can draw: numbers that nations have."""
    return [name for name, row in known.variables.items() if row["scope"] == "nation" and row["unit"] != "code"]


def race(known: Catalog) -> list[str]:
    """Return the variables of the race among them."""
    may = drawn(known)
    return [name for name in known.views["chart"] if name in may] or may[:1]


def first_compare(known: Catalog) -> CompareView:
    """Return what the tab shows where an address says nothing."""
    return CompareView(variable=race(known)[0], who=known.nations[0])


def first_ensemble(known: Catalog) -> EnsembleView:
    """Return what the tab shows where an address says nothing."""
    return EnsembleView(variable=race(known)[0], ahead=known.nations[1], behind=known.nations[0])


def read_compare(given: dict[str, str], names: list[str], known: Catalog, faults: list[str]) -> CompareView:
    """Return the view of an address; `names` are the scenarios on offer. Adds what is wrong to `faults`."""
    allowed = {"a": [*names, MINE], "b": [*names, MINE], "compare": drawn(known), "who": known.regions}
    found = _chosen(given, allowed, faults)
    return first_compare(known)._replace(**{COMPARE_KEYS[key]: value for key, value in found.items()})


def read_ensemble(given: dict[str, str], names: list[str], known: Catalog, faults: list[str]) -> EnsembleView:
    """Return the view of an address; `names` are the scenarios on offer. Adds what is wrong to `faults`."""
    allowed = {
        "of": [*names, MINE], "and": [*names, MINE], "fan": drawn(known), "ahead": known.regions, "behind": known.regions,
    }  # fmt: skip
    found = _chosen(given, allowed, faults)
    changes: dict[str, Any] = {ENSEMBLE_KEYS[key]: value for key, value in found.items()}
    view = first_ensemble(known)._replace(**changes)
    if "worlds" in given:
        number = worlds_of(given["worlds"])
        if number is None:
            faults.append(f"worlds is {short(given['worlds'])}; allowed: a whole number from {FEWEST_WORLDS} to {MOST_WORLDS}")
        else:
            view = view._replace(worlds=number)
    if "vary" in given:
        if given["vary"] not in ("0", "1"):
            faults.append(f"vary is {short(given['vary'])}; allowed: 0 or 1")
        view = view._replace(vary=given["vary"] == "1")
    if view.ahead == view.behind:
        faults.append(f"ahead and behind are both {short(view.ahead)}; allowed: two that differ")
    return view


def worlds_of(text: str) -> int | None:
    """Return a number of worlds that may be started; None where it may not."""
    if not re.fullmatch(r"\d{1,3}", text, re.ASCII) or not FEWEST_WORLDS <= int(text) <= MOST_WORLDS:
        return None
    return int(text)


def _chosen(given: dict[str, str], allowed: dict[str, list[str]], faults: list[str]) -> dict[str, str]:
    found = {}
    for key, names in allowed.items():
        if key not in given:
            continue
        if given[key] in names:
            found[key] = given[key]
        else:
            faults.append(f"{key} is {short(given[key])}{near(given[key], names)}")
    return found


def pairs_of(compare: CompareView, ensemble: EnsembleView, known: Catalog) -> list[tuple[str, str]]:
    """Return keys and values of an address, without what is usual."""
    usual, usual_ensemble = first_compare(known), first_ensemble(known)
    found = [(key, getattr(compare, name)) for key, name in COMPARE_KEYS.items() if getattr(compare, name) != getattr(usual, name)]
    for key, name in ENSEMBLE_KEYS.items():
        value = getattr(ensemble, name)
        if value != getattr(usual_ensemble, name):
            found.append((key, str(int(value)) if isinstance(value, int) else value))
    return found
