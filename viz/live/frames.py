"""What goes to the browser: one frozen frame of JSON strings, because nested lists are slow through the widget stack."""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

import numpy as np

from ...model import World
from ...world.calendar import label, months_since_zero
from ...world.limiting import CAUSES
from ...world.parties import SECTORS
from ..history import Past
from .agents import agent_panel, market_of, party_of, worth_over_time
from .catalog import Catalog, catalog
from .details import place_panel
from .fans import Fan
from .moves import Move
from .origin import origin_text
from .path import Path, plain
from .strikes import strike_text, written
from .timeline import Timeline
from .told import told
from .view import FLOWS, Asked, View, write_address
from .worldmap import map_frame, map_options

MOST_EVENTS = 400
NO_CAUSE = CAUSES[0]  # a word of the code, not of the page
MOST_YEARS_BEFORE = 6  # of history; more would leave too little room for the run
LOW = 230  # height of the charts of a panel
EVENTS_S = 0.5  # while months pass the list of events is made anew that often: nobody reads faster
MOST_LINKS = 40  # between sectors, the largest


class Status(NamedTuple):
    """What the runner is doing."""

    number: int
    playing: bool
    speed: float
    moving: bool  # on its way to a month
    asking: bool  # a forecast is being computed
    error: str
    note: str
    stamp: float  # seconds since 1970 when the month shown began to be simulated


class Frame(NamedTuple):
    """One picture of one session: a JSON string per part of the page; parts of tabs not shown are empty."""

    number: int = 0
    stamp: float = 0.0
    known: int = 0  # months lived or forecast
    status: str = ""
    headline: str = ""
    levers: str = ""
    premises: str = ""
    origin: str = ""  # where figures and pictures that are taken home come from
    chart: str = ""
    fill: str = ""
    fill_options: str = ""
    binds: str = ""
    money: str = ""
    flows: str = ""
    events: str = ""
    panel: str = ""
    panel_charts: str = ""  # JSON list of charts
    why: str = ""
    table: str = ""
    address: str = ""
    theme: str = "light"


