"""Which row of an array is an agent's, how its other axes are called, and which unit a name carries."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from ..world.build.projects import PARTS
from ..world.limiting import CAUSES
from ..world.money.matrices import TANGIBLE
from ..world.parties import SECTORS

NOT_MINE = object()
MOST_NUMBERS = 400  # larger pieces are summed up
# arrays whose other axes are months, whatever their length
MONTHS = ("transit_h100e", "transit_it_gw", "fab_coming", "margin_ring")
# axes of one length are told apart by words in the name of an array
HINTS = {
    "part": ("part",), "memory makers": ("memory",), "asset": ("tangible", "bought", "depreciation"), "designers": ("chip", "designer"),
    "line": ("line_forward", "line_reverse"), "chipmaker": ("fab", "chip"),
}  # fmt: skip
# endings of names -> how the unit is written
UNITS = {
    "musd": "MUSD", "busd": "BUSD", "usd": "USD", "gw": "GW", "kw": "kW", "w": "W", "gwh": "GWh", "mwh": "MWh",
    "gj": "GJ", "gb": "GB", "h100e": "H100e", "mt": "Mt", "t": "t", "kg": "kg", "years": "yr", "year": "yr",
    "months": "months", "month": "month", "hours": "h", "share": "1", "fraction": "1", "factor": "1",
}  # fmt: skip
# arrays of codes -> what the codes mean
CODES = {"binding": CAUSES}
# words after the unit that do not change it
DECORATION = {"zone", "smooth", "opening", "before", "total", "now", "nation", "expected"}


class Agent(NamedTuple):
    """Who is asked about: party number, sector of `parties`, row in the sector, home nation."""

    name: str
    party: int
    sector: str
    row: int
    nation: int


class Axes:
    """The axes of a world's arrays by length, seen from one agent."""

    def __init__(self, world: Any, agent: Agent):
        places, statics, parties = world.places, world.statics, world.parties
        of, names = parties.of, distinct_names(parties)
        self.agent = agent
        makers = of["chipmaker"]
        self.labels: dict[str, list[str]] = {
            "nation": list(places.nations), "zone": list(places.zones), "technology": list(places.technologies),
            "plant or hall": [*places.technologies, "hall"], "party": list(names), "part": list(PARTS), "cause": list(CAUSES),
            "asset": list(TANGIBLE),
            "line": [f"{places.zones[a]}>{places.zones[b]}" for a, b in zip(places.line_from, places.line_to, strict=True)],
            "firm": [names[p] for p in statics.firms],
        }  # fmt: skip
        for sector in of:
            if len(of[sector]) and len(of[sector]) not in (len(places.nations), len(places.zones)):
                self.labels[sector] = [names[p] for p in of[sector]]
        # some kinds come in roles, and arrays hold one role only
        self.roles = {role: getattr(statics, role) for role in ("designers", "logic_makers", "memory_makers")}
        for role, rows in self.roles.items():
            self.labels[role.replace("_", " ")] = [names[makers[row]] for row in rows]
        self.count = {sector: len(of[sector]) for sector in of}
        self.zones = np.flatnonzero(places.zone_nation == agent.nation)
        self.firms = list(statics.firms)

    def pick(self, name: str, value: Any, sector: str) -> Any:
        """Return the agent's part of `value`, labelled, as plain Python; NOT_MINE where it holds others only.

        `sector` is the kind of agent whose module made the value; "" where that is not known.
        """
        array = np.asarray(value)
        if array.dtype.kind not in "bifu":
            return str(value) if array.ndim == 0 else NOT_MINE
        while array.ndim and array.shape[0] == 1:
            array = array[0]
        if array.ndim == 0:
            if name.split(".")[-1] in CODES and array.dtype.kind in "iu":
                return CODES[name.split(".")[-1]][int(array)]
            return _plain(array)
        found = self._own_axis(name, array.shape, sector)
        if found is None:
            return self._labelled(name, array)
        axis, row = found
        if row is None:
            return NOT_MINE
        if isinstance(row, np.ndarray):  # the zones of a nation
            return {self.labels["zone"][z]: self._labelled(name, array[z]) for z in row}
        part = np.take(array, row, axis=axis)
        return self.pick(name, part, "") if part.ndim == 0 else self._labelled(name, part)

    def holds_row(self, name: str, value: Any, sector: str) -> bool:
        """Return whether a value has a row of the agent or of its nation, or is one number."""
        shape = np.shape(value)
        return not shape or self._own_axis(name, shape, sector) is not None

    def concerns(self, value: Any) -> bool:
        """Return whether the first axis of a value that another kind's module made can only be this agent's."""
        if isinstance(value, list | tuple):
            return any(self.concerns(part) for part in value)
        if not isinstance(value, np.ndarray) or value.ndim == 0:
            return False
        axis = self._axis("", len(value))
        if axis == "firm":
            return self.agent.party in self.firms
        return axis in ("party", self.agent.sector)

    def _own_axis(self, name: str, shape: tuple[int, ...], sector: str) -> tuple[int, Any] | None:
        agent = self.agent
        kind = self._axis(name, shape[0])
        if kind == "party":
            return 0, agent.party
        if kind == "firm":
            return 0, self.firms.index(agent.party) if agent.party in self.firms else None
        if sector == agent.sector:
            for axis, length in enumerate(shape):
                if length == self.count[sector]:
                    return axis, agent.row
            if sector == "chipmaker":
                for rows in self.roles.values():
                    if shape[0] == len(rows):
                        hit = np.flatnonzero(rows == agent.row)
                        return 0, int(hit[0]) if len(hit) else None
        if kind == agent.sector:
            return 0, agent.row
        if kind == "zone" and agent.sector == "utility":
            return 0, agent.row
        if kind == "zone" and agent.sector in ("government", "households", "bank", "fund"):
            return 0, self.zones
        if shape[0] == len(self.labels["nation"]):
            return 0, agent.nation
        return None

    def _axis(self, name: str, length: int) -> str:
        """Return what an axis of a length is; empty where nothing or several things are so long."""
        found = [axis for axis, labels in self.labels.items() if len(labels) == length]
        if len(found) > 1:
            found = [axis for axis in found if any(word in name for word in HINTS.get(axis, ()))]
        return found[0] if len(found) == 1 else ""

    def _labelled(self, name: str, array: np.ndarray) -> Any:
        """Return nested dicts by label where the length of an axis tells its meaning, else lists."""
        while array.ndim and len(array) == 1:
            array = array[0]
        if array.ndim == 0:
            return _plain(array)
        if array.size > MOST_NUMBERS:
            some = array[np.isfinite(array)] if array.dtype.kind == "f" else array
            if not some.size:
                return {"shape": list(array.shape)}
            return {"shape": list(array.shape), "least": _plain(some.min()), "mean": _plain(some.mean()), "most": _plain(some.max())}
        parts = [self._labelled(name, part) for part in array]
        if name in MONTHS:
            return {f"month {i}": part for i, part in enumerate(parts)}
        axis = self._axis(name, len(array))
        return dict(zip(self.labels[axis], parts, strict=True)) if axis else parts


