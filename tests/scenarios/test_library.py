"""The library's scenarios differ from the baseline in what their story names, and not before its first date."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.model import World
from wattrace.scenarios.read import LIBRARY, list_scenarios, load_scenario
from wattrace.scenarios.tools import diff

START = load_scenario("baseline").start
# scenario -> what its difference to the baseline may be about
STORIES = {
    "us-fast-permits": ("policy.USA.permit_time", "policy.USA.queue_time"),
    "us-solar-duties-lifted": ("policy.USA.solar_duty",),
    "chips-controls-tightened": ("chip_controls",),
    "chips-controls-lifted": ("chip_controls",),
    "taiwan-blockade-2028": ("shocks.",),
    "starship-never": ("world.orbit.",),
    "robots-early": ("world.robots.",),
    "no-launches": (".launch_licences",),
    "frozen": ("draws", "growth"),
    "fiat": ("regime",),
}


def first_date(name: str) -> str:
    scenario = load_scenario(name)
    steps = [step for levers in scenario.policy.values() for plan in levers.values() for step in plan]
    return min([step.announced or step.on or "" for step in steps] + [shock.on for shock in scenario.shocks])


def last_date(name: str) -> str:
    scenario = load_scenario(name)
    steps = [step for levers in scenario.policy.values() for plan in levers.values() for step in plan]
    return max([step.on or "" for step in steps] + [shock.on for shock in scenario.shocks])


# those that leave the world alone at first
DATED = [name for name in STORIES if (load_scenario(name).policy or load_scenario(name).shocks) and first_date(name) > START]


@pytest.fixture(scope="module")
def baseline():
    return World("baseline", seed=7, until="2028-07").run_to()


def test_every_story_is_told():
    assert {"baseline", *STORIES} == set(list_scenarios())
    assert len(DATED) == 5


@pytest.mark.parametrize("name", STORIES)
def test_a_scenario_differs_in_what_its_story_names_and_in_nothing_else(name):
    keys = [key for key, _, _ in diff(load_scenario("baseline"), load_scenario(name))]
    assert keys
    assert all(any(part in key for part in STORIES[name]) for key in keys), keys


@pytest.mark.parametrize("name", DATED)
def test_a_dated_scenario_is_the_baseline_bit_for_bit_until_its_first_date(name, baseline):
    world = World(name, seed=7, until="2028-07").run_to(first_date(name))
    for variable, array in world.record.data.items():
        np.testing.assert_array_equal(array[: world.month], baseline.record.data[variable][: world.month], err_msg=variable)


@pytest.mark.parametrize("name", DATED)
def test_a_dated_scenario_differs_once_it_has_begun(name, baseline):
    world = World(name, seed=7, until="2028-07")
    until = world.calendar.date(world.calendar.index(last_date(name)) + 2)
    world.run_to(until)
    same = [np.array_equal(array[: world.month], baseline.record.data[name][: world.month]) for name, array in world.record.data.items()]
    assert not all(same)


def of(world, variable: str, nation: str | None = None) -> float:
    return world.record.series(variable, nation or "World")[: world.month][-12:].mean()


def test_the_stories_of_the_world_move_what_they_name(baseline):
    robots = World("robots-early", seed=7, until="2028-07").run_to()
    assert of(robots, "Robots|Made") > of(baseline, "Robots|Made")
    rockets = World("starship-never", seed=7, until="2028-07").run_to()
    assert of(rockets, "Launch|Price") > of(baseline, "Launch|Price")


def test_without_licences_nothing_is_flown_and_the_ground_hardly_notices(baseline):
    grounded = World("no-launches", seed=7, until="2028-07").run_to()
    assert of(baseline, "Launch|Mass") > 0.0
    assert not grounded.record.series("Launch|Mass").any()
    assert of(grounded, "Compute|Powered") == pytest.approx(of(baseline, "Compute|Powered"), rel=1e-3)


def test_a_frozen_world_builds_nothing_and_knows_no_luck(baseline):
    one, two = (World("frozen", seed=seed, until="2026-07").run_to() for seed in (7, 8))
    assert not one.record.series("Build|Added").any()
    assert baseline.record.series("Build|Added").all()
    for variable, array in one.record.data.items():
        np.testing.assert_array_equal(array, two.record.data[variable], err_msg=variable)


def test_every_file_of_the_library_says_who_it_is():
    for path in LIBRARY.glob("*.toml"):
        assert load_scenario(path).name == path.stem
