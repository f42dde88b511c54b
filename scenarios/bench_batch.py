"""Batches measured: ours against one process, `mesa.batch_run` and the EMA Workbench's pool, on the same worlds."""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from .batch import batch
from .worker import main_hidden

VARIABLE = "Compute|Powered"


def figures(runs: int, workers: int, until: str) -> dict[str, Any]:
    """Return seconds of the same worlds (the baseline, seeds 1 to `runs`) done in several ways, each in a process of its own.

    `single_run_s` one warm run; `ideal_s` all of them without any overhead; `batch_s`, `batch_over_ideal` ours, with writing;
    `mesa_s` and `ema_s` theirs, which write nothing, and whether their worlds ended as ours, `mesa_same_worlds` and
    `ema_same_worlds` (None where not installed); `bytes_per_run` on the disk. Imports and the start of workers count in each.
    """
    one = _alone("single", runs, workers, until)[0]
    found: dict[str, Any] = {"runs": runs, "workers": workers, "until": until, "single_run_s": one, "ideal_s": runs * one / workers}
    found["batch_s"], (size, ours) = _way("ours", runs, workers, until)
    found["batch_over_ideal"] = found["batch_s"] / found["ideal_s"]
    found["runs_per_s"] = runs / found["batch_s"]
    found["bytes_per_run"] = size / runs
    for name in ("mesa", "ema"):
        seconds, ends = _way(name, runs, workers, until)
        same = None if ends is None else bool(np.allclose(np.sort(ends), np.sort(ours), rtol=1e-6))
        found |= {f"{name}_s": None if ends is None else seconds, f"{name}_same_worlds": same}
    return found


def _way(name: str, runs: int, workers: int, until: str) -> tuple[float, Any]:
    """Return seconds from nothing to the last world of one way, and what it gives."""
    if name == "ema" and importlib.util.find_spec("ema_workbench") is None:
        return 0.0, None
    began = time.perf_counter()
    given = _alone(name, runs, workers, until)
    return time.perf_counter() - began, given


def _alone(name: str, runs: int, workers: int, until: str) -> Any:
    """Return what a way gives in a process of its own: none is warmed by another. Raises RuntimeError where it fails."""
    asked = json.dumps([name, runs, workers, until])
    command = [sys.executable, "-c", f"from {__name__} import main; main()", asked]
    # nothing of it may land among our own figures
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode:
        raise RuntimeError(f"{name} failed with exit code {told.returncode}: {told.stderr[-500:]}")
    return json.loads(told.stdout.splitlines()[-1])


def main() -> None:
    """Do one way, as the process of `_alone`, and print what it gives as JSON."""
    name, runs, workers, until = json.loads(sys.argv[1])
    given = {"single": _single, "ours": _ours, "mesa": _mesa, "ema": _ema}[name](runs, workers, until)
    print(json.dumps(given.tolist() if isinstance(given, np.ndarray) else given))


def _single(runs: int, workers: int, until: str) -> list[float]:
    """Return the median seconds of three warm runs, one after the other."""
    from ..model import World

    World("baseline", seed=1, until=until).run_to()
    seconds = []
    for seed in range(1, 4):
        began = time.perf_counter()
        World("baseline", seed=seed, until=until).run_to()
        seconds.append(time.perf_counter() - began)
    return [statistics.median(seconds)]


def _ours(runs: int, workers: int, until: str) -> tuple[int, list[float]]:
    """Return bytes on the disk and how the worlds end."""
    with tempfile.TemporaryDirectory(prefix="wattrace-bench-") as folder:
        study = batch("baseline", reps=runs, until=until, out=Path(folder) / "study", workers=workers)
        size = sum(path.stat().st_size for path in (study.folder / "parts").iterdir())
        ends = study.frame([VARIABLE], ["World"])
        last = ends[ends["month"] == ends["month"].max()].sort_values("replicate")
        return size, last[VARIABLE].to_numpy(dtype=float).tolist()


def _mesa(runs: int, workers: int, until: str) -> np.ndarray:
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


def _ema(runs: int, workers: int, until: str) -> np.ndarray:
    """Run the same worlds by the EMA Workbench's pool of processes."""
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


