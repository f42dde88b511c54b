"""The table of the race is short, aligned and names its units."""

from __future__ import annotations

import pytest
from wattrace.scenarios.run import run
from wattrace.viz import table


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.5, "0.50"), (12.34, "12.3"), (1234.4, "1,234"), (2.5e6, "2.50 M"), (-3e9, "-3.00 G")],
)
def test_numbers_of_the_race_are_short(value, text):
    assert table._number(value) == text


def test_the_table_has_a_line_for_each_group_below_columns_that_fit():
    result = run("baseline", until="2026-03")
    head, *lines = table.race_text(result.race_rows()).splitlines()
    assert [line.split()[1 if i == 0 else 0] for i, line in enumerate(lines)] == result.groups
    assert lines[0].startswith("2026-03")
    assert head.startswith("until")
    end = head.index("firm GW") + len("firm GW")
    assert all(line[end - 1].isdigit() and line[end] == " " for line in lines)