def _plain(value: Any) -> Any:
    """Return a number as Python's own; what is not finite as text, since JSON has no word for it."""
    number = np.asarray(value).item()
    if isinstance(number, float) and not np.isfinite(number):
        return str(number)
    return number


def distinct_names(parties: Any) -> list[str]:
    """Return the parties' names, "kind:name" where several are called alike: no two are the same."""
    count = Counter(name.casefold() for name in parties.names)
    return [
        name if count[name.casefold()] == 1 else f"{SECTORS[sector]}:{name}"
        for name, sector in zip(parties.names, parties.sector, strict=True)
    ]


def unit_of(name: str) -> str:
    """Return the unit that a name ends with ("price_usd_per_kw" -> "USD/kW"); empty where it names none."""
    words = name.split(".")[-1].split("_")
    while len(words) > 1 and words[-1] in DECORATION:
        words.pop()
    first = len(words)
    if words[-1] == "w" and words[-2:-1] not in (["it"], ["per"]):
        return ""  # an index, not watts
    while first > 1 and (words[first - 1] in UNITS or words[first - 1] == "per"):
        first -= 1
    words = words[first:]
    if not words or words[0] == "per":
        return "1/yr" if words[1:] == ["year"] else ""
    above, below = [], []
    for word in words:
        if word == "per":
            below.append("")
        elif below:
            below = [*(x for x in below if x), UNITS[word]]
        else:
            above.append(UNITS[word])
    return "/".join([above[-1], *(x for x in below if x)])


def said_of(name: str, doc: str) -> str:
    """Return what a docstring says of a parameter: the words after `name` up to the next stop."""
    match = re.search(rf"`{re.escape(name)}`\s+([^`;.,(]+)", doc)
    return " ".join(match[1].split()) if match else ""
