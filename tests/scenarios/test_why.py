"""Why an agent did what it did: the answer is of that agent, its sums are the books', and doubt is told."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import wattrace
from wattrace.scenarios.axes import Axes, distinct_names, said_of, unit_of
from wattrace.scenarios.decided import Decided
from wattrace.scenarios.trace import watch
from wattrace.scenarios.why import WhyError, find_agent, payments, sheet, why
from wattrace.scenarios.why_text import explanation_text
from wattrace.world.money.ledger import PURPOSES

USER_FILE = """
schema_version = 1
name = "mine"
extends = ["baseline"]
[policy.USA]
permit_time = [{ on = "2026-02", to = 0.5, source = "assumption: a test" }]
[world]
"finance.capex_speed" = "1.25 1/yr"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of a user's own file, written; the file itself is gone."""
    path = tmp_path_factory.mktemp("why")
    (path / "mine.toml").write_text(USER_FILE, encoding="utf-8")
    wattrace.run(path / "mine.toml", seed=7, until="2026-04", out=path / "run")
    (path / "mine.toml").unlink()
    return path / "run"


@pytest.fixture(scope="module")
def answer(folder):
    return why(folder, "openai", "2026-03")


@pytest.fixture(scope="module")
def watched(world24):
    world = world24.branch()
    with watch() as trace:
        world.step()
    return world, trace


def told(watched, name):
    world, trace = watched
    agent = find_agent(world, name)
    return agent, Decided(world, Axes(world, agent)).decisions(trace)


def steps(decisions):
    for one in decisions:
        yield one
        yield from steps(one.get("steps", ()))


def test_a_run_of_a_users_own_file_is_rebuilt_from_its_manifest(answer):
    checked = answer.content["reconstruction"]
    assert (checked["same_code"], checked["same_tables"]) == (True, True)
    assert checked["figures_compared"] > 300
    assert checked["figures_differing"] == 0
    assert checked["notes"] == []
    plan = next(d for d in answer.content["decisions"] if d["decision"].endswith("plan_capex"))
    assert plan["parameters"]["finance.capex_speed"]["value"] == 1.25


