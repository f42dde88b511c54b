"""The table of the race is short, aligned and names its units."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from wattrace.scenarios.run import run
from wattrace.viz.table import amount, race_table


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (912.0, "912"), (8386.7, "8.39 k"), (5.4238e7, "54.2 M"), (9.999e8, "1,000 M")]
)
def test_counts_are_written_in_three_figures(value, text):
    assert amount(value) == text


def test_the_table_has_a_line_for_each_group_and_says_what_it_is():
    result = run("baseline", until="2026-03")
    out = io.StringIO()
    Console(file=out, width=130).print(race_table(result))
    shown = out.getvalue()
    assert all(group in shown for group in result.groups)
    assert "a model, not a forecast" in shown
    assert "2026-03" in shown
