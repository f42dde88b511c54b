"""A table that lacks what the world reads is refused before the first month, in words that name the row."""

from __future__ import annotations

import shutil

import pytest
from wattrace.model import World
from wattrace.world.reading import levers_read, parameters_read, variables_recorded
from wattrace.world.recording import technology_variables
from wattrace.world.tables import DATA, MissingRow, TableError, Tables


def without(tmp_path, table: str, text: str = ""):
    """Return a folder of tables in which the rows of one that hold `text` are gone ("" takes all)."""
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    path = folder / f"{table}.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(head + "".join(row for row in rows if text not in row), encoding="utf-8")
    return folder


@pytest.mark.parametrize("table", ["ai_company_values", "ai_demand", "ai_revenue", "fleet_age", "training_runs", "gdp_growth"])
def test_a_table_that_is_empty_below_its_header_is_refused_by_name(tmp_path, table):
    with pytest.raises(TableError, match=rf"{table}\.csv: has"):
        World("baseline", tables=Tables.load(folder=without(tmp_path, table)), until="2026-02")


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("parameters", "chips.target_stock_months"),  # read in the month only
        ("levers", "stance"),
        ("variables", "Power|Price"),
        ("variables", "Power|Generation|Wind"),
        ("build_months", "USA,coal"),
        ("load_profile", "us-west,01"),
    ],
)
def test_a_row_that_is_missing_is_named_before_the_first_month(tmp_path, table, row):
    with pytest.raises(TableError) as caught:
        World("baseline", tables=Tables.load(folder=without(tmp_path, table, row)), until="2026-02")
    assert f"{table}.csv: has no row" in str(caught.value)
    assert all(part in str(caught.value) for part in row.split(","))


def test_a_missing_row_is_a_key_error_too(tables):
    with pytest.raises(KeyError):
        tables.param("no.such")
    with pytest.raises(MissingRow, match="did you mean"):
        tables.param("tech.opennes")


def test_what_the_code_reads_is_found_in_the_code(tables):
    assert len(parameters_read()) > 200
    assert set(levers_read()) <= set(tables.labels("levers"))
    by_technology = technology_variables(tuple(tables["technologies"]["name"]))
    assert set(variables_recorded()) | set(by_technology) <= set(tables.labels("variables"))
    assert len(variables_recorded()) + len(by_technology) >= len(tables.labels("variables")) - 6
