"""The base of all agents: a Mesa agent that is identity, name and a window on its rows, never the inner loop."""

from __future__ import annotations

from typing import Any, ClassVar

import mesa

from ..world.columns import Column


class Actor(mesa.Agent):
    """One agent. Its numbers live in columns of its kind; `agent.capex_musd` reads its row.

    Subclasses set `kind` (the name of the columns in `world.state`) and `COLUMNS`.
    """

    kind: ClassVar[str] = ""
    COLUMNS: ClassVar[dict[str, Column]] = {}

    def __init__(self, model: Any, name: str, nation: str, row: int, party: int):
        super().__init__(model)
        self.name, self.nation, self.row, self.party = name, nation, row, party

    def __getattr__(self, name: str) -> Any:
        if name in type(self).COLUMNS:
            value = getattr(getattr(self.model.state, self.kind), name)[self.row]
            return value.item() if value.ndim == 0 else value.copy()
        raise AttributeError(f"{type(self).__name__} has no {name!r}; it has {', '.join(type(self).COLUMNS)}")

    @property
    def deposits_musd(self) -> float:
        """Money at the bank, in million USD."""
        state = self.model.state
        return float(state.ledger.deposits[self.party] * state.money_value[state.ledger.home[self.party]]) / 1000.0

    @property
    def net_worth_musd(self) -> float:
        """Assets less debts at today's value of a watt."""
        return float(self.model.net_worth_musd()[self.party])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} ({self.nation})>"
