"""The command line: data on stdout, one honest exit code for each way to end."""

from __future__ import annotations

import json
import re

import pytest
import wattrace
from click.testing import CliRunner
from wattrace import cli


def call(*arguments):
    return CliRunner().invoke(cli.cli, [str(a) for a in arguments])


@pytest.mark.parametrize(
    "command", [(), ("run",), ("scenarios",), ("scenarios", "show"), ("bench",), ("why",)]
)
def test_every_command_has_help(command):
    result = call(*command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_version_is_the_packages():
    assert wattrace.__version__ in call("--version").output


def test_a_bad_scenario_ends_with_3_and_tells_every_fault(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'schema_version = 1\nname = "mine"\nextnds = []\n[world]\nnothing = 1\n', encoding="utf-8"
    )
    for command in (("run", path), ("scenarios", "show", path)):
        result = call(*command)
        assert result.exit_code == 3
        assert "mine.toml:3:" in result.stderr
        assert result.stdout == ""


def test_an_unknown_scenario_ends_with_3_and_a_hint():
    result = call("run", "baselin")
    assert (result.exit_code, "did you mean baseline" in result.stderr) == (3, True)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--until", "2026-13"),
        ("--start", "26-01"),
        ("--seed", "-1"),
        ("--seed", "x"),
        ("--until", "2020-01"),
        ("--start", "1900-01"),
        ("--start", "2025-12"),
        ("--start", "2027-01"),
        ("--no-such",),
    ],
)
def test_bad_options_end_with_2(wrong, tmp_path):
    result = call("run", *wrong, "--out", tmp_path)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_a_folder_that_cannot_be_written_is_known_before_the_run(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    result = call("run", "--out", tmp_path / "file" / "out")
    assert (result.exit_code, "cannot be written" in result.stderr) == (2, True)


def test_scenarios_are_listed_and_shown_as_text_and_json():
    names = json.loads(call("scenarios", "list", "--json").stdout)
    assert "baseline" in names
    assert all(name in call("scenarios", "list").stdout for name in names)
    shown = json.loads(call("scenarios", "show", "us-fast-permits", "--json").stdout)
    assert set(shown["identity"]) == {"policy", "world", "scenario"}
    assert "permit_time = 0.5" in call("scenarios", "show", "us-fast-permits").stdout


def test_why_without_a_run_ends_with_2(tmp_path):
    result = call("why", tmp_path, "A", "2030-01")
    assert (result.exit_code, "holds no manifest.json" in result.stderr) == (2, True)


def test_a_short_run_prints_the_race_and_writes_its_files(tmp_path):
    result = call("run", "--until", "2026-03", "--out", tmp_path, "--json")
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    assert row["date"] == "2026-03"
    names = {"run.parquet", "events.parquet", "events.csv", "race.csv", "manifest.json"}
    assert {path.name for path in tmp_path.iterdir()} == names | {"race.png", "race.svg"}
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["seed"], manifest["start"], manifest["until"]) == (1, "2026-01", "2026-03")


def test_why_answers_about_a_run_that_was_written(tmp_path):
    assert call("run", "--until", "2026-03", "--out", tmp_path, "--quiet").exit_code == 0
    told = call("why", tmp_path, "usa", "2026-02")
    assert told.exit_code == 0, told.output
    assert "agents.nation.budget" in told.stdout
    shown = json.loads(call("why", tmp_path, "usa", "2026-02", "--json").stdout)
    assert shown["reconstruction"]["figures_differing"] == 0
    assert shown["agent"]["kind"] == "government"
    typo = call("why", tmp_path, "OpnAI", "2026-02")
    assert (typo.exit_code, "did you mean OpenAI" in typo.stderr) == (2, True)
    late = call("why", tmp_path, "usa", "2026-04")
    assert (late.exit_code, "allowed: 2026-01 to 2026-02" in late.stderr) == (2, True)
    end = call("why", tmp_path, "usa", "2026-03")  # the date of the race's last row
    assert end.exit_code == 0
    assert "in 2026-02" in end.stdout
    assert "2026-03 is where the run ends" in end.stdout


def test_why_says_which_of_two_values_was_before_and_which_after(tmp_path):
    assert call("run", "--until", "2026-03", "--out", tmp_path, "--quiet").exit_code == 0
    told = call("why", tmp_path, "usa", "2026-02").stdout
    ((before, after),) = re.findall(r"changed +nation.threat from (\S+) before to (\S+) after", told)
    assert before != after
    assert f"nation.threat {before} (before)" in told
    assert re.search(rf"[^.]threat {re.escape(after)} \(after\)", told)


def test_a_run_of_something_else_in_the_folder_is_told_and_the_same_one_is_not(tmp_path):
    what = ("run", "--until", "2026-02", "--out", tmp_path)
    assert "Note" not in call(*what).stderr
    assert "Note" not in call(*what).stderr
    other = call(*what, "--seed", "2")
    assert (other.exit_code, "held a run of baseline, seed 1, 2026-01 to 2026-02" in other.stderr) == (0, True)


def test_a_start_in_the_past_is_told_on_stderr_and_in_the_manifest(tmp_path):
    result = call("run", "--start", "2025-01", "--until", "2025-02", "--out", tmp_path)
    assert "2025-01 opens the world of that January" in result.stderr
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["tables_known_at"] == "2025-01"


def test_a_start_between_januaries_is_refused_with_what_is_allowed(tmp_path):
    result = call("run", "--start", "2025-12", "--out", tmp_path)
    assert "allowed: a January, 2016-01 to 2026-01" in result.stderr
    assert not (tmp_path / "manifest.json").exists()


def test_a_number_that_is_none_is_answered_with_what_is_allowed():
    assert "'x' is not a whole number from 1 to 100" in call("bench", "--repeats", "x").stderr
    assert "0 is not a whole number from 1" in call("batch", "--reps", "0").stderr.replace("'", "")


@pytest.mark.parametrize(
    ("scenario", "extra", "told"),
    [
        ("baseline", [], "wattrace run baseline --seed 1 --start 2026-01 --until 2026-03"),
        ("baseline", ["--regime", "fiat"], "wattrace run baseline --regime fiat --seed 1 --start 2026-01 --until 2026-03"),
        ("mine.toml", [], "python -c "),
    ],
)
def test_the_command_in_a_manifest_makes_the_same_run(tmp_path, scenario, extra, told):
    import shlex
    import subprocess
    import sys

    (tmp_path / "mine.toml").write_text(
        'schema_version = 1\nname = "baseline"\nextends = ["baseline"]\n[policy.USA]\npermit_time = "50 %"\n', encoding="utf-8"
    )
    given = str(tmp_path / scenario) if scenario.endswith(".toml") else scenario
    done = CliRunner().invoke(cli.cli, ["run", given, *extra, "--until", "2026-03", "--out", str(tmp_path), "--quiet"])
    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["command"].startswith(told)
    words = shlex.split(manifest["command"])
    words = [sys.executable, *words[1:]] if words[0] == "python" else [sys.executable, "-m", *words, "--out", "again", "--quiet"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    again = json.loads((tmp_path / "again" / "manifest.json").read_text(encoding="utf-8"))
    assert again["identity"]["scenario"] == manifest["identity"]["scenario"]
    assert (tmp_path / "again" / "run.parquet").read_bytes() == (tmp_path / "run.parquet").read_bytes()
