"""A world with a past: dated lever moves, months kept to go back to, and the same path whichever way it is reached."""

from __future__ import annotations

import copy
import ctypes
import gc
import threading
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress

from ...model import World, WorldFailed
from ...scenarios.scenario import Scenario
from ...world.shocks import Shocks
from .moves import Move, Moves, Strike, first_change, moved

KEEP_EVERY = 24  # months between kept worlds: each takes some megabytes, going back replays at most this many
_MOST_OPENED = 6


_opened: OrderedDict[tuple[str, str, int], World] = OrderedDict()
_lock = threading.Lock()


def opened(settings: Scenario, seed: int) -> World:
    """Return a world that stands at its opening. It is shared: branch it, never step it."""
    key = (settings.name, settings.digest(), seed)
    with _lock:
        world = _opened.get(key)
        if world is None:
            world = World(settings, seed=seed)
            _opened[key] = world
        _opened.move_to_end(key)
        while len(_opened) > _MOST_OPENED:
            _opened.popitem(last=False)
        return world


def warm(settings: Scenario, seed: int = 1) -> None:
    """Open a world and simulate a month of a copy, so that nobody has to wait for what is loaded on first use.

    What is there by then stays as long as the process: the collector need not look through it each time a world is left behind.
    """
    with suppress(WorldFailed):  # the page of that world will say so
        opened(settings, seed).branch().step()
    gc.collect()
    gc.freeze()


def free_memory() -> None:
    """Collect worlds left behind and, where the C library can, give their memory back to the machine."""
    gc.collect()
    trim = getattr(ctypes.pythonapi, "malloc_trim", None)  # of glibc
    if trim is not None:
        trim(0)


class Timeline:
    """The world of a scenario, a seed and a plan of moves, at some month. One thread owns it.

    What is moved in the first month holds from the opening on, as in a scenario file: whoever sets a price there knows of it.
    """

    def __init__(self, settings: Scenario, seed: int, moves: Iterable[Move | Strike] = ()):
        self.settings, self.seed = settings, seed
        self.moves: Moves = tuple(sorted(moves))
        self.kept: dict[int, World] = {}
        self.world = self._opening().branch()
        self._shocks = self._compiled(self.moves)

    def _opening(self) -> World:
        """Return the shared world at its opening, with what is moved in the first month."""
        return opened(moved(self.settings, tuple(move for move in self.moves if move.month == 0)), self.seed)

    def _compiled(self, moves: Moves) -> Shocks:
        """Return the shocks of the scenario and the plan; the same months pass under them as in the scenario that does the same."""
        world = self.world
        return Shocks(moved(self.settings, moves).shocks, world.places, world.parties, world.calendar)

    def fork(self, moves: Iterable[Move | Strike]) -> Timeline:
        """Return a timeline with another plan that begins where the plans part (kept worlds are shared, never stepped)."""
        new = object.__new__(Timeline)
        new.settings, new.seed, new.kept, new.moves = self.settings, self.seed, dict(self.kept), self.moves
        new.world, new._shocks = self.world, self._shocks
        new.change(moves)
        if new.world is self.world:
            new.world = self.world.branch()
        return new

    @property
    def month(self) -> int:
        return self.world.month

    @property
    def length(self) -> int:
        return self.world.calendar.length

    def step(self) -> None:
        """Simulate the next month, after the moves that are due in it. Raises WorldFailed."""
        month = self.world.month
        if month % KEEP_EVERY == 0 and month not in self.kept and self.world.failure is None:
            self.kept[month] = self.world.branch()
        if self.world.statics.shocks is not self._shocks:
            # statics are shared by the copies of a world, and only this course has these shocks
            self.world.statics = copy.copy(self.world.statics)
            self.world.statics.shocks = self._shocks  # type: ignore[attr-defined]
        for move in self.moves:
            if move.month == month and isinstance(move, Move):
                self.world.set_lever(move.lever, move.nation, move.value)
        self.world.step()

    def before(self, month: int) -> World:
        """Return a copy of the world that stands at a month of its past, which may be stepped and thrown away."""
        past = self.fork(self.moves)
        past.back(month)
        while past.month < month:
            past.step()
        return past.world

    def back(self, month: int) -> None:
        """Stand at the last kept month that is not after `month`; step on from there."""
        near = max((kept for kept in self.kept if kept <= month), default=None)
        self.world = (self._opening() if near is None else self.kept[near]).branch()
        # a world and its agents hold each other, and so much of it is arrays that the collector would wait for long
        free_memory()

    def change(self, moves: Iterable[Move | Strike]) -> int | None:
        """Take another plan. Returns the first month that differs; where it is past, the world goes back before it.

        Raises ValueError for a shock where this world has nothing to strike; then nothing changes.
        """
        plan = tuple(sorted(moves))
        first = first_change(self.moves, plan)
        if first is not None:
            self._shocks = self._compiled(plan)
        self.moves = plan
        if first is None:
            return None
        # a first month that differs is another opening, of which nothing is kept
        self.kept = {month: world for month, world in self.kept.items() if 0 < month <= first or month == 0 < first}
        if self.world.month > first or first == 0:
            self.back(first)
        return first
