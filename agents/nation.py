"""Nations: governments that tax, spend, subsidise, and adapt policy to what binds them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.limiting import CAUSE
from ..world.orders import Payment
from .actor import Actor
from .rules import reaction

# causes a government can ease by working faster through its own paperwork
_PAPERWORK = (CAUSE["permit"], CAUSE["interconnection"])


class Nation(Actor):
    """A government."""

    kind = "nation"
    COLUMNS = {  # noqa: RUF012  (declared once, read only)
        "gdp_musd": Column("MUSD/yr"),
        "gdp_growth": Column("1/yr"),
        "effort": Column("1", 1.0),  # speed-up of permits and queue studies by the government's own reaction
        "threat": Column("1"),  # perceived lead of the strongest rival, in natural logs of powered compute
        "power_tax_musd": Column("MUSD"),  # carbon and other power taxes of the month
    }


def open_nations(tables: Any, places: Any) -> Columns:
    columns = Columns(Nation.COLUMNS, len(places.nations))
    columns.gdp_musd = tables["nation_values"].grid("nation", places.nations, item="gdp_busd") * 1000.0
    return columns


def react(world: Any) -> None:
    """Let adaptive governments speed up permits and studies when these bind and a rival leads."""
    state, param = world.state, world.tables.param
    powered = state.powered_nation_gw
    # everybody's rival is the strongest nation, the strongest's the second
    second, first = np.sort(powered)[-2:]
    rival = np.full(len(powered), first)
    rival[powered.argmax()] = second
    tiny = param("race.smallest_gw")
    perceived = np.log((rival + tiny) / (powered + tiny))
    state.nation.threat += (perceived - state.nation.threat) / param("race.intelligence_lag_months")
    binding = (state.binding == _PAPERWORK[0]) | (state.binding == _PAPERWORK[1])
    state.nation.effort = reaction.adapt_effort(
        state.nation.effort, binding, state.nation.threat, world.levers["stance"],
        param("race.reaction_speed"), param("race.fatigue"), param("race.threat_scale"), param("race.most_effort"),
    )  # fmt: skip


def budget(world: Any) -> list[Payment]:
    """Tax households and AI sales, spend what comes in beyond subsidies."""
    state, of = world.state, world.parties.of
    government, households = of["government"], of["households"]
    month_gdp = state.nation.gdp_musd / 12.0
    base = world.tables.param("government.watt_economy_share") * month_gdp
    income = base + state.nation.power_tax_musd + state.ai_tax_musd + state.seigniorage_musd
    spending = np.maximum(income - state.subsidy_musd, 0.0)
    return [
        Payment("tax", households, government, base),
        Payment("public spending", government, households, spending),
    ]
