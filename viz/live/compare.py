"""The tab Compare: two scenarios on the same draws, computed by the forecast process, and the texts of its charts and tables.

All of it but `close` runs in the session's thread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...scenarios.tools import diff
from ...world.calendar import Calendar
from .catalog import Catalog, catalog
from .forecast import Answer, forecaster
from .moves import moved
from .offered import Asking, asking, names
from .overtake import when
from .path import Path, kept_baseline, plain
from .settings import Serving
from .tab_views import MINE, CompareView, race
from .timeline import opened
from .view import Asked, View

MOST_MARKS = 5  # years in the table
TALL, LOW, SMALL, SMALL_LOW = 300, 170, 190, 120  # heights of charts

_USUAL = {"policy": "status quo", "world": "as tabled"}  # what holds where a scenario says nothing

Post = Callable[[Callable[[], None]], None]


class Side:
    """One of the two worlds: its course as far as it is known."""

    def __init__(self, label: str, asked: Asking, seed: int):
        self.label, self.asked, self.seed = label, asked, seed
        key = (asked.settings.name, asked.settings.digest(), seed)
        kept = kept_baseline(key) if not asked.moves else None
        self.path = kept or Path(opened(asked.settings, seed).record)
        self.calendar = Calendar(asked.settings.start, asked.settings.until)
        self.number: int | None = None
        self.error = ""

    def same(self, asked: Asking, seed: int) -> bool:
        """Tell whether this is the world that is asked for."""
        return self.seed == seed and self.asked == asked

    @property
    def name(self) -> str:
        return f"{self.label} {self.asked.title}"

    @property
    def done(self) -> bool:
        return bool(self.error) or self.path.known >= self.calendar.length


def pair_of(view: CompareView, asked: Asked, offered: list[str]) -> tuple[str, str]:
    """Return the names of A and B: where none is chosen, the scenario on show and the world with moved levers or the next scenario."""
    a = view.a or asked.scenario
    b = view.b or (MINE if asked.moves and a != MINE else next((name for name in offered if name != a), a))
    return a, b


class Comparing:
    """Both sides of a session. `publish(text)` hands JSON to the page; `post` runs a function in the session's thread."""

    def __init__(self, serving: Serving, publish: Callable[[str], None], post: Post):
        self.serving, self.publish, self.post = serving, publish, post
        self.sides: list[Side] = []
        self._shown: Any = None

    def want(self, asked: Asked) -> None:
        """Take what a session looks at now: begin what is not known yet, and show it."""
        try:
            pair = pair_of(asked.view.compare, asked, names(self.serving))
            wanted = [asking(name, asked.settings, asked.moves, self.serving) for name in pair]
            self._take(wanted, asked.seed)
            self._show(asked)
        except Exception as error:  # the page says so, and the world on show lives on
            self.close()
            self.sides = []
            self.publish(json.dumps({"error": f"This cannot be compared: {error}"}))

    def close(self) -> None:
        """Take back what is still being computed."""
        for side in self.sides:
            if side.number is not None:
                forecaster().drop(side.number)

    def _take(self, wanted: list[Asking], seed: int) -> None:
        old, self.sides = self.sides, []
        for label, one in zip("AB", wanted, strict=True):
            found = next((side for side in old if side.same(one, seed)), None)
            if found is None:
                self.sides.append(Side(label, one, seed))
                continue
            old.remove(found)
            found.label = label
            self.sides.append(found)
        for side in old:
            if side.number is not None:
                forecaster().drop(side.number)
        for side in reversed(self.sides):  # the newest question is answered first: A before B
            if side.number is None and not side.done:
                side.number = self._ask(side)

    def _ask(self, side: Side) -> int:
        def answered(answer: Answer) -> None:
            self.post(lambda: self._answer(side, answer))

        return forecaster().ask(side.asked.settings, side.seed, side.asked.moves, side.path.known, answered)

    def _answer(self, side: Side, answer: Answer) -> None:
        if side not in self.sides or side.number != answer.number:
            return  # of a world that is not compared any more
        side.error = answer.error
        side.path.take(answer.first, answer.values)
        if answer.finished:
            side.number = None
        if self._shown is not None:
            self._show(self._shown[0])

    def _show(self, asked: Asked) -> None:
        state = (asked, *((side.name, side.path.version, side.error) for side in self.sides))
        if self._shown and self._shown[1] == state:
            return
        self._shown = (asked, state)
        self.publish(json.dumps(comparison(catalog(), self.sides, asked.view)))


def comparison(known: Catalog, sides: list[Side], asked: View) -> dict[str, Any]:
    """Return all that the tab shows: the state of both sides, charts, tables and differing inputs, each as JSON text."""
    view, ahead, behind = asked.compare, asked.ensemble.ahead, asked.ensemble.behind
    dates = common_months(sides)
    draw = Drawing(known, sides, dates, view.who, asked.theme)
    others = [name for name in race(known) if name != view.variable]
    return {
        "sides": [
            {"label": side.label, "title": side.asked.title, "known": side.path.known, "of": side.calendar.length, "error": side.error}
            for side in sides
        ],
        "error": "" if dates else "These two scenarios have no month in common.",
        "large": [draw.both(view.variable, TALL), draw.difference(view.variable, LOW)] if dates else [],
        "small": [[draw.both(name, SMALL), draw.difference(name, SMALL_LOW)] for name in others] if dates else [],
        "table": draw.table(list(dict.fromkeys([view.variable, *race(known)]))) if dates else "",
        "leads": draw.leads(list(dict.fromkeys([view.variable, *race(known)])), ahead, behind) if dates else "",
        "inputs": inputs(known, sides),
    }