class Painter:
    """Makes frames of one world. What repeats from frame to frame is kept as text."""

    def __init__(self, world: World):
        self.known = catalog()
        calendar = world.calendar
        self.dates = [calendar.date(month) for month in range(calendar.length)]
        self._dates = json.dumps(self.dates)
        self._waits: list[list[str]] = []  # [month][nation] JSON of the GW that wait per cause
        self._events: tuple[tuple[Any, ...], str] = ((), "")
        self._events_at = 0.0

    def lived(self, world: World) -> None:
        """Take down what the recorder does not: the waits of the month just simulated."""
        del self._waits[world.month - 1 :]
        missing = world.month - 1 - len(self._waits)
        self._waits += [["null"] * len(self.known.nations)] * missing
        self._waits.append([_numbers(row) for row in world.state.waiting])

    def paint(
        self, timeline: Timeline, path: Path, base: Path, asked: Asked, status: Status, fan: Fan | None = None, why: str = ""
    ) -> Frame:
        """Return the frame of the timeline's month; `fan` is the band of an ensemble of this scenario, `why` what an agent decided."""
        view, world = asked.view, timeline.world
        live = view.tab == "live"
        flows = live and view.money == FLOWS
        return Frame(
            number=status.number,
            stamp=status.stamp,
            known=path.known,
            status=self._status(timeline, path, asked, status),
            headline=self._headline(path, world.month),
            levers=self._levers(timeline),
            premises=json.dumps({"regime": asked.settings.regime, "given": dict(asked.premises)}),
            origin=origin_text(self.known, asked, world),
            chart=self._lines(view.chart, view, path, base, world.month, bool(timeline.moves), fan) if live else "",
            fill=map_frame(self.known, world, path, view) if live else "",
            fill_options=map_options(self.known, path, view) if live else "",
            binds=self._binds(path, world.month, view) if live else "",
            money=self._lines(view.money, view, path, base, world.month, bool(timeline.moves), fan) if live and not flows else "",
            flows=self._flows(world, view) if flows else "",
            events=self._told(world, view, status.playing) if live else "",
            panel=self._panel(world, path, view) if live else "",
            panel_charts=self._panel_charts(view, path, base, timeline, fan) if live else "",
            why=why if live and view.agent else "",
            table=self._table(view, path, world.month) if view.tab == "table" else "",
            address=write_address(asked, world.month),
            theme=view.theme,
        )

    def bare(self, timeline: Timeline, path: Path, asked: Asked, status: Status) -> Frame:
        """Return a frame that tells only how things stand, for when the rest cannot be painted."""
        told = self._status(timeline, path, asked, status)
        return Frame(number=status.number, stamp=status.stamp, known=path.known, status=told, theme=asked.view.theme)

    # -- parts --------------------------------------------------------------------------------------------------

    def _status(self, timeline: Timeline, path: Path, asked: Asked, status: Status) -> str:
        calendar, month = timeline.world.calendar, timeline.month
        return json.dumps(
            {
                "scenario": asked.scenario,
                "title": asked.settings.title or asked.settings.name,
                "seed": asked.seed,
                "month": month,
                "date": calendar.date(month),
                "lived": calendar.date(month - 1) if month else "",
                "start": calendar.start,
                "until": calendar.until,
                "length": calendar.length,
                "known": path.known,
                **status._asdict(),
            }
        )

    def _headline(self, path: Path, month: int) -> str:
        known, items = self.known, []
        for variable in known.views["headline"]:
            row = known.variables[variable]
            cells: list[dict[str, Any]] = []
            for group in known.groups:
                if row["unit"] == "code":
                    if group in known.nations:
                        cells.append({"name": group, "text": self._cause(path, variable, group, month)})
                    continue
                values = path.series(variable, group)[:month]
                year_ago = float(values[-13]) if len(values) > 12 else None
                cells.append({"name": group, "value": _or_none(values[-1]) if len(values) else None, "before": year_ago})
            about = "; ".join(text for text in (str(row["about"]), known.about_unit(variable)) if text)
            items.append({"title": known.title(variable), "about": about, "unit": known.unit_and_basis(variable), "cells": cells})
        return json.dumps(items)

    def _cause(self, path: Path, variable: str, nation: str, month: int) -> str:
        codes = path.series(variable, nation)[:month]
        cause = self.known.causes[int(codes[-1])] if len(codes) and np.isfinite(codes[-1]) else ""
        return "nothing" if cause == NO_CAUSE else cause

    def _levers(self, timeline: Timeline) -> str:
        world, known = timeline.world, self.known
        values = {name: world.levers[name].tolist() for name in known.levers if name in world.levers.value}
        number = {nation: n for n, nation in enumerate(known.nations)}
        for move in timeline.moves:
            if isinstance(move, Move) and move.month == timeline.month:  # due in the month to come
                values[move.lever][number[move.nation]] = move.value
        moves: list[dict[str, Any]] = []
        for m in timeline.moves:
            told: dict[str, Any] = {"date": world.calendar.date(m.month)}
            if isinstance(m, Move):
                told |= {"nation": m.nation, "lever": m.lever, "value": m.value}
            else:
                told |= {"shock": written(m, world.calendar), "text": strike_text(m, world.calendar)}
            moves.append(told)
        return json.dumps({"values": values, "moves": moves})

    def _lines(
        self, variable: str, view: View, path: Path, base: Path, month: int, moved: bool, fan: Fan | None,
        regions: list[str] | None = None, height: int | None = None, history: bool = True,
    ) -> str:  # fmt: skip
        """Return a chart's data: what was lived, the forecast beyond it, and the baseline where moves part from it."""
        known, row = self.known, self.known.variables[variable]
        lines = []
        shown = regions or _regions(known, row["scope"], view)
        for region in shown:
            texts = path.texts(variable, region)
            if moved and base.known:
                lines.append(_line(region, base.texts(variable, region), "baseline"))
            ahead = ["null"] * max(month - 1, 0) + texts[max(month - 1, 0) :]
            if len(texts) > month:
                lines.append(_line(region, ahead, "projection"))
            lines.append(_line(region, texts[:month], "live"))
        before = self._before(known.past(variable, self.dates[0]), shown, lines) if view.history and history else []
        head = {
            "title": known.title(variable), "unit": known.unit_and_basis(variable), "now": len(before) + max(month - 1, 0),
            "theme": view.theme, "before": len(before),
            "band_name": "" if fan is None else fan.name(), "nations": [*known.groups, *known.nations[2:], "World"], "note": row["about"],
            "height": height, "unit_about": known.about_unit(variable),
        }  # fmt: skip
        bands = "[]" if fan is None else fan.bands(variable, shown, len(before))
        dates = f"{json.dumps(before)[:-1]}, {self._dates[1:]}" if before else self._dates
        return f'{json.dumps(head)[:-1]}, "x": {dates}, "bands": {bands}, "lines": [{", ".join(lines)}]}}'

    def _before(self, past: dict[str, Past], shown: list[str], lines: list[str]) -> list[str]:
        """Add lines of what was before the start, and give all others room for its months; returns these months' dates."""
        start = months_since_zero(self.dates[0])
        first = min((months_since_zero(past[one].dates[0]) for one in shown if one in past), default=start)
        first = max(first // 12 * 12, start - 12 * MOST_YEARS_BEFORE)
        months = start - first
        if not months:
            return []
        room = "null, " * months
        # a line without months yet ends in its room
        lines[:] = [line.replace('"values": [', f'"values": [{room}', 1).replace("null, ]", "null]") for line in lines]
        old: list[str] = []
        for one in (one for one in shown if one in past):
            values: list[str] = ["null"] * months
            sources = {}
            for date, value, source in zip(*past[one], strict=True):
                at = months_since_zero(date) - first
                if at >= 0:
                    values[at], sources[at] = f"{value:.5g}", source
            extra = f', "sources": {json.dumps(sources)}}}'
            old.append(_line(one, values, "history")[:-1] + extra)
        lines[:0] = old
        return [label(first + m) for m in range(months)]

    def _panel(self, world: World, path: Path, view: View) -> str:
        if view.agent:
            return json.dumps(agent_panel(self.known, world, view.agent, view.place))
        return json.dumps(place_panel(self.known, world, path, view.place)) if view.place else ""

    def _panel_charts(self, view: View, path: Path, base: Path, timeline: Timeline, fan: Fan | None) -> str:
        """Return the charts of the panel: the price where the agent or the zone trades, and an agent's worth and turnover."""
        known, world, charts = self.known, timeline.world, []
        variable = region = ""
        if view.agent:
            party = party_of(known, world, view.agent)
            if party is not None:
                variable, region = market_of(known, world, party)
                charts.append(self._worth(world, party, view))
        elif view.place in known.zones:
            variable, region = known.map["price"], view.place
        if variable:
            charts.insert(0, self._lines(variable, view, path, base, world.month, bool(timeline.moves), fan, [region], LOW))
        return json.dumps(charts)

    def _worth(self, world: World, party: int, view: View) -> str:
        lines = [{"name": name, "values": plain(values)} for name, values in worth_over_time(world, party).items()]
        head = {"title": "Receipts, payments and net worth", "unit": "MUSD", "x": self.dates, "now": max(world.month - 1, 0), "height": LOW}
        note = "Receipts and payments of each month, and what it owns less what it owes at the month's end"
        return json.dumps({**head, "lines": lines, "theme": view.theme, "note": note})

    def _binds(self, path: Path, month: int, view: View) -> str:
        known, variable = self.known, self.known.map["binds"]
        rows = []
        for n, nation in enumerate(known.nations):
            waits = ",".join(row[n] for row in self._waits[:month])
            causes = ",".join(path.texts(variable, nation)[:month])
            rows.append(f'{{"name": {json.dumps(nation)}, "causes": [{causes}], "waits": [{waits}]}}')
        head = {
            "title": "What binds", "causes": known.causes, "now": max(month - 1, 0), "theme": view.theme,
            "unit": "plants and halls that wait, GW",
            "note": known.variables[variable]["about"],
        }  # fmt: skip
        return f'{json.dumps(head)[:-1]}, "x": {self._dates}, "rows": [{", ".join(rows)}]}}'

    def _flows(self, world: World, view: View) -> str:
        """Return the last month's payments: between sectors for the picture, purposes by sectors for the matrix."""
        month = world.month - 1
        sectors, purposes = list(SECTORS), list(world.purposes())
        links: list[list[Any]] = []
        rows: list[list[Any]] = []
        if month >= 0:
            flows, sector = world.state.ledger.history[month], world.parties.sector
            between = np.bincount(sector[flows.payer] * len(sectors) + sector[flows.payee], flows.musd, len(sectors) ** 2)
            for pair in np.argsort(-between, kind="stable")[:MOST_LINKS]:
                payer, payee = divmod(int(pair), len(sectors))
                if payer != payee and between[pair] > 0.0:
                    links.append([sectors[payer], sectors[payee], float(f"{between[pair]:.5g}")])
            matrix = np.round(world.flows(world.calendar.date(month)).to_numpy(), 6)  # USD: what is less is rounding
            rows = [[name, *(float(f"{x:.4g}") for x in matrix[i])] for i, name in enumerate(purposes) if matrix[i].any()]
        when = world.calendar.date(max(month, 0))
        sankey = {"title": f"Payments of {when}", "unit": "MUSD", "nodes": sectors, "links": links, "theme": view.theme}
        table = {"title": f"Net receipts of {when}, MUSD", "columns": ["purpose", *sectors], "rows": rows, "theme": view.theme}
        return json.dumps({"sankey": json.dumps(sankey), "table": json.dumps(table)})

    def _told(self, world: World, view: View, playing: bool) -> str:
        key, now = (len(world.events), world.month, view.theme), time.monotonic()
        if self._events[0] != key and not (playing and self._events[1] and now - self._events_at < EVENTS_S):
            self._events_at = now
            rows = told(self.known, world.events[-MOST_EVENTS:])
            self._events = (key, json.dumps({"title": "Events", "rows": rows, "theme": view.theme, "height": 300}))
        return self._events[1]

    def _table(self, view: View, path: Path, month: int) -> str:
        known, variable = self.known, view.table
        row = known.variables[variable]
        names = {"nation": [*known.nations, "World"], "zone": known.zones}.get(row["scope"], ["World"])
        columns = {name: path.texts(variable, name)[:month] for name in names}
        head = {"variable": variable, "title": known.title(variable), "unit": known.unit(variable), "about": row["about"]}
        head["names"] = names
        lines = ",".join(f"[{','.join(columns[name][m] for name in names)}]" for m in range(month))
        return f'{json.dumps(head)[:-1]}, "dates": {json.dumps(self.dates[:month])}, "values": [{lines}]}}'


def _regions(known: Catalog, scope: str, view: View) -> list[str]:
    """Return the regions of a chart: zones of the chosen nations for what zones have, else the chosen regions."""
    if scope == "world":
        return ["World"]
    if scope != "zone":
        return list(view.regions) or list(known.groups)
    nation = known.places_of_tables.zone_nation
    chosen = [zone for z, zone in enumerate(known.zones) if known.nations[nation[z]] in view.regions]
    return [view.place] if view.place in known.zones else chosen or known.zones[:6]


def _line(region: str, texts: list[str], style: str) -> str:
    return f'{{"name": {json.dumps(region)}, "nation": {json.dumps(region)}, "style": "{style}", "values": [{",".join(texts)}]}}'


def _numbers(values: np.ndarray) -> str:
    return f"[{','.join(f'{x:.3g}' if x else '0' for x in values.tolist())}]"


def _or_none(value: Any) -> float | None:
    return float(f"{value:.5g}") if np.isfinite(value) else None
