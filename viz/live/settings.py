"""What the server is told before Solara is imported: Solara reads its environment once, at import."""

from __future__ import annotations

import os
from typing import NamedTuple

ENVIRONMENT = {
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "false",  # would be fetched from the internet
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",  # on by default
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_TITLE": "Wattrace",
    "SOLARA_KERNEL_CULL_TIMEOUT": "10m",  # a browser that was killed says no goodbye; the default is a day
    "SOLARA_SESSION_HTTP_ONLY": "true",
    "SOLARA_MODE": "production",
    "SOLARA_APP": "wattrace.viz.live.page",
}


class Serving(NamedTuple):
    """What one server offers. `scenarios` maps a name to what `load_scenario` takes; the first is shown first."""

    scenarios: dict[str, str]
    most_sessions: int = 16
    until: str | None = None


_serving: list[Serving] = []


def prepare(serving: Serving) -> None:
    """Set the environment and what is served. Call before anything imports Solara."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    _serving[:] = [serving]


def serving() -> Serving:
    """Return what is served; the library where nothing was prepared (a test without a server)."""
    if not _serving:
        from ...scenarios.read import list_scenarios

        prepare(Serving({name: name for name in list_scenarios()}))
    return _serving[0]