def test_other_code_other_tables_and_another_world_are_told(folder, tmp_path):
    for name in ("manifest.json", "run.parquet"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest |= {"code_sha256": "0" * 64, "tables_sha256": "1" * 64, "seed": 8}
    manifest["packages"]["numpy"] = "1.0"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    content = why(tmp_path, "OpenAI", "2026-03").content
    checked, notes = content["reconstruction"], " ".join(content["reconstruction"]["notes"])
    assert (checked["same_code"], checked["same_tables"]) == (False, False)
    assert "made by other code" in notes
    assert "made by other tables" in notes
    assert "numpy 1.0" in notes
    assert checked["figures_differing"] > 0  # another seed draws another world
    assert "this is another world" in notes
    assert "this is another world" in explanation_text(content).replace("\n", " ")


def test_rows_are_the_agents_own(watched):
    world, trace = watched
    agent, decisions = told(watched, "OpenAI")
    plan = next(d for d in decisions if d["decision"].endswith("plan_capex"))
    assert plan["changed"]["ai.capex_musd"]["after"] == world.state.ai.capex_musd[agent.row]
    assert plan["changed"]["ai.capex_musd"]["unit"] == "MUSD/yr"
    rules = [step for step in steps(decisions) if "rule" in step]
    seen = next(call for call in trace.rules() if call.path == "agents.rules.financing.growth_of_capex")
    shown = next(rule for rule in rules if rule["rule"] == seen.path)
    assert shown["inputs"]["roi"]["value"] == seen.inputs["roi"][agent.row]
    assert shown["result"]["result"]["value"] == seen.result[agent.row]
    assert shown["says"] == seen.function.__doc__.splitlines()[0]


def test_a_table_is_labelled_by_technology_and_the_row_is_the_zones(watched):
    world, trace = watched
    zone = world.places.zones[3]
    agent, decisions = told(watched, zone)
    assert (agent.sector, agent.row) == ("utility", 3)
    shown = next(step for step in steps(decisions) if step.get("rule", "").endswith("invest.project_value"))
    seen = next(call for call in trace.rules() if call.path == shown["rule"])
    names = world.places.technologies
    assert shown["result"]["worth"]["value"] == dict(zip(names, seen.result[0][3].tolist(), strict=True))
    assert list(shown["result"]) == ["worth", "cost"]


@pytest.mark.parametrize("sector", ["government", "households", "bank", "utility", "ai", "chipmaker", "supplier", "robot", "launcher"])
def test_every_kind_has_something_to_tell_as_text_and_as_json(watched, sector):
    world, _ = watched
    name = world.parties.names[world.parties.of[sector][0]]
    _, decisions = told(watched, f"{sector}:{name}")
    assert any(one.get("steps") or one.get("orders") or one.get("changed") for one in decisions)
    json.dumps(decisions, allow_nan=False)


def test_payments_by_agent_sum_to_the_matrix_of_the_month(world24):
    month, date = 20, world24.calendar.date(20)
    matrix = world24.flows(date)
    for sector in ("ai", "utility", "bank", "households", "chipmaker"):
        net = dict.fromkeys(PURPOSES, 0.0)
        for party in world24.parties.of[sector]:
            one = payments(world24, month, party)
            for side, sign in (("received", 1.0), ("paid", -1.0)):
                for purpose, x in one[side].items():
                    net[purpose] += sign * x["musd"]
                    assert sum(x["with"].values()) == pytest.approx(x["musd"], rel=1e-12)
        assert list(net.values()) == pytest.approx(matrix[sector].tolist(), rel=1e-9, abs=1e-6)


def test_payments_and_sheet_agree_with_the_books_of_the_month(world24):
    books = world24.state.books[20]
    for party in range(0, len(world24.parties), 7):
        # the books round every payment to whole kW of coin
        assert payments(world24, 20, party)["net_musd"] == pytest.approx(books.flow[party], rel=1e-6, abs=1.0)
        closing = sheet(world24, 20, party)["closing"]
        assert closing.pop("net worth") == pytest.approx(sum(closing.values()), rel=1e-9, abs=1e-6)


def test_orders_are_those_that_name_the_agent(watched):
    world, _ = watched
    agent, decisions = told(watched, "USA")
    budget = next(d for d in decisions if d["decision"].endswith("nation.budget"))
    tax = next(order for order in budget["orders"] if order["purpose"] == "tax")
    homes = world.parties.of["households"][agent.nation]
    paid = payments(world, world.month - 1, agent.party)["received"]["tax"]["with"]
    assert tax["gets"]["musd"] == pytest.approx(paid[world.parties.names[homes]], rel=1e-9)


def test_agents_are_found_by_name_nation_zone_and_kind(world24):
    names, places = world24.parties.names, world24.places
    for party in range(0, len(names), 5):
        if sum(name.casefold() == names[party].casefold() for name in names) == 1:
            assert find_agent(world24, names[party].upper()).party == party
    for n, nation in enumerate(places.nations):
        assert find_agent(world24, nation.lower())[2:] == ("government", n, n)
    assert len(set(distinct_names(world24.parties))) == len(names)
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        with pytest.raises(WhyError, match="2 agents are called; say"):
            find_agent(world24, twice[0])
        assert find_agent(world24, f"ai:{twice[0]}").sector == "ai"


def test_a_typo_gets_near_names_and_nonsense_what_is_allowed(world24):
    with pytest.raises(WhyError, match="did you mean OpenAI"):
        find_agent(world24, "OpnAI")
    with pytest.raises(WhyError, match=r"allowed: a nation for its government \(USA"):
        find_agent(world24, "qqqqqq")


@pytest.mark.parametrize("month", ["2025-12", "2026-05", "2040-01"])
def test_a_month_outside_the_run_is_refused_with_what_is_allowed(folder, month):
    with pytest.raises(WhyError, match="allowed: 2026-01 to 2026-03"):
        why(folder, "OpenAI", month)


def test_a_folder_without_a_run_and_a_broken_manifest_are_refused(tmp_path):
    with pytest.raises(WhyError, match="holds no manifest"):
        why(tmp_path, "OpenAI", "2026-01")
    (tmp_path / "manifest.json").write_text('{"seed": 1}', encoding="utf-8")
    with pytest.raises(WhyError, match="run again with"):
        why(tmp_path, "OpenAI", "2026-01")
    with pytest.raises(WhyError, match="allowed: the folder of a run"):
        why(3, "OpenAI", "2026-01")  # type: ignore[arg-type]


def test_a_world_answers_too_and_levers_pulled_by_hand_are_told(small_world):
    world = small_world(until="2026-06").run_to("2026-02")
    world.set_lever("permit_time", "USA", 0.25)
    world.run_to("2026-05")
    before = world.snapshot()
    content = wattrace.why(world, "USA", "2026-04").content
    assert world.snapshot() == before
    assert content["reconstruction"]["figures_differing"] > 0
    assert "Levers set by hand" in content["reconstruction"]["notes"][-1]
    assert content["agent"]["kind"] == "government"


def test_the_text_holds_rules_payments_and_the_sheet(answer):
    text = str(answer)
    assert "rule agents.rules.financing.growth_of_capex: " in text
    assert "PAYMENTS, MUSD: received" in text
    assert "net worth" in text.splitlines()[-1] or "EVENTS" in text
    assert max(map(len, text.splitlines())) <= 140


def test_an_unclear_axis_is_not_labelled(world24):
    axes = Axes(world24, find_agent(world24, "OpenAI"))
    four = np.arange(4.0)  # parts and makers of memory are both four
    assert axes.pick("x", np.tile(four, (axes.count["ai"], 1)), "ai") == four.tolist()
    assert list(axes.pick("part_price", np.tile(four, (axes.count["ai"], 1)), "ai")) == axes.labels["part"]


def test_what_is_not_finite_is_text(world24):
    axes = Axes(world24, find_agent(world24, "OpenAI"))
    assert axes.pick("x", np.inf, "ai") == "inf"


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("margin_usd_per_kw_year", "USD/kW/yr"), ("ai.capex_musd", "MUSD"), ("halls_under_way_gw_zone", "GW"), ("chip_it_w", "W"),
        ("wafers_per_h100e", ""), ("wanted_w", ""), ("price", ""), ("gw", ""), ("loans", ""), ("growth_per_year", "1/yr"),
        ("lag_months", "months"),
    ],
)  # fmt: skip
def test_units_are_read_from_names(name, unit):
    assert unit_of(name) == unit


def test_what_a_docstring_says_of_a_parameter():
    assert said_of("margin", "Return x. `margin` energy margin USD/kW/yr; `credit` firm GW") == "energy margin USD/kW/yr"
    assert said_of("rate", "nothing") == ""


def test_events_of_a_government_are_those_of_its_nation(world24):
    from wattrace.scenarios.why import _names

    agent = find_agent(world24, "USA")
    assert _names(SimpleNamespace(agent="", text="", region="USA"), agent, world24)
    assert not _names(SimpleNamespace(agent="", text="", region="CHN"), agent, world24)
