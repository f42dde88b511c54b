"""A hindcast sees only the past, scores as its words say, and its stored evidence is of this code."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wattrace.scenarios import hindcast as h
from wattrace.scenarios.hindcast_scores import bands, coin_flip, judged, naive, scored, summary
from wattrace.world.tables import Tables

EVIDENCE = Path(__file__).parents[2] / "docs" / "evidence" / "hindcast-power"
grows = st.floats(-0.5, 2.0)
levels = st.floats(0.1, 1e4)


@given(levels, grows, st.integers(1, 9))
def test_last_growth_is_right_where_growth_is_steady_and_last_value_where_nothing_grows(level, growth, horizon):
    steady = {year: level * (1.0 + growth) ** (year - 2010) for year in range(2010, 2016)}
    assert naive(steady, 2015, horizon)["last_growth"] == pytest.approx(level * (1.0 + growth) ** (5 + horizon), rel=1e-9)
    assert naive(dict.fromkeys(steady, level), 2015, horizon)["last_value"] == level


@given(levels, st.floats(-0.02, 3.0), st.integers(1, 9))
def test_the_trend_is_right_on_a_straight_line_and_never_below_nothing(level, slope, horizon):
    line = {year: level * (1.0 + slope * (year - 2010)) for year in range(2010, 2016)}
    assert naive(line, 2015, horizon)["trend"] == pytest.approx(level * (1.0 + slope * (5 + horizon)), rel=1e-9)
    falls = {2012: 10.0, 2015: 1.0}
    assert naive(falls, 2015, 9)["trend"] == 0.0


def test_rivals_without_a_past_have_nothing_to_say():
    short = naive({2015: 5.0}, 2015, 3)
    assert short["last_value"] == 5.0
    assert math.isnan(short["last_growth"])
    assert math.isnan(short["trend"])


def test_what_hardly_changed_in_three_years_is_a_coin_flip():
    assert coin_flip({2012: 100.0, 2015: 102.9}, 2015)
    assert not coin_flip({2012: 100.0, 2015: 96.9}, 2015)
    assert coin_flip({2015: 96.9}, 2015)


def test_bands_hold_nine_draws_in_ten():
    draws = np.random.default_rng(1).normal(size=(4001, 1))
    middle, low, high = bands(draws)
    inside = ((draws >= low) & (draws <= high)).mean()
    assert inside == pytest.approx(0.9, abs=0.001)
    assert low < middle < high


def case(**given):
    plain = {
        "nation": "A", "item": "generation", "source": "coal", "origin": 2016, "year": 2018, "horizon": 3, "observed": 100.0,
        "median": 110.0, "low": 90.0, "high": 120.0, "last_value": 80.0, "last_growth": 105.0, "trend": float("nan"),
        "kept": True, "test": False,
    }  # fmt: skip
    return plain | given


def test_scores_are_what_they_are_called():
    cases = scored(pd.DataFrame([case(), case(nation="B", median=90.0, low=89.0, high=95.0), case(nation="B", median=70.0, kept=False)]))
    (row,) = summary(cases, ["item"]).to_dict("records")
    assert row["mape"] == pytest.approx((0.1 + (0.1 + 0.3) / 2) / 2)
    assert row["bias"] == pytest.approx((0.1 + (-0.1 - 0.3) / 2) / 2)
    assert row["coverage"] == pytest.approx((1.0 + 0.5) / 2)
    assert (row["kept"], row["beats_last_value"], row["beats_last_growth"]) == (2, 1.0, 0.0)
    assert math.isnan(row["beats_trend"])


@pytest.mark.parametrize(
    ("test", "value", "measured", "holds"),
    [("within", 0.09, 0.10, False), ("within", 0.11, 0.10, True), ("factor", 1.05, 1.1, False), ("beats_trend", 0.5, 1.0, True)],
)
def test_claims_are_judged(test, value, measured, holds):
    cases = scored(pd.DataFrame([case(trend=50.0)]))
    claim = {"nation": "A", "item": "generation", "energy_source": "coal", "test": test, "value": value, "year": 2016, "until": 2025}
    (found,) = judged(cases, pd.DataFrame([claim])).to_dict("records")
    assert found["measured"] == pytest.approx(measured)
    assert found["holds"] is holds
    (other,) = judged(cases, pd.DataFrame([claim | {"nation": "B"}])).to_dict("records")
    assert other["holds"] is None


def test_an_addition_is_judged_against_the_real_one():
    cases = scored(pd.DataFrame([case(horizon=1, last_value=90.0, observed=100.0, median=103.0)]))
    claim = {"nation": "A", "item": "generation", "energy_source": "coal", "test": "addition", "value": 0.35, "year": 2016, "until": 2020}
    (found,) = judged(cases, pd.DataFrame([claim])).to_dict("records")
    assert (found["measured"], found["holds"]) == (1.0, True)


def test_what_is_observed_agrees_with_what_worlds_open_with():
    real = h.observed()
    tables = Tables.load("2019-01")
    nation = tables.labels("nations")[0]
    home = dict(zip(tables["zones"]["zone"], tables["zones"]["nation"], strict=True))
    rows = tables["zone_capacity"].where(technology="wind")
    opens = sum(float(rows["value"][i]) for (zone, _), i in rows.newest().items() if home[zone] == nation)
    assert real[nation, "capacity", "wind"][2018] == pytest.approx(opens)
    sources = [s for n, item, s in real if n == nation and item == "generation" and s != "total"]
    total = real[nation, "generation", "total"]
    assert all(sum(real[nation, "generation", s][year] for s in sources) == pytest.approx(total[year], rel=2e-3) for year in total)


def test_a_short_hindcast_scores_every_target_of_every_nation(tmp_path):
    found = h.hindcast(tmp_path / "h", origins=[2022], draws=4, workers=2)
    assert found.failed == 0
    cases = found.cases
    assert set(cases["horizon"]) == {1, 2, 3, 4}
    assert {(t.item, t.source) for t in h.targets(Tables.load("2022-01"))} == set(zip(cases["item"], cases["source"], strict=True))
    assert np.isfinite(cases[["median", "low", "high", "error", "last_value"]]).all().all()
    shares = cases[(cases["item"] == "generation") & (cases["year"] == 2022)].pivot_table(index="nation", columns="source", values="median")
    parts = shares.drop(columns="total").sum(axis=1)
    # what storage loses is generated and not delivered; it is no source of its own
    assert (parts / shares["total"] - 1.0).abs().max() < 0.03
    again = h.hindcast(tmp_path / "h", origins=[2022], draws=4, workers=2)
    pd.testing.assert_frame_equal(again.cases, cases)


def test_origins_that_cannot_be_scored_are_refused(tmp_path):
    with pytest.raises(ValueError, match="2015; allowed: 2016 to 2022"):
        h.hindcast(tmp_path, origins=[2015, 2016], draws=4)


def test_the_stored_evidence_is_of_this_code_and_these_tables():
    about = json.loads((EVIDENCE / "hindcast.json").read_text(encoding="utf-8"))
    assert about["evidence_sha256"] == h.evidence_hash(), "stale: run `make evidence` and commit docs/evidence"
    assert about["draws"] >= 100
