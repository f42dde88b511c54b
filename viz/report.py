"""The report of a comparison: one HTML file that needs nothing else, for light and dark screens and for paper."""

from __future__ import annotations

import html
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..scenarios.compare import MAIN, Comparison, rows_of
from .figures import COLOURS, INK, PAPER, SOFT, Drawn

_STYLE = Path(__file__).with_name("report.css")
_MOST_ROWS = 400
_MOST_NAMED = 3  # scenarios in the title
_LATE_YEARS = 5
_LEAST_SHIFT = 0.01  # of all months
_DUST = 1e-9  # in any unit of the codelist: what rounding leaves of nothing


def report_html(comparison: Comparison, figures: list[Drawn], command: str) -> str:
    """Return the whole report. `command` is the command line that makes it."""
    shown = comparison.shown
    what = ", ".join(shown) if len(shown) <= _MOST_NAMED else f"{len(shown)} scenarios"
    title = f"{what} compared with {comparison.baseline}" if shown else comparison.baseline
    body = [
        f"<h1>{_e(title)}</h1>",
        f'<p class="soft">{_e(_what(comparison))}</p>',
        '<section class="verdict" aria-label="What comes out">',
        *(f"<p>{_e(text)}</p>" for text in verdict(comparison)),
        "</section>",
    ]
    by_name = {one.name: one for one in figures}
    order = [("race", "lead"), ("effects", "effect-over-time"), ("crossing",), ("binding",), ("attribution",), ("variance",)]
    heads = (
        "Who leads", "What the scenarios change", "When one overtakes the other", "What binds", "Which policy does it", "Policy or world",
    )  # fmt: skip
    tables = {
        1: [_effects_table(comparison), _inputs_table(comparison)],
        2: [_crossings_table(comparison)],
        4: [_attribution_table(comparison)],
    }
    for number, (head, names) in enumerate(zip(heads, order, strict=True)):
        parts = [_figure(by_name[name], command) for name in names if name in by_name] + [one for one in tables.get(number, []) if one]
        if parts:
            body += [f"<h2>{head}</h2>", *parts]
    body += ["<h2>How to read this</h2>", *_notes(comparison, command)]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{_e(title)}</title>'
        f"<style>{_STYLE.read_text(encoding='utf-8')}</style></head><body><main>"
        + "\n".join(body)
        + "</main></body></html>\n"
    )


def _what(comparison: Comparison) -> str:
    y, plan = comparison.yearly, comparison.study.plan
    failed = len(comparison.study.failures())
    unsure = f", {len(plan['names'])} unsure numbers ({plan['design']})" if plan["names"] else ""
    return (
        f"{len(y.scenarios)} scenarios under the same {len(y.worlds)} worlds each "
        f"(draws of numbers: {len(plan['at'])}, replicates of luck: {plan['reps']}{unsure}), "
        f"{plan['start']} to {plan['until']}. Failed runs: {failed}. Figures are means of a calendar year. A model, not a forecast."
    )


# -- the first screen -------------------------------------------------------------------------------------------


def verdict(comparison: Comparison) -> list[str]:
    """Return in sentences who leads, when, how surely, and why; then what each scenario does to it."""
    each = [_does(comparison, name) for name in comparison.shown]
    none = "" if comparison.others else f"Nothing to compare: {comparison.baseline} is the only scenario of this study."
    found = (comparison.unfinished, _leads(comparison), _crosses(comparison), _grows(comparison), _binds(comparison), *each, none)
    return [text for text in (*found, _sure(comparison)) if text]


def _leads(comparison: Comparison) -> str:
    y = comparison.yearly
    one, two = y.rivals
    variable, unit = MAIN[0], comparison.units[MAIN[0]]
    ends = {region: y.of(variable, comparison.baseline, region)[:, -1].astype(float) for region in (one, two)}
    both = np.isfinite(ends[one]) & np.isfinite(ends[two])
    share = float((ends[one][both] > ends[two][both]).mean()) if both.any() else float("nan")
    first, second, sure = (one, two, share) if share >= 0.5 else (two, one, 1.0 - share)
    text = f"{first} has more powered AI compute than {second} in {y.years[-1]} in {_of(sure, int(both.sum()))} of {comparison.baseline}"
    middle = {region: np.median(ends[region][both]) for region in (first, second)} if both.any() else {first: np.nan, second: np.nan}
    return f"{text}: {_n(middle[first])} {unit} against {_n(middle[second])} {unit} in the median world."


