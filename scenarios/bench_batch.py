"""Batches measured: ours against one process, `mesa.batch_run` and the EMA Workbench's pool, on the same worlds."""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from .batch import batch
from .worker import main_hidden

VARIABLE = "Compute|Powered"


def figures(runs: int, workers: int, until: str) -> dict[str, Any]:
    """Return seconds of the same worlds (the baseline, seeds 1 to `runs`) done in several ways.

    `single_run_s` one warm run in this process; `ideal_s` all of them without any overhead; `batch_s`, `batch_over_ideal` ours, with
    writing and the start of workers; `mesa_s` and `ema_s` theirs, which write nothing, and whether their worlds ended as ours,
    `mesa_same_worlds` and `ema_same_worlds` (None where not installed); `bytes_per_run` on the disk.
    """
    from ..model import World

    World("baseline", seed=1, until=until).run_to()
    single = []
    for seed in range(1, 4):
        began = time.perf_counter()
        World("baseline", seed=seed, until=until).run_to()
        single.append(time.perf_counter() - began)
    one = statistics.median(single)
    found: dict[str, Any] = {"runs": runs, "workers": workers, "until": until, "single_run_s": one, "ideal_s": runs * one / workers}
    with tempfile.TemporaryDirectory(prefix="wattrace-bench-") as folder:
        began = time.perf_counter()
        study = batch("baseline", reps=runs, until=until, out=Path(folder) / "study", workers=workers)
        found["batch_s"] = time.perf_counter() - began
        found["batch_over_ideal"] = found["batch_s"] / found["ideal_s"]
        found["runs_per_s"] = runs / found["batch_s"]
        size = sum(path.stat().st_size for path in (study.folder / "parts").iterdir())
        found["bytes_per_run"] = size / runs
        ends = study.frame([VARIABLE], ["World"])
        ours = ends[ends["month"] == ends["month"].max()].sort_values("replicate")[VARIABLE].to_numpy(dtype=float)
    found |= _timed("mesa", _mesa, runs, workers, until, ours)
    found |= _timed("ema", _ema, runs, workers, until, ours)
    return found


def _timed(name: str, way: Any, runs: int, workers: int, until: str, ours: np.ndarray) -> dict[str, Any]:
    """Return seconds of another way, and whether its worlds ended as ours."""
    began = time.perf_counter()
    ends = way(runs, workers, until)
    if ends is None:
        return {f"{name}_s": None, f"{name}_same_worlds": None}
    seconds = time.perf_counter() - began
    same = bool(np.allclose(np.sort(ends), np.sort(ours), rtol=1e-6))
    return {f"{name}_s": seconds, f"{name}_same_worlds": same}


def _mesa(runs: int, workers: int, until: str) -> np.ndarray | None:
    """Run the same worlds by Mesa's own batch runner."""
    import mesa

    from ..model import World

    with main_hidden():
        rows = mesa.batch_run(
            World, parameters={"scenario": "baseline", "until": until}, rng=list(range(1, runs + 1)), number_processes=workers,
            max_steps=100_000, display_progress=False,
        )  # fmt: skip
    last = max(row["Step"] for row in rows)
    return np.array([row["powered_gw"] for row in rows if row["Step"] == last], dtype=float)


def _ema_world(seed: int, until: str) -> dict[str, float]:
    from ..model import World

    world = World("baseline", seed=int(seed), until=until).run_to()
    return {"powered": float(world.record.series(VARIABLE)[-1])}


def _ema(runs: int, workers: int, until: str) -> np.ndarray | None:
    """Run the same worlds by the EMA Workbench's pool of processes."""
    if importlib.util.find_spec("ema_workbench") is None:
        return None
    from ema_workbench import (
        Constant,
        IntegerParameter,
        Model,
        MultiprocessingEvaluator,
        Sample,
        ScalarOutcome,
    )

    model = Model("wattrace", function=_ema_world)
    model.uncertainties = [IntegerParameter("seed", 1, runs)]
    model.constants = [Constant("until", until)]
    model.outcomes = [ScalarOutcome("powered")]
    experiments = [Sample(name=str(seed), seed=seed) for seed in range(1, runs + 1)]
    with main_hidden(), MultiprocessingEvaluator(model, n_processes=workers) as evaluator:
        _, outcomes = evaluator.perform_experiments(scenarios=experiments)
    return np.asarray(outcomes["powered"], dtype=float)


