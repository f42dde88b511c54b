"""A study's parts read one after the other and brought down to years, so that thousands of runs fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..world.limiting import CAUSES
from .run import BINDING
from .store import ID_COLUMNS, part_path
from .study import Study, StudyError

# variables in which one nation may overtake another, looked at by month
RACES = ("Compute|Powered", "Compute|Powered H100e", "Coin|Accredited", "AI|Capability", "Robots|Stock")


@dataclass
class Yearly:
    """Means of calendar years, NaN where a run failed or is not done yet."""

    study: Study
    scenarios: list[str]
    variables: list[str]
    regions: list[str]
    years: list[int]
    worlds: list[tuple[int, int]]  # (draw, replicate)
    data: np.ndarray  # [V, S, W, R, Y] float32
    leads: np.ndarray  # [races, S, W, M] float32: the second nation's less the first's
    binding: np.ndarray  # [S, R, Y, causes] months in which a cause binds, over all worlds

    def of(self, variable: str, scenario: str, region: str) -> np.ndarray:
        """Return [W, Y] of one variable. Raises KeyError."""
        v, s, r = _at(self.variables, variable), _at(self.scenarios, scenario), _at(self.regions, region)
        return self.data[v, s, :, r]

    @property
    def rivals(self) -> tuple[str, str]:
        """The first two nations."""
        return self.regions[0], self.regions[1]


def _at(names: list[str], name: str) -> int:
    try:
        return names.index(name)
    except ValueError:
        import difflib

        near = difflib.get_close_matches(name, names, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(names)}"
        raise KeyError(f"no {name!r} in the study; {hint}") from None


def read_yearly(study: Study) -> Yearly:
    """Read all finished parts of a study. Raises StudyError where there is none."""
    layout = study.layout
    years = sorted({int(date[:4]) for date in layout.dates})
    where = np.array([years.index(int(date[:4])) for date in layout.dates])
    names, regions = study.scenario_names, list(layout.regions)
    parts = list(_parts(study))
    worlds = {(key.draw, key.replicate) for _, part in parts for key in part}
    if not worlds:
        raise StudyError(f"{study.folder} holds no finished run yet")
    spot = {world: w for w, world in enumerate(sorted(worlds))}
    shape = (len(layout.variables), len(names), len(spot), len(regions), len(years))
    data = np.full(shape, np.nan, dtype=np.float32)
    races = [name for name in RACES if name in layout.variables]
    leads = np.full((len(races), len(names), len(spot), len(layout.dates)), np.nan, dtype=np.float32)
    binding = np.zeros((len(names), len(regions), len(years), len(CAUSES)))
    first = np.flatnonzero(np.diff(where, prepend=-1))
    months = np.bincount(where)
    for chunk, keys in parts:
        values = _read(study, chunk, keys)
        for i, key in enumerate(keys):
            s, w = names.index(key.scenario), spot[key.draw, key.replicate]
            for v, name in enumerate(layout.variables):
                run = values[name][i]
                data[v, s, w] = np.add.reduceat(run, first, axis=1) / months
                if name == BINDING:
                    _count(run, where, binding[s])
            for j, name in enumerate(races):
                leads[j, s, w] = values[name][i][1] - values[name][i][0]
    return Yearly(study, names, list(layout.variables), regions, years, sorted(worlds), data, leads, binding)


def _count(codes: np.ndarray, where: np.ndarray, binding: np.ndarray) -> None:
    """Add to [R, Y, causes] the months of one run in which each cause binds."""
    known = np.isfinite(codes)
    r, m = np.nonzero(known)
    np.add.at(binding, (r, where[m], codes[known].astype(int).clip(0, len(CAUSES) - 1)), 1.0)


def _parts(study: Study) -> Iterator[tuple[int, list[Any]]]:
    """Yield (chunk, its finished runs) of the parts that are there. Raises StudyError where one is not what was written."""
    notes = study.notes()
    for chunk in range(len(study.all_chunks)):
        path = part_path(study.folder, chunk)
        if not path.exists():
            continue
        if chunk not in notes:
            raise StudyError(f"{path} is not what was written; `wattrace verify {study.folder}` tells more, --resume makes it again")
        if notes[chunk]["runs"]:
            yield chunk, [study.key(number) for number in notes[chunk]["runs"]]


def _read(study: Study, chunk: int, keys: list[Any]) -> dict[str, np.ndarray]:
    """Return {variable: [runs, R, M]} of a part."""
    import pyarrow.parquet as pq

    layout = study.layout
    each = (len(layout.regions), len(layout.dates))
    try:
        table = pq.read_table(part_path(study.folder, chunk), memory_map=False)
    except Exception as error:
        raise StudyError(f"{part_path(study.folder, chunk)} cannot be read ({error}); make it again by --resume") from error
    if table.num_rows != len(keys) * each[0] * each[1] or set(ID_COLUMNS) - set(table.column_names):
        raise StudyError(f"{part_path(study.folder, chunk)} holds {table.num_rows} rows, not those of {len(keys)} runs; --resume mends it")
    return {name: table[name].to_numpy().reshape(len(keys), *each) for name in layout.variables}
