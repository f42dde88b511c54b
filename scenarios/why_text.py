"""The answer to `why` for people: short lines, the largest numbers first."""

from __future__ import annotations

import textwrap
from typing import Any

WIDTH = 116
MOST_PARTS = 6  # of a vector; the rest is in the JSON
MOST_FIGURES = 14  # worked out on the way
GAP = 11


def explanation_text(content: dict[str, Any]) -> str:
    """Return an explanation as text."""
    agent, run = content["agent"], content["run"]
    lines = [
        f"{agent['name']} ({agent['kind']}, {agent['nation']}) in {content['month']};"
        f" scenario {run['scenario']}, {run['regime']}, seed {run['seed']}, {run['start']} to {run['until']}"
    ]
    checked = content["reconstruction"]
    if checked["figures_compared"] and not checked["figures_differing"]:
        lines.append(f"Done again: all {checked['figures_compared']} figures recorded in the month are the run's.")
    lines += [line for note in checked["notes"] for line in textwrap.wrap(f"Note: {note}", WIDTH)]
    idle = "It decided nothing: no rule is this agent's own. It only holds and pays."
    lines += ["", "DECISIONS"] if content["decisions"] else ["", idle, ""]
    for decision in content["decisions"]:
        lines += [*_step(decision, 0, {}), ""]
    lines += [*_payments(content["payments"]), "", *_sheet(content["balance_sheet"])]
    if content["events"]:
        lines += ["", "EVENTS", *(f"  {text}" for text in content["events"])]
    return "\n".join(lines)


def decision_text(decision: dict[str, Any]) -> str:
    """Return one decision of an explanation as text."""
    return "\n".join(_step(decision, 0, {}))


def orders_text(decision: dict[str, Any]) -> list[str]:
    """Return what was ordered in one decision and on its way, a sentence each."""
    inner = [text for step in decision.get("steps", ()) for text in orders_text(step)]
    return [*inner, *(text for order in decision.get("orders", ()) for text in _order(order))]


def _step(step: dict[str, Any], depth: int, changed: dict[str, Any]) -> list[str]:
    """Return the lines of a decision or a rule, indented by how deep it lies. What changes on the way says which value it saw.

    `changed` holds what the decisions above leave different: {name: {before, after, unit}}.
    """
    changed = changed | step.get("changed", {})
    indent = "  " * depth
    path = step.get("decision") or step["rule"]
    word = "" if "decision" in step else "rule "
    lines = _wrapped(f"{indent}{word}{path}: {step['says']}", indent + "  ", hanging=False)
    inner = indent + "  "
    for label, part in (("saw", "inputs"), ("levers", "levers"), ("with", "parameters")):
        if step.get(part):
            seen = [_named(name, x["value"], x["unit"]) + _when(name, x, changed) for name, x in step[part].items()]
            lines += _labelled(inner, label, seen)
    for one in step.get("steps", ()):
        lines += _step(one, depth + 1, changed)
    figures = [
        _named(name, x["value"], x["unit"]) for name, x in step.get("worked_out", {}).items() if not _nothing(x["value"])
    ]
    if figures:
        more = [f"… {len(figures) - MOST_FIGURES} more in --json"] if len(figures) > MOST_FIGURES else []
        lines += _labelled(inner, "worked out", [*figures[:MOST_FIGURES], *more])
    if step.get("result"):
        lines += _labelled(inner, "result", [_named(name, x["value"], x["unit"]) for name, x in step["result"].items()])
    for name, x in step.get("changed", {}).items():
        before = "" if x["before"] is None else f"from {_short(x['before'])} before to "
        lines += _labelled(inner, "changed", [f"{name} {before}{_short(x['after'])}{_unit(x['unit'])} after"])
    for order in step.get("orders", ()):
        for text in _order(order):
            lines += _labelled(inner, "ordered", [text])
    return lines


def _when(name: str, seen: dict[str, Any], changed: dict[str, Any]) -> str:
    """Return whether a value that the decision changes was seen before or after that."""
    last = name.rsplit(".", 1)[-1]
    for one, x in changed.items():
        if one == name or one.rsplit(".", 1)[-1] == last:
            if seen["value"] == x["before"]:
                return " (before)"
            if seen["value"] == x["after"]:
                return " (after)"
    return ""


