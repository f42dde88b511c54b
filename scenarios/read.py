"""Scenario files: TOML from the library, a folder or a stranger, checked whole before anything runs."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from .checking import MOST_FAULTS, check
from .choices import choices
from .lines import find_lines, line_of
from .parts import MOST_STEPS, NAME, SWITCHES, TOP_KEYS, Distribution, Fault, ScenarioError
from .scenario import Scenario

LIBRARY = Path(__file__).resolve().parent / "library"
MOST_BYTES = 1_000_000
DEEPEST = 20
MOST_PARENTS = 20
SCHEMA = 1
_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d+): ")


class ScenarioFile(NamedTuple):
    """A file as read: its content, its text for line numbers, and how messages call it."""

    path: Path
    label: str
    content: dict[str, Any]
    text: str


class Resolved(NamedTuple):
    """A scenario with the files it comes from: `owners` {path of keys: file}."""

    scenario: Scenario
    file: ScenarioFile
    owners: dict[tuple[str, ...], ScenarioFile]

    def place(self, path: tuple[str | int, ...]) -> str:
        """Return "file:line" of a path of keys."""
        file = _owner(path, self.owners, self.file)
        return f"{file.label}:{line_of(path, find_lines(file.text))}"


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Return a scenario of the library or a file. Raises ScenarioError: every fault, with `file:line`."""
    return resolve(name_or_path).scenario


def resolve(name_or_path: str | Path) -> Resolved:
    """Return a scenario with the files it comes from. Raises ScenarioError: faults of form and of values, all at once."""
    file, faults = _open(_locate(name_or_path))
    values, owners = _resolve(file, (), faults, {})
    content = {key: value for key, value in values.items() if key in TOP_KEYS and key not in ("extends", "schema_version", "switches")}
    switches = values.get("switches", {})
    if isinstance(switches, dict):
        content |= {key: value for key, value in switches.items() if key in SWITCHES}
    content.setdefault("name", _name_of(file.path))
    read, wrong = check(content, choices())
    for fault in wrong:
        if not fault.path:
            faults.append(f"{file.label}: {fault.text}")
            continue
        path = ("switches", *fault.path) if fault.path and fault.path[0] in SWITCHES else fault.path
        faults.append(_told(_owner(path, owners, file), Fault(path, fault.text)))
    if faults:
        raise ScenarioError(_by_line(dict.fromkeys(faults))[: MOST_FAULTS + 1])
    return Resolved(Scenario.model_construct(**read), file, owners)


def _by_line(faults: Iterable[str]) -> list[str]:
    """Return faults file by file, in the order of their lines; what has no line comes last."""
    told = [(match["file"], int(match["line"]), text) for text in faults if (match := _PLACE.match(text))]
    files = list(dict.fromkeys(file for file, _, _ in told))
    placed = [text for _, _, text in sorted(told, key=lambda one: (files.index(one[0]), one[1]))]
    return placed + [text for text in faults if not _PLACE.match(text)]


def _name_of(path: Path) -> str:
    """Return a name for a file that gives none: its own, in letters that a name may have."""
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:60] or "scenario"


def list_scenarios() -> dict[str, str]:
    """Return {name: title} of the library; `baseline` first."""
    names = sorted(
        (path.stem for path in LIBRARY.glob("*.toml")), key=lambda name: (name != "baseline", name)
    )
    return {name: load_scenario(name).title for name in names}


def _locate(given: str | Path) -> Path:
    """Return the file of a built-in name or path. Raises ScenarioError."""
    text = str(given)
    if isinstance(given, str) and NAME.fullmatch(text) and (LIBRARY / f"{text}.toml").is_file():
        return LIBRARY / f"{text}.toml"
    try:
        found = "\0" not in text and len(text) < 4096 and Path(given).is_file()
    except OSError:
        found = False
    if found:
        return Path(given)
    names = sorted(path.stem for path in LIBRARY.glob("*.toml"))
    if NAME.fullmatch(text) and Path(f"{text}.toml").is_file():
        raise ScenarioError([f"scenario {text} is no built-in name; to use the file of that name give {text}.toml"])
    near = difflib.get_close_matches(text[:100], names, n=3, cutoff=0.5)
    hint = (
        f"did you mean {' or '.join(near)}?"
        if near
        else f"allowed: {', '.join(names)}, or the path of a TOML file"
    )
    raise ScenarioError([f"scenario {_cut(text)} is neither a built-in name nor a file; {hint}"])


