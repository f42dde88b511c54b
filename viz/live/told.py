"""Events in the words of the page: variables by their titles, plain numbers, and one line for what several nations share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ...world.events import Event
from .catalog import Catalog

BETWEEN = ", "  # of the regions of one line
_POWER_OF_TEN = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?e[+-]?\d+(?![\w.])")
_MOVE = re.compile(r"(?P<what>.+ · .+) (?P<way>rises|falls) (?P<how>from \S+ to \S+)(?P<unit>.*)\.")


def told(known: Catalog, events: Iterable[Event]) -> list[dict[str, Any]]:
    """Return {month, date, kind, region, agent, text} of events in their order; `region` may hold several nations.

    What happens to several nations in one month alike stands in one line: the same sentence, or the same price by other amounts.
    """
    lines: dict[tuple[Any, ...], list[tuple[Event, str]]] = {}
    for number, event in enumerate(events):
        text = worded(known, event.text)
        move = _MOVE.fullmatch(text)
        alike = (move["what"], move["way"], move["unit"]) if move else text
        alone = event.agent or event.region not in known.nations
        lines.setdefault((event.month, event.kind, number if alone else alike), []).append((event, text))
    return [_line(found) for found in lines.values()]


def _line(found: list[tuple[Event, str]]) -> dict[str, Any]:
    event, text = found[0]
    if len({text for _, text in found}) > 1:
        moves = [(event.region, _MOVE.fullmatch(text)) for event, text in found]
        first = moves[0][1]
        assert first is not None
        each = BETWEEN.join(f"{region} {move['how']}" for region, move in moves if move)
        text = f"{first['what']} {first['way']}: {each}{first['unit']}."
    regions = BETWEEN.join(dict.fromkeys(event.region for event, _ in found))
    return {"month": event.month, "date": event.date, "kind": event.kind, "region": regions, "agent": event.agent, "text": text}


@lru_cache(maxsize=4096)
def worded(known: Catalog, text: str) -> str:
    """Return a sentence with variables by their titles and without powers of ten."""
    if "|" in text:
        for name in sorted(known.variables, key=len, reverse=True):
            text = text.replace(name, known.title(name))
    return _POWER_OF_TEN.sub(lambda found: _plain(float(found[0])), text)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.12f}".rstrip("0").rstrip(".")
