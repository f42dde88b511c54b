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
from .world.trade import exchange, parts

# the parts that the lever of that name means
_UNDER_SOLAR_DUTY = np.array([part in ("modules", "cells") for part in building.PARTS])


def trade_parts(world: Any) -> None:
    """Nations' builders bid for turbines, transformers, modules and cells that waiting projects need."""
    state, statics, param, places = world.state, world.statics, world.tables.param, world.places
    supplier, made_by = state.supplier, statics.supplier_part
    need = sites.parts_needed(
        state.projects, places.zone_nation, statics.part_need, param("parts.order_ahead_months"), len(places.nations),
        len(world.parties),
    )  # fmt: skip
    rules = parts.Rules(param("parts.bid_speed"), param("parts.least_markup"), param("parts.worth_multiple"))
    tariff_factor = np.where(_UNDER_SOLAR_DUTY, world.levers["solar_duty"][:, None], 1.0)
    offers = parts.offer(
        need, state.parts_stock_gw, state.part_price, made_by, supplier.capacity_gw, supplier.reserve_usd_per_kw,
        supplier.price_usd_per_kw, statics.part_tariff, tariff_factor, rules, statics.growth,
    )  # fmt: skip
    everyone = np.ones(offers.value.shape, dtype=bool)
    cleared = exchange.clear_markets(
        made_by, offers.budget, offers.value, offers.supply, supplier.reserve_usd_per_kw, offers.duty, everyone
    )
    sales = parts.book(
        cleared.quantity, cleared.price, offers, made_by, state.part_price, statics.part_base_price, statics.part_need,
        statics.growth,
    )  # fmt: skip
    supplier.price_usd_per_kw = cleared.price
    supplier.sold_gw = sales.got.sum(axis=0)
    supplier.revenue_musd = sales.cost.sum(axis=0)
    state.part_backlog_months = offers.backlog_months
    state.parts_stock_gw += sales.bought
    state.part_price, state.parts_premium_usd_per_kw = sales.asked, sales.premium
    bills = parts.bill(need, made_by, sales)
    of = world.parties.of
    state.ledger.pay("capex", bills.payer, of["supplier"][bills.maker], bills.musd)
    state.ledger.pay("tariff", bills.importer, of["government"][bills.nation], bills.duty_musd)
    buyers = np.flatnonzero(bills.spent_musd)
    state.bought_musd[buyers, statics.built_asset[buyers]] += bills.spent_musd[buyers]


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
    free = share >= 1.0 - 1e-12
    open_part = np.where(free.all(axis=1), 1.0, np.min(np.where(free, 1.0, share), axis=1))
    budget = bids.budget_musd * 1e6 / factor
    value = np.concatenate([bids.value, np.where(free, bids.value, 0.0)]) * 1e6 / factor
    allowed = np.concatenate([np.ones_like(free), free])
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
