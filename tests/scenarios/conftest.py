"""Studies with made-up numbers, written as a batch writes them: quick, and what must come out is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wattrace.scenarios.batch import make_inputs
from wattrace.scenarios.store import RunKey, spool, write_part
from wattrace.scenarios.study import Study

Fill = Callable[[Study, RunKey], np.ndarray]


def _make(folder: Path, scenarios: list, fill: Fill, reps: int = 6, until: str = "2028-01", **more) -> Study:
    """Write a study whose run `key` holds `fill(study, key)` [V, R, M]."""
    given: Any = {"vary": None, "design": "lhs", "draws": None, "seed": 1, "start": None, "until_ci": None, "most_reps": None}
    inputs = make_inputs(scenarios, reps=reps, until=until, time_limit=0.0, per_part=None, **(given | more))
    study = Study.create(folder, inputs, "made up")
    for chunk in range(len(study.all_chunks)):
        keys = study.keys(chunk)
        for key in keys:
            spool(study.folder, key.number, fill(study, key).astype(np.float32))
        write_part(study.folder, chunk, study.identity, keys, study.layout)
    return study


@pytest.fixture(scope="session")
def make_study() -> Callable[..., Study]:
    """A function that writes a made-up study: folder, scenarios, fill, reps=, until=."""
    return _make
