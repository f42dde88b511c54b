"""The parameter tables: read, validated as a whole, cut to what could be known at the start.

`Tables.load(as_of)` reads every table declared in `world/data/*.toml`, checks all of them before anything
runs and says every fault at once. Rows known later than `as_of` are left out (unless `hindsight`), so a run
from an earlier start cannot see them. Named numbers are the exception: a rule cannot do without its numbers, so
where a name has no row that was known yet its first one counts, and `Tables.later` tells of it.
"""

from __future__ import annotations

import csv
import difflib
import fnmatch
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent / "data"
TAIL = ("value", "unit", "low", "high", "source", "year", "known_from")
HOURS = tuple(f"h{hour:02d}" for hour in range(24))
CONFIDENCE = ("exact", "derived", "recalled", "assumption", "")
_OPTIONS = {"about", "keys", "units", "range", "dated", "form", "rows"}
_FORMS = {"values": TAIL, "hours": ("unit", *HOURS, "source", "year", "known_from"), "entities": ("source", "known_from")}


class TableError(ValueError):
    """The tables are not usable. The message lists every fault: file, line, what was given, what is allowed."""

    def __init__(self, faults: list[str]):
        self.faults = faults
        shown = "\n  ".join(faults[:40])
        more = f"\n  … and {len(faults) - 40} more" if len(faults) > 40 else ""
        super().__init__(
            f"{len(faults)} fault{'s' * (len(faults) != 1)} in the tables; mend them and run again:\n  {shown}{more}"
        )


class MissingRow(TableError, KeyError):
    """A table does not have what the world asks of it: said before the first month, since that is when rows are read."""

    def __init__(self, fault: str):
        super().__init__([fault])

    __str__ = Exception.__str__  # a KeyError's text would be quoted


@dataclass(frozen=True)
class Spec:
    """How one table is declared (see docs/contracts.md)."""

    name: str
    about: str
    keys: dict[str, str]
    units: tuple[str, ...]
    low: float
    high: float
    dated: bool
    form: str
    rows: int = 0  # how many the world needs at least

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.keys, *_FORMS[self.form])


