"""Figures of a comparison: drawn once with matplotlib, written as PNG and SVG, and set into the report as SVG that follows its colours."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..scenarios.compare import MAIN, Comparison, rows_of
from ..scenarios.yearly import RACES

# ink and paper are replaced by the report's own colours, so that one drawing serves light, dark and print
INK, PAPER, SOFT = "#1b1c1e", "#fefdfb", "#8a8d91"
COLOURS = ("#3b6fb6", "#c8553d", "#3d8f5f", "#8e6bb0", "#b58900", "#2a9d9d", "#a14a76", "#6b705c")
DASHES: tuple[Any, ...] = (
    "-", (0, (6, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)), (0, (1, 1)), (0, (10, 3)), (0, (4, 1, 1, 1, 1, 1)), (0, (3, 3)),
)  # fmt: skip
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
HATCHES = ("", "//", "..", "\\\\", "xx", "--", "oo", "||", "++", "**", "/.", "\\.", "-.", "x.")
MOST_SHOWN = 8
_RC: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "wattrace", "font.size": 9, "axes.edgecolor": SOFT, "axes.labelcolor": INK, "text.color": INK,
    "xtick.color": INK, "ytick.color": INK, "axes.facecolor": PAPER, "figure.facecolor": PAPER, "savefig.facecolor": PAPER,
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 9.5, "axes.titlelocation": "left", "hatch.linewidth": 0.5,
    "legend.frameon": False, "legend.fontsize": 8,
}  # fmt: skip


@dataclass
class Drawn:
    """A figure with what it shows in words."""

    name: str
    title: str
    alt: str
    figure: Figure

    @cached_property
    def svg(self) -> str:
        """The figure as SVG with its colours; the same figure gives the same text."""
        out = io.StringIO()
        with matplotlib.rc_context(_RC):
            self.figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        self.figure.set_layout_engine("none")  # it is laid out now, and need not be again for the PNG
        return out.getvalue()


def draw_all(comparison: Comparison, only: str | None = None) -> list[Drawn]:
    """Return the figures of a comparison that have something to show; `only` one of them by name. Raises KeyError."""
    if only is not None and only not in FIGURES:
        raise KeyError(f"no figure {only!r}; allowed: {', '.join(FIGURES)}")
    with matplotlib.rc_context(_RC):
        drawn = [draw(comparison) for name, draw in FIGURES.items() if only in (None, name)]
    return [one for one in drawn if one is not None]


def write(drawn: Drawn, folder: Path) -> None:
    """Write a figure as NAME.svg and NAME.png."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{drawn.name}.svg").write_text(drawn.svg, encoding="utf-8")
    with matplotlib.rc_context(_RC):
        drawn.figure.savefig(folder / f"{drawn.name}.png", format="png", dpi=140)


def _whole_years(axes: Any, years: list[int] | None = None) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    if years is not None and len(years) == 1:
        # lines of one point cannot be seen and have no axis
        axes.set_xlim(years[0] - 0.5, years[0] + 0.5)
        for line in axes.lines:
            if np.size(line.get_xdata()) == 1:
                line.set_marker("o")


def _shown(comparison: Comparison) -> list[str]:
    return [comparison.baseline, *comparison.shown][:MOST_SHOWN]


def _fan(axes: Any, years: list[int], values: np.ndarray, k: int, label: str) -> None:
    """Draw the median and the middle 80 % of [W, Y]."""
    low, mid, high = np.nanpercentile(values, [10, 50, 90], axis=0)
    axes.fill_between(years, low, high, color=COLOURS[k], alpha=0.18, linewidth=0)
    axes.plot(years, mid, color=COLOURS[k], linestyle=DASHES[k], linewidth=1.6, label=label)


