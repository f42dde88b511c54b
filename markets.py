"""The exchange at work: power parts, accelerators and robots. Each market is cleared by the same kernel (world/trade)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .agents import ai_company
from .agents.rules import financing
from .world.build import projects as building
from .world.build import sites
from .world.opening_money import CHIPS
from .world.tech import robots
from .world.trade import exchange

_KW_PER_GW = 1e6
_UNDER_SOLAR_DUTY = ("modules", "cells")  # the parts that the lever of that name means


def trade_parts(world: Any) -> None:
    """Nations' builders bid for turbines, transformers, modules and cells that waiting projects need."""
    state, statics, param = world.state, world.statics, world.tables.param
    places = world.places
    zones = places.zone_nation
    nations = len(places.nations)
    needed = sites.parts_needed(
        state.projects, zones, statics.part_need, param("parts.order_ahead_months"), nations, len(world.parties)
    )
    total_need = needed.sum(axis=1)
    supplier = state.supplier
    supplier_home = world.parties.home[world.parties.of["supplier"]]
    supplier.sold_gw[:] = 0.0
    supplier.revenue_musd[:] = 0.0
    for part in range(len(building.PARTS)):
        want = np.maximum(total_need[:, part] - state.parts_stock_gw[:, part], 0.0)
        rows = np.flatnonzero(statics.supplier_part == part)
        supply = supplier.capacity_gw[rows]
        state.part_backlog_months[part] = want.sum() / max(supply.sum(), 1e-9)
        pressure = np.log(max(want.sum(), 1e-9) / max(supply.sum(), 1e-9))
        bid = state.part_price[:, part] * np.exp(param("parts.bid_speed") * np.tanh(pressure) * statics.growth)
        cheapest = supplier.reserve_usd_per_kw[rows].min()
        bid = np.maximum(bid, cheapest * param("parts.least_markup"))
        factor = world.levers["solar_duty"] if building.PARTS[part] in _UNDER_SOLAR_DUTY else np.ones(nations)
        tariff = statics.part_tariff[:, rows] * factor[:, None]
        customs = supplier.price_usd_per_kw[rows]
        # a month's orders are for the slots there are, at the bid: what waits longer raises the bid, not the month's budget
        slots = min(1.0, supply.sum() / max(want.sum(), 1e-9))
        # a buyer pays up to several times its bid for a part that is there; its budget, not its worth, is what limits it
        cleared = exchange.clear(
            want * slots * bid * _KW_PER_GW, np.repeat((bid * param("parts.worth_multiple"))[:, None], len(rows), axis=1),
            supply * _KW_PER_GW, supplier.reserve_usd_per_kw[rows], tariff=tariff, customs_price=customs,
            allowed=state.usable.parts[supplier_home[rows]].T,
        )  # fmt: skip
        got = cleared.quantity / _KW_PER_GW
        total = got.sum(axis=1)
        got *= np.minimum(1.0, want / np.maximum(total, 1e-12))[:, None]
        supplier.price_usd_per_kw[rows] = np.maximum(cleared.price, supplier.reserve_usd_per_kw[rows])
        supplier.sold_gw[rows] = got.sum(axis=0)
        cost = got * cleared.price[None, :]  # MUSD: GW × USD/kW
        duty = got * tariff * customs[None, :]
        supplier.revenue_musd[rows] = cost.sum(axis=0)
        state.parts_stock_gw[:, part] += got.sum(axis=1)
        bought = got.sum(axis=1)
        paid = (cost + duty).sum(axis=1) / np.maximum(bought, 1e-12)
        if statics.growth:
            state.part_price[:, part] = np.where(bought > 0.0, np.minimum(bid, np.maximum(paid, cheapest)), bid)
        _pay_parts(world, needed[:, :, part], cost, duty, rows)
    premium = state.part_price - statics.part_base_price
    dearer = np.maximum(premium, -statics.part_base_price)
    state.parts_premium_usd_per_kw = (dearer[:, None, :] * statics.part_need[None, :-1, :]).sum(axis=2)


