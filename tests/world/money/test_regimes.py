"""Regimes of money: the same rights, stakes and rents; other money. What is common holds in each, what differs is told apart."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from wattrace.cli import cli
from wattrace.model import World, WorldFailed
from wattrace.scenarios.read import load_scenario
from wattrace.scenarios.scenario import Scenario, ScenarioError
from wattrace.world.money import fiat
from wattrace.world.money.regimes import REGIMES, USUAL, rules

NEEDED = ("CAPACITY_IS_MONEY", "money_value", "target_value", "forward_value", "loan_rate", "issue", "open_value", "collateral_musd")
number = st.floats(1e-6, 1e3)
rate = st.floats(0.01, 0.3)


@pytest.fixture(scope="module")
def paper(small_world):
    """The baseline with fiat money, 18 months of 24."""
    return small_world(until="2028-01", regime="fiat").run_to("2027-07")


@pytest.mark.parametrize("name", REGIMES)
def test_a_regime_gives_all_that_the_month_asks_for(name):
    assert not [part for part in NEEDED if not hasattr(rules(name), part)]


@given(number, number, rate, rate)
def test_a_right_is_worth_more_the_more_it_earns_and_the_less_waiting_costs(rent, more, low, high):
    (less_rent, more_rent), (low, high) = sorted((rent, more)), sorted((low, high))
    assert fiat.right_value(less_rent, low, 1e9) <= fiat.right_value(more_rent, low, 1e9)
    assert fiat.right_value(rent, high, 1e9) <= fiat.right_value(rent, low, 1e9)
    assert fiat.right_value(rent, low, 0.5) <= 0.5
    # a perpetuity: a year's return on its worth is the rent
    assert fiat.right_value(rent, low, 1e9) * low == pytest.approx(rent)


@given(st.floats(0.0, 0.1), st.floats(0.0, 0.03), st.floats(0.0, 2.0))
def test_the_policy_rate_is_time_preference_where_nothing_grows(growth, patience, response):
    assert fiat.policy_rate(0.0, patience, response) == patience
    assert fiat.policy_rate(growth, patience, response) >= patience


def test_fiat_money_keeps_its_worth_and_the_rights_stay_with_the_plants_owners(paper):
    ledger, state = paper.state.ledger, paper.state
    assert (paper.record.data["Coin|Cross Rate"][: paper.month] == 1.0).all()
    assert (state.money_value == 1.0).all()
    owners = np.isin(np.arange(len(ledger.home)), paper.parties.of["utility"])
    assert ledger.coins[~owners].sum() == 0 < ledger.coins[owners].sum()
    np.testing.assert_array_equal(ledger.coins, ledger.obligations)
    # plants earn what loads pay for firmness
    flows = ledger.history[-1]
    rent = flows.purpose == paper.purposes().index("rent")
    assert np.isin(flows.payee[rent], paper.parties.of["utility"]).any()


def test_central_banks_issue_as_the_economy_grows_and_governments_get_it(paper):
    ledger = paper.state.ledger
    flows = ledger.history[-1]
    minted = flows.purpose == paper.purposes().index("mint")
    growing = paper.state.nation.gdp_growth > 0.0
    paid = np.bincount(paper.parties.home[flows.payee[minted]], flows.musd[minted], len(growing))
    assert np.isin(flows.payee[minted], paper.parties.of["government"]).all()
    # issued before the month's growth: reserves of now are that much more than they were
    before = ledger.reserves - paid * 1000.0 / paper.state.money_value
    np.testing.assert_allclose(paid[growing] * 1000.0, (before * np.expm1(paper.state.nation.gdp_growth / 12.0))[growing], atol=1.0)


def test_on_the_same_draws_weather_and_fuel_are_the_same_and_money_is_not(small_world, paper):
    coin = small_world(until="2028-01").run_to("2027-07")
    np.testing.assert_array_equal(coin.state.fuel_usd_per_gj, paper.state.fuel_usd_per_gj)
    assert not np.allclose(coin.state.value, paper.state.value)
    assert not np.allclose(coin.state.bank.loan_rate, paper.state.bank.loan_rate)
    assert coin.settings.digest() != paper.settings.digest()


def test_a_unit_of_account_twice_as_large_changes_nothing_real(small_world, monkeypatch):
    plain = small_world(until="2026-07", regime="fiat").run_to()
    monkeypatch.setattr(fiat, "_UNIT", 2.0)
    double = small_world(until="2026-07", regime="fiat").run_to()
    assert (double.state.money_value == 2.0).all()
    for name in ("Coin|Value", "Compute|Powered", "Power|Load", "Chips|Made", "Money|Loans"):
        # whole units are rounded, and what markets clear at turns on the last digits
        np.testing.assert_allclose(double.record.data[name], plain.record.data[name], rtol=1e-3, atol=1e-6, err_msg=name)


def test_a_missing_unit_of_reserves_stops_the_run(paper):
    broken = paper.branch()
    broken.state.ledger.reserves[0] += 1
    with pytest.raises(WorldFailed, match=r"bank liabilities − bank assets is off by -1 kW"):
        broken.step()


def test_a_right_minted_to_nobody_stops_the_run(paper):
    broken = paper.branch()
    broken.state.ledger.coins[broken.parties.of["utility"][0], 0] += 1
    with pytest.raises(WorldFailed, match=r"coins − \(accredited \+ shortfalls\) is off by 1 kW"):
        broken.step()


def test_no_vault_trades_in_rights(paper):
    with pytest.raises(ValueError, match="allowed: none where capacity is no money"):
        paper.branch().state.ledger.move_coins(0, 0, 1000, paper.state.value)


def test_a_branch_and_a_snapshot_go_on_alike(paper):
    one, two = paper.branch(), paper.branch()
    saved = two.snapshot()
    one.run_to()
    two.run_to()
    three = World("baseline", seed=1, until="2028-01", regime="fiat")
    three.restore(saved)
    three.run_to()
    for name, values in one.record.data.items():
        np.testing.assert_array_equal(values, two.record.data[name], err_msg=name)
        np.testing.assert_array_equal(values, three.record.data[name], err_msg=name)


def test_a_snapshot_of_one_regime_is_refused_by_the_other(paper):
    with pytest.raises(ValueError, match="restore it in its own kind of world"):
        World("baseline", seed=1, until="2028-01").restore(paper.snapshot())


def test_frozen_fiat_money_stands_still():
    world = World("frozen", seed=1, until="2027-01", regime="fiat").run_to()
    for name in ("Coin|Value", "Coin|Rent", "Coin|Loan Rate"):
        values = world.record.data[name][:12]
        assert (np.abs(values / values[0] - 1.0) <= 0.05).all(), name
    assert world.state.seigniorage_musd.sum() == 0.0


# -- how it is asked for ------------------------------------------------------------------------------------------


def test_the_library_has_a_world_of_fiat_money_and_all_others_are_of_firm_watts():
    assert load_scenario("fiat").regime == "fiat"
    assert load_scenario("baseline").regime == Scenario(name="plain").regime == USUAL


@pytest.mark.parametrize("given", ["gold", "", 3, True, None, "Fiat"])
def test_a_regime_that_is_none_is_refused_with_those_there_are(given):
    with pytest.raises(ScenarioError, match=r"regime is .*; allowed: firm-watt, fiat"):
        Scenario(name="plain", regime=given)


def test_a_file_may_choose_and_a_wrong_choice_names_its_line(tmp_path):
    file = tmp_path / "money.toml"
    file.write_text('schema_version = 1\nextends = ["baseline"]\n[switches]\nregime = "fiat"\n')
    assert load_scenario(file).regime == "fiat"
    file.write_text('schema_version = 1\nextends = ["baseline"]\n[switches]\nregime = "gold"\n')
    with pytest.raises(ScenarioError, match=r"money.toml:4: switches.regime is 'gold'; allowed: firm-watt, fiat"):
        load_scenario(file)


def test_the_command_line_and_the_model_replace_the_scenarios_regime(tmp_path):
    with pytest.raises(ScenarioError, match="regime is 'gold'"):
        World("baseline", regime="gold", until="2026-02")
    told = CliRunner().invoke(cli, ["run", "--regime", "gold", "--out", str(tmp_path)])
    assert told.exit_code == 2
    assert "regime is 'gold'; allowed: firm-watt, fiat" in told.output
    told = CliRunner().invoke(cli, ["run", "--regime", "fiat", "--until", "2026-03", "--out", str(tmp_path), "--quiet"])
    assert told.exit_code == 0, told.output
    assert '"regime": "fiat"' in (tmp_path / "manifest.json").read_text()
