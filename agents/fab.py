"""Chip makers: designers that sell accelerators, foundries that make and package them, memory makers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.orders import Payment
from ..world.tech import production
from .actor import Actor


class Fab(Actor):
    """A maker of chips: `role` is design, logic or memory."""

    kind = "fab"
    COLUMNS = {  # noqa: RUF012
        "stock_h100e": Column("H100e"),  # unsold (designers)
        "made_h100e": Column("H100e"),  # in the month (designers)
        "price_usd": Column("USD/H100e"),  # last price (designers)
        "backlog": Column("1", 1.0),  # smoothed orders over output
        "capacity": Column("wafers or GB per month"),  # logic: packaged wafers; memory: GB of HBM
        "revenue_musd": Column("MUSD"),  # of the month
    }


def open_fabs(tables: Any, places: Any) -> Columns:
    return Columns(Fab.COLUMNS, len(tables.labels("chipmakers")))


def suppliers_bill(world: Any) -> list[Payment]:
    """Designers pay foundries and memory makers for this month's chips; all pay staff and materials from sales."""
    state, statics, of, param = world.state, world.statics, world.parties.of, world.tables.param
    party = of["chipmaker"]
    home = of["households"][world.parties.home[party]]
    designers, logic, memory = statics.designers, statics.logic_makers, statics.memory_makers
    wafers = state.wafer_use  # [designers, logic]
    bits = state.memory_use  # [designers, memory] GB
    wafer_bill, memory_bill = wafers * (param("fab.packaged_wafer_usd") * 1e-6), bits * (state.memory_usd_per_gb * 1e-6)
    who, maker = np.nonzero(wafer_bill)
    who2, maker2 = np.nonzero(memory_bill)
    income = np.zeros(len(party))
    income[logic], income[memory] = wafer_bill.sum(axis=0), memory_bill.sum(axis=0)
    # designers pay for what they buy apart, so their own costs are research, sales and assembly
    costs = income * param("fab.operating_cost_share") + state.fab.revenue_musd * param("fab.design_cost_share")
    return [
        Payment("chips", party[designers[who]], party[logic[maker]], wafer_bill[who, maker]),
        Payment("chips", party[designers[who2]], party[memory[maker2]], memory_bill[who2, maker2]),
        Payment("wages", party, home, costs),
    ]


def making_cost_usd(tables: Any, state: Any) -> np.ndarray:
    """Return [D] what an H100 equivalent costs its designer: packaged wafers, memory, and boards and test."""
    wafers = state.wafers_per_h100e * tables.param("fab.packaged_wafer_usd")
    return wafers + state.memory_gb_per_h100e * state.memory_usd_per_gb + state.board_usd


def produce(world: Any) -> None:
    """Make chips: designers order what sells, foundries and memory makers share what they have."""
    state, statics, param = world.state, world.statics, world.tables.param
    fab, designers = state.fab, statics.designers
    logic, memory = statics.logic_makers, statics.memory_makers
    usable = state.usable.fabs
    aim = param("chips.target_stock_months") * state.chip_orders
    orders = np.maximum(state.chip_orders + (aim - fab.stock_h100e[designers]) / param("chips.stock_speed_months"), 0.0)
    made = production.make_chips(
        orders, state.wafers_per_h100e, state.memory_gb_per_h100e, statics.wafer_share, statics.memory_share,
        fab.capacity[logic] * usable[logic], fab.capacity[memory] * usable[memory],
    )  # fmt: skip
    fab.made_h100e[:] = 0.0
    fab.made_h100e[designers] = made.made
    fab.stock_h100e[designers] += made.made
    state.chips_made_total = state.chips_made_total + made.made.sum()
    state.wafer_use, state.memory_use = made.wafers, made.memory
    short_of = np.bincount(made.short_of, orders, 3)
    state.memory_short = np.array([float(short_of[2] > short_of[1])])
    fab.backlog[logic] = made.wafers_wanted / np.maximum(fab.capacity[logic], 1e-12)
    fab.backlog[memory] = made.memory_wanted / np.maximum(fab.capacity[memory], 1e-12)


def expand(world: Any) -> None:
    """Order new capacity where lines are full; it arrives after its lag and is paid while it is built."""
    state, statics, param, of = world.state, world.statics, world.tables.param, world.parties.of
    fab = state.fab
    party = of["chipmaker"]
    home = world.parties.home[party]
    if not statics.growth:
        return
    fab.capacity += state.fab_coming[0]
    state.fab_coming[:-1] = state.fab_coming[1:]
    state.fab_coming[-1] = 0.0
    subsidy = world.levers["chip_subsidy"][home]
    spent = np.zeros(len(party))
    coming = state.fab_coming.sum(axis=0)
    for rows, lag, cost in (
        (statics.logic_makers, param("fab.packaging_lag_months"), param("fab.logic_capex_musd_per_wafer")),
        (statics.memory_makers, param("fab.memory_lag_months"), param("fab.memory_capex_musd_per_gb")),
    ):
        lag = int(lag)
        capacity = fab.capacity[rows]
        future = capacity + coming[rows]
        used = fab.backlog[rows] * capacity * (1.0 + param("fab.expected_growth") / 12.0 * lag) / np.maximum(future, 1e-12)
        # cheaper capacity is wanted at a lower load
        used = used * (1.0 + subsidy[rows] * param("fab.subsidy_response"))
        speed = param("fab.expansion_speed")
        more = production.expansion(capacity, used, param("fab.target_utilisation"), speed, param("fab.expansion_max"))
        state.fab_coming[lag - 1, rows] += more
        spent[rows] = more * cost
    state.ledger.pay("capex", party, of["households"][home], spent)
    state.bought_musd[party, 0] += spent
    state.ledger.pay("subsidy", of["government"][home], party, spent * subsidy)
    state.fab_subsidy_musd = np.bincount(home, spent * subsidy, len(world.places.nations))
