"""What is moved by hand: plans of dated levers and shocks, and the scenario that does the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ...scenarios.parts import EVERYONE
from ...scenarios.scenario import Scenario, Shock, Step
from ...world.calendar import Calendar
from .catalog import catalog

SOURCE = "assumption: moved by hand"
STRUCK = "assumption: set by hand"


class Move(NamedTuple):
    """A lever pulled by hand: it holds from `month` (counted from the start) on."""

    month: int
    nation: str
    lever: str
    value: float


class Strike(NamedTuple):
    """A shock set by hand: it begins in `month` (counted from the start). Its first fields sort beside those of a Move."""

    month: int
    where: str
    what: str
    share: float
    lasts_months: int
    technology: str = ""
    partner: str = EVERYONE
    goods: str = EVERYONE
    direction: str = "both"

    def shock(self, calendar: Calendar) -> Shock:
        """Return the shock of a scenario that does the same."""
        return Shock(on=calendar.date(self.month), source=STRUCK, **{k: v for k, v in self._asdict().items() if k != "month"})


Moves = tuple[Move | Strike, ...]


def first_change(before: Iterable[Move | Strike], after: Iterable[Move | Strike]) -> int | None:
    """Return the first month in which two plans differ, None where they do not."""
    different = set(before) ^ set(after)
    return min((move.month for move in different), default=None)


def with_move(moves: Moves, new: Move) -> Moves:
    """Return a plan in which `new` is the last word on its lever of its nation: later moves of it are dropped."""
    kept = [m for m in moves if isinstance(m, Strike) or (m.nation, m.lever) != (new.nation, new.lever) or m.month < new.month]
    return tuple(sorted((*kept, new)))


def moved(settings: Scenario, moves: Moves) -> Scenario:
    """Return a scenario that does what was moved by hand: a lever holds from its month, its later steps go; shocks are added."""
    calendar, usual = Calendar(settings.start, settings.until), catalog().levers
    policy = {nation: dict(levers) for nation, levers in settings.policy.items()}
    for move in sorted(move for move in moves if isinstance(move, Move)):
        levers = policy.setdefault(move.nation, {})
        kept = _until(levers.get(move.lever, ()), move.month, float(usual[move.lever]["value"]), calendar)
        step = Step(to=move.value, on=calendar.date(move.month), source=SOURCE)
        levers[move.lever] = (*kept, step)
    shocks = (*settings.shocks, *(move.shock(calendar) for move in sorted(moves) if isinstance(move, Strike)))
    changes = {"policy": policy, "shocks": shocks, "name": f"{settings.name[:53]}-moved"}
    return settings.model_copy(update=changes) if moves else settings


def _until(steps: tuple[Step, ...], month: int, usual: float, calendar: Calendar) -> list[Step]:
    """Return the steps that begin before a month; a ramp under way then ends where it has come to."""
    kept, before = [], usual
    for step in steps:
        first = 0 if step.on is None else max(calendar.index(step.on), 0)
        if first >= month:
            continue
        lived = month - 1 - first
        if step.over_months > lived:
            reached = before + (step.to - before) * (lived + 1) / (step.over_months + 1)
            step = step.model_copy(update={"to": reached, "over_months": lived})
        kept.append(step)
        before = step.to
    return kept
