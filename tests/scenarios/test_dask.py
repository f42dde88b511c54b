"""A real Dask cluster of two workers, one of them killed in mid-run: the bytes are those of local processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from wattrace.scenarios import dask_engine
from wattrace.scenarios.batch import BatchStopped, batch, status

pytest.importorskip("distributed")
WHAT: Any = {"scenarios": ["baseline", "us-fast-permits"], "reps": 8, "until": "2030-01", "per_part": 2}


def test_a_dask_cluster_gives_the_same_bytes_although_a_worker_is_killed(tmp_path):
    batch(**WHAT, out=tmp_path / "local", workers=1)
    killed: list[int] = []

    def kill_one(now) -> None:
        with suppress(OSError, ValueError):
            workers = json.loads((tmp_path / "dask" / "status.json").read_text(encoding="utf-8"))["workers"]
            # told once a second: the runs last several, so that there is work to lose when one is killed
            if 1 <= now.done < now.total and len(workers) == 2 and not killed:
                killed.append(workers[0])
                os.kill(workers[0], signal.SIGKILL)

    batch(**WHAT, out=tmp_path / "dask", workers=2, engine="dask", told=kill_one)
    assert killed
    assert status(tmp_path / "dask")["state"] == "done"
    for path in sorted((tmp_path / "local" / "parts").iterdir()):
        assert (tmp_path / "dask" / "parts" / path.name).read_bytes() == path.read_bytes()


def test_a_scheduler_that_is_not_there_is_told_within_its_time(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_engine, "_PATIENCE_SECONDS", 2.0)
    with socket.socket() as held:  # bound, and nobody listens
        held.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(BatchStopped, match=f"the dask scheduler {address} does not answer within 2 s; allowed"):
            batch("baseline", until="2026-02", out=tmp_path / "study", engine="dask", cluster=address)
    assert status(tmp_path / "study")["state"] == "stopped"


def test_a_scheduler_that_dies_ends_the_batch_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_engine, "_PATIENCE_SECONDS", 2.0)
    ours = subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                             "--scheduler-file", str(tmp_path / "scheduler.json")])  # fmt: skip
    try:
        while not (tmp_path / "scheduler.json").exists():
            assert ours.poll() is None
            time.sleep(0.1)
        address = json.loads((tmp_path / "scheduler.json").read_text(encoding="utf-8"))["address"]
        told = lambda now: kill_later(ours, now)  # noqa: E731
        with pytest.raises(BatchStopped, match="was lost and did not come back within 2 s"):
            batch("baseline", until="2026-02", out=tmp_path / "study", engine="dask", cluster=address, told=told)
    finally:
        ours.kill()
        ours.wait()
    assert status(tmp_path / "study")["state"] == "stopped"


def kill_later(scheduler, now) -> None:
    """Kill a scheduler that has no workers, once it was given what to do."""
    if now.doing.startswith("starting"):
        threading.Timer(3.0, scheduler.kill).start()
