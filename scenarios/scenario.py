"""What is asked of a world: dates, what governments choose (policy), how we think the world works (world)."""

from __future__ import annotations

import csv
import datetime
import difflib
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..world.calendar import months_since_zero
from ..world.tables import DATA
from .quantity import QuantityError, read_months, read_quantity

EARLIEST, LATEST = "2016-01", "2101-01"
# the tables describe the world up to here: a later start would open with a world that is out of date
LATEST_START = "2026-12"
MOST_STEPS = 100
LONGEST_TEXT = 500
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
STEP_KEYS = ("announced", "on", "to", "over", "source")
TOP_KEYS = ("schema_version", "name", "title", "extends", "start", "until", "policy", "world", "switches")
SWITCHES = ("draws", "growth")
SOURCE_HINT = '"assumption: …" is allowed'


class ScenarioError(ValueError):
    """The scenario is not usable. `faults` holds every fault: where, what was given, what is allowed."""

    def __init__(self, faults: list[str]):
        self.faults = list(faults)
        count = f"{len(faults)} fault{'s' * (len(faults) != 1)} in the scenario"
        super().__init__(f"{count}; mend and run again:\n  " + "\n  ".join(faults))


class Fault(NamedTuple):
    """One thing that is wrong, at a path of keys in the file."""

    path: tuple[str | int, ...]
    text: str


class Lever(NamedTuple):
    """A row of `levers.csv`."""

    name: str
    unit: str
    value: float
    low: float
    high: float
    pushed: float
    maximal: float
    words: dict[str, float]
    title: str


@dataclass(frozen=True)
class Choices:
    """What a scenario may name: nations, levers, parameters {name: unit}, as the tables have them."""

    nations: tuple[str, ...]
    levers: dict[str, Lever]
    parameters: dict[str, str]