def common_months(sides: list[Side]) -> list[str]:
    """Return the dates that both sides live through."""
    first, last = max(side.calendar.start for side in sides), min(side.asked.settings.until for side in sides)
    calendar = sides[0].calendar
    return [date for date in map(calendar.date, range(calendar.length)) if first <= date < last]


class Drawing(NamedTuple):
    """What the charts of two sides share."""

    known: Catalog
    sides: list[Side]
    dates: list[str]
    who: str
    theme: str

    def values(self, side: Side, variable: str, who: str = "") -> np.ndarray:
        """Return a variable of `who` over the months in common, NaN where it is not known yet."""
        first = side.calendar.index(self.dates[0])
        series = side.path.series(variable, who or self.who)[first : first + len(self.dates)]
        out = np.full(len(self.dates), np.nan)
        out[: len(series)] = series
        return out

    def both(self, variable: str, height: int) -> str:
        """Return the chart of A and B."""
        lines = [{"name": side.name, "nation": side.label, "values": plain(self.values(side, variable))} for side in self.sides]
        return self._chart(f"{self.known.title(variable)}, {self.who}", variable, lines, height, self.known.variables[variable]["about"])

    def difference(self, variable: str, height: int) -> str:
        """Return the chart of B less A, on an axis of its own."""
        a, b = (self.values(side, variable) for side in self.sides)
        line = {"name": "B − A", "nation": "B − A", "values": plain(b - a)}
        return self._chart(f"B − A: {self.known.title(variable)}, {self.who}", variable, [line], height, "")

    def _chart(self, title: str, variable: str, lines: list[dict[str, Any]], height: int, note: str) -> str:
        head = {"title": title, "unit": self.known.unit(variable), "x": self.dates, "lines": lines, "nations": ["A", "B", "B − A"]}
        return json.dumps({**head, "height": height, "note": note, "theme": self.theme, "aligned": True, "early": height < TALL})

    def table(self, variables: list[str]) -> str:
        """Return A, B and the difference at year marks, three rows a variable."""
        marks = year_marks(self.dates)
        rows: list[list[Any]] = []
        for variable in variables:
            a, b = (self.values(side, variable)[marks] for side in self.sides)
            unit = self.known.unit(variable)
            label = self.known.title(variable) + (f", {unit}" if unit else "")
            for name, values in (("A", a), ("B", b), ("B − A", b - a)):
                rows.append([label if name == "A" else "", name, *plain(values)])
        columns = [self.who, "", *(self.dates[mark] for mark in marks)]
        title = f"{self.who} at year marks: " + ", ".join(side.name for side in self.sides)
        return json.dumps({"title": title, "columns": columns, "rows": rows, "theme": self.theme, "height": 460})

    def leads(self, variables: list[str], ahead: str, behind: str) -> str:
        """Return from when `ahead` has more than `behind` in A and in B, and how many months later in B; a row a variable."""
        rows: list[list[Any]] = []
        for variable in variables:
            (a, first), (b, second) = (
                when(self.values(side, variable, ahead), self.values(side, variable, behind), self.dates) for side in self.sides
            )
            rows.append([self.known.title(variable), a, b, None if first is None or second is None else second - first])
        columns = [f"{ahead} more than {behind}", "A", "B", "B − A, months"]
        head = {"title": f"From when {ahead} has more than {behind}", "columns": columns, "rows": rows}
        return json.dumps({**head, "theme": self.theme, "height": 300})


def year_marks(dates: list[str], most: int = MOST_MARKS) -> list[int]:
    """Return where round years begin, as many as there is room for, and the last month."""
    last = len(dates) - 1
    for step in (1, 2, 5, 10, 20, 50):
        found = [i for i, date in enumerate(dates) if date.endswith("-01") and 0 < i < last and int(date[:4]) % step == 0]
        if len(found) < most:
            break
    return [*found, last]


def inputs(known: Catalog, sides: list[Side]) -> dict[str, list[list[str]]]:
    """Return rows (what, in A, in B) of what differs: policies apart from assumptions, and shocks, dates and switches."""
    a, b = (moved(side.asked.settings, side.asked.moves) for side in sides)
    found: dict[str, list[list[str]]] = {"policy": [], "world": [], "rest": []}
    for key, left, right in diff(a, b):
        family, _, rest = key.partition(".")
        texts = [re.sub(r"^- \((.*)\)$", rf"\1 ({_USUAL.get(family, 'usual')})", "none" if one == "-" else one) for one in (left, right)]
        if family == "policy":
            nation, _, lever = rest.partition(".")
            found["policy"].append([f"{nation} · {known.levers[lever]['title']}", *texts])
        elif family == "world":
            found["world"].append([rest, *texts])
        else:
            found["rest"].append([key.replace("shocks.", "shock "), *texts])
    return found
