"""The tabs Compare and Ensemble of the page."""

from __future__ import annotations

import json
from typing import Any

import reacton.ipyvuetify as rv
import solara

from . import texts
from .catalog import catalog
from .compare import Comparing, pair_of
from .components import Bars, LineChart, TableTwin
from .ensemble import Ensembles
from .offered import names
from .parts import part
from .runner import Runner
from .settings import serving
from .tab_views import FEWEST_WORLDS, MINE, MOST_WORLDS, drawn, race
from .view import View


class Tabs:
    """What both tabs need of a session. Their state lives in the session's thread; only texts come to the page."""

    def __init__(self, runner: Runner, view: solara.Reactive[View], look: Any, within: Any):
        self.runner, self.view, self.look = runner, view, look
        self.texts = {"compare": solara.Reactive(""), "ensemble": solara.Reactive("")}
        self.within = within
        self.comparing = Comparing(serving(), lambda text: self._publish("compare", text), self._post)
        self.ensembles = Ensembles(serving(), lambda text: self._publish("ensemble", text), self._post, lambda: runner.tell("news"))
        runner.fans, runner.ended = self.ensembles.fan, self.close

    def _publish(self, name: str, text: str) -> None:
        with self.within():
            self.texts[name].set(text)

    def _post(self, do: Any) -> None:
        self.runner.tell("call", do)

    def close(self) -> None:
        """End what runs for this session. The session's thread does it as its last, so that nothing can begin after it."""
        self.comparing.close()
        self.ensembles.end()

    def want(self) -> None:
        """Compare what is looked at now."""
        self._post(lambda: self.comparing.want(self.runner.asked))

    def show(self) -> None:
        """Show the ensemble as it is looked at now."""
        self._post(lambda: self.ensembles.show(self.runner.asked))

    def begin(self) -> None:
        """Start the worlds that are asked for."""
        self._post(lambda: self.ensembles.begin(self.runner.asked))

    def cancel(self) -> None:
        """End what is running; finished worlds stay."""
        self._post(self.ensembles.cancel)

    def compare(self, **changes: Any) -> None:
        """Change what is compared."""
        self.look(compare=self.view.value.compare._replace(**changes))

    def ensemble(self, **changes: Any) -> None:
        """Change what the ensemble tab looks at."""
        self.look(ensemble=self.view.value.ensemble._replace(**changes))


def _box(names: str, *children: Any) -> Any:
    return rv.Html(tag="section", class_=names, children=list(children))


def _options() -> list[dict[str, str]]:
    """Return the scenarios on offer for a menu."""
    return [{"name": MINE, "title": "this world with my levers"}, *({"name": name, "title": name} for name in names(serving()))]


def _regions() -> list[dict[str, str]]:
    known = catalog()
    titles = {**known.nation_names, "Rest": "All but the first two", "World": "The whole world"}
    return [{"name": name, "title": titles[name]} for name in known.regions]


@solara.component
def PickDrawn(label: str, chosen: str, answer: Any) -> Any:
    """A menu of the variables that nations have."""
    known = catalog()
    text = solara.use_memo(lambda: texts.pick(known, label, chosen, race(known), drawn(known)), [chosen])
    return part("pick", lambda _, data: answer(data) if data in drawn(known) else None, content=text)


@solara.component
def Compare(tabs: Tabs, status: str, moves: str) -> Any:
    """Two scenarios side by side. `status` and `moves` tell of a change of the world on show."""
    view = tabs.view.value
    asked = tabs.runner.asked
    solara.use_effect(tabs.want, [view.compare, view.ensemble, view.theme, status, moves])
    shown = json.loads(tabs.texts["compare"].value or "{}")
    offered = names(serving())
    a, b = pair_of(view.compare, asked, offered)

    def answer(event: str, data: Any) -> None:
        # both sides as they are now: the page may not have drawn the change before
        a, b = pair_of(tabs.view.value.compare, asked, offered)
        if event == "swap":
            tabs.compare(a=b, b=a)
        elif event == "side" and data[0] in ("A", "B") and data[1] in (*offered, MINE):
            tabs.compare(a=data[1] if data[0] == "A" else a, b=data[1] if data[0] == "B" else b)
        elif event == "who" and data in catalog().regions:
            tabs.compare(who=data)

    head = {
        "options": _options(), "a": a, "b": b, "regions": _regions(), "who": view.compare.who, "seed": asked.seed,
        "sides": shown.get("sides", []),
    }  # fmt: skip
    with rv.Html(tag="div", class_="wl-live wl-compare") as main:
        part("compare_head", answer, content=json.dumps(head))
        if shown.get("error"):
            part("faults", content=json.dumps({"title": "Nothing to compare", "faults": [shown["error"]]}))
        elif shown.get("large"):
            _CompareCharts(tabs, shown)
        else:
            rv.Html(tag="p", class_="wl-start", children=["Opening both worlds …"])
    return main


