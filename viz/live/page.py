"""The page: parts and charts in their places, and one runner per browser session. Solara calls `Page`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import reacton.ipyvuetify as rv
import solara
from reacton.core import get_render_context
from solara.server.kernel_context import get_current_context

from . import premises, texts
from .bundle import bundle
from .catalog import catalog
from .components import Events, LineChart, Sankey, Strip, TableTwin, WorldMap
from .frames import Frame
from .geometry import map_base
from .moves import Move, Strike
from .parts import part
from .runner import Runner
from .settings import serving
from .strikes import read_strike
from .tabs import Compare, Ensemble, Tabs
from .told import BETWEEN
from .view import FLOWS, REPEATED, Asked, View, read_address, write_address

CSS = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
Frames = solara.Reactive[Frame]
BACK_FROM_END = 60  # months that a world which has ended offers to go back: what is moved needs time to show


def box(tag: str, names: str, *children: Any) -> Any:
    """Return an element of plain HTML around others."""
    return rv.Html(tag=tag, class_=names, children=list(children))


@solara.component
def Layout(children: Any = ()) -> Any:
    """Stand in for Solara's own frame of bars and margins."""
    return box("div", "", *children)


@solara.component
def Page() -> Any:
    """One session: read the address, open the world, show it."""
    router = solara.use_router()
    start = solara.use_memo(lambda: read_address(router.search, serving()), [])
    frame = solara.use_reactive(Frame())
    context = get_render_context()
    session = solara.use_memo(lambda: Session(frame, start[0], context), [])
    solara.use_effect(session.open, [])
    hidden = solara.use_reactive(not start[1])
    saved = solara.use_reactive("")
    with box("div", "wl-host") as main:
        solara.Title("Wattrace")
        solara.Style(CSS)
        App(session, frame, start[1], hidden, saved)
    return main


def _kernel() -> Any:
    """Return Solara's book of this session; None where there is no server."""
    try:
        return get_current_context()
    except RuntimeError:
        return None