def _open(path: Path) -> tuple[ScenarioFile, list[str]]:
    """Return a file and the faults of its form."""
    label = path.name if path.parent == LIBRARY else str(path)
    empty = ScenarioFile(path, label, {}, "")
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            return empty, [f"{label}: is larger than {MOST_BYTES} bytes; allowed: a file of up to 1 MB"]
        text = raw.decode("utf-8-sig")
        _check_depth_of_text(text)
        content = tomllib.loads(text)
    except OSError as error:
        return empty, [f"{label}: cannot be read ({error.strerror})"]
    except UnicodeDecodeError as error:
        return empty, [f"{label}: byte {error.start} is not UTF-8; allowed: a text file in UTF-8"]
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"\(at line (\d+)", str(error))
        return empty, [f"{label}:{match[1] if match else 1}: is not TOML: {error}"]
    except (RecursionError, _TooDeep):
        return empty, [f"{label}: is nested deeper than {DEEPEST} levels; allowed: up to {DEEPEST}"]
    except ValueError as error:  # numbers too long for Python, impossible dates
        return empty, [f"{label}: holds a value that cannot be read ({_cut(str(error))})"]
    file = ScenarioFile(path, label, content, text)
    if _depth(content) > DEEPEST:
        return empty, [f"{label}: is nested deeper than {DEEPEST} levels; allowed: up to {DEEPEST}"]
    return file, [_told(file, fault) for fault in _form(content)]


class _TooDeep(Exception):
    pass


def _check_depth_of_text(text: str) -> None:
    """Refuse text whose brackets or dotted keys nest so deep that the parser would exhaust the stack."""
    for line in text.splitlines():
        if line.count("[") > 2 * MOST_STEPS or line.count("{") > 2 * MOST_STEPS:
            raise _TooDeep
        head = line.split("=", 1)[0]
        if head.count(".") > DEEPEST:
            raise _TooDeep


def _depth(value: Any) -> int:
    deepest, stack = 0, [(value, 0)]
    while stack:
        one, depth = stack.pop()
        deepest = max(deepest, depth)
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        stack.extend((part, depth + 1) for part in inner)
    return deepest