class Table:
    """Rows of one table as columns of equal length. Text columns are object arrays, numbers float64."""

    def __init__(self, name: str, columns: dict[str, np.ndarray], keys: tuple[str, ...]):
        self.name = name
        self.columns = columns
        self.keys = keys
        self._index: dict[tuple[str, ...], int] | None = None

    def __len__(self) -> int:
        return len(self.columns["source"])

    def __getitem__(self, column: str) -> np.ndarray:
        try:
            return self.columns[column]
        except KeyError:
            raise KeyError(f"table {self.name!r} has no column {column!r}; it has {', '.join(self.columns)}") from None

    def where(self, **keys: str) -> Table:
        """Return the rows that hold the given values in the given columns."""
        mask = np.ones(len(self), dtype=bool)
        for column, wanted in keys.items():
            mask &= self[column] == wanted
        return self.take(np.flatnonzero(mask))

    def take(self, rows: np.ndarray) -> Table:
        return Table(self.name, {name: column[rows] for name, column in self.columns.items()}, self.keys)

    def newest(self) -> dict[tuple[str, ...], int]:
        """Return {key: row} where of several years for one key the newest counts."""
        if self._index is None:
            index: dict[tuple[str, ...], int] = {}
            years = self.columns.get("year", np.zeros(len(self)))
            for row, key in enumerate(zip(*(self.columns[k] for k in self.keys), strict=True)):
                if key not in index or years[row] > years[index[key]]:
                    index[key] = row
            self._index = index
        return self._index

    def value(self, **keys: str) -> float:
        """Return the newest value of one key. Raises KeyError that says what exists instead."""
        index = self.newest()
        try:
            return float(self.columns["value"][index[tuple(keys[k] for k in self.keys)]])
        except KeyError:
            asked = ", ".join(f"{k}={v!r}" for k, v in keys.items())
            near = difflib.get_close_matches("/".join(keys.values()), ["/".join(k) for k in index], n=3, cutoff=0.3)
            what = f"{self.name}.csv: has no row with {asked} that counts at the start"
            raise MissingRow(f"{what}; nearest: {', '.join(near) or 'none'}") from None

    def get(self, default: float, **keys: str) -> float:
        """Return the newest value of one key, or `default` where the table says nothing."""
        row = self.newest().get(tuple(keys[k] for k in self.keys))
        return default if row is None else float(self.columns["value"][row])

    def grid(self, *axes, missing: float | None = None, **fixed: str) -> np.ndarray:
        """Return a dense float array of the newest values.

        `axes` alternates column name and the list of its labels; the other key columns are fixed by keyword.
        A combination without a row gets `missing`, or raises KeyError where that is None.
        """
        names, labels = axes[::2], axes[1::2]
        spots = [{label: i for i, label in enumerate(axis)} for axis in labels]
        out = np.full([len(axis) for axis in labels], np.nan)
        values = self.columns["value"]
        where_fixed = [(self.keys.index(k), v) for k, v in fixed.items()]
        where_axis = [self.keys.index(name) for name in names]
        for key, row in self.newest().items():
            if any(key[i] != v for i, v in where_fixed):
                continue
            try:
                out[tuple(spot[key[i]] for spot, i in zip(spots, where_axis, strict=True))] = values[row]
            except KeyError:
                continue
        if missing is not None:
            out[np.isnan(out)] = missing
        elif np.isnan(out).any():
            first = [axis[i] for axis, i in zip(labels, np.argwhere(np.isnan(out))[0], strict=True)]
            asked = ", ".join(f"{k}={v!r}" for k, v in (dict(zip(names, first, strict=True)) | fixed).items())
            raise MissingRow(f"{self.name}.csv: has no row for {asked} that counts at the start")
        return out

    def series(self, **keys: str) -> dict[int, float]:
        """Return {year: value} of one key."""
        rows = self.where(**keys)
        order = np.argsort(rows["year"], kind="stable")
        return {int(rows["year"][i]): float(rows["value"][i]) for i in order}

    def hours(self, **keys: str) -> np.ndarray:
        """Return the 24 hourly values of one key of a wide table."""
        index = self.newest()
        row = index.get(tuple(keys[k] for k in self.keys))
        if row is None:
            asked = ", ".join(f"{k}={v!r}" for k, v in keys.items())
            raise MissingRow(f"{self.name}.csv: has no row with {asked} that counts at the start")
        return np.array([self.columns[h][row] for h in HOURS], dtype=float)


