"""Files that a reader takes home: figures, events, and the scenario with the moves made by hand."""

from __future__ import annotations

import csv
import io
import json

from ...model import World
from ...scenarios.checking import shock_as_written
from ...scenarios.scenario import Scenario, Shock, Step
from .catalog import catalog
from .moves import Move, Moves, Strike, moved
from .origin import origin_lines
from .view import Asked

ASSUMED = "assumption: set by hand"


def export(kind: str, world: World, asked: Asked, moves: Moves) -> str:
    """Return {name, type, text} as JSON of one of the files of `texts.FILES`; a CSV begins with lines of # that tell its origin."""
    settings = asked.settings
    stem = f"wattrace-{settings.name}-seed{world.seed}"
    if kind == "scenario":
        text = scenario_file(settings, moves, asked)
        return json.dumps({"name": f"{settings.name}-moved.toml", "type": "application/toml", "text": text})
    text = events_csv(world) if kind == "events" else world.frame().to_csv(index=False, lineterminator="\n", float_format="%.6g")
    about = "".join(f"# {line}\n" for line in origin_lines(catalog(), asked._replace(moves=moves), world))
    return json.dumps({"name": f"{stem}-{kind}.csv", "type": "text/csv", "text": about + text})


def events_csv(world: World) -> str:
    """Return all events as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("month", "date", "kind", "region", "agent", "text"))
    writer.writerows(tuple(event) for event in world.events)
    return out.getvalue()


def scenario_file(settings: Scenario, moves: Moves, asked: Asked | None = None) -> str:
    """Return a scenario file that does the same: it extends the scenario, assumes what was assumed, and dates every move and shock."""
    lines = [
        "schema_version = 1",
        f'name    = "{settings.name[:50]}-moved"',
        f"title   = {json.dumps(('Moved by hand: ' + settings.title)[:120], ensure_ascii=False)}",
        f'extends = ["{settings.name}"]',
        f"start   = {settings.start}-01",
        f"until   = {settings.until}-01",
    ]
    if asked is not None and asked.regime:
        lines += ["", "[switches]", f'regime = "{asked.regime}"']
    if asked is not None and asked.premises:
        lines += ["", "[world]", *(f'"{name}" = {{ to = {value:.10g}, source = "{ASSUMED}" }}' for name, value in asked.premises)]
    same = moved(settings, moves)
    policy = same.policy
    pulled = {(move.nation, move.lever): None for move in moves if isinstance(move, Move)}
    for nation in dict.fromkeys(nation for nation, _ in pulled):
        lines += ["", f"[policy.{nation}]"]
        for lever in (lever for who, lever in pulled if who == nation):
            # a lever set here replaces all its steps in the scenario above, so those before the moves stand here too
            lines += [f"{lever} = [", *(f"  {step_line(step, settings.start)}," for step in policy[nation][lever]), "]"]
    if any(isinstance(move, Strike) for move in moves):
        # shocks set here replace all those of the scenario above, so those stand here too
        lines += [line for shock in same.shocks for line in ("", "[[shocks]]", *shock_lines(shock))]
    return "\n".join(lines) + "\n"


def shock_lines(shock: Shock) -> list[str]:
    """Return a shock as a scenario file has it."""
    told = dict(shock_as_written(shock))
    told["source"] = told.get("source") or "assumption: as in the scenario that this one extends"
    date = told.pop("on")
    rest = [f"{key} = {value:.10g}" if isinstance(value, float) else f"{key} = {json.dumps(value, ensure_ascii=False)}"
            for key, value in told.items()]  # fmt: skip
    return [*rest[:2], f"on = {date}-01", *rest[2:]]


def step_line(step: Step, start: str) -> str:
    """Return a step as a scenario file has it."""
    parts = [f"announced = {step.announced}-01"] if step.announced else []
    parts += [f"on = {step.on or start}-01", f"to = {step.to:.10g}"]
    parts += [f'over = "{step.over_months} months"'] if step.over_months else []
    source = step.source or "assumption: as in the scenario that this one extends"  # a plain value has none, a step must
    parts.append(f"source = {json.dumps(source, ensure_ascii=False)}")
    return f"{{ {', '.join(parts)} }}"
