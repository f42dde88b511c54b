"""The parts of the page around the charts: each a Vue file that takes a JSON string and calls back by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import reacton.core
import traitlets

from ..bundle import Bundled

HERE = Path(__file__).parent


def _part(name: str, *events: str, **strings: str) -> type[Bundled]:
    """Return the widget class of a part. Its events end in `on_event(name, data)`; texts are never read as HTML."""
    body: dict[str, Any] = {text: traitlets.Unicode(value).tag(sync=True) for text, value in strings.items()}
    body["template"] = traitlets.Unicode((HERE / f"{name}.vue").read_text(encoding="utf-8")).tag(sync=True)
    body["on_event"] = traitlets.Any(None, allow_none=True)
    for event in events:
        body[f"vue_{event}"] = _handler(event)
    return type(f"Part_{name}", (Bundled,), body)


def _handler(event: str) -> Any:
    def handle(self: Any, data: Any = None) -> None:
        self.heard = True
        if self.on_event is not None:
            self.on_event(event, data)

    return handle


_WIDGETS = {
    "top_bar": _part("top_bar", "world", "tab", "theme", "wanted", content="", world_shown="", address="", origin_text="", wrong=""),
    "time_bar": _part("time_bar", "play", "pause", "step", "goto", "speed", "reset", content=""),
    "headline": _part("headline", content="", coin=""),
    "ended": _part("ended", "goto", until="", back="", month="0"),
    "levers": _part("levers", "lever", "nation", catalog="", content="", ended=""),
    "shocks": _part("shocks", "strike", catalog="", date="", wrong="", ended=""),
    "moved": _part("moved", "moves", catalog="", content=""),
    "premise": _part("premise", "assume", "regime", catalog="", content="", wrong=""),
    "pick": _part("pick", "pick", content=""),
    "regions": _part("regions", "pick", "history", content=""),
    "agents": _part("agents", "pick", content=""),
    "panel": _part("panel", "close", "back", "agent", content=""),
    "why": _part("why", content=""),
    "figures": _part("figures", "pick", catalog="", content=""),
    "method": _part("method", content=""),
    "saver": _part("saver", "saved", content=""),
    "sync": _part("sync", "painted", "dress", number="", stamp="", known="", address="", theme="light"),
    "compare_head": _part("compare_head", "swap", "side", "who", content=""),
    "diff": _part("diff", content=""),
    "ensemble_head": _part("ensemble_head", "choose", "begin", "cancel", content="", progress=""),
    "overtake": _part("overtake", "choose", content=""),
    "faults": _part("faults", "dismiss", content=""),
}


_WIDGETS["sync"].carries = True  # it changes with every frame


def part(name: str, on_event: Any = None, **strings: str) -> reacton.core.Element:
    """Return an element of a part; `on_event(event, data)` is called from the browser."""
    return _WIDGETS[name].element(on_event=on_event, **strings)
