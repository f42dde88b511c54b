"""Values of a scenario read one by one: every fault is gathered with its path, nothing raises."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ..world.calendar import months_since_zero
from ..world.money.regimes import REGIMES, USUAL
from .parts import (
    DIRECTIONS,
    DISTRIBUTIONS,
    EARLIEST,
    EVERYONE,
    GOODS,
    LATEST,
    LATEST_START,
    LONGEST_TEXT,
    MOST_SHOCKS,
    MOST_STEPS,
    NAME,
    OLDEST,
    SHOCKS,
    SOURCE_HINT,
    STEP_KEYS,
    SWITCHES,
    Cell,
    Choices,
    Distribution,
    Fault,
    Lever,
    Shock,
    Step,
)
from .quantity import QuantityError, read_months, read_quantity

MOST_FAULTS = 100
MOST_NAMES = 20  # in a message; `wattrace scenarios names` prints all


class Enough(Exception):
    """There are more faults than are worth telling."""


@dataclass
class Checker:
    """Gathers faults while values are read."""

    known: Choices
    python: bool  # from Python: numbers are in the table's unit, and a step needs no date and no source
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: tuple[str | int, ...], text: str) -> None:
        """Note a fault. Raises Enough after MOST_FAULTS: nobody reads more, and a hostile file could hold a million."""
        self.faults.append(Fault(path, text))
        if len(self.faults) >= MOST_FAULTS:
            raise Enough

    def text(self, path: tuple[str | int, ...], given: Any, longest: int = LONGEST_TEXT) -> str:
        if isinstance(given, str) and len(given) <= longest and given.isprintable():
            return given
        self.fault(path, f"is {short(given)}; allowed: a text of up to {longest} characters in one line")
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
            shown = given.isoformat() if isinstance(given, datetime.date) else short(given)
            self.fault(
                path, f'is {shown}; allowed: a month, "2027-01", or the date of its first day, 2027-01-01'
            )
            return None

    def dated(self, path: tuple[str | int, ...], given: Any) -> str | None:
        """Return "YYYY-MM" of the date of a step or a shock."""
        month = self.month(path, given)
        if month is not None and not OLDEST <= month <= LATEST:
            self.fault(path, f"is {month}; allowed: a month from {OLDEST} to {LATEST}")
            return None
        return month

    def named(self, path: tuple[str | int, ...], given: Any, allowed: Iterable[str], what: str) -> bool:
        if given in allowed:
            return True
        self.fault(path, f"is not a known {what}{hint(given, allowed)}")
        return False

    def switch(self, path: tuple[str | int, ...], given: Any) -> bool:
        if isinstance(given, bool):
            return given
        if given in ("on", "off"):
            return given == "on"
        self.fault(path, f'is {short(given)}; allowed: "on" or "off" (or true, false)')
        return True

    def regime(self, path: tuple[str | int, ...], given: Any) -> str:
        if isinstance(given, str) and given in REGIMES:
            return given
        self.fault(path, f"is {short(given)}; allowed: {', '.join(REGIMES)}")
        return USUAL

    def policy(self, given: Any) -> dict[str, dict[str, tuple[Step, ...]]]:
        clean: dict[str, dict[str, tuple[Step, ...]]] = {}
        if not isinstance(given, dict):
            self.fault(("policy",), f"is {short(given)}; allowed: one table per nation, [policy.NATION]")
            return clean
        for nation, levers in given.items():
            path = ("policy", nation)
            if not self.named(path, nation, self.known.nations, "nation"):
                continue
            if not isinstance(levers, dict):
                self.fault(path, f"is {short(levers)}; allowed: a table of levers")
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
            self.fault(path, f"is {short(given)}; allowed: a step {{ on = …, to = …, source = … }}")
            return None
        before = len(self.faults)
        for key in given:
            self.named((*path, key), key, STEP_KEYS, "part of a step")
        missing = [key for key in (("to",) if self.python else ("on", "to", "source")) if key not in given]
        if missing:
            self.fault(path, f"has no {', '.join(missing)}; a step needs on, to and source ({SOURCE_HINT})")
        on = self.dated((*path, "on"), given["on"]) if "on" in given else None
        announced = self.dated((*path, "announced"), given["announced"]) if "announced" in given else None
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

    def world(self, given: Any) -> tuple[dict[str, float], dict[str, Distribution]]:
        """Return the numbers that are set, and those that are unsure."""
        sure: dict[str, float] = {}
        unsure: dict[str, Distribution] = {}
        if not isinstance(given, dict):
            self.fault(("world",), f"is {short(given)}; allowed: a table of parameters")
            return sure, unsure
        for name, path, value in _flat(given):
            cell = self.cell(path, name)
            if cell is None:
                continue
            if isinstance(value, dict | Distribution):
                spread = self.distribution(path, value, cell)
                if spread is not None:
                    unsure[name] = spread
                continue
            number = self.number(path, value, cell)
            if number is not None:
                sure[name] = number
        return sure, unsure

    def cell(self, path: tuple[str | int, ...], name: str) -> Cell | None:
        cells = self.known.cells
        try:
            return cells[name]
        except KeyError:
            names = cells.near(name) if hasattr(cells, "near") else cells
            self.fault(path, f"is not a known parameter{hint(name, names)}")
            return None

    def number(self, path: tuple[str | int, ...], value: Any, cell: Cell) -> float | None:
        """Return a number in the unit of the tables, within the bounds of its table."""
        bare = self.python and not isinstance(value, str)
        try:
            number = read_quantity(value, "1" if bare else cell.unit)
        except QuantityError as error:
            self.fault(path, str(error))
            return None
        if cell.least <= number <= cell.most:
            return number
        self.fault(path, f"is {short(value)}; allowed: {cell.least:g} to {cell.most:g} {cell.unit}")
        return None

    def distribution(self, path: tuple[str | int, ...], given: Any, cell: Cell) -> Distribution | None:
        given = _distribution_as_written(given) if self.python else given
        kind = given.get("dist")
        if kind not in DISTRIBUTIONS:
            text = f"is {short(kind)}" if "dist" in given else "is missing"
            self.fault((*path, "dist"), f"{text}; allowed: {', '.join(DISTRIBUTIONS)}")
            return None
        before = len(self.faults)
        wanted = DISTRIBUTIONS[kind]
        for key in given:
            self.named((*path, key), key, ("dist", *wanted, "source"), f"part of dist = {kind!r}")
        missing = [key for key in (*wanted, *(() if self.python or kind == "table" else ("source",))) if key not in given]
        if missing:
            self.fault(path, f"has no {', '.join(missing)}; {kind} needs {', '.join((*wanted, 'source'))} ({SOURCE_HINT})")
        source = self.text((*path, "source"), given.get("source", "")).strip()
        numbers = self.spread_numbers(path, kind, given, cell)
        if len(self.faults) > before or not self.ordered(path, kind, numbers):
            return None
        return Distribution(kind="triangular" if kind == "table" else kind, numbers=tuple(numbers), source=source or "range of the table")

    def spread_numbers(self, path: tuple[str | int, ...], kind: str, given: dict[str, Any], cell: Cell) -> list[float]:
        if kind == "table":
            return [cell.low, cell.value, cell.high]
        if kind == "values":
            listed = given.get("values")
            if not isinstance(listed, list | tuple) or not 1 <= len(listed) <= MOST_STEPS:
                self.fault((*path, "values"), f"is {short(listed)}; allowed: a list of 1 to {MOST_STEPS} values")
                return []
            found = [self.number((*path, "values"), one, cell) for one in listed]
        else:
            found = [self.number((*path, key), given[key], cell) for key in DISTRIBUTIONS[kind] if key in given]
        return [one for one in found if one is not None]

    def ordered(self, path: tuple[str | int, ...], kind: str, numbers: list[float]) -> bool:
        """Return whether the numbers rise as they must."""
        if kind == "values":
            return True
        rises = all(a <= b for a, b in pairwise(numbers)) and numbers[0] < numbers[-1]
        if not rises:
            shown = " to ".join(f"{one:g}" for one in numbers)
            self.fault(path, f"spreads from {shown}; allowed: numbers that rise{', which the table does not have' * (kind == 'table')}")
        elif kind == "lognormal" and numbers[0] <= 0.0:
            self.fault((*path, "p10"), f"is {numbers[0]:g}; allowed for lognormal: above 0")
            return False
        return rises

    def shocks(self, given: Any) -> tuple[Shock, ...]:
        if not isinstance(given, list | tuple) or len(given) > MOST_SHOCKS:
            self.fault(("shocks",), f"is {short(given)}; allowed: up to {MOST_SHOCKS} tables [[shocks]]")
            return ()
        found = [self.shock(("shocks", i), one) for i, one in enumerate(given)]
        return tuple(one for one in found if one is not None)

    def shock(self, path: tuple[str | int, ...], given: Any) -> Shock | None:
        given = shock_as_written(given) if self.python else given
        if not isinstance(given, dict):
            self.fault(path, f"is {short(given)}; allowed: a table with what, where, on, lasts, source")
            return None
        before = len(self.faults)
        what = given.get("what")
        if what not in SHOCKS:
            text = f"is {short(what)}" if "what" in given else "is missing"
            self.fault((*path, "what"), f"{text}{hint(what or '', SHOCKS)}")
        needed = ("where", "on", "lasts", *(() if self.python else ("source",)))
        missing = [key for key in needed if key not in given]
        if missing:
            kind = what if what in SHOCKS else "shock"
            self.fault(path, f"has no {', '.join(missing)}; a {kind} needs {', '.join(needed)} ({SOURCE_HINT})")
        if what not in SHOCKS:
            return None
        for key in given:
            self.named((*path, key), key, ("what", "where", "on", "lasts", "source", *SHOCKS[what]), f"part of a {what}")
        fields: dict[str, Any] = {"what": what, "source": self.text((*path, "source"), given.get("source", "")).strip()}
        if "source" in given and not fields["source"] and not self.python:
            self.fault((*path, "source"), f"is empty; say where the shock comes from ({SOURCE_HINT})")
        if "on" in given:
            fields["on"] = self.dated((*path, "on"), given["on"])
        self.chosen(path, given, "where", self.known.places(what), fields)
        self.chosen(path, given, "technology", self.known.technologies, fields)
        self.chosen(path, given, "with", (EVERYONE, *self.known.nations), fields, "partner")
        self.chosen(path, given, "goods", GOODS, fields)
        self.chosen(path, given, "direction", DIRECTIONS, fields)
        self.size_of_shock(path, given, fields)
        return None if len(self.faults) > before else Shock(**fields)

    def chosen(
        self, path: tuple[str | int, ...], given: dict[str, Any], key: str, allowed: Iterable[str], fields: dict[str, Any], name: str = ""
    ) -> None:
        """Read a key that must be one of several words, where it is given."""
        if key not in given:
            return
        value = given[key]
        if isinstance(value, str) and value in allowed:
            fields[name or key] = value
        else:
            # places are nations and companies: somebody who means a nation must not be led to a company that sounds a little like it
            self.fault((*path, key), f"is {short(value)}{hint(value, allowed, 0.75 if key == 'where' else 0.5)}")

    def size_of_shock(self, path: tuple[str | int, ...], given: dict[str, Any], fields: dict[str, Any]) -> None:
        try:
            if "lasts" in given:
                fields["lasts_months"] = read_months(given["lasts"])
                if fields["lasts_months"] < 1:
                    self.fault((*path, "lasts"), f"is {short(given['lasts'])}; allowed: at least 1 month")
        except QuantityError as error:
            self.fault((*path, "lasts"), str(error))
        try:
            if "share" in given:
                fields["share"] = read_quantity(given["share"], "1")
                if not 0.0 < fields["share"] <= 1.0:
                    self.fault((*path, "share"), f"is {short(given['share'])}; allowed: above 0 up to 100 %")
        except QuantityError as error:
            self.fault((*path, "share"), str(error))


def check(
    given: dict[str, Any], known: Choices, *, python: bool = False
) -> tuple[dict[str, Any], list[Fault]]:
    """Return (fields of a Scenario, faults) of raw content shaped like a file's tables, or from `python`."""
    checker = Checker(known, python)
    clean: dict[str, Any] = {}
    try:
        _check_heads(checker, given, clean)
        _check_tables(checker, given, clean)
    except Enough:
        checker.faults.append(Fault((), f"and more; the first {MOST_FAULTS} faults are shown"))
    return clean, checker.faults