@solara.component
def _CompareCharts(tabs: Tabs, shown: dict[str, Any]) -> Any:
    with rv.Html(tag="div", class_="wl-grid wl-two-thirds") as main:
        with _box("wl-card wl-large"):
            PickDrawn("Variable", tabs.view.value.compare.variable, lambda name: tabs.compare(variable=name))
            for text in shown["large"]:
                LineChart(text)
        with _box("wl-aside"):
            with _box("wl-card wl-inputs"):
                part("diff", content=json.dumps(shown["inputs"]))
            with _box("wl-card wl-leads"):
                part("overtake", lambda _, data: _chosen(tabs, data, ()), content=_overtake(tabs.view.value, []))
                TableTwin(shown["leads"])
        with rv.Html(tag="div", class_="wl-smalls wl-full"):
            for pair in shown["small"]:
                with _box("wl-card wl-small-pair"):
                    for text in pair:
                        LineChart(text)
        with _box("wl-card wl-full wl-marks"):
            TableTwin(shown["table"])
    return main


def _overtake(view: View, says: list[str]) -> str:
    """Return the menus of who overtakes whom, which both tabs share, and what is said of it."""
    return json.dumps({"regions": _regions(), "ahead": view.ensemble.ahead, "behind": view.ensemble.behind, "says": says})


@solara.component
def Ensemble(tabs: Tabs, status: str) -> Any:
    """Many paired worlds. `status` tells of a change of the world on show."""
    view, asked = tabs.view.value, tabs.runner.asked
    look = view.ensemble
    solara.use_effect(tabs.show, [look, view.regions, view.theme, status])
    shown = json.loads(tabs.texts["ensemble"].value or "{}")
    offered = (*names(serving()), MINE)

    def answer(event: str, data: Any) -> None:
        if event == "begin":
            tabs.begin()
        elif event == "cancel":
            tabs.cancel()
        else:
            _chosen(tabs, data, offered)

    head = {
        "options": _options(), "scenario": look.scenario or asked.scenario, "other": look.other, "worlds": look.worlds, "vary": look.vary,
        "fewest": FEWEST_WORLDS, "most": MOST_WORLDS, "seed": asked.seed,
    }  # fmt: skip
    with rv.Html(tag="div", class_="wl-live wl-ensemble") as main:
        part("ensemble_head", answer, content=json.dumps(head), progress=json.dumps(shown.get("progress", {"state": "none"})))
        if shown.get("error"):
            part("faults", content=json.dumps({"title": "No further worlds", "faults": [shown["error"]]}))
        if shown.get("charts"):
            _EnsembleCharts(tabs, shown["charts"], answer)
        else:
            rv.Html(tag="p", class_="wl-start", children=[
                "Start a few dozen worlds: fans of medians and bands grow here as worlds finish, and the band is drawn in the charts"
                " of the live tab."
            ])  # fmt: skip
    return main


def _chosen(tabs: Tabs, data: Any, offered: tuple[str, ...]) -> None:
    """Take a choice of the browser, if it is one that is offered."""
    look = tabs.view.value.ensemble
    regions = catalog().regions
    changes = {
        key: value
        for key, value in dict(data).items()
        if (key == "scenario" and value in offered)
        or (key == "other" and value in ("", *offered))
        or (key == "worlds" and isinstance(value, int) and FEWEST_WORLDS <= value <= MOST_WORLDS)
        or (key == "vary" and isinstance(value, bool))
        or (key == "ahead" and value in regions and value != look.behind)
        or (key == "behind" and value in regions and value != look.ahead)
    }
    if changes:
        tabs.ensemble(**changes)


@solara.component
def _EnsembleCharts(tabs: Tabs, charts: dict[str, Any], answer: Any) -> Any:
    view: View = tabs.view.value
    look = view.ensemble
    with rv.Html(tag="div", class_="wl-grid") as main:
        with _box("wl-card wl-full wl-what"):
            PickDrawn("Variable", look.variable, lambda name: tabs.ensemble(variable=name))
            part("regions", lambda _, data: tabs.look(regions=tuple(data)), content=texts.regions(catalog(), view))
        for text in charts["fans"]:
            with _box("wl-card wl-fan"):
                LineChart(text)
        with _box("wl-card wl-crossing" + (" wl-full" if len(charts["fans"]) == 2 and not charts["gap"] else "")):
            part("overtake", answer, content=_overtake(view, charts["says"]))
            Bars(charts["bars"])
        if charts["gap"]:
            with _box("wl-card wl-gap"):
                LineChart(charts["gap"])
    return main
