"""Scenario files explained, compared, begun; distributions; numbers of any table."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from wattrace.cli import cli
from wattrace.model import World
from wattrace.scenarios.choices import choices
from wattrace.scenarios.parts import Distribution
from wattrace.scenarios.read import LIBRARY, load_scenario
from wattrace.scenarios.scenario import Scenario, ScenarioError
from wattrace.scenarios.tools import diff, explain, notes, schema

TOP = 'schema_version = 1\nname = "mine"\nextends = ["us-fast-permits"]\n'


def call(*args):
    return CliRunner().invoke(cli, [str(arg) for arg in args])


def test_explain_says_for_each_value_file_line_and_source(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TOP + '[world]\n"tech.openness" = { to = "20 %", source = "assumption: mine" }\n', encoding="utf-8")
    lines = {line.key: line for line in explain(path)}
    assert lines["policy.USA.permit_time"].place == "us-fast-permits.toml:7"
    assert lines["policy.USA.permit_time"].source.startswith("assumption")
    assert lines["world.tech.openness"].place.endswith("mine.toml:5")
    assert lines["world.tech.openness"].source == "assumption: mine"
    assert lines["start"].place == "baseline.toml:4"
    assert lines["draws"].place == "default"


def test_diff_prints_only_what_differs():
    assert diff(load_scenario("baseline"), load_scenario("baseline")) == []
    rows = diff(load_scenario("baseline"), load_scenario("us-solar-duties-lifted"))
    assert rows == [("policy.USA.solar_duty", "- (1)", "0 from 2027-01 over 24 months, announced 2026-07")]


def test_diff_gives_the_value_in_force_where_one_says_nothing():
    plain = load_scenario("baseline")
    cell = "zone_capacity/us-west/solar"
    other = Scenario(name="other", policy={"CHN": {"stance": "fixed"}}, world={"tech.openness": 0.2, cell: 80.0})
    tables = World("baseline", until="2026-02").tables
    now = tables["zone_capacity"].value(zone="us-west", technology="solar")
    assert diff(plain, other) == [
        ("policy.CHN.stance", "- (adaptive)", "fixed"),
        ("world.tech.openness", f"- ({tables.param('tech.openness'):g})", "0.2"),
        (f"world.{cell}", f"- ({now:g} GW)", "80 GW"),
    ]


def test_explain_lists_the_levers_that_nobody_sets_with_the_value_in_force():
    lines = {line.key: line for line in explain("us-fast-permits")}
    assert lines["policy.USA.permit_time"].value == "0.5 from 2027-01, announced 2026-07; 1 before"
    assert (lines["policy.ALL.stance"].value, lines["policy.ALL.stance"].place) == ("adaptive", "-")
    (rest,) = (key for key in lines if key.endswith(".permit_time") and "CHN" in key)
    assert "USA" not in rest


def test_names_lists_all_that_can_be_set_and_what_holds_a_word():
    rows = json.loads(call("scenarios", "names", "--json").stdout)
    known = choices()
    assert len(rows) == len(known.levers) + len(known.parameters)
    assert [row["name"] for row in json.loads(call("scenarios", "names", "stance", "--json").stdout)] == ["policy.NATION.stance"]
    assert call("scenarios", "names", "nosuchword").exit_code == 2


def test_notes_tell_of_numbers_outside_their_range():
    told = notes(Scenario(name="n", world={"tech.openness": 0.9, "days.load_calm": 0.5}))
    assert [note for note in told if "outside the range tabled" in note] == told
    assert len(told) == 1


def test_a_new_file_is_valid_and_an_existing_one_is_left_alone(tmp_path):
    path = tmp_path / "My Idea.toml"
    begun = call("scenarios", "new", path)
    assert begun.exit_code == 0
    assert "wattrace scenarios check" in begun.stderr
    assert "wattrace scenarios names" in path.read_text(encoding="utf-8")
    assert load_scenario(path).name == "my-idea"
    again = call("scenarios", "new", path)
    assert (again.exit_code, "exists already" in again.stderr) == (2, True)


def test_check_tells_all_faults_of_all_files_and_ends_with_3(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text("schema_version = 1\n[policy.USA]\nai_tax = 7\n", encoding="utf-8")
    result = call("scenarios", "check", "baseline", tmp_path / "a.toml", tmp_path / "b.toml")
    assert result.exit_code == 3
    assert "baseline: ok" in result.stdout
    assert all(f"{name}.toml:3" in result.stderr for name in ("a", "b"))
    assert set(json.loads(call("scenarios", "check", "baseline", "--json").stdout)["baseline"]) == {"faults", "notes"}


def test_the_schema_admits_what_the_library_holds():
    text = json.dumps(schema())
    assert json.loads(text)["properties"]["policy"]["properties"]
    for path in LIBRARY.glob("*.toml"):
        assert all(f'"{key}"' in text for key in path.read_text(encoding="utf-8").split("=")[0].split())


def test_every_number_of_the_tables_can_be_set(tmp_path):
    path = tmp_path / "mine.toml"
    rows = [
        '"zone_capacity/us-west/solar" = "50 GW"',
        '"load_profile/us-west/01/h05" = "1.1"',
        '"technology_costs/USA/solar/capex_usd_per_kw" = "500 USD/kW"',
    ]
    path.write_text('schema_version = 1\nname = "mine"\n[world]\n' + "\n".join(rows), encoding="utf-8")
    tables = World(str(path), until="2026-02").tables
    assert tables["zone_capacity"].value(zone="us-west", technology="solar") == 50.0
    assert tables["load_profile"].hours(zone="us-west", month="01")[5] == 1.1
    assert tables["technology_costs"].value(nation="USA", technology="solar", item="capex_usd_per_kw") == 500.0
    plain = World("baseline", until="2026-02").tables
    assert plain["zone_capacity"].value(zone="us-west", technology="solar") != 50.0


def test_a_number_that_does_not_count_yet_is_a_fault_of_the_scenario():
    scenario = Scenario(name="early", start="2016-01", until="2016-03", world={"robot_values/Tesla Optimus/line_capacity": 100.0})
    with pytest.raises(ScenarioError, match="counts at 2016-01"):
        World(scenario)


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [("uniform", (1.0, 3.0)), ("triangular", (1.0, 2.0, 4.0)), ("normal", (1.0, 3.0)), ("lognormal", (1.0, 3.0)), ("values", (1.0, 2.0))],
)
def test_distributions_have_the_quantiles_they_are_given(kind, numbers):
    spread = Distribution(kind=kind, numbers=numbers)
    at = np.array([spread.quantile(u) for u in np.linspace(0.001, 0.999, 999)])
    assert (np.diff(at) >= 0).all()
    if kind in ("normal", "lognormal"):
        np.testing.assert_allclose([spread.quantile(0.1), spread.quantile(0.9)], numbers, rtol=1e-9)
    else:
        assert numbers[0] <= at[0]
        assert at[-1] <= numbers[-1]


def test_a_single_run_takes_the_median_of_what_is_unsure():
    scenario = Scenario(name="u", uncertain={"tech.openness": {"dist": "uniform", "low": 0.2, "high": 0.4}})
    assert scenario.overrides() == {"tech.openness": pytest.approx(0.3)}
    assert scenario.drawn({"tech.openness": 0.21}).overrides() == {"tech.openness": 0.21}
    assert Scenario(**scenario.model_dump()) == scenario


def test_errors_from_python_are_plain():
    with pytest.raises(ScenarioError) as caught:
        Scenario(name="x", policy={"USA": {"permit_tme": 1}}, wrld={})
    assert caught.value.faults == [
        "policy.USA.permit_tme is not a known lever; did you mean permit_time or queue_time?",
        "wrld is not known; did you mean world?",
    ]
    with pytest.raises(ScenarioError, match="name is missing"):
        Scenario()


def test_an_early_start_says_how_much_it_knows_too_early():
    early = [note for note in notes(Scenario(name="early", start="2016-01", until="2017-01")) if "named numbers" in note]
    assert len(early) == 1
    assert not any("named numbers" in note for note in notes(Scenario(name="now")))
    count = int(early[0].split()[1])
    fewer = notes(Scenario(name="early", start="2016-01", until="2017-01", world={"tech.fishing_out": 0.4}))
    assert any(f"start: {count - 1} of" in note for note in fewer)


def test_explain_counts_later_knowledge(tmp_path):
    path = tmp_path / "early.toml"
    path.write_text('schema_version = 1\nname = "early"\nstart = 2019-01-01\nuntil = 2020-01-01\n', encoding="utf-8")
    told = [line.value for line in explain(str(path)) if line.key == "later knowledge"]
    assert len(told) == 1
    assert "younger than 2019-01" in told[0]
    assert not [line for line in explain("baseline") if line.key == "later knowledge"]
