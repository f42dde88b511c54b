"""The house stands on its layers: imports point down, and no rule knows a nation, a zone or a company."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("world", "agents", "scenarios", "viz", "commands")
# low to high; what a scenario file is stands below the model, what runs and compares worlds above it
READING = {"scenario", "read", "quantity", "lines", "parts", "checking", "choices", "tools", "__init__"}
ORDER = ("world", "agents", "scenarios (reading)", "model", "scenarios (running)", "viz", "cli")
# tables whose first column names a nation, a place or a firm
NAMED = ("nations", "zones", "ai_companies", "chipmakers")


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def package_files() -> list[Path]:
    top = [path for path in ROOT.glob("*.py") if path.name != "__init__.py"]
    return sorted([*top, *sources(*FOLDERS)])


def layer(parts: tuple[str, ...]) -> str:
    """Return the layer of a module given by its path of names below the package."""
    first = parts[0]
    if first == "scenarios":
        return "scenarios (reading)" if (parts[1:] or ("__init__",))[0] in READING else "scenarios (running)"
    if first in ("commands", "__main__"):
        return "cli"
    return first if first in ("world", "agents", "viz", "cli") else "model"


def module(path: Path) -> tuple[str, ...]:
    return path.relative_to(ROOT).with_suffix("").parts


def imported(path: Path):
    """Yield (line, module of the package) for every relative import, lazy ones too."""
    here = module(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.level == 0:
            continue
        base = here[: len(here) - node.level]
        target = base + tuple((node.module or "").split(".")) if node.module else base
        for name in node.names:
            inner = (*target, name.name)
            known = (ROOT.joinpath(*inner).with_suffix(".py")).exists() or ROOT.joinpath(*inner).is_dir()
            yield node.lineno, inner if known else target


@pytest.mark.parametrize("path", package_files(), ids=lambda path: "/".join(module(path)))
def test_imports_only_point_down(path):
    own = ORDER.index(layer(module(path)))
    wrong = [
        f"{path.name}:{line}: {ORDER[own]} imports {'.'.join(target)}, which is {layer(target)}"
        for line, target in imported(path)
        if target and ORDER.index(layer(target)) > own
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", package_files(), ids=lambda path: "/".join(module(path)))
def test_no_import_would_load_a_second_copy(path):
    wrong = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        own = [name for name in names if name.split(".")[0] in (*FOLDERS, "wattrace")]
        wrong += [f"{path.name}:{getattr(node, 'lineno', 0)}: {name}" for name in own]
    assert not wrong, "use relative imports:\n" + "\n".join(wrong)


def proper_names() -> set[str]:
    names = set()
    for table in NAMED:
        with (ROOT / "world" / "data" / f"{table}.csv").open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                names |= {row[next(iter(row))], row.get("name", "")}
    return names - {""}


def test_no_nation_zone_or_company_is_named_in_a_rule():
    names = proper_names()
    assert len(names) > 40
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value!r}"
        for path in sources("world", "agents")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names
    ]
    assert not wrong, "names belong in tables only:\n" + "\n".join(wrong)