def _grows(comparison: Comparison) -> str:
    """Say from where the rivals start and how far they grow: a lead is inherited, or won."""
    y = comparison.yearly
    told = []
    for region in y.rivals:
        values = y.of(MAIN[0], comparison.baseline, region).astype(float)
        first, last = (float(np.nanmedian(values[:, k])) if np.isfinite(values[:, k]).any() else float("nan") for k in (0, -1))
        if first > 0.0 and np.isfinite(last):
            unit = comparison.units[MAIN[0]]
            told.append(f"{region} has {_n(first)} {unit} in {y.years[0]} and {last / first:,.1f} times that in {y.years[-1]}")
    return f"Where the lead comes from: {'; '.join(told)}." if len(told) == 2 and len(y.years) > 1 else ""


def _crosses(comparison: Comparison) -> str:
    rows = comparison.crossings
    row = rows[(rows["variable"] == MAIN[0]) & (rows["scenario"] == comparison.baseline)].iloc[0]
    if row["from_start"] > 0.5:
        return f"{row['ahead']} is ahead of {row['behind']} from the start in {_of(row['from_start'], row['worlds'])}."
    if row["never"] >= 1.0:
        dates = comparison.study.layout.dates
        span = f"{dates[0]} to {dates[-1]}"
        return f"{row['behind']} is ahead all the way, {span}: {row['ahead']} overtakes it in none of {row['worlds']} worlds."
    when = f"half of these by {row['p50']}" + (f", the middle 80 % from {row['p10']} to {row['p90']}" if row["p10"] != row["p90"] else "")
    return f"{row['ahead']} overtakes {row['behind']} in {_of(1.0 - row['never'], row['worlds'])}, {when}; in {row['never']:.0%} never."


def _binds(comparison: Comparison) -> str:
    told = []
    for region in comparison.yearly.rivals:
        most = _held(comparison, comparison.baseline, region).most_common(2)
        late = _held(comparison, comparison.baseline, region, _LATE_YEARS).most_common(1)
        causes = " and ".join(f"{cause} ({share:.0%} of months)" for cause, share in most)
        if causes:
            last = f", at the end by {late[0][0]} ({late[0][1]:.0%})" if late and len(comparison.yearly.years) > _LATE_YEARS else ""
            told.append(f"{region} is held back most often by {causes}{last}")
    return f"What holds them back: {'; '.join(told)}." if told else ""


def _held(comparison: Comparison, scenario: str, region: str, years: int = 0) -> Counter[str]:
    """Return {cause: share of months and worlds in which it holds a nation back}, of all years or the last `years`."""
    rows = comparison.binding
    span = comparison.yearly.years[-years:] if years else comparison.yearly.years
    found: Counter[str] = Counter()
    chosen = rows[(rows["region"] == region) & (rows["scenario"] == scenario) & rows["year"].isin(span)]
    for row in rows_of(chosen):
        found[row.cause] += row.share / len(span)
    return found


