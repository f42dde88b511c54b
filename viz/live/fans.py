"""What the finished worlds of an ensemble say: medians and bands, effects by pairs of one world, and when one overtakes another."""

from __future__ import annotations

import json
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...scenarios.store import part_path, read_note
from ...scenarios.study import MANIFEST, Study
from .catalog import Catalog
from .overtake import Overtaking, by_year, overtaking, sentence
from .path import plain
from .view import View

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
BANDS = ((90, 0, 4), (50, 1, 3))  # percent of worlds, levels
_MOST_KEPT = 12  # variables read at a time
FAN_HEIGHT, BARS_HEIGHT = 300, 280


class Worlds:
    """The finished worlds of a study with one part per world, read as they come."""

    def __init__(self, folder: Path, scenarios: int):
        self.folder, self.scenarios = folder / "study", scenarios
        self.study: Study | None = None
        self.runs: dict[int, list[int]] = {}  # world -> numbers of its finished runs
        self._values: OrderedDict[str, tuple[set[int], np.ndarray]] = OrderedDict()
        self._texts: dict[tuple[int, str, str], tuple[int, str]] = {}

    @property
    def finished(self) -> int:
        return len(self.runs)

    def read(self) -> bool:
        """Look for worlds that were finished since; tells whether there are any."""
        if self.study is None:
            if not (self.folder / MANIFEST).exists():
                return False
            self.study = Study(self.folder)
        before = len(self.runs)
        for world in range(len(self.study.all_chunks)):
            if world not in self.runs and part_path(self.folder, world).exists():
                note = read_note(self.folder, world, self.study.identity)
                if note is not None:
                    self.runs[world] = note["runs"]
        return len(self.runs) > before

    def values(self, variable: str) -> np.ndarray:
        """Return [scenarios, worlds, regions, months], NaN where a run failed or is not finished. Raises KeyError."""
        import pyarrow.parquet as pq

        assert self.study is not None
        layout = self.study.layout
        if variable not in layout.variables:
            raise KeyError(variable)
        shape = (self.scenarios, len(self.study.all_chunks), len(layout.regions), len(layout.dates))
        if variable not in self._values:
            self._values[variable] = (set(), np.full(shape, np.nan, dtype=np.float32))
        seen, values = self._values.pop(variable)
        for world in self.runs.keys() - seen:
            numbers = self.runs[world]
            column = pq.read_table(part_path(self.folder, world), columns=[variable], memory_map=False)[variable].to_numpy()
            for number, run in zip(numbers, column.reshape(len(numbers), *shape[2:]), strict=True):
                values[number % self.scenarios, world] = run
            seen.add(world)
        self._values[variable] = (seen, values)
        while len(self._values) > _MOST_KEPT:
            self._values.popitem(last=False)
        return values

    def of(self, scenario: int, variable: str, region: str) -> np.ndarray:
        """Return [worlds, months] of one scenario and region."""
        assert self.study is not None
        return self.values(variable)[scenario, :, self.study.layout.regions.index(region)]

    def knows(self, variable: str, region: str) -> bool:
        """Tell whether a variable and a region were kept."""
        return self.study is not None and variable in self.study.layout.variables and region in self.study.layout.regions

    def band_text(self, scenario: int, variable: str, region: str) -> str:
        """Return the 90 % band as JSON `{name, nation, low, high}`, made again only when worlds were added."""
        key = (scenario, variable, region)
        found = self._texts.get(key)
        if found is None or found[0] != self.finished:
            low, *_, high = quantiles(self.of(scenario, variable, region))
            band = {"name": f"{region} 90 %", "nation": region, "low": plain(low), "high": plain(high)}
            found = self._texts[key] = (self.finished, json.dumps(band))
        return found[1]


class Fan(NamedTuple):
    """The band of one scenario for the charts of the live tab."""

    worlds: Worlds
    scenario: int
    word: str

    def name(self) -> str:
        """Return how the legend calls it."""
        return f"90 % of {self.worlds.finished} worlds{self.word}"

    def bands(self, variable: str, regions: list[str], before: int = 0) -> str:
        """Return the bands of a chart as a JSON list, empty for what is not kept; they begin after `before` months."""
        texts = [self.worlds.band_text(self.scenario, variable, one) for one in regions if self.worlds.knows(variable, one)]
        if before:
            room = "null, " * before
            texts = [text.replace('"low": [', f'"low": [{room}').replace('"high": [', f'"high": [{room}') for text in texts]
        return f"[{', '.join(texts)}]"


