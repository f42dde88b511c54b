"""Clearing banks: one per nation; they keep the vault, lend, and pay their income on to depositors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..world.columns import Column, Columns
from ..world.kernels import kernel
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
    """Set the loan rate as the regime of money has it."""
    world.state.bank.loan_rate = world.statics.money.loan_rate(world.tables, world.state)


@kernel
def _interest(home, is_bank, deposits, loans, arrears, loan_rate, penalty_rate, value, rent_musd, due, paid):
    """Write what each party owes its bank this month, MUSD, and what the bank pays on to it, by its deposit."""
    income, total = np.zeros((2, value.shape[0]))
    for p in range(home.shape[0]):
        n = home[p]
        rate = loan_rate[n] / 12.0
        due[p] = (loans[p] * rate + arrears[p] * (rate + penalty_rate / 12.0)) * (value[n] / 1000.0)
        income[n] += due[p]
        total[n] += 0 if is_bank[p] else max(deposits[p], 0)
    for p in range(home.shape[0]):
        n = home[p]
        deposit = 0 if is_bank[p] else max(deposits[p], 0)
        paid[p] = (income[n] + rent_musd[n]) * (deposit / (total[n] if total[n] > 0.0 else 1.0))


def interest(world: Any) -> list[Payment]:
    """Borrowers pay interest (arrears at a penalty); the bank pays the month's income on to its depositors."""
    state, ledger, home = world.state, world.state.ledger, world.parties.home
    everyone, bank = np.arange(len(home)), world.parties.of["bank"][home]
    due, paid = np.empty((2, len(home)))
    _interest(
        home, ledger.is_bank, ledger.deposits, ledger.loans, ledger.arrears, state.bank.loan_rate,
        world.tables.param("bank.penalty_rate"), state.money_value, state.bank_rent_musd, due, paid,
    )  # fmt: skip
    return [
        Payment("interest", everyone, bank, due),
        Payment("interest", bank, everyone, paid),
    ]
