"""When one has more than another, and what the fans of many worlds are drawn from."""

from __future__ import annotations

import json

import numpy as np
import pytest
from wattrace.viz.live.catalog import catalog
from wattrace.viz.live.compare import year_marks
from wattrace.viz.live.fans import bars, quantiles
from wattrace.viz.live.overtake import by_year, overtaking, sentence, when
from wattrace.viz.live.tab_views import MINE, first_compare, first_ensemble, pairs_of, read_compare, read_ensemble

DATES = [f"{year}-{month:02d}" for year in (2026, 2027) for month in range(1, 13)]
LOW = np.ones(24)


def rising(month: int) -> np.ndarray:
    """Return a course that has more than LOW from a month on."""
    return np.where(np.arange(24) >= month, 2.0, 0.5)


def test_when_tells_the_month_never_and_a_lead_that_is_lost():
    assert when(rising(13), LOW, DATES) == ("2027-02", 13)
    assert when(rising(0), LOW, DATES) == ("from the start", 0)
    assert when(LOW * 0.5, LOW, DATES) == ("never", None)
    assert when(np.where(np.arange(24) == 5, 2.0, 0.5), LOW, DATES) == ("2026-06, not at the end", 5)
    half = np.where(np.arange(24) < 12, 0.5, np.nan)
    assert when(half, LOW, DATES) == ("not yet", None)


def test_rounding_is_no_lead():
    assert when(LOW + 1e-13, LOW, DATES) == ("never", None)
    dust = np.zeros((3, 24))
    assert overtaking(dust + 1e-15, dust + 2.0).never == 3
    assert overtaking(dust + 2.0 + 1e-13, dust + 2.0).never == 3


def test_the_distribution_counts_finished_worlds_by_year():
    unfinished = np.where(np.arange(24) < 20, 2.0, np.nan)
    found = overtaking(np.stack([rising(0), rising(3), rising(13), LOW * 0.5, unfinished]), np.tile(LOW, (5, 1)))
    assert found.worlds == 4
    assert by_year(found, DATES) == [25.0, 25.0, 25.0, 25.0]
    assert sentence("own", found, DATES) == (
        "own: first in 2026-04 (middle of the worlds where it happens; four of five 2026-01 to 2026-04); never in 1 of 4 worlds,"
        " ahead at the end in 3."
    )
    none = overtaking(np.full((2, 24), np.nan), np.tile(LOW, (2, 1)))
    assert sentence("own", none, DATES) == "own: no world has reached the end yet."
    drawn = json.loads(bars("t", ["own", "other"], [found, none], DATES, "light"))
    assert drawn["rows"] == [["from the start", 25.0, 0.0], ["2026", 25.0, 0.0], ["2027", 25.0, 0.0], ["never", 25.0, 0.0]]


def test_quantiles_leave_out_worlds_that_are_not_finished():
    worlds = np.array([[1.0, 1.0], [2.0, np.nan], [3.0, np.nan], [np.nan, np.nan]])
    assert quantiles(worlds)[2].tolist() == [2.0, 1.0]
    assert np.isnan(quantiles(np.full((2, 3), np.nan))).all()


def test_year_marks_are_round_years_and_the_end():
    twenty = [f"{2026 + m // 12}-{m % 12 + 1:02d}" for m in range(240)]
    assert [twenty[i] for i in year_marks(twenty)] == ["2030-01", "2035-01", "2040-01", "2045-01", "2045-12"]
    assert [DATES[i] for i in year_marks(DATES)] == ["2027-01", "2027-12"]


def test_an_address_leads_back_to_the_same_views():
    known, names = catalog(), ["baseline", "own"]
    given = {"a": "own", "b": MINE, "who": "CHN", "of": "own", "worlds": "7", "vary": "1", "ahead": "IND"}
    faults: list[str] = []
    compare, ensemble = read_compare(given, names, known, faults), read_ensemble(given, names, known, faults)
    assert not faults
    assert dict(pairs_of(compare, ensemble, known)) == given
    assert pairs_of(first_compare(known), first_ensemble(known), known) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"a": "/etc/passwd"}, "a is '/etc/passwd'; allowed: baseline, own, @levers"),
        ({"compare": "Compute|Powerd"}, "compare is 'Compute|Powerd'; did you mean Compute|Powered"),
        ({"worlds": "1"}, "worlds is '1'; allowed: a whole number from 2 to 96"),
        ({"worlds": "٣"}, "worlds is '٣'"),
        ({"vary": "yes"}, "vary is 'yes'; allowed: 0 or 1"),
        ({"ahead": "USA", "behind": "USA"}, "ahead and behind are both 'USA'"),
    ],
)
def test_what_a_stranger_asks_for_is_checked(given, told):
    faults: list[str] = []
    read_compare(given, ["baseline", "own"], catalog(), faults)
    read_ensemble(given, ["baseline", "own"], catalog(), faults)
    assert told in faults[0]
