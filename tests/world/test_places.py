"""Where things are: the order of rows that sums rely on."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from wattrace.world.places import Places
from wattrace.world.tables import TableError, Tables


def with_zones(rows) -> Tables:
    """Return the packaged tables with rows of zones.csv chosen by `rows(zones)`."""
    tables = copy.copy(Tables.load("2026-01"))
    zones = tables["zones"]
    tables.tables = tables.tables | {"zones": zones.take(rows(zones))}
    return tables


def test_sums_by_nation_start_at_its_first_zone():
    places = Places(Tables.load("2026-01"))
    ones = np.ones(len(places.zones))
    np.testing.assert_array_equal(np.add.reduceat(ones, places.first_zone), np.bincount(places.zone_nation))


def test_zones_out_of_order_are_refused_with_the_order_wanted():
    tables = with_zones(lambda zones: np.roll(np.arange(len(zones)), 1))
    with pytest.raises(TableError, match=r"zones\.csv: the zones stand in the order .*; allowed: side by side"):
        Places(tables)


def test_a_nation_without_zones_is_refused_by_name():
    nation = Tables.load("2026-01").labels("nations")[2]
    tables = with_zones(lambda zones: np.flatnonzero(zones["nation"] != nation))
    with pytest.raises(TableError, match=f"{nation} has no zone"):
        Places(tables)
