"""Levers moved by hand: the world on show, the scenario that does the same, and the file that is taken home are one world."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.model import World
from wattrace.scenarios.parts import Step
from wattrace.scenarios.read import load_scenario
from wattrace.viz.live.exports import scenario_file
from wattrace.viz.live.moves import Move, moved
from wattrace.viz.live.timeline import Timeline

UNTIL, LAST = "2027-07", 14
POWERED, VALUE = "Compute|Powered", "Coin|Value"


@pytest.fixture(scope="module")
def settings():
    return load_scenario("baseline").between(None, UNTIL)


def planned(settings, *steps: Step):
    return settings.model_copy(update={"policy": {"USA": {"permit_time": steps}}})


def lived(line: Timeline) -> dict[str, np.ndarray]:
    while line.month < LAST:
        line.step()
    return {name: array[:LAST].copy() for name, array in line.world.record.data.items()}


def ran(settings) -> dict[str, np.ndarray]:
    world = World(settings, seed=1)
    while world.month < LAST:
        world.step()
    return {name: array[:LAST].copy() for name, array in world.record.data.items()}


def same(one, other) -> bool:
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


@pytest.mark.parametrize("month", [0, 1, 9])
@pytest.mark.parametrize("lever", ["permit_time", "chip_controls"])
def test_a_move_by_hand_is_the_step_of_a_scenario_from_its_first_month_on(settings, lever, month):
    moves = (Move(month, "USA", lever, 0.5),)
    found = lived(Timeline(settings, 1, moves))
    assert same(found, ran(moved(settings, moves)))
    assert not same(found, lived(Timeline(settings, 1)))


def test_a_move_in_the_first_month_can_be_made_late_and_taken_back(settings):
    moves = (Move(0, "USA", "permit_time", 0.25),)
    line = Timeline(settings, 1)
    unmoved = lived(line)
    assert line.change(moves) == 0
    found = lived(line)
    assert same(found, lived(Timeline(settings, 1, moves)))
    other = line.fork(())
    assert same(lived(other), unmoved)
    assert line.change(()) == 0
    assert line.month == 0
    assert same(lived(line), unmoved)


def test_steps_before_a_move_stay_and_those_after_it_go(settings):
    before, after = Step(to=0.8, on="2026-03", source="s"), Step(to=2.0, on="2026-12", source="s")
    plan = planned(settings, before, after)
    moves = (Move(6, "USA", "permit_time", 0.5),)
    kept, move = moved(plan, moves).policy["USA"]["permit_time"]
    assert kept == before
    assert (move.to, move.on) == (0.5, "2026-07")
    assert same(lived(Timeline(plan, 1, moves)), ran(moved(plan, moves)))
    assert moved(plan, ()) is plan


def test_a_ramp_under_way_ends_where_it_has_come_to(settings):
    plan = planned(settings, Step(to=0.4, on="2026-03", over_months=11, source="s"))
    moves = (Move(6, "USA", "permit_time", 2.0),)
    levers = World(moved(plan, moves), seed=1), Timeline(plan, 1, moves)
    for _ in range(9):
        for one in levers:
            one.step()
        values = [one.levers["permit_time"][0] for one in (levers[0], levers[1].world)]
        assert values[0] == pytest.approx(values[1], rel=1e-12)
    assert values[1] == 2.0


def test_the_file_taken_home_keeps_the_steps_before_a_move(settings, tmp_path):
    parent = tmp_path / "own.toml"
    parent.write_text(
        'schema_version = 1\nname = "own"\nextends = ["baseline"]\nuntil = 2027-07-01\n[policy.USA]\npermit_time = [\n'
        '{ on = 2026-01-01, to = 1.5, source = "first" },\n{ announced = 2026-01-01, on = 2026-03-01,'
        ' to = 0.8, over = "2 months", source = "second" },\n'
        '{ on = 2026-12-01, to = 2, source = "third" }]\nqueue_time = 0.7\nsolar_duty = 1.5\n',
        encoding="utf-8",
    )
    own = load_scenario(parent)
    moves = (
        Move(4, "USA", "queue_time", 1.0), Move(6, "USA", "permit_time", 0.5), Move(8, "USA", "permit_time", 0.6),
        Move(9, "CHN", "queue_time", 0.25),
    )  # fmt: skip
    home = tmp_path / "home.toml"
    home.write_text(scenario_file(own, moves), encoding="utf-8")
    found = load_scenario(home)
    assert [step.to for step in found.policy["USA"]["permit_time"]] == [1.5, 0.8, 0.5, 0.6]
    assert found.policy["USA"]["permit_time"] == moved(own, moves).policy["USA"]["permit_time"]
    assert [(step.on, step.to) for step in found.policy["USA"]["queue_time"]] == [("2026-01", 0.7), ("2026-05", 1.0)]
    assert found.policy["USA"]["solar_duty"] == own.policy["USA"]["solar_duty"]
    assert same(lived(Timeline(own, 1, moves)), ran(found))


def test_the_file_of_a_world_with_assumptions_is_that_world(tmp_path):
    from wattrace.viz.live.exports import scenario_file
    from wattrace.viz.live.premises import premises
    from wattrace.viz.live.settings import Serving
    from wattrace.viz.live.view import read_address

    one = next(iter(premises().values()))
    asked, faults = read_address(f"regime=fiat&assume={one.name}~{one.high:.10g}", Serving({"baseline": "baseline"}))
    assert not faults
    path = tmp_path / "assumed.toml"
    path.write_text(scenario_file(asked.settings, (), asked), encoding="utf-8")
    read = load_scenario(path)
    assert (read.regime, read.world) == ("fiat", {one.name: one.high})
    assert read.digest() == asked.settings.digest()