class Step(BaseModel):
    """A dated value of a lever. Without `on` it holds from the start; `over_months` leads there in a line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: float
    on: str | None = None
    over_months: int = 0
    announced: str | None = None
    source: str = ""


class Scenario(BaseModel):
    """A question to a world. `policy` may be written as in a file: `{"USA": {"permit_time": "50 %"}}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str = ""
    start: str = "2026-01"
    until: str = "2046-01"
    policy: dict[str, dict[str, tuple[Step, ...]]] = Field(default_factory=dict)
    world: dict[str, float] = Field(default_factory=dict)
    draws: bool = True
    growth: bool = True
    regime: Literal["firm-watt"] = "firm-watt"

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        known = set(cls.model_fields)
        content = {key: value for key, value in given.items() if key in known}
        values, faults = check(content, choices(), python=True)
        faults += [Fault((key,), f"is not known{_hint(key, known)}") for key in given if key not in known]
        if faults:
            raise ValueError("; ".join(f"{'.'.join(map(str, path))} {text}" for path, text in faults))
        return values

    def digest(self) -> str:
        """Return the identity: a hash of what is resolved, without name and title."""
        content = self.model_dump(exclude={"name", "title"})
        return _hash(content)

    def identity(self) -> dict[str, str]:
        """Return hashes of the resolved policy, the resolved world and the whole, without name and title."""
        content = self.model_dump()
        return {
            "policy": _hash(content["policy"]),
            "world": _hash({key: content[key] for key in ("world", "draws", "growth", "regime")}),
            "scenario": self.digest(),
        }

    def between(self, start: str | None = None, until: str | None = None) -> Scenario:
        """Return the scenario with other dates. Raises ScenarioError."""
        changes = {key: value for key, value in (("start", start), ("until", until)) if value is not None}
        values = {"start": self.start, "until": self.until, **changes}
        _, faults = check(values, choices())
        if faults:
            raise ScenarioError([f"{'.'.join(map(str, path))} {text}" for path, text in faults])
        return self.model_copy(update=changes)


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


@lru_cache(maxsize=4)
def choices(folder: Path = DATA) -> Choices:
    """Read what a scenario may name from the tables (`Tables.load` checks all of them)."""
    levers = {}
    for row in _rows(folder / "levers.csv"):
        words = dict(pair.split("=") for pair in row["words"].split())
        columns = ("value", "low", "high", "pushed", "maximal")
        value, low, high, pushed, maximal = (float(row[column]) for column in columns)
        levers[row["lever"]] = Lever(
            row["lever"], row["unit"], value, low, high, pushed, maximal,
            {word: float(number) for word, number in words.items()}, row["title"],
        )  # fmt: skip
    parameters: dict[str, str] = {}
    for path in sorted({folder / "parameters.csv", *folder.glob("parameters_*.csv")}):
        rows = _rows(path)
        parameters |= {row[next(iter(row))]: row["unit"] for row in rows}
    return Choices(tuple(row["nation"] for row in _rows(folder / "nations.csv")), levers, parameters)


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@dataclass
class _Checker:
    """Gathers faults while values are read."""

    known: Choices
    python: bool  # from Python: numbers are in the table's unit, and a step needs no date and no source
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: tuple[str | int, ...], text: str) -> None:
        self.faults.append(Fault(path, text))

    def text(self, path: tuple[str | int, ...], given: Any, longest: int = LONGEST_TEXT) -> str:
        if isinstance(given, str) and len(given) <= longest and given.isprintable():
            return given
        self.fault(path, f"is {_short(given)}; allowed: a text of up to {longest} characters in one line")
        return ""

    def month(self, path: tuple[str | int, ...], given: Any) -> str | None:
        """Return "YYYY-MM" of a text or a TOML date (the first of a month)."""
        if isinstance(given, datetime.date) and not isinstance(given, datetime.datetime) and given.day == 1:
            return f"{given.year:04d}-{given.month:02d}"
        try:
            if not isinstance(given, str):
                raise ValueError
            first = given.removesuffix("-01") if len(given) == 10 else given
            months_since_zero(first)
            return first
        except ValueError:
            shown = given.isoformat() if isinstance(given, datetime.date) else _short(given)
            self.fault(
                path, f'is {shown}; allowed: a month, "2027-01", or the date of its first day, 2027-01-01'
            )
            return None

    def named(self, path: tuple[str | int, ...], given: Any, allowed: Iterable[str], what: str) -> bool:
        if given in allowed:
            return True
        self.fault(path, f"is not a known {what}{_hint(given, allowed)}")
        return False

    def switch(self, path: tuple[str | int, ...], given: Any) -> bool:
        if isinstance(given, bool):
            return given
        if given in ("on", "off"):
            return given == "on"
        self.fault(path, f'is {_short(given)}; allowed: "on" or "off" (or true, false)')
        return True

    def policy(self, given: Any) -> dict[str, dict[str, tuple[Step, ...]]]:
        clean: dict[str, dict[str, tuple[Step, ...]]] = {}
        if not isinstance(given, dict):
            self.fault(("policy",), f"is {_short(given)}; allowed: one table per nation, [policy.NATION]")
            return clean
        for nation, levers in given.items():
            path = ("policy", nation)
            if not self.named(path, nation, self.known.nations, "nation"):
                continue
            if not isinstance(levers, dict):
                self.fault(path, f"is {_short(levers)}; allowed: a table of levers")
                continue
            for name, value in levers.items():
                place = (*path, name)
                if self.named(place, name, self.known.levers, "lever"):
                    clean.setdefault(nation, {})[name] = self.steps(place, value, self.known.levers[name])
        return clean

    def steps(self, path: tuple[str | int, ...], given: Any, lever: Lever) -> tuple[Step, ...]:
        if isinstance(given, dict | Step):
            given = [given]
        if not isinstance(given, list | tuple):
            value = self.lever_value(path, given, lever)
            return () if value is None else (Step(to=value),)
        if not 1 <= len(given) <= MOST_STEPS:
            self.fault(path, f"has {len(given)} steps; allowed: 1 to {MOST_STEPS}")
            return ()
        found = [self.step((*path, i), one, lever) for i, one in enumerate(given)]
        steps = [one for one in found if one is not None]
        for i, (before, after) in enumerate(pairwise(steps), start=1):
            if (after.on or "") <= (before.on or ""):
                text = f"begins on {after.on}, the step before it on {before.on}; allowed: ever later months"
                self.fault((*path, i), text)
        return tuple(steps)

    def step(self, path: tuple[str | int, ...], given: Any, lever: Lever) -> Step | None:
        given = _as_written(given) if self.python else given
        if not isinstance(given, dict):
            self.fault(path, f"is {_short(given)}; allowed: a step {{ on = …, to = …, source = … }}")
            return None
        before = len(self.faults)
        for key in given:
            self.named((*path, key), key, STEP_KEYS, "part of a step")
        missing = [key for key in (("to",) if self.python else ("on", "to", "source")) if key not in given]
        if missing:
            self.fault(path, f"has no {', '.join(missing)}; a step needs on, to and source ({SOURCE_HINT})")
        on = self.month((*path, "on"), given["on"]) if "on" in given else None
        announced = self.month((*path, "announced"), given["announced"]) if "announced" in given else None
        if on and announced and announced > on:
            self.fault(
                (*path, "announced"), f"is {announced}; allowed: no later than {on}, when the step begins"
            )
        over = 0
        try:
            over = read_months(given["over"]) if "over" in given else 0
        except QuantityError as error:
            self.fault((*path, "over"), str(error))
        source = self.text((*path, "source"), given.get("source", "")).strip()
        if "source" in given and not source and not self.python:
            self.fault((*path, "source"), f"is empty; say where the value comes from ({SOURCE_HINT})")
        value = self.lever_value((*path, "to"), given["to"], lever) if "to" in given else None
        if value is None or len(self.faults) > before:
            return None
        return Step(to=value, on=on, over_months=over, announced=announced, source=source)

    def lever_value(self, path: tuple[str | int, ...], given: Any, lever: Lever) -> float | None:
        try:
            value = read_quantity(given, lever.unit, lever.words)
        except QuantityError as error:
            self.fault(path, str(error))
            return None
        if lever.low <= value <= lever.high:
            return value
        unit = "" if lever.unit == "1" else f" {lever.unit}"
        self.fault(path, f"is {given!r}; allowed: {lever.low:g} to {lever.high:g}{unit}")
        return None

    def world(self, given: Any) -> dict[str, float]:
        if not isinstance(given, dict):
            self.fault(("world",), f"is {_short(given)}; allowed: a table of parameters")
            return {}
        clean: dict[str, float] = {}
        for name, path, value in _flat(given):
            if not self.named(path, name, self.known.parameters, "parameter"):
                continue
            try:
                bare = self.python and not isinstance(value, str)
                clean[name] = read_quantity(value, "1" if bare else self.known.parameters[name])
            except QuantityError as error:
                self.fault(path, str(error))
        return clean


def check(
    given: dict[str, Any], known: Choices, *, python: bool = False
) -> tuple[dict[str, Any], list[Fault]]:
    """Return (fields of a Scenario, faults) of raw content shaped like a file's tables, or from `python`."""
    checker = _Checker(known, python)
    clean: dict[str, Any] = {}
    if "name" in given:
        clean["name"] = given["name"]
        if not (isinstance(given["name"], str) and NAME.fullmatch(given["name"])):
            text = f"is {_short(given['name'])}; allowed: up to 60 small letters, digits and hyphens"
            checker.fault(("name",), text)
    if "title" in given:
        clean["title"] = checker.text(("title",), given["title"], 120)
    for key in ("start", "until"):
        if key not in given:
            continue
        month = checker.month((key,), given[key])
        if month is None:
            continue
        last = LATEST_START if key == "start" else LATEST
        if not EARLIEST <= month <= last:
            checker.fault((key,), f"is {month}; allowed: {EARLIEST} to {last}")
        clean[key] = month
    start, until = clean.get("start", "2026-01"), clean.get("until", "2046-01")
    if until <= start:
        key = "until" if "until" in clean else "start"
        checker.fault((key,), f"gives a run from {start} to {until}; allowed: an end after the start")
    if "policy" in given:
        clean["policy"] = checker.policy(given["policy"])
    if "world" in given:
        clean["world"] = checker.world(given["world"])
    for key in SWITCHES:
        if key in given:
            clean[key] = checker.switch((key,), given[key])
    return clean, checker.faults


def _flat(given: dict[str, Any], before: tuple[str, ...] = ()) -> Iterable[tuple[str, tuple[str, ...], Any]]:
    """Yield (dotted name, path in the file, value): a dotted key may be written with or without quotes."""
    for key, value in given.items():
        path = (*before, key)
        if isinstance(value, dict) and not ("to" in value and set(value) <= {"to", "source"}):
            yield from _flat(value, path)
        else:
            yield ".".join(path), ("world", *path), value["to"] if isinstance(value, dict) else value


def _as_written(step: Any) -> Any:
    """Return a Step, or a Step dumped to a dict, as it would stand in a file."""
    if isinstance(step, Step):
        step = step.model_dump()
    if isinstance(step, dict) and "over_months" in step:
        step = {key: value for key, value in step.items() if value is not None}
        step["over"] = f"{step.pop('over_months')} months"
    return step


def _hint(given: Any, allowed: Iterable[str]) -> str:
    names = list(allowed)
    near = difflib.get_close_matches(str(given), names, n=3, cutoff=0.5)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return f"; allowed: {', '.join(names[:20])}{' …' * (len(names) > 20)}" if names else "; none is declared"


def _short(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}…"
