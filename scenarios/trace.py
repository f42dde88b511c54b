"""Watch who decides what while a month is simulated, without a line in the rules themselves.

While `watch` is on, the interpreter tells this thread's calls (`sys.setprofile`). Calls of functions in `agents/`
are kept as decisions, calls of `agents/rules/` and `world/tech/` made on the way as rules: arguments and results are
copied as they were. Off, nothing is hooked and nothing costs; other threads are never watched.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

import numpy as np

ROOT = __name__.split(".")[0]
# modules of `agents` that decide nothing
PLUMBING = ("actor", "kinds")
# functions whose arguments are part of a decision: what it read and what it paid
READERS = {
    ("world.tables", "Tables.param"): "param",
    ("world.levers", "Levers.__getitem__"): "lever",
    ("world.money.ledger", "Ledger.pay"): "pay",
}
GONE = object()  # stands for what is not data


@dataclass
class Call:
    """One call that was watched. Names of `read` and `after` are dotted: part of the state, then field."""

    module: str  # below the package, e.g. agents.rules.invest
    name: str
    role: str  # "decision" or "rule"
    caller: str
    doc: str
    inputs: dict[str, Any]
    read: dict[str, Any] = field(default_factory=dict)  # what it could see of the world, before
    after: dict[str, Any] = field(default_factory=dict)  # the same, after
    parameters: dict[str, float] = field(default_factory=dict)
    levers: dict[str, np.ndarray] = field(default_factory=dict)
    paid: list[tuple[Any, ...]] = field(default_factory=list)  # (purpose, payer, payee, musd) paid straight away
    worked_out: dict[str, Any] = field(default_factory=dict)  # local variables at the end
    calls: list[Call] = field(default_factory=list)
    result: Any = None

    @property
    def path(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def function(self) -> Callable[..., Any]:
        """The function that was called."""
        return getattr(sys.modules[f"{ROOT}.{self.module}"], self.name)


class Trace:
    """What was watched: `calls` in order, each with the calls made on its way. `rules()` gives all rules."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._open: list[tuple[FrameType, Call]] = []
        self._roles: dict[CodeType, str] = {}

    def rules(self) -> Iterator[Call]:
        """Yield every call of a rule, however deep."""
        waiting = list(self.calls)
        while waiting:
            call = waiting.pop(0)
            if call.role == "rule":
                yield call
            waiting = call.calls + waiting

    def __call__(self, frame: FrameType, event: str, result: Any) -> None:
        """Take what the interpreter tells."""
        if event == "call":
            role = self._roles.get(frame.f_code)
            if role is None:
                role = self._roles[frame.f_code] = _role(frame)
            if role:
                self._begin(frame, role)
        elif event == "return" and self._open and self._open[-1][0] is frame:
            self._end(frame, result)

    def _begin(self, frame: FrameType, role: str) -> None:
        inside = self._open[-1][1] if self._open else None
        if inside is not None and inside.role == "rule":
            return  # what a rule calls is its own affair
        if role in ("param", "lever", "pay"):
            if inside is not None:
                _note(inside, role, frame.f_locals)
            return
        if role == "technique":
            if inside is None:
                return
            role = "rule"
        code, given = frame.f_code, dict(frame.f_locals)
        caller = frame.f_back.f_code.co_name if frame.f_back else ""
        call = Call(
            module=str(frame.f_globals["__name__"]).removeprefix(f"{ROOT}."), name=code.co_name, role=role, caller=caller,
            doc=_doc(code), inputs=_data(given),
        )  # fmt: skip
        if role == "decision":
            call.read = _seen(given.get("world"), code)
        (inside.calls if inside is not None else self.calls).append(call)
        self._open.append((frame, call))

    def _end(self, frame: FrameType, result: Any) -> None:
        _, call = self._open.pop()
        call.result = keep(result)
        if call.role == "decision":
            local = dict(frame.f_locals)
            call.after = _seen(local.get("world"), frame.f_code)
            call.worked_out = {name: value for name, value in _data(local).items() if name not in call.inputs}


@contextmanager
def watch() -> Iterator[Trace]:
    """Watch this thread's decisions until the end of the block."""
    trace, before = Trace(), sys.getprofile()
    sys.setprofile(trace)
    try:
        yield trace
    finally:
        sys.setprofile(before)