def _does(comparison: Comparison, scenario: str) -> str:
    rows = comparison.table()
    rows = rows[(rows["scenario"] == scenario) & (rows["variable"] == MAIN[0])].set_index("region")
    if not comparison.effects[comparison.effects["scenario"] == scenario][["effect", "share_up", "share_down"]].to_numpy().any():
        return f"{scenario} is the baseline in every number to the end: what it changes begins later, or changes nothing."
    told, shifts = [], []
    for region in comparison.yearly.rivals:
        row = rows.loc[region]
        if not np.isfinite(row["effect"]):
            continue
        share = max(row["share_up"], row["share_down"])
        change = row["effect"] / row["baseline"] if row["baseline"] else float("nan")
        spread = (row["low"] / row["baseline"], row["high"] / row["baseline"]) if row["baseline"] else (float("nan"),) * 2
        way = "raises" if row["effect"] > 0 else "lowers"
        if row["low"] <= 0 <= row["high"]:
            text = f"no sure effect on {region}'s ({change:+.1%}, interval {spread[0]:+.1%} to {spread[1]:+.1%})"
        else:
            text = f"{way} {region}'s by {abs(change):.1%} ({spread[0]:+.1%} to {spread[1]:+.1%}; same sign in {share:.0%} of worlds)"
            shifts.append(_shift(comparison, scenario, region, row["effect"] < 0))
        told.append(text + _peak(comparison, scenario, region))
    head = f"{scenario}, powered compute in {comparison.yearly.years[-1]}:"
    why = "".join(f" {text}." for text in shifts if text)
    return f"{head} {'; '.join(told)}.{why}" if told else f"{head} no pair of runs to compare."


def _peak(comparison: Comparison, scenario: str, region: str) -> str:
    """Return in words the year in which the effect is largest and sure, where that is not the last year."""
    found = comparison.effects
    found = found[(found["scenario"] == scenario) & (found["variable"] == MAIN[0]) & (found["region"] == region)]
    rows = rows_of(found)
    sure = [row for row in rows if row.low > 0 or row.high < 0]
    largest = max(sure, key=lambda row: abs(row.effect), default=None)
    if largest is None or abs(largest.effect) <= abs(rows[-1].effect):
        return ""
    share, unit = max(largest.share_up, largest.share_down), comparison.units[MAIN[0]]
    spread = f"{largest.low:+.3g} to {largest.high:+.3g}"
    return f", most in {largest.year}: {largest.effect:+.3g} {unit} ({spread}; same sign in {share:.0%})"


def _shift(comparison: Comparison, scenario: str, region: str, lowers: Any) -> str:
    """Return in words what holds a nation back more often at the end where it has less, less often where it has more."""
    before, after = (_held(comparison, name, region, _LATE_YEARS) for name in (comparison.baseline, scenario))
    way = 1.0 if lowers else -1.0
    moved = {name: way * (after[name] - before[name]) for name in [*before, *after]}
    cause = max(moved, key=lambda name: moved[name], default="")
    if not cause or moved[cause] < _LEAST_SHIFT:
        return ""
    span = f"the last {min(_LATE_YEARS, len(comparison.yearly.years))} years"
    return f"In {span} what holds {region} back is {cause} in {after[cause]:.0%} of months, in the baseline in {before[cause]:.0%}"


def _sure(comparison: Comparison) -> str:
    gain = comparison.pairing_gain()
    if not np.isfinite(gain):
        return ""
    return (
        f"Comparing under the same luck cut the variance of effects on the main variables in {comparison.yearly.years[-1]} {gain:,.1f}-fold"
        " (median): that many times fewer runs are as sure."
    )


def _of(share: float, worlds: int) -> str:
    if worlds == 1:
        return "the only world" if share >= 1.0 else "none of 1 world"
    return f"all {worlds} worlds" if share >= 1.0 else f"{share:.0%} of {worlds} worlds"


# -- parts ------------------------------------------------------------------------------------------------------


def _figure(drawn: Drawn, command: str) -> str:
    svg = _themed(drawn.svg, drawn)
    again = f"{command} --only {drawn.name}"
    return f"<figure>{svg}<figcaption>{_e(drawn.title)}. {_e(drawn.alt)} Made by <code>{_e(again)}</code></figcaption></figure>"


