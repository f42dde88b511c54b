"""The world keeps time, refuses nonsense, fails loudly, and repeats itself byte for byte."""

from __future__ import annotations

import hashlib
import itertools
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from wattrace import phase_compute
from wattrace.model import World, WorldFailed


def digest(world) -> str:
    """Return one hash of everything recorded."""
    sha = hashlib.sha256()
    for name, array in world.record.data.items():
        sha.update(name.encode())
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()


# -- time --------------------------------------------------------------------------------------------------------


def test_a_step_is_one_month(world24):
    world = world24.branch()
    assert (world.month, world.date, world.record.written) == (24, "2028-01", 24)
    world.step()
    assert (world.month, world.date, world.record.written) == (25, "2028-02", 25)
    assert not world.finished


def test_every_variable_is_recorded_every_month_and_finite(world24):
    wrong = [name for name, array in world24.record.data.items() if not np.isfinite(array[: world24.month]).all()]
    assert not wrong
    frame = world24.frame()
    assert set(frame["variable"]) == set(world24.record.data)
    assert frame["month"].nunique() == 24


def test_generation_by_technology_adds_up_and_capacity_changes_by_what_is_added_and_retired(world24):
    data = {name: array[:24] for name, array in world24.record.data.items()}

    def of(family):
        return [array for name, array in data.items() if name.startswith(f"{family}|")]

    assert len(of("Power|Generation")) == len(of("Power|Capacity")) == len(world24.places.technologies)
    assert sum(of("Power|Generation")) == pytest.approx(data["Power|Generation"], rel=1e-12)
    change = np.diff(sum(of("Power|Capacity")), axis=0)
    assert change == pytest.approx((data["Build|Added"] - data["Build|Retired"])[1:], abs=1e-9)


def test_months_not_simulated_stay_empty(world24):
    assert all(np.isnan(array[world24.month :]).all() for array in world24.record.data.values())


def test_running_past_the_end_is_refused(small_world):
    world = small_world(until="2026-03").run_to()
    assert world.finished
    assert not world.running
    with pytest.raises(WorldFailed, match="2026-03"):
        world.step()
    with pytest.raises(ValueError, match="2026-03 to 2026-03"):
        world.run_to("2026-05")


def test_running_backwards_is_refused(world24):
    with pytest.raises(ValueError, match="2028-01 to 2029-01"):
        world24.run_to("2027-01")


def test_other_starts_open_a_world(small_world):
    world = small_world(start="2018-01", until="2018-03").run_to()
    assert world.month == 2


# -- bad arguments -----------------------------------------------------------------------------------------------


def test_seed_and_rng_together_are_refused():
    with pytest.raises(ValueError, match=r"seed=3.*rng=4"):
        World(seed=3, rng=4)


@pytest.mark.parametrize("seed", [-1, 1.5, "one", True])
def test_a_bad_seed_says_what_was_given_and_what_is_allowed(seed):
    with pytest.raises(ValueError, match="allowed: a whole number from 0") as error:
        World(seed=seed)
    assert repr(seed) in str(error.value)


@pytest.mark.parametrize(
    "dates",
    [
        {"until": "2026-13"}, {"until": "soon"}, {"until": "2025-01"}, {"until": "2026-01"}, {"start": "26-01"},
        {"start": "1900-01"}, {"until": "2500-01"},
    ],
    ids=str,
)  # fmt: skip
def test_bad_dates_are_named(dates):
    with pytest.raises(ValueError, match=next(iter(dates.values()))) as error:
        World("baseline", **dates)
    assert "allow" in str(error.value) or "later" in str(error.value) or "after" in str(error.value)


def test_an_unknown_scenario_says_what_there_is():
    with pytest.raises(Exception, match="basline") as error:
        World("basline")
    assert "baseline" in str(error.value)


def test_an_unknown_lever_says_what_is_near(world24):
    with pytest.raises(KeyError, match=r"permit_tim.*permit_time"):
        world24.branch().set_lever("permit_tim", world24.places.nations[0], 1.0)