def _check_heads(checker: Checker, given: dict[str, Any], clean: dict[str, Any]) -> None:
    """Check name, title and dates."""
    if "name" in given:
        clean["name"] = given["name"]
        if not (isinstance(given["name"], str) and NAME.fullmatch(given["name"])):
            text = f"is {short(given['name'])}; allowed: up to 60 small letters, digits and hyphens"
            checker.fault(("name",), text)
    if "title" in given:
        clean["title"] = checker.text(("title",), given["title"], 120)
    for key in ("start", "until"):
        if key not in given:
            continue
        month = checker.month((key,), given[key])
        if month is None:
            continue
        if key == "start" and not (month.endswith("-01") and EARLIEST <= month <= LATEST_START):
            why = "" if month.endswith("-01") else ": what stands at a start is tabled for the turn of each year"
            checker.fault((key,), f"is {month}; allowed: a January, {EARLIEST} to {LATEST_START}{why}")
        if key == "until" and not EARLIEST <= month <= LATEST:
            checker.fault((key,), f"is {month}; allowed: {EARLIEST} to {LATEST}")
        clean[key] = month
    start, until = clean.get("start", "2026-01"), clean.get("until", "2046-01")
    if until <= start:
        key = "until" if "until" in clean else "start"
        checker.fault((key,), f"gives a run from {start} to {until}; allowed: an end after the start")