@dataclass
class Tables:
    """All tables of a run. `overrides` {parameter name: value} replaces rows of `parameters.csv`.

    `later` {parameter name: month} holds the named numbers that could be known only after `as_of`.
    """

    tables: dict[str, Table]
    as_of: str
    overrides: dict[str, float] = field(default_factory=dict)
    later: dict[str, str] = field(default_factory=dict)
    _params: dict[str, float] = field(default_factory=dict)

    @classmethod
    def load(
        cls,
        as_of: str = "2026-01",
        *,
        folder: Path | str | None = None,
        hindsight: bool = False,
        overrides: dict[str, float] | None = None,
    ) -> Tables:
        """Read and check every table. Raises TableError that lists all faults."""
        root = Path(folder or DATA)
        raw = _read_checked(str(root), _signature(root))
        known = {name: table if hindsight else _known(table, as_of) for name, table in raw.items()}
        self = cls(known, as_of)
        for table in parameter_tables(raw):
            numbers = known[table.name]
            self._params |= {key[0]: float(numbers["value"][row]) for key, row in numbers.newest().items()}
            for name, row in _first_known(table).items():
                if name not in self._params:
                    self._params[name], self.later[name] = float(table["value"][row]), str(table["known_from"][row])
        for name, value in (overrides or {}).items():
            if "/" in name:
                self._set_cell(name, float(value))
                continue
            if name not in self._params:
                near = difflib.get_close_matches(name, self._params, n=3)
                raise MissingRow(f"no parameter {name!r} counts at {as_of}; did you mean {', '.join(near) or 'one of parameters.csv'}?")
            self._params[name] = float(value)
        self.overrides = dict(overrides or {})
        return self

    def _set_cell(self, name: str, value: float) -> None:
        """Set the newest value of a row that counts, `table/key/…/key` (`…/h05` in a table of hours)."""
        head, *keys = name.split("/")
        table = self.tables.get(head)
        column = "value"
        if table is not None and "value" not in table.columns and keys:
            column = keys.pop()
        row = None if table is None else table.newest().get(tuple(keys))
        if table is None or row is None or column not in table.columns:
            raise MissingRow(f"{name}: no such number counts at {self.as_of}")
        changed = Table(table.name, {**table.columns, column: table.columns[column].copy()}, table.keys)
        changed.columns[column][row] = value
        self.tables[head] = changed

    def check_complete(self, parameters: Iterable[str], rows: dict[str, Iterable[str]]) -> None:
        """Check that every parameter (a star stands for any text), and every row of `rows` {table: names}, is there. Raises TableError."""
        lost = [("parameters", name) for name in parameters if name not in self._params and not fnmatch.filter(self._params, name)]
        for table, names in rows.items():
            known = set(self.labels(table))
            lost += [(table, name) for name in names if name not in known]
        if lost:
            text = "{}.csv: has no row {!r} that counts at {}; the world reads it"
            raise TableError([text.format(table, name, self.as_of) for table, name in lost])

    def __getitem__(self, name: str) -> Table:
        try:
            return self.tables[name]
        except KeyError:
            near = difflib.get_close_matches(name, self.tables, n=3)
            raise KeyError(f"no table {name!r}; did you mean {', '.join(near) or sorted(self.tables)}?") from None

    def param(self, name: str) -> float:
        """Return one value of `parameters.csv`."""
        try:
            return self._params[name]
        except KeyError:
            near = difflib.get_close_matches(name, self._params, n=3)
            raise MissingRow(f"no parameter {name!r}; did you mean {', '.join(near) or 'one of parameters.csv'}?") from None

    @property
    def params(self) -> dict[str, float]:
        return dict(self._params)

    def labels(self, name: str) -> list[str]:
        """Return the first key column of a table without repeats, in row order: the axis of arrays."""
        table = self[name]
        return list(dict.fromkeys(table[table.keys[0]]))


def parameter_tables(tables: dict[str, Table]) -> list[Table]:
    """Return the tables of plain named numbers: `parameters.csv` and every `parameters_*.csv`."""
    return [table for name, table in tables.items() if name == "parameters" or name.startswith("parameters_")]


def _known(table: Table, as_of: str) -> Table:
    """Cut a table to the rows that could be known at the start."""
    return table.take(np.flatnonzero(table["known_from"] <= as_of))


def _first_known(table: Table) -> dict[str, int]:
    """Return {name: row} of the row of each name that was known first; of rows known in the same month the newest."""
    found: dict[str, int] = {}
    order = sorted(range(len(table)), key=lambda i: (table["known_from"][i], -table["year"][i]))
    for row in order:
        found.setdefault(table[table.keys[0]][row], row)
    return found


def specs(folder: Path) -> tuple[dict[str, Spec], list[str]]:
    """Read the declarations in `folder/*.toml`."""
    found: dict[str, Spec] = {}
    faults: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            faults.append(f"{path.name}: not readable as TOML: {error}")
            continue
        for name, body in content.items():
            unknown = set(body) - _OPTIONS
            if unknown or "keys" not in body:
                faults.append(f"{path.name}: [{name}] has unknown {sorted(unknown)} or no keys; allowed: {sorted(_OPTIONS)}")
                continue
            if body.get("form", "values") not in _FORMS:
                faults.append(f"{path.name}: [{name}] form is {body['form']!r}; allowed: {', '.join(_FORMS)}")
                continue
            low, high = body.get("range", (-np.inf, np.inf))
            found[name] = Spec(
                name, body.get("about", ""), dict(body["keys"]), tuple(body.get("units", ())),
                float(low), float(high), bool(body.get("dated", False)), body.get("form", "values"), int(body.get("rows", 0)),
            )  # fmt: skip
    return found, faults


