"""The books: integer kW of coin, double entry, one function through which money moves.

Every party keeps a deposit at its nation's bank; a bank's own slot is its equity in its own coin. For each coin n

    sum of deposits at home in n (the bank's equity included) + foreign banks' claims on n
        = coins in the bank's vault + loans + arrears                                      (bank identity)
    coins held by all = obligations of those who minted them = accredited kW + shortfalls  (coin identity)

hold as equalities of integers after every operation; `Ledger.faults` checks them. Payments are collected during
the month with `pay` and settled at its end by `settle`: what a payer lacks becomes a loan within its limit, the
rest a dated overdraft (arrears) at its bank, so trade never fails to settle.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels import kernel

PURPOSES = (
    "energy", "rent", "stake", "mint", "buy-back", "zone right", "fuel", "wages", "goods", "capex", "chips", "robots",
    "launch", "lease", "AI services", "tax", "public spending", "subsidy", "tariff", "interest", "loan", "repayment",
    "bond", "coupon", "dividend", "equity", "buy-out", "compensation", "FX", "default loss",
)  # fmt: skip
PURPOSE = {name: i for i, name in enumerate(PURPOSES)}


class Flows(NamedTuple):
    """The settled payments of one month, as parallel arrays."""

    payer: np.ndarray  # party
    payee: np.ndarray  # party
    purpose: np.ndarray  # index in PURPOSES
    musd: np.ndarray  # value at the month's P
    out_kw: np.ndarray  # in the payer's coin
    in_kw: np.ndarray  # in the payee's coin


@kernel
def _settle(payer, payee, musd, value, home, is_bank, bank_of, deposits, nostro, out_kw, in_kw):
    """Execute payments in order; a cross-border payment leaves the payee's bank with a claim on the payer's."""
    for k in range(payer.shape[0]):
        i, j = home[payer[k]], home[payee[k]]
        paid = np.int64(np.floor(musd[k] * 1000.0 / value[i] + 0.5))
        got = paid if i == j else np.int64(np.floor(musd[k] * 1000.0 / value[j] + 0.5))
        out_kw[k], in_kw[k] = paid, got
        deposits[payer[k]] -= paid
        deposits[payee[k]] += got
        if i != j:
            nostro[j, i] += paid
            deposits[bank_of[j]] -= got


@kernel
def _net_claims(value, bank_of, deposits, nostro):
    """Let pairs of banks cancel what they owe each other, at the cross rate; the smaller claim disappears."""
    for i in range(value.shape[0]):
        for j in range(i):
            both = min(nostro[j, i] * value[i], nostro[i, j] * value[j])
            if both <= 0.0:
                continue
            x, y = np.int64(np.floor(both / value[i])), np.int64(np.floor(both / value[j]))
            nostro[j, i] -= x
            deposits[bank_of[i]] += x
            nostro[i, j] -= y
            deposits[bank_of[j]] += y
            # each bank gives up the claim it held: its equity in its own coin has been credited above


@kernel
def _move_coins(party, nation, kw, value, home, bank_of, coins, deposits, nostro):
    """Carry out orders in their order: see `Ledger.move_coins`."""
    for k in range(party.shape[0]):
        p, n = party[k], nation[k]
        h, bank = home[p], bank_of[n]
        amount = max(min(kw[k], max(coins[bank, n], 0)), -coins[p, n])
        if h == n:
            amount = min(amount, max(deposits[p], 0)) if amount > 0 else amount
            deposits[p] -= amount
        elif amount > 0:
            price = min(np.int64(np.floor(amount * value[n] / value[h] + 0.5)), max(deposits[p], 0))
            amount = np.int64(np.floor(price * value[h] / value[n]))
            deposits[p] -= price
            nostro[n, h] += price
            # the foreign bank gives up coins for a claim: its equity in its own coin falls by them
            deposits[bank] -= amount
        else:
            price = np.int64(np.floor(-amount * value[n] / value[h]))
            nostro[h, n] -= amount
            deposits[p] += price
            deposits[bank_of[h]] -= price
        coins[bank, n] -= amount
        coins[p, n] += amount


class Ledger:
    """Who holds and owes what. Arrays are indexed by party A and nation (coin) N; amounts are int64 kW of coin."""

    ARRAYS = ("deposits", "loans", "arrears", "arrears_months", "coins", "staked", "rented", "obligations",
              "shortfall", "nostro", "minted_total", "bought_back_total")  # fmt: skip

    def __init__(self, home: np.ndarray, bank_of: np.ndarray, fund_of: np.ndarray):
        parties, nations = len(home), len(bank_of)
        self.home, self.bank_of, self.fund_of = home, bank_of, fund_of
        self.is_bank = np.zeros(parties, dtype=bool)
        self.is_bank[bank_of] = True
        one, two = (parties,), (parties, nations)
        for name, shape in zip(self.ARRAYS, (one,) * 4 + (two,) * 5 + ((nations, nations), (nations,), (nations,)), strict=True):
            setattr(self, name, np.zeros(shape, dtype=np.int64))
        self._pending: list[tuple[np.ndarray, np.ndarray, np.ndarray, int]] = []
        self.history: list[Flows] = []

    # arrays set in __init__ by name
    deposits: np.ndarray
    loans: np.ndarray
    arrears: np.ndarray
    arrears_months: np.ndarray
    coins: np.ndarray
    staked: np.ndarray
    rented: np.ndarray
    obligations: np.ndarray
    shortfall: np.ndarray
    nostro: np.ndarray
    minted_total: np.ndarray
    bought_back_total: np.ndarray

    def copy(self) -> Ledger:
        new = object.__new__(Ledger)
        new.__dict__.update(self.__dict__)
        for name in self.ARRAYS:
            setattr(new, name, getattr(self, name).copy())
        new._pending = list(self._pending)
        new.history = list(self.history)
        return new

    # -- payments -----------------------------------------------------------------------------------------------

    def pay(self, purpose: str, payer, payee, musd) -> None:
        """Collect payments of `musd` (million USD, >= 0) from `payer` to `payee` (parties; arrays or numbers)."""
        payer, payee, musd = np.asarray(payer), np.asarray(payee), np.asarray(musd, dtype=float)
        if not payer.shape == payee.shape == musd.shape:
            payer, payee, musd = np.broadcast_arrays(payer, payee, musd)
        self._pending.append((payer.ravel(), payee.ravel(), musd.ravel(), PURPOSE[purpose]))

    def settle(self, value: np.ndarray, loan_room_kw: np.ndarray) -> Flows:
        """Settle all collected payments at `value` (USD/W per nation); cover overdrafts by loans, then arrears.

        `loan_room_kw` [A] is what each party may still borrow. Returns the month's flows, which are also kept.
        Raises ValueError for a payment that is not finite or negative.
        """
        if not (np.isfinite(value).all() and (value > 0.0).all()):
            n = int(np.flatnonzero(~(np.isfinite(value) & (value > 0.0)))[0])
            raise ValueError(f"value of coin {n} is {value[n]} USD/W; allowed: finite and above 0")
        if self._pending:
            payer = np.concatenate([p[0] for p in self._pending])
            payee = np.concatenate([p[1] for p in self._pending])
            musd = np.concatenate([p[2] for p in self._pending])
            purpose = np.repeat(
                np.array([p[3] for p in self._pending], dtype=np.int8), [len(p[0]) for p in self._pending]
            )
        else:
            payer = payee = np.empty(0, dtype=np.int64)
            musd, purpose = np.empty(0), np.empty(0, dtype=np.int8)
        self._pending.clear()
        bad = np.flatnonzero(~(musd >= 0.0) | ~np.isfinite(musd))
        if len(bad):
            k = bad[0]
            raise ValueError(
                f"payment of {musd[k]} MUSD from party {payer[k]} to {payee[k]} for {PURPOSES[purpose[k]]}; "
                "allowed: finite and not negative"
            )
        some = (musd > 0.0) & (payer != payee)
        payer, payee, musd, purpose = payer[some], payee[some], musd[some], purpose[some]
        out_kw, in_kw = np.empty(len(payer), dtype=np.int64), np.empty(len(payer), dtype=np.int64)
        _settle(payer, payee, musd, value, self.home, self.is_bank, self.bank_of, self.deposits, self.nostro, out_kw, in_kw)
        _net_claims(value, self.bank_of, self.deposits, self.nostro)
        self._cover(loan_room_kw)
        flows = Flows(payer.astype(np.int16), payee.astype(np.int16), purpose, musd, out_kw, in_kw)
        self.history.append(flows)
        return flows

    def _cover(self, loan_room_kw: np.ndarray) -> None:
        """Pay down arrears from what is there; turn negative deposits into loans within the room, then arrears."""
        private = ~self.is_bank
        spare = np.minimum(np.maximum(self.deposits, 0), self.arrears) * private
        self.deposits -= spare
        self.arrears -= spare
        need = np.maximum(-self.deposits, 0) * private
        loan = np.minimum(need, np.maximum(loan_room_kw, 0))
        self.loans += loan
        self.arrears += need - loan
        self.deposits += need
        self.arrears_months = np.where(self.arrears > 0, self.arrears_months + 1, 0)

    def write_off(self, party: int, kw: int, value: np.ndarray, flows: Flows) -> Flows:
        """Charge a forgiven debt of `kw` to the bank's equity; returns the month's flows with the default loss in them."""
        bank = int(self.bank_of[self.home[party]])
        self.deposits[bank] -= kw
        loss = (bank, party, PURPOSE["default loss"], kw * value[self.home[party]] / 1000.0, kw, kw)
        flows = Flows(*(np.append(column, np.array(x, column.dtype)) for column, x in zip(flows, loss, strict=True)))
        self.history[-1] = flows
        return flows

    # -- coins --------------------------------------------------------------------------------------------------

    def mint(self, party: int, nation: int, kw: int) -> None:
        """Create `kw` coins against an equal capacity obligation of `party` and put them into its deposit."""
        self.obligations[party, nation] += kw
        self.coins[self.bank_of[nation], nation] += kw
        self.deposits[party] += kw
        self.minted_total[nation] += kw

    def buy_back(self, party: int, nation: int, kw: int) -> None:
        """Retire `kw` coins: paid from the party's deposit, taken out of the bank's vault, off its obligation."""
        self.obligations[party, nation] -= kw
        self.coins[self.bank_of[nation], nation] -= kw
        self.deposits[party] -= kw
        self.bought_back_total[nation] += kw

    def move_coins(self, party, nation, kw, value: np.ndarray) -> None:
        """Let parties [B] buy `kw` [B] coins of nations [B] from their banks' vaults, or sell (negative), one after the other.

        At home a deposit is turned into coins and back; abroad money goes over the exchange at `value` [N] and leaves the other
        bank with a claim. A purchase stops where the vault or the deposit is empty, a sale where no coins are left.
        """
        party, nation, kw = np.atleast_1d(party), np.atleast_1d(nation), np.atleast_1d(kw)
        _move_coins(party, nation, kw, value, self.home, self.bank_of, self.coins, self.deposits, self.nostro)

    def lend(self, party: np.ndarray, kw: np.ndarray) -> None:
        """Grant loans that create deposits (negative: repay)."""
        np.add.at(self.loans, party, kw)
        np.add.at(self.deposits, party, kw)

    # -- what must hold -----------------------------------------------------------------------------------------

    def total_coins(self) -> np.ndarray:
        return self.coins.sum(axis=0)

    def faults(self, accredited_kw: np.ndarray) -> list[tuple[int, str, int]]:
        """Return (nation, what is broken, by how many kW) for every identity that does not hold."""
        found = []
        held = self.total_coins()
        owed = accredited_kw + self.shortfall.sum(axis=0)
        obliged = self.obligations.sum(axis=0)
        at_home = np.zeros(len(held), dtype=np.int64)
        credit = np.zeros(len(held), dtype=np.int64)
        np.add.at(at_home, self.home, self.deposits)
        np.add.at(credit, self.home, self.loans + self.arrears)
        vault = self.coins[self.bank_of, np.arange(len(held))]
        liabilities = at_home + self.nostro.sum(axis=0)
        overdrawn = np.flatnonzero((self.deposits < 0) & ~self.is_bank)
        unbacked = np.maximum(self.staked - self.coins - self.rented, 0).sum(axis=0)
        for n in range(len(held)):
            for text, gap in (
                ("coins − (accredited + shortfalls)", held[n] - owed[n]),
                ("coins − obligations", held[n] - obliged[n]),
                ("bank liabilities − bank assets", liabilities[n] - vault[n] - credit[n]),
                ("stakes without coins", unbacked[n]),
                ("negative coins", -min(0, int(self.coins[:, n].min()))),
                ("negative shortfall", -min(0, int(self.shortfall[:, n].min()))),
            ):
                if gap != 0:
                    found.append((n, text, int(gap)))
        found += [(int(self.home[p]), f"overdrawn deposit of party {p}", int(self.deposits[p])) for p in overdrawn]
        return found