def _pay_parts(world: Any, needed: np.ndarray, cost: np.ndarray, duty: np.ndarray, rows: np.ndarray) -> None:
    """Owners of waiting projects pay suppliers `cost` [N, S] and customs `duty` [N, S] in proportion to what they need [N, A]."""
    state, ledger, of = world.state, world.state.ledger, world.parties.of
    nation, owner = np.nonzero(needed > 0.0)
    share = needed[nation, owner] / needed.sum(axis=1)[nation]
    bill = share[:, None] * cost[nation]
    who, maker = np.nonzero(bill > 0.0)
    ledger.pay("capex", owner[who], of["supplier"][rows[maker]], bill[who, maker])
    duties = share * duty.sum(axis=1)[nation]
    dutiable = duties > 0.0
    ledger.pay("tariff", owner[dutiable], of["government"][nation[dutiable]], duties[dutiable])
    spent = np.bincount(owner, bill.sum(axis=1) + duties, len(world.parties))
    buyers = np.flatnonzero(spent > 0.0)
    state.bought_musd[buyers, world.statics.built_asset[buyers]] += spent[buyers]


def open_share(world: Any) -> np.ndarray:
    """Return [seller nation, buyer nation] the share of free trade in accelerators that controls leave (leaks included)."""
    statics = world.statics
    strength = world.levers["chip_controls"]
    legal, leak, refused = statics.chip_legal, statics.chip_smuggled, statics.chip_refused
    left = legal * (1.0 - refused) + (1.0 - legal) * leak
    return left ** strength[:, None]


def trade_accelerators(world: Any) -> None:
    """AI companies buy chips. A controlled company may spend only the open share of its budget on controlled makers."""
    state, statics, param, of = world.state, world.statics, world.tables.param, world.parties.of
    fab, designers = state.fab, statics.designers
    home = world.parties.home
    buyers, makers = of["ai"], of["chipmaker"][designers]
    factor = param("chips.server_price_factor")
    bids = ai_company.bid_for_chips(world)
    share = open_share(world)[home[makers][None, :], home[buyers][:, None]]  # [C, D]
    open_now = state.usable.chips[home[makers][None, :], home[buyers][:, None]]
    free = (share >= 1.0 - 1e-12) & open_now
    open_part = np.where(free.all(axis=1), 1.0, np.min(np.where(free, 1.0, share), axis=1))
    budget = bids.budget_musd * 1e6 / factor
    value = np.concatenate([bids.value, np.where(free, bids.value, 0.0)]) * 1e6 / factor
    allowed = np.concatenate([open_now, free])
    supply = fab.stock_h100e[designers]
    cleared = exchange.clear(
        np.concatenate([budget * open_part, budget * (1.0 - open_part)]), value, supply, state.chip_cost_usd, allowed=allowed
    )
    companies = len(buyers)
    got = cleared.quantity[:companies] + cleared.quantity[companies:]
    cost = got * cleared.price[None, :] * 1e-6
    fab.stock_h100e[designers] = np.maximum(supply - got.sum(axis=0), 0.0)
    _tell_prices(world, fab.price_usd[designers], cleared.price, supply)
    fab.price_usd[designers] = cleared.price
    fab.revenue_musd[:] = 0.0
    fab.revenue_musd[designers] = cost.sum(axis=0)
    sold = got.sum(axis=0)
    # makers plan for what would be bought at their usual markup: budgets are given, so volume answers price
    pay = np.log(np.maximum(cleared.price, 1e-9) / (state.chip_cost_usd * param("chips.wanted_markup")))
    planned = sold * np.exp(np.tanh(param("chips.order_elasticity") * pay))
    if statics.growth:
        state.chip_orders = state.chip_orders + (planned - state.chip_orders) / param("chips.order_memory_months")
    who, d = np.nonzero(cost > 0.0)
    state.ledger.pay("chips", buyers[who], makers[d], cost[who, d])
    servers = cost.sum(axis=1) * (factor - 1.0)
    state.ledger.pay("capex", buyers, of["households"][home[buyers]], servers)
    spent = cost.sum(axis=1) * factor
    state.bought_musd[buyers, CHIPS] += spent
    state.ai.chip_spending_musd = spent
    lead = param("chips.delivery_months") + statics.chip_freight_months[home[makers][:, None], home[buyers][None, :]].T
    # what is ordered now arrives after whole months: slot 0 is next month's
    slot = np.clip(np.round(lead).astype(np.int64) - 1, 0, len(state.transit_h100e) - 1)
    np.add.at(state.transit_h100e, (slot, np.arange(companies)[:, None]), got)
    np.add.at(state.transit_it_gw, (slot, np.arange(companies)[:, None]), got * state.chip_it_w[None, :] * 1e-9)


