"""One run from a scenario to files: what was recorded, what happened, and the race."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Callable
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..world.money.regimes import USUAL
from ..world.tables import DATA
from .read import list_scenarios, load_scenario
from .scenario import Scenario, ScenarioError
from .store import whole

if TYPE_CHECKING:
    from ..model import World

PACKAGES = ("mesa", "networkx", "numpy", "scipy", "pandas", "numba", "pydantic", "pyarrow")
PACKAGE = Path(__file__).resolve().parent.parent
BYTES_OF_BATCHES = ("parts", "choices", "checking", "quantity", "scenario", "design", "store", "study", "worker")
CODE_FOLDERS = ("world", "agents", "scenarios")
EVENT_COLUMNS = ("month", "date", "kind", "region", "agent", "text")
# column of the race -> recorded variable; `binds` is a name of the world's causes
RACE = {
    "accredited_gw": "Coin|Accredited",
    "powered_gw": "Compute|Powered",
    "powered_h100e": "Compute|Powered H100e",
    "stranded_gw": "Compute|Stranded",
    "value_usd_per_w": "Coin|Value",
    "q": "Coin|q",
    "robots": "Robots|Stock",
    "orbital_share": "Compute|Orbital Share",
}
BINDING = "Limit|Binding"
Progress = Callable[[int, int, str], None]
Draw = Callable[["Result"], Any]


class Result:
    """What a run left: `world` at its end, and views of its record that are built when first asked for."""

    def __init__(self, world: World, seconds: float = 0.0):
        self.world = world
        self.seconds = seconds

    def __repr__(self) -> str:
        settings = self.world.settings
        return f"<Result of {settings.name}, seed {self.world.seed}, {settings.start} to {self.world.date}>"

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Everything recorded: variable, unit, region, month, value."""
        return self.world.frame()

    @cached_property
    def events(self) -> pd.DataFrame:
        """What happened: month, date, kind, region, agent, text."""
        return pd.DataFrame([tuple(event) for event in self.world.events], columns=list(EVENT_COLUMNS))

    @property
    def groups(self) -> list[str]:
        """The first two nations, and Rest."""
        return [*list(self.world.places.nations)[:2], "Rest"]

    def series(self, variable: str, region: str = "World") -> np.ndarray:
        """Return one variable over the months run."""
        return self.world.record.series(variable, region)

    def race_months(self) -> list[int]:
        """Return the recorded months that stand for the Januaries of every other year, and the last one."""
        calendar, written = self.world.calendar, self.world.record.written
        first_year = calendar.year(0)
        januaries = [
            month - 1
            for month in range(1, written + 1)
            if calendar.month_of_year(month) == 0 and (calendar.year(month) - first_year) % 2 == 0
        ]
        if written and (not januaries or januaries[-1] != written - 1):
            januaries.append(written - 1)
        return januaries

    def race(self) -> pd.DataFrame:
        """Return the race: a row every two years, columns (group, measure), of the month before its date.

        Before the first step there is nothing, and the frame is empty.
        """
        months = self.race_months()
        columns: dict[tuple[str, str], Any] = {}
        for group in self.groups:
            for name, variable in RACE.items():
                columns[group, name] = self.series(variable, group)[months]
            columns[group, "binds"] = self._binding(group, months)
        index = pd.Index([self.world.calendar.date(month + 1) for month in months], name="date")
        frame = pd.DataFrame(columns, index=index)
        frame.columns = pd.MultiIndex.from_tuples(list(columns), names=["group", "measure"])
        return frame

    def _binding(self, group: str, months: list[int]) -> list[str]:
        """Return the cause that binds; for a group of nations, the one at most powered compute."""
        causes = self.world.causes
        nations = list(self.world.places.nations)
        members = [group] if group in nations else nations[2:]
        codes = np.array([self.series(BINDING, nation)[months] for nation in members])
        weights = np.array([self.series(RACE["powered_gw"], nation)[months] for nation in members])
        found = []
        for at in range(len(months)):
            score = np.zeros(len(causes))
            for code, weight in zip(codes[:, at], weights[:, at], strict=True):
                if np.isfinite(code):
                    score[int(code)] += max(float(np.nan_to_num(weight)), 0.0) + 1e-12
            found.append(causes[int(np.argmax(score))])
        return found

    def race_rows(self) -> list[dict[str, Any]]:
        """Return the race as plain rows, {"date", group: {measure: value}}; unknown numbers are None."""
        rows = []
        race = self.race()
        for number, date in enumerate(race.index):
            plain: dict[str, Any] = {"date": date}
            for group in self.groups:
                cells = race[group].iloc[number]
                plain[group] = {str(measure): _plain(value) for measure, value in cells.items()}
            rows.append(plain)
        return rows

    def manifest(self) -> dict[str, Any]:
        """Return what is needed to run this again and to know it is the same."""
        from .. import __version__

        settings = self.world.settings
        return {
            "wattrace": __version__,
            "python": platform.python_version(),
            "packages": {name: metadata.version(name) for name in PACKAGES},
            "machine": f"{platform.system()} {platform.machine()}",
            "scenario": settings.model_dump(mode="json"),
            "identity": settings.identity(),
            "code_sha256": code_hash(),
            "tables_sha256": tables_hash(),
            "seed": int(self.world.seed),
            "start": settings.start,
            "tables_known_at": settings.start,
            "until": self.world.date,
            "months": int(self.world.month),
            "seconds": round(self.seconds, 3),
            "command": command(settings, int(self.world.seed), self.world.date),
        }

    def write(self, folder: str | Path, draw: Draw | None = None) -> Path:
        """Write the run into a folder (made if missing), each file whole or not at all. Returns the folder.

        Pictures lie a layer above: `draw` is `viz.picture.draw_race`; without it no picture is written.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        whole(target / "run.parquet", lambda path: _write_parquet(self.frame, path))
        whole(target / "events.parquet", lambda path: _write_parquet(self.events, path))
        whole(target / "events.csv", lambda path: self.events.to_csv(path, index=False, lineterminator="\n"))
        whole(target / "race.csv", self._write_race)
        if draw is not None:
            self._write_pictures(target, draw)
        text = json.dumps(self.manifest(), indent=2, ensure_ascii=False) + "\n"
        whole(target / "manifest.json", lambda path: path.write_text(text, encoding="utf-8"))
        return target

    def _write_pictures(self, target: Path, draw: Draw) -> None:
        import matplotlib

        with matplotlib.rc_context({"svg.hashsalt": "wattrace", "svg.fonttype": "none"}):
            figure = draw(self)
            whole(target / "race.png", lambda path: figure.savefig(path, format="png", dpi=150))
            plain = {"Date": None}  # bytes that repeat
            whole(target / "race.svg", lambda path: figure.savefig(path, format="svg", metadata=plain))

    def _write_race(self, path: Path) -> None:
        race = self.race()
        race.columns = pd.Index([" ".join(column) for column in race.columns.to_list()])
        race.to_csv(path, lineterminator="\n", float_format="%.6g")


def run(
    scenario: str | Path | Scenario = "baseline",
    seed: int = 1,
    start: str | None = None,
    until: str | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
    draw: Draw | None = None,
    regime: str | None = None,
) -> Result:
    """Run a world to its end and return its Result; with `out` also write it into that folder.

    `start`, `until` and `regime` replace the scenario's.

    `scenario` is a built-in name, a path or a Scenario. `progress(done, months, date)` is called after each
    month. `draw` is what `Result.write` takes.
    Raises ScenarioError, ValueError (dates, seed) or WorldFailed.
    """
    from ..model import World

    settings = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    settings = settings.with_choices(start=start, until=until, regime=regime)
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)  # known before the run
    code_hash()
    began = time.perf_counter()
    world = World(settings, seed=seed)
    length = world.calendar.length
    while not world.finished:
        world.step()
        if progress is not None:
            progress(world.month, length, world.date)
    result = Result(world, time.perf_counter() - began)
    if out is not None:
        result.write(out, draw)
    return result


def other_run(folder: str | Path, settings: Scenario, seed: int) -> str:
    """Return in words which run a folder holds, where that is another one than asked for; else an empty text."""
    try:
        held = json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))
        identity, name = held["identity"]["scenario"], held["scenario"]["name"]
        same = (identity, name, held["seed"]) == (settings.digest(), settings.name, seed)
        money = held["scenario"].get("regime", USUAL)
        told = name if money == USUAL else f"{name} under {money} money"
        return "" if same else f"a run of {told}, seed {held['seed']}, {held['start']} to {held['until']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def tables_hash(folder: Path = DATA) -> str:
    """Return the sha256 over names and bytes of all tables and their declarations."""
    return _hash_files({path.name: path for path in (*folder.glob("*.csv"), *folder.glob("*.toml"))})


@cache
def code_hash(root: Path = PACKAGE) -> str:
    """Return the sha256 over names and bytes of all modules that a run's figures can depend on.

    Taken once a process: what counts is the code that was loaded, not what is edited while it runs.
    """
    paths = [path for path in root.glob("*.py") if path.name != "cli.py"]
    paths += [path for folder in CODE_FOLDERS for path in (root / folder).rglob("*.py")]
    return _hash_files({path.relative_to(root).as_posix(): path for path in paths})


@cache
def bytes_hash(root: Path = PACKAGE) -> str:
    """Return the sha256 over the modules that decide about the numbers of a batch and how they are written.

    Narrower than `code_hash`: a study is resumed although what compares or explains runs has been changed.
    """
    paths = [path for path in root.glob("*.py") if path.name != "cli.py"]
    paths += [path for folder in ("world", "agents") for path in (root / folder).rglob("*.py")]
    paths += [root / "scenarios" / f"{name}.py" for name in BYTES_OF_BATCHES]
    return _hash_files({path.relative_to(root).as_posix(): path for path in paths})


def _hash_files(files: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        content = files[name].read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def command(settings: Scenario, seed: int, until: str) -> str:
    """Return what does the run again: a command of the library's scenario, or Python that takes the scenario from the manifest."""
    rest = f"--seed {seed} --start {settings.start} --until {until}"
    try:
        own = load_scenario(settings.name).between(settings.start, settings.until) if settings.name in list_scenarios() else None
    except ScenarioError:
        own = None
    if own is not None and own.digest() == settings.digest():
        return f"wattrace run {settings.name} {rest}"
    if own is not None and own.with_choices(regime=settings.regime).digest() == settings.digest():
        return f"wattrace run {settings.name} --regime {settings.regime} {rest}"
    read = "import json, wattrace; m = json.load(open('manifest.json'))"
    again = f"wattrace.run(wattrace.Scenario.model_validate(m['scenario']), seed={seed}, until='{until}', out='again')"
    return f'python -c "{read}; {again}"'


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write with zstd, numbers as float32, texts as dictionaries."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays, names = [], []
    for name in frame.columns:
        values = frame[name]
        if pd.api.types.is_float_dtype(values):
            arrays.append(pa.array(values.to_numpy(dtype=np.float32)))
        elif pd.api.types.is_integer_dtype(values):
            arrays.append(pa.array(values.to_numpy(dtype=np.int32)))
        else:
            texts = pa.array(["" if value is None else str(value) for value in values], pa.string())
            arrays.append(texts.dictionary_encode())
        names.append(str(name))
    pq.write_table(pa.table(arrays, names=names), path, compression="zstd")


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    number = float(value)
    return float(f"{number:.6g}") if np.isfinite(number) else None
