"""The race in one picture: six panels, the same two nations and the rest in each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from ..scenarios.run import command
from ..world.money.regimes import USUAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..scenarios.run import Result

# Okabe-Ito: told apart with any colour vision, and by dash and label besides
COLOURS = ("#0072B2", "#D55E00", "#6B6B6B")
DASHES = ("-", "-", (0, (4, 1.5)))
INK, FAINT = "#222222", "#D9D9D9"
NEAREST_LABELS = 0.075  # least distance of two labels, as a share of the panel's height


class Panel(NamedTuple):
    """One panel: what it is called, its unit, and the recorded variable it shows."""

    title: str
    unit: str
    variable: str
    scale: float = 1.0
    log: bool = False
    line_at: float | None = None


PANELS = (
    Panel("Firm power accredited", "GW", "Coin|Accredited"),
    Panel("AI load that runs", "GW", "Compute|Powered"),
    Panel("Chips without power", "GW", "Compute|Stranded"),
    Panel("What a coin is worth", "USD per W", "Coin|Value"),
    Panel("q: value of a new firm watt over its cost", "ratio", "Coin|q", line_at=1.0),
    Panel("Humanoid robots at work", "million", "Robots|Stock", scale=1e-6),
)


def draw_race(result: Result) -> Figure:
    """Return the picture of a run's race. Any length is drawn, and runs that stopped early."""
    world, settings = result.world, result.world.settings
    groups = result.groups
    years = np.array([world.calendar.year_fraction(month) for month in range(world.record.written)])
    figure = Figure(figsize=(12, 7), facecolor="white", layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)  # type: ignore[union-attr, call-arg]
    axes = figure.subplots(2, 3)
    for axis, given in zip(axes.flat, PANELS, strict=True):
        lines = [result.series(given.variable, group) for group in groups]
        panel = _readable(given, lines)
        if panel.variable == "Coin|Value" and settings.regime != USUAL:
            panel = panel._replace(title="What a right to a firm watt is worth")
        lines = [values * panel.scale for values in lines]
        _panel(axis, panel, years, lines, groups)
    figure.suptitle(
        settings.title or settings.name, x=0.01, ha="left", fontsize=14, fontweight="bold", color=INK
    )
    figure.supxlabel(
        f"{_made_by(settings, world)}   ·   a model, not a forecast",
        x=0.01, ha="left", fontsize=8, color="#666666",
    )  # fmt: skip
    return figure


def _made_by(settings: Any, world: Any) -> str:
    """Return the command of the picture, or of what it is where no short command makes it."""
    made = command(settings, int(world.seed), world.date)
    if made.startswith("wattrace "):
        return made
    return f"scenario {settings.name} (manifest.json), {settings.regime}, seed {world.seed}, {settings.start} to {world.date}"


def _readable(panel: Panel, lines: list[np.ndarray]) -> Panel:
    """Return the panel with thousands for millions where there are fewer than one million."""
    most = max((float(np.nanmax(values)) for values in lines if np.isfinite(values).any()), default=0.0)
    if panel.unit == "million" and most < 1e6:
        return panel._replace(unit="thousand", scale=1e-3)
    return panel


def _panel(axis: Axes, panel: Panel, years: np.ndarray, lines: list[np.ndarray], groups: list[str]) -> None:
    axis.set_title(f"{panel.title} ({panel.unit})", loc="left", fontsize=10, color=INK)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color("#999999")
    axis.tick_params(colors="#555555", labelsize=8, length=0)
    axis.grid(axis="y", color=FAINT, linewidth=0.7)
    axis.set_axisbelow(True)
    if panel.line_at is not None:
        axis.axhline(panel.line_at, color="#999999", linewidth=0.9)
    for values, colour, dash in zip(lines, COLOURS, DASHES, strict=False):
        axis.plot(years, values, color=colour, linestyle=dash, linewidth=1.9, solid_capstyle="round",
                  marker="o" if len(years) == 1 else None, markersize=4)  # fmt: skip
    finite = np.concatenate([values[np.isfinite(values)] for values in lines]) if lines else np.empty(0)
    if not len(finite):
        axis.text(0.5, 0.5, "nothing recorded", transform=axis.transAxes, ha="center", color="#666666")
        axis.set(xticks=[], yticks=[])
        return
    low = min(float(finite.min()), 0.0)
    high = max(float(finite.max()), panel.line_at or 0.0)
    axis.set_ylim(low, low + (high - low) * 1.06 if high > low else low + 1.0)
    span = max(float(years[-1] - years[0]), 1 / 12)
    axis.set_xlim(years[0] - 0.02 * span, years[-1] + 0.17 * span)
    axis.set_xticks(_ticks(float(years[0]), float(years[-1])))
    axis.xaxis.set_major_formatter(_year_label)
    _label(axis, years, lines, groups)


def _year_label(value: float, _position: float) -> str:
    year, month = divmod(round(value * 12), 12)
    return f"{year}" if month == 0 else f"{year}-{month + 1:02d}"


def _ticks(first: float, last: float) -> list[float]:
    """Return three to six dates on whole years, or the two ends of a run shorter than that."""
    step = next((s for s in (1, 2, 5, 10, 20) if (last - first) / s <= 5), 50)
    begin = int(np.ceil((first - 1e-9) / step)) * step
    ticks = [float(year) for year in range(begin, int(last + 1e-9) + 1, step)]
    return ticks if len(ticks) > 1 else sorted({first, last})


def _label(axis: Axes, years: np.ndarray, lines: list[np.ndarray], groups: list[str]) -> None:
    """Name each line at its end, moved apart where they would overlap."""
    bottom, top = axis.get_ylim()
    ends = []
    for group, colour, values in zip(groups, COLOURS, lines, strict=False):
        known = np.flatnonzero(np.isfinite(values))
        if len(known):
            ends.append(((float(values[known[-1]]) - bottom) / (top - bottom), group, colour))
    height: Callable[[tuple[float, str, str]], float] = lambda end: end[0]  # noqa: E731
    ends.sort(key=height)
    places = [end[0] for end in ends]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + NEAREST_LABELS)
    excess = max(places[-1] - 0.97, 0.0) if places else 0.0
    for i in range(len(places) - 1, -1, -1):
        ceiling = (
            places[i] - excess if i == len(places) - 1 else min(places[i], places[i + 1] - NEAREST_LABELS)
        )
        places[i] = ceiling
    for place, (_, group, colour) in zip(places, ends, strict=True):
        axis.annotate(
            group, xy=(float(years[-1]), bottom + place * (top - bottom)), xytext=(5, 0),
            textcoords="offset points", va="center", fontsize=9, fontweight="bold", color=colour,
            annotation_clip=False, path_effects=[withStroke(linewidth=3, foreground="white")],
        )  # fmt: skip
