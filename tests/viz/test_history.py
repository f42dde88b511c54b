"""History before the start: the figures are those of the tables, and they join on to what the world opens with."""

from __future__ import annotations

import numpy as np
import pytest
from wattrace.model import World
from wattrace.viz.history import history, with_history
from wattrace.world.tables import Tables


@pytest.fixture(scope="module")
def tables():
    return Tables.load("2026-01")


@pytest.fixture(scope="module")
def world():
    return World("baseline", until="2027-01").run_to("2027-01")


def test_every_recipe_gives_figures_of_the_years_before_with_a_source(tables):
    assert len(with_history(tables)) > 8
    for variable in with_history(tables):
        found = history(tables, variable, "2026-01")
        assert found, variable
        for past in found.values():
            assert len(past.dates) == len(past.values) == len(past.sources) >= 3
            assert past.dates == sorted(past.dates)
            assert past.dates[-1] < "2026-01"
            assert all(np.isfinite(past.values))
            assert all(len(source) > 10 for source in past.sources)


def test_a_variable_that_no_table_has_in_its_definition_has_no_history(tables):
    assert history(tables, "Coin|Value", "2026-01") == {}
    assert not {"Coin|Accredited", "AI|Capex", "Robots|Stock", "Power|Generation"} & set(with_history(tables))


def test_world_and_rest_are_sums_of_nations(tables):
    found = history(tables, "Power|Load", "2026-01")
    nations = tables.labels("nations")
    total = np.sum([found[n].values for n in nations], axis=0)
    assert found["World"].values == pytest.approx(total)
    assert found["Rest"].values == pytest.approx(np.sum([found[n].values for n in nations[2:]], axis=0))


@pytest.mark.parametrize(
    ("variable", "apart"),
    [
        ("Compute|Owned H100e", 0.15), ("Compute|Powered", 0.15), ("Launch|Mass", 0.01), ("World|GDP", 0.01), ("Power|Load", 0.15),
        ("AI|Spending", 0.25), ("Power|Capacity|Coal", 0.02), ("Power|Capacity|Solar", 0.05),
    ],
)  # fmt: skip
def test_the_last_figure_joins_on_to_the_first_month(tables, world, variable, apart):
    """Stocks a month later, flows as grown as a year may make them; loads against the year, which has the same seasons."""
    for nation in tables.labels("nations")[:2]:
        last = history(tables, variable, "2026-01")[nation].values[-1]
        lived = world.record.series(variable, nation)
        first = lived[:12].mean() if variable == "Power|Load" else lived[0]
        assert last == pytest.approx(first, rel=apart), (variable, nation)


def test_an_earlier_start_sees_only_what_was_known_then():
    then = Tables.load("2020-01")
    for past in history(then, "Power|Load", "2020-01").values():
        assert past.dates[-1] == "2019-07"


def test_a_year_in_which_somebody_is_missing_is_left_out(tables):
    rows = tables["chip_output"]
    gap = np.flatnonzero(~((rows["maker"] == "Nvidia") & (rows["year"] == 2024)))
    cut = Tables({**tables.tables, "chip_output": rows.take(gap)}, tables.as_of, _params=tables.params)
    assert "2024-07" not in history(cut, "Chips|Made", "2026-01")["CHN"].dates
    assert "2025-07" in history(cut, "Chips|Made", "2026-01")["CHN"].dates
