"""The exchange at work: power parts, accelerators and robots. Each market is cleared by the same kernel (world/trade)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .agents import ai_company
from .agents.rules import financing
from .world.build import projects as building
from .world.build import sites
from .world.opening_money import CHIPS
from .world.tech import robots
from .world.trade import accelerators, exchange, parts

# the parts that the lever of that name means
_UNDER_SOLAR_DUTY = np.array([part in ("modules", "cells") for part in building.PARTS])


def trade_parts(world: Any) -> None:
    """Nations' builders bid for turbines, transformers, modules and cells that waiting projects need."""
    state, statics, param, places, of = world.state, world.statics, world.tables.param, world.places, world.parties.of
    supplier, made_by = state.supplier, statics.supplier_part
    need = sites.parts_needed(
        state.projects, places.zone_nation, statics.part_need, param("parts.order_ahead_months"), len(places.nations),
        len(world.parties),
    )  # fmt: skip
    rules = parts.Rules(param("parts.bid_speed"), param("parts.least_markup"), param("parts.worth_multiple"))
    offers = parts.offer(
        need, state.parts_stock_gw, state.part_price, made_by, supplier.capacity_gw, supplier.reserve_usd_per_kw,
        supplier.price_usd_per_kw, statics.part_tariff, _UNDER_SOLAR_DUTY, world.levers["solar_duty"], rules, statics.growth,
    )  # fmt: skip
    cleared = exchange.clear_markets(
        made_by, offers.budget, offers.value, offers.supply, supplier.reserve_usd_per_kw, offers.duty,
        np.ascontiguousarray(state.usable.parts[world.parties.home[of["supplier"]]].T),
    )  # fmt: skip
    sales = parts.book(
        cleared.quantity, cleared.price, offers, made_by, state.part_price, statics.part_base_price, statics.part_need,
        statics.growth,
    )  # fmt: skip
    supplier.price_usd_per_kw = cleared.price
    supplier.sold_gw, supplier.revenue_musd = sales.sold, sales.revenue
    state.part_backlog_months = offers.backlog_months
    state.parts_stock_gw += sales.bought
    state.part_price, state.parts_premium_usd_per_kw = sales.asked, sales.premium
    bills = parts.bill(need, offers, made_by, sales, statics.built_asset, state.bought_musd)
    state.ledger.pay("capex", bills.payer, of["supplier"][bills.maker], bills.musd)
    state.ledger.pay("tariff", bills.importer, of["government"][bills.nation], bills.duty_musd)


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
    buyers, makers = of["ai"], of["chipmaker"][designers]
    homes = world.parties.home[makers], world.parties.home[buyers]
    terms = accelerators.Terms(
        param("chips.server_price_factor"), param("chips.delivery_months"), param("chips.wanted_markup"), param("chips.order_elasticity")
    )
    bids = ai_company.bid_for_chips(world)
    budget, value, allowed = accelerators.offer(
        bids.budget_musd, bids.value, open_share(world), state.usable.chips, *homes, terms.server_factor
    )
    supply = fab.stock_h100e[designers]
    cleared = exchange.clear_markets(
        np.zeros(len(designers), np.int64), budget, value, supply, state.chip_cost_usd, np.zeros(value.shape), allowed
    )
    sales = accelerators.book(
        cleared.quantity, cleared.price, state.chip_cost_usd, state.chip_it_w, statics.chip_freight_months, *homes, terms,
        state.transit_h100e, state.transit_it_gw,
    )  # fmt: skip
    _tell_prices(world, fab.price_usd[designers], cleared.price, supply)
    fab.stock_h100e[designers] = np.maximum(supply - sales.sold, 0.0)
    fab.price_usd[designers] = cleared.price
    fab.revenue_musd[:] = 0.0
    fab.revenue_musd[designers] = sales.revenue
    if statics.growth:
        state.chip_orders = state.chip_orders + (sales.planned - state.chip_orders) / param("chips.order_memory_months")
    state.ledger.pay("chips", buyers[sales.buyer], makers[sales.maker], sales.bill)
    servers = sales.spent * (1.0 - 1.0 / terms.server_factor)
    state.ledger.pay("capex", buyers, of["households"][homes[1]], servers)
    state.bought_musd[buyers, CHIPS] += sales.spent
    state.ai.chip_spending_musd = sales.spent


def _tell_prices(world: Any, before: np.ndarray, after: np.ndarray, supply: np.ndarray) -> None:
    most = world.tables.param("events.price_jump")
    for d, (now, then, there) in enumerate(zip(after.tolist(), before.tolist(), supply.tolist(), strict=True)):
        if not there > 0.0 or abs(math.log(max(now, 1e-9) / max(then, 1e-9))) <= most:
            continue
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
    subsidy = world.levers["robot_subsidy"]
    hours = param("robots.hours_per_year") / param("robots.human_hours")
    # a robot saves a wage only where there is still work of the kind that bodies do
    left = robots.work_left(
        households.robots * state.robot_useful * hours, statics.working_age * param("robots.bodily_work_share")
    )
    worth = statics.wage_usd * left * (state.robot_useful.max() * hours * param("robots.worth_years"))
    month_gdp = state.nation.gdp_musd / 12.0
    # a nation that has bought none yet tries a few
    budget = np.maximum(households.robot_budget_musd, month_gdp * param("robots.trial_share"))
    shape = len(worth), len(robot.for_sale)
    value = np.empty(shape)
    value[:] = worth[:, None]
    cleared = exchange.clear_markets(
        np.zeros(shape[1], np.int64), budget[None, :] * 1e6, value, robot.for_sale, robot.cost_usd, np.zeros(shape),
        np.ones(shape, dtype=bool),
    )  # fmt: skip
    cost = cleared.quantity * (cleared.price * 1e-6)
    buyer, maker = np.nonzero(cost)
    state.ledger.pay("robots", of["households"][buyer], of["robot"][maker], cost[buyer, maker])
    state.robot_subsidy_musd = cost.sum(axis=1) * subsidy
    state.ledger.pay("subsidy", of["government"], of["households"], state.robot_subsidy_musd)
    sold = cleared.quantity.sum(axis=0)
    robot.sold = sold
    robot.unsold = np.maximum(robot.for_sale - sold, 0.0)
    robot.revenue_musd = cost.sum(axis=0)
    robot.price_usd = np.where(sold > 0.0, cleared.price, robot.price_usd)
    wear = 1.0 - math.exp(-1.0 / (12.0 * param("robots.life_years")))
    households.robots += cleared.quantity.sum(axis=1) - households.robots * wear
    if statics.growth:
        weight = np.maximum(sold, 1e-9)
        mean = (robot.price_usd * weight).sum() / weight.sum()
        pull = np.log(np.maximum(worth * (1.0 + subsidy), 1e-9) / mean)
        greatest = param("robots.greatest_budget_growth")
        budget *= np.exp(np.tanh(pull * (param("robots.budget_speed") / greatest)) * (greatest / 12.0))
        # machinery is a part of what a nation invests
        budget = financing.smooth_minimum(budget, month_gdp * param("robots.machinery_share"), param("finance.sharpness"))
    households.robot_budget_musd = budget
