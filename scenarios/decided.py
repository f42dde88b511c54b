"""From a trace of a month to what one agent decided: inputs, rules, results, orders, as plain Python."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..agents.kinds import KINDS
from ..world.money.ledger import Ledger
from ..world.orders import Bids, Payment, Stake, Start
from ..world.tables import parameter_tables
from .axes import CODES, NOT_MINE, UNITS, Axes, said_of, unit_of
from .trace import Call, Trace

MODULES = {cls.__module__.split(".")[-1]: sector for sector, (cls, _) in KINDS.items()}
# local variables that say who and where, not what
WHO_AND_WHERE = {
    "party", "home", "of", "nation", "exporter", "designers", "logic", "memory", "nations", "who", "zone", "zones", "kind", "rows", "bank",
    "everyone", "companies",
}  # fmt: skip
ORDERS = (Payment, Start, Stake, Bids)


class Decided:
    """Reads a trace for one agent of a world. `decisions()` gives what it decided, in order."""

    def __init__(self, world: Any, axes: Axes):
        self.world, self.axes, self.agent = world, axes, axes.agent
        self.units = {
            f"{cls.kind}.{name}": column.unit for cls, _ in KINDS.values() for name, column in cls.COLUMNS.items()
        } | {f"ledger.{name}": "kW" for name in Ledger.ARRAYS if not name.endswith("_months")}
        if not world.statics.money.CAPACITY_IS_MONEY:
            self.units |= {f"ledger.{name}": "thousand USD" for name in ("deposits", "loans", "arrears", "nostro", "reserves")}
        self.parameter_units: dict[str, str] = {}
        for table in parameter_tables(world.tables.tables):
            self.parameter_units |= dict(zip(table[table.keys[0]], table["unit"], strict=True))

    def decisions(self, trace: Trace) -> list[dict[str, Any]]:
        """Return the agent's decisions; rules that a phase applies itself stand as decisions of that phase."""
        told = [self._call(call, MODULES.get(call.module.split(".")[-1], "")) for call in trace.calls]
        return [one for one in told if one is not None]

    def _call(self, call: Call, sector: str) -> dict[str, Any] | None:
        if call.role == "rule":
            return self._rule(call, sector)
        own = sector == self.agent.sector
        steps = [step for step in (self._call(inner, sector) for inner in call.calls) if step is not None]
        mine = own or (not _is_orders(call.result) and self.axes.concerns(call.result))
        if not (mine or steps):
            return None
        read_by_it = mine or any("rule" in step for step in steps)
        told: dict[str, Any] = {
            "decision": call.path, "says": _first_line(call.doc), "called_by": call.caller,
            "inputs": self._values(call.inputs, sector, call.doc) | (self._values(call.read, sector) if own else {}),
            "parameters": {
                name: _valued(value, self.parameter_units.get(name, "")) for name, value in call.parameters.items()
                if read_by_it
            },
            "levers": {
                name: _valued(float(value[self.agent.nation]), self.world.levers.unit[name])
                for name, value in call.levers.items()
                if read_by_it
            },
            "steps": steps,
            "worked_out": self._labelled_only(self._values(_figures(call.worked_out), sector)) if own else {},
            "changed": self._changed(call, sector),
            "orders": self._orders(call, sector),
        }  # fmt: skip
        if not _is_orders(call.result):
            told["result"] = self._result(call, sector)
        busy = any(told.get(part) for part in ("inputs", "steps", "worked_out", "changed", "orders", "result"))
        return told if busy else None

    def _rule(self, call: Call, sector: str) -> dict[str, Any] | None:
        """Return the agent's row of a rule's arguments and result; None where the rule was about others."""
        if sector != self.agent.sector and not self.axes.concerns(call.result):
            return None
        result = self._result(call, sector)
        if not result:
            return None
        return {
            "rule": call.path, "says": _first_line(call.doc), "called_by": call.caller,
            "inputs": self._values(call.inputs, sector, call.doc), "result": result,
        }  # fmt: skip

    def _values(self, named: dict[str, Any], sector: str, doc: str = "") -> dict[str, Any]:
        """Return {name: {value, unit, about}} of the agent's row of each."""
        told = {}
        for name, value in named.items():
            if isinstance(value, tuple | list) or value is None or _index(name, value):
                continue
            picked = self.axes.pick(name, value, sector)
            if picked is not NOT_MINE:
                told[name] = _valued(picked, self._unit(name), said_of(name, doc))
        return told

    @staticmethod
    def _labelled_only(told: dict[str, Any]) -> dict[str, Any]:
        """Drop local arrays whose axis has no name: they say nothing to a reader."""
        return {name: x for name, x in told.items() if not isinstance(x["value"], list)}

    def _unit(self, name: str) -> str:
        return self.units.get(name) or unit_of(name)

    def _result(self, call: Call, sector: str) -> dict[str, Any]:
        result = call.result
        if result is None:
            return {}
        if not isinstance(result, tuple):
            return self._values({call.name if call.role == "decision" else "result": result}, sector)
        return self._values(dict(zip(_result_names(result, call.doc), result, strict=True)), sector)

    def _changed(self, call: Call, sector: str) -> dict[str, Any]:
        """Return what a decision left different in the agent's rows: {name: {before, after, unit}}."""
        told = {}
        for name, after in call.after.items():
            before = call.read.get(name)
            was = None if before is None else self.axes.pick(name, before, sector)
            now = self.axes.pick(name, after, sector)
            mine = sector == self.agent.sector or self.axes.concerns(after)
            if mine and self.axes.holds_row(name, after, sector) and now is not NOT_MINE and was is not NOT_MINE and now != was:
                told[name] = {"before": was, "after": now, "unit": self._unit(name)}
        return told

    # -- orders -------------------------------------------------------------------------------------------------

    def _orders(self, call: Call, sector: str) -> list[dict[str, Any]]:
        given = call.result if isinstance(call.result, list) else [call.result]
        orders = [*(Payment(*paid) for paid in call.paid), *(order for order in given if isinstance(order, ORDERS))]
        told = (self._order(order, sector) for order in orders)
        return [one for one in told if one is not None]

    def _order(self, order: Any, sector: str) -> dict[str, Any] | None:
        if isinstance(order, Payment):
            return self._payment(order)
        if isinstance(order, Start):
            return self._start(order)
        places, me = self.world.places, self.agent.party
        if isinstance(order, Stake):
            mine = np.flatnonzero(order.party == me)
            coins = {places.nations[order.nation[i]]: float(order.kw[i]) * 1e-6 for i in mine if order.kw[i]}
            return {"order": "stake", "unit": "GW", "coins": coins} if coins else None
        mine = np.flatnonzero(order.buyer == me)
        if not len(mine):
            return None
        worth = self.axes.pick("worth", order.value, sector)
        return {
            "order": "bid", "market": order.market, "unit": "MUSD", "budget": float(order.budget_musd[mine].sum()),
            "worth_of_a_unit": worth,
        }  # fmt: skip

    def _payment(self, order: Payment) -> dict[str, Any] | None:
        payer, payee, musd = np.broadcast_arrays(
            np.atleast_1d(order.payer), np.atleast_1d(order.payee), np.asarray(order.musd, dtype=float)
        )
        names, me = self.axes.labels["party"], self.agent.party
        told: dict[str, Any] = {"order": "payment", "purpose": order.purpose, "unit": "MUSD"}
        for side, other, amount in (("gets", payer[payee == me], musd[payee == me]), ("pays", payee[payer == me], musd[payer == me])):
            partners: dict[str, float] = {}
            for party, value in zip(other, amount, strict=True):
                if party != me and value != 0.0:
                    partners[names[party]] = partners.get(names[party], 0.0) + float(value)
            if partners:
                told[side] = {"musd": sum(partners.values()), "with": partners}
        return told if len(told) > 3 else None

    def _start(self, order: Start) -> dict[str, Any] | None:
        labels = self.axes.labels["plant or hall"]
        starts: dict[str, dict[str, float]] = {}
        for i in np.flatnonzero(order.owner == self.agent.party):
            zone = starts.setdefault(self.world.places.zones[order.zone[i]], {})
            zone[labels[order.kind[i]]] = zone.get(labels[order.kind[i]], 0.0) + float(order.gw[i])
        return {"order": "start", "unit": "GW", "projects": starts} if starts else None


