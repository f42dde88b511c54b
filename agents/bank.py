"""Clearing banks: one per nation; they keep the vault, lend, and pay their income on to depositors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.orders import Payment
from .actor import Actor


class Bank(Actor):
    """A nation's clearing bank."""

    kind = "bank"
    COLUMNS = {  # noqa: RUF012
        "loan_rate": Column("1/yr"),
    }


def open_banks(tables: Any, places: Any) -> Columns:
    return Columns(Bank.COLUMNS, len(places.nations))


def set_terms(world: Any) -> None:
    """Set the loan rate: smoothed rent over the value of a watt, plus a spread."""
    state, param = world.state, world.tables.param
    spread = param("bank.risk_spread") + param("bank.base_rate")
    state.bank.loan_rate = state.rent_smooth / state.value + spread


def interest(world: Any) -> list[Payment]:
    """Borrowers pay interest (arrears at a penalty); the bank pays the month's income on to its depositors."""
    state, of, param = world.state, world.parties.of, world.tables.param
    ledger, home = state.ledger, world.parties.home
    price = state.value[home] / 1000.0
    rate = state.bank.loan_rate[home] / 12.0
    due = (ledger.loans * rate + ledger.arrears * (rate + param("bank.penalty_rate") / 12.0)) * price
    bank = of["bank"]
    everyone = np.arange(len(home))
    income = np.bincount(home, due, len(bank)) + state.bank_rent_musd
    deposits = np.where(ledger.is_bank, 0, np.maximum(ledger.deposits, 0)).astype(float)
    total = np.bincount(home, deposits, len(bank))
    share = deposits / np.where(total > 0.0, total, 1.0)[home]
    return [
        Payment("interest", everyone, bank[home], due),
        Payment("interest", bank[home], everyone, income[home] * share),
    ]
