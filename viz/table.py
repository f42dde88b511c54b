"""The race as a table for the terminal: a row every two years, the same measures for two nations and the rest."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from ..scenarios.run import Result

STYLES = ("bold blue", "bold yellow", "bold")
# measure of the race -> heading, how it is written
MEASURES: dict[str, tuple[str, Callable[[float], str]]] = {
    "accredited_gw": ("firm GW", lambda x: f"{x:,.0f}"),
    "powered_gw": ("AI GW", lambda x: f"{x:,.1f}"),
    "powered_h100e": ("H100e", lambda x: amount(x)),
    "stranded_gw": ("stranded GW", lambda x: f"{x:,.2f}"),
    "value_usd_per_w": ("USD/W", lambda x: f"{x:,.2f}"),
    "q": ("q", lambda x: f"{x:.2f}"),
    "robots": ("robots", lambda x: amount(x)),
    "orbital_share": ("orbit", lambda x: f"{100.0 * x:.1f} %"),
}


def amount(value: float) -> str:
    """Return a count in three figures and a unit: 54.2 M."""
    for size, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:,.3g}{unit}" if abs(value) < 999.5 * size else f"{value / size:,.0f}{unit}"
    return f"{value:,.0f}"


def _text(measure: str, value: Any) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    return MEASURES[measure][1](float(value))


def race_table(result: Result) -> Table:
    """Return the race: per date one line for each group. A row holds the month before its date."""
    settings = result.world.settings
    table = Table(
        title=f"{settings.title or settings.name} · seed {result.world.seed}",
        caption="AI by nation of its owner, wherever it stands · a model, not a forecast",
        title_justify="left", caption_justify="left", header_style="bold",
    )  # fmt: skip
    table.add_column("until", no_wrap=True)
    table.add_column("who", no_wrap=True)
    for heading, _ in MEASURES.values():
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("binds", no_wrap=True)
    for row in result.race_rows():
        for i, group in enumerate(result.groups):
            cells = row[group]
            table.add_row(
                row["date"] if i == 0 else "", Text(group, style=STYLES[i]),
                *(_text(measure, cells[measure]) for measure in MEASURES), cells["binds"],
                end_section=i == len(result.groups) - 1,
            )  # fmt: skip
    return table
