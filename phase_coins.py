"""Phases 6, 13 and 14: coins are staked and rented, the value of a watt moves, payments settle."""

from __future__ import annotations

from typing import Any

import numpy as np

from .agents import ai_company, households
from .world.money import coin_market
from .world.money import value as worth
from .world.money.matrices import MonthBooks, balance_sheet
from .world.opening_money import tight_stakes
from .world.orders import Stake


def stake_and_rent(world: Any) -> None:
    """Base load and halls find their coins: some own them, the rest rent; one price clears what is left unstaked."""
    state, statics, places = world.state, world.statics, world.places
    tight_stakes(statics, state, world.tables.param)
    apply_stake(world, households.restake(world))
    wanted = ai_company.wanted_draw_gw(world)
    draw = np.zeros((len(wanted), len(places.nations)))
    for n in range(len(places.nations)):
        draw[:, n] = wanted[:, places.zones_of[n]].sum(axis=1) * statics.draw_factor
    state.willing_usd_per_w_year = ai_company.willingness_usd_per_w_year(world)
    rent, accepted, base, reserve, rationed = coin_market.clear_rent(
        world.tables, statics, state, draw, state.willing_usd_per_w_year
    )
    # what the ceiling leaves without coins is cut in proportion, halls and base load alike
    used = accepted.sum(axis=1) + base
    cut = 1.0 - np.minimum(rationed / np.maximum(used, 1e-12), 1.0)
    accepted, base = accepted * cut[:, None], base * cut
    state.rationed_gw = rationed
    state.rent = rent
    state.rent_smooth = state.rent_smooth + (rent - state.rent_smooth) / world.tables.param("money.rent_memory_months")
    state.base_response = state.base_response + (
        base / np.maximum(state.households.stake_gw, 1e-12) - state.base_response
    ) / world.tables.param("household.rent_answer_months")
    ratio = np.where(draw > 0.0, accepted.T / np.where(draw > 0.0, draw, 1.0), 0.0)
    state.powered_gw = wanted * ratio[:, places.zone_nation]
    state.ai_draw_gw_zone = state.powered_gw.sum(axis=0) * statics.draw_factor
    state.ai_right_gw = accepted.sum(axis=1)
    _pay_rents(world, accepted, base, reserve)
    apply_stake(world, ai_company.stake(world, wanted * statics.draw_factor))


def _pay_rents(world: Any, accepted: np.ndarray, base: np.ndarray, reserve: np.ndarray) -> None:
    """Users pay rent for what they do not own; base load also pays for the reserve; owners of idle coins get it."""
    state, of = world.state, world.parties.of
    ledger = state.ledger
    nations = np.arange(len(base))
    use = np.zeros(ledger.coins.shape)
    use[of["ai"]] = accepted.T
    use[of["households"], nations] = base
    staked = np.floor(use * 1e6).astype(np.int64)
    ledger.staked = np.minimum(staked, ledger.coins + np.maximum(staked - ledger.coins, 0))
    ledger.rented = np.maximum(staked - ledger.coins, 0)
    use[of["households"], nations] += np.maximum(reserve, 0.0)
    net = use - ledger.coins * 1e-6
    month = state.rent * 1000.0 / 12.0  # MUSD per GW
    owed = np.maximum(net, 0.0) * month
    offered = np.maximum(-net, 0.0)
    total = owed.sum(axis=0)
    share = offered / np.maximum(offered.sum(axis=0), 1e-12)
    # payers pay the bank of the coin's nation, which hands the owners their part
    who, n = np.nonzero(owed > 0.0)
    ledger.pay("rent", who, of["bank"][n], owed[who, n])
    private = ~ledger.is_bank
    gets, m = np.nonzero((share > 0.0) & private[:, None])
    ledger.pay("rent", of["bank"][m], gets, total[m] * share[gets, m])
    state.bank_rent_musd = np.maximum(total - (share * private[:, None]).sum(axis=0) * total, 0.0)
    # a shortfall pays rent too, so that a missing watt is never free
    short = ledger.shortfall * 1e-6 * month
    who, n = np.nonzero(short > 0.0)
    ledger.pay("rent", who, of["bank"][n], short[who, n])


def apply_stake(world: Any, order: Stake) -> None:
    """Move coins between parties and bank vaults; purchases stop where a vault is empty."""
    state, ledger, of = world.state, world.state.ledger, world.parties.of
    for party, n, kw in zip(order.party, order.nation, order.kw, strict=True):
        bank_party = int(of["bank"][n])
        vault = int(ledger.coins[bank_party, n])
        amount = min(int(kw), max(vault, 0))
        amount = max(amount, -int(ledger.coins[party, n]))
        if amount == 0:
            continue
        if ledger.home[party] == n:
            if amount > 0:
                amount = min(amount, max(int(ledger.deposits[party]), 0))
            ledger.deposit_coins(int(party), int(n), -amount)
        elif amount > 0:
            ledger.buy_abroad(int(party), int(n), amount, state.value)
        else:
            ledger.sell_abroad(int(party), int(n), -amount, state.value)


