"""Shocks set by hand: checked like those of a file, carried by an address, told in words."""

from __future__ import annotations

from typing import Any

from ...scenarios.checking import shock_as_written
from ...scenarios.parts import DIRECTIONS, EVERYONE, GOODS, MOST_SHOCKS, SHOCKS, Choices
from ...scenarios.scenario import Scenario, check, choices
from ...world.calendar import Calendar
from ...world.shocks import shock_text
from .catalog import Catalog
from .moves import Moves, Strike
from .wrong import short

SIGN = "~"  # between the parts of a shock in an address; no name holds it
HEAD = ("what", "where", "on", "lasts")


def read_strike(given: Any, calendar: Calendar) -> tuple[Strike | None, list[str]]:
    """Return (the shock, []) or (None, what is wrong) of a table as a scenario file has it; `lasts` may be a number of months."""
    if not isinstance(given, dict):
        return None, [f"the shock is {short(given)}; allowed: what, where, on, lasts and what its kind allows"]
    lasts = given.get("lasts")
    written = {**given, "lasts": f"{lasts} months"} if isinstance(lasts, int) and not isinstance(lasts, bool) else given
    values, wrong = check({"shocks": [written]}, choices(), python=True)
    if wrong:
        return None, [" ".join([*map(str, fault.path[2:]), fault.text]) for fault in wrong[:5]]
    (shock,) = values["shocks"]
    month = calendar.index(shock.on)
    if not 0 <= month < calendar.length:
        return None, [f"on is {shock.on}; allowed: {calendar.start} to before {calendar.until}"]
    rest = (shock.technology, shock.partner, shock.goods, shock.direction)
    return Strike(month, shock.where, shock.what, shock.share, shock.lasts_months, *rest), []


def written(strike: Strike, calendar: Calendar) -> dict[str, Any]:
    """Return a shock as a scenario file has it."""
    return dict(shock_as_written(strike.shock(calendar)))


def strike_text(strike: Strike, calendar: Calendar) -> str:
    """Return what a shock does in words."""
    months = strike.lasts_months
    return f"{shock_text(strike.shock(calendar))} for {months} month{'s' * (months != 1)}"


def to_address(strike: Strike, calendar: Calendar) -> str:
    """Return a shock as one value of an address."""
    told = written(strike, calendar) | {"lasts": str(strike.lasts_months)}
    parts = [f"{told[key]:.10g}" if isinstance(told.get(key), float) else str(told.get(key, "")) for key in (*HEAD, *SHOCKS[strike.what])]
    return SIGN.join(parts).rstrip(SIGN)


def from_address(texts: list[str], settings: Scenario, calendar: Calendar, faults: list[str]) -> Moves:
    """Return the shocks of an address; adds what is wrong to `faults`."""
    most = MOST_SHOCKS - len(settings.shocks)
    if len(texts) > most:
        faults.append(f"the address has {len(texts)} shocks; allowed: up to {most}")
    found: dict[Strike, None] = {}
    for text in texts[:most]:
        parts = text.split(SIGN)
        keys = (*HEAD, *SHOCKS.get(parts[0], ()))
        if len(parts) < len(HEAD) or len(parts) > len(keys):
            faults.append(f"shock is {short(text)}; allowed: KIND~WHERE~YYYY-MM~MONTHS and what the kind has, as the page writes it")
            continue
        given: dict[str, Any] = {key: value for key, value in zip(keys, parts, strict=False) if value}
        given["lasts"] = f"{given.get('lasts', '')} months"
        strike, wrong = read_strike(given, calendar)
        faults += [f"shock {short(text)}: {one}" for one in wrong]
        if strike is not None:
            found[strike] = None
    return tuple(found)


def form(known: Catalog, allowed: Choices) -> dict[str, Any]:
    """Return what the form offers: kinds with their fields, and where each may strike."""
    kinds = []
    for what, fields in SHOCKS.items():
        places = [{"name": name, "title": known.nation_names.get(name, known.zone_names.get(name, name))} for name in allowed.places(what)]
        kinds.append({"name": what, "title": what.replace("_", " "), "fields": list(fields), "places": places})
    return {
        "kinds": kinds, "technology": list(allowed.technologies), "with": [EVERYONE, *allowed.nations], "goods": list(GOODS),
        "direction": list(DIRECTIONS),
    }  # fmt: skip
