"""What people do with scenario files: check, explain, compare, begin a new one, export the schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from ..world.money.regimes import REGIMES
from ..world.tables import MissingRow, Tables
from .choices import choices
from .parts import (
    DIRECTIONS,
    DISTRIBUTIONS,
    EVERYONE,
    GOODS,
    LATEST_START,
    MOST_SHOCKS,
    MOST_STEPS,
    SHOCKS,
    Choices,
    Distribution,
    Lever,
    Shock,
    Step,
)
from .read import Resolved, resolve
from .scenario import Scenario

TEMPLATE = """\
schema_version = 1
name    = "{name}"
title   = ""
extends = ["{parent}"]

# All levers and parameters with their ranges: wattrace scenarios names. Keys and kinds of shocks: docs/reference-scenarios.md
# What governments choose. Example:
# [policy.{nation}]
# {lever} = [{{ announced = 2026-07-01, on = 2027-01-01, to = "50 %", over = "12 months", source = "assumption: …" }}]

# How we think the world works: any number of the tables, sure or unsure. Example:
# [world]
# "{parameter}" = {{ dist = "table" }}

# What strikes from outside. Example:
# [[shocks]]
# what   = "fab_outage"
# where  = "{nation}"
# share  = "50 %"
# on     = 2028-04-01
# lasts  = "12 months"
# source = "assumption: …"
"""


class Line(NamedTuple):
    """One value of a scenario: which, how it reads, where it stands, and why."""

    key: str
    value: str
    place: str
    source: str


def explain(name_or_path: str | Path) -> list[Line]:
    """Return every value of a scenario with file:line and source; levers that nobody sets come last. Raises ScenarioError."""
    found = resolve(name_or_path)
    scenario, known = found.scenario, choices()
    lines = [Line(key, getattr(scenario, key), _where(found, (key,)), "") for key in ("start", "until")]
    for key in ("draws", "growth"):
        lines.append(Line(key, "on" if getattr(scenario, key) else "off", _where(found, ("switches", key)), ""))
    lines.append(Line("regime", scenario.regime, _where(found, ("switches", "regime")), ""))
    if scenario.start != LATEST_START:
        lines.append(Line("later knowledge", later_text(scenario), "-", "known_from in parameters.csv and parameters_industry.csv"))
    for nation, levers in scenario.policy.items():
        for lever, steps in levers.items():
            for i, step in enumerate(steps):
                path = ("policy", nation, lever, i)
                before = "" if i or step.on is None else f"; {lever_text(known.levers[lever].value, known.levers[lever])} before"
                text = step_text(step, known.levers[lever]) + before
                lines.append(Line(f"policy.{nation}.{lever}", text, found.place(path), step.source))
    for name, value in scenario.world.items():
        text = _with_unit(value, known.cells[name].unit)
        lines.append(Line(f"world.{name}", text, _world_place(found, name), _world_source(found, name)))
    for name, spread in scenario.uncertain.items():
        text = distribution_text(spread, known.cells[name].unit)
        lines.append(Line(f"world.{name}", text, _world_place(found, name), spread.source))
    for i, shock in enumerate(scenario.shocks):
        lines.append(Line(f"shocks.{i + 1}", shock_text(shock), found.place(("shocks", i)), shock.source))
    return lines + _unset(scenario, known)


def _unset(scenario: Scenario, known: Choices) -> list[Line]:
    """Return a line per lever that some nations leave as it is, with the value in force there."""
    lines = []
    for name, lever in known.levers.items():
        left = [nation for nation in known.nations if name not in scenario.policy.get(nation, {})]
        if left:
            who = "ALL" if len(left) == len(known.nations) else ",".join(left)
            lines.append(Line(f"policy.{who}.{name}", lever_text(lever.value, lever), "-", "not set: status quo"))
    return lines


def notes(scenario: Scenario) -> list[str]:
    """Return what is allowed and yet may surprise: numbers outside their range, steps after the end."""
    known, told = choices(), start_note(scenario)
    for name, value in scenario.world.items():
        cell = known.cells[name]
        if not cell.low <= value <= cell.high:
            told.append(f"world.{name}: {value:g} lies outside the range tabled, {cell.low:g} to {cell.high:g} {cell.unit}")
    for nation, levers in scenario.policy.items():
        for lever, steps in levers.items():
            told += [
                f"policy.{nation}.{lever}: the step of {step.on} lies outside the run, {scenario.start} to {scenario.until}"
                for step in steps
                if step.on and not scenario.start <= step.on < scenario.until
            ]
    told += [
        f"shocks.{i + 1}: {shock.on} lies after the run, which ends before {scenario.until}"
        for i, shock in enumerate(scenario.shocks)
        if shock.on >= scenario.until
    ]
    return told


def start_note(scenario: Scenario) -> list[str]:
    """Return in a sentence what a start in the past means; nothing for the newest one."""
    if scenario.start == LATEST_START:
        return []
    return [
        f"start: {scenario.start} opens the world of that January from the historical tables, without what became known later; what it has"
        f" come to by {LATEST_START} is simulated and differs from the world that opens there",
        f"start: {later_text(scenario)}",
    ]


def later_text(scenario: Scenario) -> str:
    """Return in words how many named numbers were not known yet at the start."""
    tables = Tables.load(scenario.start)
    later = [name for name in tables.later if name not in scenario.world]
    last = max((tables.later[name] for name in later), default=scenario.start)
    return f"{len(later)} of {len(tables.params)} named numbers rest on sources younger than {scenario.start}, the last of {last}"


def diff(a: Scenario, b: Scenario) -> list[tuple[str, str, str]]:
    """Return (key, in `a`, in `b`) of what differs; "-" and the value in force where one says nothing."""
    left, right = flat(a), flat(b)
    keys = [key for key in [*left, *(key for key in right if key not in left)] if left.get(key) != right.get(key)]
    return [(key, left.get(key) or in_force(a, key), right.get(key) or in_force(b, key)) for key in keys]


def in_force(scenario: Scenario, key: str) -> str:
    """Return "-" and, where there is one, the value that a scenario has at `key` without saying so."""
    known = choices()
    section, _, rest = key.partition(".")
    if section == "policy":
        lever = known.levers[rest.split(".")[-1]]
        return f"- ({lever_text(lever.value, lever)})"
    if section == "world":
        try:
            return f"- ({_with_unit(_tabled(Tables.load(scenario.start), rest), known.cells[rest].unit)})"
        except MissingRow:  # counts later than the start
            return "-"
    return "-"


def _tabled(tables: Tables, name: str) -> float:
    """Return a number as the tables have it: a parameter, or a cell `table/key/…/key`. Raises MissingRow."""
    if "/" not in name:
        return tables.param(name)
    table, *keys = name.split("/")
    rows = tables[table]
    column = "value" if "value" in rows.columns else keys.pop()
    row = rows.newest().get(tuple(keys))
    if row is None:
        raise MissingRow(f"{name}: no such number counts at {tables.as_of}")
    return float(rows[column][row])


def _with_unit(value: float, unit: str) -> str:
    return f"{value:g}" + ("" if unit == "1" else f" {unit}")


def flat(scenario: Scenario) -> dict[str, str]:
    """Return {key: value as text} of all that a scenario says."""
    known = choices()
    found = {"start": scenario.start, "until": scenario.until}
    found |= {key: "on" if getattr(scenario, key) else "off" for key in ("draws", "growth")} | {"regime": scenario.regime}
    for nation, levers in scenario.policy.items():
        for lever, steps in levers.items():
            found[f"policy.{nation}.{lever}"] = "; ".join(step_text(step, known.levers[lever]) for step in steps)
    found |= {f"world.{name}": _with_unit(value, known.cells[name].unit) for name, value in scenario.world.items()}
    found |= {f"world.{name}": distribution_text(one, known.cells[name].unit) for name, one in scenario.uncertain.items()}
    found |= {f"shocks.{i + 1}": shock_text(shock) for i, shock in enumerate(scenario.shocks)}
    return found


def lever_text(value: float, lever: Lever) -> str:
    """Return a lever's value as a file says it: by its word where it has one, else with its unit."""
    words = [word for word, number in lever.words.items() if number == value]
    return words[0] if words else _with_unit(value, lever.unit)


