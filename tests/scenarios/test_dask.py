"""A real Dask cluster of two workers, one of them killed in mid-run: the bytes are those of local processes."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from typing import Any

import pytest
from wattrace.scenarios.batch import batch, status

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