def quantiles(values: np.ndarray) -> np.ndarray:
    """Return LEVELS over the worlds of [worlds, months] as [5, months]; NaN where no world has a number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # months in which no world has a number
        return np.asarray(np.nanquantile(values, LEVELS, axis=0))


def ensemble_charts(known: Catalog, worlds: Worlds, titles: list[str], view: View) -> dict[str, Any]:
    """Return the charts of the tab as JSON texts: a fan per scenario, the difference of pairs, crossing dates and what they say."""
    assert worlds.study is not None
    look, layout = view.ensemble, worlds.study.layout
    dates = list(layout.dates)
    regions = [name for name in view.regions if name in layout.regions] or list(known.groups)
    fans = [{name: quantiles(worlds.of(s, look.variable, name)) for name in regions} for s in range(len(titles))]
    numbers = np.concatenate([fan[name].ravel() for fan in fans for name in fan])
    numbers = numbers[np.isfinite(numbers)]
    reach = [float(numbers.min()), float(numbers.max())] if len(numbers) else []
    head = {
        "unit": known.unit(look.variable), "x": dates, "theme": view.theme, "style_names": {"live": "median"}, "height": FAN_HEIGHT,
        "nations": [*known.groups, *known.nations[2:], "World"],
    }  # fmt: skip
    about = known.variables[look.variable]["about"]
    drawn = [
        json.dumps({**head, **_fan(fan, worlds.finished), "title": f"{known.title(look.variable)}: {title}", "reach": reach, "note": about})
        for title, fan in zip(titles, fans, strict=True)
    ]
    found = [overtaking(worlds.of(s, look.variable, look.ahead), worlds.of(s, look.variable, look.behind)) for s in range(len(titles))]
    title = f"When {look.ahead} has more than {look.behind}: {known.title(look.variable)}"
    return {
        "fans": drawn,
        "gap": _gap(known, worlds, regions, view, head) if len(titles) == 2 else "",
        "bars": bars(title, titles, found, dates, view.theme),
        "says": [sentence(name, one, dates) for name, one in zip(titles, found, strict=True)],
    }


def _fan(fan: dict[str, np.ndarray], count: int) -> dict[str, Any]:
    """Return lines and bands of one chart: medians, and the middle 90 % and 50 % of `count` worlds."""
    lines = [{"name": f"{name} median", "nation": name, "values": plain(levels[2])} for name, levels in fan.items()]
    bands = [
        {
            "name": f"{name} {share} %", "nation": name, "kind": f"{share} % of {count} worlds",
            "low": plain(levels[low]), "high": plain(levels[high]),
        }
        for share, low, high in BANDS
        for name, levels in fan.items()
    ]
    return {"lines": lines, "bands": bands}


def _gap(known: Catalog, worlds: Worlds, regions: list[str], view: View, head: dict[str, Any]) -> str:
    """Return the chart of the second scenario less the first, world by world under the same luck."""
    variable = view.ensemble.variable
    fan = {name: quantiles(worlds.of(1, variable, name) - worlds.of(0, variable, name)) for name in regions}
    title = f"Second less first, in the same world: {known.title(variable)}"
    note = "Both scenarios share the luck of a world; the band is how far the effect differs between worlds, by luck and unsure numbers."
    return json.dumps({**head, **_fan(fan, worlds.finished), "title": title, "note": note})


def bars(title: str, titles: list[str], found: list[Overtaking], dates: list[str], theme: str) -> str:
    """Return the distribution of crossing dates, a column of bars per year and scenario."""
    years = sorted({date[:4] for date in dates})
    shares = [by_year(one, dates) for one in found]
    labels = ["from the start", *years, "never"]
    rows = [[label, *(share[i] for share in shares)] for i, label in enumerate(labels)]
    head = {"title": title, "unit": "% of worlds", "columns": ["first in", *titles], "rows": rows, "theme": theme, "height": BARS_HEIGHT}
    return json.dumps(head)
