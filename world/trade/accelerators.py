"""The market for accelerators: who may spend how much on whose chips, and what was sold, billed and sent.

C companies, D designers, N nations. Between the two halves `exchange.clear_markets` clears the market. A company under
controls appears twice: with the part of its budget that may go anywhere, and with the rest, for the makers that are free.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel

_MUSD = 1e6


class Terms(NamedTuple):
    """Parameters of the trade in chips."""

    server_factor: float  # price of a server over that of its chips
    delivery_months: float  # freight apart
    wanted_markup: float  # of price over cost at which makers plan for what they sell
    order_elasticity: float


class Sales(NamedTuple):
    """What a month's trade in chips leaves behind."""

    sold: np.ndarray  # [D] H100e
    revenue: np.ndarray  # [D] MUSD
    spent: np.ndarray  # [C] MUSD, servers included
    planned: np.ndarray  # [D] H100e a month that makers would sell at their usual markup
    buyer: np.ndarray  # bills: company, designer, MUSD
    maker: np.ndarray
    bill: np.ndarray


@kernel
def _offer(budget_musd, worth_musd, open_share, passes, maker_home, buyer_home, server_factor):
    """Return (budgets [1, 2C] USD, values [2C, D] USD per H100e, allowed [2C, D])."""
    companies, makers = worth_musd.shape
    budget = np.empty((1, 2 * companies))
    value = np.zeros((2 * companies, makers))
    allowed = np.ones((2 * companies, makers), np.bool_)
    for c in range(companies):
        rest = companies + c
        least = 1.0
        for d in range(makers):
            share = open_share[maker_home[d], buyer_home[c]]
            free = share >= 1.0 - 1e-12
            value[c, d] = worth_musd[c, d] * _MUSD / server_factor
            value[rest, d] = value[c, d] if free else 0.0
            allowed[c, d] = passes[maker_home[d], buyer_home[c]]
            allowed[rest, d] = free and allowed[c, d]
            if not free:
                least = min(least, share)
        budget[0, c] = budget_musd[c] * _MUSD / server_factor * least
        budget[0, rest] = budget_musd[c] * _MUSD / server_factor * (1.0 - least)
    return budget, value, allowed


def offer(budget_musd, worth_musd, open_share, passes, maker_home, buyer_home, server_factor: float):
    """Return (budgets [1, 2C] USD, values [2C, D] USD per H100e, allowed [2C, D]) for the exchange.

    `budget_musd` [C] and `worth_musd` [C, D] per H100e pay for servers, chips are 1/`server_factor` of them; `open_share`
    [N maker, N buyer] is the share of a budget that may go to a nation's makers, 1 where trade is free; `passes` [N, N] is False
    where no goods get through at all; homes [D], [C].
    """
    return _offer(budget_musd, worth_musd, open_share, passes, maker_home, buyer_home, server_factor)


@kernel
def _book(quantity, price, cost_usd, it_w, freight_months, maker_home, buyer_home, terms, transit_h100e, transit_it_gw):
    """Return what `Sales` holds, in its order; what was bought goes into transit."""
    companies, makers = quantity.shape[0] // 2, quantity.shape[1]
    slots = transit_h100e.shape[0]
    sold, revenue, planned = np.zeros(makers), np.zeros(makers), np.empty(makers)
    spent = np.zeros(companies)
    buyer, maker, bill = np.empty(quantity.size, np.int64), np.empty(quantity.size, np.int64), np.empty(quantity.size)
    count = 0
    for c in range(companies):
        for d in range(makers):
            got = quantity[c, d] + quantity[companies + c, d]
            cost = got * price[d] / _MUSD
            if not got > 0.0:
                continue
            sold[d] += got
            revenue[d] += cost
            spent[c] += cost * terms.server_factor
            if cost > 0.0:
                buyer[count], maker[count], bill[count] = c, d, cost
                count += 1
            # what is ordered now arrives after whole months: slot 0 is next month's
            months = np.rint(terms.delivery_months + freight_months[maker_home[d], buyer_home[c]])
            slot = min(max(int(months) - 1, 0), slots - 1)
            transit_h100e[slot, c] += got
            transit_it_gw[slot, c] += got * it_w[d] * 1e-9
    for d in range(makers):
        # budgets are given, so volume answers price
        pay = np.log(max(price[d], 1e-9) / (cost_usd[d] * terms.wanted_markup))
        planned[d] = sold[d] * np.exp(np.tanh(terms.order_elasticity * pay))
    return sold, revenue, spent, planned, buyer[:count], maker[:count], bill[:count]


def book(
    quantity, price, cost_usd, it_w, freight_months, maker_home, buyer_home, terms: Terms, transit_h100e, transit_it_gw
) -> Sales:  # fmt: skip
    """Return the month's Sales of what cleared, `quantity` [2C, D] H100e at `price` [D] USD; add it to transit [slots, C].

    `cost_usd` [D] is what a chip costs its maker, `it_w` [D] what it draws, `freight_months` [N maker, N buyer].
    """
    return Sales(*_book(quantity, price, cost_usd, it_w, freight_months, maker_home, buyer_home, terms, transit_h100e, transit_it_gw))
