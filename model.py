"""The world: a Mesa model whose month is one list of guarded phases."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from functools import partial
from typing import Any

import mesa
import numpy as np
import pandas as pd

from . import month as phases
from .agents import kinds
from .agents.actor import Actor
from .scenarios.read import load_scenario
from .scenarios.scenario import Scenario, ScenarioError
from .world.calendar import Calendar
from .world.draws import Draws
from .world.events import Event
from .world.levers import Levers
from .world.limiting import CAUSES
from .world.money.ledger import PURPOSES
from .world.money.matrices import flow_matrix, sector_sheet
from .world.opening import Statics, open_world
from .world.record import Recorder
from .world.shocks import Shocks
from .world.tables import MissingRow, Tables


class WorldFailed(RuntimeError):
    """The world broke a law or met a state no rule covers; it refuses further steps."""


MOST_SEED = 2**63 - 1
_SNAPSHOT = "wattrace snapshot 3"

HEADLINES = {
    "accredited_gw": "Coin|Accredited",
    "powered_gw": "Compute|Powered",
    "powered_h100e": "Compute|Powered H100e",
    "stranded_gw": "Compute|Stranded",
    "robots": "Robots|Stock",
}


class World(mesa.Model):
    """One world. `World("baseline", seed=1).run_to("2046-01")`.

    `scenario` is a built-in name, a path to a TOML file or a `Scenario`; `seed` an integer (`rng` is an alias, giving
    both is an error; none means 1, so Mesa's `batch_run` wants `rng=[1, 2, …]` for other luck); `start` and `until` ("YYYY-MM")
    replace the scenario's, and so does `regime` ("firm-watt" or "fiat"). `tables` replaces the packaged tables.
    """

    PHASES = phases.PHASES
    causes = CAUSES

    def __init__(
        self,
        scenario: str | Scenario | None = None,
        seed: int | None = None,
        rng: int | None = None,
        *,
        start: str | None = None,
        until: str | None = None,
        regime: str | None = None,
        tables: Tables | None = None,
    ):
        if seed is not None and rng is not None:
            raise ValueError(f"both seed={seed!r} and rng={rng!r} are given; they mean the same, give one")
        chosen = seed if seed is not None else rng if rng is not None else 1
        if isinstance(chosen, bool) or not isinstance(chosen, int | np.integer) or not 0 <= chosen <= MOST_SEED:
            raise ValueError(f"seed is {chosen!r}; allowed: a whole number from 0 to {MOST_SEED}")
        if not isinstance(scenario, str | Scenario | None):
            raise TypeError(f"scenario is {scenario!r}; allowed: a built-in name, the path of a TOML file, or a Scenario")
        self._init_mesa(int(chosen))
        settings = scenario if isinstance(scenario, Scenario) else load_scenario(scenario or "baseline")
        self.settings = settings.with_choices(start=start, until=until, regime=regime)
        self.calendar = Calendar(self.settings.start, self.settings.until)
        self.tables = tables or _tables(self.settings)
        self.draws = Draws(self.seed, off=not self.settings.draws)
        self.statics: Statics
        self.statics, self.state = open_world(self.tables, self.settings, self.calendar, self.draws, kinds.openers())
        self.statics.shocks = Shocks(self.settings.shocks, self.places, self.parties, self.calendar)  # type: ignore[attr-defined]
        self.state.usable = self.statics.shocks.usable(-1)  # type: ignore[attr-defined]
        self.levers = Levers(self.tables, self.places.nations, self.settings, self.calendar)
        self.record = Recorder(self.tables["variables"], self.places.nations, self.places.zones, self.calendar.length)
        self.events: list[Event] = []
        self._finish_init()
        phases.open_circulation(self)

    # -- construction -------------------------------------------------------------------------------------------

    def _init_mesa(self, seed: int) -> None:
        super().__init__(rng=seed)
        self.seed = seed
        self.failure: str | None = None
        self._error: Exception | None = None
        self._phase = ""
        self._mesa_step = self.step
        self.step = self._guarded_step  # type: ignore[method-assign]

    def _finish_init(self) -> None:
        kinds.create(self)
        self._built_in = len(self.agents)
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "month": _last_month,
                **{name: partial(_world_total, variable) for name, variable in HEADLINES.items()},
            }
        )

    # -- what users read ----------------------------------------------------------------------------------------

    @property
    def places(self):
        return self.statics.places

    @property
    def parties(self):
        return self.statics.parties

    @property
    def graph(self):
        """The network of zones, orbit and Moon (networkx)."""
        return self.places.graph

    @property
    def month(self) -> int:
        """Months completed since the start."""
        return self.state.month

    @property
    def date(self) -> str:
        """The month that the next step will simulate, "YYYY-MM"."""
        return self.calendar.date(self.state.month)

    @property
    def finished(self) -> bool:
        return self.state.month >= self.calendar.length

    def frame(self) -> pd.DataFrame:
        """Everything recorded so far: variable, unit, region, month, value."""
        return self.record.frame([self.calendar.date(m) for m in range(self.record.written)])

    def flows(self, date: str, nation: str | None = None) -> pd.DataFrame:
        """Transaction-flow matrix of a month: purposes × sectors, net receipts in MUSD."""
        number = None if nation is None else self.places.nation(nation)
        return flow_matrix(self.state.ledger.history[self._past(date)], self.parties.sector, self.parties.home, number)

    def balance_sheet(self, date: str) -> pd.DataFrame:
        """Balance sheet at the end of a month: items × sectors in MUSD."""
        return sector_sheet(self.state.books[self._past(date)].closing, self.parties.sector)

    def revaluation(self, date: str) -> pd.DataFrame:
        """What changed in value without a payment in a month: items × sectors in MUSD."""
        return sector_sheet(self.state.books[self._past(date)].revaluation, self.parties.sector)

    def net_worth_musd(self) -> np.ndarray:
        """Net worth of every party at the end of the last month."""
        return self.state.books[-1].closing.sum(axis=1)

    def _past(self, date: str) -> int:
        month = self.calendar.index(date)
        if not 0 <= month < self.month:
            allowed = f"{self.calendar.start} to {self.calendar.date(self.month - 1)}" if self.month else "none before the first step"
            raise KeyError(f"month is {date}; allowed: {allowed}")
        return month

    def purposes(self) -> Sequence[str]:
        return PURPOSES

    # -- time ---------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Simulate one month."""
        self._phase, self._error = "", None
        try:
            for phase in phases.PHASES:
                self._phase = phase.__name__
                phase(self)
            self._phase = "collect"
            self.datacollector.collect(self)
        except Exception as error:
            # raised again by the guard: an exception inside Mesa's event would end its schedule for good
            self._error = error
            return
        self._phase = ""
        if self.finished:
            self.running = False

    def _guarded_step(self) -> None:
        if self.failure is not None:
            raise WorldFailed(f"this world has failed and refuses further steps; build a new one. {self.failure}")
        if self.finished:
            raise WorldFailed(f"this world has reached its end {self.settings.until}; branch it or build one with a later `until`")
        self._mesa_step()
        if self._error is not None:
            error = self._error
            self.running = False
            self.failure = (
                f"Failed in {self.date}, phase {self._phase or 'none'}, scenario {self.settings.name}, seed {self.seed}: "
                f"{type(error).__name__}: {error}" + "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
            )
            raise WorldFailed(self.failure) from error

    def run_to(self, date: str | None = None) -> World:
        """Step until `date` ("YYYY-MM", default the scenario's end) is the next month. Returns the world."""
        target = self.calendar.length if date is None else self.calendar.index(date)
        if not self.month <= target <= self.calendar.length:
            raise ValueError(f"run_to({date!r}): allowed: {self.date} to {self.settings.until}")
        while self.month < target:
            self.step()
        return self

    def run_for(self, duration: float) -> None:
        """Step `duration` months, as Mesa's models do. Raises WorldFailed when a month fails or the world has reached its end."""
        if isinstance(duration, bool) or duration != int(duration) or duration < 0:
            raise ValueError(f"run_for({duration!r}): allowed: a whole number of months from 0")
        for _ in range(int(duration)):
            self.step()

    def run_until(self, end_time: float) -> None:
        """Step until `end_time` months have been stepped in this object, as Mesa's models do. Raises as `run_for` does."""
        self.run_for(max(end_time - self.time, 0.0))

    # -- copies and levers --------------------------------------------------------------------------------------

    def branch(self) -> World:
        """Return an independent copy that shares nothing mutable: pull a lever there, and compare."""
        new = object.__new__(World)
        new._init_mesa(self.seed)
        new.settings, new.calendar, new.tables, new.draws = self.settings, self.calendar, self.tables, self.draws
        new.statics, new.failure = self.statics, self.failure
        new._take(self._mutable())
        # a copy of a failed world is a failed world: only `restore` goes back before the failure
        new.failure = self.failure
        new.running = self.running
        new._finish_init()
        collected, mine = self.datacollector.model_vars, new.datacollector.model_vars
        mine.update({name: list(collected[name]) for name in mine if name in collected})
        return new

    def _mutable(self) -> dict[str, Any]:
        return {
            "state": self.state.copy(),
            "levers": self.levers.copy(),
            "record": self.record.copy(),
            "events": list(self.events),
        }

    def snapshot(self) -> bytes:
        """Return the whole mutable state as bytes, for `restore` in a world of the same scenario and seed. Raises WorldFailed."""
        if self.failure is not None:
            raise WorldFailed(f"a world that failed in mid-month has no state to keep. {self.failure}")
        return pickle.dumps((_SNAPSHOT, self._identity(), self._mutable()), protocol=pickle.HIGHEST_PROTOCOL)

    def _identity(self) -> tuple[str, str, str, int, str]:
        settings = self.settings
        return settings.name, settings.start, settings.until, self.seed, settings.digest()

    def restore(self, saved: bytes) -> None:
        """Go back to a snapshot. Raises TypeError or ValueError when it is none, or comes from another scenario, policy or seed."""
        if not isinstance(saved, bytes):
            raise TypeError(f"what is given is {type(saved).__name__}; allowed: the bytes that `snapshot()` returned")
        try:
            mark, identity, parts = pickle.loads(saved)
            if mark != _SNAPSHOT:
                raise ValueError(mark)
        except Exception as error:
            raise ValueError(f"what is given ({len(saved)} bytes) is no snapshot; allowed: what `snapshot()` returned") from error
        own = self._identity()
        if identity != own:
            raise ValueError(f"snapshot is of {identity}; this world is {own}; restore it in its own kind of world")
        self._take(parts)
        for rows in self.datacollector.model_vars.values():
            del rows[self.month :]

    def _take(self, parts: dict[str, Any]) -> None:
        """Make `parts` the state of this world."""
        for name, part in parts.items():
            setattr(self, name, part)
        self.failure = None
        self.running = not self.finished
        self.steps = self.month

    def set_lever(self, name: str, nation: str, value: float) -> None:
        """Set a lever of a nation from the next month on. Raises with what is allowed."""
        self.levers.set(str(name), self.places.nation(nation), value, self.month)

    def own_agents(self) -> list[mesa.Agent]:
        """Agents that users added: every Mesa agent with a `decide` that is not of a built-in kind."""
        if len(self.agents) == self._built_in:
            return []
        return [agent for agent in self.agents if not isinstance(agent, Actor) and hasattr(agent, "decide")]

    def tell(self, kind: str, region: str, agent: str, text: str) -> None:
        """Add an event to the log."""
        self.events.append(Event(self.month, self.date, kind, region, agent, text))


def _tables(settings: Scenario) -> Tables:
    """Return the tables as the scenario has them. Raises ScenarioError where it sets a number that does not count yet."""
    try:
        return Tables.load(settings.start, overrides=settings.overrides())
    except MissingRow as error:
        raise ScenarioError([f"world {fault}" for fault in error.faults]) from error


def _last_month(world: World) -> str:
    return world.calendar.date(world.month - 1)


def _world_total(variable: str, world: World) -> float:
    """Return one variable's world total of the last month."""
    return float(world.record.data[variable][world.month - 1].sum())
