"""Transaction-flow, balance-sheet and revaluation matrices of any month (Godley & Lavoie 2007)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel
from ..parties import SECTORS
from .ledger import PURPOSES, Flows

ITEMS = ("coins", "deposits", "loans", "arrears", "foreign claims", "bank liabilities", "obligations", "accredited plants",
         "fund obligations", "reserves", "plants", "chips", "halls", "lines")  # fmt: skip
# names of the tangible assets, kept at depreciated cost in MUSD; they must be the last of ITEMS
TANGIBLE = ("plants", "chips", "halls", "lines")


class MonthBooks(NamedTuple):
    """What the books of one month need, all in MUSD per party A."""

    opening: np.ndarray  # [A, items]
    closing: np.ndarray  # [A, items]
    revaluation: np.ndarray  # [A, items] change without a payment: price of a watt, depreciation, write-offs
    flow: np.ndarray  # [A] payments received less made
    capital: np.ndarray  # [A] tangible assets bought: the payment is booked as an asset


def balance_sheet(ledger, value: np.ndarray, money_value: np.ndarray, tangible: np.ndarray) -> np.ndarray:
    """Return [A, items] in MUSD at `value` of a watt (USD/W) and of money (thousand USD per unit): assets positive, debts negative.

    `tangible` [A, len(TANGIBLE)] is the depreciated cost of plants, chips, halls and lines. The Grid Fund owes every
    coin and is owed an equal capacity obligation, which its plants stand for: both sides are marked alike. Reserves are the central
    bank's debt; it stands with the fund.
    """
    out = np.zeros((len(ledger.home), len(ITEMS)))
    _fill_sheet(
        ledger.home, ledger.is_bank, ledger.bank_of, ledger.fund_of, value / 1000.0, money_value / 1000.0, ledger.coins,
        ledger.deposits, ledger.loans, ledger.arrears, ledger.nostro, ledger.obligations, ledger.shortfall, ledger.reserves, out,
    )  # fmt: skip
    out[:, len(ITEMS) - len(TANGIBLE) :] = tangible
    return out


@kernel
def _fill_sheet(
    home, is_bank, bank_of, fund_of, price, money_price, coins, deposits, loans, arrears, nostro, obligations, shortfall, reserves, out
):  # fmt: skip
    """Write the financial items; `price` [N] in MUSD per kW, `money_price` [N] in MUSD per unit."""
    for p in range(home.shape[0]):
        own, bank = money_price[home[p]], bank_of[home[p]]
        for n in range(price.shape[0]):
            out[p, 0] += coins[p, n] * price[n]
            out[p, 6] -= obligations[p, n] * price[n]
            out[p, 7] += (obligations[p, n] - shortfall[p, n]) * price[n]
            out[fund_of[n], 8] += (obligations[p, n] - coins[p, n]) * price[n]
        if not is_bank[p]:
            out[p, 1] = deposits[p] * own
            out[bank, 5] -= deposits[p] * own
        out[p, 2] -= loans[p] * own
        out[p, 3] = -arrears[p] * own
        out[bank, 2] += (loans[p] + arrears[p]) * own
    for n in range(price.shape[0]):
        for m in range(price.shape[0]):
            out[bank_of[n], 4] += nostro[n, m] * money_price[m]
            out[bank_of[n], 5] -= nostro[m, n] * money_price[n]
        out[bank_of[n], 9] += reserves[n] * money_price[n]
        out[fund_of[n], 9] -= reserves[n] * money_price[n]


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
