"""Every number has a reader and every reader a number; every table is read."""

from __future__ import annotations

import ast
import fnmatch
import re
from pathlib import Path

import pytest
from wattrace.model import World
from wattrace.world.reading import parameters_read
from wattrace.world.tables import DATA, Tables, parameter_tables

ROOT = Path(__file__).resolve().parent.parent


DRAWN = {"history"}  # what is drawn before the start and no rule reads; tests/viz/test_history.py


def in_syntax() -> set[str]:
    """Return what stands in every `param(…)` of the model after its syntax trees, with a star where a part is filled in."""
    files = [*ROOT.glob("*.py"), *(path for part in ("world", "agents") for path in (ROOT / part).rglob("*.py"))]
    found = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and getattr(node.func, "attr", getattr(node.func, "id", "")) == "param":
                texts = {part for joined in ast.walk(node.args[0]) if isinstance(joined, ast.JoinedStr) for part in joined.values}
                found |= {pattern(part) for part in ast.walk(node.args[0]) if part not in texts} - {""}
    return found


def pattern(node: ast.AST) -> str:
    """Return the name that a text stands for; nothing for what is no dotted name."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"\w+(\.\w+)+", node.value):
        return node.value
    return ""


class Asked(dict):
    """A dictionary that keeps what it was asked for."""

    def __init__(self, *args):
        super().__init__(*args)
        self.names: set[str] = set()

    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)


@pytest.fixture(scope="module")
def asked():
    """Return the names of tables and of parameters that a short run asks for."""
    tables = Tables.load("2026-01")
    tables.tables, tables._params = Asked(tables.tables), Asked(tables._params)
    World("baseline", seed=1, until="2027-02", tables=tables).run_to()
    return tables.tables.names, tables._params.names


def test_a_search_of_the_text_finds_what_the_syntax_says():
    assert set(parameters_read()) == in_syntax()


def test_a_run_asks_for_no_parameter_that_the_search_does_not_find(asked):
    names = parameters_read()
    assert not [name for name in asked[1] if not any(fnmatch.fnmatchcase(name, one) for one in names)]
    assert len(asked[1]) > 200


def test_a_source_with_a_year_is_not_known_before_that_year():
    wrong = []
    for table in parameter_tables(Tables.load("2026-01", hindsight=True).tables):
        for name, source, known in zip(table["name"], table["source"], table["known_from"], strict=True):
            years = [int(year) for year in re.findall(r"\b20[12]\d\b", source)]
            if years and known[:4] < str(min(years)):
                wrong.append(f"{name} known from {known}: {source}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("start", ["2016-01", "2026-01"])
def test_every_parameter_that_is_read_stands_in_the_tables(start):
    known = Tables.load(as_of=start).params
    missing = [name for name in parameters_read() if not fnmatch.filter(known, name)]
    assert not missing, f"read in code, not known in {start}: {missing}"


def test_every_row_of_the_parameter_tables_is_read():
    rows = {row for table in parameter_tables(Tables.load("2026-01", hindsight=True).tables) for row in table["name"]}
    unread = [row for row in sorted(rows) if not any(fnmatch.fnmatchcase(row, name) for name in parameters_read())]
    assert not unread, f"no code reads {unread}"


def test_every_table_is_read(asked):
    parameters = {table.name for table in parameter_tables(Tables.load("2026-01").tables)}
    unread = {path.stem for path in DATA.glob("*.csv")} - asked[0] - parameters - DRAWN
    assert not unread, f"no rule reads {sorted(unread)}"
