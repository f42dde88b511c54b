"""Levers do something, and what they do has the sign they are pulled for (same seed, so the luck is the same)."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.model import World

FIRST, SECOND = 0, 1  # the two leading nations


@pytest.fixture(scope="module")
def opening(small_world):
    return small_world(until="2031-01")


@pytest.fixture(scope="module")
def baseline(opening):
    return opening.branch().run_to()


@pytest.fixture(scope="module")
def fast(opening):
    return pulled(opening, "permit_time", 0.5)


def pulled(opening, name: str, value: float, nations=(FIRST,), until: str = "2031-01"):
    world = opening.branch()
    for n in nations:
        world.set_lever(name, world.places.nations[n], value)
    return world.run_to(until)


def of(world, variable: str, n: int) -> np.ndarray:
    return world.record.data[variable][: world.month, n]


def test_permits_twice_as_fast_have_commissioned_more_by_the_end_of_2030(fast, baseline):
    # not month by month: what is built feeds back on prices and starts, so a single month may lie below (seen: 0.1 GW in 150)
    built, before = (of(w, "Build|Added", FIRST).sum() for w in (fast, baseline))
    assert built > before


def test_permits_twice_as_fast_raise_accredited_watts(fast, baseline):
    assert of(fast, "Coin|Accredited", FIRST)[-12:].mean() > of(baseline, "Coin|Accredited", FIRST)[-12:].mean()


def test_permits_twice_as_fast_strand_fewer_chips_over_the_five_years(fast, baseline):
    # over all months: halls that stand sooner let companies buy more, so late in the decade as many wait again, of more
    assert of(fast, "Compute|Stranded", FIRST).mean() < of(baseline, "Compute|Stranded", FIRST).mean()
    share = [of(w, "Compute|Stranded H100e", FIRST).sum() / of(w, "Compute|Owned H100e", FIRST).sum() for w in (fast, baseline)]
    assert share[0] < share[1]


def test_without_export_controls_the_controlled_own_more_compute(opening, baseline):
    free = pulled(opening, "chip_controls", 0.0, nations=range(len(opening.places.nations)), until="2028-01")
    assert of(free, "Compute|Owned H100e", SECOND)[23] > of(baseline, "Compute|Owned H100e", SECOND)[23]


def test_without_export_controls_the_controlled_run_more_compute(opening, baseline):
    free = pulled(opening, "chip_controls", 0.0, nations=range(len(opening.places.nations)), until="2029-01")
    assert of(free, "Compute|Powered H100e", SECOND)[24:36].mean() > of(baseline, "Compute|Powered H100e", SECOND)[24:36].mean()


def test_without_launches_nothing_is_in_orbit(opening):
    grounded = pulled(opening, "launch_licences", 0.0, nations=range(len(opening.places.nations)), until="2029-01")
    for variable in ("Compute|Orbital Share", "Compute|Orbital", "Launch|Mass"):
        assert not grounded.record.data[variable][: grounded.month].any(), variable


def lever_names() -> list[str]:
    from wattrace.scenarios.scenario import choices

    return list(choices().levers)


@pytest.mark.parametrize("name", lever_names())
def test_every_lever_moves_something(opening, baseline, name):
    """From the status quo to the bound that lies further away, for one nation, over three years."""
    from wattrace.scenarios.scenario import choices

    lever = choices().levers[name]
    far = lever.low if abs(lever.low - lever.value) > abs(lever.high - lever.value) else lever.high
    world = pulled(opening, name, far, until="2029-01")
    moved = {}
    for variable, array in world.record.data.items():
        plain = baseline.record.data[variable][:36]
        moved[variable] = float(np.max(np.abs(array[:36] - plain) / np.maximum(np.abs(plain), 1e-6)))
    assert max(moved.values()) > 1e-6, f"{name} from {lever.value:g} to {far:g} is inert"


def test_a_lever_set_to_what_it_is_changes_nothing(opening, baseline):
    world = opening.branch()
    for name in world.levers.names:
        for n, nation in enumerate(world.places.nations):
            world.set_lever(name, nation, world.levers[name][n])
    world.run_to("2027-01")
    for name, array in world.record.data.items():
        np.testing.assert_array_equal(array[:12], baseline.record.data[name][:12], err_msg=name)


def test_a_dated_step_begins_in_its_month_and_is_told():
    from wattrace.scenarios.scenario import Scenario, Step

    nation = lever_nation()
    step = Step(to=0.5, on="2026-04", source="assumption: test")
    scenario = Scenario(name="later", policy={nation: {"permit_time": (step,)}})
    changed = World(scenario, seed=1, until="2026-07").run_to()
    plain = World("baseline", seed=1, until="2026-07").run_to()
    assert changed.levers["permit_time"][0] == 0.5
    for name, array in plain.record.data.items():
        np.testing.assert_array_equal(array[:3], changed.record.data[name][:3], err_msg=name)
    assert [event.date for event in changed.events if event.kind == "policy" and event.region == nation] == ["2026-04"]


def lever_nation() -> str:
    from wattrace.scenarios.scenario import choices

    return choices().nations[0]
