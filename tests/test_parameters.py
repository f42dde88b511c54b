"""Every number has a reader and every reader a number."""

from __future__ import annotations

import ast
import csv
import re
from pathlib import Path

import pytest
from wattrace.world.tables import Tables

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "world" / "data"
# parameters_industry.csv is a fact sheet: calibration and documents draw on it as well
READ_IN_FULL = ("parameters", "parameters_tech")


def readers() -> list[str]:
    """Return what stands in every `param(…)` of the package: names, with `.+` where a part is filled in."""
    files = [*ROOT.glob("*.py"), *(path for part in ("world", "agents", "scenarios", "viz") for path in (ROOT / part).rglob("*.py"))]
    found = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            if getattr(node.func, "attr", getattr(node.func, "id", "")) != "param":
                continue
            found |= {pattern(name) for name in ast.walk(node.args[0]) if isinstance(name, ast.Constant | ast.JoinedStr)} - {""}
    return sorted(found)


def pattern(node: ast.expr) -> str:
    """Return the names a text stands for; nothing for what is no dotted name (a part of an f-string, say)."""
    if isinstance(node, ast.JoinedStr):
        return "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"\w+(\.\w+)+", node.value):
        return re.escape(node.value)
    return ""


@pytest.mark.parametrize("start", ["2016-01", "2026-01"])
def test_every_parameter_that_is_read_stands_in_the_tables(start):
    known = Tables.load(as_of=start).params
    names = readers()
    assert len(names) > 200
    missing = [name for name in names if not any(re.fullmatch(name, there) for there in known)]
    assert not missing, f"read in code, not known in {start}: {missing}"


def test_every_row_is_read_by_code():
    names = readers()
    unread = []
    for table in READ_IN_FULL:
        path = DATA / f"{table}.csv"
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as stream:
                rows = {row["name"] for row in csv.DictReader(stream)}
            unread += [f"{path.name}: {row}" for row in sorted(rows) if not any(re.fullmatch(name, row) for name in names)]
    assert not unread, "no code reads:\n" + "\n".join(unread)
