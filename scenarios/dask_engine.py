"""A Dask cluster: the same chunks by the same function, on workers that see the study's folder."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any

from . import worker
from .engine import Interrupted
from .store import failed_path, spool_failure, spool_path
from .study import Study

_PATIENCE_SECONDS = 30.0  # for a scheduler that does not answer, at the start and in between
_AHEAD = 2  # chunks given per worker, so that none waits for the next one


class DaskEngine:
    """Does chunks on a Dask cluster: the one at `cluster`, or `workers` processes of this machine."""

    def __init__(self, study: Study, workers: int, cluster: str | None, stop: Callable[[], bool]):
        try:
            import distributed
        except ImportError as error:
            raise ValueError("engine dask needs the extra `cluster`: pip install 'wattrace[cluster]'") from error
        self.study, self.stop, self.workers, self.address = study, stop, workers, cluster
        self.distributed = distributed
        self.client: Any = None
        self.local: Any = None
        self.known: dict[str, int] = {}

    def _open(self) -> Any:
        if self.client is None:
            if self.address is None:
                with worker.main_hidden():
                    self.local = self.distributed.LocalCluster(
                        n_workers=self.workers, threads_per_worker=1, dashboard_address=None, memory_limit=0, silence_logs=50,
                    )  # fmt: skip
            try:
                self.client = self.distributed.Client(self.address or self.local, set_as_default=False, timeout=_PATIENCE_SECONDS)
            except (OSError, ValueError) as error:
                raise self._lost("does not answer") from error
        return self.client

    def _lost(self, what: str) -> Exception:
        """Return the end of a batch whose scheduler is not there."""
        from .batch import BatchStopped

        where = self.address or "of this machine"
        return BatchStopped(
            f"{self.study.folder}: the dask scheduler {where} {what} within {_PATIENCE_SECONDS:g} s; allowed: the address of one that runs,"
            f" tcp://HOST:PORT. What is finished is kept: start it, then --resume {self.study.folder}"
        )

    @property
    def pids(self) -> list[int]:
        """The processes that work, as far as they answer."""
        if self.client is None:
            return []
        with contextlib.suppress(Exception):  # a worker may die while it is asked
            there = set(self.client.scheduler_info(n_workers=-1)["workers"])
            if there != set(self.known):
                self.known = dict(self.client.run(os.getpid, on_error="ignore"))
        return list(self.known.values())

    def prepare(self, chunks: int) -> None:
        """Start nothing yet: a cluster's scheduler gives out chunks to whichever workers there are."""

    def run(self, chunks: list[int]) -> Iterator[int | None]:
        """Yield chunks as they are finished, and None many times a second. Raises OSError or Interrupted."""
        if not chunks:
            return
        client = self._open()
        waiting = list(reversed(chunks))
        given: dict[Any, int] = {}
        heard = time.monotonic()
        while waiting or given:
            while waiting and len(given) < _AHEAD * max(len(self.known), self.workers):
                chunk = waiting.pop()
                future = client.submit(worker.run_chunk, str(self.study.folder.resolve()), self.study.identity, chunk, pure=False)
                given[future] = chunk
            time.sleep(0.1)
            if self.stop():
                raise Interrupted
            if client.status == "running":
                heard = time.monotonic()
            else:  # a connection that breaks is built anew; meanwhile futures end as cancelled, which says nothing of their runs
                if client.status == "closed" or time.monotonic() - heard > _PATIENCE_SECONDS:
                    raise self._lost("was lost and did not come back")
                yield None
                continue
            for future in [one for one in given if one.done()]:
                chunk = given.pop(future)
                try:
                    yield future.result()
                except self.distributed.KilledWorker as error:
                    self._killed(chunk, error)
                    waiting.append(chunk)
                except CancelledError:  # a scheduler that came back knows nothing of what it was given
                    waiting.append(chunk)
            yield None

    def _killed(self, chunk: int, error: Exception) -> None:
        """Give up the run at which several workers died; the rest of its chunk goes on."""
        folder = self.study.folder
        for number in range(*self.study.all_chunks[chunk]):
            if not spool_path(folder, number).exists() and not failed_path(folder, number).exists():
                spool_failure(folder, number, "worker died", "", str(error))
                return

    def close(self) -> None:
        """End the client, and the workers where they are ours."""
        for one in (self.client, self.local):
            if one is not None:
                with contextlib.suppress(Exception):
                    one.close()
        self.client = self.local = None
