"""Scenario files: found by name or path, read with limits, resolved through `extends`, every fault said at once."""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from .lines import find_lines, line_of
from .scenario import NAME, SWITCHES, TOP_KEYS, Choices, Fault, Scenario, ScenarioError, check, choices

LIBRARY = Path(__file__).resolve().parent / "library"
SCHEMA_VERSION = 1
MOST_BYTES = 64 * 1024
DEEPEST = 8  # tables and lists inside each other
LONGEST_CHAIN = 8  # files that extend each other


class _File(NamedTuple):
    path: Path
    shown: str
    content: dict[str, Any]
    lines: dict[tuple[str | int, ...], int]


def scenario_names() -> list[str]:
    """Return the names of the built-in scenarios, the baseline first."""
    names = sorted(path.stem for path in LIBRARY.glob("*.toml"))
    return sorted(names, key=lambda name: name != "baseline")


def load_scenario(given: str | os.PathLike[str], known: Choices | None = None) -> Scenario:
    """Return a built-in scenario by its name or one from a TOML file by its path.

    Raises ScenarioError with every fault: file, line, what was given, what is allowed.
    """
    path = find_scenario(given)
    faults: list[str] = []
    files = _chain(path, faults)
    known = known or choices()
    merged: dict[str, Any] = {}
    for file in files:
        content, found = _shape(file.content)
        fields, more = check(content, known)
        found += more
        faults += [
            f"{file.shown}:{line_of(fault.path, file.lines)}: {'.'.join(str(p) for p in fault.path)} {fault.text}"
            for fault in found
        ]
        _merge(merged, fields)
        if file is files[-1]:
            merged.update({key: fields.get(key, "") for key in ("name", "title")})
    if faults:
        raise ScenarioError(list(dict.fromkeys(faults)))
    scenario = Scenario.model_construct(**merged)
    if scenario.until <= scenario.start:
        raise ScenarioError([f"{files[-1].shown}: runs from {scenario.start} to {scenario.until}; allowed: an end after the start"])
    return scenario


def find_scenario(given: str | os.PathLike[str]) -> Path:
    """Return the file of a built-in name or of a path. Raises ScenarioError."""
    text = os.fspath(given)
    if isinstance(given, str) and not text.endswith(".toml") and os.sep not in text:
        names = scenario_names()
        if text in names:
            return LIBRARY / f"{text}.toml"
        near = difflib.get_close_matches(text, names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"allowed: {', '.join(names)}, or the path of a .toml file"
        raise ScenarioError([f"scenario is {text[:80]!r}, which is not built in; {hint}"])
    path = Path(text)
    if not path.is_file():
        raise ScenarioError([f"scenario is {text[:200]!r}, but there is no such file; allowed: the path of a .toml file or one of {', '.join(scenario_names())}"])
    return path


def _chain(path: Path, faults: list[str]) -> list[_File]:
    """Return a file and those it extends, the most basic first; each file once."""
    done: list[_File] = []
    _follow(path, [], done, faults)
    return done


def _follow(path: Path, above: list[Path], done: list[_File], faults: list[str]) -> None:
    shown = path.name if path.parent == LIBRARY else str(path)
    try:
        text = _read_text(path)
        content = tomllib.loads(text)
        _limit_depth(content)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        reason = "tables or lists are nested too deeply" if isinstance(error, RecursionError) else str(error)
        faults.append(f"{shown}: not readable: {reason}")
        return
    lines = find_lines(text)
    where = f"{shown}:{line_of(('extends',), lines)}"
    given = content.get("extends", [])
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        faults.append(f"{where}: extends is {given!r}; allowed: names of built-in scenarios or of files beside this one")
        names = []
    for name in names:
        base = _beside(path, name)
        if base is None:
            near = difflib.get_close_matches(name, scenario_names(), n=2, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else f"allowed: {', '.join(scenario_names())}, or a .toml file in the same folder"
            faults.append(f"{where}: extends {name[:80]!r}, which does not exist; {hint}")
        elif base.resolve() in [one.resolve() for one in (*above, path)]:
            faults.append(f"{where}: extends {name!r}, which extends this file in turn; allowed: no cycles")
        elif len(above) + 1 >= LONGEST_CHAIN:
            faults.append(f"{where}: extends {name!r} as file {len(above) + 2} of a chain; allowed: {LONGEST_CHAIN}")
        elif base.resolve() not in [file.path.resolve() for file in done]:
            _follow(base, [*above, path], done, faults)
    done.append(_File(path, shown, content, lines))


def _beside(path: Path, name: str) -> Path | None:
    """Return the file that `extends` names: in the same folder or built in, never elsewhere."""
    if name.endswith(".toml") and name == Path(name).name and "\\" not in name and NAME.fullmatch(name[:-5].lower().replace("_", "-")):
        base = path.parent / name
        return base if base.is_file() and base.resolve().parent == path.parent.resolve() else None
    return LIBRARY / f"{name}.toml" if name in scenario_names() else None


def _read_text(path: Path) -> str:
    with path.open("rb") as stream:
        raw = stream.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise ValueError(f"the file is larger than the {MOST_BYTES // 1024} KiB that are allowed")
    return raw.decode("utf-8")


def _limit_depth(content: Any) -> None:
    level = [content]
    for _ in range(DEEPEST):
        level = [part for one in level for part in (one.values() if isinstance(one, dict) else one) if isinstance(part, dict | list)]
        if not level:
            return
    raise ValueError(f"tables and lists are nested more than {DEEPEST} deep")


def _shape(content: dict[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return (content in the shape of `check`, faults of the top level)."""
    faults: list[Fault] = []
    version = content.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        given = "is missing" if version is None else f"is {version!r}"
        faults.append(Fault(("schema_version",), f"{given}; allowed: schema_version = {SCHEMA_VERSION}"))
    if "name" not in content:
        faults.append(Fault(("name",), "is missing; give the scenario a name, e.g. name = \"fast-permits\""))
    for key in content:
        if key not in TOP_KEYS:
            faults.append(Fault((key,), f"is not known{_near(key, TOP_KEYS)}"))
    shaped = {key: content[key] for key in ("name", "title", "start", "until", "policy", "world") if key in content}
    switches = content.get("switches", {})
    if not isinstance(switches, dict):
        faults.append(Fault(("switches",), f"is {switches!r}; allowed: a table [switches]"))
        switches = {}
    for key, value in switches.items():
        if key not in SWITCHES:
            faults.append(Fault(("switches", key), f"is not known{_near(key, SWITCHES)}"))
        elif value not in (True, False, "on", "off"):
            faults.append(Fault(("switches", key), f"is {value!r}; allowed: \"on\" or \"off\""))
        else:
            shaped[key] = value
    return shaped, faults


def _near(given: str, allowed: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(given, allowed, n=2, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else f"; allowed: {', '.join(allowed)}"


def _merge(base: dict[str, Any], later: dict[str, Any]) -> None:
    """Merge tables; a later list of steps replaces an earlier one."""
    for key, value in later.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            base[key] = dict(base[key])
            _merge(base[key], value)
        else:
            base[key] = value