def race(comparison: Comparison) -> Drawn | None:
    """The rivals' powered compute in each scenario."""
    y = comparison.yearly
    variable = MAIN[0]
    shown = _shown(comparison)
    across = min(len(shown), 4)
    down = -(-len(shown) // across)
    figure = Figure(figsize=(max(2.5 * across + 0.6, 9.0), 2.2 * down + 0.5), layout="constrained")
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    for scenario, axes in zip(shown, grid.flat, strict=False):
        for k, region in enumerate(y.rivals):
            _fan(axes, y.years, y.of(variable, scenario, region), k, region)
        axes.set_title(scenario)
        _whole_years(axes, y.years)
        axes.legend(loc="upper left")
    grid[0, 0].set_ylabel(f"{variable}, {comparison.units[variable]}")
    median = lambda scenario, region: f"{region} {np.nanmedian(y.of(variable, scenario, region)[:, -1]):,.0f}"  # noqa: E731
    ends = [f"{scenario}: {', '.join(median(scenario, region) for region in y.rivals)}" for scenario in shown]
    alt = f"Fans of {variable} in {comparison.units[variable]} by nation. Medians in {y.years[-1]}: {'; '.join(ends)}."
    return Drawn("race", "Powered AI compute of the two rivals", alt, figure)


def lead(comparison: Comparison) -> Drawn | None:
    """In how many worlds the second nation leads, month by month."""
    y = comparison.yearly
    races = [name for name in RACES if name in y.variables][:4]
    figure = Figure(figsize=(2.6 * len(races) + 0.6, 2.6), layout="constrained")
    grid = figure.subplots(1, len(races), sharey=True, squeeze=False)[0]
    months = np.array([int(d[:4]) + (int(d[5:]) - 0.5) / 12 for d in comparison.study.layout.dates])
    for j, (name, axes) in enumerate(zip(races, grid, strict=True)):
        for k, scenario in enumerate(_shown(comparison)):
            values = y.leads[j, y.scenarios.index(scenario)]
            share = np.nanmean(np.where(np.isfinite(values), values > 0, np.nan), axis=0)
            axes.plot(months, 100 * share, color=COLOURS[k], linestyle=DASHES[k], label=scenario, linewidth=1.5)
        axes.set_title(name)
        axes.set_ylim(-3, 103)
        _whole_years(axes)
    grid[0].set_ylabel(f"% of worlds with\n{y.rivals[1]} ahead")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    rows = comparison.crossings
    ends = [f"{row.scenario} {row.leads_at_end:.0%}" for row in rows_of(rows[rows["variable"] == races[0]]) if "--" not in row.scenario]
    alt = f"Share of worlds in which {y.rivals[1]} is ahead of {y.rivals[0]}, by month. At the end, in {races[0]}: {', '.join(ends)}."
    return Drawn("lead", f"When {y.rivals[1]} is ahead of {y.rivals[0]}", alt, figure)


def effects(comparison: Comparison) -> Drawn | None:
    """Effects on the main variables in the last year, in percent of the baseline."""
    rows = comparison.table()
    if rows.empty:
        return None
    y = comparison.yearly
    regions = [*y.rivals, "World"]
    names = [name for name in MAIN if name in y.variables]
    figure = Figure(figsize=(10, 0.34 * len(names) + 1.1), layout="constrained")
    grid = figure.subplots(1, len(regions), sharey=True)
    scenarios = (comparison.shown or comparison.others)[: MOST_SHOWN - 1]
    for axes, region in zip(grid, regions, strict=True):
        axes.axvline(0, color=SOFT, linewidth=0.8)
        for k, scenario in enumerate(scenarios, start=1):
            part = rows[(rows["region"] == region) & (rows["scenario"] == scenario)].set_index("variable").reindex(names)
            base = part["baseline"].abs()
            scale = 100 / base.where(base > 1e-9)  # nothing, or what rounding leaves of it, has no percent
            at = np.arange(len(names)) + (k - 0.5 - len(scenarios) / 2) * 0.7 / max(len(scenarios), 1)
            middle, low, high = (part[column] * scale for column in ("effect", "low", "high"))
            axes.errorbar(
                middle, at, xerr=[(middle - low).abs(), (high - middle).abs()], fmt=MARKS[k], color=COLOURS[k], markersize=3.5, linewidth=1,
                label=scenario,
            )  # fmt: skip
        axes.set_title(region)
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xticks([-100, -10, -1, 0, 1, 10, 100], ["−100", "−10", "−1", "0", "1", "10", "100"], fontsize=7)
        axes.set_xlim(-300, 300)
        axes.set_xlabel("% of the baseline")
    grid[0].set_yticks(np.arange(len(names)), names)
    grid[0].invert_yaxis()
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    alt = f"Effects in {y.years[-1]} as percent of the baseline with 95 % intervals, a mark per scenario; the table below has the numbers."
    return Drawn("effects", f"Effects in {y.years[-1]}, paired by world", alt, figure)


def effect_over_time(comparison: Comparison) -> Drawn | None:
    """The effect on the rivals' powered compute year by year."""
    y = comparison.yearly
    scenarios = (comparison.shown or comparison.others)[: MOST_SHOWN - 1]
    if not scenarios:
        return None
    variable = MAIN[0]
    rows = comparison.effects
    rows = rows[rows["variable"] == variable]
    figure = Figure(figsize=(9, 2.8), layout="constrained")
    grid = figure.subplots(1, 2)
    for axes, region in zip(grid, y.rivals, strict=True):
        axes.axhline(0, color=SOFT, linewidth=0.8)
        for k, scenario in enumerate(scenarios, start=1):
            part = rows[(rows["region"] == region) & (rows["scenario"] == scenario)]
            axes.fill_between(part["year"], part["low"], part["high"], color=COLOURS[k], alpha=0.18, linewidth=0)
            axes.plot(part["year"], part["effect"], color=COLOURS[k], linestyle=DASHES[k], label=scenario, linewidth=1.5)
        axes.set_title(region)
        _whole_years(axes, y.years)
    grid[0].set_ylabel(f"{variable}, {comparison.units[variable]}\nmore than in the baseline")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    alt = f"Effect of each scenario on {variable} of {' and '.join(y.rivals)} by year, with 95 % intervals."
    return Drawn("effect-over-time", "The effect on powered compute, year by year", alt, figure)


def binding(comparison: Comparison) -> Drawn | None:
    """What binds the rivals, as shares of months and worlds."""
    y = comparison.yearly
    rows = comparison.binding
    shown = _shown(comparison)[:4]
    figure = Figure(figsize=(2.5 * len(shown) + 0.8, 4.4), layout="constrained")
    grid = figure.subplots(2, len(shown), sharex=True, sharey=True, squeeze=False)
    causes = list(dict.fromkeys(rows.groupby("cause")["share"].sum().sort_values(ascending=False).index))
    for i, region in enumerate(y.rivals):
        for j, scenario in enumerate(shown):
            part = rows[(rows["region"] == region) & (rows["scenario"] == scenario)]
            table = part.pivot_table(index="year", columns="cause", values="share", aggfunc="sum", observed=True)
            table = table.reindex(index=y.years, columns=causes).fillna(0.0)
            filled = grid[i, j].stackplot(y.years, 100 * table.to_numpy().T, labels=causes, linewidth=0.3, edgecolor=PAPER)
            for c, area in enumerate(filled):
                area.set_facecolor(COLOURS[c % len(COLOURS)])
                area.set_hatch(HATCHES[c % len(HATCHES)])
                area.set_alpha(0.75)
            grid[i, j].set_title(f"{region}, {scenario}")
            grid[i, j].margins(0)
    grid[0, 0].set_ylabel("% of months")
    grid[1, 0].set_ylabel("% of months")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=7)
    first = rows[rows["scenario"] == comparison.baseline].groupby("cause")["share"].sum().sort_values(ascending=False)
    alt = f"What binds by year, as stacked shares. Most often in the baseline: {', '.join(first.index[:3])}."
    return Drawn("binding", "What binds", alt, figure)


