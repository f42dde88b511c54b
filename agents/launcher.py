"""Launch providers: they fly what the price pays for; their first customer is a communications constellation."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.orders import Payment
from .actor import Actor


class Launcher(Actor):
    """A launch provider."""

    kind = "launcher"
    COLUMNS = {  # noqa: RUF012
        "capacity_t": Column("t/month"),
        "flown_t": Column("t"),
        "price_usd_per_kg": Column("USD/kg"),
        "cost_usd_per_kg": Column("USD/kg"),
        "revenue_musd": Column("MUSD"),
        "total_t": Column("t"),  # ever flown, for the experience curve
    }


def open_launchers(tables: Any, places: Any) -> Columns:
    return Columns(Launcher.COLUMNS, len(tables.labels("launch_providers")))


def bills(world: Any) -> list[Payment]:
    """Constellation owners pay for their mass; providers pay staff and propellant."""
    state, of = world.state, world.parties.of
    party = of["launcher"]
    home = of["households"][world.parties.home[party]]
    launcher = state.launcher
    constellation = state.constellation_t * launcher.price_usd_per_kg / 1000.0
    cost = launcher.flown_t * launcher.cost_usd_per_kg / 1000.0
    return [
        Payment("launch", home, party, np.maximum(constellation, 0.0)),
        Payment("wages", party, home, cost),
    ]
