"""Scenario files: everything wrong is said at once, with its line, and nothing hostile gets through."""

from __future__ import annotations

import pytest
from wattrace.scenarios.lines import find_lines, line_of
from wattrace.scenarios.read import LIBRARY, list_scenarios, load_scenario
from wattrace.scenarios.scenario import Scenario, ScenarioError, choices

TOP = 'schema_version = 1\nname = "mine"\ntitle = "Mine"\n'


def write(folder, text, name="mine.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder, text, name="mine.toml"):
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write(folder, text, name))
    return caught.value.faults


def first_nation():
    return choices().nations[0]


def test_every_scenario_of_the_library_loads_under_its_own_name():
    assert next(iter(list_scenarios())) == "baseline"
    for name, title in list_scenarios().items():
        assert load_scenario(name).name == name
        assert title
    assert len(list_scenarios()) == len(list(LIBRARY.glob("*.toml")))


def test_the_library_does_what_its_names_say():
    known = choices().nations
    assert all(load_scenario("no-launches").policy[nation]["launch_licences"][0].to == 0 for nation in known)
    fast = load_scenario("us-fast-permits").policy
    assert {lever: steps[0].to for levers in fast.values() for lever, steps in levers.items()} == {
        "permit_time": 0.5,
        "queue_time": 0.5,
    }
    assert (load_scenario("frozen").draws, load_scenario("frozen").growth) == (False, False)
    assert load_scenario("baseline").draws


def test_all_faults_are_told_at_once_with_their_lines(tmp_path):
    nation = first_nation()
    text = (
        TOP
        + f"[policy.{nation}]\npermit_tme = 0.5\nai_tax = 7\n[policy.ATLANTIS]\nai_tax = 0\n"
        + '[world]\n"no.such" = 1\n'
    )
    found = faults(tmp_path, text)
    assert len(found) == 4
    assert any("mine.toml:5:" in f and "did you mean permit_time" in f for f in found)
    assert any("mine.toml:6:" in f and "allowed: 0 to" in f for f in found)
    assert any("mine.toml:7:" in f and "ATLANTIS" in f for f in found)
    assert any("mine.toml:10:" in f and "no.such" in f for f in found)


def test_faults_of_form_name_what_is_allowed(tmp_path):
    found = faults(tmp_path, 'schema_version = 2\nname = "mine"\nextnds = []\n[switches]\ngrowht = true\n')
    assert any(":1:" in f and "allowed: 1" in f for f in found)
    assert any(":3:" in f and "did you mean extends" in f for f in found)
    assert any(":5:" in f and "did you mean growth" in f for f in found)
    assert "schema_version is missing" in faults(tmp_path, 'name = "mine"\n')[0]


def test_a_step_without_source_is_refused_at_its_own_line(tmp_path):
    text = (
        TOP
        + f'[policy.{first_nation()}]\npermit_time = [\n  {{ on = 2027-01-01, to = 0.5, source = "x" }},\n'
    )
    text += "  { on = 2028-01-01, to = 0.4 },\n]\n"
    (found,) = faults(tmp_path, text)
    assert "mine.toml:7:" in found
    assert "source" in found


def test_steps_dates_and_units_are_read(tmp_path):
    text = TOP + f"[policy.{first_nation()}]\npermit_time = [{{ announced = 2026-07-01, on = 2027-01-01, "
    text += 'to = "50 %", over = "2 years", source = "assumption" }]\n'
    text += 'stance = "fixed"\n[switches]\ndraws = false\n'
    scenario = load_scenario(write(tmp_path, text))
    step = scenario.policy[first_nation()]["permit_time"][0]
    assert (step.to, step.on, step.over_months, step.announced) == (0.5, "2027-01", 24, "2026-07")
    assert scenario.policy[first_nation()]["stance"][0].to == 0
    assert (scenario.draws, scenario.growth) == (False, True)


def test_a_child_merges_tables_and_replaces_steps(tmp_path):
    nation = first_nation()
    write(
        tmp_path,
        TOP + f"start = 2025-01-01\n[policy.{nation}]\npermit_time = 0.5\nai_tax = 0.1\n",
        "parent.toml",
    )
    child = 'schema_version = 1\nname = "child"\nextends = ["baseline", "parent"]\n'
    child += f"[policy.{nation}]\nai_tax = 0.2\n"
    scenario = load_scenario(write(tmp_path, child, "child.toml"))
    levers = scenario.policy[nation]
    assert scenario.start == "2025-01"
    assert (levers["permit_time"][0].to, levers["ai_tax"][0].to) == (0.5, 0.2)
    assert scenario.title == ""


