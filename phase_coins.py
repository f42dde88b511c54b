"""Phases 6, 14 and 15: coins are staked and rented, the value of a watt moves, payments settle."""

from __future__ import annotations

from typing import Any

import numpy as np

from .agents import ai_company, households
from .world.money import coin_market
from .world.money import value as worth
from .world.money.ledger import PURPOSE, flows_by_party
from .world.money.matrices import MonthBooks, balance_sheet
from .world.money.rent import share_rent
from .world.opening_money import tight_stakes
from .world.orders import Stake

_MOST_KW = 1e18  # numerical: far above any amount, far below the largest whole number


def stake_and_rent(world: Any) -> None:
    """Base load and halls find their coins: some own them, the rest rent; one price clears what is left unstaked."""
    state, statics, places = world.state, world.statics, world.places
    statics.money.issue(world)
    tight_stakes(statics, state, world.tables.param)
    apply_stake(world, households.restake(world))
    wanted = ai_company.wanted_draw_gw(world)
    draw = state.wanted_draw_gw = np.add.reduceat(wanted, places.first_zone, axis=1) * statics.draw_factor
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
    state.ledger.seal()


def _pay_rents(world: Any, accepted: np.ndarray, base: np.ndarray, reserve: np.ndarray) -> None:
    """Users pay rent for what they do not own; base load also pays for the reserve; owners of idle coins get it."""
    state, of = world.state, world.parties.of
    ledger = state.ledger
    use = np.zeros(ledger.coins.shape)
    use[of["ai"]] = accepted.T
    use[of["households"], np.arange(len(base))] = base
    payer, payee = np.empty((2, 2 * use.size), dtype=np.int64)
    musd = np.empty(2 * use.size)
    written, state.bank_rent_musd = share_rent(
        use, reserve, ledger.coins, ledger.shortfall, ledger.is_bank, of["households"], state.rent, ledger.staked, ledger.rented,
        payer, payee, musd, ledger.bank_of,
    )  # fmt: skip
    ledger.pay("rent", payer[:written], payee[:written], musd[:written])


def apply_stake(world: Any, order: Stake) -> None:
    """Move coins between parties and bank vaults; purchases stop where a vault is empty."""
    world.state.ledger.move_coins(order.party, order.nation, order.kw, world.state.value)


def value_and_fx(world: Any) -> None:
    """The value of a watt moves toward what clears the market for coins; cross rates follow it."""
    state, statics, param = world.state, world.statics, world.tables.param
    growth = state.nation.gdp_musd / statics.opening_gdp_musd
    state.households.savings_musd = state.opening_savings_musd * growth
    target, bound, _ = statics.money.target_value(world.tables, statics, state)
    state.value_bound = bound
    state.old_value, old_money = state.value, state.money_value
    state.value = worth.adjust_value(state.value, target, param("money.value_speed"))
    state.old_money_value, state.money_value = old_money, statics.money.money_value(state)
    # q of the firm watts that are being started
    firm = state.started_gw_zone * np.where(state.credit > param("invest.least_credit"), state.credit, 0.0) + param("invest.least_start_gw")
    zones = world.places.zone_nation
    weight = np.bincount(zones, firm.sum(axis=1), len(state.q))
    state.q = np.bincount(zones, (firm * state.project_q).sum(axis=1), len(state.q)) / weight


