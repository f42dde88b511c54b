"""What the agent on show decided in the month before, found by living that month again and watching (as `wattrace why` does)."""

from __future__ import annotations

import json
import re
from typing import Any

from ...scenarios.axes import Agent, Axes
from ...scenarios.decided import Decided
from ...scenarios.trace import Trace, watch
from ...scenarios.why_text import decision_text, orders_text
from ...world.parties import SECTORS
from .agents import party_of
from .catalog import catalog
from .timeline import Timeline
from .view import View

IDLE = "It decided nothing: no rule is this agent's own. It only holds and pays."
WAIT = "Pause, and what it decided stands here."


class Whys:
    """The last month that was watched, and what it says of one agent. The session's thread owns it."""

    def __init__(self) -> None:
        self._watched: tuple[Any, Any, Trace] | None = None  # which month of which course, the world after it, and what was seen
        self._found: tuple[Any, str] = (None, "")

    def due(self, timeline: Timeline, view: View) -> bool:
        """Tell whether something is to be found out."""
        return bool(view.agent and view.tab == "live" and timeline.month and self._found[0] != self._key(timeline, view.agent))

    def text(self, timeline: Timeline, agent: str, settled: bool) -> str:
        """Return what the page shows now, as JSON."""
        if not agent or not timeline.month:
            return ""
        if self._found[0] == self._key(timeline, agent):
            return self._found[1]
        return json.dumps({"month": self._date(timeline), "wait": "Looking …" if settled else WAIT})

    def find(self, timeline: Timeline, agent: str) -> None:
        """Watch the last month, if it was not yet, and keep what the agent decided."""
        key = self._key(timeline, agent)
        self._found = (key, json.dumps({"month": self._date(timeline), **self._told(timeline, agent)}))

    def _told(self, timeline: Timeline, agent: str) -> dict[str, Any]:
        known, month = catalog(), self._key(timeline, "")
        if self._watched is None or self._watched[0] != month:
            world = timeline.before(timeline.month - 1)
            with watch() as trace:
                world.step()
            self._watched = (month, world, trace)
        _, world, trace = self._watched
        party = party_of(known, world, agent)
        if party is None:
            return {"wait": "This world began before there was such an agent."}
        sector = SECTORS[world.parties.sector[party]]
        row = int(party - world.parties.of[sector][0])
        one = Agent(world.parties.names[party], party, sector, row, int(world.parties.home[party]))
        told = Decided(world, Axes(world, one)).decisions(trace)
        rows = [{"says": _says(d["says"]), "orders": orders_text(d), "text": decision_text(d)} for d in told]
        return {"decisions": rows, "wait": "" if rows else IDLE}

    @staticmethod
    def _key(timeline: Timeline, agent: str) -> Any:
        return timeline.settings.digest(), timeline.seed, timeline.moves, timeline.month, agent

    @staticmethod
    def _date(timeline: Timeline) -> str:
        return timeline.world.calendar.date(timeline.month - 1)


def _says(line: str) -> str:
    """Return the first line of a docstring as a heading: "Return [C] the share …" is "The share …"."""
    words = re.sub(r"^Return (\[[^\]]*\] )?", "", line)
    return words[:1].upper() + words[1:]