def _order(order: dict[str, Any]) -> list[str]:
    if order["order"] == "payment":
        return [
            f"{side} {_number(order[side]['musd'])} MUSD for {order['purpose']} {partners} {_short(order[side]['with'], 3)}"
            for side, partners in (("gets", "from"), ("pays", "to"))
            if side in order
        ]
    if order["order"] == "start":
        return [f"starts projects, GW: {_short(order['projects'])}"]
    if order["order"] == "stake":
        return [f"buys coins (sells where negative), GW: {_short(order['coins'])}"]
    worth = _short(order["worth_of_a_unit"])
    return [f"bids {_number(order['budget'])} MUSD on the market for {order['market']}; a unit is worth to it, MUSD: {worth}"]


def _payments(told: dict[str, Any]) -> list[str]:
    received, paid, net = (_number(told[name]) for name in ("received_musd", "paid_musd", "net_musd"))
    lines = [f"PAYMENTS, MUSD: received {received}, paid {paid}, net {net}"]
    for side, partners in (("received", "from"), ("paid", "to")):
        for purpose, x in told[side].items():
            amount = _number(x["musd"]).rjust(12)
            lines += _wrapped(f"  {side.ljust(9)}{purpose.ljust(16)}{amount}  {partners} {_short(x['with'], 3)}", " " * 41)
    return lines


def _sheet(told: dict[str, Any]) -> list[str]:
    lines = [f"BALANCE SHEET, MUSD{'opening'.rjust(16)}{'closing'.rjust(16)}"]
    for item in dict.fromkeys([*told["opening"], *told["closing"]]):
        lines.append(f"  {item.ljust(17)}" + "".join(_number(told[when].get(item, 0.0)).rjust(16) for when in ("opening", "closing")))
    # the sum belongs under what it sums
    lines.sort(key=lambda line: line.startswith("  net worth"))
    return lines


# -- words and numbers ------------------------------------------------------------------------------------------


def _labelled(indent: str, label: str, parts: list[str]) -> list[str]:
    return _wrapped(f"{indent}{label.ljust(GAP)}{'; '.join(parts)}", indent + " " * GAP)


def _wrapped(text: str, indent: str, hanging: bool = True) -> list[str]:
    start = len(text) - len(text.lstrip())
    return textwrap.wrap(
        text.strip() if not hanging else text[start:], WIDTH, initial_indent=" " * start, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    ) or [""]  # fmt: skip


def _named(name: str, value: Any, unit: str) -> str:
    return f"{name} {_short(value)}{_unit(unit)}"


def _unit(unit: str) -> str:
    return "" if unit in ("", "1") else f" {unit}"


def _short(value: Any, most: int = MOST_PARTS) -> str:
    """Return a number, or the largest parts of a vector or a table by label."""
    flat = list(_flat(value))
    if not flat or (len(flat) == 1 and flat[0][0] == ""):
        return _number(flat[0][1]) if flat else "nothing"
    parts = [(label, x) for label, x in flat if not _zero(x)]
    if not parts:
        return "0"
    if len(parts) == len(flat) > 2 and len({x for _, x in parts}) == 1:
        return f"{_number(parts[0][1])} for all {len(parts)}"
    parts.sort(key=lambda part: -abs(part[1]) if isinstance(part[1], int | float) else 0.0)
    more = f", … {len(parts) - most} more" if len(parts) > most else ""
    return "{" + ", ".join(f"{label} {_number(x)}" for label, x in parts[:most]) + more + "}"


def _flat(value: Any, before: str = "") -> Any:
    """Yield (label, number) of nested dicts and lists."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if pairs is None:
        yield before, value
        return
    for label, part in pairs:
        yield from _flat(part, f"{before}/{label}" if before else str(label))


def _zero(value: Any) -> bool:
    return isinstance(value, int | float) and value == 0


def _nothing(value: Any) -> bool:
    return all(_zero(x) for _, x in _flat(value))


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
