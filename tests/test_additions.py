"""What is built in 2026 lies near what was built in 2023 to 2025, or near the announced plan."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from wattrace.model import World

ROWS = list(csv.DictReader((Path(__file__).parent / "data" / "additions_check.csv").read_text(encoding="utf-8").splitlines()))
LEAST_GW = 5.0  # a year: smaller technologies are not judged
# the check tells gas as one, the world builds two kinds of it
KINDS = {"gas": ("gas_cc", "gas_peaker")}


def judged():
    """Return [(nation, technology)] that added more than `LEAST_GW` in every year the check tells of."""
    past = defaultdict(list)
    for row in ROWS:
        if row["item"] == "realised_gross_additions":
            past[row["nation"], row["technology"]].append(float(row["value"]))
    return sorted(key for key, values in past.items() if min(values) > LEAST_GW)


@pytest.fixture(scope="module")
def built():
    """Return GW [N, K] commissioned in 2026, and the world."""
    world = World("baseline", seed=1, until="2027-01")
    total = np.zeros((len(world.places.nations), len(world.places.technologies)))
    while not world.finished:
        world.step()
        np.add.at(total, world.places.zone_nation, world.state.added_gw_zone)
    return world, total


@pytest.mark.parametrize(("nation", "technology"), judged())
def test_additions_of_2026_are_near_the_last_years_or_the_plan(built, nation, technology):
    world, gw = built
    names = world.places.technologies if technology == "all" else KINDS.get(technology, (technology,))
    kinds = [world.places.technologies.index(k) for k in names]
    added = gw[world.places.nation(nation), kinds].sum()
    rows = [r for r in ROWS if (r["nation"], r["technology"]) == (nation, technology)]
    past = [float(r["value"]) for r in rows if r["item"] == "realised_gross_additions"]
    plans = [float(r["value"]) for r in rows if r["item"] != "realised_gross_additions" and r["year"] == "2026"]
    near_past = 0.5 * min(past) <= added <= 1.5 * max(past)
    near_plan = any(abs(added / plan - 1.0) <= 0.35 for plan in plans)
    assert near_past or near_plan, f"{added:.1f} GW; {past} in the last years, planned {plans}"
