"""Bad tables are refused as a whole: file, line, what was given, what is allowed."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from wattrace.world import tables as tables_module
from wattrace.world.tables import DATA, Table, TableError, Tables

TOML = """
[places]
about = "Places."
keys = { place = "" }
form = "entities"

[heat]
about = "Heat."
keys = { place = "places", item = "" }
units = ["GW", "1"]
range = [0, 100]
dated = true

[shape]
about = "Hours."
keys = { place = "places" }
units = ["1"]
range = [0, 2]
form = "hours"

[parameters]
about = "Numbers."
keys = { name = "" }

[parameters_more]
about = "More numbers."
keys = { name = "" }
"""
HEADER = "value,unit,low,high,source,year,known_from"
HOURS = ",".join(f"h{h:02d}" for h in range(24))
ONES = ",".join(["1"] * 24)
GOOD = {
    "places.csv": "place,source,known_from\nhere,map,2000-01\nthere,map,2000-01\n",
    "heat.csv": f"place,item,{HEADER},confidence\nhere,warm,5,GW,4,6,test,2020,2021-01,exact\nhere,warm,7,GW,4,9,test,2022,2023-01,exact\n"
    "there,warm,1,GW,1,1,test,2020,2021-01,assumption\n",
    "shape.csv": f"place,unit,{HOURS},source,year,known_from\nhere,1,{ONES},test,2020,2020-01\n",
    "parameters.csv": f"name,{HEADER}\nrule.speed,2,1,1,3,test,2020,2000-01\n",
    "parameters_more.csv": f"name,{HEADER}\nrule.size,3,GW,1,3,test,2020,2000-01\n",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "all.toml").write_text(TOML, encoding="utf-8")
    for name, text in GOOD.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def faults(folder) -> list[str]:
    with pytest.raises(TableError) as error:
        Tables.load("2026-01", folder=folder)
    for fault in error.value.faults:
        assert fault in str(error.value) or len(error.value.faults) > 40
    return error.value.faults


def change(folder, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_good_tables_load(folder):
    tables = Tables.load("2026-01", folder=folder)
    assert tables["heat"].value(place="here", item="warm") == 7.0
    assert (tables.param("rule.speed"), tables.param("rule.size")) == (2.0, 3.0)
    assert tables["shape"].hours(place="here").tolist() == [1.0] * 24


CASES = {
    "unknown key": ("heat.csv", "there,warm", "theer,warm", "heat.csv:4", ("'theer'", "places.csv", "there")),
    "wrong unit": ("heat.csv", "5,GW", "5,MW", "heat.csv:2", ("unit", "'MW'", "GW, 1")),
    "missing unit": ("heat.csv", "5,GW", "5,", "heat.csv:2", ("unit", "''", "GW, 1")),
    "missing unit where any is allowed": ("parameters.csv", "2,1,1", "2,,1", "parameters.csv:2", ("unit is empty",)),
    "missing source": ("heat.csv", "4,6,test", "4,6,", "heat.csv:2", ("source is empty", "assumption")),
    "out of range": ("heat.csv", "5,GW,4,6", "500,GW,4,600", "heat.csv:2", ("value is 500", "0 to 100")),
    "outside low and high": ("heat.csv", "5,GW,4,6", "5,GW,6,8", "heat.csv:2", ("value 5", "6 to 8")),
    "low above high": ("heat.csv", "5,GW,4,6", "5,GW,6,4", "heat.csv:2", ("value 5", "6 to 4")),
    "no number": ("heat.csv", "5,GW,4,6", "five,GW,4,6", "heat.csv:2", ("value is 'five'", "a number")),
    "empty number": ("heat.csv", "5,GW,4,6", ",GW,4,6", "heat.csv:2", ("value is ''", "a number")),
    "not finite": ("heat.csv", "5,GW,4,6", "inf,GW,4,6", "heat.csv:2", ("value is 'inf'", "a finite number")),
    "bad date": ("heat.csv", "2021-01", "2021-13", "heat.csv:2", ("known_from", "'2021-13'", "YYYY-MM")),
    "date of another form": ("places.csv", "2000-01", "Jan 2000", "places.csv:2", ("known_from", "'Jan 2000'", "YYYY-MM")),
    "unknown confidence": ("heat.csv", "exact", "sure", "heat.csv:2", ("confidence", "'sure'", "exact, derived, recalled, assumption")),
    "repeated key": (
        "heat.csv", "there,warm,1,GW,1,1,test,2020", "here,warm,5,GW,4,6,test,2020", "heat.csv:4", ("repeats", "line 2", "here/warm"),
    ),
    "repeated entity": ("places.csv", "there", "here", "places.csv:3", ("repeats", "line 2", "here")),
    "too many fields": ("heat.csv", "2021-01,exact", "2021-01,exact,more", "heat.csv:2", ("11 fields", "10")),
    "too few fields": ("heat.csv", "2021-01,exact", "2021-01", "heat.csv:2", ("9 fields", "10")),
    "missing column": ("heat.csv", "value,unit", "value,units", "heat.csv:1", ("missing: unit", "given")),
    "hour out of range": ("shape.csv", "here,1,1", "here,1,5", "shape.csv:2", ("h00 is 5", "0 to 2")),
    "repeated parameter": (
        "parameters_more.csv", "rule.size", "rule.speed", "parameters_more.csv", ("'rule.speed'", "parameters.csv", "keep one"),
    ),
    "unknown option": ("all.toml", 'form = "hours"', 'shape = "hours"', "all.toml", ("shape", "allowed", "form")),
    "unknown form": ("all.toml", 'form = "hours"', 'form = "days"', "all.toml", ("'days'", "values, hours, entities")),
    "broken declaration": ("all.toml", "[heat]", "[heat", "all.toml", ("TOML",)),
    "missing target": ("all.toml", 'keys = { place = "places" }', 'keys = { place = "spots" }', "shape.csv", ("'spots'", "missing")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_kind_of_fault_says_where_what_and_what_else(folder, case):
    file, old, new, where, words = CASES[case]
    change(folder, file, old, new)
    assert any(fault.startswith(where) and all(word in fault for word in words) for fault in faults(folder)), faults(folder)


SEVERAL = ("unknown option", "unknown form", "broken declaration", "missing column", "low above high", "repeated entity")


@pytest.mark.parametrize("case", [c for c in CASES if c not in SEVERAL])
def test_one_mistake_is_one_fault(folder, case):
    file, old, new, _, _ = CASES[case]
    change(folder, file, old, new)
    assert len(faults(folder)) == 1


def test_a_missing_file_is_named(folder):
    (folder / "shape.csv").unlink()
    assert any("shape.csv" in fault and "missing" in fault for fault in faults(folder))


def test_an_undeclared_file_is_named(folder):
    (folder / "extra.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert any("extra.csv" in fault and "declare" in fault and "[extra]" in fault for fault in faults(folder))


def test_a_file_that_is_not_utf_8_is_named(folder):
    (folder / "places.csv").write_bytes("place,source,known_from\nhere,Zürich,2000-01\n".encode("latin-1"))
    assert any("places.csv" in fault and "UTF-8" in fault for fault in faults(folder))


def test_an_empty_file_is_named(folder):
    (folder / "heat.csv").write_text("", encoding="utf-8")
    assert any(fault.startswith("heat.csv:1") and "columns missing" in fault for fault in faults(folder))


def test_an_empty_folder_is_refused(tmp_path):
    assert any("no table is declared" in fault for fault in faults(tmp_path))


def test_all_faults_are_said_at_once(folder):
    for case in ("unknown key", "wrong unit", "hour out of range", "repeated parameter"):
        change(folder, *CASES[case][:3])
    change(folder, "heat.csv", "2023-01", "2023-00")
    (folder / "extra.csv").write_text("a\n1\n", encoding="utf-8")
    found = faults(folder)
    assert len(found) == 6, found


def test_many_faults_are_counted(folder):
    rows = "".join(f"here,item{i},500,GW,1,600,test,2020,2021-01,exact\n" for i in range(60))
    path = folder / "heat.csv"
    path.write_text(path.read_text(encoding="utf-8") + rows, encoding="utf-8")
    with pytest.raises(TableError, match=r"60 faults(.|\n)*and 20 more"):
        Tables.load("2026-01", folder=folder)


# -- what could be known -----------------------------------------------------------------------------------------


def test_rows_known_later_are_not_seen(folder):
    assert Tables.load("2022-06", folder=folder)["heat"].value(place="here", item="warm") == 5.0
    assert Tables.load("2023-01", folder=folder)["heat"].value(place="here", item="warm") == 7.0
    assert Tables.load("2022-06", folder=folder, hindsight=True)["heat"].value(place="here", item="warm") == 7.0
    assert len(Tables.load("2020-12", folder=folder)["heat"]) == 0


def test_a_named_number_known_later_counts_from_its_first_row_and_is_told(folder):
    path = folder / "parameters_more.csv"
    (folder / "all.toml").write_text(TOML + "dated = true\n", encoding="utf-8")
    rows = "rule.late,4,1,1,9,test,2020,2020-06\nrule.late,5,1,1,9,test,2022,2022-06\n"
    path.write_text(GOOD["parameters_more.csv"] + rows, encoding="utf-8")
    for as_of, value, later in [("2018-01", 4.0, {"rule.late": "2020-06"}), ("2021-01", 4.0, {}), ("2023-01", 5.0, {})]:
        tables = Tables.load(as_of, folder=folder)
        assert (tables.param("rule.late"), tables.later) == (value, later)
    assert Tables.load("2018-01", folder=folder, overrides={"rule.late": 7.0}).param("rule.late") == 7.0


def test_deleting_what_is_known_later_changes_nothing(folder):
    early = Tables.load("2022-06", folder=folder)
    grid = early["heat"].grid("place", early.labels("places"), "item", ["warm"], missing=0.0)
    change(folder, "heat.csv", "here,warm,7,GW,4,9,test,2022,2023-01,exact\n", "")
    tables_module._read_checked.cache_clear()
    again = Tables.load("2022-06", folder=folder)
    np.testing.assert_array_equal(again["heat"].grid("place", again.labels("places"), "item", ["warm"], missing=0.0), grid)


@pytest.mark.parametrize("as_of", ["2018-01", "2023-01"])
def test_the_packaged_tables_do_not_leak_the_future(tmp_path, as_of):
    """Write the packaged tables without the rows known later; every table of an early start is the same."""
    import csv

    for path in [*DATA.glob("*.toml"), *DATA.glob("*.csv")]:
        if path.suffix == ".toml":
            shutil.copy(path, tmp_path)
            continue
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.reader(stream))
        spot = rows[0].index("known_from")
        with (tmp_path / path.name).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([rows[0], *(row for row in rows[1:] if row and row[spot].strip() <= as_of)])
    whole, cut = Tables.load(as_of), Tables.load(as_of, folder=tmp_path)
    assert set(whole.tables) == set(cut.tables)
    for name, table in whole.tables.items():
        for column, values in table.columns.items():
            np.testing.assert_array_equal(values, cut[name][column], err_msg=f"{name}.{column}")
    late = whole.later.keys()
    assert {name: x for name, x in whole.params.items() if name not in late} == cut.params
    assert not cut.later


def test_the_packaged_tables_are_sound():
    assert len(Tables.load("2026-01").tables) == len(list(DATA.glob("*.csv")))


# -- asking ------------------------------------------------------------------------------------------------------


def test_questions_without_an_answer_say_what_there_is(folder):
    tables = Tables.load("2026-01", folder=folder)
    with pytest.raises(KeyError, match=r"no table 'heet'.*heat"):
        tables["heet"]
    with pytest.raises(KeyError, match=r"no column 'height'.*value"):
        tables["heat"]["height"]
    with pytest.raises(KeyError, match=r"place='hre'.*here/warm"):
        tables["heat"].value(place="hre", item="warm")
    with pytest.raises(KeyError, match=r"rule\.sped.*rule\.speed"):
        tables.param("rule.sped")
    with pytest.raises(KeyError, match=r"rule\.sped.*rule\.speed"):
        Tables.load("2026-01", folder=folder, overrides={"rule.sped": 1.0})
    with pytest.raises(KeyError, match="no row for"):
        tables["heat"].grid("place", ["here", "there", "nowhere"], "item", ["warm"])


def test_overrides_replace_parameters(folder):
    tables = Tables.load("2026-01", folder=folder, overrides={"rule.speed": 2.5})
    assert tables.param("rule.speed") == 2.5
    assert Tables.load("2026-01", folder=folder).param("rule.speed") == 2.0


def test_tables_that_were_edited_are_read_again(tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    before = Tables.load(folder=folder).param("time.hours_per_month")
    path = folder / "parameters.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("hours_per_month,730.5,h,730.5,730.5", "hours_per_month,730.6,h,730.5,730.7"), encoding="utf-8")
    assert (before, Tables.load(folder=folder).param("time.hours_per_month")) == (730.5, 730.6)


def test_a_line_from_a_zone_to_itself_is_refused(tables):
    from wattrace.world.places import Places

    links = tables["links"]
    columns = {name: column.copy() for name, column in links.columns.items()}
    columns["to_zone"][0] = columns["from_zone"][0]
    with pytest.raises(TableError, match="to itself; allowed: lines between two zones"):
        Places(Tables({**tables.tables, "links": Table("links", columns, links.keys)}, tables.as_of))