def _figures(local: dict[str, Any]) -> dict[str, Any]:
    """Drop local variables that only say who and where."""
    return {
        name: value
        for name, value in local.items()
        if not name.startswith("_") and name not in WHO_AND_WHERE and not isinstance(value, str)
        and not (isinstance(value, int | np.integer) and len(name) == 1)  # counters of loops
        and not (isinstance(value, np.ndarray) and value.dtype.kind in "iu")
    }  # fmt: skip


def _index(name: str, value: Any) -> bool:
    """Return whether a value only numbers rows; whole kW of the ledger and codes with a meaning are more than that."""
    whole = value.dtype.kind in "iu" if isinstance(value, np.ndarray) else type(value) is int
    return whole and not (name.startswith("ledger.") or name.endswith("kw") or name in CODES or name.split("_")[-1] in UNITS)


def _valued(value: Any, unit: str, about: str = "") -> dict[str, Any]:
    return {"value": value, "unit": unit, **({"about": about} if about else {})}


def _is_orders(result: Any) -> bool:
    return isinstance(result, (*ORDERS, list))


def _first_line(doc: str) -> str:
    return doc.split("\n", 1)[0]


def _result_names(result: tuple[Any, ...], doc: str) -> list[str]:
    """Return names for what a tuple holds: its fields, or what `Return (a, b)` in the docstring calls them."""
    fields = getattr(result, "_fields", None)
    if fields:
        return list(fields)
    match = re.search(r"Return \(([^)]+)\)", doc)
    words = [re.match(r"[\w ]*", part.strip()) for part in match[1].split(",")] if match else []
    named = [word[0].strip() for word in words if word][: len(result)]
    return named if len(set(named)) == len(result) else [f"result {i}" for i in range(1, len(result) + 1)]