def _signature(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return name, size and time of each file: tables that were edited are read again."""
    paths = sorted((*folder.glob("*.csv"), *folder.glob("*.toml")))
    return tuple((path.name, stat.st_size, stat.st_mtime_ns) for path in paths for stat in [path.stat()])


@lru_cache(maxsize=4)
def _read_checked(folder: str, _files: tuple[tuple[str, int, int], ...]) -> dict[str, Table]:
    root = Path(folder)
    declared, faults = specs(root)
    if not declared and not faults:
        faults.append(f"{root}: no table is declared here; expected *.toml beside *.csv")
    tables: dict[str, Table] = {}
    lines: dict[str, np.ndarray] = {}
    for name, spec in declared.items():
        table, where, found = _read(root / f"{name}.csv", spec)
        faults += found
        if table is not None:
            tables[name], lines[name] = table, where
    for path in sorted(root.glob("*.csv")):
        if path.stem not in declared:
            faults.append(f"{path.name}: not declared; add [{path.stem}] to one of the *.toml files")
    for name, table in tables.items():
        faults += _cross_check(declared[name], table, lines[name], tables)
    owner: dict[str, str] = {}
    for table in parameter_tables(tables):
        for name in dict.fromkeys(table[table.keys[0]]):
            if name in owner:
                faults.append(f"{table.name}.csv: parameter {name!r} stands in {owner[name]}.csv too; keep one")
            owner[name] = table.name
    if faults:
        raise TableError(faults)
    return tables


def _read(path: Path, spec: Spec) -> tuple[Table | None, np.ndarray, list[str]]:
    """Read one file; return the table, the line number of each row, and the faults."""
    if not path.is_file():
        return None, np.empty(0), [f"{path.name}: file is missing but declared"]
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            reader = csv.reader(stream)
            header = next(reader, [])
            rows = [(reader.line_num, row) for row in reader if row]
    except (UnicodeDecodeError, csv.Error) as error:
        return None, np.empty(0), [f"{path.name}: not readable as CSV in UTF-8: {error}"]
    missing = [column for column in spec.columns if column not in header]
    if missing:
        return None, np.empty(0), [f"{path.name}:1: columns missing: {', '.join(missing)}; given: {', '.join(header)}"]
    faults = [f"{path.name}:{line}: {len(row)} fields, expected {len(header)}" for line, row in rows if len(row) != len(header)]
    rows = [(line, row) for line, row in rows if len(row) == len(header)]
    lines = np.array([line for line, _ in rows], dtype=int)
    columns: dict[str, np.ndarray] = {}
    numeric = {"values": ("value", "low", "high", "year"), "hours": (*HOURS, "year"), "entities": ()}[spec.form]
    for i, column in enumerate(header):
        texts = [row[i].strip() for _, row in rows]
        if column in numeric:
            columns[column] = _numbers(path.name, column, texts, lines, faults)
        else:
            columns[column] = np.array(texts, dtype=object)
    table = Table(spec.name, columns, tuple(spec.keys))
    if len(rows) < spec.rows and not faults:
        faults.append(f"{path.name}: has {len(rows)} rows below its header; the world needs at least {spec.rows}")
    return table, lines, faults + _check_rows(path.name, spec, table, lines)


def _numbers(file: str, column: str, texts: list[str], lines: np.ndarray, faults: list[str]) -> np.ndarray:
    try:
        out = np.array(texts, dtype=float)
    except ValueError:
        out = np.full(len(texts), np.nan)
        for i, text in enumerate(texts):
            try:
                out[i] = float(text)
            except ValueError:
                faults.append(f"{file}:{lines[i]}: {column} is {text!r}; allowed: a number")
                texts[i] = ""
    for bad in np.flatnonzero(~np.isfinite(out)):
        if texts[bad]:
            faults.append(f"{file}:{lines[bad]}: {column} is {texts[bad]!r}; allowed: a finite number")
    out[~np.isfinite(out)] = np.nan  # said once here: no range holds it, so no other check speaks of it
    return out


def _check_rows(file: str, spec: Spec, table: Table, lines: np.ndarray) -> list[str]:
    """Check units, sources, dates, bounds and repeats of one table."""
    faults: list[str] = []

    def report(mask: np.ndarray, text) -> None:
        faults.extend(f"{file}:{lines[i]}: {text(i)}" for i in np.flatnonzero(mask))

    unit = table.columns.get("unit")
    if unit is None:
        pass
    elif spec.units:
        report(~np.isin(unit, np.array(spec.units, dtype=object)), lambda i: f"unit is {unit[i]!r}; allowed: {', '.join(spec.units)}")
    else:
        report(unit == "", lambda i: "unit is empty; give one (\"1\" for a pure number)")
    report(table["source"] == "", lambda i: "source is empty; say where the figure comes from (\"assumption: …\" is allowed)")
    known = table["known_from"]
    bad_date = np.array([not _is_month(text) for text in known], dtype=bool)
    report(bad_date, lambda i: f"known_from is {known[i]!r}; allowed: YYYY-MM")
    if "confidence" in table.columns:
        given = table["confidence"]
        unknown = ~np.isin(given, np.array(CONFIDENCE, dtype=object))
        report(unknown, lambda i: f"confidence is {given[i]!r}; allowed: {', '.join(CONFIDENCE[:-1])}")
    if spec.form == "hours":
        for hour in HOURS:
            values = table[hour]
            outside = (values < spec.low) | (values > spec.high)
            report(outside, lambda i, v=values, h=hour: f"{h} is {v[i]:g}; allowed: {spec.low:g} to {spec.high:g}")
    elif spec.form == "values":
        value, low, high = table["value"], table["low"], table["high"]
        report((value < spec.low) | (value > spec.high), lambda i: f"value is {value[i]:g}; allowed: {spec.low:g} to {spec.high:g}")
        report((value < low) | (value > high), lambda i: f"value {value[i]:g} lies outside its own range {low[i]:g} to {high[i]:g}")
    seen: dict[tuple, int] = {}
    identifying = [table[next(iter(spec.keys))]] if spec.form == "entities" else [table[k] for k in spec.keys]
    if spec.dated:
        identifying.append(table["year"])
    for i, identity in enumerate(zip(*identifying, strict=True)):
        if identity in seen:
            faults.append(f"{file}:{lines[i]}: repeats the key of line {seen[identity]}: {'/'.join(map(str, identity))}")
        seen.setdefault(identity, int(lines[i]))
    return faults


def _is_month(text: str) -> bool:
    return len(text) == 7 and text[4] == "-" and text[:4].isdigit() and text[5:].isdigit() and 1 <= int(text[5:]) <= 12


def _cross_check(spec: Spec, table: Table, lines: np.ndarray, tables: dict[str, Table]) -> list[str]:
    """Check that each key that points into another table exists there."""
    faults = []
    for column, target in spec.keys.items():
        if not target:
            continue
        if target not in tables:
            faults.append(f"{spec.name}.csv: key {column!r} points to table {target!r}, which is missing")
            continue
        other = tables[target]
        allowed = dict.fromkeys(other[other.keys[0]])
        for i, given in enumerate(table[column]):
            if given not in allowed:
                near = difflib.get_close_matches(given, allowed, n=2)
                hint = f"; did you mean {' or '.join(near)}?" if near else f"; allowed: {', '.join(list(allowed)[:25])}"
                faults.append(f"{spec.name}.csv:{lines[i]}: {column} is {given!r}, not in {target}.csv{hint}")
    return faults
