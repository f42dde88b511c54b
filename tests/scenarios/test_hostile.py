"""Forty scenario files that are malformed or hostile: each is refused within a second, with the right words, and nothing is written."""

from __future__ import annotations

import time

import pytest
from wattrace.scenarios.parts import ScenarioError
from wattrace.scenarios.read import load_scenario

TOP = 'schema_version = 1\nname = "mine"\n'
USA = TOP + "[policy.USA]\n"
WORLD = TOP + "[world]\n"
SHOCK = TOP + "[[shocks]]\n"
LATER = 'what = "fab_outage"\non = 2028-01-01\nlasts = "1 month"\nsource = "x"\n'
STEP = 'permit_time = [{ on = 2027-01-01, to = "50 %", source = "assumption: x" }'

CASES: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "schema_version is missing"),
    "binary": (b"\x7fELF\x00\xff", "is not UTF-8"),
    "null bytes": (b"a\0b", "is not TOML"),
    "not TOML": ("schema_version: 1", "is not TOML"),
    "YAML": ("---\nname: mine\n", "is not TOML"),
    "ten megabytes": (TOP + "title = '" + "x" * 10_000_000 + "'", "larger than 1000000 bytes"),
    "one long line": (TOP + "title = '" + "x[{" * 300_000 + "'", "nested deeper"),
    "long header": (TOP + "[" + "a " * 400_000 + "\n", "is not TOML"),
    "5000 levels of lists": (TOP + "world = " + "[" * 5000 + "]" * 5000, "nested deeper"),
    "5000 levels over lines": (TOP + "world = " + "[\n" * 5000 + "]" * 5000, "nested deeper"),
    "5000 levels of dots": (TOP + "a" + ".a" * 5000 + " = 1", "nested deeper"),
    "30 levels": (TOP + "world = " + "{ a = " * 30 + "1" + "}" * 30, "nested deeper"),
    "ten thousand unknown keys": (TOP + "".join(f"k{i} = 1\n" for i in range(10_000)), "is not part of a scenario"),
    "ten thousand unknown parameters": (WORLD + "".join(f'"tech.opennes{i}" = 1\n' for i in range(10_000)), "first 100 faults"),
    "repeated key": (TOP + 'name = "other"\n', "is not TOML"),
    "wrong version": ('schema_version = 2\nname = "mine"\n', "allowed: 1"),
    "version true": ('schema_version = true\nname = "mine"\n', "allowed: 1"),
    "huge integer": ("schema_version = 1" + "0" * 6000, "cannot be read"),
    "unknown top key": (TOP + "polciy = {}\n", "did you mean policy"),
    "path in name": ('schema_version = 1\nname = "../etc"\n', "small letters"),
    "terminal codes in title": (TOP + 'title = "\\u001b[2J"\n', "a text of up to"),
    "path escape": (TOP + 'extends = ["../../etc/passwd"]\n', "neither built in nor a file beside"),
    "absolute path": (TOP + 'extends = ["/etc/passwd"]\n', "neither built in nor a file beside"),
    "URL": (TOP + 'extends = ["http://example.org/x.toml"]\n', "neither built in nor a file beside"),
    "cycle": (TOP + 'extends = ["mine"]\n', "no cycles"),
    "too many parents": (TOP + "extends = [" + '"baseline",' * 50 + "]\n", "up to 20"),
    "impossible date": (TOP + "start = 2026-13-45\n", "is not TOML|cannot be read"),
    "date in mid-month": (USA + 'permit_time = [{ on = 2027-02-30, to = 1, source = "x" }]\n', "is not TOML|cannot be read"),
    "end before start": (TOP + "start = 2026-06-01\nuntil = 2026-01-01\n", "an end after the start"),
    "far future": (TOP + "until = 9999-01-01\n", "allowed: 2016-01 to 2101-01"),
    "repeated date": (USA + STEP + ", " + STEP[15:] + "]\n", "ever later months"),
    "announced too late": (USA + 'permit_time = [{ announced = 2028-01-01, on = 2027-01-01, to = 1, source = "x" }]\n', "no later than"),
    "power tower": (USA + 'permit_time = "9**9**9 GW"\n', "allowed"),
    "nan": (USA + "permit_time = nan\n", "finite"),
    "inf": (USA + "permit_time = inf\n", "finite"),
    "nan as text": (USA + 'permit_time = "nan"\n', "plain number"),
    "code for a number": (USA + "permit_time = \"__import__('os')\"\n", "plain number"),
    "beyond the bound": (USA + "permit_time = 1e308\n", "allowed: 0.1 to 4"),
    "wrong unit": (WORLD + '"tech.training_months" = "9 GW"\n', "months"),
    "no unit": (WORLD + '"tech.training_months" = 9\n', "without a unit"),
    "unknown nation": (TOP + "[policy.ATLANTIS]\nai_tax = 0\n", "not a known nation"),
    "unknown lever": (USA + "permit_tme = 1\n", "did you mean permit_time"),
    "unknown cell": (WORLD + '"zone_capacity/us-wst/solar" = "5 GW"\n', "did you mean zone_capacity/us-west/solar"),
    "no source": (USA + "permit_time = [{ on = 2027-01-01, to = 1 }]\n", "has no source"),
    "empty source": (USA + 'permit_time = [{ on = 2027-01-01, to = 1, source = " " }]\n', "is empty"),
    "upside-down distribution": (WORLD + '"tech.openness" = { dist = "uniform", low = 1, high = 0, source = "x" }\n', "numbers that rise"),
    "unknown distribution": (WORLD + '"tech.openness" = { dist = "cauchy", source = "x" }\n', "allowed: table, uniform"),
    "unknown shock": (SHOCK + 'what = "meteor"\n', "allowed: fab_outage"),
    "unknown shock without dates": (SHOCK + 'what = "meteor"\n', "has no where, on, lasts, source"),
    "shock nowhere": (SHOCK + LATER + 'where = "Mars"\n', "Mars"),
    "more than all": (SHOCK + LATER + 'where = "TWN"\nshare = "200 %"\n', "100 %"),
    "a thousand shocks": (TOP + '[[shocks]]\nwhat = "fab_outage"\n' * 1000, "up to 100 tables"),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _imported(tmp_path_factory):
    """What is read once a process (tables, units) is no part of the second."""
    folder = tmp_path_factory.mktemp("warm")
    (folder / "mine.toml").write_text(WORLD + '"tech.training_months" = "9 GW"\n"zone_capacity/x" = 1\n', encoding="utf-8")
    with pytest.raises(ScenarioError):
        load_scenario(folder / "mine.toml")


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_file_is_refused_within_a_second(tmp_path, case):
    content, words = CASES[case]
    path = tmp_path / "mine.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    began = time.process_time()
    with pytest.raises(ScenarioError, match=words) as caught:
        load_scenario(path)
    assert time.process_time() - began < 1.0
    assert all("mine.toml" in fault for fault in caught.value.faults)
    assert len(str(caught.value)) < 40_000
    assert [one.name for one in tmp_path.iterdir()] == ["mine.toml"]


