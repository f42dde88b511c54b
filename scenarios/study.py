"""A study: the plan of a batch, as it stands in `study.json`, and what has been done of it."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..world.calendar import Calendar
from .design import values
from .run import bytes_hash, tables_hash
from .scenario import Scenario
from .store import NOTES, PARTS, WORK, Layout, RunKey, read_note, whole

FORMAT = 1
MANIFEST = "study.json"
FEWEST_PARTS, MOST_IN_PART = 32, 100
# what decides about the bytes of a part beside the inputs
ENGINES = ("numpy", "numba", "pyarrow", "scipy")


class StudyError(ValueError):
    """The folder is no study, or not one that can be used so."""


class Refused(ValueError):
    """A study is not resumed with other inputs."""


class Inputs(NamedTuple):
    """All that a study is asked."""

    scenarios: list[Scenario]
    seed: int
    reps: int
    names: list[str]  # unsure numbers, the axes of `at`
    at: np.ndarray  # [draws, axes] quantiles
    design: str
    rounds: int  # how often `reps` may be done in all (1 without adaptive replication)
    stop: dict[str, Any] | None  # until which precision, of which variable
    time_limit: float  # seconds a run may take, 0 for no limit
    per_part: int  # runs in a part
    zones: bool = False  # keep what is recorded by zone as well


class Study:
    """A folder with a plan and its parts. `Study(folder)` opens one; `Study.create(folder, inputs)` begins one."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        try:
            self.manifest: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise StudyError(f"{self.folder} is no study: it holds no {MANIFEST}; give a folder written by `wattrace batch`") from None
        except (OSError, ValueError) as error:
            raise StudyError(f"{self.folder / MANIFEST} cannot be read ({error})") from error
        if not isinstance(self.manifest, dict) or self.manifest.get("format") != FORMAT:
            raise StudyError(f"{self.folder / MANIFEST} is no study of format {FORMAT}")
        if _identity(self.manifest["plan"]) != self.manifest["identity"]:
            raise StudyError(f"{self.folder / MANIFEST} has been changed since it was written: its plan does not fit its identity")

    def __repr__(self) -> str:
        return f"<Study {self.folder}: {len(self.scenario_names)} scenarios, {self.worlds} worlds>"

    @classmethod
    def create(cls, folder: str | Path, inputs: Inputs, command: str) -> Study:
        """Write the plan of a new study. Raises StudyError where the folder holds one already."""
        target = Path(folder)
        if (target / MANIFEST).exists():
            raise StudyError(f"{target} holds a study already; go on with it by --resume, or give another folder")
        others = sorted(path.name for path in target.iterdir() if not path.name.startswith(".")) if target.is_dir() else []
        if others:
            raise StudyError(f"{target} holds other things ({', '.join(others[:3])}); give a new folder, or an empty one")
        try:
            for name in (PARTS, NOTES, WORK):
                (target / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StudyError(f"{target}: cannot be written ({error.strerror}); give another folder") from error
        content = manifest(inputs, command)
        whole(target / MANIFEST, lambda path: path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8"))
        return cls(target)

    # -- the plan -----------------------------------------------------------------------------------------------

    @property
    def plan(self) -> dict[str, Any]:
        return self.manifest["plan"]

    @property
    def identity(self) -> str:
        return self.manifest["identity"]

    @cached_property
    def scenarios(self) -> dict[str, Scenario]:
        """The scenarios by name."""
        return {one["name"]: Scenario(**one) for one in self.plan["scenarios"]}

    @property
    def scenario_names(self) -> list[str]:
        return [one["name"] for one in self.plan["scenarios"]]

    @cached_property
    def layout(self) -> Layout:
        plan = self.plan
        calendar = Calendar(plan["start"], plan["until"])
        dates = tuple(calendar.date(month) for month in range(calendar.length))
        return Layout(tuple(plan["variables"]), tuple(plan["regions"]), dates)

    @cached_property
    def zone_variables(self) -> list[str]:
        """What is kept by zone: the variables that no nation has."""
        scope = _codelist(self.plan["start"])["scope"]
        return [name for name in self.layout.variables if scope[name] == "zone"]

    @cached_property
    def wide_regions(self) -> list[str]:
        """The regions that are no zones: nations, World, Rest."""
        return list(self.layout.regions[: self.layout.regions.index("Rest") + 1])

    @property
    def reps(self) -> int:
        return int(self.plan["reps"])

    @property
    def draws(self) -> int:
        return len(self.plan["at"])

    @property
    def worlds(self) -> int:
        """Worlds in a full study: draws × replicates, over all rounds."""
        return self.draws * self.reps * self.rounds

    @property
    def rounds(self) -> int:
        return int(self.plan["rounds"])

    @cached_property
    def chunks(self) -> list[list[tuple[int, int]]]:
        """Per round the chunks, each from a first run up to but not including a last."""
        each = self.draws * self.reps * len(self.scenario_names)
        size = int(self.plan["per_part"])
        return [
            [(first, min(first + size, (r + 1) * each)) for first in range(r * each, (r + 1) * each, size)] for r in range(self.rounds)
        ]

    @cached_property
    def all_chunks(self) -> list[tuple[int, int]]:
        return [chunk for chunks in self.chunks for chunk in chunks]

    def key(self, number: int) -> RunKey:
        """Return which run a number is: scenarios vary fastest, so that what is paired is done together."""
        world, scenario = divmod(number, len(self.scenario_names))
        turn, rest = divmod(world, self.draws * self.reps)
        draw, replicate = divmod(rest, self.reps)
        return RunKey(number, self.scenario_names[scenario], draw, replicate + turn * self.reps, int(self.plan["seed"]) + world)

    def keys(self, chunk: int) -> list[RunKey]:
        """Return the runs of a chunk."""
        return [self.key(number) for number in range(*self.all_chunks[chunk])]

    def settings(self, key: RunKey) -> Scenario:
        """Return the scenario of a run in its world."""
        scenario = self.scenarios[key.scenario]
        return scenario.drawn(values(scenario, self.plan["names"], np.array(self.plan["at"][key.draw])))

    # -- what is done -------------------------------------------------------------------------------------------

    def notes(self) -> dict[int, dict[str, Any]]:
        """Return {chunk: what its part holds} of the parts that are there and whole."""
        found = {}
        for chunk in range(len(self.all_chunks)):
            note = read_note(self.folder, chunk, self.identity)
            if note is not None:
                found[chunk] = note
        return found

    def same_bytes(self) -> list[str]:
        """Return what differs between what made the study and what is here now; empty where bytes must repeat."""
        now, then = engine(), self.plan["engine"]
        return [f"{key}: was {then.get(key)}, is {now[key]}" for key in now if now[key] != then.get(key)]

    def frame(self, variables: list[str] | None = None, regions: list[str] | None = None, scenarios: list[str] | None = None) -> Any:
        """Return rows as a pandas frame: ids, then a column per variable. Everything where nothing is chosen."""
        return self.table(variables, regions, scenarios).to_pandas()

    def table(self, variables: list[str] | None = None, regions: list[str] | None = None, scenarios: list[str] | None = None) -> Any:
        """Return rows as an Arrow table, read lazily from the parts."""
        import pyarrow.compute as pc

        columns = list(self.layout.variables) if variables is None else list(variables)
        unknown = [name for name in columns if name not in self.layout.variables]
        if unknown:
            raise KeyError(f"no variable {', '.join(unknown)} in the study; it has {', '.join(self.layout.variables)}")
        wanted = None
        for column, chosen in (("region", regions), ("scenario", scenarios)):
            if chosen is not None:
                one = pc.field(column).isin(list(chosen))
                wanted = one if wanted is None else wanted & one
        names = ["scenario", "draw", "replicate", "region", "month", "date"]
        return self.dataset().to_table(columns=[*names, *columns], filter=wanted)

    def dataset(self) -> Any:
        """Return the parts as an Arrow dataset."""
        import pyarrow.dataset as ds

        paths = sorted(str(path) for path in (self.folder / PARTS).glob("part-*.parquet"))
        if not paths:
            raise StudyError(f"{self.folder} holds no finished part yet")
        return ds.dataset(paths, format="parquet")

    def failures(self) -> list[dict[str, Any]]:
        """Return a row per failed run."""
        return [failure for _, note in sorted(self.notes().items()) for failure in note["failures"]]


def runs_per_part(runs: int) -> int:
    """Return how many runs one file should hold: many are read faster, few are written sooner."""
    return min(max(-(-runs // FEWEST_PARTS), 1), MOST_IN_PART)


def manifest(inputs: Inputs, command: str) -> dict[str, Any]:
    """Return the content of `study.json`."""
    from .. import __version__

    plan = make_plan(inputs)
    return {
        "format": FORMAT,
        "wattrace": __version__,
        "identity": _identity(plan),
        "command": command,
        "machine": f"{platform.system()} {platform.machine()}",
        "scenario_identities": {one.name: one.identity() for one in inputs.scenarios},
        "units": plan_units(plan["start"], inputs.zones),
        "plan": plan,
    }


def make_plan(inputs: Inputs) -> dict[str, Any]:
    """Return all that decides about the bytes of a study, as plain data."""
    first = inputs.scenarios[0]
    if len({one.name for one in inputs.scenarios}) < len(inputs.scenarios):
        raise StudyError("two scenarios have one name; give each its own")
    spans = {(one.start, one.until) for one in inputs.scenarios}
    if len(spans) > 1:
        raise StudyError(f"scenarios run over different months ({', '.join(' to '.join(span) for span in sorted(spans))}); give --until")
    codelist = _codelist(first.start)
    regions = [*codelist["nations"], "World", "Rest"]
    return {
        "scenarios": [one.model_dump(mode="json") for one in inputs.scenarios],
        "start": first.start,
        "until": first.until,
        "seed": inputs.seed,
        "reps": inputs.reps,
        "design": inputs.design,
        "names": inputs.names,
        "at": [[float(x) for x in row] for row in inputs.at],
        "rounds": inputs.rounds,
        "stop": inputs.stop,
        "time_limit": inputs.time_limit,
        "per_part": inputs.per_part,
        "variables": [name for name, scope in codelist["scope"].items() if scope == "nation" or (inputs.zones and scope == "zone")],
        "regions": [*regions, *codelist["zones"]] if inputs.zones else regions,
        "engine": engine(),
    }


def engine() -> dict[str, str]:
    """Return what the bytes depend on beside the inputs: code, tables, versions, kind of machine."""
    versions = {name: metadata.version(name) for name in ENGINES}
    kind = f"{platform.system()} {platform.machine()}"
    return {"code_sha256": bytes_hash(), "tables_sha256": tables_hash(), "python": platform.python_version(), "machine": kind, **versions}


def plan_units(start: str, zones: bool = False) -> dict[str, dict[str, str]]:
    """Return {variable: unit, about, total} of what is kept, with `zones` by zone as well."""
    codelist = _codelist(start)
    return {
        name: {"unit": codelist["unit"][name], "about": codelist["about"][name], "total": codelist["total"][name]}
        for name, scope in codelist["scope"].items()
        if scope == "nation" or (zones and scope == "zone")
    }


def _codelist(start: str) -> dict[str, Any]:
    from ..world.tables import Tables

    tables = Tables.load(start)
    table = tables["variables"]
    found: dict[str, Any] = {
        column: dict(zip(table["variable"], table[column], strict=True)) for column in ("scope", "unit", "about", "total")
    }
    return found | {"nations": tables.labels("nations"), "zones": tables.labels("zones")}


def _identity(plan: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()
