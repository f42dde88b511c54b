"""The picture of the race can be drawn for every length a run may have."""

from __future__ import annotations

import types

import numpy as np
import pytest
from wattrace.scenarios.read import load_scenario
from wattrace.scenarios.run import RACE, Result
from wattrace.viz.picture import PANELS, draw_race
from wattrace.world.calendar import Calendar
from wattrace.world.limiting import CAUSES
from wattrace.world.record import Recorder
from wattrace.world.tables import Tables


def result(until: str, months: int | None = None, value: float = 1.0) -> Result:
    """Return a result whose record grows by `value` a month, without running a world."""
    settings = load_scenario("baseline").between(None, until)
    tables = Tables.load(settings.start)
    calendar = Calendar(settings.start, settings.until)
    nations = tables.labels("nations")
    record = Recorder(tables["variables"], nations, tables.labels("zones"), calendar.length)
    for data in record.data.values():
        data[:] = value * np.arange(1, len(data) + 1)[:, None]
    record.data["Limit|Binding"][:] = 1
    record.written = calendar.length if months is None else months
    world = types.SimpleNamespace(
        settings=settings,
        calendar=calendar,
        record=record,
        causes=CAUSES,
        seed=1,
        date=calendar.date(record.written),
        places=types.SimpleNamespace(nations=nations),
    )
    return Result(world)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("until", "months"), [("2046-01", None), ("2026-02", None), ("2029-07", None), ("2046-01", 0)]
)
def test_a_run_of_any_length_is_drawn(tmp_path, until, months):
    figure = draw_race(result(until, months))
    figure.savefig(tmp_path / "race.svg")
    assert len(figure.axes) == len(PANELS)


def test_unknown_and_flat_values_are_drawn(tmp_path):
    for value in (float("nan"), 0.0, -1.0):
        draw_race(result("2028-01", value=value)).savefig(tmp_path / "race.png")


def test_every_line_is_named_inside_its_panel():
    for axis in draw_race(result("2036-01")).axes:
        assert {text.get_text() for text in axis.texts} == set(result("2036-01").groups)


def test_the_race_has_a_row_for_every_other_january_and_holds_the_month_before_it():
    race = result("2031-01").race()
    assert list(race.index) == ["2028-01", "2030-01", "2031-01"]
    first = result("2031-01").groups[0]
    assert list(race[first]["accredited_gw"]) == [24, 48, 60]
    assert set(race[first].columns) == {*RACE, "binds"}
    assert set(race[first]["binds"]) == {CAUSES[1]}