def test_there_are_forty_of_them():
    assert len(CASES) >= 40


@pytest.mark.parametrize("month", ["0000-01", "1899-12", "2101-02"])
def test_dates_of_steps_and_shocks_lie_in_a_range(tmp_path, month):
    path = tmp_path / "mine.toml"
    step = f'permit_time = [{{ announced = "{month}", on = "{month}", to = "50 %", source = "assumption: x" }}]\n'
    shock = f'[[shocks]]\nwhat = "fab_outage"\nwhere = "USA"\nshare = 0.5\non = "{month}"\nlasts = "1 month"\nsource = "x"\n'
    path.write_text(USA + step + shock, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    told = [fault for fault in caught.value.faults if f"is {month}; allowed: a month from 1900-01 to 2101-01" in fault]
    assert len(told) == 3


def test_a_place_that_is_not_known_is_not_taken_for_a_company(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(SHOCK + LATER + 'where = "Narnia"\nshare = 0.5\n', encoding="utf-8")
    with pytest.raises(ScenarioError, match="Narnia'; allowed: USA, CHN"):
        load_scenario(path)
    path.write_text(SHOCK + LATER + 'where = "Nvidea"\nshare = 0.5\n', encoding="utf-8")
    with pytest.raises(ScenarioError, match="did you mean Nvidia"):
        load_scenario(path)


def test_faults_of_form_do_not_hide_faults_of_values(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nextnds = []\n[policy.USA]\npermit_tme = 1\nai_tax = 7\n', encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert [fault.split(":")[1] for fault in caught.value.faults] == ["1", "2", "4", "5"]