def step_text(step: Step, lever: Lever) -> str:
    """Return a step as people say it."""
    text = lever_text(step.to, lever)
    if step.on:
        text += f" from {step.on}"
    text += f" over {step.over_months} months" if step.over_months else ""
    return text + (f", announced {step.announced}" if step.announced else "")


def names(word: str = "") -> list[tuple[str, str, str, str]]:
    """Return (name, value, range, what it is or its unit) of every lever and parameter whose name or title holds `word`."""
    known = choices()
    rows = []
    for lever in known.levers.values():
        span = f"{lever.low:g} to {lever.high:g}"
        says = lever.title + (f" ({', '.join(lever.words)})" if lever.words else "")
        rows.append((f"policy.NATION.{lever.name}", lever_text(lever.value, lever), span, says))
    for name, unit in known.parameters.items():
        cell = known.cells[name]
        rows.append((f"world.{name}", f"{cell.value:g}", f"{cell.low:g} to {cell.high:g}", unit))
    return [row for row in rows if word.casefold() in f"{row[0]} {row[3]}".casefold()]


def shock_text(shock: Shock) -> str:
    """Return a shock as people say it."""
    words = [shock.what, shock.where, *(["with", shock.partner, shock.goods, shock.direction] if shock.what == "trade_stop" else [])]
    words += [shock.technology] if shock.technology else []
    words += [] if shock.what == "trade_stop" else [f"{shock.share:.0%}"]
    return f"{' '.join(words)} from {shock.on} for {shock.lasts_months} months"


