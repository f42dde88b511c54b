"""Shocks from outside: capacity that is out for a while, and trade that stops. They act through usable shares only.

Nothing is destroyed: plants stay accredited and owned, lines stay built. While a shock lasts a share of them gives nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

_ALL = "all"


class Struck(NamedTuple):
    """One shock in numbers: from month `first` up to but not including `last`."""

    first: int
    last: int
    what: str
    share: float
    rows: np.ndarray  # plants: flat zone × technology; fabs and launchers: rows; trade: flat seller × buyer
    goods: str
    region: str
    text: str


class Usable(NamedTuple):
    """What is usable this month: shares from 0 to 1, and between which nations goods may pass (seller × buyer)."""

    plants: np.ndarray  # [Z, K]
    fabs: np.ndarray  # [chip makers]
    launchers: np.ndarray  # [launch providers]
    chips: np.ndarray  # [N, N] bool
    parts: np.ndarray  # [N, N] bool

    @property
    def plants_whole(self) -> bool:
        return bool((self.plants == 1.0).all())


class Shocks:
    """All shocks of a scenario, compiled to rows. Raises KeyError for a place there is not."""

    def __init__(self, shocks: Any, places: Any, parties: Any, calendar: Any):
        self.places, self.parties = places, parties
        self.struck = [self._compiled(one, calendar) for one in shocks]

    def usable(self, month: int) -> Usable:
        """Return what is usable in a month; where several shocks strike, their shares multiply."""
        nations = len(self.places.nations)
        now = Usable(
            np.ones((len(self.places.zones), len(self.places.technologies))), np.ones(len(self.parties.of["chipmaker"])),
            np.ones(len(self.parties.of["launcher"])), np.ones((nations, nations), bool), np.ones((nations, nations), bool),
        )  # fmt: skip
        parts = {"plant_outage": now.plants, "fab_outage": now.fabs, "launch_outage": now.launchers}
        for one in self.struck:
            if not one.first <= month < one.last:
                continue
            if one.what in parts:
                parts[one.what].reshape(-1)[one.rows] *= 1.0 - one.share
                continue
            for goods, trade in (("chips", now.chips), ("parts", now.parts)):
                if one.goods in (goods, _ALL):
                    trade.reshape(-1)[one.rows] = False
        return now

    def advance(self, world: Any) -> None:
        """Set what is usable in the month that begins, and tell what begins and ends."""
        month = world.state.month
        turns = [one for one in self.struck if month in (one.first, one.last) or (month == 0 and one.first < 0 < one.last)]
        if not turns:
            return
        world.state.usable = self.usable(month)
        for one in turns:
            world.tell("shock", one.region, "", f"{one.text} {'ends' if month == one.last else 'begins'}.")

    def _compiled(self, shock: Any, calendar: Any) -> Struck:
        first = calendar.index(shock.on)
        rows = {
            "plant_outage": self._plants, "fab_outage": lambda one: self._makers("chipmaker", one.where),
            "launch_outage": lambda one: self._makers("launcher", one.where), "trade_stop": self._trade,
        }[shock.what](shock)  # fmt: skip
        if not len(rows):
            raise ValueError(f"shock {shock.what} of {shock.where}: there is no such thing at {calendar.start}")
        region = shock.where if shock.where in self.places.nations or shock.where in self.places.zones else ""
        return Struck(first, first + shock.lasts_months, shock.what, shock.share, rows, shock.goods, region, shock_text(shock))

    def _plants(self, shock: Any) -> np.ndarray:
        places = self.places
        zones = np.array([shock.where in (zone, places.nations[n]) for zone, n in zip(places.zones, places.zone_nation, strict=True)])
        kinds = np.array([shock.technology in ("", name) for name in places.technologies])
        return np.flatnonzero(zones[:, None] & kinds[None, :])

    def _makers(self, sector: str, where: str) -> np.ndarray:
        party = self.parties.of[sector]
        home = self.parties.home[party]
        return np.flatnonzero([where in (self.parties.names[p], self.places.nations[n]) for p, n in zip(party, home, strict=True)])

    def _trade(self, shock: Any) -> np.ndarray:
        nations = self.places.nations
        here = np.array([name == shock.where for name in nations])
        there = np.array([name != shock.where and shock.partner in (name, _ALL) for name in nations])
        out, into = here[:, None] & there[None, :], there[:, None] & here[None, :]
        return np.flatnonzero({"out": out, "in": into, "both": out | into}[shock.direction])


def shock_text(shock: Any) -> str:
    """Return what a shock is in words."""
    if shock.what == "trade_stop":
        goods = "chips and parts" if shock.goods == _ALL else shock.goods
        partner = "everybody else" if shock.partner == _ALL else shock.partner
        return f"A stop of trade in {goods} between {shock.where} and {partner}"
    kind = {"fab_outage": "fabs", "plant_outage": f"{shock.technology or 'power'} plants", "launch_outage": "launchers"}[shock.what]
    return f"An outage of {shock.share:.0%} of the {kind} of {shock.where}"
