"""The parts of a scenario: dated steps, shocks, distributions, and what a scenario may name."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

EARLIEST, LATEST = "2016-01", "2101-01"
OLDEST = "1900-01"  # of the dates of steps and shocks: some were announced long before the first start; older is a slip of the pen
# What stands at a start (plants, halls, chips, robots) is tabled for the turn of each year, up to this one. A world that began in
# another month would open with the stocks of the January before it, up to 11 months out of date.
LATEST_START = "2026-01"
MOST_STEPS = 100
MOST_SHOCKS = 100
LONGEST_TEXT = 500
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
STEP_KEYS = ("announced", "on", "to", "over", "source")
TOP_KEYS = ("schema_version", "name", "title", "extends", "start", "until", "policy", "world", "shocks", "switches")
SWITCHES = ("draws", "growth", "regime")
SOURCE_HINT = '"assumption: …" is allowed'
# kinds of shocks -> the keys each may have beside what, where, on, lasts and source
SHOCKS: dict[str, tuple[str, ...]] = {
    "fab_outage": ("share",),
    "plant_outage": ("share", "technology"),
    "launch_outage": ("share",),
    "trade_stop": ("with", "goods", "direction"),
}
GOODS = ("chips", "parts", "all")
DIRECTIONS = ("out", "in", "both")
EVERYONE = "all"
# kinds of distributions -> their numbers, in order; "values" is a list, "table" takes low, value and high of the tables
DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "table": (),
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "normal": ("p10", "p90"),
    "lognormal": ("p10", "p90"),
    "values": ("values",),
}
_Z90 = 1.2815515655446004  # the standard normal's 90th percentile
_EDGE = 1e-9


def _shown(text: str) -> str:
    """Return a text with what does not print written out: a stranger's file must not move the cursor or forge a line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class ScenarioError(ValueError):
    """The scenario is not usable. `faults` holds every fault: where, what was given, what is allowed."""

    def __init__(self, faults: list[str]):
        self.faults = [_shown(fault) for fault in faults]
        count = f"{len(faults)} fault{'s' * (len(faults) != 1)} in the scenario"
        super().__init__(f"{count}; mend and run again:\n  " + "\n  ".join(self.faults))


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


class Cell(NamedTuple):
    """A number of the tables that a scenario may set: its unit, its own range and value, and the table's bounds."""

    unit: str
    low: float
    value: float
    high: float
    least: float
    most: float


@dataclass(frozen=True)
class Choices:
    """What a scenario may name: nations, levers, parameters {name: unit}, as the tables have them."""

    nations: tuple[str, ...]
    levers: dict[str, Lever]
    parameters: dict[str, str]
    cells: dict[str, Cell] = field(default_factory=dict)
    zones: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()
    makers: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()

    def places(self, what: str) -> tuple[str, ...]:
        """Return where a kind of shock may strike."""
        more = {"fab_outage": self.makers, "plant_outage": self.zones, "launch_outage": self.providers}
        return (*self.nations, *more.get(what, ()))


class Step(BaseModel):
    """A dated value of a lever. Without `on` it holds from the start; `over_months` leads there in a line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: float
    on: str | None = None
    over_months: int = 0
    announced: str | None = None
    source: str = ""


class Shock(BaseModel):
    """What strikes from outside: `share` of the capacity of a place is lost, or trade with it stops, for some months."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    where: str
    on: str
    lasts_months: int
    share: float = 1.0
    technology: str = ""
    partner: str = EVERYONE
    goods: str = EVERYONE
    direction: str = "both"
    source: str = ""


class Distribution(BaseModel):
    """How unsure a number is. `numbers` stand in the unit of the tables, in the order of DISTRIBUTIONS."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    numbers: tuple[float, ...]
    source: str = ""

    def quantile(self, u: float) -> float:
        """Return the value below which a share `u` (0 to 1) lies."""
        u = min(max(float(u), _EDGE), 1.0 - _EDGE)
        a = self.numbers
        if self.kind == "uniform":
            return a[0] + (a[1] - a[0]) * u
        if self.kind == "triangular":
            return _triangular(a[0], a[1], a[2], u)
        if self.kind == "values":
            return a[min(int(u * len(a)), len(a) - 1)]
        low, high = (math.log(a[0]), math.log(a[1])) if self.kind == "lognormal" else (a[0], a[1])
        at = 0.5 * (low + high) + (high - low) / (2.0 * _Z90) * _normal_quantile(u)
        return math.exp(at) if self.kind == "lognormal" else at

    def median(self) -> float:
        """Return the value that a single run uses."""
        return self.quantile(0.5)


def _triangular(low: float, mode: float, high: float, u: float) -> float:
    left = (mode - low) / (high - low)
    if u < left:
        return low + math.sqrt(u * (high - low) * (mode - low))
    return high - math.sqrt((1.0 - u) * (high - low) * (high - mode))


def _normal_quantile(u: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(u)
