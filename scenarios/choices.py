"""What a scenario may name, read from the tables: nations, levers, parameters, and every cell with a value."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from ..world.tables import DATA, HOURS, Spec, TableError, Tables, specs
from .parts import Cell, Choices, Lever

_FAR = 1000.0  # times beyond the range of a table that a scenario may go
_LISTS = {"zones": "zones", "technologies": "technologies", "makers": "chipmakers", "providers": "launch_providers"}


@lru_cache(maxsize=4)
def choices(folder: Path = DATA) -> Choices:
    """Read what a scenario may name from the tables. Raises TableError where they are not usable."""
    try:
        return _choices(folder)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        Tables.load(folder=folder)  # says what is wrong with them
        raise TableError([f"{folder}: a table of names or levers cannot be read ({error})"]) from error


def _choices(folder: Path) -> Choices:
    levers = {}
    for row in _rows(folder / "levers.csv"):
        words = dict(pair.split("=") for pair in row["words"].split())
        columns = ("value", "low", "high", "pushed", "maximal")
        value, low, high, pushed, maximal = (float(row[column]) for column in columns)
        levers[row["lever"]] = Lever(
            row["lever"], row["unit"], value, low, high, pushed, maximal,
            {word: float(number) for word, number in words.items()}, row["title"],
        )  # fmt: skip
    parameters, cells = {}, {}
    for path in sorted({folder / "parameters.csv", *folder.glob("parameters_*.csv")}):
        for row in _rows(path):
            name = row[next(iter(row))]
            parameters[name] = row["unit"]
            low, value, high = (float(row[column]) for column in ("low", "value", "high"))
            # far beyond any range, or below nothing, is a slip of the unit or the sign
            least = 0.0 if low > 0.0 else -float("inf")
            cells[name] = Cell(row["unit"], low, value, high, least, high * _FAR if high > 0.0 else float("inf"))
    lists = {field: tuple(dict.fromkeys(_first(folder / f"{table}.csv"))) for field, table in _LISTS.items()}
    return Choices(
        tuple(row["nation"] for row in _rows(folder / "nations.csv")), levers, parameters, _Cells(folder, cells), **lists
    )


class _Cells(dict):
    """Parameters at once; cells of the other tables, `table/key/…/key`, are read when one is first asked for."""

    def __init__(self, folder: Path, parameters: Mapping[str, Cell]):
        super().__init__(parameters)
        self._folder = folder
        self._whole = False

    def __missing__(self, name: str) -> Cell:
        if not self._whole and "/" in name:
            self._read()
            if name in self:
                return self[name]
        raise KeyError(name)

    def known(self, name: str) -> bool:
        """Return whether there is such a number."""
        try:
            self[name]
        except KeyError:
            return False
        return True

    def near(self, name: str) -> Iterable[str]:
        """Return the names among which the nearest to a wrong one is looked for."""
        if "/" not in name:
            return [one for one in self if "/" not in one]
        if not self._whole:
            self._read()
        table = name.split("/", 1)[0]
        same = [one for one in self if one.startswith(f"{table}/")]
        return same or sorted({one.split("/", 1)[0] + "/…" for one in self if "/" in one})

    def _read(self) -> None:
        self._whole = True
        declared, _ = specs(self._folder)
        for name, spec in declared.items():
            if spec.form != "entities" and not name.startswith("parameters") and name != "levers":
                self.update(_cells_of(name, spec, _rows(self._folder / f"{name}.csv")))


def _cells_of(name: str, spec: Spec, rows: list[dict[str, str]]) -> Iterator[tuple[str, Cell]]:
    """Yield the cells of a table; of several years for one key the newest comes last and counts."""
    for row in sorted(rows, key=lambda row: float(row["year"])):
        key = "/".join([name, *(row[column] for column in spec.keys)])
        if spec.form == "hours":
            for hour in HOURS:
                value = float(row[hour])
                yield f"{key}/{hour}", Cell(row["unit"], value, value, value, spec.low, spec.high)
        else:
            yield key, Cell(row["unit"], float(row["low"]), float(row["value"]), float(row["high"]), spec.low, spec.high)


def _first(path: Path) -> list[str]:
    return [row[next(iter(row))] for row in _rows(path)]


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
