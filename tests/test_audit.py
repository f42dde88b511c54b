"""Mutation tests of the audit: each rule broken on purpose stops the world, with month and amount."""

from __future__ import annotations

import mesa
import numpy as np
import pytest
from wattrace import month, phase_build, phase_coins
from wattrace.model import WorldFailed
from wattrace.world.money import ledger as books
from wattrace.world.money.ledger import Ledger
from wattrace.world.power.system import PowerSystem

MONTH = "2028-01"


def after(monkeypatch, owner, name, spoil):
    """Let `spoil(result, *arguments)` run after each call of a rule; it returns the result to hand on."""
    rule = getattr(owner, name)

    def broken(*args, **kw):
        return spoil(rule(*args, **kw), *args)

    monkeypatch.setattr(owner, name, broken)


def silently(spoil):
    """Break a world's state in the middle of the month, by a user's own agent."""

    class Saboteur(mesa.Agent):
        def decide(self):
            spoil(self.model)

    return Saboteur


def fails(world, *words: str) -> str:
    """Step, and demand that the audit stops the world in this month, naming an amount and the given words."""
    with pytest.raises(WorldFailed) as error:
        world.step()
    text = str(error.value)
    assert f"Failed in {MONTH}, phase audit" in text
    for word in (MONTH, *words):
        assert word in text, text
    assert any(unit in text.split(MONTH)[-1] for unit in (" kW", " GWh", " H100e", " MUSD", " off by ")), text
    return text


@pytest.fixture
def world(world24):
    return world24.branch()


def test_the_unbroken_world_passes(world):
    world.step()
    assert world.failure is None


# -- coins, in rules ---------------------------------------------------------------------------------------------


def test_a_mint_of_one_kw_too_many(world, monkeypatch):
    def spoil(_, ledger, party, nation, kw):
        ledger.coins[ledger.bank_of[nation], nation] += 1
        ledger.deposits[party] += 1
        ledger.obligations[party, nation] += 1

    after(monkeypatch, Ledger, "mint", spoil)
    fails(world, "coins − (accredited + shortfalls) is off by", "kW")


def test_a_mint_without_an_obligation(world, monkeypatch):
    def spoil(_, ledger, party, nation, kw):
        ledger.obligations[party, nation] -= kw

    after(monkeypatch, Ledger, "mint", spoil)
    fails(world, "coins − obligations is off by", "kW")


def test_minted_coins_credited_to_nobody(world, monkeypatch):
    def spoil(_, ledger, party, nation, kw):
        ledger.deposits[party] -= kw

    after(monkeypatch, Ledger, "mint", spoil)
    fails(world, "bank liabilities − bank assets is off by", "kW")


def test_a_coin_lost_on_its_way_to_the_vault(world, monkeypatch):
    def spoil(_, ledger, party, nation, kw, value):
        ledger.coins[party[0], nation[0]] -= 1

    after(monkeypatch, Ledger, "move_coins", spoil)
    fails(world, "coins − (accredited + shortfalls) is off by -", "kW")


def test_a_buy_back_that_keeps_the_coins(world, monkeypatch):
    def spoil(_, ledger, party, nation, kw):
        ledger.coins[ledger.bank_of[nation], nation] += kw

    def force(world):
        party = int(world.parties.of["utility"][0])
        world.state.ledger.shortfall[party, 0] -= 3
        world.state.ledger.buy_back(party, 0, 3)

    after(monkeypatch, Ledger, "buy_back", spoil)
    monkeypatch.setattr(phase_build, "_buy_back", force)
    fails(world, "is off by", "kW")


# -- payments, in rules ------------------------------------------------------------------------------------------

# arguments of the settlement kernel: payer, payee, musd, value, home, is_bank, bank_of, deposits, nostro, out_kw, in_kw
PAYEE, BANK_OF, DEPOSITS, NOSTRO, IN = 1, 6, 7, 8, 10


