"""Suppliers of power parts: turbines, transformers, modules, cells. They sell what they make and grow against backlog."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.orders import Payment
from .actor import Actor


class Supplier(Actor):
    """A maker of one kind of power part."""

    kind = "supplier"
    COLUMNS = {  # noqa: RUF012
        "capacity_gw": Column("GW/month"),
        "price_usd_per_kw": Column("USD/kW"),
        "reserve_usd_per_kw": Column("USD/kW"),  # cost of making
        "sold_gw": Column("GW"),
        "revenue_musd": Column("MUSD"),
        "utilisation": Column("1", 0.8),  # smoothed
    }


def open_suppliers(tables: Any, places: Any) -> Columns:
    return Columns(Supplier.COLUMNS, len(tables.labels("suppliers")))


def grow(world: Any) -> None:
    """Expand where the price stands above cost and lines are full; shrink slowly where they are idle."""
    supplier, param = world.state.supplier, world.tables.param
    used = supplier.sold_gw / np.maximum(supplier.capacity_gw, 1e-12)
    supplier.utilisation += (used - supplier.utilisation) / param("supplier.lag_months")
    markup = np.log(np.maximum(supplier.price_usd_per_kw, 1e-9) / supplier.reserve_usd_per_kw)
    pull = markup * param("supplier.price_pull") + (supplier.utilisation - param("supplier.target_utilisation"))
    growth = param("supplier.greatest_growth") * np.tanh(pull * param("supplier.speed") / param("supplier.greatest_growth"))
    supplier.capacity_gw *= np.exp(growth / 12.0)


def costs(world: Any) -> list[Payment]:
    """Pay staff and materials: the cost of what was sold."""
    state, of = world.state, world.parties.of
    party = of["supplier"]
    bill = state.supplier.sold_gw * state.supplier.reserve_usd_per_kw
    return [Payment("wages", party, of["households"][world.parties.home[party]], bill)]
