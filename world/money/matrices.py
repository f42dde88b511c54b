"""Transaction-flow, balance-sheet and revaluation matrices of any month (Godley & Lavoie 2007)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..parties import SECTORS
from .ledger import PURPOSES, Flows

ITEMS = ("coins", "deposits", "loans", "arrears", "foreign claims", "bank liabilities", "obligations", "accredited plants",
         "fund obligations", "plants", "chips", "halls", "lines")  # fmt: skip
# names of the tangible assets, kept at depreciated cost in MUSD; they must be the last of ITEMS
TANGIBLE = ("plants", "chips", "halls", "lines")


class MonthBooks(NamedTuple):
    """What the books of one month need, all in MUSD per party A."""

    opening: np.ndarray  # [A, items]
    closing: np.ndarray  # [A, items]
    revaluation: np.ndarray  # [A, items] change without a payment: price of a watt, depreciation, write-offs
    flow: np.ndarray  # [A] payments received less made
    capital: np.ndarray  # [A] tangible assets bought: the payment is booked as an asset


def balance_sheet(ledger, value: np.ndarray, tangible: np.ndarray) -> np.ndarray:
    """Return [A, items] in MUSD at `value` (USD/W): assets positive, debts negative.

    `tangible` [A, len(TANGIBLE)] is the depreciated cost of plants, chips, halls and lines. The Grid Fund owes every
    coin and is owed an equal capacity obligation, which its plants stand for: both sides are marked alike.
    """
    price = value[ledger.home] / 1000.0
    out = np.zeros((len(ledger.home), len(ITEMS)))
    out[:, 0] = (ledger.coins * (value / 1000.0)).sum(axis=1)
    out[:, 1] = np.where(ledger.is_bank, 0.0, ledger.deposits * price)
    out[:, 2] = -ledger.loans * price
    out[:, 3] = -ledger.arrears * price
    nations = np.arange(len(value))
    out[ledger.bank_of, 4] = (ledger.nostro * (value / 1000.0)).sum(axis=1)
    at_home = np.zeros(len(value), dtype=np.int64)
    credit = np.zeros(len(value), dtype=np.int64)
    private = ~ledger.is_bank
    np.add.at(at_home, ledger.home[private], ledger.deposits[private])
    np.add.at(credit, ledger.home, ledger.loans + ledger.arrears)
    own = value / 1000.0
    out[ledger.bank_of, 2] += credit * own
    out[ledger.bank_of, 5] = -(at_home + ledger.nostro.sum(axis=0)) * own
    out[:, 6] = -((ledger.obligations) * own).sum(axis=1)
    out[:, 7] = ((ledger.obligations - ledger.shortfall) * own).sum(axis=1)
    out[ledger.fund_of, 8] = (ledger.obligations.sum(axis=0) - ledger.coins.sum(axis=0))[nations] * own
    out[:, len(ITEMS) - len(TANGIBLE) :] = tangible
    return out


def flow_matrix(flows: Flows, sector: np.ndarray, home: np.ndarray, nation: int | None = None):
    """Return a frame purposes × sectors of net receipts in MUSD (rows sum to zero over the world)."""
    import pandas as pd

    table = np.zeros((len(PURPOSES), len(SECTORS)))
    if nation is None:
        give = take = np.ones(len(flows.musd), dtype=bool)
    else:
        give, take = home[flows.payer] == nation, home[flows.payee] == nation
    np.add.at(table, (flows.purpose[take], sector[flows.payee[take]]), flows.musd[take])
    np.add.at(table, (flows.purpose[give], sector[flows.payer[give]]), -flows.musd[give])
    return pd.DataFrame(table, index=list(PURPOSES), columns=list(SECTORS))


def sector_sheet(books: np.ndarray, sector: np.ndarray):
    """Return a frame items × sectors (MUSD) of a [A, items] array, with a last row `net worth`."""
    import pandas as pd

    table = np.zeros((len(ITEMS), len(SECTORS)))
    np.add.at(table.T, sector, books)
    frame = pd.DataFrame(table, index=list(ITEMS), columns=list(SECTORS))
    frame.loc["net worth"] = frame.sum(axis=0)
    return frame
