"""Local processes: one executor per worker, so that a worker that dies takes nothing with it but its own month.

A pool of `concurrent.futures` breaks as a whole when one of its workers is killed, and does not say which task it had.
With a pool of one process per slot the others go on, and the slot is built anew and given its chunk again: finished
runs of the chunk lie in the spool, so only the run that was under way is done twice.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from . import worker
from .store import failed_path, spool_failure, spool_path
from .study import Study

MOST_DEATHS = 3  # of workers at one run, until the run counts as failed
_GRACE_SECONDS = 60.0  # beyond the time limit, for a run that does not even reach the end of its month


class Interrupted(RuntimeError):
    """Somebody asked the batch to stop."""


class Slot:
    """A worker process and the chunk it is at."""

    def __init__(self, nice: int = 0) -> None:
        self.nice = nice
        self.pool: ProcessPoolExecutor | None = None
        self.future: Future[int] | None = None
        self.pid = 0
        self.chunk = -1
        self.run = -1
        self.since = 0.0

    def open(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(max_workers=1, mp_context=context)
        with worker.main_hidden():
            started = self.pool.submit(worker.start, True, self.nice)
            self.pool.submit(worker.load)
        started.add_done_callback(self._started)

    def _started(self, future: Future[int]) -> None:
        if not future.cancelled() and future.exception() is None:
            self.pid = future.result()

    def give(self, study: Study, chunk: int) -> None:
        if self.pool is None:
            self.open()
        assert self.pool is not None
        self.chunk, self.run, self.since = chunk, -1, time.monotonic()
        try:
            with worker.main_hidden():
                self.future = self.pool.submit(worker.run_chunk, str(study.folder), study.identity, chunk)
        except BrokenProcessPool:  # died between two chunks
            self.close()
            self.give(study, chunk)

    def close(self) -> None:
        """End the worker at once; what it has finished is kept already."""
        pool, self.pool, self.future = self.pool, None, None
        if pool is None:
            return
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            with contextlib.suppress(OSError, ValueError):
                process.kill()
        pool.shutdown(wait=True, cancel_futures=True)
        self.pid = 0


class LocalEngine:
    """Does chunks on `workers` processes of this machine, which step back for others by `nice`."""

    def __init__(self, study: Study, workers: int, stop: Callable[[], bool], nice: int = 0):
        self.study, self.stop = study, stop
        self.slots = [Slot(nice) for _ in range(workers)]
        self.deaths: Counter[int] = Counter()

    @property
    def pids(self) -> list[int]:
        """The processes that work."""
        return [slot.pid for slot in self.slots if slot.pid]

    def prepare(self, chunks: int) -> None:
        """Begin to start the workers that so many chunks need; they load while the caller sees to the kernels."""
        for slot in self.slots[:chunks]:
            if slot.pool is None:
                slot.open()

    def run(self, chunks: list[int]) -> Iterator[int | None]:
        """Yield chunks as they are finished, and None at least twice a second.

        Raises OSError where a worker could not write, Interrupted when asked to stop; what is finished is kept.
        """
        waiting = deque(chunks)
        while True:
            for slot in self.slots:
                if waiting and slot.future is None:
                    slot.give(self.study, waiting.popleft())
            busy = {slot.future: slot for slot in self.slots if slot.future is not None}
            if not busy:
                return
            done, _ = wait(busy, timeout=0.5, return_when=FIRST_COMPLETED)
            if self.stop():
                raise Interrupted
            for future in done:
                chunk = self._ended(busy[future])
                if chunk is None:
                    waiting.appendleft(busy[future].chunk)
                else:
                    yield chunk
            self._watch()
            yield None

    def _ended(self, slot: Slot) -> int | None:
        """Return the chunk of a slot that is done; None where its worker died and the chunk must be given again."""
        assert slot.future is not None
        try:
            chunk = slot.future.result()
        except BrokenProcessPool:
            self._died(slot)
            return None
        slot.future = None
        return chunk

    def _died(self, slot: Slot) -> None:
        run = self._under_way(slot.chunk)
        slot.close()
        if run is None:
            return
        self.deaths[run] += 1
        if self.deaths[run] >= MOST_DEATHS:
            spool_failure(self.study.folder, run, "worker died", "", f"the process that ran it ended {MOST_DEATHS} times")

    def _under_way(self, chunk: int) -> int | None:
        """Return the first run of a chunk that is neither finished nor failed."""
        folder = self.study.folder
        for number in range(*self.study.all_chunks[chunk]):
            if not spool_path(folder, number).exists() and not failed_path(folder, number).exists():
                return number
        return None

    def _watch(self) -> None:
        """Kill a worker that is far beyond the time limit: it hangs where the limit is not looked at."""
        limit = float(self.study.plan["time_limit"])
        if not limit:
            return
        for slot in self.slots:
            if slot.future is None or slot.future.done():
                continue
            run = self._under_way(slot.chunk)
            if run != slot.run:
                slot.run, slot.since = -1 if run is None else run, time.monotonic()
            elif run is not None and time.monotonic() - slot.since > limit + _GRACE_SECONDS and slot.pid:
                spool_failure(self.study.folder, run, "time limit", "", f"hung longer than {limit:g} s")
                with contextlib.suppress(ProcessLookupError):
                    os.kill(slot.pid, signal.SIGKILL)

    def close(self) -> None:
        """End all workers."""
        for slot in self.slots:
            slot.close()


def cores() -> int:
    """Return how many cores this process may use."""
    try:
        return max(len(os.sched_getaffinity(0)), 1)
    except AttributeError:
        return os.cpu_count() or 1


def spool_count(folder: Path) -> tuple[int, int]:
    """Return how many runs lie in the spool: finished and failed."""
    names = [path.suffix for path in (folder / "work").glob("run-*")]
    return names.count(".bin"), names.count(".json")
