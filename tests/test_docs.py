"""What the documents say is so: phases are named, code in them runs, examples are short."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import wattrace
from wattrace.month import PHASES
from wattrace.world.tables import Tables

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "own_agent.py"


def python_blocks(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def test_odd_names_the_phases_of_the_month_in_their_order():
    text = (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")
    listed = text.split("<!-- phases -->")[1].split("<!-- /phases -->")[0]
    assert re.findall(r"^\d+\. `(\w+)`", listed, re.MULTILINE) == [phase.__name__ for phase in PHASES]


def test_tables_named_in_odd_exist():
    text = (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")
    section = re.search(r"## 6\. Input data(.*?)## 7", text, re.DOTALL)
    assert section is not None
    rows = section[1]
    cells = [row.split("|")[2] for row in rows.splitlines() if row.startswith("| ") and "`" in row]
    named = {name for cell in cells for name in re.findall(r"`([a-z_]+)`", re.sub(r"\(.*?\)|lever `\w+`", "", cell))}
    assert named
    assert not {name for name in named if not (ROOT / "world" / "data" / f"{name}.csv").is_file()}


def test_odd_counts_what_early_starts_know_too_early():
    text = (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")
    table = text.split("<!-- later knowledge -->")[1].split("<!-- /later knowledge -->")[0]
    said = re.findall(r"^\| (\d{4}-01) \| (\d+) \| (\d+) \| (\S+) \|$", table, re.MULTILINE)
    assert [start for start, *_ in said] == [f"{year}-01" for year in range(2016, 2027)]
    for start, later, all_of_them, youngest in said:
        tables = Tables.load(start)
        assert (len(tables.later), len(tables.params)) == (int(later), int(all_of_them))
        assert max(tables.later.values(), default="–") == youngest


def test_the_python_of_the_readme_runs():
    (block,) = python_blocks((ROOT / "README.md").read_text(encoding="utf-8"))
    short = re.sub(r"2031-01", "2026-04", block).replace("2028-01", "2026-03")
    assert short != block
    assert len(block.strip().splitlines()) <= 25
    exec(compile(short, "README.md", "exec"), {"__name__": "readme"})


def test_the_own_agent_runs_for_three_months(capsys):
    watcher = runpy.run_path(str(EXAMPLE))["main"](months=3)
    assert watcher.model.month == 3
    assert "2026-04" in capsys.readouterr().out


def test_the_own_agent_pulls_its_lever_once_chips_wait():
    kind = runpy.run_path(str(EXAMPLE))["PermitWatcher"]
    world = wattrace.World("baseline", seed=1)
    watcher = kind(world, "USA", threshold=0.0)
    world.run_to("2026-04")
    assert watcher.acted_in == "2026-02"
    assert world.levers["permit_time"][world.places.nation("USA")] == 0.5


def test_the_page_shows_the_example_as_it_is_and_it_is_short():
    source = EXAMPLE.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 40
    assert source in python_blocks((ROOT / "docs" / "howto-own-agent.md").read_text(encoding="utf-8"))
