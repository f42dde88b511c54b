"""The world is an ordinary Mesa model."""

from __future__ import annotations

import warnings

import mesa
import numpy as np
import pandas as pd
import pytest
from wattrace.agents.ai_company import AICompany
from wattrace.agents.kinds import KINDS
from wattrace.model import HEADLINES, World, WorldFailed


def test_batch_run_runs_it():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of mesa and its progress bar, not ours
        rows = mesa.batch_run(
            World, {"scenario": ["baseline"], "until": ["2026-07"]}, rng=[1, 2], number_processes=1, data_collection_period=1,
            display_progress=False,
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    assert frame["RunId"].nunique() == 2
    months = frame[frame["month"].notna()].groupby("RunId")["month"].nunique()
    assert list(months) == [6, 6]
    assert set(HEADLINES) <= set(frame.columns)
    last = frame[frame["month"] == "2026-06"].groupby("RunId")["accredited_gw"].first()
    assert (last > 0.0).all()


def test_there_is_an_agent_for_every_party_of_a_kind(world24):
    for sector, (kind, _) in KINDS.items():
        agents = world24.agents_by_type[kind]
        assert len(agents) == len(world24.parties.of[sector])
        assert sorted(a.party for a in agents) == list(world24.parties.of[sector])
        assert all(world24.parties.names[a.party] == a.name for a in agents)


def test_agents_are_selected_like_any_others(world24):
    nation = world24.places.nations[0]
    chosen = world24.agents.select(lambda a: a.nation == nation, agent_type=AICompany)
    home = world24.parties.home[world24.parties.of["ai"]]
    assert len(chosen) == (home == 0).sum()
    total = chosen.agg("powered_gw", sum)
    assert total == pytest.approx(world24.state.ai.powered_gw[home == 0].sum())


def test_an_agents_window_reads_its_row(world24):
    state = world24.state
    for kind, _ in KINDS.values():
        columns = getattr(state, kind.kind)
        for agent in list(world24.agents_by_type[kind])[-2:]:
            for name in kind.COLUMNS:
                np.testing.assert_array_equal(getattr(agent, name), getattr(columns, name)[agent.row])
            assert agent.deposits_musd == state.ledger.deposits[agent.party] * state.value[state.ledger.home[agent.party]] / 1000.0
            assert agent.net_worth_musd == pytest.approx(world24.net_worth_musd()[agent.party])
            assert agent.name in repr(agent)
            with pytest.raises(AttributeError, match="has no 'colour'"):
                _ = agent.colour


def test_writing_to_what_a_window_returned_changes_nothing(world24):
    world = world24.branch()
    for kind, _ in KINDS.values():
        for name in kind.COLUMNS:
            agent = next(iter(world.agents_by_type[kind]))
            seen = getattr(agent, name)
            if isinstance(seen, np.ndarray):
                seen[...] = -1e9
                assert (getattr(agent, name) != -1e9).all()


def test_the_data_collector_reports_every_month(world24):
    frame = world24.datacollector.get_model_vars_dataframe()
    assert len(frame) == 24
    assert list(frame["month"]) == [world24.calendar.date(m) for m in range(24)]
    for reporter, variable in HEADLINES.items():
        np.testing.assert_allclose(frame[reporter].to_numpy(float), world24.record.data[variable][:24].sum(axis=1))


class Observer(mesa.Agent):
    """A user's own agent: it knows nothing of columns."""

    def __init__(self, model):
        super().__init__(model)
        self.seen = []

    def decide(self):
        self.seen.append(self.model.date)


class Silent(mesa.Agent):
    """Another, without a decision."""


def test_a_users_own_agent_decides_every_month(world24):
    world = world24.branch()
    observer = Observer(world)
    Silent(world)
    world.run_to("2028-04")
    assert observer.seen == ["2028-01", "2028-02", "2028-03"]
    observer.remove()
    world.step()
    assert len(observer.seen) == 3


def test_an_agent_that_only_looks_changes_nothing(world24):
    watched, plain = (world24.branch() for _ in range(2))
    Observer(watched)
    watched.run_to("2028-04")
    plain.run_to("2028-04")
    for name, array in plain.record.data.items():
        np.testing.assert_array_equal(array, watched.record.data[name], err_msg=name)


def test_a_users_agent_may_pull_a_lever(world24):
    class Lobby(mesa.Agent):
        def decide(self):
            self.model.set_lever("ai_tax", self.model.places.nations[0], 0.3)

    world = world24.branch()
    Lobby(world)
    world.step()
    assert world.levers["ai_tax"][0] == 0.3
    assert world24.levers["ai_tax"][0] == 0.0


def test_rng_is_the_seed(small_world):
    one, two = small_world(until="2026-02", seed=None, rng=7), small_world(until="2026-02", seed=7)
    assert one.seed == two.seed == 7
    one.step()
    two.step()
    for name, array in one.record.data.items():
        np.testing.assert_array_equal(array, two.record.data[name], err_msg=name)


def test_run_for_and_run_until_step_months_and_tell_of_failures(world24):
    world, twin = world24.branch(), world24.branch()
    world.run_for(2)
    world.run_until(3)
    twin.run_to("2028-04")
    assert (world.date, world.steps) == ("2028-04", 27)
    assert np.array_equal(world.record.data["Coin|Value"][:27], twin.record.data["Coin|Value"][:27])

    class Once(mesa.Agent):
        def decide(self):
            raise RuntimeError("once")

    Once(world)
    with pytest.raises(WorldFailed, match="once"):
        world.run_for(4)
    assert world.failure is not None
    with pytest.raises(WorldFailed, match="refuses further steps"):
        world.run_for(1)
    with pytest.raises(WorldFailed, match="reached its end"):
        twin.run_for(1000)
    with pytest.raises(ValueError, match="whole number of months"):
        world24.branch().run_for(1.5)


def test_collected_rows_follow_branches_and_snapshots(world24):
    world = world24.branch()
    assert len(world.datacollector.get_model_vars_dataframe()) == 24
    saved = world.snapshot()
    world.run_to("2028-04")
    world.restore(saved)
    world.run_to("2028-03")
    months = world.datacollector.get_model_vars_dataframe()["month"]
    assert len(months) == 26
    assert months.is_unique