def _check_tables(checker: Checker, given: dict[str, Any], clean: dict[str, Any]) -> None:
    """Check policy, world, shocks and switches."""
    if "policy" in given:
        clean["policy"] = checker.policy(given["policy"])
    sure: dict[str, float] = {}
    unsure: dict[str, Distribution] = {}
    for key in ("world", "uncertain"):
        if key in given:
            more, spread = checker.world(given[key])
            sure, unsure = sure | more, unsure | spread
            clean["world"], clean["uncertain"] = sure, {name: one for name, one in unsure.items() if name not in sure}
    if "shocks" in given:
        clean["shocks"] = checker.shocks(given["shocks"])
    for key in SWITCHES:
        if key in given:
            clean[key] = checker.regime((key,), given[key]) if key == "regime" else checker.switch((key,), given[key])


def _flat(given: dict[str, Any], before: tuple[str, ...] = ()) -> Iterable[tuple[str, tuple[str, ...], Any]]:
    """Yield (dotted name, path in the file, value): a dotted key may be written with or without quotes."""
    for key, value in given.items():
        path = (*before, key)
        if isinstance(value, dict) and "to" in value and set(value) <= {"to", "source"}:
            yield ".".join(path), ("world", *path), value["to"]
        elif isinstance(value, dict) and not _spread(value):
            yield from _flat(value, path)
        else:
            yield ".".join(path), ("world", *path), value


