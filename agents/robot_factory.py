"""Robot factories: each month their lines make robots that replicate the lines, are sold, or work on sites."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.orders import Payment
from .actor import Actor


class RobotFactory(Actor):
    """A maker of humanoid robots."""

    kind = "robot"
    COLUMNS = {  # noqa: RUF012
        "line_capacity": Column("units/month"),
        "own_robots": Column("units"),  # robots at work in its own lines
        "made": Column("units"),
        "sold": Column("units"),
        "price_usd": Column("USD"),
        "cost_usd": Column("USD"),
        "total_made": Column("units"),
        "revenue_musd": Column("MUSD"),
    }


def open_robot_factories(tables: Any, places: Any) -> Columns:
    return Columns(RobotFactory.COLUMNS, len(tables.labels("robot_makers")))


def costs(world: Any) -> list[Payment]:
    """Pay staff, parts and materials: the cost of every robot made, and of the lines that were added."""
    state, of = world.state, world.parties.of
    party = of["robot"]
    home = of["households"][world.parties.home[party]]
    robot = state.robot
    return [
        Payment("wages", party, home, robot.made * robot.cost_usd * 1e-6),
        Payment("capex", party, home, np.maximum(state.robot_line_capex_musd, 0.0)),
    ]
