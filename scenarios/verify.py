"""Does a study hold what its plan gives? Parts against their sums, and a sample of runs done again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .store import SUMS, RunKey, extract, file_digest, missing_parts, note_path, part_path
from .study import Study
from .worker import simulate

# single precision keeps seven digits: what agrees to this is the same number, rounded
_ROUNDING = float(np.finfo(np.float32).eps)


class Verified(NamedTuple):
    """What a verification found."""

    parts: int
    broken: list[str]  # parts that are not what was written
    runs: int  # done again
    differing: list[dict[str, Any]]  # runs that came out otherwise: the first number that differs
    exact: bool  # whether bytes had to be equal (same code, tables, versions, kind of machine)
    notes: list[str]

    @property
    def good(self) -> bool:
        return not self.broken and not self.differing


def verify(folder: str | Path, sample: int = 10) -> Verified:
    """Check all parts against their sums and do a sample of runs again. Raises StudyError.

    On the same code, versions and kind of machine every byte must be equal; elsewhere numbers must agree to 1e-9, seen in
    single precision. The sample depends on the study only.
    """
    study = Study(folder)
    notes = study.notes()
    there = [chunk for chunk in range(len(study.all_chunks)) if part_path(study.folder, chunk).exists()]
    broken = [f"{part_path(study.folder, chunk).name}: {_why(study, chunk)}" for chunk in there if chunk not in notes]
    broken += [f"{Path(name).name}: is not there, though {SUMS} lists it" for name in missing_parts(study.folder)]
    numbers = sorted(number for note in notes.values() for number in note["runs"])
    rng = np.random.default_rng(int(study.identity[:16], 16))
    chosen = sorted(rng.choice(numbers, size=min(sample, len(numbers)), replace=False).tolist()) if numbers else []
    differs = study.same_bytes()
    found = [_compare(study, study.key(int(number)), not differs) for number in chosen]
    return Verified(len(notes), broken, len(chosen), [one for one in found if one], not differs, differs)


def _why(study: Study, chunk: int) -> str:
    path = part_path(study.folder, chunk)
    if not note_path(study.folder, chunk).exists():
        return "has no note of what was written"
    return f"its {path.stat().st_size} bytes have the sum {file_digest(path)[:16]}…, which is not the one noted"


def _compare(study: Study, key: RunKey, exact: bool) -> dict[str, Any] | None:
    """Return the first number of a run, by month, that is not as kept; None where all are."""
    chunk = next(c for c, (first, last) in enumerate(study.all_chunks) if first <= key.number < last)
    kept = read_run(study, chunk, key)
    where = {"number": key.number, "scenario": key.scenario, "draw": key.draw, "replicate": key.replicate, "seed": key.seed}
    try:
        again = extract(simulate(study, key), study.layout)
    except Exception as error:
        return where | {"month": "", "variable": "", "region": "", "kept": None, "again": f"{type(error).__name__}: {error}"}
    if exact:
        off = kept.view(np.uint32) != again.view(np.uint32)
    else:
        off = ~np.isclose(kept, again, rtol=1e-9 + _ROUNDING, atol=0.0, equal_nan=True)
    if not off.any():
        return None
    v, r, m = min(zip(*np.nonzero(off), strict=True), key=lambda at: (at[2], at[0], at[1]))
    layout = study.layout
    return where | {
        "month": layout.dates[m], "variable": layout.variables[v], "region": layout.regions[r],
        "kept": float(kept[v, r, m]), "again": float(again[v, r, m]),
    }  # fmt: skip


def read_run(study: Study, chunk: int, key: RunKey) -> np.ndarray:
    """Return the kept numbers [V, R, M] of a run."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    chosen = (pc.field("scenario") == key.scenario) & (pc.field("draw") == key.draw) & (pc.field("replicate") == key.replicate)
    table = pq.read_table(part_path(study.folder, chunk), filters=chosen)
    layout = study.layout
    each = (len(layout.regions), len(layout.dates))
    return np.stack([table[name].to_numpy().astype(np.float32, copy=False).reshape(each) for name in layout.variables])
