"""Luck has names: two policies under one seed meet the same luck, so a policy that does hardly anything changes hardly anything."""

from __future__ import annotations

import numpy as np
from wattrace.model import World
from wattrace.scenarios.scenario import Scenario
from wattrace.world.draws import Draws

SEEDS = (1, 2, 3)
UNTIL = "2028-01"


def ends(scenario) -> np.ndarray:
    """Return powered compute [seeds, nations] of the last year."""
    worlds = [World(scenario, seed=seed, until=UNTIL).run_to() for seed in SEEDS]
    return np.array([world.record.data["Compute|Powered"][-12:].mean(axis=0) for world in worlds])


def test_a_tiny_policy_has_a_tiny_effect_in_every_world():
    small = Scenario(name="small", policy={"USA": {"permit_time": "99.9 %"}})
    base, other = ends("baseline"), ends(small)
    spread, effect = base.std(axis=0, ddof=1)[0], np.abs(other - base)[:, 0]
    assert spread > 0.0
    assert (effect > 0.0).any()
    assert (effect < spread / 10.0).all()  # under other luck it would be as large as the spread


def test_projects_draw_their_luck_by_name_and_not_by_how_many_came_before(monkeypatch):
    drawn: list[dict[tuple[int, int], float]] = []
    uniform = Draws.uniform

    def noted(self, stream, keys, month):
        found = uniform(self, stream, keys, month)
        drawn[-1] |= {(month, int(key)): one for key, one in zip(keys, found, strict=True)}
        return found

    monkeypatch.setattr(Draws, "uniform", noted)
    for scenario in ("baseline", "us-fast-permits"):
        drawn.append({})
        World(scenario, seed=1, until=UNTIL).run_to()
    one, two = drawn
    both = set(one) & set(two)
    assert set(one) != set(two), "the policy changes what is started"
    assert len(both) > 0.95 * max(len(one), len(two))
    assert all(one[key] == two[key] for key in both)
    assert len({one[key] for key in both}) == len(both)
