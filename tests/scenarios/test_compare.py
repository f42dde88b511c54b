"""Comparisons say what was put into made-up studies: effects, their certainty, crossings, what binds, who did it."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser

import numpy as np
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import stats
from wattrace.cli import cli
from wattrace.scenarios.attribution import packages, policies, with_parts
from wattrace.scenarios.compare import compare, split, student
from wattrace.scenarios.read import load_scenario
from wattrace.scenarios.study import StudyError
from wattrace.viz import figures
from wattrace.viz.export import iamc, write_xlsx
from wattrace.viz.report import report_html, verdict

POWERED, BINDING = "Compute|Powered", "Limit|Binding"
GAIN = 5.0  # what the policy adds, exactly, in every world


def fill(study, key):
    """Luck by world, a policy that adds GAIN to the first nation, and a second nation that overtakes in odd worlds of 2027."""
    layout = study.layout
    luck = np.random.default_rng(key.seed).normal(0.0, 20.0)
    data = np.ones(layout.shape)
    powered = layout.variables.index(POWERED)
    data[powered, 0] = 100.0 + luck + GAIN * (key.scenario != "baseline")
    data[powered, 1] = 50.0 + luck
    if key.replicate % 2:
        data[powered, 1, 12:] = 500.0
    binding = layout.variables.index(BINDING)
    data[binding] = 3.0
    data[binding, 0, :: 2 if key.scenario == "baseline" else 4] = 1.0
    return data


@pytest.fixture(scope="module")
def made(tmp_path_factory, make_study):
    return make_study(tmp_path_factory.mktemp("made") / "study", ["baseline", "us-fast-permits"], fill)


@pytest.fixture(scope="module")
def found(made):
    return compare(made, "baseline")


def row_of(found, variable, region, year=2027):
    rows = found.effects
    (row,) = rows[(rows["variable"] == variable) & (rows["region"] == region) & (rows["year"] == year)].itertuples()
    return row


def test_an_effect_that_is_the_same_in_every_world_is_known_without_doubt(found):
    row = row_of(found, POWERED, "USA")
    assert row.worlds == 6
    np.testing.assert_allclose([row.effect, row.low, row.high, row.p05, row.p95], GAIN, rtol=1e-4)
    assert (row.share_up, row.share_down) == (1.0, 0.0)
    assert row.pairing_gain > 1e6


def test_what_the_policy_leaves_alone_has_no_effect(found):
    row = row_of(found, "Power|Price", "CHN")
    assert (row.effect, row.share_up, row.share_down) == (0.0, 0.0, 0.0)


def test_intervals_are_those_of_a_paired_t_test(tmp_path, make_study):
    def noisy(study, key):
        data = np.ones(study.layout.shape)
        data[study.layout.variables.index(POWERED), 0] += np.random.default_rng(key.number).normal(0, 1)
        return data

    study = make_study(tmp_path / "study", ["baseline", "us-fast-permits"], noisy, reps=9)
    row = row_of(compare(study), POWERED, "USA")
    frame = study.frame([POWERED], ["USA"])
    wide = frame[frame["month"] == 23].pivot_table(index="replicate", columns="scenario", values=POWERED, observed=True)
    d = (wide["us-fast-permits"] - wide["baseline"]).to_numpy(dtype=float)
    low, high = stats.t.interval(0.95, len(d) - 1, loc=d.mean(), scale=stats.sem(d))
    np.testing.assert_allclose([row.low, row.high], [low, high], rtol=1e-4)


def test_student_factors_are_those_of_the_tables():
    np.testing.assert_allclose(student(np.array([2, 10, 200])), stats.t.ppf(0.975, [1, 9, 199]))
    assert np.isnan(student(np.array([0, 1]))).all()


def test_crossing_dates_are_distributions_with_never(found):
    rows = found.crossings
    (row,) = rows[(rows["variable"] == POWERED) & (rows["scenario"] == "baseline")].itertuples()
    assert (row.ahead, row.behind) == ("CHN", "USA")
    assert (row.never, row.p50, row.from_start, row.leads_at_end) == (0.5, "2027-01", 0.0, 0.5)


def test_what_binds_is_a_share_of_months(found):
    rows = found.binding
    usa = rows[(rows["scenario"] == "baseline") & (rows["region"] == "USA") & (rows["year"] == 2026)]
    assert dict(zip(usa["cause"], usa["share"], strict=True)) == {"permit": 0.5, "turbines": 0.5}
    assert set(rows["region"]) == set(found.yearly.regions[:-2])


def test_inputs_stand_beside_outputs(found):
    assert set(found.inputs["input"]) == {"policy.USA.permit_time", "policy.USA.queue_time"}


def test_variance_is_split_into_policy_world_and_interaction():
    rng = np.random.default_rng(1)
    policy, world = np.array([0.0, 3.0])[:, None], rng.normal(size=(1, 50))
    parts = split(policy + world)
    assert parts["interaction"] == pytest.approx(0.0, abs=1e-12)
    assert parts["policy"] + parts["world"] == pytest.approx(1.0)
    parts = split(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    assert parts["interaction"] == pytest.approx(1.0)
    assert np.isnan(split(np.ones((2, 3)))["policy"])


def test_a_failed_run_takes_its_pair_out_and_nothing_else(tmp_path, make_study):
    from wattrace.scenarios import store

    study = make_study(tmp_path / "study", ["baseline", "us-fast-permits"], fill, reps=3)
    chunk = next(c for c, (first, last) in enumerate(study.all_chunks) if first <= 3 < last)
    keys = study.keys(chunk)
    for key in keys:
        if key.number == 3:
            store.spool_failure(study.folder, 3, "error", "2026-05", "made up")
        else:
            store.spool(study.folder, key.number, fill(study, key).astype(np.float32))
    store.write_part(study.folder, chunk, study.identity, keys, study.layout)
    assert len(study.failures()) == 1
    row = row_of(compare(study), POWERED, "USA")
    assert (row.worlds, row.share_up) == (2, 1.0)


def test_a_study_of_one_scenario_has_levels_and_no_effects(tmp_path, make_study):
    study = make_study(tmp_path / "study", ["baseline"], fill, reps=2)
    found = compare(study)
    assert found.effects.empty
    assert found.table().empty
    assert len(found.levels) == len(study.layout.variables) * len(study.layout.regions) * 2
    result = CliRunner().invoke(cli, ["compare", str(study.folder), "--only", "race", "--quiet", "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


# -- attribution ------------------------------------------------------------------------------------------------


def in_parts(study, key):
    """Permits add 10, queues 20, both together another 6."""
    data = np.ones(study.layout.shape)
    taken = {lever for _, lever in policies(study.scenarios[key.scenario])}
    value = 10.0 * ("permit_time" in taken) + 20.0 * ("queue_time" in taken) + 6.0 * (len(taken) == 2)
    data[study.layout.variables.index(POWERED), 0] = 100.0 + value + key.seed
    return data


def test_shapley_shares_split_what_policies_do_together(tmp_path, make_study):
    scenarios = with_parts([load_scenario("baseline"), load_scenario("us-fast-permits")])
    assert [one.name for one in scenarios] == ["baseline", "us-fast-permits", "us-fast-permits--2", "us-fast-permits--1"]
    study = make_study(tmp_path / "study", scenarios, in_parts)
    (package,) = packages(study.scenarios)
    assert package.complete
    rows = compare(study).attribution
    rows = rows[(rows["variable"] == POWERED) & (rows["region"] == "USA")].set_index("policy")
    np.testing.assert_allclose(rows["shapley"], [13.0, 23.0], rtol=1e-5)
    np.testing.assert_allclose(rows["alone"], [10.0, 20.0], rtol=1e-5)
    np.testing.assert_allclose(rows["last"], [16.0, 26.0], rtol=1e-5)
    assert rows["shapley"].sum() == pytest.approx(rows["whole"].iloc[0], rel=1e-5)
    assert compare(study).shown == ["us-fast-permits"]


def test_nine_policies_are_run_alone_and_left_out_only():
    scenarios = with_parts([load_scenario("baseline"), load_scenario("chips-controls-lifted")])
    assert len(scenarios) == 2 + 2 * 9
    assert len({one.name for one in scenarios}) == len(scenarios)


# -- what is written --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(made, tmp_path_factory):
    out = tmp_path_factory.mktemp("written")
    command = ["compare", str(made.folder), "--baseline", "baseline", "--out", str(out), "--export", "iamc", "--export", "long"]
    result = CliRunner().invoke(cli, [*command, "--export", "xlsx"])
    assert result.exit_code == 0, result.output
    return out, result.stdout


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]


def test_the_report_needs_nothing_else_and_every_figure_is_told_in_words(written):
    out, _ = written
    text = (out / "report.html").read_text(encoding="utf-8")
    assert len(text) < 3_000_000
    reader = Reader()
    reader.feed(text)
    assert not [tag for tag, _ in reader.tags if tag in ("script", "link", "iframe", "img")]
    assert not re.findall(r"(?:src|href)=\"(?!#)[^\"]*\"|url\((?!#)", re.sub(r"xmlns[:\w]*=\"[^\"]*\"", "", text))
    figures = [attrs for tag, attrs in reader.tags if tag == "svg"]
    assert len(figures) >= 6
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 40 for attrs in figures)
    assert len(reader.ids) == len(set(reader.ids)), "ids of figures must not meet"
    assert text.count("--only ") == len(figures)
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text


def test_the_first_screen_says_who_leads_when_how_surely_and_why(written):
    _, told = written
    assert "USA has more powered AI compute than CHN in 2027 in 50% of 6 worlds of baseline" in told
    assert "CHN overtakes USA in 50% of 6 worlds, half of these by 2027-01; in 50% never." in told
    assert "What holds them back: USA is held back most often by permit (50% of months)" in told
    assert "Where the lead comes from: USA has " in told
    assert "us-fast-permits, powered compute in 2027: raises USA's by" in told
    assert "same sign in 100% of worlds" in told
    assert "In the last 2 years what holds USA back is permit in 25% of months, in the baseline in 50%." in told


def test_a_nation_ahead_all_the_way_is_said_to_be_and_dust_is_nothing(tmp_path, make_study):
    def dusty(study, key):
        data = np.ones(study.layout.shape)
        data[study.layout.variables.index(POWERED), 0] = 2.0
        data[study.layout.variables.index("Compute|Stranded"), 1] = 1e-15 * key.seed
        return data

    comparison = compare(make_study(tmp_path / "study", ["baseline", "us-fast-permits"], dusty, reps=3), "baseline")
    assert verdict(comparison)[0].startswith("USA has more powered AI compute than CHN in 2027 in all 3 worlds of baseline")
    assert verdict(comparison)[1] == "USA is ahead all the way, 2026-01 to 2027-12: CHN overtakes it in none of 3 worlds."
    text = report_html(comparison, [], "wattrace compare study")
    assert "<h1>us-fast-permits compared with baseline</h1>" in text
    assert "e-15" not in text


def test_figures_lie_beside_the_report_as_svg_and_png(written):
    out, _ = written
    names = {path.name for path in (out / "figures").iterdir()}
    assert {"race.svg", "race.png", "effects.svg", "binding.png"} <= names
    assert "<title>" not in (out / "report.html").read_text(encoding="utf-8").split("</head>")[1]


def test_the_iamc_table_has_the_columns_that_readers_want(written, found):
    out, _ = written
    with (out / "iamc.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["Model", "Scenario", "Region", "Variable", "Unit", "2026", "2027"]
    (row,) = [r for r in rows if (r["Scenario"], r["Region"], r["Variable"]) == ("baseline", "USA", POWERED)]
    assert float(row["2027"]) == pytest.approx(found.yearly.of(POWERED, "baseline", "USA")[:, 1].mean(), rel=1e-4)
    assert {r["Scenario"] for r in rows} == {f"{s}{q}" for s in ("baseline", "us-fast-permits") for q in ("", " (p05)", " (p50)", " (p95)")}
    assert not iamc(found).duplicated(["Model", "Scenario", "Region", "Variable", "Unit"]).any()


def test_the_iamc_table_reads_as_pyam_reads_it(written):
    """By pyam's rules: index columns in any case, no empty or doubled index, every other column a year as a whole number."""
    out, _ = written
    wide = pd.read_csv(out / "iamc.csv").rename(columns=str.lower)
    index = ["model", "scenario", "region", "variable", "unit"]
    assert set(index) <= set(wide.columns)
    years = [column for column in wide.columns if column not in index]
    assert [int(year) for year in years] == [2026, 2027]
    assert all(wide[column].map(lambda value: isinstance(value, str)).all() for column in index)
    long = wide.melt(id_vars=index, value_vars=years, var_name="year", value_name="value").dropna(subset="value")
    assert pd.api.types.is_float_dtype(long["value"])
    assert not long.duplicated([*index, "year"]).any()
    assert long.groupby("variable")["unit"].nunique().eq(1).all()
    assert not long["variable"].str.contains(r"^\||\|$|\|\||[*\n]").any()