def distribution_text(spread: Distribution, unit: str) -> str:
    """Return a distribution as people say it."""
    keys, after = DISTRIBUTIONS[spread.kind], "" if unit == "1" else f" {unit}"
    if spread.kind == "values":
        return f"one of {', '.join(f'{x:g}' for x in spread.numbers)}{after}"
    return f"{spread.kind} " + ", ".join(f"{n} {x:g}" for n, x in zip(keys, spread.numbers, strict=True)) + after


def new_text(name: str, parent: str) -> str:
    """Return the text of a new scenario file."""
    known = choices()
    return TEMPLATE.format(
        name=name, parent=parent, nation=known.nations[0], lever=next(iter(known.levers)), parameter=next(iter(known.parameters))
    )


def _where(found: Resolved, path: tuple[str, ...]) -> str:
    return found.place(path) if path in found.owners else "default"


def _world_path(found: Resolved, name: str) -> tuple[str, ...]:
    quoted, dotted = ("world", name), ("world", *name.split("."))
    return quoted if quoted in found.owners else dotted


def _world_place(found: Resolved, name: str) -> str:
    return found.place(_world_path(found, name))


def _world_source(found: Resolved, name: str) -> str:
    """Return the source that stands beside a value, `{ to = …, source = … }`."""
    path = _world_path(found, name)
    file = found.owners.get(path)
    value: Any = file.content if file else {}
    for part in path:
        value = value.get(part, {}) if isinstance(value, dict) else {}
    return str(value.get("source", "")) if isinstance(value, dict) else ""


def schema(known: Choices | None = None) -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for editors."""
    known = known or choices()
    text = {"type": "string", "maxLength": 500}
    month = {"type": "string", "pattern": "^\\d{4}-(0[1-9]|1[0-2])(-01)?$"}
    quantity = {"type": ["number", "string"]}
    lever = {
        name: {
            "description": f"{one.title}; {one.low:g} to {one.high:g}, status quo {one.value:g}",
            "oneOf": [
                quantity,
                {"type": "array", "minItems": 1, "maxItems": MOST_STEPS, "items": {"$ref": "#/$defs/step"}},
            ],
        }
        for name, one in known.levers.items()
    }
    step = {"announced": month, "on": month, "to": quantity, "over": {"type": "string"}, "source": text}
    world = {name: {"description": f"in {unit}", "$ref": "#/$defs/value"} for name, unit in known.parameters.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Wattrace scenario",
        "type": "object",
        "additionalProperties": False,
        "required": ["schema_version"],
        "properties": {
            "schema_version": {"const": 1},
            "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,59}$"},
            "title": {"type": "string", "maxLength": 120},
            "extends": {"type": "array", "items": {"type": "string"}},
            "start": month,
            "until": month,
            "policy": {
                "type": "object",
                "additionalProperties": False,
                "properties": {nation: {"$ref": "#/$defs/levers"} for nation in known.nations},
            },
            "world": {
                "type": "object",
                "properties": world,
                "patternProperties": {"^[a-z_]+/.+": {"$ref": "#/$defs/value"}},
                "additionalProperties": {"type": "object"},
            },
            "shocks": {"type": "array", "maxItems": MOST_SHOCKS, "items": {"$ref": "#/$defs/shock"}},
            "switches": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    **{key: {"enum": [True, False, "on", "off"]} for key in ("draws", "growth")},
                    "regime": {"enum": list(REGIMES)},
                },
            },
        },
        "$defs": {
            "levers": {"type": "object", "additionalProperties": False, "properties": lever},
            "step": {"type": "object", "additionalProperties": False, "required": ["on", "to", "source"], "properties": step},
            "value": {"oneOf": [quantity, _value_schema(quantity, text)]},
            "shock": _shock_schema(known, month, text, quantity),
        },
    }


def _value_schema(quantity: dict[str, Any], text: dict[str, Any]) -> dict[str, Any]:
    numbers = {key: quantity for keys in DISTRIBUTIONS.values() for key in keys if key != "values"}
    properties = {"to": quantity, "source": text, "dist": {"enum": list(DISTRIBUTIONS)}, **numbers}
    properties["values"] = {"type": "array", "minItems": 1, "items": quantity}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _shock_schema(known: Choices, month: dict[str, Any], text: dict[str, Any], quantity: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["what", "where", "on", "lasts", "source"],
        "properties": {
            "what": {"enum": list(SHOCKS)},
            "where": {"type": "string"},
            "on": month,
            "lasts": {"type": "string"},
            "source": text,
            "share": quantity,
            "technology": {"enum": list(known.technologies)},
            "with": {"enum": [EVERYONE, *known.nations]},
            "goods": {"enum": list(GOODS)},
            "direction": {"enum": list(DIRECTIONS)},
        },
    }


