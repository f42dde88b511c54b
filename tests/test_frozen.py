"""With growth inputs frozen and nothing drawn, prices and flows stand still: the opening is a state, not a jump."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.model import World
from wattrace.world.money.ledger import PURPOSES

WITHIN = 0.05
YEAR = 12


@pytest.fixture(scope="module")
def frozen():
    return World("frozen", until="2028-01").run_to()


@pytest.mark.parametrize("variable", ["Coin|Value", "Coin|Rent", "Coin|q"])
def test_prices_stay_where_they_open(frozen, variable):
    values = frozen.record.data[variable][:YEAR]
    moved = np.abs(values / values[0] - 1.0).max(axis=0)
    worst = int(moved.argmax())
    assert moved[worst] <= WITHIN, f"{variable} of {frozen.places.nations[worst]} moves by {moved[worst]:.1%}"


def test_every_purpose_is_paid_as_much_in_the_second_year_as_in_the_first(frozen):
    paid = np.zeros((2, len(PURPOSES)))
    for month, flows in enumerate(frozen.state.ledger.history):
        paid[month // YEAR] += np.bincount(flows.purpose, flows.musd, len(PURPOSES))
    for name, first, second in zip(PURPOSES, *paid, strict=True):
        assert second == pytest.approx(first, rel=WITHIN, abs=1.0), name


@pytest.mark.parametrize(
    "variable", ["Power|Load", "Power|Generation", "AI|Revenue", "Chips|Made", "Compute|Powered", "Robots|Made", "Launch|Mass"]
)
def test_physical_flows_of_the_second_year_are_those_of_the_first(frozen, variable):
    values = frozen.record.data[variable]
    first, second = values[:YEAR].sum(axis=0), values[YEAR:].sum(axis=0)
    np.testing.assert_allclose(second, first, rtol=WITHIN, atol=1e-9)