def _form(content: dict[str, Any]) -> list[Fault]:
    """Return faults of the top level: version, unknown tables, extends, switches."""
    faults = []
    for key in list(content)[:MOST_FAULTS]:
        if key not in TOP_KEYS:
            near = difflib.get_close_matches(key[:100], TOP_KEYS, n=2, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else f"allowed: {', '.join(TOP_KEYS)}"
            faults.append(Fault((key,), f"is not part of a scenario; {hint}"))
    if "schema_version" not in content:
        faults.append(Fault(("schema_version",), f"is missing; write schema_version = {SCHEMA}"))
    elif content["schema_version"] is True or content["schema_version"] != SCHEMA:
        faults.append(Fault(("schema_version",), f"is {_cut(content['schema_version'])}; allowed: {SCHEMA}"))
    switches = content.get("switches", {})
    if not isinstance(switches, dict):
        faults.append(
            Fault(("switches",), f"is {_cut(switches)}; allowed: a table with {', '.join(SWITCHES)}")
        )
    else:
        for key in list(switches)[:MOST_FAULTS]:
            if key not in SWITCHES:
                near = difflib.get_close_matches(key[:100], SWITCHES, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(SWITCHES)}"
                faults.append(Fault(("switches", key), f"is not a switch; {hint}"))
    extends = content.get("extends", [])
    good = (
        isinstance(extends, list)
        and len(extends) <= MOST_PARENTS
        and all(isinstance(e, str) for e in extends)
    )
    if not good:
        faults.append(
            Fault(("extends",), f"is {_cut(extends)}; allowed: a list of up to {MOST_PARENTS} names or files")
        )
    return faults


Owners = dict[tuple[str, ...], ScenarioFile]


def _resolve(
    file: ScenarioFile,
    above: tuple[Path, ...],
    faults: list[str],
    seen: dict[Path, tuple[dict[str, Any], Owners]],
) -> tuple[dict[str, Any], Owners]:
    """Return the content merged over its parents, and which file each key comes from. Appends to `faults`."""
    real = file.path.resolve()
    if real in seen:
        return seen[real]
    values: dict[str, Any] = {}
    owners: Owners = {}
    extends = file.content.get("extends", [])
    for i, parent in enumerate(extends if isinstance(extends, list) else []):
        if not isinstance(parent, str) or i >= MOST_PARENTS:
            continue
        try:
            path = _parent(parent, file.path)
        except ValueError as error:
            faults.append(_told(file, Fault(("extends",), str(error))))
            continue
        if path.resolve() in (*above, real):
            faults.append(
                _told(
                    file,
                    Fault(
                        ("extends",),
                        f"names {_cut(parent)}, which extends this file in turn; allowed: no cycles",
                    ),
                )
            )
            continue
        if len(above) >= DEEPEST:
            faults.append(
                _told(
                    file,
                    Fault(("extends",), f"is a chain of more than {DEEPEST} files; allowed: up to {DEEPEST}"),
                )
            )
            continue
        if path.resolve() in seen:
            inner, inner_owners = seen[path.resolve()]
        else:
            opened, wrong = _open(path)
            faults.extend(wrong)
            inner, inner_owners = _resolve(opened, (*above, real), faults, seen)
        _merge(values, inner)
        owners |= inner_owners
    own = {key: value for key, value in file.content.items() if key != "extends"}
    _merge(values, own)
    owners |= {path: file for path in _paths(own)}
    for key in ("name", "title"):  # a child is not its parent
        if key not in own:
            values.pop(key, None)
    seen[real] = (values, owners)
    return values, owners


def _parent(name: str, child: Path) -> Path:
    """Return the file of an entry of `extends`: a built-in name or a file in the child's own folder."""
    if NAME.fullmatch(name) and (LIBRARY / f"{name}.toml").is_file():
        return LIBRARY / f"{name}.toml"
    folder = child.resolve().parent
    plain = (
        len(name) <= 200
        and name.isprintable()
        and not re.search(r"[/\\:]", name)
        and name not in ("", ".", "..")
    )
    if plain:
        path = folder / (name if name.endswith(".toml") else f"{name}.toml")
        if path.is_file() and path.resolve().parent == folder:
            return path
    names = [path.stem for path in sorted(LIBRARY.glob("*.toml"))]
    near = difflib.get_close_matches(name[:100], names, n=2, cutoff=0.5)
    hint = (
        f"did you mean {' or '.join(near)}?"
        if near
        else f"allowed: {', '.join(names)}, or a file in the same folder"
    )
    raise ValueError(f"names {_cut(name)}, which is neither built in nor a file beside this one; {hint}")


def _merge(into: dict[str, Any], new: dict[str, Any]) -> None:
    """Merge tables; anything else (values, lists of steps) replaces what was there."""
    for key, value in new.items():
        if isinstance(value, dict):
            old = into.get(key)
            fresh: dict[str, Any] = dict(old) if isinstance(old, dict) else {}
            _merge(fresh, value)
            into[key] = fresh
        else:
            into[key] = value


def _paths(content: dict[str, Any], before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in content.items():
        found.append((*before, key))
        if isinstance(value, dict):
            found.extend(_paths(value, (*before, key)))
    return found


def _owner(path: tuple[str | int, ...], owners: Owners, default: ScenarioFile) -> ScenarioFile:
    keys = [part for part in path if isinstance(part, str)]
    for length in range(len(keys), 0, -1):
        found = owners.get(tuple(keys[:length]))
        if found is not None:
            return found
    return default


def _told(file: ScenarioFile, fault: Fault) -> str:
    """Return "file:line: key what is wrong"."""
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in fault.path)
    return f"{file.label}:{line_of(fault.path, find_lines(file.text))}: {where} {fault.text}"


def _cut(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}…"


VARY = Path(__file__).resolve().parent / "vary"


def load_vary(name_or_path: str | Path) -> dict[str, Distribution]:
    """Return the distributions of a built-in list or of a file's [world]. Raises ScenarioError."""
    text = str(name_or_path)
    inside = VARY / f"{text}.toml"
    lists = sorted(path.stem for path in VARY.glob("*.toml"))
    if text not in lists and not Path(text).is_file():
        raise ScenarioError([f"vary is {text[:100]!r}; allowed: world, {', '.join(lists)}, or a file with distributions in [world]"])
    found = load_scenario(inside if NAME.fullmatch(text) and inside.is_file() else name_or_path)
    if not found.uncertain:
        raise ScenarioError([f"{text}: has no distributions in [world]; allowed: entries like {{ dist = \"table\" }}"])
    return dict(found.uncertain)
