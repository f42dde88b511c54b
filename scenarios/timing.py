"""How fast whole runs are on this machine: runs, phases of a month, branches, memory, help. The CLI prints it."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from typing import Any

from ..model import World


def run_figures(repeats: int = 3, until: str | None = None) -> dict[str, Any]:
    """Return the figures of the default run: medians over `repeats` warm runs in this process.

    `run_s` seconds to build a world and run it to its end; `open_s` those to build it; `months` in a run;
    `phase_s_per_month` mean seconds of each phase in one more run; `branch_ms` of the world at its end;
    `peak_memory_mb` of this process after its first run. The first run compiles and reads what is cached: it is `first_run_s`,
    and no part of the medians. Raises ScenarioError, ValueError (until) or WorldFailed.
    """
    first, _, _ = _run(until)
    peak = peak_memory_mb()
    runs = [_run(until) for _ in range(repeats)]
    world = runs[-1][2]
    branches = []
    for _ in range(5):
        began = time.perf_counter()
        world.branch()
        branches.append(1000.0 * (time.perf_counter() - began))
    return {
        "run_s": statistics.median(run[0] for run in runs),
        "open_s": statistics.median(run[1] for run in runs),
        "first_run_s": first,
        "months": world.month,
        "branch_ms": statistics.median(branches),
        "phase_s_per_month": phase_seconds(until),
        "peak_memory_mb": peak,
    }


def _run(until: str | None) -> tuple[float, float, World]:
    began = time.perf_counter()
    world = World(until=until)
    opened = time.perf_counter()
    world.run_to()
    return time.perf_counter() - began, opened - began, world


def phase_seconds(until: str | None = None) -> dict[str, float]:
    """Return the mean seconds a month spends in each phase of `World.PHASES`."""
    world = World(until=until)
    spent = {phase.__name__: 0.0 for phase in World.PHASES}
    while not world.finished:
        for phase in World.PHASES:
            began = time.perf_counter()
            phase(world)
            spent[phase.__name__] += time.perf_counter() - began
    return {name: seconds / max(world.month, 1) for name, seconds in spent.items()}


def peak_memory_mb() -> float:
    """Return the most memory this process has held, MB (macOS counts bytes, others kB)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def help_seconds(repeats: int = 3) -> float:
    """Return the median seconds of `wattrace run --help` in a fresh interpreter."""
    code = "import sys; sys.argv = ['wattrace', 'run', '--help']; from wattrace.cli import main; main()"
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
