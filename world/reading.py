"""Which rows the code reads by name: known before the first month, so that a missing row is not found out in the tenth year."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = ("world", "agents")
_READ = re.compile(r"""\bparam\(\s*f?["']([a-z_]+(?:\.[A-Za-z0-9_{}]+)+)["']""")
_FILLED = re.compile(r"\{\w+\}")
_LEVER = re.compile(r"""\blevers\[["'](\w+)["']\]""")
_VARIABLE = re.compile(r"""["']([A-Z]\w*\|[^"'{}]+)["']:""")


@cache
def parameters_read(package: Path = _PACKAGE) -> tuple[str, ...]:
    """Return the names in every `param("…")` of the model, sorted; none where the sources are not there.

    A part that is filled in when the code runs is a star: `param(f"days.{what}_calm")` gives `days.*_calm`.
    """
    return tuple(sorted({_FILLED.sub("*", name) for name in _found(_READ, package)}))


@cache
def levers_read(package: Path = _PACKAGE) -> tuple[str, ...]:
    """Return the names in every `levers["…"]` of the model, sorted."""
    return _found(_LEVER, package)


@cache
def variables_recorded(package: Path = _PACKAGE) -> tuple[str, ...]:
    """Return the variables that are written down each month, sorted."""
    path = package / "world" / "recording.py"
    return tuple(sorted(set(_VARIABLE.findall(path.read_text(encoding="utf-8"))))) if path.is_file() else ()


def _found(pattern: re.Pattern[str], package: Path) -> tuple[str, ...]:
    files = [*package.glob("*.py"), *(path for folder in _FOLDERS for path in (package / folder).rglob("*.py"))]
    return tuple(sorted({name for path in files for name in pattern.findall(path.read_text(encoding="utf-8"))}))
