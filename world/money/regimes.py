"""The regimes of money: what differs is whether capacity is money, who issues, what settles payments and what a loan costs.

Physical rights, stakes and the clearing of rents are the same in all. This module is light: scenarios read the names here;
`rules` brings what a regime does.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import NamedTuple


class Regime(NamedTuple):
    """A regime of money as people read it."""

    name: str
    note: str
    module: str  # in this package


REGIMES = {
    "firm-watt": Regime("Firm watt", "A coin is the lasting right to a firm watt; plants mint it and payments settle in it.", "firm_watt"),
    "fiat": Regime(
        "Fiat", "Central banks issue money of steady worth by rule; the right to a firm watt is a traded capacity product.", "fiat"
    ),
}
USUAL = "firm-watt"


def rules(regime: str) -> ModuleType:
    """Return what a regime does, a module with

    - `CAPACITY_IS_MONEY`: what is minted becomes its owner's deposit, and the banks' coins back their deposits,
    - `money_value(state)` [N]: what a kW-sized unit of each nation's money is worth, thousand USD,
    - `target_value(tables, statics, state)`: (P* [N], bound [N], rationed [N]) of the month,
    - `forward_value(tables, statics, state, years)` [N]: the value of a watt in `years` as everybody can foresee it,
    - `loan_rate(tables, state)` [N] a year,
    - `issue(world)`: money that the month brings into being other than by minting,
    - `open_value(tables, statics, state)`: set the opening value of a watt and what holds it there,
    - `collateral_musd(ledger, value)` [A]: rights on which banks lend.

    Raises KeyError for a regime that is not known.
    """
    return import_module(f".{REGIMES[regime].module}", __package__)
