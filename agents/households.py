"""Households and industry: one per nation. They draw base load, buy AI services and robots, save, trade goods, own the firms."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.kernels import kernel
from ..world.orders import NO_STAKE, Payment, Stake
from .actor import Actor
from .rules import payout


class Households(Actor):
    """Everybody else of a nation: households and ordinary industry."""

    kind = "households"
    COLUMNS = {  # noqa: RUF012
        "stake_gw": Column("GW"),  # what base load must stake, a rolling year
        "savings_musd": Column("MUSD"),  # balances held as a store of value at the opening price
        "robots": Column("units"),
        "robot_budget_musd": Column("MUSD"),
    }


def open_households(tables: Any, places: Any) -> Columns:
    return Columns(Households.COLUMNS, len(places.nations))


def restake(world: Any) -> Stake:
    """Close a twelfth of the gap between what base load must stake and the coins households hold; where coins are no money, rent."""
    state, of = world.state, world.parties.of
    if not world.statics.money.CAPACITY_IS_MONEY:
        return NO_STAKE
    nations = np.arange(len(world.places.nations))
    held = state.ledger.coins[of["households"], nations]
    gap = (state.households.stake_gw * 1e6 - held) / world.tables.param("household.restake_months")
    return Stake(of["households"], nations, np.floor(gap).astype(np.int64))


def trade_goods(world: Any) -> list[Payment]:
    """A surplus nation spends a share of its claims on other nations on their ordinary goods, so that trade returns."""
    state, of = world.state, world.parties.of
    claims = state.ledger.nostro * state.money_value / 1000.0  # [bank, on nation] MUSD
    # of two mutual claims only the net one is spent
    net = np.maximum(claims - claims.T, 0.0) / world.tables.param("trade.claim_months")
    buyer, seller = np.nonzero(net > 0.0)
    return [Payment("goods", of["households"][buyer], of["households"][seller], net[buyer, seller])]


@kernel
def _pay_out(firms, home, value, deposits, loans, outflow_musd, cover_months, speed, repay_share, repayment_kw, dividend_musd):
    """Write what every firm repays, kW of its coin [parties], and what it pays its owners, MUSD [firms]."""
    for k in range(firms.shape[0]):
        p = firms[k]
        price = value[home[p]] / 1000.0
        repay, dividend_musd[k] = payout.pay_out(
            max(deposits[p], 0) * price, outflow_musd[p], loans[p] * price, cover_months, speed, repay_share
        )
        repayment_kw[p] = np.int64(np.floor(repay / price))


def owners_income(world: Any) -> list[Payment]:
    """Every firm repays and pays its owners what it holds beyond its months of cover; repayment is applied by the model."""
    state, of, param = world.state, world.parties.of, world.tables.param
    firms, home = world.statics.firms, world.parties.home
    dividend = np.empty(len(firms))
    _pay_out(
        firms, home, state.money_value, state.ledger.deposits, state.ledger.loans, state.outflow_musd, param("finance.cover_months"),
        param("finance.payout_speed"), param("finance.repay_share"), state.repayment_kw, dividend,
    )  # fmt: skip
    return [Payment("dividend", firms, of["households"][home[firms]], dividend)]