def _tell_prices(world: Any, before: np.ndarray, after: np.ndarray, supply: np.ndarray) -> None:
    jump = np.abs(np.log(np.maximum(after, 1e-9) / np.maximum(before, 1e-9)))
    for d in np.flatnonzero((jump > world.tables.param("events.price_jump")) & (supply > 0.0)):
        party = int(world.parties.of["chipmaker"][world.statics.designers[d]])
        name = world.parties.names[party]
        word = "more" if after[d] > before[d] else "less"
        world.tell(
            "price", world.places.nations[world.parties.home[party]], name,
            f"{name}'s chips cost {word}: {after[d]:,.0f} USD per H100e after {before[d]:,.0f}.",
        )  # fmt: skip


def trade_robots(world: Any) -> None:
    """Households and industry buy robots for the wages they save; budgets follow worth over price."""
    state, statics, param, of = world.state, world.statics, world.tables.param, world.parties.of
    robot, households = state.robot, state.households
    home = world.parties.home[of["robot"]]
    subsidy = world.levers["robot_subsidy"]
    hours = param("robots.hours_per_year") / param("robots.human_hours")
    # a robot saves a wage only where there is still work of the kind that bodies do
    work = statics.working_age * param("robots.bodily_work_share")
    left = robots.work_left(households.robots * state.robot_useful * hours, work)
    worth = state.robot_useful.max() * statics.wage_usd * hours * param("robots.worth_years") * left
    # a nation that has bought none yet tries a few
    least = state.nation.gdp_musd / 12.0 * param("robots.trial_share")
    households.robot_budget_musd = np.maximum(households.robot_budget_musd, least)
    cleared = exchange.clear(
        households.robot_budget_musd * 1e6, np.repeat(worth[:, None], len(home), axis=1), robot.for_sale, robot.cost_usd
    )
    cost = cleared.quantity * cleared.price[None, :] * 1e-6
    buyer, maker = np.nonzero(cost > 0.0)
    state.ledger.pay("robots", of["households"][buyer], of["robot"][maker], cost[buyer, maker])
    state.ledger.pay("subsidy", of["government"], of["households"], cost.sum(axis=1) * subsidy)
    state.robot_subsidy_musd = cost.sum(axis=1) * subsidy
    robot.sold = cleared.quantity.sum(axis=0)
    robot.unsold = np.maximum(robot.for_sale - robot.sold, 0.0)
    robot.revenue_musd = cost.sum(axis=0)
    robot.price_usd = np.where(robot.sold > 0.0, cleared.price, robot.price_usd)
    wear = 1.0 - np.exp(-1.0 / (12.0 * param("robots.life_years")))
    bought = cleared.quantity.sum(axis=1)
    households.robots += bought - households.robots * wear
    mean = (robot.price_usd * np.maximum(robot.sold, 1e-9)).sum() / np.maximum(robot.sold, 1e-9).sum()
    pull = np.log(np.maximum(worth * (1.0 + subsidy), 1e-9) / mean)
    greatest = param("robots.greatest_budget_growth")
    if statics.growth:
        grown = households.robot_budget_musd * np.exp(greatest * np.tanh(param("robots.budget_speed") * pull / greatest) / 12.0)
        # machinery is a part of what a nation invests
        most = state.nation.gdp_musd / 12.0 * param("robots.machinery_share")
        households.robot_budget_musd = financing.smooth_minimum(grown, most, param("finance.sharpness"))
