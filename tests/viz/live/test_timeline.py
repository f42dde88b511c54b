"""A world with a past: whichever way a month is reached, it is the same month."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.model import World, WorldFailed
from wattrace.scenarios.read import load_scenario
from wattrace.viz.live import timeline as module
from wattrace.viz.live.moves import Move, first_change, with_move
from wattrace.viz.live.timeline import Timeline, opened

UNTIL = "2027-07"
PULL = Move(6, "USA", "permit_time", 0.25)
POWERED, STARTED = "Compute|Powered", "Build|Started"


@pytest.fixture(scope="module")
def settings():
    return load_scenario("baseline").between(None, UNTIL)


@pytest.fixture(autouse=True)
def often_kept(monkeypatch):
    monkeypatch.setattr(module, "KEEP_EVERY", 4)


def to(line: Timeline, month: int) -> Timeline:
    while line.month < month:
        line.step()
    return line


def figures(line: Timeline, month: int) -> dict[str, np.ndarray]:
    return {name: array[:month].copy() for name, array in line.world.record.data.items()}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


def test_a_timeline_without_moves_is_the_scenarios_world(settings):
    line = to(Timeline(settings, 3), 10)
    world = World(settings, seed=3).run_to("2026-11")
    assert same(figures(line, 10), {name: array[:10] for name, array in world.record.data.items()})


def test_going_back_and_on_again_gives_the_same_months(settings):
    line = to(Timeline(settings, 1, [PULL]), 12)
    lived = figures(line, 12)
    line.back(7)
    assert line.month == 4
    assert same(figures(to(line, 12), 12), lived)


def test_a_move_made_late_is_a_move_made_in_time(settings):
    planned = figures(to(Timeline(settings, 1, [PULL]), 12), 12)
    late = to(Timeline(settings, 1), 12)
    unmoved = figures(late, 12)
    assert late.change([PULL]) == 6
    assert late.month == 4
    assert same(figures(to(late, 12), 12), planned)
    assert not np.array_equal(unmoved[STARTED][6:], planned[STARTED][6:])
    assert np.array_equal(unmoved[STARTED][:6], planned[STARTED][:6])


def test_taking_every_move_back_gives_the_baseline(settings):
    line = to(Timeline(settings, 1, [PULL]), 12)
    line.change([])
    assert same(figures(to(line, 12), 12), figures(to(Timeline(settings, 1), 12), 12))


def test_a_fork_leaves_its_parent_as_it_was(settings):
    parent = to(Timeline(settings, 1), 10)
    before = figures(parent, 10)
    child = parent.fork([PULL])
    to(child, 12)
    assert parent.month == 10
    assert same(figures(parent, 10), before)
    assert parent.world.levers["permit_time"][0] == 1.0
    assert child.world.levers["permit_time"][0] == 0.25


def test_the_shared_opening_is_never_stepped(settings):
    to(Timeline(settings, 1), 3)
    assert opened(settings, 1).month == 0
    assert opened(settings, 1) is opened(settings, 1)


def test_the_last_word_on_a_lever_drops_later_ones_of_the_same_nation_only():
    plan = (Move(3, "USA", "stance", 0.0), Move(9, "USA", "stance", 1.0), Move(9, "CHN", "stance", 0.0))
    assert with_move(plan, Move(5, "USA", "stance", 0.5)) == (
        Move(3, "USA", "stance", 0.0), Move(5, "USA", "stance", 0.5), Move(9, "CHN", "stance", 0.0),
    )  # fmt: skip


def test_plans_part_where_their_first_difference_is():
    assert first_change([PULL], [PULL]) is None
    assert first_change([PULL], []) == 6
    assert first_change([PULL], [PULL, Move(2, "CHN", "stance", 0.0)]) == 2


def test_a_world_that_failed_stands_again_after_going_back(settings):
    import mesa

    line = to(Timeline(settings, 1), 5)

    class Breaks(mesa.Agent):
        def decide(self):
            raise ValueError("broken on purpose")

    Breaks(line.world)
    with pytest.raises(WorldFailed, match=r"Failed in 2026-06.*broken on purpose.*Breaks"):
        line.step()
    line.back(5)
    to(line, 8)
    assert line.world.failure is None


def test_a_warm_world_still_stands_at_its_opening(settings):
    module.warm(settings, 5)
    assert opened(settings, 5).month == 0
    cold = World(settings, seed=5).run_to("2026-03")
    assert same(figures(to(Timeline(settings, 5), 2), 2), {name: array[:2] for name, array in cold.record.data.items()})
