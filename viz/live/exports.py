"""Files that a reader takes home: figures, events, and the scenario with the moves made by hand."""

from __future__ import annotations

import csv
import io
import json

from ...model import World
from ...scenarios.scenario import Scenario
from .timeline import Moves


def export(kind: str, world: World, settings: Scenario, moves: Moves) -> str:
    """Return {name, type, text} as JSON of one of the files of `texts.FILES`."""
    stem = f"wattrace-{settings.name}-seed{world.seed}"
    if kind == "scenario":
        text = scenario_file(world, settings, moves)
        return json.dumps({"name": f"{settings.name}-moved.toml", "type": "application/toml", "text": text})
    text = events_csv(world) if kind == "events" else world.frame().to_csv(index=False, lineterminator="\n", float_format="%.6g")
    return json.dumps({"name": f"{stem}-{kind}.csv", "type": "text/csv", "text": text})


def events_csv(world: World) -> str:
    """Return all events as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("month", "date", "kind", "region", "agent", "text"))
    writer.writerows(tuple(event) for event in world.events)
    return out.getvalue()


def scenario_file(world: World, settings: Scenario, moves: Moves) -> str:
    """Return a scenario file that does the same: it extends the scenario and dates every move."""
    calendar = world.calendar
    lines = [
        "schema_version = 1",
        f'name    = "{settings.name[:50]}-moved"',
        f"title   = {json.dumps(('Moved by hand: ' + settings.title)[:120], ensure_ascii=False)}",
        f'extends = ["{settings.name}"]',
        f"start   = {settings.start}-01",
        f"until   = {settings.until}-01",
    ]
    plans: dict[str, dict[str, list[tuple[str, float]]]] = {}
    for move in moves:
        plans.setdefault(move.nation, {}).setdefault(move.lever, []).append((calendar.date(move.month), move.value))
    for nation, levers in plans.items():
        lines += ["", f"[policy.{nation}]"]
        for lever, steps in levers.items():
            told = [f'{{ on = {date}-01, to = {value:.10g}, source = "assumption: moved by hand" }}' for date, value in steps]
            lines.append(f"{lever} = [{', '.join(told)}]")
    return "\n".join(lines) + "\n"