def keep(value: Any) -> Any:
    """Return a copy of data (numbers, text, arrays, and tuples or lists of them); GONE for anything else."""
    if isinstance(value, np.ndarray):
        return value.copy() if value.dtype != object else GONE
    if value is None or isinstance(value, bool | int | float | str | np.generic):
        return value
    if isinstance(value, tuple | list):
        parts = [keep(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return GONE


def _data(named: dict[str, Any]) -> dict[str, Any]:
    kept = {name: keep(value) for name, value in named.items()}
    return {name: value for name, value in kept.items() if value is not GONE}


def _role(frame: FrameType) -> str:
    """Return decision, rule, technique, param, lever, pay or nothing."""
    code = frame.f_code
    module = str(frame.f_globals.get("__name__", ""))
    if not module.startswith(f"{ROOT}.") or code.co_name.startswith("<"):
        return ""
    module = module.removeprefix(f"{ROOT}.")
    if (module, code.co_qualname) in READERS:
        return READERS[module, code.co_qualname]
    if "." in code.co_qualname:  # methods and functions within functions
        return ""
    if module.startswith("agents.rules."):
        return "rule"
    if module.startswith("world.tech."):
        return "technique"
    parts = module.split(".")
    return "decision" if parts[0] == "agents" and len(parts) == 2 and parts[1] not in PLUMBING else ""


def _note(call: Call, role: str, given: Any) -> None:
    """Write down what a decision reads or pays; `given` are the arguments of the reader."""
    if role == "pay":
        call.paid.append(tuple(keep(given[name]) for name in ("purpose", "payer", "payee", "musd")))
    elif role == "param" and given["name"] in given["self"].params:
        call.parameters[given["name"]] = given["self"].params[given["name"]]
    elif role == "lever" and given["name"] in given["self"].value:
        call.levers[given["name"]] = given["self"].value[given["name"]].copy()


def _doc(code: CodeType) -> str:
    """Return the docstring: where there is one it is the first constant."""
    first = code.co_consts[0] if code.co_consts else None
    return inspect.cleandoc(first) if isinstance(first, str) else ""


def _seen(world: Any, code: CodeType) -> dict[str, Any]:
    """Return copies of all data of the state and the statics that a function names: {"ai.capex_musd": array}."""
    found: dict[str, Any] = {}
    for part, *names in _named(code) if hasattr(world, "state") else ():
        value = getattr(world, part).__dict__.get(names[0], GONE)
        if len(names) == 2 and not isinstance(value, np.ndarray):
            known: Any = getattr(value, "spec", None) or getattr(value, "ARRAYS", None) or getattr(value, "_fields", ())
            value = getattr(value, names[1]) if names[1] in known else GONE
            name = ".".join(names)
        else:
            name = names[0]
        if isinstance(value, np.ndarray | np.generic | float | int):
            found[name] = keep(value)
    return {name: value for name, value in found.items() if value is not GONE}


@lru_cache(maxsize=1000)
def _named(code: CodeType) -> tuple[tuple[str, ...], ...]:
    """Return the chains of attributes below `world.state` and `world.statics` in a function, short names followed.

    `ai = world.state.ai; ai.capex_musd` gives ("state", "ai", "capex_musd"). Without the source there is nothing.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, SyntaxError, TypeError):
        return ()
    short: dict[str, tuple[str, ...]] = {"world": ()}
    for node in ast.walk(tree):  # breadth first: the short names stand at the top of a function
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(target.elts, value.elts, strict=False))
            for name, given in pairs:
                chain = _chain(given, short)
                if isinstance(name, ast.Name) and chain is not None:
                    short[name.id] = chain
    chains = [_chain(node, short) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    wanted = {chain[:3]: None for chain in chains if chain and chain[0] in ("state", "statics") and len(chain) > 1}
    return tuple(wanted)


def _chain(node: ast.AST, short: dict[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    if isinstance(node, ast.Name):
        return short.get(node.id)
    if isinstance(node, ast.Attribute):
        before = _chain(node.value, short)
        return None if before is None else (*before, node.attr)
    return None