def test_an_unknown_nation_says_which_there_are(world24):
    with pytest.raises(KeyError, match="Atlantis") as error:
        world24.branch().set_lever("permit_time", "Atlantis", 1.0)
    assert all(nation in str(error.value) for nation in world24.places.nations)


@pytest.mark.parametrize("value", [99.0, -1.0, float("nan")])
def test_a_lever_out_of_range_says_the_range(world24, value):
    with pytest.raises(ValueError, match=r"allowed: 0\.1 to 4"):
        world24.branch().set_lever("permit_time", world24.places.nations[0], value)


def test_months_without_books_are_refused(world24):
    with pytest.raises(KeyError, match="2026-01 to 2027-12"):
        world24.flows("2028-01")


# -- failure -----------------------------------------------------------------------------------------------------


def test_a_failed_world_says_when_where_and_why_and_stops(world24, monkeypatch):
    world = world24.branch()

    def broken(*_):
        raise ZeroDivisionError("a rule broke")

    monkeypatch.setattr(phase_compute, "effective_supply", broken)
    with pytest.raises(WorldFailed) as error:
        world.step()
    for part in ("2028-01", "phase ai_services", "baseline", "seed 1", "ZeroDivisionError: a rule broke"):
        assert part in str(error.value)
    assert isinstance(error.value.__cause__, ZeroDivisionError)
    assert not world.running
    monkeypatch.undo()
    with pytest.raises(WorldFailed, match=r"refuses further steps.*a rule broke"):
        world.step()
    assert world.month == 24


def test_restoring_a_failed_world_revives_it(world24, monkeypatch):
    world = world24.branch()
    saved = world.snapshot()
    monkeypatch.setattr(phase_compute, "effective_supply", None)
    with pytest.raises(WorldFailed):
        world.step()
    monkeypatch.undo()
    world.restore(saved)
    world.step()
    twin = world24.branch()
    twin.step()
    assert digest(world) == digest(twin)


# -- copies ------------------------------------------------------------------------------------------------------


def test_a_branch_does_not_touch_its_parent(small_world, world24):
    parent = small_world(until="2029-01").run_to("2027-06")
    branch = parent.branch()
    nation = parent.places.nations[0]
    branch.set_lever("permit_time", nation, 0.25)
    branch.set_lever("ai_tax", nation, 0.5)
    branch.run_to("2028-01")
    assert parent.levers["permit_time"][0] != 0.25
    parent.run_to("2028-01")
    assert digest(parent) == digest(world24)
    assert digest(branch) != digest(world24)
    assert [e.text for e in parent.events] == [e.text for e in world24.events]


def test_a_branch_left_alone_is_its_parent(world24):
    one, two = world24.branch(), world24.branch().branch()
    one.run_to("2028-04")
    two.run_to("2028-04")
    assert digest(one) == digest(two)


def test_a_snapshot_brings_the_same_bytes_back(world24):
    world = world24.branch()
    saved, before = world.snapshot(), digest(world)
    world.run_to("2028-04")
    after = digest(world)
    world.restore(saved)
    assert (world.month, digest(world)) == (24, before)
    world.run_to("2028-04")
    assert digest(world) == after


def test_a_snapshot_of_another_world_is_refused(world24, small_world):
    saved = world24.snapshot()
    with pytest.raises(ValueError, match="snapshot is of"):
        small_world(until="2029-01", seed=2).restore(saved)


def test_a_snapshot_of_another_policy_is_refused(world24, small_world):
    from wattrace.scenarios.scenario import Scenario

    saved = small_world(until="2026-02").snapshot()
    other = Scenario(name="baseline", policy={world24.places.nations[0]: {"permit_time": "50 %"}}, until="2026-02")
    with pytest.raises(ValueError, match="snapshot is of"):
        World(other, seed=1).restore(saved)


@pytest.mark.parametrize("given", [None, "x", {"state": None}])
def test_what_is_no_snapshot_is_refused(world24, given):
    world = world24.branch()
    with pytest.raises(TypeError, match="allowed: the bytes"):
        world.restore(given)
    with pytest.raises(ValueError, match="is no snapshot"):
        world.restore(pickle.dumps(("wattrace", world._identity(), {"hello": 1})))
    world.step()