def test_the_workbook_opens_and_holds_the_numbers(written, tmp_path):
    out, _ = written
    book = openpyxl.load_workbook(out / "comparison.xlsx")
    assert {"effects", "crossings", "inputs"} <= set(book.sheetnames)
    head, first = list(book["crossings"].values)[:2]
    assert head[0] == "variable"
    assert first[0] == POWERED
    write_xlsx(tmp_path / "x.xlsx", {"a<b&c": pd.DataFrame({"x": [1.5, np.nan], "<&>": ["ä", "=1+1"]})})
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0]
    assert list(sheet.values) == [("x", "<&>"), (1.5, "ä"), (None, "=1+1")]


def test_the_same_study_gives_the_same_report(written, made, tmp_path):
    out, _ = written
    again = CliRunner().invoke(cli, ["compare", str(made.folder), "--out", str(tmp_path), "--quiet"])
    assert again.exit_code == 0
    assert (tmp_path / "report.html").read_bytes() == (out / "report.html").read_bytes()


def test_one_figure_alone_and_json(made, tmp_path):
    result = CliRunner().invoke(cli, ["compare", str(made.folder), "--only", "lead", "--out", str(tmp_path), "--json", "--quiet"])
    assert {path.name for path in tmp_path.rglob("*.*")} == {"lead.svg", "lead.png"}
    rows = json.loads(result.stdout)
    assert {row["region"] for row in rows} == {"USA", "CHN", "World"}