def crossing(comparison: Comparison) -> Drawn | None:
    """From when the second nation is ahead for the first time: cumulative over worlds."""
    y = comparison.yearly
    races = [name for name in RACES if name in y.variables][:2]
    months = np.array([int(d[:4]) + (int(d[5:]) - 0.5) / 12 for d in comparison.study.layout.dates])
    figure = Figure(figsize=(9, 2.8), layout="constrained")
    grid = figure.subplots(1, len(races), sharey=True, squeeze=False)[0]
    for j, (name, axes) in enumerate(zip(races, grid, strict=True)):
        for k, scenario in enumerate(_shown(comparison)):
            values = y.leads[j, y.scenarios.index(scenario)]
            values = values[np.isfinite(values[:, -1])]
            crossed = np.maximum.accumulate(values > 0, axis=1).mean(axis=0) if len(values) else np.zeros(len(months))
            axes.step(months, 100 * crossed, color=COLOURS[k], linestyle=DASHES[k], label=f"{scenario}: never {1 - crossed[-1]:.0%}")
        axes.set_title(name)
        axes.set_ylim(-3, 103)
        axes.legend(loc="upper left", fontsize=7)
        _whole_years(axes)
    grid[0].set_ylabel(f"% of worlds in which {y.rivals[1]}\nhas been ahead")
    rows = comparison.crossings
    never = [f"{row.scenario} {row.never:.0%}" for row in rows_of(rows[rows["variable"] == races[0]]) if "--" not in row.scenario]
    alt = f"Cumulative share of worlds in which {y.rivals[1]} has overtaken {y.rivals[0]}. Never, in {races[0]}: {', '.join(never)}."
    return Drawn("crossing", "Crossing dates", alt, figure)


