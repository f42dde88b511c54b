"""Quantities as people write them: "9 months", "50 %", "1.5 x". The number is read strictly before any unit is."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

LONGEST = 60
# a plain decimal number with a small exponent, then a unit of letters, digits after ^, and the signs / * ^ % space
_PATTERN = re.compile(r"\s*([+-]?\d{1,15}(?:_\d{3})*(?:\.\d{1,15})?(?:[eE][+-]?\d{1,2})?)\s*(.*?)\s*", re.ASCII)
_UNIT = re.compile(r"[A-Za-z%$][A-Za-z0-9_%$]*(?:\^-?[1-3])?(?:\s*[/*]\s*[A-Za-z%$][A-Za-z0-9_%$]*(?:\^-?[1-3])?){0,3}|1/[A-Za-z]+|1")
_FACTORS = {"": 1.0, "1": 1.0, "x": 1.0, "%": 0.01}  # what may follow a pure number
_MONTHS = {"month": 1, "months": 1, "mo": 1, "year": 12, "years": 12, "yr": 12, "a": 12}


class QuantityError(ValueError):
    """The text is not a quantity in the wanted unit. The message says what was given and what is allowed."""


def split_quantity(given: Any) -> tuple[float, str]:
    """Return (number, unit text) of a quantity. Raises QuantityError."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise QuantityError(f"is {given!r}; allowed: a number with its unit in quotes, e.g. \"50 %\"")
    if not isinstance(given, str):
        try:
            number = float(given)
        except OverflowError:
            raise QuantityError(f"is a number of {len(str(given))} digits; allowed: one below 1e308") from None
        if not math.isfinite(number):
            raise QuantityError(f"is {given!r}; allowed: a finite number")
        return number, ""
    if len(given) > LONGEST:
        raise QuantityError(f"is {given[:20]!r}… ({len(given)} characters); allowed: a number and a unit in {LONGEST} characters")
    match = _PATTERN.fullmatch(given)
    if not match:
        raise QuantityError(f"is {given!r}; allowed: a plain number with its unit, e.g. \"50 %\" or \"9 months\"")
    unit = match[2]
    if unit and not _UNIT.fullmatch(unit):
        raise QuantityError(f"is {given!r}; the unit {unit!r} is not understood; allowed: one like \"GW/yr\" or \"%\"")
    return float(match[1]), unit


def read_quantity(given: Any, unit: str, words: dict[str, float] | None = None) -> float:
    """Return a quantity in `unit` ("1" for a pure number). `words` names values. Raises QuantityError."""
    if words and isinstance(given, str) and given in words:
        return words[given]
    if words and isinstance(given, str) and not any(c.isdigit() for c in given):
        raise QuantityError(f"is {given!r}; allowed: {', '.join(words)}")
    if isinstance(given, str) and len(given) <= LONGEST and given.rstrip().endswith(unit):
        # the unit just as the table writes it, which may be more than a unit: "human h/robot h"
        rest = given.rstrip().removesuffix(unit)
        match = _PATTERN.fullmatch(rest)
        # a unit that begins with a figure stands apart: the last figure of "0.01" is no unit "1"
        apart = not unit[:1].isdigit() or rest[-1:].isspace()
        if match and not match[2] and apart:
            return float(match[1])
    number, given_unit = split_quantity(given)
    if given_unit == unit:
        return number
    if unit == "1":
        if given_unit in _FACTORS:
            return number * _FACTORS[given_unit]
        raise QuantityError(f"is {given!r}; allowed: a pure number or a percentage, e.g. \"0.5\", \"0.5 x\" or \"50 %\"")
    if not given_unit:
        raise QuantityError(f"is {given!r}, without a unit; allowed: a number in {unit}, e.g. \"{number:g} {unit}\"")
    return _convert(number, given_unit, unit, given)


def read_months(given: Any) -> int:
    """Return a duration in whole months. Raises QuantityError."""
    number, unit = split_quantity(given)
    months = number * _MONTHS.get(unit, math.nan)
    if not (math.isfinite(months) and 0 <= months <= 1200 and abs(months - round(months)) < 1e-9):
        raise QuantityError(f"is {given!r}; allowed: whole months up to 1200, e.g. \"24 months\" or \"2 years\"")
    return round(months)


def _convert(number: float, given_unit: str, unit: str, given: Any) -> float:
    import pint

    registry = _registry()
    try:
        return float(registry.Quantity(number, registry.parse_units(_plain(given_unit))).to(_plain(unit)).magnitude)
    except (pint.errors.PintError, ValueError, AttributeError, TypeError) as error:
        raise QuantityError(f"is {given!r}, which is not a quantity in {unit} ({error}); allowed: a number in {unit}") from None


def _plain(unit: str) -> str:
    return unit.replace("%", "percent").replace("$", "USD").replace("^", "**")


@lru_cache(maxsize=1)
def _registry():
    """Return pint's registry with the units of this field."""
    import pint

    registry = pint.UnitRegistry()
    for line in (
        "USD = [money] = _ = dollar",
        "BUSD = 1e9 * USD = _ = bn_USD",
        "MUSD = 1e6 * USD",
        "H100e = [h100_equivalents]",
        "yr = year",
        "coin = watt",
        "robot = [robots] = _ = robots",
        "worker = [workers] = _ = workers",
        "wafer = [wafers] = _ = wafers",
        "flight = [flights] = _ = flights",
        "CO2 = 1",
    ):
        registry.define(line)
    return registry