def test_faults_are_told_in_the_order_of_lines_and_a_cut_list_says_where_the_whole_one_is(tmp_path):
    text = TOP + f'[world]\n"zzzzzzzzzzzzzzzzzzzzzzzzzzz" = 1\n[policy.{first_nation()}]\nai_tax = 7\n[switches]\ndraws = 3\nwrong = 1\n'
    found = faults(tmp_path, "extnds = []\n" + text)
    lines = [int(one.split(":")[1]) for one in found]
    assert lines == sorted(lines)
    assert len(lines) == 5
    (listed,) = (one for one in found if "zzzzz" in one)
    assert "in all: wattrace scenarios names)" in listed


def test_a_fault_in_a_parent_is_told_at_the_parent(tmp_path):
    write(tmp_path, TOP + f"[policy.{first_nation()}]\nai_tax = 7\n", "parent.toml")
    (found,) = faults(tmp_path, 'schema_version = 1\nname = "child"\nextends = ["parent"]\n', "child.toml")
    assert "parent.toml:5:" in found


def test_cycles_and_escapes_are_refused(tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        write(tmp_path, f'schema_version = 1\nname = "{name}"\nextends = ["{other}"]\n', f"{name}.toml")
    with pytest.raises(ScenarioError, match="no cycles"):
        load_scenario(tmp_path / "a.toml")
    (tmp_path / "inner").mkdir()
    outside = write(tmp_path, TOP, "outside.toml")
    for hostile in ("../outside", "../outside.toml", str(outside), "/etc/passwd", "..", "", "a\\u0000b"):
        text = f'schema_version = 1\nname = "c"\nextends = ["{hostile}"]\n'
        assert "neither built in nor a file beside" in faults(tmp_path / "inner", text)[0]
    (tmp_path / "inner" / "link.toml").symlink_to(outside)
    text = 'schema_version = 1\nname = "c"\nextends = ["link"]\n'
    assert "neither built in nor a file beside" in faults(tmp_path / "inner", text)[0]


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000 + "]" * 5000,
        "a" + ".a" * 3000 + " = 1",
        "a = " + "{b=" * 500 + "1" + "}" * 500,
        "[" + "a." * 60 + "a]\n",
        "a = " + "\n[" * 5000,
        "schema_version = 1\nname = 'x'\ntitle = '" + "x" * 1_000_001 + "'",
        "schema_version = 1" + "0" * 6000,
        "schema_version = ",
        "start = 2026-13-45",
        "\0",
    ],
)
def test_hostile_files_are_refused_quickly(tmp_path, text):
    assert faults(tmp_path, text)


def test_bytes_that_are_not_text_are_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="UTF-8"):
        load_scenario(path)


@pytest.mark.parametrize("name", ["baselin", "no-such-thing", "", "..", "/", "x" * 9000, "a\0b"])
def test_unknown_names_are_refused_with_a_hint(name):
    with pytest.raises(ScenarioError, match=r"did you mean|allowed: baseline"):
        load_scenario(name)


def test_wrong_shapes_never_raise_anything_else(tmp_path):
    for value in (
        "1",
        "true",
        '"x"',
        "[]",
        "[1]",
        "{}",
        "nan",
        "inf",
        "2026-01-01",
        "{ to = inf }",
        "[{ to = 1 }, 3]",
    ):
        for key in (
            "name",
            "title",
            "extends",
            "start",
            "until",
            "policy",
            "world",
            "switches",
        ):
            try:
                load_scenario(write(tmp_path, f"{key} = {value}\n"))
            except ScenarioError:
                continue
            raise AssertionError(f"{key} = {value} passed without a schema_version")
        for head in (
            f"policy.{first_nation()}.ai_tax",
            f"policy.{first_nation()}",
            "world.x",
            "switches.draws",
            "switches.x",
        ):
            try:
                load_scenario(write(tmp_path, f'schema_version = 1\nname = "mine"\n{head} = {value}\n'))
            except ScenarioError:
                continue


def test_lines_are_found_in_tables_dotted_keys_and_lists():
    text = 'a = 1\n[b.c]\n# d = 2\nd = [\n {x=1},\n {x=2},\n]\n[e]\n"f.g" = 3\n'
    assert line_of(("a",), find_lines(text)) == 1
    assert line_of(("b", "c", "d"), find_lines(text)) == 4
    assert line_of(("b", "c", "d", 1, "x"), find_lines(text)) == 6
    assert line_of(("e", "f.g"), find_lines(text)) == 9
    assert line_of(("b", "c", "missing"), find_lines(text)) == 2


def test_the_identity_depends_on_what_is_resolved_and_not_on_the_name():
    baseline = load_scenario("baseline")
    assert baseline.identity() == baseline.model_copy(update={"name": "other", "title": "t"}).identity()
    changed = load_scenario("us-fast-permits")
    assert changed.identity()["policy"] != baseline.identity()["policy"]
    assert changed.identity()["world"] == baseline.identity()["world"]
    assert isinstance(baseline, Scenario)