class Session:
    """What a browser's events do: it keeps the view and passes commands to the runner."""

    def __init__(self, frame: Frames, asked: Asked, context: Any):
        self.frame = frame
        self.context = context
        self.view = solara.Reactive(asked.view)
        self.wrong = solara.Reactive("")  # with the shock in the form
        self.wrong_premise = solara.Reactive("")  # with what was assumed
        self.wrong_world = solara.Reactive("")  # with the scenario or seed that was asked for
        self.began = solara.Reactive(False)  # whether there is a frame
        self.runner = Runner(self.show, asked)
        self.kernel = _kernel()
        # Solara keeps book of the threads of a session. One that ends while the session closes would be struck off twice (KeyError)
        self.runner.thread.current_context = None  # type: ignore[attr-defined]
        self.tabs = Tabs(self.runner, self.view, self.look, self.within)

    def show(self, frame: Frame) -> None:
        """Give a frame to all parts in one go: part by part each would walk the whole page."""
        with self.within():
            self.frame.set(frame)
            self.began.set(True)

    def hand_over(self, to: Any, text: str) -> None:
        """Give a text to a part of the page."""
        with self.within():
            to.set(text)

    @contextmanager
    def within(self) -> Iterator[None]:
        """Stand in this session, from a thread that belongs to none."""
        with self.kernel or nullcontext(), bundle(), self.context:
            yield

    def open(self) -> Callable[[], None]:
        """Start the thread; returns what ends it when the page goes."""
        self.runner.start()
        return self.close

    def close(self) -> None:
        """End all that runs for this page."""
        self.runner.close()
        self.runner.thread.join(0.5)

    def look(self, **changes: Any) -> None:
        """Change what is looked at."""
        view = self.view.value._replace(**changes)
        # the runner hears of it first: what the page asks for as it is drawn anew is asked of this view
        self.runner.tell("view", view)
        self.view.set(view)

    def timed(self, event: str, data: Any) -> None:
        """Take what the time bar sends."""
        self.runner.tell(event, data)

    def lever(self, event: str, data: Any) -> None:
        """Take a lever that was pulled, or the list of moves that is left."""
        if event == "lever":
            self.runner.tell("lever", tuple(data))
            return
        calendar = self.runner.timeline.world.calendar
        left: list[Move | Strike] = []
        for one in data:
            if "shock" in one:
                strike, _ = read_strike(one["shock"], calendar)
                left += [strike] if strike is not None else []
            else:
                left.append(Move(calendar.index(one["date"]), one["nation"], one["lever"], float(one["value"])))
        self.runner.tell("moves", tuple(left))

    def strike(self, data: Any) -> None:
        """Take a shock that was set in the form: it begins in the month that begins; what is wrong stands in the form."""
        calendar = self.runner.timeline.world.calendar
        on = calendar.date(min(self.runner.timeline.month, calendar.length - 1))
        strike, wrong = read_strike({**data, "on": on} if isinstance(data, dict) else data, calendar)
        self.wrong.set("; ".join(wrong))
        if strike is not None:
            self.runner.tell("strike", strike)

    def lines(self, event: str, data: Any) -> None:
        """Choose the lines of the chart, or whether it shows what was before the start."""
        if event == "history":
            self.look(history=bool(data))
        else:
            self.look(regions=tuple(data))

    def agent(self, name: Any) -> None:
        """Look at an agent, if there is one of that name."""
        if name in catalog().agents:
            self.look(agent=name)

    def world(self, data: Any) -> list[str]:
        """Open another scenario or seed; returns what is wrong with them, which the top bar shows.

        What was assumed and moved by hand stays, as far as the other scenario's months allow.
        """
        now = self.runner.asked
        same = data[0] == now.scenario
        world = [("scenario", data[0]), ("seed", data[1])]
        kept = [pair for pair in parse_qsl(write_address(now, 0)) if pair[0] in REPEATED or (same and pair[0] == "regime")]
        asked, faults = read_address(urlencode([*world, *kept]), serving())
        dropped = ""
        if faults and kept:
            why = "; ".join(faults)
            asked, faults = read_address(urlencode(world), serving())
            dropped = "" if faults else f"What was assumed and moved by hand is left out, it does not fit this scenario: {why}"
        if not same and now.regime and not faults:
            dropped = " ".join(filter(None, (dropped, f"Money is {asked.settings.regime} again, as the scenario has it.")))
        self.wrong_world.set("; ".join(faults) or dropped)
        if not faults:
            self.runner.tell("world", asked._replace(view=self.view.value))
        return faults

    def assume(self, event: str, data: Any) -> None:
        """Begin the world anew under another regime (`regime`) or other numbers (`assume`: a list of [name, value])."""
        now = self.runner.asked
        kept = [pair for pair in parse_qsl(write_address(now, 0)) if pair[0] in ("scenario", "seed", "lever", "shock")]
        given = [("regime", str(data) if event == "regime" else now.settings.regime)]
        numbers = now.premises if event == "regime" else [(str(name), value) for name, value in data]
        asked, faults = read_address(urlencode([*kept, *given, *(("assume", f"{name}~{value}") for name, value in numbers)]), serving())
        self.wrong_premise.set("; ".join(faults))
        if not faults:
            self.runner.tell("world", asked._replace(view=self.view.value))


@solara.component
def App(session: Session, frame: Frames, faults: list[str], hidden: Any, saved: Any) -> Any:
    """The skeleton; each part below reads one string of the frame."""
    view = session.view.value
    live = view.tab == "live"
    with box("div", "wl-app" + ("" if live else " wl-wide")) as main:
        with box("div", "wl-slot-top"):
            Top(session, frame, saved)
        if live:
            with box("div", "wl-slot-side"):
                Levers(session, frame)
        with box("main", "wl-slot-main"):
            if not hidden.value:
                text = json.dumps({"title": "This address cannot be shown; the first scenario is shown instead.", "faults": faults})
                part("faults", lambda *_: hidden.set(True), content=text)
            Trouble(frame)
            if view.tab not in ("compare", "ensemble"):
                Time(session, frame)
            if view.tab == "live":
                Live(session, frame)
            elif view.tab == "table":
                Figures(session, frame)
            elif view.tab == "compare":
                Compare(session.tabs, *_world_key(frame))
            elif view.tab == "ensemble":
                Ensemble(session.tabs, _world_key(frame)[0])
            else:
                Method(session, frame)
        part("saver", lambda *_: saved.set(""), content=saved.value)
        Sync(session, frame)
    return main


def _world_key(frame: Frames) -> tuple[str, str]:
    """Return what tells one world from another: scenario and seed, and the moves by hand."""
    now = frame.value
    status, levers = json.loads(now.status or "{}"), json.loads(now.levers or "{}")
    return f"{status.get('scenario')} {status.get('seed')}", json.dumps(levers.get("moves"))