def _themed(svg: str, drawn: Drawn) -> str:
    """Return an SVG for use inside HTML: its colours are the report's, its ids its own, its meaning said in words."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"(id=\"|href=\"#|url\(#)", rf"\g<1>{drawn.name}-", svg)
    for colour, name in ((INK, "ink"), (PAPER, "paper"), (SOFT, "soft"), *((c, f"c{k}") for k, c in enumerate(COLOURS))):
        svg = svg.replace(colour, f"var(--{name})")
    label = html.escape(f"{drawn.title}. {drawn.alt}", quote=True)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _table(rows: list[list[Any]], heads: list[str], text: int = 1) -> str:
    cls = lambda i: ' class="text"' if i < text else ""  # noqa: E731
    head = "".join(f'<th scope="col"{cls(i)}>{_e(one)}</th>' for i, one in enumerate(heads))
    body = "".join("<tr>" + "".join(f"<td{cls(i)}>{_e(cell)}</td>" for i, cell in enumerate(row)) + "</tr>" for row in rows[:_MOST_ROWS])
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _effects_table(comparison: Comparison) -> str:
    rows = comparison.table()
    if rows.empty:
        return ""
    cells = [
        [
            row.scenario, row.variable, row.region, row.unit, _n(row.baseline), _n(row.effect), f"{_n(row.low)} to {_n(row.high)}",
            _p(row.share_up), _p(row.share_down), row.worlds,
        ]
        for row in rows_of(rows)
    ]  # fmt: skip
    heads = ["scenario", "variable", "region", "unit", "baseline", "effect", "95 % interval", "up in", "down in", "worlds"]
    return f"<h3>Effects in {comparison.yearly.years[-1]}</h3>" + _table(cells, heads, 4)


def _inputs_table(comparison: Comparison) -> str:
    rows = comparison.inputs
    rows = rows[rows["scenario"].isin(comparison.shown)]
    if rows.empty:
        return ""
    cells = [[row.scenario, row.input, row.in_baseline, row.in_scenario] for row in rows_of(rows)]
    return "<h3>What was put in</h3>" + _table(cells, ["scenario", "input", f"in {comparison.baseline}", "in the scenario"], 4)


def _crossings_table(comparison: Comparison) -> str:
    rows = comparison.crossings
    rows = rows[rows["scenario"].isin([comparison.baseline, *comparison.shown])]
    cells = [
        [row.variable, row.scenario, _p(row.never), _p(row.from_start), row.p10, row.p50, row.p90, _p(row.leads_at_end), row.worlds]
        for row in rows_of(rows)
    ]
    two, one = comparison.yearly.rivals[1], comparison.yearly.rivals[0]
    heads = [f"{two} over {one} in", "scenario", "never", "from the start", "p10", "p50", "p90", "ahead at the end", "worlds"]
    return _table(cells, heads, 2)


def _attribution_table(comparison: Comparison) -> str:
    rows: pd.DataFrame = comparison.attribution
    if rows.empty:
        return ""
    rows = rows[rows["region"].isin(comparison.yearly.rivals)]
    cells = [
        [
            row.package, row.policy, row.variable, row.region, _n(row.whole), _n(row.alone), _n(row.last),
            f"{_n(row.shapley)} ± {_n(row.half_width)}",
        ]
        for row in rows_of(rows)
    ]  # fmt: skip
    return _table(cells, ["package", "policy", "variable", "region", "whole package", "alone", "added last", "Shapley share"], 4)


def _notes(comparison: Comparison, command: str) -> list[str]:
    study = comparison.study
    return [
        "<p>Every scenario meets the same worlds: the same unsure numbers and the same luck. An effect is the mean difference within a "
        "world; its interval says how well that mean is known with this many worlds, not how far worlds differ. Figures are means of a "
        "calendar year. “Never” means not before the end of the run.</p>",
        f'<p class="soft">Study {_e(study.identity[:16])}, Wattrace {_e(study.manifest["wattrace"])}, seed {study.plan["seed"]}. Runs: '
        f"<code>{_e(study.manifest['command'])}</code> This report: <code>{_e(command)}</code></p>",
    ]


def _e(value: Any) -> str:
    return html.escape(str(value))


def _n(value: float) -> str:
    if value is None or not np.isfinite(value):
        return "–"
    if abs(value) < _DUST:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _p(value: float) -> str:
    return f"{value:.0%}" if np.isfinite(value) else "–"
