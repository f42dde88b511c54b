"""All kinds of agents: how their columns open and how their Mesa agents are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..world.columns import Columns
from .ai_company import AICompany, open_ai_companies
from .bank import Bank, open_banks
from .fab import Fab, open_fabs
from .households import Households, open_households
from .launcher import Launcher, open_launchers
from .nation import Nation, open_nations
from .robot_factory import RobotFactory, open_robot_factories
from .supplier import Supplier, open_suppliers
from .utility import Utility, open_utilities

# sector of the parties -> (class, function that opens the columns)
KINDS: dict[str, tuple[type[Any], Callable[[Any, Any], Columns]]] = {
    "government": (Nation, open_nations),
    "households": (Households, open_households),
    "bank": (Bank, open_banks),
    "utility": (Utility, open_utilities),
    "ai": (AICompany, open_ai_companies),
    "chipmaker": (Fab, open_fabs),
    "supplier": (Supplier, open_suppliers),
    "robot": (RobotFactory, open_robot_factories),
    "launcher": (Launcher, open_launchers),
}


def openers() -> dict[str, Callable[[Any, Any], Columns]]:
    """Return {name of the columns in the state: function that opens them}."""
    return {cls.kind: opener for cls, opener in KINDS.values()}


def create(world: Any) -> None:
    """Make the Mesa agents of a world: identity, name and a window on the columns."""
    parties = world.parties
    for sector, (cls, _) in KINDS.items():
        for row, party in enumerate(parties.of[sector]):
            cls(world, parties.names[party], world.places.nations[parties.home[party]], row, int(party))
