"""Watching who decides what: the rules seen are the rules, the arguments theirs, and nothing is touched."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
from wattrace.agents.rules import financing
from wattrace.scenarios.trace import GONE, Trace, keep, watch


@pytest.fixture(scope="module")
def watched(world24):
    """A month watched and the same month unwatched, from the same world."""
    seen, unseen = world24.branch(), world24.branch()
    with watch() as trace:
        seen.step()
    unseen.step()
    return trace, seen, unseen


def flat(value):
    return [part for inner in value for part in flat(inner)] if isinstance(value, list | tuple) else [value]


def same(a, b) -> bool:
    a, b = flat(a), flat(b)
    return len(a) == len(b) and all(np.array_equal(x, y, equal_nan=np.asarray(x).dtype.kind == "f") for x, y in zip(a, b, strict=True))


def test_every_rule_gives_what_was_seen_for_the_arguments_that_were_seen(watched):
    rules = [call for call in watched[0].rules() if call.module.startswith("agents.rules.")]
    assert len({call.path for call in rules}) > 8
    for call in rules:
        assert same(call.function(**call.inputs), call.result), call.path


def test_arguments_are_kept_as_they_were_when_a_rule_began():
    cash = np.array([10.0, 20.0])
    with watch() as trace:
        financing.smooth_minimum(cash, 5.0, 3.0)
    cash[:] = -1.0
    (call,) = trace.rules()
    assert call.inputs["a"].tolist() == [10.0, 20.0]
    assert same(call.function(**call.inputs), call.result)


def test_watching_changes_no_byte_of_the_world(watched):
    _, seen, unseen = watched
    assert seen.snapshot() == unseen.snapshot()
    assert seen.frame().equals(unseen.frame())


def test_decisions_tell_what_they_read_before_and_left_after(watched, world24):
    calls = [call for call in watched[0].calls if call.path == "agents.ai_company.plan_capex"]
    assert len(calls) == 1
    (call,) = calls
    seen = watched[1].state.ai
    assert (call.read["ai.capex_musd"] != call.after["ai.capex_musd"]).any()
    assert call.after["ai.capex_musd"].tolist() == seen.capex_musd.tolist()
    assert call.parameters["finance.capex_speed"] == world24.tables.param("finance.capex_speed")


def test_what_phases_call_outside_decisions_is_no_decision(watched):
    assert {call.module.split(".")[0] for call in watched[0].calls} == {"agents"}
    assert not {call.name for call in watched[0].calls if call.name.startswith("open_a")}


def test_nothing_is_hooked_before_and_after():
    before = sys.getprofile()

    def break_while_watched() -> None:
        with watch():
            assert isinstance(sys.getprofile(), Trace)
            raise RuntimeError("broke")

    with pytest.raises(RuntimeError, match="broke"):
        break_while_watched()
    assert sys.getprofile() is before


def test_other_threads_are_not_watched():
    with watch() as trace:
        thread = threading.Thread(target=financing.smooth_minimum, args=(1.0, 2.0, 3.0))
        thread.start()
        thread.join()
    assert list(trace.rules()) == []


def test_a_rule_within_a_rule_is_its_own_affair(watched):
    # robots_made counts by _units, which would be a rule if a decision called it
    names = [call.name for call in watched[0].rules()]
    assert "robots_made" in names
    assert "_units" not in names


def test_only_data_is_kept():
    assert keep(object()) is GONE
    assert keep({"a": 1}) is GONE
    assert keep(3) == 3
    array = np.arange(3)
    assert keep(array) is not array