@solara.component
def Sync(session: Session, frame: Frames) -> Any:
    """Answer frames, keep the address."""
    def answer(event: str, data: Any) -> None:
        if event == "painted":
            session.runner.tell("ack", data)
        else:
            session.look(theme="dark" if data == "dark" else "light")

    now = frame.value
    return part("sync", answer, number=str(now.number), stamp=str(now.stamp), known=str(now.known), address=now.address, theme=now.theme)


@solara.component
def Top(session: Session, frame: Frames, saved: Any) -> Any:
    """Scenario, seed, link, downloads, colours, tabs."""
    def answer(event: str, data: Any) -> None:
        if event == "tab" and data in texts.TABS:
            session.look(tab=data)
        elif event == "theme":
            session.look(theme="dark" if data == "dark" else "light")
        elif event == "world":
            session.world(data)
        elif event == "wanted" and data in texts.FILES:
            session.runner.tell("export", (data, lambda text: session.hand_over(saved, text)))

    now = frame.value
    world = json.dumps([json.loads(now.status)[key] for key in ("scenario", "seed")]) if now.status else ""
    content = texts.top_bar(serving(), session.view.value)
    return part(
        "top_bar", answer, content=content, world_shown=world, address=now.address, origin_text=now.origin, wrong=session.wrong_world.value
    )


@solara.component
def Trouble(frame: Frames) -> Any:
    """What went wrong in the world, with month and agent, or what should be known."""
    status = json.loads(frame.value.status) if frame.value.status else {}
    if status.get("error"):
        text = json.dumps({"title": "The world stopped; go back or reset.", "faults": [status["error"]]})
        return part("faults", content=text)
    if status.get("note"):
        return rv.Html(tag="p", class_="wl-note", children=[status["note"]])
    return rv.Html(tag="span", class_="wl-sync")


@solara.component
def Time(session: Session, frame: Frames) -> Any:
    """Play, pause, step, back, speed, reset."""
    return part("time_bar", session.timed, content=frame.value.status)


@solara.component
def Levers(session: Session, frame: Frames) -> Any:
    """Levers of all nations, shocks, and what was moved by hand."""
    known = solara.use_memo(lambda: texts.levers(catalog()), [])
    offered = solara.use_memo(lambda: texts.shocks(catalog()), [])
    assumable = solara.use_memo(lambda: premises.offered(catalog()), [])
    now = frame.value
    status = json.loads(now.status or "{}")
    over = bool(status) and status["month"] >= status["length"]
    date, ended = status.get("date", ""), "1" if over else ""
    with box("aside", "wl-levers-side") as main:
        if over:
            back = max(status["length"] - BACK_FROM_END, 0)
            part("ended", session.timed, until=date, back=session.runner.timeline.world.calendar.date(back), month=str(back))
        part("levers", session.lever, catalog=known, content=now.levers, ended=ended)
        part("shocks", lambda _, data: session.strike(data), catalog=offered, date=date, wrong=session.wrong.value, ended=ended)
        part("moved", session.lever, catalog=known, content=now.levers)
        part("premise", session.assume, catalog=assumable, content=now.premises, wrong=session.wrong_premise.value)
    return main


@solara.component
def Live(session: Session, frame: Frames) -> Any:
    """The live tab."""
    view: View = session.view.value
    if not session.began.value:
        return box("p", "wl-start", "Opening the world …")
    with box("div", "wl-live") as main:
        Headline(frame)
        with box("div", "wl-grid"):
            with box("section", "wl-card wl-map"):
                Pick(session, "fill", "Map coloured by")
                Map(session, frame)
                part("agents", lambda _, data: session.agent(data), content=texts.agents(catalog(), view))
            with box("section", "wl-card wl-race"):
                Pick(session, "chart", "Chart of")
                Chart(session, frame, "chart")
                known = texts.regions(catalog(), view, view.chart in catalog().with_history)
                part("regions", session.lines, content=known)
            if view.place or view.agent:
                Panel(session, frame)
            with box("section", "wl-card wl-binds"):
                Binds(session, frame)
            with box("section", "wl-card wl-money"):
                Pick(session, "money", "Money")
                if view.money == FLOWS:
                    Flows(frame)
                else:
                    Chart(session, frame, "money")
            with box("section", "wl-card wl-full wl-events"):
                Told(session, frame)
    return main


