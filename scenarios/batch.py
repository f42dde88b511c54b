"""Batches: scenarios × worlds × replicates, on all cores, kept so that nothing finished is ever lost."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from . import worker
from .design import DESIGNS, points
from .engine import Interrupted, LocalEngine, cores, spool_count
from .parts import ScenarioError
from .precision import parse_stop, precise
from .read import VARY, load_scenario, load_vary
from .scenario import Scenario
from .store import PARTS, SUMS, part_path, sweep, whole
from .study import Inputs, Refused, Study, StudyError, runs_per_part

STATUS, FAILURES, VARIABLES = "status.json", "failures.csv", "variables.csv"
FAILURE_COLUMNS = ("number", "scenario", "draw", "replicate", "seed", "kind", "month", "message")
MOST_REPS = 100_000
SCOPES = ("nations", "zones")
DEFAULT_ROUNDS = 10


class Progress(NamedTuple):
    """How far a batch is."""

    state: str  # running, done, interrupted, stopped
    done: int
    failed: int
    total: int
    rate: float  # runs per second since the workers are at work; 0 while unknown
    eta: float  # seconds left, nan while unknown and once the batch has ended
    doing: str = ""  # what is done before the first run is finished


Told = Callable[[Progress], None]


class BatchStopped(RuntimeError):
    """The batch could not go on; what is finished is kept, and it can be resumed."""


def batch(
    scenarios: str | Path | Scenario | list[Any] | None = None,
    *,
    reps: int = 1,
    vary: str | Path | None = None,
    design: str = "lhs",
    draws: int | None = None,
    seed: int = 1,
    start: str | None = None,
    until: str | None = None,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    workers: int | None = None,
    engine: str = "local",
    cluster: str | None = None,
    until_ci: str | None = None,
    most_reps: int | None = None,
    time_limit: float = 0.0,
    per_part: int | None = None,
    scope: str = "nations",
    retry: bool = False,
    told: Told | None = None,
    begun: Callable[[Study], None] | None = None,
    command: str = "",
    stop: Callable[[], bool] | None = None,
    nice: int = 0,
) -> Study:
    """Run scenarios over worlds and replicates and return the study.

    `vary` is "world" (the distributions in the scenarios), "default" or a file with distributions; `draws` is the number of
    worlds that `design` draws from them. Each world has `reps` replicates. The luck of a run depends on its world and replicate,
    never on its scenario, so that scenarios are compared under the same luck. `scope` "zones" keeps what is recorded by zone
    beside what is recorded by nation. `resume` goes on with a study; other inputs than it was begun with raise Refused.
    `begun(study)` is called before the first run, `told(progress)` while it goes on; `stop()` is asked twice a second
    whether to end; local workers step back for others by `nice`.
    Raises ScenarioError, StudyError, ValueError, Interrupted or BatchStopped.
    """
    if not isinstance(reps, int) or isinstance(reps, bool):
        raise ValueError(f"reps is {reps!r}; allowed: a whole number from 1 to {MOST_REPS}")
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers!r}; allowed: a whole number from 1")
    if not 0.0 <= time_limit < math.inf:
        raise ValueError(f"time_limit is {time_limit!r}; allowed: seconds from 0 (no limit)")
    if resume is not None and scenarios is None:
        study = Study(resume)
        _no_inputs(study, {
            "reps": reps != 1, "vary": vary is not None, "design": design != "lhs", "draws": draws is not None, "seed": seed != 1,
            "start": start is not None, "until": until is not None, "until_ci": until_ci is not None,
            "most_reps": most_reps is not None, "per_part": per_part is not None, "scope": scope != "nations",
            "time_limit": time_limit != 0.0,
        })  # fmt: skip
    else:
        inputs = make_inputs(scenarios, reps, vary, design, draws, seed, start, until, until_ci, most_reps, time_limit, per_part, scope)
        if resume is not None:
            study = Study(resume)
            _same_inputs(study, inputs)
        elif out is None:
            raise ValueError("out is missing; give the folder that the study is written into")
        else:
            study = Study.create(out, inputs, command)
    differs = study.same_bytes()
    if differs:
        raise Refused(f"{study.folder} was begun with something else, so its bytes would not be those of one study: {'; '.join(differs)}")
    if begun is not None:
        begun(study)
    _Batch(study, engine, workers or cores(), cluster, retry, told, stop, nice).run()
    return study


def make_inputs(
    scenarios: Any, reps: int, vary: str | Path | None, design: str, draws: int | None, seed: int, start: str | None,
    until: str | None, until_ci: str | None, most_reps: int | None, time_limit: float, per_part: int | None, scope: str = "nations",
) -> Inputs:  # fmt: skip
    """Return the inputs of a study, checked. Raises ScenarioError or ValueError."""
    given = scenarios if isinstance(scenarios, list | tuple) else [scenarios if scenarios is not None else "baseline"]
    found = [one if isinstance(one, Scenario) else load_scenario(one) for one in given]
    found = [one.between(start, until) for one in found]
    if not 1 <= reps <= MOST_REPS:
        raise ValueError(f"reps is {reps}; allowed: 1 to {MOST_REPS}")
    if scope not in SCOPES:
        raise ValueError(f"scope is {scope!r}; allowed: {', '.join(SCOPES)}")
    if design not in DESIGNS:
        raise ValueError(f"design is {design!r}; allowed: {', '.join(DESIGNS)}")
    found = _varied(found, vary)
    names = list(dict.fromkeys(name for one in found for name in one.uncertain)) if vary is not None else []
    if vary is not None and not names:
        raise ValueError("nothing is unsure: no scenario has distributions in [world]; give --vary default or a file that has")
    if draws is not None and not names:
        raise ValueError("draws are given, but nothing to vary; give --vary as well")
    at = points(design, draws or (3 if design == "grid" else 64), len(names), seed)
    stop = None if until_ci is None else parse_stop(until_ci)
    rounds = 1 if stop is None else max((most_reps or DEFAULT_ROUNDS * reps) // reps, 1)
    size = per_part or runs_per_part(len(at) * reps * len(found))
    return Inputs(found, seed, reps, names, at, design, rounds, stop, float(time_limit), size, scope == "zones")


def _varied(scenarios: list[Scenario], vary: str | Path | None) -> list[Scenario]:
    """Return the scenarios with the distributions of `vary`; what a scenario sets itself stays as it is."""
    if vary is None or str(vary) == "world":
        return scenarios
    spread = load_vary(vary)
    found = []
    for one in scenarios:
        extra = {name: dist for name, dist in spread.items() if name not in one.world and name not in one.uncertain}
        found.append(one.model_copy(update={"uncertain": {**one.uncertain, **extra}}))
    return found


def _no_inputs(study: Study, given: dict[str, bool]) -> None:
    """Refuse inputs given without scenarios when a study is resumed: they belong to it and cannot be changed."""
    names = [name for name, is_given in given.items() if is_given]
    if names:
        raise Refused(
            f"{study.folder} has its own {', '.join(names)}, which cannot be changed; resume it without, name its scenarios as well if they"
            " are the same, or begin a new study"
        )


def _same_inputs(study: Study, inputs: Inputs) -> None:
    from .study import make_plan

    plan = make_plan(inputs)
    changed = [key for key in plan if key != "engine" and plan[key] != study.plan.get(key)]
    if changed:
        raise Refused(f"{study.folder} was begun with other {', '.join(changed)}; resume it without naming inputs, or begin a new study")


class Pace:
    """Runs per second of a batch. What comes before the workers are at work (loading, compiling) does not count.

    The clock starts once as many runs are finished as there are workers, and the pace is told once as many more are: with fewer,
    two workers that finish at nearly the same time would look like a fast one.
    """

    def __init__(self, workers: int):
        self.workers = workers
        self._first: int | None = None  # runs finished when this process began
        self._anchor: tuple[int, float] | None = None  # runs and seconds when the clock started
        self.moving = False  # whether a run was finished by this process

    def rate(self, finished: int, now: float) -> float:
        """Return runs per second, given the runs `finished` in all at the second `now`; 0 while unknown."""
        if self._first is None:
            self._first = finished
        self.moving = self.moving or finished > self._first
        if self._anchor is None:
            if finished - self._first >= self.workers:
                self._anchor = (finished, now)
            return 0.0
        runs, since = finished - self._anchor[0], now - self._anchor[1]
        return runs / since if runs >= self.workers and since > 0.0 else 0.0


class _Batch:
    """One go at a study."""

    def __init__(
        self, study: Study, engine: str, workers: int, cluster: str | None, retry: bool, told: Told | None,
        stop: Callable[[], bool] | None = None, nice: int = 0,
    ):  # fmt: skip
        self.study, self.retry, self.told, self.workers = study, retry, told, workers
        self.signal = 0
        self.done: dict[int, dict[str, Any]] = {}
        self.pace = Pace(workers)
        self.doing = ""
        self.rounds = 1
        self.told_at = 0.0
        self.engine: Any
        stopped = lambda: bool(self.signal) or (stop is not None and stop())  # noqa: E731
        if engine == "local":
            self.engine = LocalEngine(study, workers, stopped, nice)
        elif engine == "dask":
            from .dask_engine import DaskEngine

            self.engine = DaskEngine(study, workers, cluster, stopped)
        else:
            raise ValueError(f"engine is {engine!r}; allowed: local, dask")

    def run(self) -> None:
        """Do what is missing. Leaves `status.json` true whatever happens."""
        study = self.study
        state = "stopped"
        with _locked(study.folder), self._signals():
            try:
                sweep(study.folder)
                self._look()
                self._write_variables()
                self._rounds()
                self._finish()
                state = "done"
            except Interrupted:
                state = "interrupted"
                raise
            except OSError as error:
                what = "the disk is full" if error.errno == errno.ENOSPC else f"cannot write ({error})"
                raise BatchStopped(f"{study.folder}: {what}; what is finished is kept: mend it, then --resume {study.folder}") from error
            finally:
                self.engine.close()
                if state == "done":
                    sweep(study.folder)  # a worker that was killed may have left a half-written file
                else:
                    with contextlib.suppress(OSError):  # the first reason is the one to tell
                        self._finish()
                self._tell(state)

    def _look(self) -> None:
        """See what is done already."""
        self.done = self.study.notes()
        if self.retry:
            self.done = {chunk: note for chunk, note in self.done.items() if not note["failures"]}
            for path in (self.study.folder / "work").glob("run-*.json"):
                path.unlink()

    def _rounds(self) -> None:
        first = 0
        warmed = False
        for number, chunks in enumerate(self.study.chunks, start=1):
            self.rounds = number
            missing = [chunk for chunk in range(first, first + len(chunks)) if chunk not in self.done]
            first += len(chunks)
            if missing and not warmed:
                self.doing = "loading the model; the first time on a machine it is compiled, which takes a minute or two"
                self._tell("running")
                self.engine.prepare(len(missing))
                worker.warm(self.study)
                warmed = True
                self.doing = f"starting {self.workers} worker{'s' * (self.workers != 1)}"
                self._tell("running")
            for chunk in self.engine.run(missing):
                if chunk is not None:
                    self._took(chunk)
                self._tell("running", slowly=True)
            if self.study.plan["stop"] and precise(self.study, first):
                return

    def _took(self, chunk: int) -> None:
        from .store import read_note

        note = read_note(self.study.folder, chunk, self.study.identity)
        if note is None:
            raise OSError(errno.EIO, f"the part of chunk {chunk} is not what was written")
        self.done[chunk] = note

    # -- what is said and written --------------------------------------------------------------------------------

    def progress(self, state: str) -> Progress:
        """Return how far the batch is."""
        finished, bad = spool_count(self.study.folder)
        failed = bad + sum(len(note["failures"]) for note in self.done.values())
        done = finished + sum(len(note["runs"]) for note in self.done.values())
        total = sum(last - first for chunks in self.study.chunks[: self.rounds] for first, last in chunks)
        rate = self.pace.rate(done + failed, time.monotonic())
        eta = (total - done - failed) / rate if rate > 0 and state == "running" else float("nan")
        doing = self.doing if state == "running" and not self.pace.moving else ""
        return Progress(state, done, failed, total, rate, eta, doing)

    def _tell(self, state: str, slowly: bool = False) -> None:
        if slowly and time.monotonic() - self.told_at < 1.0:
            return
        self.told_at = time.monotonic()
        now = self.progress(state)
        content = now._asdict() | {"eta": None if np.isnan(now.eta) else round(now.eta, 1), "rate": round(now.rate, 4)}
        content |= {"pid": os.getpid(), "workers": self.engine.pids if state == "running" else []}
        text = json.dumps(content, indent=1) + "\n"
        with contextlib.suppress(OSError):  # a full disk must not hide what happened
            whole(self.study.folder / STATUS, lambda path: path.write_text(text, encoding="utf-8"), flush=False)
        if self.told is not None:
            self.told(now)

    def _write_variables(self) -> None:
        study = self.study
        rows = [(name, one["unit"], one["total"], one["about"]) for name, one in study.manifest["units"].items()]
        _write_csv(study.folder / VARIABLES, ("variable", "unit", "total", "about"), rows)

    def _finish(self) -> None:
        """Write the failures and the sums of what is there."""
        folder = self.study.folder
        failures = [one for _, note in sorted(self.done.items()) for one in note["failures"]]
        _write_csv(folder / FAILURES, FAILURE_COLUMNS, [[one.get(column, "") for column in FAILURE_COLUMNS] for one in failures])
        sums = [f"{note['sha256']}  {PARTS}/{part_path(folder, chunk).name}" for chunk, note in sorted(self.done.items())]
        whole(folder / SUMS, lambda path: path.write_text("\n".join(sums) + "\n" * bool(sums), encoding="utf-8"))

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Stop in good order at SIGINT and SIGTERM; a second one ends at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def noted(number: int, frame: Any) -> None:
            self.signal = number
            for one in (signal.SIGINT, signal.SIGTERM):
                signal.signal(one, signal.SIG_DFL)

        kept = {one: signal.signal(one, noted) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in kept.items():
                signal.signal(one, handler)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the study alone; the lock goes with the process that holds it, however that ends."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    with (folder / ".lock").open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StudyError(f"{folder} is being worked on by another process; `wattrace status {folder}` says how far it is") from error
        yield


def _write_csv(path: Path, columns: Any, rows: Any) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    whole(path, lambda at: at.write_text(text.getvalue(), encoding="utf-8"))


def status(folder: str | Path) -> dict[str, Any]:
    """Return how far a study is, from its files: also after its process was killed."""
    study = Study(folder)
    try:
        last = json.loads((study.folder / STATUS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        last = {"state": "begun", "rate": 0.0, "eta": None, "pid": 0, "workers": [], "total": 0}
    finished, bad = spool_count(study.folder)
    notes = study.notes().values()
    done = finished + sum(len(note["runs"]) for note in notes)
    failed = bad + sum(len(note["failures"]) for note in notes)
    if last["state"] == "running" and not _held(study.folder):
        last |= {"state": "killed", "eta": None, "workers": []}
    if last["state"] == "done" and done + failed < last["total"]:
        last |= {"state": "damaged: parts are missing or not what was written; --resume makes them again"}
    return last | {"done": done, "failed": failed, "study": str(study.folder), "identity": study.identity}


def _held(folder: Path) -> bool:
    try:
        with _locked(folder):
            return False
    except StudyError:
        return True


__all__ = ["DESIGNS", "VARY", "BatchStopped", "Interrupted", "Progress", "Refused", "ScenarioError", "batch", "status"]
