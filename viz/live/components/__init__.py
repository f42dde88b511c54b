"""The charts of the live view: each takes JSON strings, because nested lists are slow through the widget stack.

A component is one `.vue` file; `//= shared.js` in it stands for what all charts share. The heading with its buttons (table,
downloads) is `chart_frame.vue`. Events call back with a plain dictionary.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import ipyvue
import reacton.core
import traitlets

from ..bundle import Bundled

HERE = Path(__file__).parent
SHARED_MARK = "//= shared.js"

Pick = Callable[[dict[str, Any]], None]


@cache
def source(name: str) -> str:
    """Return the text of a component with the shared script in place of its mark."""
    shared = (HERE / "shared.js").read_text(encoding="utf-8")
    return (HERE / name).read_text(encoding="utf-8").replace(SHARED_MARK, shared)


def _widget(name: str, *strings: str) -> type[Bundled]:
    """Return the widget class of a component: its strings as synchronised traits, and a `pick` event."""

    def vue_pick(self: Any, data: dict[str, Any]) -> None:
        if self.callback is not None:
            self.callback(data)

    body: dict[str, Any] = {text: traitlets.Unicode("").tag(sync=True) for text in strings}
    body["template"] = traitlets.Unicode(source(name)).tag(sync=True)
    body["components"] = traitlets.Dict({"chart-frame": source("chart_frame.vue")}).tag(
        sync=True, **ipyvue.VueTemplate.class_component_serialization
    )
    body["callback"] = traitlets.Any(None, allow_none=True)
    body["vue_pick"] = vue_pick
    return type(name.removesuffix(".vue"), (Bundled,), body)


# `data` is a word of the widget class itself, so the string travels as `payload`
_LineChart = _widget("line_chart.vue", "payload")
_WorldMap = _widget("world_map.vue", "frame", "base", "options")


def LineChart(data: str, event_pick: Pick | None = None) -> reacton.core.Element:
    """Lines over time with bands.

    data: `{title, unit, x: [dates], now: index, lines: [{name, values, style, nation}], bands: [{name, low, high, nation}],
    theme, log, nations, note, height, reach: [numbers the scale must hold], style_names: {style: word}, band_name, aligned,
    early, before}`; `before` counts the months that stand before the start, a line of history has sources {index: text};
    a band may have a kind, which the legend tells; aligned charts of one width have the same margins, early ones fold their
    buttons away; style is live, baseline, projection or history; values may be null. A click or Enter
    calls event_pick with `{index, date}`.
    """
    return _LineChart.element(payload=data, callback=event_pick)


def WorldMap(
    frame: str, base: str, options: str = "{}", event_pick: Pick | None = None
) -> reacton.core.Element:
    """The map: `base` of `geometry.map_base` once, `frame` every month.

    frame: `{month, zones: {name: {fill, powered, stranded, label}}, flows: [[from, to, value, kind]], lines: [[from, to, load share]],
    orbit: {powered, label}, moon: {…}, nations: {name: fill}}`; options: `{title, unit, scale: [low, high], theme, selected,
    layers: [names], note}`. Flows move on with the number of the month. A click or Enter calls event_pick with `{zone}` (orbit and
    moon too).
    """
    return _WorldMap.element(frame=frame, base=base, options=options, callback=event_pick)


_Strip = _widget("strip.vue", "payload")
_Sankey = _widget("sankey.vue", "payload")
_Events = _widget("events.vue", "payload")
_TableTwin = _widget("table_twin.vue", "payload")
_Bars = _widget("bars.vue", "payload")


def Strip(data: str, event_pick: Pick | None = None) -> reacton.core.Element:
    """What binds, one row per nation.

    data: `{title, rows: [{name, causes: [index per month], waits: [[GW per cause] per month]}], causes: [names], x: [dates],
    now: index, theme}`. A click or Enter calls event_pick with `{index, date, name}`.
    """
    return _Strip.element(payload=data, callback=event_pick)


def Sankey(data: str) -> reacton.core.Element:
    """Flows between parties.

    data: `{title, unit, nodes: [names], links: [[from, to, value]], theme}`, from and to by index or name. Where flows go round
    in a circle every party stands twice, as payer and as receiver.
    """
    return _Sankey.element(payload=data)


def Events(data: str, event_pick: Pick | None = None) -> reacton.core.Element:
    """What happened, newest first, with a filter by kind and region.

    data: `{rows: [{month, date, kind, region, agent, text}], kinds: [names], theme, height}`. A click calls event_pick with
    `{month, date, kind, region, agent}`.
    """
    return _Events.element(payload=data, callback=event_pick)


def Bars(data: str) -> reacton.core.Element:
    """Bars side by side, a group per row.

    data: `{title, unit, columns: [what a row is, names], rows: [[label, numbers]], theme, height}`; the first and the last group
    stand apart.
    """
    return _Bars.element(payload=data)


def TableTwin(data: str) -> reacton.core.Element:
    """Any of the other components' data, or `{title, columns, rows}`, as a table with its CSV."""
    return _TableTwin.element(payload=data)