def _spread(value: dict[str, Any]) -> bool:
    """Return whether a table is a distribution rather than the first part of dotted names."""
    return isinstance(value.get("dist"), str) or isinstance(value.get("numbers"), list | tuple) or "p10" in value


def _as_written(step: Any) -> Any:
    """Return a Step, or a Step dumped to a dict, as it would stand in a file."""
    if isinstance(step, Step):
        step = step.model_dump()
    if isinstance(step, dict) and "over_months" in step:
        step = {key: value for key, value in step.items() if value is not None}
        step["over"] = f"{step.pop('over_months')} months"
    return step


def shock_as_written(shock: Any) -> Any:
    """Return a Shock, or a Shock dumped to a dict, as it would stand in a file."""
    if isinstance(shock, Shock):
        shock = shock.model_dump()
    if not isinstance(shock, dict) or "lasts_months" not in shock:
        return shock
    keys = SHOCKS.get(shock.get("what", ""), ())
    written = {key: shock[key] for key in ("what", "where", "on", "source") if key in shock}
    written["lasts"] = f"{shock['lasts_months']} months"
    named = {"with": shock.get("partner"), **{key: shock.get(key) for key in keys if key != "with"}}
    return written | {key: value for key, value in named.items() if key in keys and value not in (None, "")}


def _distribution_as_written(given: Any) -> dict[str, Any]:
    """Return a Distribution, or one dumped to a dict, as it would stand in a file."""
    if isinstance(given, Distribution):
        given = given.model_dump()
    if not isinstance(given, dict) or "numbers" not in given:
        return given
    kind, numbers = given.get("kind"), list(given["numbers"])
    written = {"dist": kind, "source": given.get("source", "")}
    if kind == "values":
        return written | {"values": numbers}
    return written | dict(zip(DISTRIBUTIONS.get(str(kind), ()), numbers, strict=False))


def hint(given: Any, allowed: Iterable[str], alike_from: float = 0.5) -> str:
    """Return what may be meant: names at least `alike_from` alike (0 to 1), or all that are allowed."""
    names = list(allowed)
    text = str(given)[:100]
    # a name meant is about as long; comparing with all names would take a second for a file full of wrong ones
    alike = [name for name in names if abs(len(name) - len(text)) <= max(4, len(text) // 4)]
    near = difflib.get_close_matches(text, alike, n=3, cutoff=alike_from)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    if not names:
        return "; none is declared"
    more = f" … ({len(names)} in all: wattrace scenarios names)" if len(names) > MOST_NAMES else ""
    return f"; allowed: {', '.join(names[:MOST_NAMES])}{more}"


def short(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}…"
