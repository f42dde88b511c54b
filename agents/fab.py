"""Chip makers: designers that sell accelerators, foundries that make and package them, memory makers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.orders import Payment
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
    wafers = state.wafer_use[:, :, None] if state.wafer_use.ndim == 1 else state.wafer_use  # [designers, logic]
    bits = state.memory_use  # [designers, memory] GB
    who, maker = np.nonzero(wafers > 0.0)
    who2, maker2 = np.nonzero(bits > 0.0)
    wafer_bill = wafers[who, maker] * param("fab.packaged_wafer_usd") * 1e-6
    memory_bill = bits[who2, maker2] * param("fab.hbm_usd_per_gb") * 1e-6
    income = state.fab.revenue_musd.copy()
    np.add.at(income, logic[maker], wafer_bill)
    np.add.at(income, memory[maker2], memory_bill)
    costs = income * param("fab.operating_cost_share")
    return [
        Payment("chips", party[designers[who]], party[logic[maker]], wafer_bill),
        Payment("chips", party[designers[who2]], party[memory[maker2]], memory_bill),
        Payment("wages", party, home, costs),
    ]