def test_a_study_without_runs_and_an_unknown_baseline_are_told(tmp_path, made):
    with pytest.raises(StudyError, match="did you mean baseline"):
        compare(made, "baselin")
    with pytest.raises(StudyError, match="is no study"):
        compare(tmp_path)
    result = CliRunner().invoke(cli, ["compare", str(tmp_path)])
    assert (result.exit_code, "is no study" in result.stderr) == (2, True)


def same_everywhere(study, key):
    return np.random.default_rng(key.seed).uniform(50.0, 60.0, study.layout.shape)


def test_a_policy_that_begins_after_the_study_ends_is_called_that_and_one_year_is_drawn(tmp_path, make_study):
    comparison = compare(make_study(tmp_path / "study", ["baseline", "us-fast-permits"], same_everywhere, until="2027-01"), "baseline")
    assert any("is the baseline in every number to the end" in line for line in verdict(comparison))
    for draw in (figures.race, figures.effect_over_time):
        drawn = draw(comparison)
        assert drawn is not None
        axes = drawn.figure.axes[0]
        assert axes.get_xlim() == (2025.5, 2026.5)
        points = [line for line in axes.lines if np.size(line.get_xdata()) == 1]
        assert points
        assert all(line.get_marker() == "o" for line in points)


def test_what_flows_is_given_by_year_to_readers_of_iamc(tmp_path, make_study):
    from wattrace.viz.export import iamc, long

    comparison = compare(make_study(tmp_path / "study", ["baseline", "us-fast-permits"], same_everywhere), "baseline")
    wide = iamc(comparison)
    monthly = long(comparison)
    monthly = monthly[(monthly["statistic"] == "mean") & (monthly["scenario"] == "baseline") & (monthly["region"] == "USA")]
    for variable, unit, factor in (("Power|Emissions", "MtCO2/yr", 12.0), ("Coin|Accredited", "GW", 1.0)):
        (row,) = wide[(wide["Scenario"] == "baseline") & (wide["Region"] == "USA") & (wide["Variable"] == variable)].to_dict("records")
        (value,) = monthly[(monthly["variable"] == variable) & (monthly["year"] == 2026)]["value"]
        assert row["Unit"] == unit
        assert row[2026] == pytest.approx(factor * value)


def test_a_comparison_of_an_unfinished_or_damaged_study_says_so(tmp_path, make_study):
    study = make_study(tmp_path / "study", ["baseline", "us-fast-permits"], same_everywhere, reps=4)
    parts = sorted((study.folder / "parts").glob("*.parquet"))
    assert compare(study, "baseline").unfinished == ""
    kept = parts[-1].read_bytes()
    parts[-1].unlink()
    if len(parts) > 1:
        assert verdict(compare(study, "baseline"))[0].startswith("Unfinished: ")
    parts[-1].write_bytes(kept + b" ")
    with pytest.raises(StudyError, match="is not what was written"):
        compare(study, "baseline")