def open_circulation(world: Any) -> None:
    """Let the opening books hold what a trial of the first month shows: deliveries, claims that trade leaves standing, cover, payments.

    Claims between nations stand at what is spent in `trade.claim_months`. Further trials, with these in place, give what is
    usually paid; then savings are what makes the opening value of a watt clear the market.
    """
    state, of, param = world.state, world.parties.of, world.tables.param
    trial = _trial(world)
    claims = trial.state.ledger.nostro * trial.state.money_value / 1000.0  # [bank, on nation] MUSD after a month
    standing = np.maximum(claims - claims.T, 0.0) * (param("trade.claim_months") - 1.0)
    holder, debtor = np.nonzero(standing > 0.0)
    ledger = state.ledger
    ledger.pay("goods", of["households"][debtor], of["households"][holder], standing[holder, debtor])
    ledger.settle(state.money_value, np.full(len(world.parties), np.iinfo(np.int64).max // 4))
    ledger.history.clear()
    _open_deliveries(world, trial)
    for _ in range(int(param("money.opening_trials"))):
        _usual_payments(world, trial)
        _open_cover(world, trial.state.ledger.history[0])
        state.supplier.price_usd_per_kw = trial.state.supplier.price_usd_per_kw.copy()
        trial = _trial(world)
    _usual_payments(world, trial)
    world.statics.money.open_value(world.tables, world.statics, state)


def _claims_on(state: Any) -> np.ndarray:
    """Return [N] what all nations' banks hold of a nation's coins, MUSD."""
    return state.ledger.nostro.sum(axis=0) * state.money_value / 1000.0


def _trial(world: Any) -> Any:
    """Return a copy of the world after its next month."""
    trial = world.branch()
    trial.step()
    return trial


def _usual_payments(world: Any, trial: Any) -> None:
    """Take what was paid in the trial month as usual, and for power and fuel what a mean month of the year takes."""
    state, zones, home = world.state, world.places.zone_nation, world.parties.home
    flows = trial.state.ledger.history[0]
    mean, month = (np.bincount(zones, load) for load in (world.statics.first_year["load_gwh"], trial.state.power.load_gwh))
    season = np.isin(flows.purpose, [PURPOSE[name] for name in ("energy", "fuel")])
    paid = flows.musd * np.where(season, (mean / month)[home[flows.payer]], 1.0)
    state.turnover_musd = np.bincount(flows.payer, paid, len(world.parties))
    state.outflow_musd = state.turnover_musd.copy()
    state.claims_musd = _claims_on(state)
    state.ai.outflow_musd = state.outflow_musd[world.parties.of["ai"]]


def _open_deliveries(world: Any, trial: Any) -> None:
    """Let what the trial month bought stand in every month of delivery: orders of the start, not last year's mean, are under way."""
    state, param = world.state, world.tables.param
    for name in ("transit_h100e", "transit_it_gw"):
        kept, bought = getattr(state, name), getattr(trial.state, name)
        # what was ordered in the trial month is what it holds beyond the deliveries that were waiting
        ordered = bought - np.concatenate([kept[1:], np.zeros_like(kept[:1])])
        # an order in slot s stood in slot s - 1 a month later, and so on down to the next month's
        setattr(state, name, np.cumsum(ordered[::-1], axis=0)[::-1])
    facility = state.transit_it_gw[0] * param("ai.pue_peak")
    state.ai.arrivals_gw = facility
    state.in_transit_gw = state.transit_it_gw.sum(axis=0) * param("ai.pue_peak")
    state.chips_opening = state.ai.chips_h100e.sum() + state.transit_h100e.sum()


def _open_cover(world: Any, flows: Any) -> None:
    """Let firms begin with the cover that they keep and what their profits let stand there, as far as households can spare it."""
    state, ledger, of, param = world.state, world.state.ledger, world.parties.of, world.tables.param
    firms, home = world.statics.firms, world.parties.home
    paid_out = flows.purpose == PURPOSE["dividend"]
    profit = np.bincount(flows.payee, flows.musd, len(home)) - np.bincount(flows.payer, flows.musd * ~paid_out, len(home))
    # a share of what lies beyond the cover is paid out a month: with a steady profit this much stays there
    standing = np.maximum(profit, 0.0) / param("finance.payout_speed")
    wanted = (state.outflow_musd * param("finance.cover_months") + standing)[firms] / state.money_value[home[firms]] * 1000.0
    change = np.floor(wanted).astype(np.int64) - ledger.deposits[firms]
    total = np.zeros(len(of["households"]), dtype=np.int64)
    np.add.at(total, home[firms], change)
    spare = np.maximum(ledger.deposits[of["households"]], 0)
    fits = total <= spare
    ledger.deposits[firms] += np.where(fits[home[firms]], change, 0)
    ledger.deposits[of["households"]] -= np.where(fits, total, 0)


def settlement(world: Any) -> None:
    """All payments of the month are settled; overdrafts become loans within limits, the rest arrears; the lost are restructured."""
    state, statics, ledger, of, param = world.state, world.statics, world.state.ledger, world.parties.of, world.tables.param
    home = world.parties.home
    state.unpaid = ledger.unsealed()
    price = state.money_value[home] / 1000.0
    opening = state.sheet if state.month else balance_sheet(
        ledger, state.old_value, state.old_money_value, state.tangible + state.depreciation_musd
    )
    before = balance_sheet(ledger, state.value, state.money_value, state.tangible)
    security = np.maximum(state.tangible.sum(axis=1), 0.0) + statics.money.collateral_musd(ledger, state.value)
    own = security * param("bank.loan_to_value")
    own[of["households"]] = state.nation.gdp_musd * param("bank.household_credit_share")
    own[of["government"]] = state.nation.gdp_musd * param("bank.household_credit_share")
    firms = statics.firms
    own[firms] = np.maximum(own[firms], state.outflow_musd[firms] * param("bank.trade_credit_months"))
    # a coin worth next to nothing must not overflow the books
    room = np.floor(np.minimum(own / price, _MOST_KW)).astype(np.int64) - ledger.loans
    flows = ledger.settle(state.money_value, room)
    repay = np.minimum(np.minimum(state.repayment_kw, ledger.loans), np.maximum(ledger.deposits, 0))
    ledger.loans -= repay
    ledger.deposits -= repay
    state.repayment_kw[:] = 0
    state.tangible += state.bought_musd
    flows = _restructure(world, flows)
    flow, out = flows_by_party(flows, state.money_value, home)
    # a cross-border payment leaves both banks with the claim and the deposit they made
    memory = param("finance.outflow_memory_months")
    state.turnover_musd = state.turnover_musd + (out - state.turnover_musd) / param("money.turnover_memory_months")
    state.outflow_musd = state.outflow_musd + (out - state.outflow_musd) / memory
    state.claims_musd = state.claims_musd + (_claims_on(state) - state.claims_musd) / param("money.turnover_memory_months")
    state.ai.outflow_musd = state.outflow_musd[of["ai"]]
    closing = balance_sheet(ledger, state.value, state.money_value, state.tangible)
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
        flows = ledger.write_off(int(party), lost, state.money_value, flows)
        name = world.parties.names[party]
        busd = lost * state.money_value[n] * 1e-6
        world.tell("bust", world.places.nations[n], name, f"{name} is bankrupt; its bank writes off {busd:.2f} BUSD.")
    return flows