def test_a_failed_world_gives_no_snapshot(world24, monkeypatch):
    world = world24.branch()
    monkeypatch.setattr(phase_compute, "effective_supply", None)
    with pytest.raises(WorldFailed):
        world.step()
    with pytest.raises(WorldFailed, match="no state to keep"):
        world.snapshot()


# -- books -------------------------------------------------------------------------------------------------------


def months(world):
    return [world.calendar.date(m) for m in range(world.month)]


def test_rows_of_the_flow_matrix_sum_to_zero(world24):
    for date in months(world24):
        flows = world24.flows(date)
        gap = flows.sum(axis=1).abs()
        assert (gap <= 1e-9 * (flows.abs().sum(axis=1) + 1.0)).all(), date


def test_nations_flows_add_up_to_the_world(world24):
    for date in months(world24)[::6]:
        parts = sum(world24.flows(date, nation).to_numpy() for nation in world24.places.nations)
        np.testing.assert_allclose(parts, world24.flows(date).to_numpy(), rtol=1e-9, atol=1e-6)


def test_net_worth_changes_by_flows_purchases_and_revaluation_only(world24):
    for date, books in zip(months(world24), world24.state.books, strict=True):
        change = books.closing.sum(axis=1) - books.opening.sum(axis=1)
        explained = books.flow + books.capital + books.revaluation.sum(axis=1)
        scale = np.abs(books.closing).max()
        assert np.abs(change - explained).max() <= 1e-6 * scale, date


def test_a_month_opens_with_what_the_last_one_closed_with(world24):
    books = world24.state.books
    for before, after in itertools.pairwise(books):
        np.testing.assert_array_equal(after.opening, before.closing)


def test_debts_between_parties_cancel_over_the_world(world24):
    """What one party is owed another owes: net worth of the world is coins, plants and other tangible assets."""
    for books in world24.state.books[::6]:
        total = dict(zip(item_names(), books.closing.sum(axis=0), strict=True))
        owed = total["deposits"] + total["loans"] + total["arrears"] + total["foreign claims"] + total["bank liabilities"]
        assert abs(owed) <= 1e-9 * abs(total["bank liabilities"])


def item_names():
    from wattrace.world.money.matrices import ITEMS

    return ITEMS


# -- repeatability -----------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes(small_world):
    assert digest(small_world(until="2026-07").run_to()) == digest(small_world(until="2026-07").run_to())


def test_another_seed_gives_another_world(small_world):
    assert digest(small_world(until="2026-07").run_to()) != digest(small_world(until="2026-07", seed=2).run_to())


def test_the_end_of_a_run_does_not_reach_back(small_world):
    short, long = small_world(until="2026-07").run_to(), small_world(until="2027-01").run_to("2026-07")
    for name, array in short.record.data.items():
        np.testing.assert_array_equal(array, long.record.data[name][:6], err_msg=name)


def test_processes_and_hash_seeds_do_not_matter(small_world):
    script = (
        "import hashlib, numpy as np\nfrom wattrace.model import World\n"
        "w = World('baseline', seed=1, until='2026-04').run_to()\nsha = hashlib.sha256()\n"
        "for name, array in w.record.data.items():\n"
        "    sha.update(name.encode())\n    sha.update(np.ascontiguousarray(array).tobytes())\n"
        "print(sha.hexdigest())"
    )
    here = digest(small_world(until="2026-04").run_to())
    for seed in ("0", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        )
        assert done.stdout.split()[-1] == here


def test_a_month_is_written_down_whole_or_not_at_all():
    world = World("baseline", seed=1)
    values = {name: np.zeros(block.shape[1]) for name, block in world.record.data.items()}
    lost = values.pop("Coin|Value")
    with pytest.raises(KeyError, match=r"not recorded: Coin\|Value"):
        world.record.put(0, values)
    with pytest.raises(KeyError, match=r"not in the codelist: Coin\|Worth"):
        world.record.put(0, values | {"Coin|Value": lost, "Coin|Worth": lost})
    assert world.record.written == 0
