"""Where a file that a reader takes home comes from: world, seed, what was assumed and moved, months, version."""

from __future__ import annotations

import json

from ... import __version__
from ...model import World
from .catalog import Catalog
from .moves import Move
from .premises import told
from .strikes import strike_text
from .view import Asked


def origin_lines(known: Catalog, asked: Asked, world: World) -> list[str]:
    """Return what a reader of a file must know to make it again, a line each."""
    calendar, settings = world.calendar, asked.settings
    until = f"{calendar.start} to {calendar.date(world.month - 1)}" if world.month else f"before {calendar.start}"
    lines = [f"Wattrace {__version__}, scenario {asked.scenario}, seed {asked.seed}, money {settings.regime}, months {until}"]
    if asked.premises:
        lines.append(f"assumed: {'; '.join(told(asked.premises))}")
    if asked.moves:
        moves = []
        for move in asked.moves:
            if isinstance(move, Move):
                moves.append(f"{calendar.date(move.month)} {move.nation} {known.levers[move.lever]['title']} {move.value:.4g}")
            else:
                moves.append(f"{calendar.date(move.month)} {strike_text(move, calendar)}")
        lines.append(f"moved by hand: {'; '.join(moves)}")
    return [" ".join(line.split()) for line in (*lines, "a model, not a forecast")]


def origin_text(known: Catalog, asked: Asked, world: World) -> str:
    """Return {stem of file names, lines} as JSON, for charts and tables that the browser saves."""
    changed = "-moved" if asked.moves else ""
    changed += "-assumed" if asked.premises or asked.regime else ""
    return json.dumps({"stem": f"wattrace-{asked.scenario}-seed{asked.seed}{changed}", "lines": origin_lines(known, asked, world)})
