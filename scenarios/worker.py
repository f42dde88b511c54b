"""What a worker does: the runs of a chunk one after the other, each kept as soon as it is finished, then their part."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from functools import lru_cache
from pathlib import Path

from .store import RunKey, extract, spool, spool_failure, spooled, spooled_failure, write_part
from .study import Study


class TooLong(RuntimeError):
    """A run takes longer than it may."""


def start(ignore_interrupt: bool = True, nice: int = 0) -> int:
    """Prepare a worker process: it leaves Ctrl-C to its parent and ends when its parent does. Returns its process id.

    `nice` is how far it steps back for others (0 to 19), where the system knows that.
    """
    import multiprocessing

    if nice and hasattr(os, "nice"):
        os.nice(nice)
    if ignore_interrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    return os.getpid()


def load() -> None:
    """Import the model, without compiling: that is left to one process."""
    from .. import model  # noqa: F401


def _end_with(sentinel: int) -> None:
    from multiprocessing.connection import wait

    wait([sentinel])
    os._exit(1)


@lru_cache(maxsize=2)
def _study(folder: str, identity: str) -> Study:
    study = Study(folder)
    if study.identity != identity:
        raise RuntimeError(f"{folder} holds another study now")
    return study


def run_chunk(folder: str, identity: str, chunk: int) -> int:
    """Do the runs of a chunk that are not kept yet, and write its part. Returns the chunk.

    Whatever goes wrong in a run is kept as its failure. Raises OSError where nothing can be written.
    """
    study = _study(folder, identity)
    path = Path(folder)
    keys = study.keys(chunk)
    for key in keys:
        if spooled_failure(path, key.number) is None and spooled(path, key.number, study.layout) is None:
            do_run(study, path, key)
    write_part(path, chunk, study.identity, keys, study.layout)
    return chunk


def do_run(study: Study, folder: Path, key: RunKey) -> None:
    """Run one world and keep its numbers, or why it failed."""
    try:
        data = extract(simulate(study, key), study.layout)
    except Exception as error:  # one bad run is a row of failures, never the end
        kind = "time limit" if isinstance(error, TooLong) else "error"
        spool_failure(folder, key.number, kind, getattr(error, "month", "opening"), f"{type(error).__name__}: {error}")
        return
    spool(folder, key.number, data)
    _tidy()


def _tidy() -> None:
    """Let the last world go: worlds hold cycles, and the next one needs the room."""
    gc.collect()
    if not gc.get_freeze_count():
        gc.freeze()  # what is left now (modules, tables) stays: to look through it after every run took 4 % of the time


def simulate(study: Study, key: RunKey):
    """Return the world of a run at its end. Raises what the world raises, or TooLong."""
    from ..model import World

    limit = float(study.plan["time_limit"])
    began = time.monotonic()
    world = World(study.settings(key), seed=key.seed)
    try:
        while not world.finished:
            if limit and time.monotonic() - began > limit:
                raise TooLong(f"took longer than {limit:g} s")
            world.step()
    except Exception as error:
        error.month = world.date  # type: ignore[attr-defined]
        raise
    return world


def warm(study: Study) -> None:
    """Compile all kernels, or load them from the disk, before several workers would do so at once."""
    from ..model import World

    scenario = next(iter(study.scenarios.values()))
    world = World(scenario, seed=1)
    world.step()


def main_hidden():
    """Return a context in which spawned workers do not import the caller's script again: it may lack a main guard."""
    import types
    from contextlib import contextmanager

    @contextmanager
    def hidden():
        kept = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = kept

    return hidden()
