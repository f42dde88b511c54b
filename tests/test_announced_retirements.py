"""Ages let retire, in the first year, most of what owners have announced to close."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from wattrace.model import World

START = "2026-01"
LEAST = 0.5  # announcements are put off, and their years are coarse


def announced() -> dict[tuple[str, str], float]:
    """Return GW a year of what was newly announced by the start, by nation and technology."""
    rows = csv.DictReader((Path(__file__).parent / "data" / "announced_retirements.csv").read_text(encoding="utf-8").splitlines())
    yearly = {}
    for row in rows:
        first, last = (int(year) for year in row["period"].split("-"))
        if row["known_from"] == START and float(row["value"]) > 0.0 and first == int(START[:4]):
            yearly[row["nation"], row["technology"]] = float(row["value"]) / (last - first + 1)
    return yearly


@pytest.fixture(scope="module")
def by_age():
    world = World("baseline", seed=1, until="2026-02")
    gw = np.zeros((len(world.places.nations), len(world.places.technologies)))
    np.add.at(gw, world.places.zone_nation, world.state.retired_rate_gw)
    return world.places, gw


@pytest.mark.parametrize(("nation", "technology"), sorted(announced()))
def test_what_is_announced_goes_by_age_too(by_age, nation, technology):
    places, gw = by_age
    rate = gw[places.nation(nation), places.technologies.index(technology)]
    wanted = announced()[nation, technology]
    assert rate >= LEAST * wanted, f"{rate:.2f} GW a year by age, {wanted:.2f} announced"