def spoil_settlement(monkeypatch, change):
    def spoil(result, *args):
        change(*(args[i] for i in (PAYEE, BANK_OF, DEPOSITS, NOSTRO, IN)))
        return result

    after(monkeypatch, books, "_settle", spoil)


def test_a_deposit_without_a_payer(world, monkeypatch):
    spoil_settlement(monkeypatch, lambda payee, bank, deposits, claims, got: deposits.__setitem__(payee[0], deposits[payee[0]] + 1))
    fails(world, "bank liabilities − bank assets is off by 1 kW")


def test_half_a_payment_lost(world, monkeypatch):
    lost = []

    def change(payee, bank, deposits, claims, got):
        k = int(np.argmax(got))
        lost.append(int(got[k]) // 2)
        deposits[payee[k]] -= lost[-1]

    spoil_settlement(monkeypatch, change)
    text = fails(world, "bank liabilities − bank assets is off by -")
    assert f"-{lost[0]} kW" in text


def test_bank_equity_off_by_one(world, monkeypatch):
    spoil_settlement(monkeypatch, lambda payee, bank, deposits, claims, got: deposits.__setitem__(bank[0], deposits[bank[0]] - 1))
    fails(world, world.places.nations[0], "bank liabilities − bank assets is off by -1 kW")


def test_a_claim_of_one_bank_on_another_forgotten(world, monkeypatch):
    spoil_settlement(monkeypatch, lambda payee, bank, deposits, claims, got: claims.__setitem__((1, 0), claims[1, 0] + 5))
    fails(world, world.places.nations[0], "bank liabilities − bank assets is off by 5 kW")


def test_overdrafts_left_open(world, monkeypatch):
    monkeypatch.setattr(Ledger, "_cover", lambda *_: None)
    poor = int(world.parties.of["ai"][0])
    rule = Ledger.settle

    def settle(ledger, value, room):
        ledger.pay("goods", poor, int(world.parties.of["households"][0]), 1e9)
        return rule(ledger, value, room)

    monkeypatch.setattr(Ledger, "settle", settle)
    fails(world, "overdrawn deposit of party")


def test_a_loan_forgiven_by_nobody(world, monkeypatch):
    def spoil(flows, world, _):
        world.state.ledger.loans[int(world.parties.of["households"][0])] -= 3
        return flows

    after(monkeypatch, phase_coins, "_restructure", spoil)
    fails(world, "bank liabilities − bank assets is off by 3 kW")


# -- stakes and shortfalls ---------------------------------------------------------------------------------------


def test_a_stake_without_coins(world):
    def spoil(world):
        ledger, party = world.state.ledger, int(world.parties.of["ai"][0])
        ledger.staked[party, 0] = ledger.coins[party, 0] + ledger.rented[party, 0] + 7

    silently(spoil)(world)
    fails(world, world.places.nations[0], "stakes without coins is off by 7 kW")


def test_a_negative_shortfall_hidden_behind_a_positive_one(world):
    def spoil(world):
        short, utility = world.state.ledger.shortfall, world.parties.of["utility"]
        gap = int(short[utility[0], 0]) + 2
        short[utility[0], 0] -= gap
        short[utility[1], 0] += gap

    silently(spoil)(world)
    fails(world, world.places.nations[0], "negative shortfall is off by 2 kW")


def test_coins_below_zero(world):
    def spoil(world):
        ledger, ai = world.state.ledger, int(world.parties.of["ai"][0])
        gap = int(ledger.coins[ai, 0]) + 4
        ledger.coins[ai, 0] -= gap
        ledger.coins[ai + 1, 0] += gap
        ledger.rented[ai, 0] += gap

    silently(spoil)(world)
    fails(world, world.places.nations[0], "negative coins is off by 4 kW")


# -- plants and energy -------------------------------------------------------------------------------------------


def firm_row(world) -> int:
    """Return the largest fossil or nuclear plant row: its watts are firm."""
    plants, places = world.state.plants, world.places
    thermal = np.isin(plants.technology, places.kind_is("thermal", "fuel", "nuclear", "fossil"))
    capacity = np.asarray(plants.capacity_gw)
    return int(np.argmax(np.where(thermal, capacity, 0.0) if thermal.any() else capacity))


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_a_plant_changes_without_being_accredited_anew(world, factor):
    def spoil(world):
        world.state.plants.capacity_gw[firm_row(world)] *= factor

    silently(spoil)(world)
    fails(world)


def test_energy_from_nowhere(world, monkeypatch):
    after(monkeypatch, PowerSystem, "clear", lambda power, *_: power._replace(imbalance_gwh=power.imbalance_gwh + 5.0))
    fails(world, "energy in less energy out and losses is", "GWh")


def test_line_losses_forgotten(world, monkeypatch):
    from wattrace.world.power import account

    def spoil(_, *args):
        args[-1][:] = 0.0

    after(monkeypatch, account, "trade", spoil)
    fails(world, "energy in less energy out and losses is", "GWh")


def test_a_store_that_gives_more_than_it_takes(world, monkeypatch):
    from wattrace.world.power import account

    def spoil(_, *args):
        energy = args[-2]
        stores = np.flatnonzero(world.places.is_store)
        energy[:, stores] = np.abs(energy[:, stores])
        energy[:, 0] -= 2.0 * energy[:, stores].sum(axis=1)  # the books of energy still add up

    after(monkeypatch, account, "by_storage", spoil)
    text = fails(world, "off by", "GWh")
    assert "gives more than it takes" in text or "energy in less energy out" in text


def test_a_plant_that_makes_more_than_stands_there(world, monkeypatch):
    def spoil(power, *_):
        z, k = np.unravel_index(np.argmax(power.energy), power.energy.shape)
        power.energy[z, k] *= 5.0
        return power

    after(monkeypatch, PowerSystem, "clear", spoil)
    fails(world, "makes more than it can", "off by", "GWh")


# -- chips -------------------------------------------------------------------------------------------------------


def test_chips_vanish_in_transit(world, monkeypatch):
    def spoil(_, world):
        world.state.transit_h100e = world.state.transit_h100e * 0.99

    after(monkeypatch, month, "trade_accelerators", spoil)
    fails(world, "chips held, in transit and in stock", "off by -", "H100e")


def test_chips_made_by_nobody(world):
    def spoil(world):
        world.state.ai.chips_h100e[0] += 10.0

    silently(spoil)(world)
    fails(world, "chips held, in transit and in stock", "off by 10", "H100e")


@pytest.mark.parametrize("balance", ["deposits", "loans", "arrears"])
def test_a_balance_that_moves_without_a_payment(world, balance):
    def spoil(world):
        ledger, bank = world.state.ledger, world.state.ledger.bank_of[0]
        kept = getattr(ledger, balance)
        kept[0] += 10_000
        kept[bank] -= 10_000  # no sum changes

    silently(spoil)(world)
    fails(world, f"{balance} of ", "moved without a payment", "10000 kW")


# -- books -------------------------------------------------------------------------------------------------------


def test_a_revaluation_missed(world, monkeypatch):
    def spoil(flows, world, _):
        world.state.tangible[int(np.argmax(world.state.tangible[:, 0])), 0] *= 0.5
        return flows

    after(monkeypatch, phase_coins, "_restructure", spoil)
    fails(world, "net worth of", "off by -", "MUSD")


def test_a_purchase_not_booked_as_an_asset(world, monkeypatch):
    def spoil(flows, world, _):
        party = int(np.argmax(world.state.bought_musd.sum(axis=1)))
        world.state.tangible[party] -= world.state.bought_musd[party]
        return flows

    after(monkeypatch, phase_coins, "_restructure", spoil)
    fails(world, "net worth of", "off by -", "MUSD")


def test_a_payment_left_out_of_the_flows(world, monkeypatch):
    def spoil(flows, *_):
        k = int(np.argmax(flows.musd))
        return type(flows)(*(np.delete(column, k) for column in flows))

    after(monkeypatch, Ledger, "settle", spoil)
    fails(world, "net worth of", "off by", "MUSD")
