"""The market for power parts: what waiting projects need becomes bids, and what is sold becomes bills.

N nations, A parties, P parts, S suppliers (each makes one part). Between the two halves `exchange.clear_markets` clears all parts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel

_KW_PER_GW = 1e6


class Rules(NamedTuple):
    """How builders bid."""

    bid_speed: float  # greatest ln-change of a bid in a month
    least_markup: float  # lowest bid over the cheapest maker's cost
    worth_multiple: float  # what a part that is there is worth to a buyer, over its bid


class Offers(NamedTuple):
    """What goes to the exchange, and what it must not forget."""

    need: np.ndarray  # [N, P] GW of all owners
    owners: np.ndarray  # [N, P] who need some
    want: np.ndarray  # [N, P] GW needed beside the stock
    bid: np.ndarray  # [N, P] USD/kW
    cheapest: np.ndarray  # [P] USD/kW, the lowest cost of a maker
    backlog_months: np.ndarray  # [P] needed over capacity
    budget: np.ndarray  # [P, N] USD
    value: np.ndarray  # [N, S] USD/kW
    supply: np.ndarray  # [S] kW
    duty: np.ndarray  # [N, S] USD/kW, on last month's price


class Sales(NamedTuple):
    """What a month's trade in parts leaves behind."""

    sold: np.ndarray  # [S] GW
    revenue: np.ndarray  # [S] MUSD
    bought: np.ndarray  # [N, P] GW
    asked: np.ndarray  # [N, P] USD/kW that next month's bids start from
    premium: np.ndarray  # [N, K] USD/kW that parts make a plant dearer than they did at the opening
    cost: np.ndarray  # [N, S] MUSD to makers
    duty: np.ndarray  # [N, S] MUSD to customs


class Bills(NamedTuple):
    """Who pays whom for parts."""

    payer: np.ndarray
    maker: np.ndarray  # row of the supplier
    musd: np.ndarray
    importer: np.ndarray  # who pays duty
    nation: np.ndarray  # to whose customs
    duty_musd: np.ndarray


@kernel
def _add_up(need):
    """Return (sum over parties of [N, A, P], how many need some), both [N, P]."""
    nations, parties, parts = need.shape
    total = np.zeros((nations, parts))
    owners = np.zeros((nations, parts), np.int64)
    for n in range(nations):
        for a in range(parties):
            for p in range(parts):
                if need[n, a, p] > 0.0:
                    total[n, p] += need[n, a, p]
                    owners[n, p] += 1
    return total, owners


@kernel
def _offer(need, stock, asked, made_by, capacity, reserve, price, tariff, levered, lever, rules, growth):
    """Return what `Offers` holds, in its order."""
    nations, parts = stock.shape
    makers = made_by.shape[0]
    total, owners = _add_up(need)
    want = np.maximum(total - stock, 0.0)
    bid = np.empty((nations, parts))
    budget = np.empty((parts, nations))
    value = np.empty((nations, makers))
    duty = np.empty((nations, makers))
    supplied = np.zeros(parts)
    cheapest = np.full(parts, np.inf)
    for s in range(makers):
        p = made_by[s]
        supplied[p] += capacity[s]
        cheapest[p] = min(cheapest[p], reserve[s])
    backlog = np.empty(parts)
    for p in range(parts):
        if supplied[p] == 0.0 and cheapest[p] == np.inf:
            cheapest[p] = 0.0  # nobody makes it
        wanted = want[:, p].sum()
        backlog[p] = wanted / max(supplied[p], 1e-9)
        pressure = np.log(max(wanted, 1e-9) / max(supplied[p], 1e-9))
        step = np.exp(rules.bid_speed * np.tanh(pressure) * growth)
        # a month's orders are for the slots there are, at the bid: what waits longer raises the bid, not the month's budget
        slots = min(1.0, supplied[p] / max(wanted, 1e-9))
        for n in range(nations):
            bid[n, p] = max(asked[n, p] * step, cheapest[p] * rules.least_markup)
            budget[p, n] = want[n, p] * slots * bid[n, p] * _KW_PER_GW
    for n in range(nations):
        for s in range(makers):
            p = made_by[s]
            # a buyer pays up to several times its bid for a part that is there; its budget, not its worth, is what limits it
            value[n, s] = bid[n, p] * rules.worth_multiple
            duty[n, s] = tariff[n, s] * (lever[n] if levered[p] else 1.0) * price[s]
    return total, owners, want, bid, cheapest, backlog, budget, value, capacity * _KW_PER_GW, duty