def value_and_fx(world: Any) -> None:
    """The value of a watt moves toward what clears the market for coins; cross rates follow it."""
    state, statics, param = world.state, world.statics, world.tables.param
    growth = state.nation.gdp_musd / statics.opening_gdp_musd
    state.households.savings_musd = statics.opening_savings_musd * growth
    target, bound, _ = coin_market.target_value(world.tables, statics, state)
    state.value_bound = bound
    state.old_value = state.value
    state.value = worth.adjust_value(state.value, target, param("money.value_speed"))
    for n in np.flatnonzero(np.abs(np.log(state.value / state.old_value)) > param("events.price_jump")):
        word = "rises" if state.value[n] > state.old_value[n] else "falls"
        world.tell("price", world.places.nations[n], "", f"The value of a watt {word} from {state.old_value[n]:.2f} to {state.value[n]:.2f} USD.")
    q = np.where(state.credit > param("invest.least_credit"), state.project_q, 0.0)
    state.q = np.array([q[zones].max() for zones in world.places.zones_of])


def settlement(world: Any) -> None:
    """All payments of the month are settled; overdrafts become loans within limits, the rest arrears; the lost are restructured."""
    state, ledger, of, param = world.state, world.state.ledger, world.parties.of, world.tables.param
    home = world.parties.home
    price = state.value[home] / 1000.0
    opening = state.sheet if state.month else balance_sheet(ledger, state.old_value, state.tangible + state.depreciation_musd)
    before = balance_sheet(ledger, state.value, state.tangible)
    own = np.maximum(state.tangible.sum(axis=1), 0.0) * param("bank.loan_to_value")
    own[of["households"]] = state.nation.gdp_musd * param("bank.household_credit_share")
    own[of["government"]] = state.nation.gdp_musd * param("bank.household_credit_share")
    own[of["chipmaker"]] = np.maximum(own[of["chipmaker"]], state.outflow_musd[of["chipmaker"]] * param("bank.trade_credit_months"))
    for sector in ("supplier", "robot", "launcher", "ai", "utility"):
        own[of[sector]] = np.maximum(own[of[sector]], state.outflow_musd[of[sector]] * param("bank.trade_credit_months"))
    room = np.floor(own / price).astype(np.int64) - ledger.loans
    flows = ledger.settle(state.value, room)
    repay = np.minimum(np.minimum(state.repayment_kw, ledger.loans), np.maximum(ledger.deposits, 0))
    ledger.loans -= repay
    ledger.deposits -= repay
    state.repayment_kw[:] = 0
    state.tangible += state.bought_musd
    parties = len(home)
    flows = _restructure(world, flows)
    flow = np.bincount(flows.payee, flows.in_kw * state.value[home[flows.payee]] / 1000.0, parties)
    flow -= np.bincount(flows.payer, flows.out_kw * state.value[home[flows.payer]] / 1000.0, parties)
    # a cross-border payment leaves both banks with the claim and the deposit they made
    memory = param("finance.outflow_memory_months")
    out = np.bincount(flows.payer, flows.musd, parties)
    state.turnover_musd = state.turnover_musd + (out - state.turnover_musd) / memory
    state.outflow_musd = state.outflow_musd + (out - state.outflow_musd) / memory
    state.ai.outflow_musd = state.outflow_musd[of["ai"]]
    closing = balance_sheet(ledger, state.value, state.tangible)
    state.sheet = closing
    state.books.append(MonthBooks(opening, closing, before - opening, flow, state.bought_musd.sum(axis=1)))


def _restructure(world: Any, flows: Any) -> Any:
    """Firms six months in arrears lose their debts to the bank's equity and go on under new owners; returns the flows with that."""
    state, ledger = world.state, world.state.ledger
    months = world.tables.param("bank.bankrupt_after_months")
    busts = [p for p in np.flatnonzero(ledger.arrears_months >= months) if p in world.statics.firms_set]
    for party in busts:
        lost = int(ledger.loans[party] + ledger.arrears[party])
        n = int(ledger.home[party])
        ledger.loans[party] = ledger.arrears[party] = ledger.arrears_months[party] = 0
        flows = ledger.write_off(int(party), lost, state.value, flows)
        name = world.parties.names[party]
        world.tell("bust", world.places.nations[n], name, f"{name} is bankrupt; its bank writes off {lost * 1e-6:.2f} GW of coin.")
    return flows