def attribution(comparison: Comparison) -> Drawn | None:
    """Shapley shares of a package's policies."""
    rows = comparison.attribution
    if rows.empty:
        return None
    y = comparison.yearly
    variable = MAIN[0]
    rows = rows[(rows["variable"] == variable) & rows["region"].isin(y.rivals)]
    names = list(dict.fromkeys(zip(rows["package"], rows["policy"], strict=True)))[:16]
    figure = Figure(figsize=(9, 0.4 * len(names) + 1.2), layout="constrained")
    grid = figure.subplots(1, 2, sharey=True)
    for axes, region in zip(grid, y.rivals, strict=True):
        part = rows[rows["region"] == region].set_index(["package", "policy"]).reindex(names)
        at = np.arange(len(names))
        axes.axvline(0, color=SOFT, linewidth=0.8)
        axes.barh(at, part["shapley"].fillna(part["alone"]), xerr=part["half_width"], color=COLOURS[0], alpha=0.75, height=0.5, ecolor=INK)
        axes.plot(part["alone"], at, "D", color=COLOURS[1], markersize=4, label="alone")
        axes.plot(part["last"], at, "x", color=COLOURS[2], markersize=5, label="added last")
        axes.set_title(region)
        axes.set_xlabel(f"{variable}, {comparison.units[variable]}")
    grid[0].set_yticks(np.arange(len(names)), [f"{policy}\n({package})" for package, policy in names])
    grid[0].invert_yaxis()
    grid[1].legend(loc="best")
    alt = f"Bars: Shapley share of each policy in the effect on {variable} in {y.years[-1]}; marks: alone, and added last."
    return Drawn("attribution", "Which policy does it", alt, figure)


def variance(comparison: Comparison) -> Drawn | None:
    """Where differences come from: policy, world, interaction."""
    rows = comparison.variance
    rows = rows[rows["region"].isin(comparison.yearly.rivals) & rows["policy"].notna()]
    if rows.empty:
        return None
    labels = [f"{variable}, {region}" for variable, region in zip(rows["variable"], rows["region"], strict=True)]
    figure = Figure(figsize=(9, 0.2 * len(labels) + 1.0), layout="constrained")
    axes = figure.subplots()
    left = np.zeros(len(labels))
    for k, part in enumerate(("policy", "world", "interaction")):
        width = 100 * rows[part].to_numpy(dtype=float)
        axes.barh(np.arange(len(labels)), width, left=left, color=COLOURS[k], hatch=HATCHES[k], alpha=0.75, label=part, edgecolor=PAPER)
        left += width
    axes.set_yticks(np.arange(len(labels)), labels, fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("% of the variance over all scenarios and worlds")
    figure.legend(loc="outside lower center", ncols=3)
    alt = "Share of the variance in the last year that comes from the choice of scenario, from the world, and from both together."
    return Drawn("variance", "Where differences come from", alt, figure)


FIGURES: dict[str, Callable[[Comparison], Drawn | None]] = {
    "race": race, "lead": lead, "effects": effects, "effect-over-time": effect_over_time, "crossing": crossing, "binding": binding,
    "attribution": attribution, "variance": variance,
}  # fmt: skip
