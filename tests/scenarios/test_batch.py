"""Batches: which worlds, whose luck, what is kept, and how it is read."""

from __future__ import annotations

import json
import time
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
import wattrace
from click.testing import CliRunner
from wattrace.cli import cli
from wattrace.scenarios.batch import Interrupted, Pace, _Batch, batch, make_inputs
from wattrace.scenarios.design import points
from wattrace.scenarios.precision import half_width, parse_stop
from wattrace.scenarios.run import run
from wattrace.scenarios.study import Study, StudyError, make_plan
from wattrace.scenarios.verify import verify

POWERED = "Compute|Powered"


def call(*args):
    return CliRunner().invoke(cli, [str(arg) for arg in args])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Two scenarios in three worlds, over four months."""
    folder = tmp_path_factory.mktemp("batch") / "study"
    return batch(["baseline", "robots-early"], reps=3, until="2026-05", out=folder, workers=1)


# -- which worlds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("design", ["lhs", "sobol"])
def test_every_axis_of_a_design_is_covered_evenly(design):
    at = points(design, 64, 5, seed=1)
    assert at.shape == (64, 5)
    assert (np.sort(np.floor(at * 64), axis=0) == np.arange(64)[:, None]).all()
    np.testing.assert_array_equal(at, points(design, 64, 5, seed=1))
    assert not np.array_equal(at, points(design, 64, 5, seed=2))


def test_a_grid_holds_every_combination_and_has_a_limit():
    assert points("grid", 3, 2, seed=1).tolist() == [[a, b] for a in (1 / 6, 0.5, 5 / 6) for b in (1 / 6, 0.5, 5 / 6)]
    with pytest.raises(ValueError, match="allowed: up to"):
        points("grid", 10, 25, seed=1)


def plan_of(**what):
    given: Any = {"reps": 1, "vary": None, "design": "lhs", "draws": None, "seed": 1, "start": None, "until": None, "until_ci": None}
    return make_inputs(**(given | {"most_reps": None, "time_limit": 0.0, "per_part": None} | what))


def test_twenty_five_numbers_are_unsure_by_default_and_all_scenarios_meet_the_same_ones(tmp_path):
    inputs = plan_of(scenarios=["baseline", "robots-early"], vary="default", draws=8)
    assert len(inputs.names) == 25
    study = Study.create(tmp_path, inputs, "")
    one, two = (study.settings(study.key(number)).world for number in (0, 1))
    assert study.key(0).draw == study.key(1).draw
    assert study.key(0).seed == study.key(1).seed
    shared = set(one) & set(two)
    # a scenario that sets a number itself keeps it
    assert {name for name in shared if one[name] != two[name]} == {"robots.labour_equivalence", "robots.ramp_limit"}
    assert study.settings(study.key(2)).world["tech.openness"] != one["tech.openness"]


def test_luck_depends_on_the_world_and_never_on_the_scenario(tmp_path):
    study = Study.create(tmp_path, plan_of(scenarios=["baseline", "robots-early", "starship-never"], reps=4), "")
    keys = [study.key(number) for number in range(12)]
    seeds: dict[tuple[int, int], set[int]] = {}
    for key in keys:
        seeds.setdefault((key.draw, key.replicate), set()).add(key.seed)
    assert all(len(one) == 1 for one in seeds.values())
    assert len(set.union(*seeds.values())) == 4


def test_impossible_wishes_are_told():
    with pytest.raises(ValueError, match="nothing is unsure"):
        plan_of(scenarios="baseline", vary="world")
    with pytest.raises(ValueError, match="give --vary"):
        plan_of(scenarios="baseline", draws=3)
    with pytest.raises(StudyError, match="one name"):
        make_plan(plan_of(scenarios=["baseline", "baseline"]))
    with pytest.raises(ValueError, match="did you mean Compute"):
        parse_stop("5%:Compute|Powerd")
    with pytest.raises(ValueError, match="allowed: USA, CHN"):
        parse_stop("5%:Compute|Powered@Mars")
    with pytest.raises(ValueError, match="allowed: PERCENT"):
        parse_stop("five:Compute|Powered")


# -- what is kept -----------------------------------------------------------------------------------------------


def test_a_kept_run_is_the_run_itself(study):
    alone = run("robots-early", seed=2, until="2026-05")
    frame = study.frame([POWERED, "Power|Price"], scenarios=["robots-early"])
    for region in ("USA", "TWN", "World", "Rest"):
        kept = frame[(frame["region"] == region) & (frame["replicate"] == 1)]
        for variable in (POWERED, "Power|Price"):
            np.testing.assert_array_equal(kept[variable].to_numpy(), alone.series(variable, region).astype(np.float32))


def test_the_parts_are_read_by_duckdb_pandas_and_polars(study):
    files = str(study.folder / "parts" / "*.parquet")
    asked = f"""select scenario, avg("{POWERED}") from '{files}' where region = 'USA' and month = 3 group by scenario"""
    by_duck = dict(duckdb.execute(asked).fetchall())
    frame = pd.read_parquet(study.folder / "parts", filters=[("region", "==", "USA"), ("month", "==", 3)])
    by_pandas = frame.groupby("scenario", observed=True)[POWERED].mean().to_dict()
    lazy = pl.scan_parquet(files).filter((pl.col("region") == "USA") & (pl.col("month") == 3))
    by_polars = dict(lazy.group_by(pl.col("scenario").cast(pl.String)).agg(pl.col(POWERED).mean()).collect().rows())
    assert set(by_duck) == {"baseline", "robots-early"}
    for name, value in by_duck.items():
        assert by_pandas[name] == pytest.approx(value, rel=1e-6)
        assert by_polars[name] == pytest.approx(value, rel=1e-6)


def test_columns_and_units_are_described(study):
    table = pd.read_csv(study.folder / "variables.csv").set_index("variable")
    assert table.loc[POWERED, "unit"] == "GW"
    assert set(table.index) == set(study.layout.variables)
    assert (study.folder / "failures.csv").read_text(encoding="utf-8").count("\n") == 1


def test_the_manifest_says_how_the_study_came_about(study):
    content = json.loads((study.folder / "study.json").read_text(encoding="utf-8"))
    assert set(content["scenario_identities"]) == {"baseline", "robots-early"}
    assert {"code_sha256", "tables_sha256", "numpy", "python", "machine"} <= set(content["plan"]["engine"])


def test_verification_does_a_sample_again(study):
    found = verify(study.folder, sample=2)
    assert found.good
    assert found.exact
    assert found.runs == 2
    result = call("verify", study.folder, "--sample", 1, "--json")
    assert (result.exit_code, json.loads(result.stdout)["good"]) == (0, True)


def test_verification_names_the_first_number_that_differs(tmp_path, make_study, study):
    def fill(made, key):
        frame = study.frame(scenarios=[key.scenario])
        frame = frame[frame["replicate"] == key.replicate]
        data = np.stack([frame[name].to_numpy().reshape(len(made.layout.regions), -1) for name in made.layout.variables])
        data[made.layout.variables.index("Power|Price"), 2, 3] *= 1.001
        return data

    made = make_study(tmp_path / "study", ["baseline", "robots-early"], fill, reps=3, until="2026-05")
    result = call("verify", made.folder, "--sample", 1)
    assert result.exit_code == 6
    assert "Power|Price of EU27 in 2026-04" in result.stdout


def test_status_is_told_as_text_and_json(study):
    found = json.loads(call("status", study.folder, "--json").stdout)
    assert (found["state"], found["done"], found["failed"], found["total"]) == ("done", 6, 0, 6)
    assert "state    done" in call("status", study.folder).stdout
    assert call("status", study.folder / "parts").exit_code == 2


def test_a_finished_study_is_resumed_at_once(study):
    before = {path.name: path.stat().st_mtime_ns for path in (study.folder / "parts").iterdir()}
    assert batch(resume=study.folder, workers=1).identity == study.identity
    assert {path.name: path.stat().st_mtime_ns for path in (study.folder / "parts").iterdir()} == before


def test_the_pace_leaves_out_the_start_of_workers_and_waits_until_it_is_known():
    pace = Pace(workers=2)
    assert pace.rate(10, 100.0) == 0.0  # resumed: ten were there
    assert pace.rate(10, 160.0) == 0.0
    assert not pace.moving
    assert pace.rate(11, 161.0) == 0.0
    assert pace.rate(12, 162.0) == 0.0  # each worker has done one: the clock starts
    assert pace.moving
    assert pace.rate(13, 162.1) == 0.0
    assert pace.rate(14, 164.0) == pytest.approx(1.0)
    assert pace.rate(32, 182.0) == pytest.approx(1.0)


def test_an_interrupted_study_says_how_to_go_on(tmp_path):
    folder = tmp_path / "study"

    def stop(now):
        if now.doing.startswith("starting"):
            raise Interrupted

    with pytest.raises(Interrupted):
        batch("baseline", reps=2, until="2026-02", out=folder, workers=1, told=stop)
    result = call("status", folder)
    assert "state    interrupted" in result.stdout
    assert f"wattrace batch --resume {folder}" in result.stderr
    assert batch(resume=folder, workers=1).folder == folder
    assert "--resume" not in call("status", folder).stderr


def test_only_a_batch_that_runs_has_an_eta(tmp_path):
    now = time.monotonic()
    one = _Batch(Study.create(tmp_path, plan_of(scenarios="baseline", reps=4), ""), "local", 1, None, False, None)
    one.pace.rate(-2, now - 20.0)
    one.pace.rate(-1, now - 10.0)
    assert one.progress("running").eta == pytest.approx(40.0, rel=0.2)
    assert np.isnan(one.progress("interrupted").eta)


def test_a_batch_says_first_what_it_will_run(tmp_path):
    result = call("batch", "--until", "2026-02", "--workers", 1, "-o", tmp_path / "study")
    assert result.stderr.startswith("1 run = 1 scenario (baseline) × 1 replicate, 2026-01 to 2026-02, on 1 worker, into")
    assert "starting 1 worker" in result.stderr
    assert "1 run in" in result.stderr


# -- adaptive replication ---------------------------------------------------------------------------------------


def test_half_width_is_that_of_a_t_interval():
    from scipy import stats

    values = np.array([9.0, 10.0, 12.0, 11.0])
    low, high = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert half_width(values) == pytest.approx((high - low) / 2 / values.mean())
    assert half_width(np.array([1.0])) == np.inf


def test_replicates_go_on_until_the_mean_is_sure_or_the_cap_is_reached(tmp_path):
    what: Any = {"scenarios": "baseline", "reps": 2, "until": "2026-03", "workers": 1}
    easy = batch(**what, until_ci=f"99%:{POWERED}", out=tmp_path / "easy")
    assert len(easy.notes()) == 2
    hard = batch(**what, until_ci="0.000001%:Power|Price@USA", most_reps=6, out=tmp_path / "hard")
    frame = hard.frame([POWERED], ["USA"])
    assert sorted(frame["replicate"].unique()) == [0, 1, 2, 3, 4, 5]


# -- commands ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["baseline"], 2, "-o STUDY"),
        (["baseline", "-o", "x", "--resume", "y"], 2, "give one of them"),
        (["baselin", "-o", "{out}"], 3, "did you mean baseline"),
        (["--resume", "{out}"], 2, "is no study"),
        (["baseline", "-o", "{out}", "--vary", "world"], 2, "nothing is unsure"),
        (["baseline", "-o", "{out}", "--until", "2026-13"], 2, "is not a month"),
        (["baseline", "-o", "{out}", "--until-ci", "5"], 2, "allowed: PERCENT"),
    ],
)
def test_wrong_use_is_told_before_anything_is_written(tmp_path, args, code, words):
    out = tmp_path / "study"
    result = call("batch", *(arg.replace("{out}", str(out)) for arg in args))
    assert (result.exit_code, words in result.stderr) == (code, True), result.stderr
    assert not out.exists()


def test_python_has_the_same(tmp_path):
    assert wattrace.batch is batch
    assert wattrace.Study is Study
    with pytest.raises(ValueError, match="out is missing"):
        wattrace.batch("baseline")


def test_a_list_of_what_varies_that_is_not_there_is_named_with_those_that_are(tmp_path):
    result = call("batch", "baseline", "--vary", "nofile", "-o", tmp_path / "study")
    assert result.exit_code == 3
    assert "vary is 'nofile'; allowed: world, default, power, or a file" in result.output
    assert not (tmp_path / "study").exists()


# -- zones ------------------------------------------------------------------------------------------------------


def test_zones_are_kept_where_asked_for_and_compared(tmp_path, study):
    assert not study.zone_variables
    found = batch(["baseline", "robots-early"], reps=2, until="2026-03", out=tmp_path / "study", workers=1, scope="zones")
    world = run("baseline", seed=1, until="2026-03").world
    zones = list(world.places.zones)
    assert list(found.layout.regions) == [*study.layout.regions, *zones]
    assert found.zone_variables == [name for name, scope in world.record.scope.items() if scope == "zone"]
    frame = found.frame(["Power|Zone Price", POWERED], scenarios=["baseline"])
    frame = frame[frame["replicate"] == 0].astype({"region": str})
    wide = frame.pivot_table(index="month", columns="region", values="Power|Zone Price", observed=True)
    np.testing.assert_array_equal(wide[zones], world.record.data["Power|Zone Price"].astype(np.float32))
    assert set(wide.columns) == {*zones, "World"}
    assert set(frame[frame[POWERED].notna()]["region"]) == set(study.layout.regions)
    rows = wattrace.compare(found, "baseline").effects
    assert set(rows[rows["variable"] == "Power|Zone Price"]["region"]) == {*zones, "World"}
    assert set(rows[rows["variable"] == POWERED]["region"]) == set(study.layout.regions)
    assert rows["worlds"].eq(2).all() or rows[rows["worlds"] < 2]["baseline"].isna().all()
    result = call("compare", found.folder, "--export", "iamc", "--quiet")
    assert result.exit_code == 0, result.output
    lines = (found.folder / "compare" / "iamc.csv").read_text(encoding="utf-8").splitlines()
    assert any(f",{zones[0]},Power|Zone Price,USD/MWh," in line for line in lines)
    with pytest.raises(ValueError, match="allowed: nations, zones"):
        batch(["baseline"], until="2026-03", out=tmp_path / "other", scope="cities")


def test_parts_of_nothing_and_retry_of_nothing_are_refused(tmp_path):
    result = call("batch", "baseline", "--parts", "-o", tmp_path / "new")
    assert result.exit_code == 2
    assert "--parts is given, but baseline has 0; allowed: a scenario of two or more policies" in result.stderr
    result = call("batch", "baseline", "--retry", "-o", tmp_path / "new")
    assert result.exit_code == 2
    assert "--retry is given without --resume" in result.stderr
    assert not (tmp_path / "new").exists()