def offer(need, stock, asked, made_by, capacity, reserve, price, tariff, levered, lever, rules: Rules, growth: bool) -> Offers:
    """Return the month's Offers: bids rise and fall with the month's need over what makers can supply.

    `need` [N, A, P] GW of projects and `stock` [N, P] GW in store; `asked` [N, P] USD/kW bid before; `made_by` [S] part of
    each maker, its `capacity` GW a month, `reserve` (cost) and last `price` USD/kW; `tariff` [N, S] on that price,
    times `lever` [N] for parts that are `levered` [P]. Without `growth` bids stay. For a part without a maker nobody has a budget.
    """
    return Offers(*_offer(need, stock, asked, made_by, capacity, reserve, price, tariff, levered, lever, rules, growth))


@kernel
def _book(quantity, price, want, bid, cheapest, duty_per_kw, made_by, asked, opening_price, part_need, growth):
    """Return what `Sales` holds, in its order."""
    nations, parts = want.shape
    makers = made_by.shape[0]
    kinds = part_need.shape[0] - 1  # the last is the hall
    got = quantity / _KW_PER_GW
    cost = np.empty((nations, makers))
    duty = np.empty((nations, makers))
    bought = np.zeros((nations, parts))
    offered = asked.copy()
    premium = np.zeros((nations, kinds))
    sold = np.zeros(makers)
    revenue = np.zeros(makers)
    paid = np.empty(parts)
    for n in range(nations):
        for s in range(makers):
            bought[n, made_by[s]] += got[n, s]
        # budgets may reach further than the need
        fits = np.minimum(1.0, want[n] / np.maximum(bought[n], 1e-12))
        bought[n] = 0.0
        paid[:] = 0.0
        for s in range(makers):
            p = made_by[s]
            got[n, s] *= fits[p]
            cost[n, s] = got[n, s] * price[s]  # MUSD: GW × USD/kW
            duty[n, s] = got[n, s] * duty_per_kw[n, s]
            sold[s] += got[n, s]
            revenue[s] += cost[n, s]
            bought[n, p] += got[n, s]
            paid[p] += cost[n, s] + duty[n, s]
        for p in range(parts):
            if growth:
                mean = max(paid[p] / max(bought[n, p], 1e-12), cheapest[p])
                offered[n, p] = min(bid[n, p], mean) if bought[n, p] > 0.0 else bid[n, p]
            dearer = offered[n, p] - opening_price[n, p]
            for k in range(kinds):
                premium[n, k] += dearer * part_need[k, p]
    return sold, revenue, bought, offered, premium, cost, duty


def book(quantity, price, offers: Offers, made_by, asked, opening_price, part_need, growth: bool) -> Sales:
    """Return the month's Sales of what cleared: `quantity` [N, S] kW at `price` [S] USD/kW.

    `asked` and `opening_price` [N, P] are last month's and the opening's bids, `part_need` [K + 1, P] units a GW of plant takes.
    """
    arrays = offers.want, offers.bid, offers.cheapest, offers.duty
    return Sales(*_book(quantity, price, *arrays, made_by, asked, opening_price, part_need, growth))


@kernel
def _bill(need, total, owners, made_by, cost, duty, built_asset, bought_musd):
    """Return what `Bills` holds, in its order."""
    nations, parties, parts = need.shape
    makers = made_by.shape[0]
    count = 0
    for n in range(nations):
        for s in range(makers):
            if cost[n, s] > 0.0:
                count += owners[n, made_by[s]]
    duties = owners.sum()
    payer, maker, musd = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count)
    importer, nation, customs = np.empty(duties, np.int64), np.empty(duties, np.int64), np.empty(duties)
    count = 0
    duties = 0
    for n in range(nations):
        for a in range(parties):
            for p in range(parts):
                if not need[n, a, p] > 0.0:
                    continue
                share = need[n, a, p] / total[n, p]
                owed = 0.0
                for s in range(makers):
                    if made_by[s] != p:
                        continue
                    owed += share * duty[n, s]
                    if cost[n, s] > 0.0:
                        payer[count], maker[count], musd[count] = a, s, share * cost[n, s]
                        bought_musd[a, built_asset[a]] += musd[count]
                        count += 1
                if owed > 0.0:
                    importer[duties], nation[duties], customs[duties] = a, n, owed
                    bought_musd[a, built_asset[a]] += owed
                    duties += 1
    return payer, maker, musd, importer[:duties], nation[:duties], customs[:duties]


def bill(need, offers: Offers, made_by, sales: Sales, built_asset, bought_musd) -> Bills:
    """Return the Bills: owners of waiting projects pay makers and customs in proportion to what they need, `need` [N, A, P].

    What they pay is added to `bought_musd` [A, assets] under the asset each builds, `built_asset` [A].
    """
    return Bills(*_bill(need, offers.need, offers.owners, made_by, sales.cost, sales.duty, built_asset, bought_musd))