@solara.component
def Headline(frame: Frames) -> Any:
    """The figures that matter most."""
    return part("headline", content=frame.value.headline, coin=catalog().words["coin"])


@solara.component
def Panel(session: Session, frame: Frames) -> Any:
    """A place with its agents, or an agent with its books."""
    def answer(event: str, data: Any) -> None:
        if event == "agent":
            session.agent(data)
        elif event == "back":
            session.look(agent="")
        else:
            session.look(place="", agent="")

    now = frame.value
    charts = json.loads(now.panel_charts or "[]")
    with box("section", "wl-card wl-full wl-panel-card") as main:
        part("panel", answer, content=now.panel)
        if charts:
            with box("div", "wl-panel-charts"):
                for text in charts:
                    LineChart(text, lambda data: _go(session, data))
        if session.view.value.agent:
            part("why", content=now.why)
    return main


@solara.component
def Pick(session: Session, key: str, label: str) -> Any:
    """A menu of variables."""
    known = catalog()
    chosen = getattr(session.view.value, key)
    names = [n for n, row in known.variables.items() if row["unit"] != "code" and (key != "money" or row["scope"] != "zone")]
    text = texts.pick(known, label, chosen, known.views[key], names, flows=key == "money")

    def answer(_: str, data: Any) -> None:
        if data in names or (key == "money" and data == FLOWS):
            session.look(**{key: data})

    return part("pick", answer, content=text)


@solara.component
def Map(session: Session, frame: Frames) -> Any:
    """The world map."""
    base = solara.use_memo(lambda: map_base(catalog().places_of_tables), [])

    def answer(data: Any) -> None:
        place = str(data.get("zone", ""))
        if place in catalog().places:
            same = place == session.view.value.place and not session.view.value.agent
            session.look(place="" if same else place, agent="")

    return WorldMap(frame.value.fill, base, frame.value.fill_options, answer)


@solara.component
def Chart(session: Session, frame: Frames, key: str) -> Any:
    """Lines over time; a click goes to the month."""
    return LineChart(getattr(frame.value, key), lambda data: _go(session, data))


@solara.component
def Binds(session: Session, frame: Frames) -> Any:
    """What binds each nation, over time."""
    return Strip(frame.value.binds, lambda data: _go(session, data))


@solara.component
def Flows(frame: Frames) -> Any:
    """The month's payments, as a picture and as the matrix."""
    both = json.loads(frame.value.flows) if frame.value.flows else {"sankey": "", "table": ""}
    with box("div", "wl-flows") as main:
        Sankey(both["sankey"])
        TableTwin(both["table"])
    return main


@solara.component
def Told(session: Session, frame: Frames) -> Any:
    """Events; a click goes to the month and the place."""
    return Events(frame.value.events, lambda data: _go(session, data))


def _go(session: Session, data: Any) -> None:
    """Go to a month that was clicked, if it is one that was lived."""
    calendar = session.runner.timeline.world.calendar
    try:
        month = calendar.index(str(data.get("date")))  # by its date: charts with history begin before the start
    except ValueError:
        month = -1
    if 0 <= month < session.runner.timeline.month:
        session.runner.tell("goto", month + 1)
    known, region = catalog(), str(data.get("region") or "").split(BETWEEN)[0]
    place = known.first_zone(region) if region in known.nations else region
    if data.get("kind") and place in known.zones:
        session.look(place=place, agent="")
    session.agent(data.get("agent"))


@solara.component
def Figures(session: Session, frame: Frames) -> Any:
    """The data table."""
    names = solara.use_memo(lambda: json.dumps(texts.grouped(catalog(), list(catalog().variables))), [])

    def answer(_: str, data: Any) -> None:
        if data in catalog().variables:
            session.look(table=data)

    return part("figures", answer, catalog=names, content=frame.value.table)


@solara.component
def Method(session: Session, frame: Frames) -> Any:
    """Method, sources, limits."""
    _world_key(frame)  # another world or plan is told by a frame
    asked = session.runner.asked
    key = (asked.settings.digest(), asked.seed, asked.moves)
    text = solara.use_memo(lambda: texts.method(catalog(), asked.settings, asked.seed, asked.moves, asked.premises), [key])
    return part("method", content=text)
